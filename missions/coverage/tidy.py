"""Points that a line does not need: ends of legs too short to fly and bends that are none, left out where possible."""

import numpy as np
import shapely

from geofence.frames import FloatArray
from missions.coverage import measure
from missions.coverage.ground import Ground
from missions.coverage.line import Line
from missions.coverage.path import TURN_DEG
from missions.coverage.repair import MISSED_RATIO

_SHORT_M, _SHORT_SWATHS = 0.5, 0.03
"""A leg is too short if it is shorter than both."""
_PASSES = 3


def tidied(ground: Ground, line: Line) -> Line:
    """Return *line* without points that only make short legs or no turn, as far as all stays swept and kept."""
    tidier = _Tidier(ground, line)
    for _ in range(_PASSES):
        if not tidier.passed():
            break
    if len(tidier.points) == len(line.points):
        return line
    points = np.array(tidier.points)
    done = Line(points=points, is_row=np.ones(len(points) - 1, dtype=bool))
    kept_ratio = measure.kept_ratio(ground, done.starts, done.ends)
    if kept_ratio >= measure.KEPT_RATIO or kept_ratio >= measure.kept_ratio(ground, line.starts, line.ends):
        return done
    return line


class _Tidier:
    """A line from which points are taken, and how much ground may still be lost by that."""

    def __init__(self, ground: Ground, line: Line) -> None:
        self._ground, self.points = ground, list(line.points)
        unswept_m2 = measure.unswept(ground, line.starts, line.ends).area
        self._spare_m2 = max(0.0, 0.999 * MISSED_RATIO * ground.area.area - unswept_m2)
        self._short_m = max(_SHORT_M, _SHORT_SWATHS * ground.swath_m)
        self._short_m = min(self._short_m, ground.swath_m / 4)

    def passed(self) -> bool:
        """Try every point once; say whether any was left out."""
        before, at = len(self.points), 0
        while at < len(self.points) and len(self.points) > 2:
            if not (self._is_needless(at) and self._leave_out(at)):
                at += 1
        return len(self.points) < before

    def _is_needless(self, at: int) -> bool:
        near = self.points[max(at - 1, 0) : at + 2]
        runs = np.diff(near, axis=0)
        if np.hypot(*runs.T).min() < self._short_m:
            return True
        if len(runs) < 2:
            return False
        cross, along = runs[0, 0] * runs[1, 1] - runs[0, 1] * runs[1, 0], runs[0] @ runs[1]
        return bool(abs(np.arctan2(cross, along)) <= np.radians(TURN_DEG))

    def _leave_out(self, at: int) -> bool:
        ground, line = self._ground, np.array(self.points)
        mine = np.arange(max(at - 1, 0), min(at + 1, len(line) - 1))
        new = line[[at - 1, at + 1]] if 0 < at < len(line) - 1 else np.empty((0, 2))
        if len(new) and not shapely.covers(ground.area, shapely.linestrings(new)):
            return False
        lost_m2 = self._lost_m2(line, mine, new)
        if lost_m2 > self._spare_m2:
            return False
        self._spare_m2 -= lost_m2
        del self.points[at]
        return True

    def _lost_m2(self, line: FloatArray, mine: np.ndarray, new: FloatArray) -> float:
        """Return how much ground is swept no more if the legs *mine* of *line* give way to the one between *new*."""
        starts, ends, half_m = line[:-1], line[1:], self._ground.swath_m / 2
        gone = shapely.union_all(measure.strips(starts[mine], ends[mine], half_m))
        others = np.ones(len(starts), dtype=bool)
        others[mine] = False
        west, south, east, north = gone.bounds if not gone.is_empty else (0.0, 0.0, 0.0, 0.0)
        low, high = np.minimum(starts, ends) - half_m, np.maximum(starts, ends) + half_m
        others &= (low[:, 0] < east) & (high[:, 0] > west) & (low[:, 1] < north) & (high[:, 1] > south)
        still = list(measure.strips(starts[others], ends[others], half_m))
        if len(new):
            still.extend(measure.strips(new[:1], new[1:], half_m))
        lost = shapely.difference(gone, shapely.union_all(still))
        return float(shapely.intersection(lost, self._ground.area).area)
