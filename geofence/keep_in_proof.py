"""Where a route leaves the keep-in zones."""

from collections.abc import Iterator

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray, LocalFrame
from geofence.margins import Margins
from geofence.positions import GeoPosition, LocalPosition
from geofence.prisms import BoolArray, GeometryArray, Slab
from geofence.route import OrderRoute, RoutePhase, Violation
from geofence.route_shapes import Shapes, leg_or_none
from geofence.zones import ZoneKind

_CLOSE_M = 1e-6


def keep_in_violations(
    route: OrderRoute, regions: tuple[Slab, ...], shapes: Shapes, frame: LocalFrame
) -> Iterator[Violation]:
    """Yield a violation for every shape of *route* that is not well inside of *regions* (its keep-in zones)."""
    if not any(region.zones for region in regions):
        yield _no_keep_in(route)
        return
    for region in regions:
        yield from _strayed(region, route.margins, shapes, frame)


def _strayed(slab: Slab, margins: Margins, shapes: Shapes, frame: LocalFrame) -> Iterator[Violation]:
    lowest = np.full(len(shapes.legs), slab.lowest_m - margins.height_error_m)
    highest = np.full(len(shapes.legs), slab.highest_m + margins.height_error_m)
    own = shapes.within(lowest, highest, with_way_home=False)
    home = shapes.within(lowest, highest, with_way_home=True)
    is_own = _is_outside(slab.region, own, shapes.room_m)
    is_home = _is_outside(slab.region, home, shapes.room_m)
    for row in np.flatnonzero(is_own | is_home):
        phase = shapes.phases[row] if is_own[row] else RoutePhase.WAY_HOME
        leg = leg_or_none(int(shapes.legs[row]))
        if slab.region.is_empty:
            yield _too_high_or_low(slab, shapes, int(row), leg, phase, margins, frame)
        else:
            part, room_m = own[row] if is_own[row] else home[row], float(shapes.room_m[row])
            yield _outside(slab, part, leg, phase, room_m, frame)


def _is_outside(region: BaseGeometry, parts: GeometryArray, room_m: FloatArray) -> BoolArray:
    is_there = ~shapely.is_missing(parts)
    if region.is_empty:
        return np.asarray(is_there)
    border = region.boundary
    shapely.prepare(region)
    shapely.prepare(border)
    if _is_whole_inside(region, border, parts, room_m):
        return np.zeros(len(parts), dtype=bool)
    is_safe = shapely.covers(region, parts) & (shapely.distance(parts, border) >= room_m - _CLOSE_M)
    return np.asarray(is_there & ~is_safe)


def _is_whole_inside(region: BaseGeometry, border: BaseGeometry, parts: GeometryArray, room_m: FloatArray) -> bool:
    """Say whether even the hull of all *parts* together stays well inside: mostly so, and quickly seen."""
    corners = shapely.get_coordinates(parts)
    if not len(corners):
        return True
    hull = shapely.convex_hull(shapely.linestrings(corners)) if len(corners) > 1 else shapely.Point(corners[0])
    return bool(shapely.covers(region, hull) and shapely.distance(hull, border) >= float(room_m.max()))


def _outside(
    slab: Slab, part: BaseGeometry, leg: int | None, phase: RoutePhase, room_m: float, frame: LocalFrame
) -> Violation:
    outside = shapely.difference(part, slab.region)
    leaves = not outside.is_empty
    place, beyond_m = _farthest(outside, slab.region) if leaves else _nearest(part, slab.region.boundary)
    amount_m = room_m + (beyond_m if leaves else -beyond_m)
    what = f"leaves the keep-in zone by {beyond_m:.1f} m" if leaves else f"passes {beyond_m:.1f} m from its border"
    return Violation(
        code="leaves_keep_in" if leaves else "near_keep_in_border",
        leg=leg,
        phase=phase,
        zone_id=slab.zones[0].id,
        place=frame.to_geo(place),
        amount_m=amount_m,
        because=f"{what}; {room_m:.1f} m inside of it are needed",
        remedy="move the point inwards, fly slower, or have the keep-in zone enlarged",
        params={
            "zone": slab.zones[0].name or slab.zones[0].id,
            "distance_m": round(beyond_m, 1),
            "needed_m": round(room_m, 1),
        },
    )


def _too_high_or_low(
    slab: Slab, shapes: Shapes, row: int, leg: int | None, phase: RoutePhase, margins: Margins, frame: LocalFrame
) -> Violation:
    home_m = shapes.home_m[row] if phase is RoutePhase.WAY_HOME else np.nan
    top_m = float(np.fmax(shapes.high_m[row], home_m))
    bottom_m = float(np.fmin(shapes.low_m[row], home_m))
    is_high = bool(np.isfinite(slab.lowest_m) and top_m + margins.height_error_m > slab.lowest_m)
    limit_m, height_m = (slab.lowest_m, top_m) if is_high else (slab.highest_m, bottom_m)
    amount_m = margins.height_error_m + (height_m - limit_m if is_high else limit_m - height_m)
    side = "below the ceiling" if is_high else "above the floor"
    return Violation(
        code="above_keep_in_ceiling" if is_high else "below_keep_in_floor",
        leg=leg,
        phase=phase,
        zone_id=None,
        place=_middle(shapes.geometries[row], frame),
        amount_m=amount_m,
        because=f"{height_m:.1f} m is not {margins.height_error_m:g} m {side} of the keep-in zones ({limit_m:g} m)",
        remedy="lower the height" if is_high else "raise the height",
        params={"height_m": round(height_m, 1), "limit_m": limit_m, "needed_m": margins.height_error_m},
    )


def _no_keep_in(route: OrderRoute) -> Violation:
    exist = any(route.zones.of_kind(ZoneKind.KEEP_IN))
    return Violation(
        code="keep_in_not_in_force" if exist else "no_keep_in",
        leg=None,
        phase=RoutePhase.ORDER,
        zone_id=None,
        place=None,
        amount_m=0.0,
        because="no keep-in zone holds through the whole time window" if exist else "there is no keep-in zone",
        remedy="fly when a keep-in zone is in force" if exist else "draw the area in which vehicles may fly (keep_in)",
    )


def _farthest(outside: BaseGeometry, region: BaseGeometry) -> tuple[LocalPosition, float]:
    corners = shapely.get_coordinates(outside)
    distances = np.array([shapely.distance(shapely.Point(corner), region) for corner in corners])
    worst = int(np.argmax(distances))
    return LocalPosition(east_m=float(corners[worst, 0]), north_m=float(corners[worst, 1])), float(distances[worst])


def _nearest(part: BaseGeometry, border: BaseGeometry) -> tuple[LocalPosition, float]:
    line = shapely.shortest_line(part, border)
    corners = shapely.get_coordinates(line)
    place = LocalPosition(east_m=float(corners[0, 0]), north_m=float(corners[0, 1]))
    return place, float(np.hypot(*(corners[1] - corners[0])))


def _middle(shape: BaseGeometry, frame: LocalFrame) -> GeoPosition:
    point = shape.centroid
    return frame.to_geo(LocalPosition(east_m=point.x, north_m=point.y))
