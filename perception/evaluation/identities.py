"""Whether things kept their numbers: CLEAR MOT and identity figures.

Sources: Bernardin and Stiefelhagen 2008 (MOTA, MOTP); Ristani and others 2016 (IDF1); the MOT Challenge's rules for
what does not count.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from perception.evaluation.boxes import NOTHING, SAME_IOU, Boxes, FrameBoxes, ious

_FAR = 1e6
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityFigures:
    """MOTA = 1 − (missed + false + switches) / things; IDF1 counts boxes under the best one-to-one naming."""

    mota: float
    idf1: float
    motp_iou: float
    things: int
    missed: int
    false: int
    switches: int
    fragments: int
    precision: float
    recall: float


@dataclass(slots=True, kw_only=True)
class _Tally:
    things: int = 0
    matched: int = 0
    false: int = 0
    switches: int = 0
    fragments: int = 0
    overlap: float = 0.0
    last: dict[int, int] = field(default_factory=dict)
    """What number each thing had when it was last found."""
    was_found: dict[int, bool] = field(default_factory=dict)
    together: Counter[tuple[int, int]] = field(default_factory=Counter)
    truth_ids: Counter[int] = field(default_factory=Counter)
    found_ids: Counter[int] = field(default_factory=Counter)


def identity_figures(truth: Boxes, found: Boxes) -> IdentityFigures:
    """Return the figures over all frames of either side."""
    tally = _Tally()
    for frame in sorted(set(truth) | set(found)):
        there, seen = _that_count(truth.get(frame, NOTHING), found.get(frame, NOTHING))
        _count(tally, there, seen)
    return _figures(tally)


def _that_count(truth: FrameBoxes, found: FrameBoxes) -> tuple[FrameBoxes, FrameBoxes]:
    """Leave out ignored truth, and what was found on it."""
    if not truth.ignored.any():
        return truth, found
    overlaps = ious(truth.corners_px, found.corners_px)
    rows, columns = _pairs(np.where(overlaps >= SAME_IOU, 1.0 - overlaps, _FAR))
    keep = np.ones(len(found), bool)
    keep[columns[truth.ignored[rows]]] = False
    return truth.only(~truth.ignored), found.only(keep)


def _count(tally: _Tally, truth: FrameBoxes, found: FrameBoxes) -> None:
    overlaps = ious(truth.corners_px, found.corners_px)
    costs = np.where(overlaps >= SAME_IOU, 1.0 - overlaps, _FAR)
    for i, j in zip(*np.nonzero(overlaps >= SAME_IOU), strict=True):
        tally.together[int(truth.ids[i]), int(found.ids[j])] += 1
    rows, columns = _keep_pairs(tally, truth, found, costs)
    more, others = _pairs(costs)
    rows, columns = np.concatenate((rows, more)), np.concatenate((columns, others))
    tally.things += len(truth)
    tally.matched += len(rows)
    tally.false += len(found) - len(rows)
    tally.overlap += float(overlaps[rows, columns].sum())
    tally.truth_ids.update(truth.ids.tolist())
    tally.found_ids.update(found.ids.tolist())
    pairs = dict(zip(truth.ids[rows].tolist(), found.ids[columns].tolist(), strict=True))
    for thing in truth.ids.tolist():
        _follow(tally, thing, pairs.get(thing))


def _keep_pairs(
    tally: _Tally, truth: FrameBoxes, found: FrameBoxes, costs: FloatArray
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return what was paired before and still overlaps, first of all; takes it out of *costs*."""
    columns_of = {number: j for j, number in enumerate(found.ids.tolist())}
    kept: list[tuple[int, int]] = []
    for i, thing in enumerate(truth.ids.tolist()):
        j = columns_of.get(tally.last.get(thing, -1))
        if j is not None and costs[i, j] < _FAR:
            kept.append((i, j))
            costs[i, :] = costs[:, j] = _FAR
    pairs = np.array(kept, np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _follow(tally: _Tally, thing: int, number: int | None) -> None:
    if number is not None:
        tally.switches += tally.last.get(thing, number) != number
        tally.fragments += thing in tally.last and not tally.was_found[thing]
        tally.last[thing] = number
    tally.was_found[thing] = number is not None


def _pairs(costs: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if costs.size == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    rows, columns = linear_sum_assignment(costs)
    good = costs[rows, columns] < _FAR
    return rows[good], columns[good]


def _figures(tally: _Tally) -> IdentityFigures:
    missed = tally.things - tally.matched
    seen = tally.matched + tally.false
    wrong = missed + tally.false + tally.switches
    total = sum(tally.truth_ids.values()) + sum(tally.found_ids.values())
    return IdentityFigures(
        mota=1.0 - wrong / tally.things if tally.things else 0.0,
        idf1=2.0 * _named_right(tally) / total if total else 0.0,
        motp_iou=tally.overlap / tally.matched if tally.matched else 0.0,
        things=tally.things,
        missed=missed,
        false=tally.false,
        switches=tally.switches,
        fragments=tally.fragments,
        precision=tally.matched / seen if seen else 0.0,
        recall=tally.matched / tally.things if tally.things else 0.0,
    )


def _named_right(tally: _Tally) -> int:
    """Return the boxes that have the right number under the best one-to-one naming of whole tracks."""
    things = {number: i for i, number in enumerate(tally.truth_ids)}
    tracks = {number: i for i, number in enumerate(tally.found_ids)}
    shared = np.zeros((len(things), len(tracks)))
    for (thing, track), count in tally.together.items():
        shared[things[thing], tracks[track]] = count
    rows, columns = linear_sum_assignment(-shared)
    return int(shared[rows, columns].sum())
