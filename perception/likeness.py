"""How alike a followed thing and a detection are: on the ground, in the picture, and in their colours."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from perception.clothes import Colours, unlike
from perception.detections import Label
from perception.tracker import MOVES_M_S, STANDS_M_S, Placed, Track

_WIDER = 0.2
"""Boxes are compared with so much of their size added at each side: small and fast things need not overlap."""
_WIDER_PER_S = 0.6
"""And by so much more at each side for every second that a thing was not seen."""
_LEAST_IOU = 0.1
_SURE_IOU = 0.5
_WEAK_IOU = 0.4
_LATE = 0.05
_COLOURS = 1.0
_GATE_M = 1.2
_LOST_S = 0.5
_OTHERS = 0.6
"""Something lost for a while does not come back in other colours."""
_LEFT_S = 1.0
_FAR = 1e6
_NUMBERS = {label: number for number, label in enumerate(Label)}
FloatArray = NDArray[np.float64]


class Guess(NamedTuple):
    """Where a track should be now: on the ground (NaN when not known) and in the picture."""

    east_m: float
    north_m: float
    corners_px: tuple[float, float, float, float]
    gap_s: float


class Sought(NamedTuple):
    """A track, where it should be, the colours it had, and whether it was last seen at an edge of the picture."""

    track: Track
    guess: Guess
    colours: Colours | None
    is_leaving: bool = False


class Sight(NamedTuple):
    """A detection with its place and its colours."""

    placed: Placed
    colours: Colours | None


Costs = Callable[[Sequence[Sought], Sequence[Sight]], FloatArray]


def match(sought: Sequence[Sought], seen: Sequence[Sight], costs_of: Costs) -> list[tuple[int, int]]:
    """Return the cheapest one-to-one pairs of those that may belong together (Hungarian method)."""
    if not sought or not seen:
        return []
    costs = costs_of(sought, seen)
    rows, columns = linear_sum_assignment(costs)
    is_good = costs[rows, columns] < _FAR
    return list(zip(rows[is_good].tolist(), columns[is_good].tolist(), strict=True))


def costs(sought: Sequence[Sought], seen: Sequence[Sight]) -> FloatArray:
    """Return the mean of both distances, on the ground and in the picture, and what differs in colour."""
    overlap = _ious(sought, seen, _WIDER, _WIDER_PER_S)
    away = _away(sought, seen)
    is_unplaced = np.isnan(away)
    near = np.where(is_unplaced, 1.0 - overlap, 0.5 * np.minimum(away, 1.5) + 0.5 * (1.0 - overlap))
    is_impossible = np.where(is_unplaced, overlap < _LEAST_IOU, (away > 1.0) & (overlap < _SURE_IOU))
    gaps_s = np.array([[one.guess.gap_s] for one in sought])
    other = _unlike(sought, seen)
    is_impossible |= (gaps_s > _LOST_S) & (other > _OTHERS)
    # whoever left at an edge of the picture is not who enters there a while later
    is_impossible |= (gaps_s > _LEFT_S) & np.array([[one.is_leaving] for one in sought])
    found = near + _LATE * gaps_s + _COLOURS * other
    found[is_impossible | _differ(sought, seen)] = _FAR
    return np.asarray(found)


def weak_costs(sought: Sequence[Sought], seen: Sequence[Sight]) -> FloatArray:
    """Return what hardly counts by itself, by its overlap with what should be there."""
    overlap = _ious(sought, seen, 0.0, 0.0)
    return np.asarray(np.where(_differ(sought, seen) | (overlap < _WEAK_IOU), _FAR, 1.0 - overlap))


def _away(sought: Sequence[Sought], seen: Sequence[Sight]) -> FloatArray:
    """Return distances on the ground as shares of how far they may be; NaN where a place is not known."""
    rows = []
    for track, guess, *_ in sought:
        reach_m = _GATE_M + MOVES_M_S.get(track.label, STANDS_M_S) * guess.gap_s
        rows.append((guess.east_m, guess.north_m, 0.0 if track.place is None else 0.5 * track.place.major_m, reach_m))
    here = np.array(rows).T[:, :, None]
    there = np.array([_known(one.placed) for one in seen]).T
    gate_m = np.minimum(np.hypot(there[2], here[2]), 2.0) + here[3]
    return np.asarray(np.hypot(here[0] - there[0], here[1] - there[1]) / gate_m)


def _known(one: Placed) -> tuple[float, float, float]:
    place = one.place
    return (math.nan,) * 3 if place is None else (place.east_m, place.north_m, place.major_m)


def _unlike(sought: Sequence[Sought], seen: Sequence[Sight]) -> FloatArray:
    """Return how the colours differ; what is not known lies in between and tells nothing."""
    return np.array(
        [
            [
                0.0 if one.colours is None or other.colours is None else unlike(one.colours, other.colours)
                for other in seen
            ]
            for one in sought
        ]
    )


def _differ(sought: Sequence[Sought], seen: Sequence[Sight]) -> NDArray[np.bool_]:
    here = np.array([_NUMBERS[one.track.label] for one in sought])
    return np.asarray(here[:, None] != np.array([_NUMBERS[one.placed.detection.label] for one in seen]))


def _ious(sought: Sequence[Sought], seen: Sequence[Sight], wider: float, per_s: float) -> FloatArray:
    """Return the shared over the joint areas of boxes, both made wider on all sides."""
    more = np.array([[[wider + per_s * one.guess.gap_s]] for one in sought])
    here = _widened(np.array([[one.guess.corners_px] for one in sought]), more)
    there = _widened(np.array([[one.placed.detection.box.xyxy for one in seen]]), more)
    sides = np.minimum(here[..., 2:], there[..., 2:]) - np.maximum(here[..., :2], there[..., :2])
    shared = np.clip(sides, 0.0, None).prod(axis=2)
    joint = (here[..., 2:] - here[..., :2]).prod(axis=2) + (there[..., 2:] - there[..., :2]).prod(axis=2) - shared
    return np.asarray(shared / np.maximum(joint, 1e-9))


def _widened(corners: FloatArray, wider: FloatArray) -> FloatArray:
    """Return corners (n or 1, m, 4) made wider by shares (n, 1, 1) of their sizes; shape (n, m, 4)."""
    more = (corners[..., 2:] - corners[..., :2]) * wider
    return np.concatenate((corners[..., :2] - more, corners[..., 2:] + more), axis=2)
