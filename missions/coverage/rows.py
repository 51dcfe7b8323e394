"""Rows over an area: parallel chords, evenly spread."""

import math

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray


def rotation(angle_rad: float) -> FloatArray:
    """Return the matrix that turns points (as rows, from the right) so that *angle_rad* lies along the first axis."""
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    return np.array([[cos, -sin], [sin, cos]])


def edges_of(region: BaseGeometry) -> FloatArray:
    """Return all edges of *region*, shape (n, 2 ends, 2)."""
    rings = shapely.get_rings(shapely.get_parts(region))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    return np.stack((points[:-1][same], points[1:][same]), axis=1)


def levels(low_m: float, high_m: float, *, spacing_m: float, first_m: float, last_m: float) -> FloatArray:
    """Return where rows lie between *low_m* and *high_m*, *first_m* and *last_m* from the edges at most."""
    room_m = high_m - low_m - first_m - last_m
    if room_m <= 0:
        return np.array([low_m + (high_m - low_m) * first_m / (first_m + last_m)])
    rows = math.ceil(room_m / (spacing_m * (1 + 2e-4)) - 1e-9) + 1
    return np.linspace(low_m + first_m, high_m - last_m, rows)


def chords(edges: FloatArray, heights: FloatArray) -> tuple[FloatArray, np.ndarray]:
    """Return where horizontal lines at *heights* (rising) lie inside: (n, 2) from and to, and the number of the line.

    *edges*, shape (m, 2, 2), are those of a region; a corner on a line belongs to what is above it.
    """
    ys = np.sort(edges[:, :, 1], axis=1)
    first, last = np.searchsorted(heights, ys[:, 0], "left"), np.searchsorted(heights, ys[:, 1], "left")
    count = last - first
    edge = np.repeat(np.arange(len(edges)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    (x0, y0), (x1, y1) = edges[edge, 0].T, edges[edge, 1].T
    xs = x0 + (heights[row] - y0) / (y1 - y0) * (x1 - x0)
    order = np.lexsort((xs, row))
    return xs[order].reshape(-1, 2), row[order][::2]


def reflex_corners(region: BaseGeometry) -> FloatArray:
    """Return the corners of *region* at which it is not convex, shape (n, 2)."""
    polygons = [part for part in shapely.get_parts(region) if part.geom_type == "Polygon" and not part.is_empty]
    if not polygons:
        return np.empty((0, 2))
    rings = shapely.get_rings(shapely.orient_polygons(np.array(polygons, dtype=object)))
    return np.vstack([_reflex(shapely.get_coordinates(ring)[:-1]) for ring in rings])


def _reflex(ring: FloatArray) -> FloatArray:
    come, go = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    return ring[come[:, 0] * go[:, 1] - come[:, 1] * go[:, 0] < 0]
