"""Headlands: rows along borders, before which the rows of the field end.

A row half a swath from a border covers half a swath to that side, where no overlap is due, and half a distance of rows
to the other: more than a row inside does, and the triangles between a slanting border and the rows that end at it too.
"""

import math
from collections.abc import Iterator

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray
from missions.coverage.ground import Ground

_FLATTEST = math.sin(math.radians(10))
"""Borders that run more nearly along the rows need no headland."""
_EVEN = 0.1
_SQUARE = 0.02
"""The cosine of the angle between rows and a headland that counts as square."""
_MOST_SHORTER = 0.25
"""Before square headlands rows end by at most so many distances of rows earlier than their overlap does."""
_TINY_M = 1e-9


def with_headlands(ground: Ground, angle_rad: float, least_rows: float) -> tuple[FloatArray, BaseGeometry]:
    """Return rows along outer borders where *least_rows* rows of direction *angle_rad* end or more, and what is left.

    The rows have shape (n, 2 ends, 2); there may be none.
    """
    polygon = shapely.orient_polygons(ground.room_polygon)
    rows = list(_along(ground, polygon, angle_rad, least_rows))
    if not rows:
        return np.empty((0, 2, 2)), polygon
    left = shapely.difference(polygon, shapely.union_all(_strips(np.array(rows), ground, angle_rad)))
    even_m = _EVEN * ground.swath_m
    return np.array(rows), left.buffer(-even_m, join_style="mitre").buffer(even_m, join_style="mitre")


def _strips(rows: FloatArray, ground: Ground, angle_rad: float) -> np.ndarray:
    """Return for each row, with its border to the right, the ground before which rows of direction *angle_rad* end."""
    runs = rows[:, 1] - rows[:, 0]
    left = np.column_stack((-runs[:, 1], runs[:, 0])) / np.hypot(*runs.T)[:, None]
    into, out = left * _depth_m(runs, ground, angle_rad), -left * ground.swath_m
    starts, ends = rows[:, 0], rows[:, 1]
    return np.asarray(shapely.polygons(np.stack((starts + out, ends + out, ends + into, starts + into), axis=1)))


def _depth_m(runs: FloatArray, ground: Ground, angle_rad: float) -> float:
    """Return how far from headlands along *runs* rows of direction *angle_rad* end.

    Where all are square that is half a swath: round the end of a row the overlap is kept as well. At a slant the flat
    ends of rows would leave triangles there, and they end where the overlap of the headland does.
    """
    near_m = ground.spacing_m / 2
    if (np.abs(np.cos(np.arctan2(runs[:, 1], runs[:, 0]) - angle_rad)) > _SQUARE).any():
        return near_m
    return min(ground.swath_m / 2, near_m + _MOST_SHORTER * ground.spacing_m)


def _along(ground: Ground, polygon: Polygon, angle_rad: float, least_rows: float) -> Iterator[FloatArray]:
    ring = shapely.get_coordinates(polygon.exterior)
    runs = np.diff(ring, axis=0)
    lengths = np.hypot(*runs.T)
    units = runs / np.maximum(lengths, _TINY_M)[:, None]
    slant = np.abs(np.sin(np.arctan2(runs[:, 1], runs[:, 0]) - angle_rad))
    come = np.roll(units, 1, axis=0)
    bends = come[:, 0] * units[:, 1] - come[:, 1] * units[:, 0]
    chosen = (lengths * slant >= least_rows * ground.spacing_m) & (slant >= _FLATTEST)
    for n in np.flatnonzero(chosen).tolist():
        far = lengths[n] + 2 * ground.swath_m
        low = -far if bends[n] > 0 else 0.0
        high = lengths[n] + (far if bends[(n + 1) % len(bends)] > 0 else 0.0)
        row = _row(polygon, ring[n] + _left(units[n]) * ground.swath_m / 2, units[n], (low, high), lengths[n])
        if row is not None:
            yield row


def _row(
    polygon: Polygon, begin: FloatArray, unit: FloatArray, span: tuple[float, float], along_m: float
) -> FloatArray | None:
    """Return that part in *polygon* of the line from *begin* along *unit* that runs longest beside its border."""
    line = LineString([begin + span[0] * unit, begin + span[1] * unit])
    inside = shapely.get_parts(shapely.intersection(line, polygon))
    parts = [part for part in inside if isinstance(part, LineString) and not part.is_empty]
    best, most_m = None, 0.0
    for part in parts:
        low, high = sorted(((shapely.get_coordinates(part)[[0, -1]] - begin) @ unit).tolist())
        beside_m = min(high, along_m) - max(low, 0.0)
        if beside_m > most_m:
            best, most_m = np.array([begin + low * unit, begin + high * unit]), beside_m
    return best


def _left(unit: FloatArray) -> FloatArray:
    return np.array([-unit[1], unit[0]])
