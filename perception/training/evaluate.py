"""How good a detector is on pictures that it was not trained on, by class, at IoU 0.5."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from perception.detections import Label, PixelBox
from perception.detector import Detector
from perception.training.coco import Coco, Labelled

_IOU = 0.5


@dataclass(slots=True)
class _Tally:
    """Scores of detections, whether each was right, and how many things there were."""

    scores: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    things: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Average precision (area under the precision envelope) and the score with the best balance of both errors (F1)."""

    ap50: float
    best_score: float
    things: int
    """How many there were to find; with none, nothing was judged."""


def judge(detector: Detector, data: Coco) -> Mapping[str, Judgement]:
    """Return the judgement by our label; ignored boxes neither help nor hurt."""
    numbers: dict[Label, list[int]] = defaultdict(list)
    for number, name in enumerate(data.labels):
        if (meaning := detector.card.means.get(name)) is not None:
            numbers[meaning].append(number)
    tallies = {label: _Tally() for label in numbers}
    for item in data.pictures:
        found = detector.detect(item.read())
        for label, mine in numbers.items():
            ranked = sorted((d for d in found if d.label is label), key=lambda d: -d.score)
            _count(tallies[label], item, mine, [(d.score, d.box) for d in ranked])
    return {label.value: _judgement(tally) for label, tally in tallies.items()}


def _count(tally: _Tally, item: Labelled, numbers: list[int], found: list[tuple[float, PixelBox]]) -> None:
    mine = np.isin(item.classes, numbers)
    wanted = [_box(row) for row in item.boxes[mine & ~item.ignored].tolist()]
    ignored = [_box(row) for row in item.boxes[item.ignored].tolist()]
    tally.things += len(wanted)
    for score, box in found:
        best = max(range(len(wanted)), key=lambda i: wanted[i].iou(box), default=None)
        if best is not None and wanted[best].iou(box) >= _IOU:
            wanted.pop(best)
            tally.scores.append(score)
            tally.right.append(True)
        elif not any(other.iou(box) >= _IOU for other in ignored):
            tally.scores.append(score)
            tally.right.append(False)


def _box(corners: list[float]) -> PixelBox:
    x0, y0, x1, y1 = corners
    return PixelBox(x0_px=x0, y0_px=y0, x1_px=x1, y1_px=y1)


def _judgement(tally: _Tally) -> Judgement:
    if not tally.things or not tally.scores:
        return Judgement(ap50=0.0, best_score=1.0, things=tally.things)
    order = np.argsort(-np.array(tally.scores), kind="stable")
    right = np.cumsum(np.array(tally.right, float)[order])
    recall, precision = right / tally.things, right / np.arange(1, len(right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    f1 = 2 * recall * precision / np.maximum(recall + precision, 1e-9)
    return Judgement(
        ap50=round(float(np.sum(np.diff(recall, prepend=0.0) * envelope)), 4),
        best_score=round(float(np.array(tally.scores)[order][int(np.argmax(f1))]), 2),
        things=tally.things,
    )
