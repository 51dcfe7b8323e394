"""Ways between places of the ground that never leave it."""

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from geofence.frames import FloatArray
from geofence.prisms import BoolArray, IntArray
from missions.coverage.ground import Ground

_NEIGHBOURS = 24
_MANY, _FAR = 600, 20
"""Between more places than this, only ways of so many swaths are sought."""


class Roads:
    """Shortest ways over *places* and the corners of the ground, each linked to its nearest that it sees."""

    def __init__(self, ground: Ground, places: FloatArray, turn_m: float = 0.0) -> None:
        self._ground = ground
        self._nodes = np.vstack((places, ground.corners))
        self._count, self._turn_m = len(places), turn_m
        self._graph = self._links()
        self._came: dict[int, IntArray] = {}

    def between(self) -> FloatArray:
        """Return the lengths of the ways between all places, shape (n, n); inf where there is none, or none near."""
        places, far_m = np.arange(self._count), _FAR * self._ground.swath_m
        limit_m = far_m if self._count > _MANY else np.inf
        lengths, came = dijkstra(self._graph, directed=False, indices=places, return_predecessors=True, limit=limit_m)
        self._came = dict(enumerate(came))
        return np.asarray(lengths[:, : self._count])

    def way(self, first: int, last: int) -> FloatArray:
        """Return the points of a way from place *first* to place *last*, both included, shape (n, 2)."""
        if self.sees(self._nodes[first], self._nodes[last]):
            return self._nodes[[first, last]]
        came = self._came_from(first, last)
        trace = [last]
        while trace[-1] != first and came[trace[-1]] >= 0:
            trace.append(int(came[trace[-1]]))
        return self.pulled_tight(self._nodes[trace[::-1]])

    def _came_from(self, first: int, last: int) -> IntArray:
        if first not in self._came or self._came[first][last] < 0:
            _, self._came[first] = dijkstra(self._graph, directed=False, indices=first, return_predecessors=True)
        return self._came[first]

    def sees(self, one: FloatArray, other: FloatArray) -> bool:
        """Say whether the straight line from *one* to *other* stays on the ground."""
        return bool(self.are_clear(one[None], other[None])[0])

    def are_clear(self, starts: FloatArray, ends: FloatArray) -> BoolArray:
        """Say which straight lines stay on the ground; *starts* and *ends* have shape (n, 2)."""
        return np.asarray(shapely.covers(self._ground.area, shapely.linestrings(np.stack((starts, ends), axis=1))))

    def pulled_tight(self, points: FloatArray) -> FloatArray:
        """Return *points* without those that can be left out."""
        kept, at = [0], 0
        while at < len(points) - 1:
            later = np.arange(at + 1, len(points))
            clear = self.are_clear(np.broadcast_to(points[at], (len(later), 2)), points[later])
            clear[0] = True
            at = int(later[np.flatnonzero(clear)[-1]])
            kept.append(at)
        return points[kept]

    def _links(self) -> csr_array:
        nodes = self._nodes
        pairs = _near_pairs(nodes)
        pairs = pairs[self.are_clear(nodes[pairs[:, 0]], nodes[pairs[:, 1]])]
        lengths = np.hypot(*(nodes[pairs[:, 0]] - nodes[pairs[:, 1]]).T) + self._turn_m + 1e-9
        return csr_array((lengths, (pairs[:, 0], pairs[:, 1])), shape=(len(nodes), len(nodes)))


def _near_pairs(nodes: FloatArray) -> IntArray:
    count = min(_NEIGHBOURS + 1, len(nodes))
    near = cKDTree(nodes).query(nodes, k=count)[1].reshape(len(nodes), count)
    pairs = np.column_stack((np.repeat(np.arange(len(nodes)), count), near.ravel()))
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    return np.unique(pairs, axis=0)
