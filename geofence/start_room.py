"""How much room a vehicle has that already hovers, when it is given a new route."""

from collections.abc import Iterator, Sequence

import shapely
from shapely import Point

from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from geofence.prisms import Prisms, Slab
from geofence.route import OrderRoute

_LEAST_M = 1.0
"""Nearer to a border than this (the guard's own margin) no new route begins."""
_SPARE_M = 0.05


def start_room_m(
    route: OrderRoute, start: GeoPosition, keep_out: Prisms, regions: Sequence[Slab], frame: LocalFrame
) -> float:
    """Return the metres to keep on the way out of *start*: the full margin, or what there is where there is less."""
    local = frame.to_local(start)
    place = Point(local.east_m, local.north_m)
    nearest_m = min(_distances_m(route, place, keep_out, regions), default=float("inf"))
    return max(_LEAST_M, min(route.margins.sideways_m, nearest_m - _SPARE_M))


def _distances_m(route: OrderRoute, place: Point, keep_out: Prisms, regions: Sequence[Slab]) -> Iterator[float]:
    up_m = route.margins.height_error_m
    lowest_m = min(route.start_height_agl_m, route.return_height_agl_m) - up_m
    highest_m = max(route.start_height_agl_m, route.return_height_agl_m) + up_m
    meets = (keep_out.floors_m < highest_m) & (keep_out.ceilings_m > lowest_m)
    yield from (float(distance_m) for distance_m in shapely.distance(keep_out.polygons[meets], place))
    for slab in regions:
        if slab.lowest_m < highest_m and slab.highest_m > lowest_m and not slab.region.is_empty:
            yield float(shapely.distance(slab.region.boundary, place))
