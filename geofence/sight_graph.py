"""The shortest way between two places over corners that see each other (Lozano-Pérez and Wesley 1979), by A*."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray
from geofence.prisms import BoolArray, IntArray

_KEEP_SIGHTS_OF = 300
"""Up to so many corners, what they see of each other is kept."""

_DETOURS = ((1.005, 10.0), (1.03, 20.0), (1.2, 40.0), (1.5, 100.0))
"""Ellipses (share of the straight line, and metres more) in which ways are looked for before everywhere."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SightGraph:
    """A region that ways may run in, and the corners that they may bend at, shape (n, 2), in metres."""

    region: BaseGeometry
    corners: FloatArray
    _sights: dict[int, BoolArray] = field(default_factory=dict)

    def shortest(self, first: Point, last: Point) -> list[Point] | None:
        """Return the corners of the shortest way from *first* to *last*; None when there is no way."""
        ends = np.vstack((shapely.get_coordinates(first), shapely.get_coordinates(last)))
        straight_m = first.distance(last)
        round_m = np.hypot(*(self.corners - ends[0]).T) + np.hypot(*(self.corners - ends[1]).T)
        for limit_m in (*(share * straight_m + extra_m for share, extra_m in _DETOURS), np.inf):
            # no way up to this long can touch a corner outside of the ellipse
            found = self._search(np.flatnonzero(round_m <= limit_m), ends)
            if found is not None and LineString([ends[0], *found, ends[1]]).length <= limit_m:
                return [Point(place) for place in found]
        return None

    def _search(self, within: IntArray, ends: FloatArray) -> list[FloatArray] | None:
        places = np.vstack((self.corners[within], ends))
        start, goal = len(places) - 2, len(places) - 1
        rest_m = np.hypot(*(places - places[goal]).T)
        best_m = np.full(len(places), np.inf)
        best_m[start] = 0.0
        came: dict[int, int] = {}
        queue = [(float(rest_m[start]), start)]
        while queue:
            estimate_m, here = heapq.heappop(queue)
            if here == goal:
                return _trace(places, came, goal, start)
            if estimate_m > best_m[here] + rest_m[here] + 1e-9:
                continue
            through_m = best_m[here] + np.hypot(*(places - places[here]).T)
            is_better = through_m < best_m - 1e-9
            for there in np.flatnonzero(is_better & self._seen(within, places, here, is_better)):
                best_m[there], came[int(there)] = through_m[there], here
                heapq.heappush(queue, (float(through_m[there] + rest_m[there]), int(there)))
        return None

    def _seen(self, within: IntArray, places: FloatArray, here: int, asked: BoolArray) -> BoolArray:
        """Say which places can be seen from place *here*, of those asked for."""
        if here >= len(within) or len(self.corners) > _KEEP_SIGHTS_OF:
            seen = np.zeros(len(places), dtype=bool)
            seen[asked] = self._are_free(places[here], places[asked])
            return seen
        corner = int(within[here])
        if corner not in self._sights:
            self._sights[corner] = self._are_free(places[here], self.corners)
        return np.concatenate((self._sights[corner][within], self._are_free(places[here], places[-2:])))

    def _are_free(self, here: FloatArray, places: FloatArray) -> BoolArray:
        if not len(places):
            return np.zeros(0, dtype=bool)
        lines = shapely.linestrings(np.stack((np.broadcast_to(here, places.shape), places), axis=1))
        return np.asarray(shapely.covers(self.region, lines) & np.any(places != here, axis=1))


def corners_of(region: BaseGeometry) -> FloatArray:
    """Return the corners of *region* that a shortest way may bend around, shape (n, 2)."""
    rings = [ring for part in shapely.get_parts(region) if isinstance(part, Polygon) for ring in _rings(part)]
    return np.vstack([np.empty((0, 2)), *(_reflex(ring) for ring in rings)])


def _rings(polygon: Polygon) -> Iterator[FloatArray]:
    oriented = shapely.orient_polygons(polygon)
    yield shapely.get_coordinates(oriented.exterior)[:-1]
    for hole in oriented.interiors:
        yield shapely.get_coordinates(hole)[:-1]


def _reflex(ring: FloatArray) -> FloatArray:
    """Return the corners of *ring* (the region on its left) where the region is not convex."""
    come, go = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    return ring[come[:, 0] * go[:, 1] - come[:, 1] * go[:, 0] < 0]


def _trace(places: FloatArray, came: dict[int, int], goal: int, start: int) -> list[FloatArray]:
    way: list[FloatArray] = []
    here = came[goal]
    while here != start:
        way.append(places[here])
        here = came[here]
    return way[::-1]
