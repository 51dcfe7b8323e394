"""Whether what looks like a person is alive: it walks about, or something within its outline stirs."""

import math
from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.detections import PixelBox
from perception.frame import Picture
from perception.georeference import GroundPlace

_STILL, _STILL_PX = 0.08, 1.5
"""A foot that stays within so much of a box's height, or so many pixels, keeps its place: boxes of signs jump."""
_STEADY_S = 0.6
"""A foot is where it was in the mean of about so long: the boxes of a sign jump more than people sway."""
_FEET_S, _FEET = 0.2, 20
"""Where a foot was is remembered every so often, so many times: what creeps a little keeps its place too."""
_WALKED = 1.0
_WALKED_M = 1.0
"""Whoever went so far (in heights of the box, or in metres beyond the errors) has walked."""
_HEAD_GOES = 0.4
"""Whoever walks takes the head along, by this share of what the feet went at least: else only a lower edge jumped."""
_AWAY_S = 0.6
"""And stays away for so long: a doll whose box follows a passer-by for a moment comes back."""
_GRIDS = ((8, 16), (4, 8))
"""Cells across and down; the coarser ones where the finer would hold less than two pixels each way: grain stirs."""
_LEAST_PX = 2
_STIRRED = 15.0
"""Grey levels: people who stand and write change some cell of 8 × 16 by 25 in two seconds, walls and tables by 3."""
_STIRS = 2
_BETWEEN_S = 0.5
_LOOKS = 12
"""So many looks of one place are remembered."""
Cells = NDArray[np.float32]


class Life:
    """What one track has shown of life."""

    def __init__(self) -> None:
        self._began_px: tuple[float, float] | None = None
        self._began_head_px: tuple[float, float] | None = None
        self._began_m: tuple[float, float] | None = None
        self._rests: PixelBox | None = None
        self._rests_px = (math.inf, math.inf)
        self._rests_s = math.inf
        self._foot_px: tuple[float, float] | None = None
        self._feet: deque[tuple[float, tuple[float, float]]] = deque(maxlen=_FEET)
        self._seen_s = math.inf
        self._cells: Cells | None = None
        self._looks: list[Cells] = []
        self._looked_s = -math.inf
        self._stirs = 0
        self._away_since_s = math.inf
        self.has_walked = False
        self.is_judged = False
        """Whether the newest picture of it was large enough to show that something stirs."""

    @property
    def is_sure(self) -> bool:
        """Say whether it is alive."""
        return self.has_walked or self._stirs >= _STIRS

    def still_s(self, taken_s: float) -> float:
        """Return for how long the foot has kept its place."""
        return taken_s - self._rests_s

    def see(self, box: PixelBox, place: GroundPlace | None, picture: Picture | None, taken_s: float) -> None:
        """Take in where it is, and the picture where nothing else that was detected covers it."""
        if self.has_walked:
            return
        self._away_since_s = min(self._away_since_s, taken_s) if self._is_away(box, place) else math.inf
        self.has_walked = taken_s - self._away_since_s >= _AWAY_S
        foot_px = self._steady(box, taken_s)
        near_px = max(_STILL * box.height_px, _STILL_PX)
        if self._rests is None or math.dist(self._rests_px, foot_px) > near_px:
            self._rests, self._rests_px, self._rests_s = box, foot_px, self._came_s(foot_px, near_px, taken_s)
            self._cells, self._looks = None, []
        if not self._feet or taken_s - self._feet[-1][0] >= _FEET_S:
            self._feet.append((taken_s, foot_px))
        if picture is not None and taken_s - self._looked_s >= _BETWEEN_S:
            self._looked_s = taken_s
            cells = _cells(self._rests, picture)
            self.is_judged = cells is not None
            self._stir(cells)

    def _came_s(self, foot_px: tuple[float, float], near_px: float, taken_s: float) -> float:
        """Return since when the foot has been near to where it is now."""
        for at_s, before_px in reversed(self._feet):
            if math.dist(before_px, foot_px) > near_px:
                break
            taken_s = at_s
        return taken_s

    def _steady(self, box: PixelBox, taken_s: float) -> tuple[float, float]:
        """Return where the foot was in the mean of a short while."""
        (x, y), before = box.foot_px, self._foot_px
        share = 1.0 - math.exp(min(0.0, self._seen_s - taken_s) / _STEADY_S)
        self._foot_px = (
            (x, y) if before is None else (before[0] + share * (x - before[0]), before[1] + share * (y - before[1]))
        )
        self._seen_s = taken_s
        return self._foot_px

    def _is_away(self, box: PixelBox, place: GroundPlace | None) -> bool:
        head_px = (box.foot_px[0], box.y0_px)
        self._began_px, self._began_head_px = self._began_px or box.foot_px, self._began_head_px or head_px
        away_px = math.dist(self._began_px, box.foot_px)
        if math.dist(self._began_head_px, head_px) < _HEAD_GOES * away_px:
            return False
        if place is None:
            return away_px > _WALKED * box.height_px
        self._began_m = self._began_m or (place.east_m, place.north_m)
        away_m = math.dist(self._began_m, (place.east_m, place.north_m))
        return away_m > _WALKED_M + 2 * place.major_m and away_px > _STILL * box.height_px

    def _stir(self, cells: Cells | None) -> None:
        if cells is None or self._cells is None:
            self._cells = cells
        elif not _are_alike(cells, self._cells):
            # whoever moves takes no earlier pose again to the last detail; what somebody hid for a moment does
            is_back = any(_are_alike(cells, look) for look in self._looks)
            self._stirs = 0 if is_back else self._stirs + 1
            self._looks = [*self._looks[-_LOOKS:], self._cells]
            self._cells = cells


def _are_alike(some: Cells, other: Cells) -> bool:
    change = some - other
    return float(np.abs(change - np.median(change)).max()) <= _STIRRED


def _cells(box: PixelBox, picture: Picture) -> Cells | None:
    """Return the mean lightness of a grid over the box; None for a box too small for any."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = (round(value) for value in box.xyxy)
    part = picture[max(0, y0) : min(y1, height), max(0, x0) : min(x1, width)]
    fitting = [(x, y) for x, y in _GRIDS if part.shape[1] >= _LEAST_PX * x and part.shape[0] >= _LEAST_PX * y]
    if not fitting:
        return None
    small = cv2.resize(part, fitting[0], interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.float32)
