"""What survey legs really sweep: rectangles half a swath to both sides, flat at the ends."""

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray
from missions.coverage.ground import Ground
from missions.coverage.path import Place

_FINE_M = 1e-6


def strips(starts: FloatArray, ends: FloatArray, half_m: float) -> np.ndarray:
    """Return the rectangle that each leg sweeps, as polygons; *starts* and *ends* have shape (n, 2)."""
    runs = ends - starts
    lengths = np.hypot(*runs.T)
    starts, ends, runs, lengths = (values[lengths > _FINE_M] for values in (starts, ends, runs, lengths))
    side = half_m * np.column_stack((-runs[:, 1], runs[:, 0])) / lengths[:, None]
    return np.asarray(shapely.polygons(np.stack((starts + side, ends + side, ends - side, starts - side), axis=1)))


def unswept(ground: Ground, starts: FloatArray, ends: FloatArray) -> BaseGeometry:
    """Return the part of the ground that no leg sweeps."""
    return shapely.difference(ground.area, swept(ground, starts, ends))


def swept(ground: Ground, starts: FloatArray, ends: FloatArray) -> BaseGeometry:
    """Return everything that the legs sweep."""
    return shapely.union_all(strips(starts, ends, ground.swath_m / 2))


def swept_ratio(area: BaseGeometry, legs: Sequence[tuple[Place, Place]], *, swath_m: float) -> float:
    """Return the share of *area* within half a swath sideways of *legs* (from and to, metres), flat at their ends."""
    if not legs or not area.area:
        return 0.0
    places = np.array(legs, dtype=np.float64)
    seen = shapely.union_all(strips(places[:, 0], places[:, 1], swath_m / 2))
    return float(shapely.intersection(seen, area).area / area.area)


def kept_ratio(ground: Ground, starts: FloatArray, ends: FloatArray) -> float:
    """Return the share of the inner area that lies within half the distance of rows from a leg (1: no inner area)."""
    inner = ground.area.buffer(-ground.swath_m / 2)
    if inner.is_empty:
        return 1.0
    lines = shapely.linestrings(np.stack((starts, ends), axis=1))
    near = shapely.union_all(shapely.buffer(lines, ground.spacing_m / 2, quad_segs=16))
    return float(shapely.intersection(near, inner).area / inner.area)
