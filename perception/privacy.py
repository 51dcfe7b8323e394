"""People and plates are made unrecognisable before a picture leaves the vehicle."""

import math
from collections.abc import Iterable

import cv2

from perception.detections import Detection, Label
from perception.frame import Picture

LEAST_SCORES = {Label.PERSON: 0.1, Label.LYING: 0.1, Label.CAR: 0.2, Label.BIKE: 0.3}
"""Even what is hardly believed is hidden: a pattern too much costs nothing."""
_CELLS = 3
"""A hidden region is at most so many squares wide and high."""


def redact(picture: Picture, detections: Iterable[Detection]) -> Picture:
    """Return a copy of *picture* with the upper third of every person and the plate area of every vehicle pixelated.

    Who lies is hidden wholly, as the head may be at either end.

    *detections* are all that the detector gave, weak ones too.
    """
    hidden = picture.copy()
    for detection in detections:
        least = LEAST_SCORES.get(detection.label)
        if least is not None and detection.score >= least:
            _pixelate(hidden, _region(detection))
    return hidden


def _region(detection: Detection) -> tuple[float, float, float, float]:
    """Return left, upper, right and lower side."""
    x0, y0, x1, y1 = detection.box.xyxy
    width, height = detection.box.width_px, detection.box.height_px
    if detection.label is Label.PERSON:
        return x0 - 0.08 * width, y0 - 0.06 * height, x1 + 0.08 * width, y0 + height / 3
    if detection.label is Label.LYING:
        return x0 - 0.06 * width, y0 - 0.06 * height, x1 + 0.06 * width, y1
    return x0, y0 + height * 0.45, x1, y1


def _pixelate(picture: Picture, region: tuple[float, float, float, float]) -> None:
    height, width, _ = picture.shape
    x0, y0 = max(0, int(region[0])), max(0, int(region[1]))
    x1, y1 = min(width, math.ceil(region[2])), min(height, math.ceil(region[3]))
    if x1 <= x0 or y1 <= y0:
        return
    part = picture[y0:y1, x0:x1]
    cells = (min(_CELLS, x1 - x0), min(_CELLS, y1 - y0))
    coarse = cv2.resize(part, cells, interpolation=cv2.INTER_AREA)
    part[...] = cv2.resize(coarse, (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST)
