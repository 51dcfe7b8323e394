"""Whether people are as tall as people in the metres of the camera file: a wrong lens, height or pitch shows here."""

import statistics
from collections import deque
from collections.abc import Sequence

import numpy as np

from geofence.footprint import Gaze
from geofence.positions import LocalPosition
from perception.detections import Detection, Label
from perception.georeference import Georeference

_TALL_M = 1.7
_EVERY_S = 1.0
_LEAST, _KEPT = 20, 200
_LIKELY = (0.65, 1.5)
_EDGE_PX = 3.0
_SURE = 0.1
"""Counted are people who are seen by so much better than must be."""


class SizeCheck:
    """Takes what is seen once a second, and compares the heights of people's boxes with what 1.7 m are there."""

    def __init__(self, *, reference: Georeference, least_score: float) -> None:
        self._reference = reference
        self._least_score = least_score + _SURE
        self._ratios: deque[float] = deque(maxlen=_KEPT)
        self._last_s = -_EVERY_S

    @property
    def ratio(self) -> float | None:
        """Return the median height of people as a share of 1.7 m; None before enough were seen."""
        return statistics.median(self._ratios) if len(self._ratios) >= _LEAST else None

    @property
    def is_doubtful(self) -> bool:
        """Say whether people are so tall or so small that the camera file must be wrong."""
        ratio = self.ratio
        return ratio is not None and not _LIKELY[0] <= ratio <= _LIKELY[1]

    def add(self, detections: Sequence[Detection], gaze: Gaze, size_px: tuple[int, int], time_s: float) -> None:
        """Take what an assessed frame shows."""
        if time_s - self._last_s < _EVERY_S:
            return
        people = [one for one in detections if self._is_sure(one, size_px)]
        feet = np.array([one.box.foot_px for one in people], float).reshape(-1, 2)
        for one, place in zip(people, self._reference.to_ground(feet, gaze), strict=True):
            if place is None:
                continue
            foot = self._reference.to_pixel(LocalPosition(east_m=place.east_m, north_m=place.north_m), gaze)
            head = self._reference.to_pixel(
                LocalPosition(east_m=place.east_m, north_m=place.north_m, up_m=_TALL_M), gaze
            )
            if foot is not None and head is not None and foot[1] - head[1] > 1.0:
                self._ratios.append(one.box.height_px / (foot[1] - head[1]))
                self._last_s = time_s

    def _is_sure(self, one: Detection, size_px: tuple[int, int]) -> bool:
        x0, y0, x1, y1 = one.box.xyxy
        width, height = size_px
        is_whole = min(x0, y0) > _EDGE_PX and x1 < width - _EDGE_PX and y1 < height - _EDGE_PX
        return one.label is Label.PERSON and one.score >= self._least_score and is_whole
