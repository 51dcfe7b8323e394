"""Boxes that two kinds of things claim: only the more certain claim is heard by the rules."""

from collections.abc import Sequence

from perception.tracker import Track

_SAME_IOU = 0.5


def uncontested(tracks: Sequence[Track]) -> list[Track]:
    """Return *tracks* without those whose box mostly is, in this frame, that of a more certain track of another label.

    A detector that hesitates names one thing twice, in one place: a person in a row is also half a bike.
    """
    seen = [(*one.box, one) for one in tracks if one.is_seen]
    lost: set[int] = set()
    for i, (x0, y0, x1, y1, one) in enumerate(seen):
        for a0, b0, a1, b1, other in seen[:i]:
            # most pairs lie apart: told by one or two comparisons, before anything is computed
            if a0 >= x1 or a1 <= x0 or b0 >= y1 or b1 <= y0 or one.label is other.label:
                continue
            if one.box.iou(other.box) >= _SAME_IOU:
                lost.add(one.id if one.score <= other.score else other.id)
    return [one for one in tracks if one.id not in lost] if lost else list(tracks)
