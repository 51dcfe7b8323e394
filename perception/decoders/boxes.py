"""Boxes as arrays, and the choice of the best among those that show the same thing."""

from dataclasses import dataclass

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
    order = np.argsort(-boxes.scores, kind="stable")
    corners, scores, classes = boxes.corners_px[order], boxes.scores[order], boxes.classes[order]
    overlaps = _overlaps(corners) > same_iou
    overlaps &= classes[:, None] == classes[None, :]
    kept = np.ones(len(scores), bool)
    for i in range(len(scores)):
        if kept[i]:
            kept[i + 1 :] &= ~overlaps[i, i + 1 :]
    return RawBoxes(corners_px=corners[kept], scores=scores[kept], classes=classes[kept])


def _overlaps(corners: FloatArray) -> FloatArray:
    low = np.maximum(corners[:, None, :2], corners[None, :, :2])
    high = np.minimum(corners[:, None, 2:], corners[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=2)
    areas = np.prod(corners[:, 2:] - corners[:, :2], axis=1)
    joint = np.maximum(areas[:, None] + areas[None, :] - shared, 1e-6)
    return np.asarray(shared / joint, np.float32)
