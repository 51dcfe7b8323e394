"""What an autopilot can hold of an order's zones: one keep-in polygon shrunk, keep-outs grown, 64 corners in all.

An autopilot's polygons have neither floor nor ceiling nor times, and PX4 (v1.16, `geofence.cpp`) wants every
inclusion polygon to contain the vehicle. So one polygon goes up for the union of the keep-ins, and only those
keep-outs that reach from the lowest leg to the way home; the agent's guard holds all of them.
"""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from shapely import Point, Polygon, transform
from shapely.geometry.base import BaseGeometry

from core.errors import InvalidInput
from fleet.errors import OrderRefused
from fleet.order_route import route_of_order
from fleet.orders import Order
from geofence.fence_fit import Fence, FenceWish, fit_fence
from geofence.frames import LocalFrame
from geofence.overlay import united
from geofence.positions import GeoPosition
from geofence.route_shapes import route_shapes
from geofence.zones import Zone, ZoneKind

MOST_CORNERS = 64
MARGIN_M = 1.0
_WORTH_TELLING_M2 = 10.0
_PATH_M = 0.5
"""A plainer fence stays at least so far away from the planned path."""
_HOVER_M = 3.0
"""How far a vehicle drifts that hovers while it takes a fence over."""
_TIME_STEP = timedelta(minutes=5)
_MOST_TIME_STEPS = 288


@dataclass(frozen=True, slots=True, kw_only=True)
class FencePolygon:
    """A ring without its closing corner."""

    is_inclusion: bool
    corners: tuple[GeoPosition, ...]


def fence_polygons(order: Order, *, start: GeoPosition | None = None) -> tuple[FencePolygon, ...]:
    """Return the fence for *order*, keep-in first; raises OrderRefused when it cannot be held or misses the dock.

    It leaves free what the order needs from its dock, or from *start* in the air.
    """
    fence = fence_of(order, start=start)
    if fence.lost_m2 >= _WORTH_TELLING_M2:
        lost = {"lost_m2": round(fence.lost_m2), "lost_ratio": round(fence.lost_ratio, 3)}
        structlog.get_logger("mavlink").warning(
            "fence_smaller_than_zones", order_id=order.id, corners=fence.corners, **lost
        )
    frame = LocalFrame(origin=order.dock.place)
    inside = [_ring(fence.inside, frame, is_inclusion=True)] if fence.inside else []
    return (*inside, *(_ring(ring, frame, is_inclusion=False) for ring in fence.outside))


def fence_of(order: Order, *, start: GeoPosition | None = None) -> Fence:
    """Return the fence for *order* in metres around its dock, with what was lost; raises OrderRefused."""
    frame = LocalFrame(origin=order.dock.place)
    keep_ins = [_local(zone, frame) for zone in order.zones.of_kind(ZoneKind.KEEP_IN)]
    keep_outs = [_local(zone, frame) for zone in order.zones.of_kind(ZoneKind.KEEP_OUT) if _is_held(zone, order)]
    wish = FenceWish(
        keep_in=united(keep_ins),
        keep_outs=keep_outs,
        needed=_needed(order, start, frame),
        home=Point(0.0, 0.0),
        margin_m=MARGIN_M,
        most_corners=MOST_CORNERS,
    )
    try:
        return fit_fence(wish)
    except InvalidInput as error:
        raise OrderRefused(error.message, where=order.id, remedy=error.remedy) from error


def _needed(order: Order, start: GeoPosition | None, frame: LocalFrame) -> BaseGeometry:
    """Return the ground that the flight is planned over, on every leg and every way home."""
    shapes = list(route_shapes(route_of_order(order, start=start), frame).geometries)
    path = united(shapes).buffer(_PATH_M, quad_segs=4)
    if start is None:
        return path
    here = frame.to_local(start)
    return united([path, Point(here.east_m, here.north_m).buffer(_HOVER_M, quad_segs=4)])


def ceiling_agl_m(order: Order) -> float | None:
    """Return the lowest ceiling of the keep-in zones, less the margin; None when there is none."""
    ceilings = [zone.ceiling_agl_m for zone in order.zones.of_kind(ZoneKind.KEEP_IN) if zone.ceiling_agl_m]
    return max(min(ceilings) - MARGIN_M, order.return_height_agl_m + MARGIN_M) if ceilings else None


def _is_held(zone: Zone, order: Order) -> bool:
    lowest_m = min((leg.height_agl_m for leg in order.legs), default=0.0)
    reaches_down = zone.floor_agl_m is None or zone.floor_agl_m <= min(lowest_m, order.takeoff_height_agl_m)
    reaches_up = zone.ceiling_agl_m is None or zone.ceiling_agl_m >= order.return_height_agl_m
    return reaches_down and reaches_up and _is_in_force(zone, order)


def _is_in_force(zone: Zone, order: Order) -> bool:
    steps = min(_MOST_TIME_STEPS, (order.not_after_at - order.not_before_at) // _TIME_STEP + 1)
    return any(zone.is_in_force(order.not_before_at + step * _TIME_STEP) for step in range(steps))


def _local(zone: Zone, frame: LocalFrame) -> Polygon:
    return transform(zone.polygon, frame.to_local_array)


def _ring(polygon: Polygon, frame: LocalFrame, *, is_inclusion: bool) -> FencePolygon:
    ring = transform(polygon, frame.to_geo_array).exterior.coords[:-1]
    corners = tuple(GeoPosition(lon_deg=lon_deg, lat_deg=lat_deg) for lon_deg, lat_deg in ring)
    return FencePolygon(is_inclusion=is_inclusion, corners=corners)
