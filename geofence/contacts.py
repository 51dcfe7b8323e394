"""When something that moves straight first comes within a distance of areas: all their edges, indexed."""

import numpy as np
import shapely
from shapely import STRtree

from geofence.frames import FloatArray
from geofence.prisms import GeometryArray, IntArray
from geofence.route_shapes import segments

_STILL_M = 1e-12


class Borders:
    """The edges of *areas*, polygons in metres of any number of parts and holes."""

    def __init__(self, areas: GeometryArray) -> None:
        parts, area_of_part = shapely.get_parts(areas, return_index=True)
        rings, part_of_ring = shapely.get_rings(parts, return_index=True)
        corners, ring_of = shapely.get_coordinates(rings, return_index=True)
        begins = np.flatnonzero(ring_of[:-1] == ring_of[1:])
        self._starts, self._ends = corners[begins], corners[begins + 1]
        self._area_of = area_of_part[part_of_ring][ring_of[begins]]
        self._bounds = shapely.bounds(areas).reshape(-1, 4)
        self._tree = STRtree(segments(self._starts, self._ends))

    def approaches_m(
        self, here: FloatArray, there: FloatArray, areas: IntArray, *, within_m: float
    ) -> tuple[FloatArray, FloatArray]:
        """Return how near k places outside of their areas are now, and how far each goes until it is *within_m* near.

        From *here* straight to *there*, both (k, 2), each to its own area (k,). Results (k,): inf where it is not as
        near, and where it never comes as near.
        """
        here_m, contact_m = np.full(len(areas), np.inf), np.full(len(areas), np.inf)
        low, high = np.minimum(here, there) - within_m, np.maximum(here, there) + within_m
        bounds = self._bounds[areas]
        may = np.flatnonzero(np.all((high >= bounds[:, :2]) & (low <= bounds[:, 2:]), axis=1))
        ways, edges = self._tree.query(shapely.box(*low[may].T, *high[may].T))
        own = self._area_of[edges] == areas[may[ways]]
        ways, edges = may[ways[own]], edges[own]
        starts, ends = self._starts[edges], self._ends[edges]
        np.minimum.at(here_m, ways, _aside_m(here[ways], starts, ends))
        np.minimum.at(contact_m, ways, _contacts_m(here[ways], there[ways], starts, ends, within_m))
        return np.where(here_m < within_m, here_m, np.inf), contact_m


def _aside_m(here: FloatArray, starts: FloatArray, ends: FloatArray) -> FloatArray:
    """Return the distance of each place from its edge."""
    edge, off = ends - starts, here - starts
    share = np.einsum("ij,ij->i", off, edge) / np.maximum(np.einsum("ij,ij->i", edge, edge), _STILL_M)
    gap = off - np.clip(share, 0.0, 1.0)[:, None] * edge
    return np.asarray(np.hypot(gap[:, 0], gap[:, 1]))


def _contacts_m(
    here: FloatArray, there: FloatArray, starts: FloatArray, ends: FloatArray, within_m: float
) -> FloatArray:
    """Return the metres from *here* to the first contact with the edge from *starts* to *ends* grown to all sides."""
    with np.errstate(divide="ignore", invalid="ignore"):
        run = there - here
        length_m = np.hypot(run[:, 0], run[:, 1])
        heading = run / length_m[:, None]
        ways_m = np.stack(
            (
                _to_round_m(here, heading, starts, within_m),
                _to_round_m(here, heading, ends, within_m),
                _to_side_m(here, heading, starts, ends, within_m),
            )
        )
        reached = (ways_m >= 0) & (ways_m <= length_m + _STILL_M)
    return np.asarray(np.min(np.where(reached, ways_m, np.inf), axis=0, initial=np.inf))


def _to_round_m(here: FloatArray, heading: FloatArray, middle: FloatArray, radius_m: float) -> FloatArray:
    """Return the metres to where a circle is entered; nan: never."""
    off = middle - here
    along_m = np.einsum("ij,ij->i", off, heading)
    aside_m = off[:, 0] * heading[:, 1] - off[:, 1] * heading[:, 0]
    return np.asarray(along_m - np.sqrt(radius_m**2 - aside_m**2))


def _to_side_m(
    here: FloatArray, heading: FloatArray, starts: FloatArray, ends: FloatArray, within_m: float
) -> FloatArray:
    """Return the metres to where a line beside the edge is crossed; nan: not between its ends."""
    edge = ends - starts
    edge_m = np.hypot(edge[:, 0], edge[:, 1])
    along = edge / edge_m[:, None]
    off = here - starts
    aside_m = off[:, 0] * along[:, 1] - off[:, 1] * along[:, 0]
    nearing = heading[:, 0] * along[:, 1] - heading[:, 1] * along[:, 0]
    way_m = (np.sign(aside_m) * within_m - aside_m) / nearing
    at_m = np.einsum("ij,ij->i", off + way_m[:, None] * heading, along)
    return np.where((at_m >= 0) & (at_m <= edge_m), way_m, np.nan)
