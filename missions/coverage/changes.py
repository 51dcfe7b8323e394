"""Small changes of a line of points: what may be tried round one point, and where the line leaves a gap."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from missions.coverage.path import TURN_DEG
from missions.coverage.repair import nearest_on
from missions.coverage.samples import XY

_TURN_RAD = math.radians(TURN_DEG)
_NEAR_LEGS = 3
_FAR_OFF = 0.75
"""A point farther off the straight line past it than so many swaths is not left out."""
_LINK = 3.0
"""A leg shorter than so many swaths may be shifted as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The points between *first* and *last* (which stay, where there are such) are replaced by *inner*."""

    first: int
    last: int
    inner: tuple[XY, ...]


def changes_at(points: Sequence[XY], at: int, step_m: float, swath_m: float) -> Iterator[Change]:
    """Yield what may be tried round point *at*: leave it out, move it along both its legs, shift its second leg."""
    here, last = points[at], len(points) - 1
    if 0 < at < last and _off_m(here, points[at - 1], points[at + 1]) < _FAR_OFF * swath_m:
        yield Change(first=at - 1, last=at + 1, inner=())
    for near in (points[at - 1] if at else None, points[at + 1] if at < last else None):
        for step in (-step_m, step_m) if near else ():
            yield Change(first=at - 1, last=at + 1, inner=(_towards(here, near or here, step),))
    if 0 < at < last - 1 and math.dist(here, points[at + 1]) < _LINK * swath_m:
        for step in (-step_m, step_m):
            inner = (_towards(here, points[at - 1], step), _beside(points[at + 1], here, points[at - 1], step))
            yield Change(first=at - 1, last=at + 2, inner=inner)


def touches(points: Sequence[XY], one: XY, other: XY, swath_m: float) -> Iterator[Change]:
    """Yield ways to lead the line from *one* to *other*: out of the nearest legs, and at their ends."""
    middle = ((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)
    line = np.array(points)
    feet = nearest_on(line[:-1], line[1:], np.array(middle))
    near = np.argsort(np.hypot(*(feet - middle).T))[:_NEAR_LEGS].tolist()
    for leg in near:
        for inner in ((one, other), (other, one), (middle,)):
            yield Change(first=leg, last=leg + 1, inner=inner)
        foot = (float(feet[leg, 0]), float(feet[leg, 1]))
        if math.dist(points[leg], points[leg + 1]) > swath_m:
            yield Change(first=leg, last=leg + 1, inner=(foot, one, other, foot))
            yield Change(first=leg, last=leg + 1, inner=(foot, other, one, foot))
    for at in sorted({leg + n for leg in near for n in (0, 1)}):
        yield from _touches_at(points, at, one, other, swath_m)


def _touches_at(points: Sequence[XY], at: int, one: XY, other: XY, swath_m: float) -> Iterator[Change]:
    """Yield ways to lead the line from *one* to *other*, or to one of both, in place of point *at*."""
    last, here = len(points) - 1, points[at]
    for inner in ((one, other), (other, one)):
        yield Change(first=at - 1, last=at + 1, inner=inner)
    for end in (one, other):
        if 0 < at < last:
            yield Change(first=at - 1, last=at + 1, inner=(here, end, here))
        for reach_m in (0.5 * swath_m, swath_m):
            if at > 0:
                yield Change(first=at - 1, last=at + 1, inner=(_back(here, points[at - 1], reach_m), end))
            if at < last:
                yield Change(first=at - 1, last=at + 1, inner=(end, _back(here, points[at + 1], reach_m)))


def length_m(points: Sequence[XY]) -> float:
    """Return the length of the line over *points*."""
    return sum(map(math.dist, points[:-1], points[1:]))


def turns_of(points: Sequence[XY]) -> int:
    """Return how often the line over *points* changes its heading."""
    headings = [math.atan2(b[1] - a[1], b[0] - a[0]) for a, b in pairwise(points) if a != b]
    changes = ((b - a + math.pi) % math.tau - math.pi for a, b in pairwise(headings))
    return sum(abs(change) > _TURN_RAD for change in changes)


def _unit(a: XY, b: XY) -> XY:
    length = math.dist(a, b)
    return ((b[0] - a[0]) / length, (b[1] - a[1]) / length) if length > 1e-9 else (0.0, 0.0)


def _towards(here: XY, there: XY, step_m: float) -> XY:
    u = _unit(here, there)
    return (here[0] + step_m * u[0], here[1] + step_m * u[1])


def _beside(place: XY, here: XY, there: XY, step_m: float) -> XY:
    """Return *place* moved as a step from *here* towards *there* is."""
    u = _unit(here, there)
    return (place[0] + step_m * u[0], place[1] + step_m * u[1])


def _back(here: XY, there: XY, reach_m: float) -> XY:
    """Return the place *reach_m* from *here* towards *there*, at most half the way."""
    return _towards(here, there, min(reach_m, 0.5 * math.dist(here, there)))


def _off_m(place: XY, a: XY, b: XY) -> float:
    """Return how far *place* lies off the line from *a* to *b*."""
    u = _unit(a, b)
    return abs((place[0] - a[0]) * u[1] - (place[1] - a[1]) * u[0])
