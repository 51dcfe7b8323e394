"""What an autopilot can hold of an order's zones: one keep-in polygon shrunk, keep-outs grown, 64 corners in all.

An autopilot's polygons have neither floor nor ceiling nor times, and PX4 (v1.16, `geofence.cpp`) wants every
inclusion polygon to contain the vehicle. So one polygon goes up for the union of the keep-ins, and only those
keep-outs that reach from the lowest leg to the way home; the agent's guard holds all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from shapely import MultiPolygon, Point, Polygon, transform, unary_union
from shapely.geometry.base import BaseGeometry

from fleet.errors import OrderRefused
from fleet.orders import Order
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from geofence.zones import Zone, ZoneKind

MOST_CORNERS = 64
MARGIN_M = 1.0
_TOLERANCES_M = (0.0, 0.25, 0.5, 1.0, 2.0)
_TIME_STEP = timedelta(minutes=5)
_MOST_TIME_STEPS = 288


@dataclass(frozen=True, slots=True, kw_only=True)
class FencePolygon:
    """A ring without its closing corner."""

    is_inclusion: bool
    corners: tuple[GeoPosition, ...]


def fence_polygons(order: Order) -> tuple[FencePolygon, ...]:
    """Return the fence for *order*, keep-in first; raises OrderRefused when it cannot be held or misses the dock."""
    frame = LocalFrame(origin=order.dock.place)
    keep_ins = [_local(zone, frame) for zone in order.zones.of_kind(ZoneKind.KEEP_IN)]
    keep_outs = [_local(zone, frame) for zone in order.zones.of_kind(ZoneKind.KEEP_OUT) if _is_held(zone, order)]
    for tolerance_m in _TOLERANCES_M:
        inside = [_keep_in(keep_ins, tolerance_m, order)] if keep_ins else []
        holes = [Polygon(ring) for polygon in inside for ring in polygon.interiors]
        outside = holes + _keep_outs(keep_outs, tolerance_m)
        if sum(_corners(polygon) for polygon in (*inside, *outside)) <= MOST_CORNERS:
            return (*(_fence(p, frame, True) for p in inside), *(_fence(p, frame, False) for p in outside))
    raise OrderRefused(
        f"the fence needs more than the {MOST_CORNERS} corners that an autopilot holds",
        where=order.id,
        remedy="simplify the keep-in and keep-out zones around the patrol",
    )


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


def _keep_in(keep_ins: Sequence[Polygon], tolerance_m: float, order: Order) -> Polygon:
    shrunk = unary_union(keep_ins).buffer(-(MARGIN_M + tolerance_m), join_style="mitre").simplify(tolerance_m)
    for part in _parts(shrunk):
        if part.contains(Point(0.0, 0.0)):
            return part
    raise OrderRefused(
        f"the dock {order.dock.id} lies outside of the keep-in zones (or less than {MARGIN_M + tolerance_m} m inside)",
        where=order.id,
        remedy="move the dock or widen the keep-in zone",
    )


def _keep_outs(keep_outs: Sequence[Polygon], tolerance_m: float) -> list[Polygon]:
    grown = unary_union([p.buffer(MARGIN_M + tolerance_m, join_style="mitre", mitre_limit=2.0) for p in keep_outs])
    return [Polygon(part.exterior) for part in _parts(grown.simplify(tolerance_m))]


def _parts(geometry: BaseGeometry) -> list[Polygon]:
    parts = geometry.geoms if isinstance(geometry, MultiPolygon) else [geometry]
    return [part for part in parts if isinstance(part, Polygon) and not part.is_empty]


def _corners(polygon: Polygon) -> int:
    return len(polygon.exterior.coords) - 1


def _fence(polygon: Polygon, frame: LocalFrame, is_inclusion: bool) -> FencePolygon:
    ring = transform(polygon, frame.to_geo_array).exterior.coords[:-1]
    corners = tuple(GeoPosition(lon_deg=lon_deg, lat_deg=lat_deg) for lon_deg, lat_deg in ring)
    return FencePolygon(is_inclusion=is_inclusion, corners=corners)
