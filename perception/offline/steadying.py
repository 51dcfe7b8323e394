"""Steadier boxes and places in hindsight: what a detector saw just before and just after tells of a frame too."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from perception.detections import PixelBox
from perception.georeference import GroundPlace
from perception.offline.track_line import TrackLine

AROUND_S = 0.8
"""Frames so much earlier and later count, the nearer the more."""
_LEAST = 3
_SHORTER = 0.12
"""A box whose height differs by such a share from the usual of its time counts for a third: somebody is half hidden."""
FloatArray = NDArray[np.float64]


def steadied(line: TrackLine, around: Sequence[TrackLine]) -> TrackLine:
    """Return *line* with box and place moved onto the weighted straight way through those *around* it.

    *around* are lines of the same track, *line* among them; with fewer than three nothing is changed.
    """
    if len(around) < _LEAST:
        return line
    boxes = np.array([one.box.xyxy for one in around], np.float64)
    after_s = np.array([one.time_s for one in around]) - line.time_s
    weights = _weights(boxes, after_s, np.array([one.score for one in around]))
    x0, y0, x1, y1 = _at_once(boxes, after_s, weights)
    return replace(
        line, box=PixelBox(x0_px=x0, y0_px=y0, x1_px=x1, y1_px=y1), place=_place(line, around, after_s, weights)
    )


def _weights(boxes: FloatArray, after_s: FloatArray, scores: FloatArray) -> FloatArray:
    heights = boxes[:, 3] - boxes[:, 1]
    usual = float(np.median(heights))
    other = (heights / max(usual, 1e-6) - 1.0) / _SHORTER
    nearness = 1.0 - np.abs(after_s) / (AROUND_S * 1.25)
    return np.asarray(np.maximum(nearness, 0.0) * (scores + 0.05) * np.exp(-(other**2)))


def _at_once(values: FloatArray, after_s: FloatArray, weights: FloatArray) -> list[float]:
    """Return where the weighted straight line through *values* (n, k) is at the time 0."""
    total = weights.sum()
    if total <= 1e-9:
        return list(values[int(np.abs(after_s).argmin())].tolist())
    middle_s, middle = float(weights @ after_s / total), weights @ values / total
    spread = weights @ (after_s - middle_s) ** 2
    slopes = (weights * (after_s - middle_s)) @ (values - middle) / max(float(spread), 1e-9)
    # no farther than it was ever seen: boxes end with the picture
    return list(np.clip(middle - slopes * middle_s, values.min(axis=0), values.max(axis=0)).tolist())


def _place(
    line: TrackLine, around: Sequence[TrackLine], after_s: FloatArray, weights: FloatArray
) -> GroundPlace | None:
    known = [i for i, one in enumerate(around) if one.place is not None]
    if line.place is None or len(known) < _LEAST:
        return line.place
    places = np.array([(one.place.east_m, one.place.north_m) for one in around if one.place is not None])
    east_m, north_m = _at_once(places, after_s[known], weights[known])
    return GroundPlace(east_m, north_m, line.place.covariance_m2)
