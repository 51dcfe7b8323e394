"""People and plates are made unrecognisable before a picture leaves the vehicle."""

import math
from collections.abc import Iterable

import cv2
import numpy as np

from perception.detections import Detection, Label
from perception.frame import Picture

LEAST_SCORES = {Label.PERSON: 0.1, Label.LYING: 0.1, Label.CAR: 0.2, Label.BIKE: 0.3}
"""Even what is hardly believed is hidden: a pattern too much costs nothing."""
_CELLS = 3
"""A hidden region is at most so many squares wide and high."""
_COARSE = 12
_EDGE_PX = 4.0
_UPRIGHT = 0.6
_HEAD_OF_SHOULDERS = 0.9
"""A head with its neck is at most so high, as a share of how wide shoulders and arms are."""


def redact(picture: Picture, detections: Iterable[Detection]) -> Picture:
    """Return a copy of *picture* with the upper third of every person and the plate area of every vehicle pixelated.

    Who lies is hidden wholly, as the head may be at either end; of who is cut off by the lower edge or is as wide as
    high, as much is hidden as a head takes of shoulders.

    *detections* are all that the detector gave, weak ones too.
    """
    hidden = picture.copy()
    for detection in detections:
        least = LEAST_SCORES.get(detection.label)
        if least is not None and detection.score >= least:
            _pixelate(hidden, _region(detection, picture.shape[0]))
    return hidden


def hide_all(picture: Picture) -> Picture:
    """Return a copy of *picture* in which nobody can be recognised: twelve squares across."""
    height, width = picture.shape[:2]
    coarse = cv2.resize(picture, (_COARSE, max(1, round(_COARSE * height / width))), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def _region(detection: Detection, picture_height_px: int) -> tuple[float, float, float, float]:
    """Return left, upper, right and lower side."""
    x0, y0, x1, y1 = detection.box.xyxy
    width, height = detection.box.width_px, detection.box.height_px
    if detection.label is Label.PERSON:
        head = height / 3
        if y1 >= picture_height_px - _EDGE_PX or width > _UPRIGHT * height:
            head = max(head, min(height, _HEAD_OF_SHOULDERS * width))
        return x0 - 0.08 * width, y0 - 0.06 * height, x1 + 0.08 * width, y0 + head
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
