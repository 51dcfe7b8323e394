"""Average precision: how well scores tell right boxes from wrong ones, over all thresholds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perception.evaluation.boxes import NOTHING, SAME_IOU, Boxes, FrameBoxes, ious

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionCurve:
    """Recall, precision and score after each further box, best score first; `ap50` is the area under its envelope."""

    recall: FloatArray
    precision: FloatArray
    scores: FloatArray
    ap50: float
    best_f1: float
    best_score: float
    """The threshold with the best balance of both errors."""


def precision_curve(truth: Boxes, found: Boxes) -> PrecisionCurve:
    """Return the curve at IoU 0.5 (PASCAL VOC 2010: area under the monotone envelope, all points)."""
    things = sum(int((~boxes.ignored).sum()) for boxes in truth.values())
    judged = [_judge(truth.get(frame, NOTHING), boxes) for frame, boxes in sorted(found.items())]
    scores = np.concatenate([scores for scores, _ in judged]) if judged else np.empty(0)
    right = np.concatenate([right for _, right in judged]) if judged else np.empty(0)
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(right[order])
    recall = hits / things if things else np.zeros(len(hits))
    precision = hits / np.arange(1, len(hits) + 1)
    return _curve(np.asarray(recall, float), np.asarray(precision, float), scores[order])


def _curve(recall: FloatArray, precision: FloatArray, scores: FloatArray) -> PrecisionCurve:
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    f1 = 2 * recall * precision / np.maximum(recall + precision, 1e-9)
    best = int(np.argmax(f1)) if len(f1) else -1
    return PrecisionCurve(
        recall=recall,
        precision=precision,
        scores=scores,
        ap50=float(np.sum(np.diff(recall, prepend=0.0) * envelope)),
        best_f1=float(f1[best]) if len(f1) else 0.0,
        best_score=float(scores[best]) if len(f1) else 1.0,
    )


def _judge(truth: FrameBoxes, found: FrameBoxes) -> tuple[FloatArray, FloatArray]:
    """Return scores and whether each box is right (1) or wrong (0); boxes on ignored truth are left out."""
    overlaps = ious(found.corners_px, truth.corners_px)
    overlaps[overlaps < SAME_IOU] = 0.0
    is_free = np.ones(len(truth), bool)
    scores: list[float] = []
    right: list[float] = []
    for i in np.argsort(-found.scores, kind="stable"):
        best = _best(overlaps[i], is_free & ~truth.ignored)
        if best is not None:
            is_free[best] = False
        elif _best(overlaps[i], truth.ignored) is not None:
            continue
        scores.append(float(found.scores[i]))
        right.append(float(best is not None))
    return np.array(scores), np.array(right)


def _best(overlaps: FloatArray, may: NDArray[np.bool_]) -> int | None:
    if not np.any(may & (overlaps > 0)):
        return None
    return int(np.argmax(np.where(may, overlaps, -1.0)))
