"""Shortest ways in a district of very many keep-outs: looked for in the neighbourhood first, without losing any metre.

No way that leaves a window around two places can be shorter than going straight to its border and back: a way found in
the window that is shorter than that is the shortest of all; else it is looked for everywhere.
"""

import math
from collections.abc import Callable

import numpy as np
from shapely import Point

from geofence.free_space import Bounds
from geofence.sight_graph import Ways

WHOLE_UP_TO = 400
"""With more keep-outs than this a window pays."""
_GRID_M = 200.0


class NearWays:
    """Makes `Ways` for windows (or for everything: None) when they are needed, and keeps them."""

    def __init__(self, make: Callable[[Bounds | None], Ways], *, is_small: bool) -> None:
        self._make = make
        self._is_small = is_small
        self._made: dict[Bounds | None, Ways] = {}

    def shortest(self, first: Point, last: Point) -> list[Point] | None:
        """Return the corners of the shortest way from *first* to *last*; None where there is none."""
        ends = np.array([[first.x, first.y], [last.x, last.y]])
        straight_m = first.distance(last)
        room_m = max(_GRID_M, straight_m / 4)
        if not self._is_small:
            way = self._ways(_window(first, last, room_m)).shortest(*ends)
            if way is not None and way.length_m <= math.hypot(straight_m, 2 * room_m):
                return [Point(place) for place in way.points[1:-1]]
        way = self._ways(None).shortest(*ends)
        return None if way is None else [Point(place) for place in way.points[1:-1]]

    def _ways(self, within: Bounds | None) -> Ways:
        if within not in self._made:
            self._made[within] = self._make(within)
        return self._made[within]


def _window(first: Point, last: Point, room_m: float) -> Bounds:
    """Return a box on a coarse grid that holds everything within *room_m* of the two places."""
    west, east = sorted((first.x, last.x))
    south, north = sorted((first.y, last.y))
    low_x, low_y = (math.floor((low - room_m) / _GRID_M) * _GRID_M for low in (west, south))
    high_x, high_y = (math.ceil((high + room_m) / _GRID_M) * _GRID_M for high in (east, north))
    return low_x, low_y, high_x, high_y
