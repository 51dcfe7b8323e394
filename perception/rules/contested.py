"""Boxes that two kinds of things claim: only the more certain claim is heard by the rules."""

from collections.abc import Sequence

from perception.detections import Label
from perception.tracker import Track

_SAME_IOU = 0.5
_WITHIN = 0.8
_FOOT = 0.1
_HAVE_PARTS = frozenset({Label.CAR, Label.CART})
_NO_PARTS = _HAVE_PARTS | {Label.PERSON, Label.LYING}
"""Nobody who stands or lies before a vehicle is a piece of it."""


def uncontested(tracks: Sequence[Track]) -> list[Track]:
    """Return the believed ones of *tracks*, less those whose box is, in this frame, that of a more certain track.

    A detector that hesitates names one thing twice, in one place: a person in a row is also half a bike. How certain a
    track is, is its score over what its label needs; one that is not believed (yet) may still cast doubt on another.
    """
    seen = [(*one.box, one) for one in tracks if one.is_seen]
    lost: set[int] = set()
    for i, (x0, y0, x1, y1, one) in enumerate(seen):
        for a0, b0, a1, b1, other in seen[:i]:
            # most pairs lie apart: told by one or two comparisons, before anything is computed
            if a0 >= x1 or a1 <= x0 or b0 >= y1 or b1 <= y0 or one.label is other.label:
                continue
            if not (one.is_believed or other.is_believed):
                continue
            if one.box.iou(other.box) >= _SAME_IOU:
                lost.add(one.id if _certainty(one) <= _certainty(other) else other.id)
            elif _is_part(one, other):
                lost.add(one.id)
            elif _is_part(other, one):
                lost.add(other.id)
    return [one for one in tracks if one.is_believed and one.id not in lost]


def _certainty(track: Track) -> float:
    return track.score / max(track.threshold, 1e-6)


def _is_part(small: Track, large: Track) -> bool:
    """Say whether *small* is a piece of a vehicle: inside of its box, and not standing before it."""
    if large.label not in _HAVE_PARTS or not large.is_believed or small.label in _NO_PARTS:
        return False
    inner, outer = small.box, large.box
    width = min(inner.x1_px, outer.x1_px) - max(inner.x0_px, outer.x0_px)
    height = min(inner.y1_px, outer.y1_px) - max(inner.y0_px, outer.y0_px)
    is_behind = inner.y1_px <= outer.y1_px + _FOOT * outer.height_px
    return is_behind and width * height >= _WITHIN * inner.area_px2
