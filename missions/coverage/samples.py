"""A grid of sample points over the ground, with how many legs reach each: what a small change of a line costs.

The grid is turned against the rows, so that slivers between them are seen for what they are.
"""

import math
from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray
from geofence.prisms import BoolArray, IntArray
from missions.coverage.ground import Ground
from missions.coverage.rows import rotation

XY = tuple[float, float]
_TURN_RAD = 0.31
_MOST = 80_000
_FINEST, _COARSEST = 30, 6
_SPARE = 0.1
"""Share of a step by which legs reach less far, so that gaps do not hide between samples."""
_OUTSIDE = 10_000
"""How often samples count as reached that no leg needs to reach."""
_ROUND_END = 0.5
"""A round end reaches as far as a flat one that is longer by this share of its radius, roughly."""


class Layer:
    """The samples that have to be reached, at most *half_m* to the sides of a leg, and how many legs reach each."""

    def __init__(self, needed: BoolArray, *, half_m: float, more_m: float) -> None:
        self.counts = np.where(needed, 0, _OUTSIDE).astype(np.int16)
        self.half_m, self.more_m = half_m, more_m
        self.missed = int(np.count_nonzero(needed))
        """How many samples no leg reaches."""

    def add(self, index: IntArray) -> None:
        """Count the samples *index* of one leg."""
        counts = self.counts[index]
        self.missed -= int(np.count_nonzero(counts == 0))
        self.counts[index] = counts + 1

    def take(self, index: IntArray) -> None:
        """Forget the samples *index* of one leg."""
        counts = self.counts[index]
        self.missed += int(np.count_nonzero(counts == 1))
        self.counts[index] = counts - 1

    def missed_among(self, parts: Sequence[IntArray]) -> FloatArray:
        """Return for each of *parts* how many of its samples no leg reaches."""
        missed = np.concatenate(([0], np.cumsum(self.counts[np.concatenate(parts)] == 0)))
        ends = np.cumsum([len(part) for part in parts])
        return np.asarray(np.diff(missed[ends], prepend=0))


class Samples:
    """The samples of one ground for rows along *angle_rad*, in a frame of their own.

    The first layer is what is to be swept; where rows overlap, a second one is the inner area, where they must.
    """

    def __init__(self, ground: Ground, angle_rad: float) -> None:
        self.turn = rotation(angle_rad + _TURN_RAD)
        finest, coarsest = ground.swath_m / _FINEST, ground.swath_m / _COARSEST
        self.step_m = min(max(math.sqrt(ground.area.area / _MOST), finest), coarsest)
        self.layers = self._lay(ground)

    @property
    def cell_m2(self) -> float:
        """Return the area that one sample stands for."""
        return self.step_m**2

    def framed(self, points: FloatArray) -> FloatArray:
        """Return *points*, shape (n, 2), in the frame of the grid."""
        return points @ self.turn

    def reached(self, legs: FloatArray) -> list[tuple[IntArray, ...]]:
        """Return the samples that each of *legs*, shape (n, 2 ends, 2) in the frame of the grid, reaches, by layer."""
        count = len(legs)
        half_m = np.repeat([layer.half_m for layer in self.layers], count)
        more_m = np.repeat([layer.more_m for layer in self.layers], count)
        parts = self._reached(np.tile(legs, (len(self.layers), 1, 1)), half_m, more_m)
        return [tuple(parts[n::count]) for n in range(count)]

    def _reached(self, legs: FloatArray, half_m: FloatArray, more_m: FloatArray) -> list[IntArray]:
        """Return the samples that each leg reaches, *half_m* to its sides and *more_m* beyond its ends."""
        starts, runs = legs[:, 0], legs[:, 1] - legs[:, 0]
        lengths = np.hypot(runs[:, 0], runs[:, 1])
        directions = runs / np.maximum(lengths, 1e-9)[:, None]
        ux, uy = (np.where(np.abs(part) > 1e-9, part, 1e-9) for part in directions.T)
        reach = half_m * np.abs(ux) + more_m * np.abs(uy)
        first = self._line_at(np.minimum(starts[:, 1], legs[:, 1, 1]) - reach)
        count = np.where(lengths > 1e-9, self._line_at(np.maximum(starts[:, 1], legs[:, 1, 1]) + reach) - first, 0)
        count = np.maximum(count, 0)
        leg, line = _runs(first, count)
        one = starts[:, 0] - more_m / ux
        other = starts[:, 0] + (lengths + more_m) / ux
        side = half_m / np.abs(uy)
        dy = self._lines[line] - starts[leg, 1]
        ahead, beside = (-uy / ux)[leg] * dy, starts[leg, 0] + (ux / uy)[leg] * dy
        left = np.maximum(ahead + np.minimum(one, other)[leg], beside - side[leg])
        right = np.minimum(ahead + np.maximum(one, other)[leg], beside + side[leg])
        begin, width = self._spans(left, right)
        index = _runs(begin + line * self._columns, width)[1]
        ends = np.append(0, np.cumsum(width))[np.cumsum(count)].tolist()
        return [index[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]

    def missed_around(self, places: Sequence[XY], reach_m: float) -> list[int]:
        """Return for each layer how many samples within squares around *places* no leg reaches."""
        windows = [self._window(place, reach_m) for place in places]
        return [
            sum(int(np.count_nonzero(layer.counts.reshape(self._shape)[window] == 0)) for window in windows)
            for layer in self.layers
        ]

    def _window(self, place: XY, reach_m: float) -> tuple[slice, slice]:
        row, column = (place[1] - self._south) / self.step_m, (place[0] - self._west) / self.step_m
        reach = reach_m / self.step_m
        rows = slice(max(0, int(row - reach)), max(0, int(row + reach) + 1))
        return rows, slice(max(0, int(column - reach)), max(0, int(column + reach) + 1))

    def _lay(self, ground: Ground) -> tuple[Layer, ...]:
        area = shapely.transform(ground.area, self.framed)
        self._west, self._south, east, north = shapely.bounds(area).tolist()
        self._columns = math.ceil((east - self._west) / self.step_m) + 1
        self._shape = (math.ceil((north - self._south) / self.step_m) + 1, self._columns)
        self._lines = self._south + (np.arange(self._shape[0]) + 0.5) * self.step_m
        x, y = np.meshgrid(self._west + (np.arange(self._columns) + 0.5) * self.step_m, self._lines)
        shapely.prepare(area)
        inside = shapely.contains_xy(area, x.ravel(), y.ravel())
        half_m, spare_m = ground.swath_m / 2, _SPARE * self.step_m
        side_spare_m = min(spare_m, (ground.swath_m - ground.spacing_m) / 4)
        sweep = Layer(inside, half_m=half_m - side_spare_m, more_m=-spare_m)
        if ground.spacing_m > ground.swath_m * (1 - 1e-9):
            return (sweep,)
        near_m = ground.spacing_m / 2
        inner = _inside(area.buffer(-half_m), x.ravel(), y.ravel(), inside)
        return (sweep, Layer(inner, half_m=near_m, more_m=_ROUND_END * near_m))

    def _line_at(self, north: FloatArray) -> IntArray:
        at = np.ceil((north - self._south) / self.step_m - 0.5)
        return np.asarray(np.clip(at, 0, self._shape[0]), dtype=np.intp)

    def _spans(self, left: FloatArray, right: FloatArray) -> tuple[IntArray, IntArray]:
        shift, scale = self._west + 0.5 * self.step_m, 1 / self.step_m
        start = np.maximum(np.ceil((left - shift) * scale), 0.0)
        stop = np.minimum(np.ceil((right - shift) * scale), float(self._columns))
        some = stop > start
        return np.where(some, start, 0.0).astype(np.intp), np.where(some, stop - start, 0.0).astype(np.intp)


def _runs(first: IntArray, count: IntArray) -> tuple[IntArray, IntArray]:
    """Return for runs of *count* numbers from *first* on: which run each belongs to, and all the numbers."""
    total = np.cumsum(count)
    run = np.repeat(np.arange(len(count)), count)
    return run, np.arange(len(run)) + np.repeat(first - total + count, count)


def _inside(region: BaseGeometry, x: FloatArray, y: FloatArray, among: BoolArray) -> BoolArray:
    inside = np.zeros(len(x), dtype=bool)
    if not region.is_empty:
        shapely.prepare(region)
        inside[among] = shapely.contains_xy(region, x[among], y[among])
    return inside
