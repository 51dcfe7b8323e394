"""What survey legs really sweep: rectangles half a swath to both sides, flat at the ends."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray
from geofence.overlay import common, united, without
from missions.coverage.ground import Ground
from missions.coverage.path import Place

KEPT_RATIO = 0.995
"""Share of the inner area in which the overlap is kept at least."""
_FINE_M = 1e-6


_Measure = TypeVar("_Measure", BaseGeometry, float)


def _remembered(
    measure: Callable[[Ground, FloatArray, FloatArray], _Measure],
) -> Callable[[Ground, FloatArray, FloatArray], _Measure]:
    """Return *measure* with a memory of its last answer on each ground: one step often begins where one ended."""
    last: WeakKeyDictionary[Ground, tuple[FloatArray, _Measure]] = WeakKeyDictionary()

    @wraps(measure)
    def measured(ground: Ground, starts: FloatArray, ends: FloatArray) -> _Measure:
        legs, before = np.hstack((starts, ends)), last.get(ground)
        if before is None or not np.array_equal(before[0], legs):
            before = last[ground] = (legs, measure(ground, starts, ends))
        return before[1]

    return measured


def strips(starts: FloatArray, ends: FloatArray, half_m: float) -> np.ndarray:
    """Return the rectangle that each leg sweeps, as polygons; *starts* and *ends* have shape (n, 2)."""
    runs = ends - starts
    lengths = np.hypot(*runs.T)
    starts, ends, runs, lengths = (values[lengths > _FINE_M] for values in (starts, ends, runs, lengths))
    side = half_m * np.column_stack((-runs[:, 1], runs[:, 0])) / lengths[:, None]
    return np.asarray(shapely.polygons(np.stack((starts + side, ends + side, ends - side, starts - side), axis=1)))


@_remembered
def unswept(ground: Ground, starts: FloatArray, ends: FloatArray) -> BaseGeometry:
    """Return the part of the ground that no leg sweeps; for the search, which needs it fast."""
    return shapely.difference(ground.area, swept(ground, starts, ends))


def surely_unswept_m2(ground: Ground, starts: FloatArray, ends: FloatArray) -> float:
    """Return how much ground no leg sweeps, on the grid on which no strip is lost; for what is told."""
    return without(ground.area, united(strips(starts, ends, ground.swath_m / 2))).area


def swept(ground: Ground, starts: FloatArray, ends: FloatArray) -> BaseGeometry:
    """Return everything that the legs sweep."""
    return shapely.union_all(strips(starts, ends, ground.swath_m / 2))


def swept_ratio(area: BaseGeometry, legs: Sequence[tuple[Place, Place]], *, swath_m: float) -> float:
    """Return the share of *area* within half a swath sideways of *legs* (from and to, metres), flat at their ends."""
    if not legs or not area.area:
        return 0.0
    places = np.array(legs, dtype=np.float64)
    seen = united(strips(places[:, 0], places[:, 1], swath_m / 2))
    return float(common(seen, area).area / area.area)


@_remembered
def kept_ratio(ground: Ground, starts: FloatArray, ends: FloatArray) -> float:
    """Return the share of the inner area that lies within half the distance of rows from a leg (1: no inner area)."""
    inner, near_m = ground.inner, ground.spacing_m / 2
    if inner.is_empty:
        return 1.0
    beside = shapely.difference(inner, shapely.union_all(strips(starts, ends, near_m)))
    places = np.asarray(shapely.points(np.unique(np.vstack((starts, ends)), axis=0)))
    near = np.unique(shapely.STRtree(places).query(shapely.get_parts(beside), "dwithin", near_m)[1])
    beyond = shapely.difference(beside, shapely.union_all(shapely.buffer(places[near], near_m, quad_segs=16)))
    return 1.0 - float(beyond.area / inner.area)
