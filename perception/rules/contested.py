"""Boxes that two kinds of things claim: only the more certain claim is heard by the rules."""

from collections.abc import Sequence

from perception.tracker import Track

_SAME_IOU = 0.5


def uncontested(tracks: Sequence[Track]) -> list[Track]:
    """Return *tracks* without those whose box mostly is, in this frame, that of a more certain track of another label.

    A detector that hesitates names one thing twice, in one place: a person in a row is also half a bike.
    """
    ranked = sorted((one for one in tracks if one.is_seen), key=lambda one: -one.score)
    lost: set[int] = set()
    for i, better in enumerate(ranked):
        if better.id in lost:
            continue
        x0, y0, x1, y1 = better.box.xyxy
        for other in ranked[i + 1 :]:
            if other.label is better.label:
                continue
            a0, b0, a1, b1 = other.box.xyxy
            if a0 < x1 and a1 > x0 and b0 < y1 and b1 > y0 and better.box.iou(other.box) >= _SAME_IOU:
                lost.add(other.id)
    return [one for one in tracks if one.id not in lost] if lost else list(tracks)
