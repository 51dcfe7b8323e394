"""Boxes as arrays, and the choice of the best among those that show the same thing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

_NEARLY_IOU = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBoxes:
    """Corners (n, 4; x0, y0, x1, y1), scores (n) and the model's class numbers (n)."""

    corners_px: FloatArray
    scores: FloatArray
    classes: NDArray[np.int64]
    foreign: tuple[int, ...] = ()
    """Class numbers of boxes that were left out, as the card has no label for them; one for each box."""

    @classmethod
    def finished(
        cls, corners_px: FloatArray, scores: FloatArray, classes: NDArray[np.int64], *, labels: int
    ) -> "RawBoxes":
        """Return what a model numbered itself, without what none of the *labels* (their number) names."""
        is_known = (classes >= 0) & (classes < labels)
        return cls(
            corners_px=corners_px[is_known].astype(np.float32),
            scores=scores[is_known],
            classes=classes[is_known],
            foreign=tuple(classes[~is_known].tolist()),
        )


def keep_best(boxes: RawBoxes, *, same_iou: float) -> list[tuple[list[float], float, int]]:
    """Return corners, score and class, best first, of what overlaps no better box of its class (greedy suppression)."""
    ranked = (-boxes.scores).argsort(kind="stable").tolist()
    corners, scores, classes = boxes.corners_px.tolist(), boxes.scores.tolist(), boxes.classes.tolist()
    better: dict[int, list[list[float]]] = {}
    kept: list[tuple[list[float], float, int]] = []
    for i in ranked:
        rivals = better.setdefault(classes[i], [])
        if not _is_shown(corners[i], rivals, same_iou):
            rivals.append(corners[i])
            kept.append((corners[i], scores[i], classes[i]))
    return kept


def blended(kept: list[tuple[list[float], float, int]], boxes: RawBoxes) -> list[tuple[list[float], float, int]]:
    """Return what was *kept* of *boxes*, each moved to the mean of those of its class that show nearly the same."""
    if not kept:
        return kept
    mine = np.array([box for box, _, _ in kept], np.float32)
    alike = _shares(mine, boxes.corners_px)
    alike[np.array([number for _, _, number in kept])[:, None] != boxes.classes] = 0.0
    weights = np.where(alike > _NEARLY_IOU, alike * boxes.scores, 0.0)
    moved = (weights @ boxes.corners_px) / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)
    return [(box, score, number) for box, (_, score, number) in zip(moved.tolist(), kept, strict=True)]


def _shares(some: FloatArray, others: FloatArray) -> FloatArray:
    """Return the intersection over union of all pairs, shape (some, others)."""
    low = np.maximum(some[:, None, :2], others[None, :, :2])
    high = np.minimum(some[:, None, 2:], others[None, :, 2:])
    both = np.prod(np.maximum(high - low, 0.0), axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (some, others)]
    union = areas[0][:, None] + areas[1][None] - both
    return np.asarray(both / np.maximum(union, 1e-6), np.float32)


def _is_shown(box: list[float], rivals: list[list[float]], same_iou: float) -> bool:
    """Say whether one of *rivals* covers *box*; plain numbers, as most pairs are told apart by one comparison."""
    x0, y0, x1, y1 = box
    for a0, b0, a1, b1 in rivals:
        if a0 >= x1 or a1 <= x0 or b0 >= y1 or b1 <= y0:
            continue
        shared = (min(x1, a1) - max(x0, a0)) * (min(y1, b1) - max(y0, b0))
        if shared > same_iou * ((x1 - x0) * (y1 - y0) + (a1 - a0) * (b1 - b0) - shared):
            return True
    return False
