"""Sliced inference: the whole picture and overlapping cuts of it, for things that are small in the whole one."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from perception.decoders.boxes import RawBoxes, keep_best
from perception.detections import Detection, Detections, Label, PixelBox
from perception.detector import Detector, Picture
from perception.model_card import Fit, ModelCard

_OVERLAP = 0.2
_SHARED = 0.3
"""Cuts that are made larger share so much with their neighbours: whoever stands at a border is whole in one of them."""
_MOST_CUTS = 6
_SAME_IOU = 0.5
_EDGE_PX, _EDGE_SHARE = 2.0, 0.005
"""What ends so near to a side of its cut (or within so much of the cut's size) is cut off there."""
_FITS = 0.7
"""What is larger than this share of a cut may be whole in none; smaller things are whole in one of them."""
_TWIN_IOU = 0.3
_SURE = 0.4
_PART, _SAME_PART = 0.75, 0.85
"""So much of a box in one that the whole picture surely shows is a part; so much of it in a better one, the same."""
_LABELS = list(Label)
_PEOPLE = frozenset({Label.PERSON, Label.LYING})
_FAINT = 0.1
"""Too weak to be followed, and enough to be hidden in pictures that leave (`perception.privacy`)."""


class SlicedDetector:
    """Looks at the whole picture and at cuts no larger than the model's input (larger ones if there were too many).

    Models whose pictures are stretched get as many cuts, but as small as cover the picture: they show things larger.
    """

    def __init__(self, *, whole: Detector, most_cuts: int = _MOST_CUTS) -> None:
        self._whole = whole
        self._most_cuts = most_cuts

    @property
    def card(self) -> ModelCard:
        """Return the card of the model."""
        return self._whole.card

    def detect(self, picture: Picture) -> Sequence[Detection]:
        large = list(self._whole.detect(picture))
        found: list[Detection] = []
        fits_px = (math.inf, math.inf)
        for x0, y0, x1, y1 in self._cuts(picture.shape[1], picture.shape[0]):
            cut = np.ascontiguousarray(picture[y0:y1, x0:x1])
            inner = (x0 > 0, y0 > 0, x1 < picture.shape[1], y1 < picture.shape[0])
            found += [_moved(one, x0, y0) for one in self._whole.detect(cut) if not _is_cut_off(one, cut, inner)]
            fits_px = (_FITS * (x1 - x0), _FITS * (y1 - y0))
        if not found:
            return large
        sure = [one for one in large if one.score >= _SURE and _is_too_large(one, fits_px)]
        kept = _merged(_without_twins(large, [one for one in found if not _is_part(one, sure, _PART)]))
        return Detections([(one.label, one.score, one.box) for one in (*kept, *_left_out([*large, *found], kept))])

    def _cuts(self, width_px: int, height_px: int) -> Iterator[tuple[int, int, int, int]]:
        wide, tall = self.card.input.width_px, self.card.input.height_px
        while _count(width_px, wide) * _count(height_px, tall) > self._most_cuts:
            wide, tall = round(1.15 * wide), round(1.15 * tall)
        columns, rows = self._parts(width_px, wide), self._parts(height_px, tall)
        if len(columns) * len(rows) > 1:
            for y0, y1 in rows:
                for x0, x1 in columns:
                    yield x0, y0, x1, y1

    def _parts(self, length_px: int, cut_px: int) -> list[tuple[int, int]]:
        """Return where the cuts along one side begin and end; what will be stretched may be smaller than *cut_px*."""
        count = _count(length_px, cut_px)
        if self.card.input.fit is Fit.STRETCH:
            cut_px = min(cut_px, math.ceil(length_px / (count - _SHARED * (count - 1))))
        starts = np.linspace(0, max(0, length_px - cut_px), count)
        return [(round(start), min(round(start) + cut_px, length_px)) for start in starts.tolist()]


def _count(length_px: int, cut_px: int) -> int:
    return 1 if length_px <= cut_px else 1 + -(-(length_px - cut_px) // max(1, round(cut_px * (1 - _OVERLAP))))


def _is_cut_off(one: Detection, cut: Picture, inner: tuple[bool, bool, bool, bool]) -> bool:
    """Say whether a box ends at a side of its cut that is no side of the picture: a neighbour shows it whole."""
    height, width = cut.shape[:2]
    x0, y0, x1, y1 = one.box.xyxy
    aside, above = max(_EDGE_PX, _EDGE_SHARE * width), max(_EDGE_PX, _EDGE_SHARE * height)
    touches = (x0 < aside, y0 < above, x1 > width - aside, y1 > height - above)
    return any(touch and side for touch, side in zip(touches, inner, strict=True))


def _without_twins(large: Sequence[Detection], fine: Sequence[Detection]) -> list[Detection]:
    """Return both without the weaker of what shows one thing twice; coarsely seen, small things have rough boxes."""
    dropped: set[int] = set()
    kept: list[Detection] = []
    for one in fine:
        overlaps = [other.box.iou(one.box) if other.label is one.label else 0.0 for other in large]
        best = max(range(len(large)), key=overlaps.__getitem__, default=-1)
        is_twin = best >= 0 and overlaps[best] > _TWIN_IOU
        if is_twin and large[best].score < one.score:
            dropped.add(best)
        if not is_twin or large[best].score < one.score:
            kept.append(one)
    return [*(other for i, other in enumerate(large) if i not in dropped), *kept]


def _is_too_large(one: Detection, fits_px: tuple[float, float]) -> bool:
    """Say whether a thing may be whole in no cut: then what cuts show of it are parts."""
    return one.box.width_px > fits_px[0] or one.box.height_px > fits_px[1]


def _is_part(one: Detection, sure: Sequence[Detection], share: float) -> bool:
    """Say whether most of a box lies in one of others, of the same label: half a person is no second one."""
    x0, y0, x1, y1 = one.box.xyxy
    for other in sure:
        a0, b0, a1, b1 = other.box.xyxy
        shared = max(0.0, min(x1, a1) - max(x0, a0)) * max(0.0, min(y1, b1) - max(y0, b0))
        if other.label is one.label and shared > share * one.box.area_px2:
            return True
    return False


def _moved(one: Detection, x_px: int, y_px: int) -> Detection:
    x0, y0, x1, y1 = one.box.xyxy
    return Detection(one.label, one.score, type(one.box)(x0 + x_px, y0 + y_px, x1 + x_px, y1 + y_px))


def _left_out(found: Sequence[Detection], kept: Sequence[Detection]) -> list[Detection]:
    """Return, as faint ones, people *found* whom nothing *kept* shows: a part may be a child before a grown-up."""
    faint: list[Detection] = []
    for one in found:
        alike = [other.box for other in (*kept, *faint) if other.label is one.label]
        if one.label in _PEOPLE and all(box.iou(one.box) < _SAME_IOU for box in alike):
            faint.append(Detection(one.label, _FAINT, one.box))
    return faint


def _merged(found: Sequence[Detection]) -> list[Detection]:
    boxes = RawBoxes(
        corners_px=np.array([one.box.xyxy for one in found], np.float32).reshape(-1, 4),
        scores=np.array([one.score for one in found], np.float32),
        classes=np.array([_LABELS.index(one.label) for one in found], np.int64),
    )
    kept: list[Detection] = []
    for (x0, y0, x1, y1), score, number in keep_best(boxes, same_iou=_SAME_IOU):
        one = Detection(_LABELS[number], score, PixelBox(x0, y0, x1, y1))
        if not _is_part(one, kept, _SAME_PART):
            kept.append(one)
    return kept
