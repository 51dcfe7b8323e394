"""People and plates are made unrecognisable before a picture leaves the vehicle."""

from collections.abc import Iterable

import cv2
import numpy as np

from perception.detections import Detection, Label, PixelBox
from perception.frame import Picture

_LEAST_SCORE = {Label.PERSON: 0.1, Label.CAR: 0.2, Label.BIKE: 0.3}
"""Even what is hardly believed is hidden: a pattern too much costs nothing."""
_CELLS = 3
"""A hidden region is at most so many squares wide and high."""


def redact(picture: Picture, detections: Iterable[Detection]) -> Picture:
    """Return a copy of *picture* with the upper third of every person and the plate area of every vehicle pixelated.

    *detections* are all that the detector gave, weak ones too.
    """
    hidden = picture.copy()
    for detection in detections:
        least = _LEAST_SCORE.get(detection.label)
        if least is not None and detection.score >= least:
            _pixelate(hidden, _region(detection))
    return hidden


def _region(detection: Detection) -> PixelBox:
    box = detection.box
    if detection.label is Label.PERSON:
        side, above = 0.08 * box.width_px, 0.06 * box.height_px
        low = box.y0_px + box.height_px / 3
        return PixelBox(x0_px=box.x0_px - side, y0_px=box.y0_px - above, x1_px=box.x1_px + side, y1_px=low)
    top = box.y0_px + box.height_px * 0.45
    return PixelBox(x0_px=box.x0_px, y0_px=top, x1_px=box.x1_px, y1_px=box.y1_px)


def _pixelate(picture: Picture, region: PixelBox) -> None:
    height, width = picture.shape[:2]
    x0, y0 = max(0, int(region.x0_px)), max(0, int(region.y0_px))
    x1, y1 = min(width, int(np.ceil(region.x1_px))), min(height, int(np.ceil(region.y1_px)))
    if x1 <= x0 or y1 <= y0:
        return
    part = picture[y0:y1, x0:x1]
    cells = (min(_CELLS, x1 - x0), min(_CELLS, y1 - y0))
    coarse = cv2.resize(part, cells, interpolation=cv2.INTER_AREA)
    part[...] = cv2.resize(coarse, (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST)
