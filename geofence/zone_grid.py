"""Which areas may be near a place, for whole fleets: cells of a grid with the areas that lie within reach of them.

Places are turned to metres by a cubic that was fitted to PROJ over the grid; the error that was measured is added
to every distance, so no area within reach is ever left out.
"""

import math

import numpy as np
import shapely
from shapely import STRtree

from geofence.frames import FloatArray, LocalFrame
from geofence.prisms import BoolArray, GeometryArray, IntArray

_MOST_CELLS_A_SIDE = 200
_LEAST_CELL_M = 50.0
_SAFETY = 2.0
_WIDEST_M = 100_000.0


class ZoneGrid:
    """Finds the *areas* (metres of *frame*, prepared) within *grown_m* of places, by their cells."""

    def __init__(self, *, areas: GeometryArray, frame: LocalFrame, grown_m: float) -> None:
        self._areas = areas
        self._grown_m = grown_m
        self._bounds = shapely.bounds(areas).reshape(-1, 4)
        self._corner, self._cell_m, self._shape = _layout(areas, self._bounds, grown_m)
        self._metres = _QuickMetres(frame, self._corner, self._corner + self._cell_m * np.array(self._shape))
        self._first, self._listed = self._lists()

    def pairs(self, lon_lat_deg: FloatArray, reaches_m: FloatArray) -> tuple[IntArray, IntArray, BoolArray]:
        """Return rows and areas, shape (k,) each, and which places the grid knows, shape (n,).

        For places (n, 2) that it knows, no area within their reach (n,) is missing; some beyond it may be there.
        """
        places = self._metres.of(lon_lat_deg)
        reaches_m = reaches_m + self._metres.error_m
        cells = np.floor((places - self._corner) / self._cell_m)
        is_on_grid = np.all((cells >= 0) & (cells < self._shape), axis=1)
        is_known = np.asarray(is_on_grid & (reaches_m + self._metres.error_m <= self._grown_m))
        known = np.flatnonzero(is_known)
        index = (cells[known, 0] * self._shape[1] + cells[known, 1]).astype(np.intp)
        first, count = self._first[index], self._first[index + 1] - self._first[index]
        rows = np.repeat(known, count)
        offsets = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
        areas = self._listed[np.repeat(first, count) + offsets]
        is_near = self._is_in_bounds(places[rows], areas, reaches_m[rows])
        return rows[is_near], areas[is_near], is_known

    def _is_in_bounds(self, places: FloatArray, areas: IntArray, reaches_m: FloatArray) -> BoolArray:
        bounds, reach = self._bounds[areas], reaches_m[:, None]
        return np.asarray(np.all((places >= bounds[:, :2] - reach) & (places <= bounds[:, 2:] + reach), axis=1))

    def _lists(self) -> tuple[IntArray, IntArray]:
        """Return where each cell's list begins, shape (cells + 1,), and the areas of all lists one after the other."""
        boxes = self._boxes()
        wide = np.flatnonzero(_is_wide(self._bounds))
        small = np.flatnonzero(~_is_wide(self._bounds))
        cells, found = STRtree(self._areas[small]).query(boxes, predicate="dwithin", distance=self._grown_m)
        listed = [(cells, small[found])]
        for area in wide:
            near = np.flatnonzero(shapely.dwithin(self._areas[area], boxes, self._grown_m))
            listed.append((near, np.full(len(near), area)))
        cells, found = (np.concatenate(part) for part in zip(*listed, strict=True))
        order = np.lexsort((found, cells))
        counts = np.bincount(cells, minlength=len(boxes))
        return np.concatenate(([0], np.cumsum(counts))).astype(np.intp), found[order]

    def _boxes(self) -> GeometryArray:
        columns, rows = self._shape
        west = self._corner[0] + self._cell_m * np.repeat(np.arange(columns), rows)
        south = self._corner[1] + self._cell_m * np.tile(np.arange(rows), columns)
        return np.asarray(shapely.box(west, south, west + self._cell_m, south + self._cell_m), dtype=object)


def _is_wide(bounds: FloatArray) -> BoolArray:
    return np.asarray(np.max(bounds[:, 2:] - bounds[:, :2], axis=1, initial=0.0) > _WIDEST_M)


def _layout(areas: GeometryArray, bounds: FloatArray, grown_m: float) -> tuple[FloatArray, float, tuple[int, int]]:
    """Return south-west corner, cell size and number of cells east and north, around all borders but endless ones."""
    is_wide = _is_wide(bounds)
    corners = np.concatenate((bounds[~is_wide].reshape(-1, 2), shapely.get_coordinates(areas[is_wide])))
    corners = corners[np.abs(corners).max(axis=1, initial=0.0) < _WIDEST_M]
    if not len(corners):
        return np.zeros(2), _LEAST_CELL_M, (1, 1)
    corner, end = corners.min(axis=0) - grown_m, corners.max(axis=0) + grown_m
    cell_m = max(_LEAST_CELL_M, float((end - corner).max()) / _MOST_CELLS_A_SIDE)
    columns, rows = np.maximum(1, np.ceil((end - corner) / cell_m)).astype(int)
    return corner, cell_m, (int(columns), int(rows))


class _QuickMetres:
    """Longitude and latitude to metres of *frame* between two corners, with the greatest error that was found there."""

    def __init__(self, frame: LocalFrame, corner: FloatArray, end: FloatArray) -> None:
        known = _mesh(corner, end, 12)
        degrees = frame.to_geo_array(known)
        self._middle = (degrees.max(axis=0) + degrees.min(axis=0)) / 2
        self._half = np.maximum((degrees.max(axis=0) - degrees.min(axis=0)) / 2, 1e-9)
        self._factors = np.linalg.lstsq(self._powers(degrees), known, rcond=None)[0]
        checked = _mesh(corner, end, 40)
        off = np.abs(self.of(frame.to_geo_array(checked)) - checked)
        self.error_m = _SAFETY * math.sqrt(2) * float(off.max()) + 1e-3

    def of(self, lon_lat_deg: FloatArray) -> FloatArray:
        """Return metres, shape (n, 2), for degrees, shape (n, 2)."""
        return np.asarray(self._powers(lon_lat_deg) @ self._factors)

    def _powers(self, lon_lat_deg: FloatArray) -> FloatArray:
        u, v = ((lon_lat_deg - self._middle) / self._half).T
        uu, uv, vv = u * u, u * v, v * v
        return np.stack((np.ones_like(u), u, v, uu, uv, vv, u * uu, v * uu, u * vv, v * vv), axis=1)


def _mesh(corner: FloatArray, end: FloatArray, count: int) -> FloatArray:
    east, north = np.meshgrid(np.linspace(corner[0], end[0], count), np.linspace(corner[1], end[1], count))
    return np.column_stack((east.ravel(), north.ravel()))
