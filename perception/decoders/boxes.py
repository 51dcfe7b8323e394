"""Boxes as arrays, and the choice of the best among those that show the same thing."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBoxes:
    """Corners (n, 4; x0, y0, x1, y1), scores (n) and the model's class numbers (n)."""

    corners_px: FloatArray
    scores: FloatArray
    classes: NDArray[np.int64]


def keep_best(boxes: RawBoxes, *, same_iou: float) -> RawBoxes:
    """Return *boxes*, best first, without those that overlap a better one of their class (non-maximum suppression)."""
    if not len(boxes.scores):
        return boxes
    low, high = boxes.corners_px[:, :2], boxes.corners_px[:, 2:]
    places = np.concatenate((low, np.maximum(high - low, 0)), axis=1).tolist()
    kept = cv2.dnn.NMSBoxesBatched(places, boxes.scores.tolist(), boxes.classes.tolist(), 0.0, same_iou)
    return RawBoxes(corners_px=boxes.corners_px[kept], scores=boxes.scores[kept], classes=boxes.classes[kept])
