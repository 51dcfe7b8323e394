"""The shortest ways in a region with holes: over corners that see each other (Lozano-Pérez and Wesley 1979).

Only lines that touch both their corners without cutting in are kept (the reduced visibility graph), each corner's row
is computed once, when a way first comes there, and single ways are found by A* (Hart, Nilsson and Raphael 1968).
"""

import heapq
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial.distance import cdist
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray
from geofence.prisms import BoolArray, IntArray
from geofence.sights import PULL_M, Corners, Sights

_OUTSIDE_M = 1e-6
"""A place that lies outside by no more than this lies on the border."""
_FARTHEST_PULL_M = 100 * PULL_M


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Way:
    """A shortest way: its length and its points, both ends included, shape (n, 2)."""

    length_m: float
    points: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Row:
    """What one corner sees: other corners, and how far they are."""

    corners: IntArray
    lengths_m: FloatArray


class Ways:
    """Shortest ways inside *free* (polygons in metres, borders included).

    Where *bends* is given, ways bend at the corners of that region only (it lies inside *free*).
    """

    def __init__(self, free: BaseGeometry, *, bends: BaseGeometry | None = None) -> None:
        self._free = free
        self._parts = STRtree(shapely.get_parts(free))
        shapely.prepare(free)
        self._sights = Sights(free)
        corners = Corners.of(free if bends is None else bends)
        self._corners = corners.pick(np.asarray(shapely.intersects_xy(free, *corners.places.T)))
        self._touching = bends is None
        self._rows: dict[int, _Row] = {}

    @property
    def corners(self) -> FloatArray:
        """Return the corners that ways may bend at, shape (n, 2)."""
        return self._corners.places

    def prepare(self) -> None:
        """Compute what every corner sees now, not when a way first comes there."""
        for corner in range(len(self.corners)):
            self._row(corner)

    def shortest(self, first: FloatArray, last: FloatArray) -> Way | None:
        """Return the shortest way from *first* to *last*, each (east, north); None where there is none."""
        ends = np.array([first, last], dtype=np.float64)
        if not self._share_a_part(ends):
            return None
        pulled = self._pulled(ends)
        if self._sights.seen(pulled[0], pulled[1:])[0]:
            return _way(ends)
        inner = self._search(pulled[0], pulled[1])
        return None if inner is None else _way(np.vstack((ends[:1], self.corners[inner], ends[1:])))

    def distances(self, points: FloatArray) -> FloatArray:
        """Return the lengths of the shortest ways between *points*, shape (n, 2), as (n, n); inf: there is none."""
        points = np.asarray(points, dtype=np.float64)
        lengths = np.full((len(points), len(points)), np.inf)
        inside = np.flatnonzero(self._are_inside(points))
        lengths[np.ix_(inside, inside)] = self._distances(points[inside])
        np.fill_diagonal(lengths, 0.0)
        return lengths

    def _distances(self, points: FloatArray) -> FloatArray:
        straight_m = np.asarray(cdist(points, points), dtype=np.float64)
        if _is_convex(self._free):
            return straight_m
        points = self._pulled(points)
        seen = np.eye(len(points), dtype=bool)
        for row, point in enumerate(points[:-1]):
            seen[row, row + 1 :] = self._sights.seen(point, points[row + 1 :])
        seen |= seen.T
        lengths = np.where(seen, straight_m, np.inf)
        if not seen.all() and len(self.corners):
            np.minimum(lengths, self._around(points), out=lengths)
        return lengths

    def _around(self, points: FloatArray) -> FloatArray:
        """Return the lengths over at least one corner, shape (n, n)."""
        self.prepare()
        seen = np.array([self._seen_corners(point) for point in points])
        reach_m = np.where(seen, cdist(points, self.corners), np.inf)
        to_corner_m = dijkstra(self._graph(reach_m), indices=len(self.corners) + np.arange(len(points)))
        to_corner_m = to_corner_m[:, : len(self.corners)]
        lengths = np.empty((len(points), len(points)))
        for row, corners in enumerate(seen):
            lengths[:, row] = (to_corner_m[:, corners] + reach_m[row, corners]).min(axis=1, initial=np.inf)
        return np.minimum(lengths, lengths.T)

    def _graph(self, reach_m: FloatArray) -> csr_array:
        """Return corners with what they see, then points with *reach_m* to the corners (one way)."""
        count = len(self.corners)
        rows = [self._rows[corner] for corner in range(count)]
        point, corner = np.nonzero(np.isfinite(reach_m))
        froms = np.concatenate((np.repeat(np.arange(count), [len(row.corners) for row in rows]), count + point))
        tos = np.concatenate([*(row.corners for row in rows), corner])
        lengths = np.concatenate([*(row.lengths_m for row in rows), reach_m[point, corner]])
        return csr_array((lengths, (froms, tos)), shape=(count + len(reach_m), count + len(reach_m)))

    def _search(self, first: FloatArray, last: FloatArray) -> list[int] | None:
        """Return the corners of the shortest way between two places that do not see each other, by A*."""
        rest_m = np.hypot(*(self.corners - last).T)
        sees_last = self._seen_corners(last)
        begin = np.flatnonzero(self._seen_corners(first))
        best_m = np.full(len(rest_m), np.inf)
        best_m[begin] = np.hypot(*(self.corners[begin] - first).T)
        came = np.full(len(rest_m), -1, dtype=np.intp)
        queue = [(float(best_m[corner] + rest_m[corner]), int(corner)) for corner in begin]
        heapq.heapify(queue)
        while queue:
            estimate_m, here = heapq.heappop(queue)
            if here < 0:
                return _trace(came, -1 - here)
            if estimate_m > best_m[here] + rest_m[here] + 1e-9:
                continue
            if sees_last[here]:
                # a way that has come to its end waits in the queue until no other can be shorter
                heapq.heappush(queue, (float(best_m[here] + rest_m[here]), -1 - here))
            row = self._row(here)
            through_m = best_m[here] + row.lengths_m
            is_better = through_m < best_m[row.corners] - 1e-9
            better, through_m = row.corners[is_better], through_m[is_better]
            best_m[better], came[better] = through_m, here
            for estimate, there in zip((through_m + rest_m[better]).tolist(), better.tolist(), strict=True):
                heapq.heappush(queue, (estimate, there))
        return None

    def _row(self, corner: int) -> _Row:
        row = self._rows.get(corner)
        if row is None:
            runs = self.corners - self.corners[corner]
            wanted = np.any(runs != 0, axis=1)
            if self._touching:
                wanted &= self._corners.touch(runs) & self._corners.touch(runs, corner)
            seen = np.flatnonzero(wanted)
            seen = seen[self._sights.seen(self.corners[corner], self.corners[seen])]
            row = self._rows[corner] = _Row(corners=seen, lengths_m=np.hypot(*runs[seen].T))
        return row

    def _seen_corners(self, place: FloatArray) -> BoolArray:
        wanted = np.ones(len(self.corners), dtype=bool)
        if self._touching:
            wanted = self._corners.touch(self.corners - place)
        wanted[wanted] = self._sights.seen(place, self.corners[wanted])
        return wanted

    @cached_property
    def _inner(self) -> BaseGeometry:
        inner = shapely.buffer(self._free, -PULL_M, join_style="mitre")
        shapely.prepare(inner)
        return inner

    def _pulled(self, places: FloatArray) -> FloatArray:
        """Return *places* with those on the border pulled off it."""
        if self._inner.is_empty:
            return places
        lines = shapely.shortest_line(self._inner, shapely.points(places))
        pulled = shapely.get_coordinates(lines)[::2]
        is_far = np.hypot(*(pulled - places).T) > _FARTHEST_PULL_M
        return np.where(is_far[:, None], places, pulled)

    def _share_a_part(self, ends: FloatArray) -> bool:
        """Say whether both ends lie in one part of the region; where they do not there is no way to look for."""
        rows, parts = self._parts.query(shapely.points(ends), predicate="dwithin", distance=_OUTSIDE_M)
        return not set(parts[rows == 0]).isdisjoint(parts[rows == 1])

    def _are_inside(self, places: FloatArray) -> BoolArray:
        return np.asarray(shapely.dwithin(self._free, shapely.points(places), _OUTSIDE_M))


def _is_convex(region: BaseGeometry) -> bool:
    return bool(region.convex_hull.area - region.area <= 1e-9 * region.area)


def _way(points: FloatArray) -> Way:
    return Way(length_m=float(np.hypot(*np.diff(points, axis=0).T).sum()), points=points)


def _trace(came: IntArray, last: int) -> list[int]:
    way = [last]
    while came[way[-1]] >= 0:
        way.append(int(came[way[-1]]))
    return way[::-1]
