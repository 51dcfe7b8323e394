"""Work handed on from a crowded vehicle over others to one that has time left: a chain of stretches, all at once.

Each step alone costs more than it saves, since the next vehicle is full as well; only the whole chain pays (ejection
chains, Glover 1996). Few of the best beginnings are followed (a beam).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from missions.allocation.problem import FloatArray, IntArray, Problem, Visits
from missions.allocation.shifts import (
    Gaps,
    Piles,
    Shift,
    Stretches,
    Terms,
    applied,
    gaps_at,
    gaps_of,
    stretches_of,
    ways_in_s,
)

_LONGEST = 4
"""Steps of a chain."""
_BEAM = 6
_TARGETS = 4
"""Vehicles that a step may lead to."""
_HANDED_ON_PRICE = 0.5
"""Guessed price of a second that the next vehicle has to hand on."""
_LEAST_FREED, _MOST_FREED, _MORE_S = 0.5, 1.6, 60.0
"""A stretch frees so much of what its vehicle is over the limit: between these shares, and so many seconds more."""
_MOST_PAIRS = 400_000
"""Of stretches and places for them that a step looks at: of more stretches, only some are tried."""
_MOST_BEGINNINGS = 3
"""The most crowded vehicles from which chains go out."""
_LEAST_OVER_S = 1.0
_LEAST_GAIN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Link:
    """Where a chain stands: the sorties, how long each vehicle is busy, whom it went over, what all that costs."""

    piles: Piles
    loads_s: FloatArray
    path: tuple[int, ...]
    value: float


class _Step(NamedTuple):
    value: float
    to: int
    shift: Shift


def chained(
    problem: Problem,
    piles: Piles,
    loads_s: FloatArray,
    terms: Terms,
    *,
    is_over: Callable[[], bool] = lambda: False,
) -> Piles | None:
    """Return *piles* after the best chain that begins at a vehicle over the limit; None: none pays.

    *loads_s* is how long each vehicle is busy; once *is_over* says so, it is the best up to then. Time windows are not
    looked at.
    """
    start = _Link(piles=piles, loads_s=loads_s, path=(), value=_value(problem, piles, loads_s, terms))
    best = start
    for first in np.argsort(-loads_s)[:_MOST_BEGINNINGS].tolist():
        links = [_Link(piles=piles, loads_s=loads_s, path=(first,), value=start.value)]
        for _ in range(_LONGEST):
            further = [new for link in links if not is_over() for new in _links(problem, link, terms)]
            best = min((best, *further), key=lambda link: link.value)
            links = sorted(further, key=lambda link: _hope(link, terms))[:_BEAM]
    return best.piles if best.value < start.value - _LEAST_GAIN_S else None


def _value(problem: Problem, piles: Piles, loads_s: FloatArray, terms: Terms) -> float:
    flown = (terms.prices[n] * problem.sortie(n, visits).duration_s for n, own in enumerate(piles) for visits in own)
    return float(sum(flown) + (terms.over_prices * np.maximum(0.0, loads_s - terms.limit_s)).sum())


def _hope(link: _Link, terms: Terms) -> float:
    """Return what a chain costs if its last vehicle can hand on what is over the limit."""
    last = link.path[-1]
    over_s = max(0.0, float(link.loads_s[last]) - terms.limit_s)
    return link.value - (float(terms.over_prices[last]) - _HANDED_ON_PRICE) * over_s


def _links(problem: Problem, link: _Link, terms: Terms) -> Iterator[_Link]:
    """Yield the chain with one step more, to each of the vehicles where that costs least."""
    carrier = link.path[-1]
    if link.loads_s[carrier] <= terms.limit_s + _LEAST_OVER_S:
        return
    gaps = gaps_of(problem, link.piles)
    paces = np.array([who.pace for who in problem.carriers])
    can = np.flatnonzero(~np.isin(gaps.carrier, link.path) & (paces[gaps.carrier] == paces[carrier]))
    best: dict[int, _Step] = {}
    for number in range(len(link.piles[carrier])):
        for step in _steps(problem, link, number, gaps, can, terms):
            if step.to not in best or step.value < best[step.to].value:
                best[step.to] = step
    for step in sorted(best.values(), key=lambda step: step.value)[:_TARGETS]:
        piles = applied(link.piles, step.shift, gaps)
        loads_s = link.loads_s.copy()
        for n in (carrier, step.to):
            loads_s[n] = _load_s(problem, n, piles[n])
        value = _value(problem, piles, loads_s, terms)
        yield _Link(piles=piles, loads_s=loads_s, path=(*link.path, step.to), value=value)


def _load_s(problem: Problem, carrier: int, own: Sequence[Visits]) -> float:
    pauses_s = problem.carriers[carrier].turnaround_s * max(0, len(own) - 1)
    return pauses_s + sum(problem.sortie(carrier, visits).duration_s for visits in own)


def _steps(problem: Problem, link: _Link, number: int, gaps: Gaps, can: IntArray, terms: Terms) -> Iterator[_Step]:
    """Yield for each vehicle the best stretch that it can take over from that sortie, either way round."""
    carrier = link.path[-1]
    need_s = float(link.loads_s[carrier]) - terms.limit_s
    runs = stretches_of(problem, carrier, link.piles[carrier], number, _MOST_FREED * need_s + _MORE_S)
    chosen, there = np.flatnonzero(runs.freed_s >= _LEAST_FREED * need_s), gaps_at(gaps, can)
    if not len(chosen) or not len(can):
        return
    runs = _those(runs, chosen[:: math.ceil(len(chosen) * len(can) / _MOST_PAIRS)])
    kept = terms.over_prices[carrier] * np.maximum(0.0, need_s - runs.freed_s) - terms.prices[carrier] * runs.saved_s
    for is_turned in (False, True):
        added_s = ways_in_s(problem.spans_s[problem.carriers[carrier].pace], runs, there, is_turned=is_turned)
        value = kept[:, None] + _taken(added_s, there, link.loads_s, terms)
        for to in np.unique(there.carrier).tolist():
            columns = np.flatnonzero(there.carrier == to)
            run, column = np.unravel_index(int(np.argmin(value[:, columns])), (len(kept), len(columns)))
            least = float(value[run, columns[column]])
            begin, end = int(runs.begin[run]) - 1, int(runs.end[run])
            gap = int(can[columns[column]])
            if np.isfinite(least):
                source = (carrier, number)
                shift = Shift(value=least, source=source, begin=begin, end=end, is_turned=is_turned, gap=gap)
                yield _Step(least, to, shift)


def _taken(added_s: FloatArray, gaps: Gaps, loads_s: FloatArray, terms: Terms) -> FloatArray:
    """Return what each stretch costs in each gap, if what is then over the limit there can be handed on."""
    room_s = np.maximum(0.0, terms.limit_s - loads_s[gaps.carrier])
    over_s = np.maximum(0.0, added_s + gaps.pause_s - room_s)
    value = terms.prices[gaps.carrier] * added_s + _HANDED_ON_PRICE * over_s
    return np.where(added_s <= gaps.room_s, value, np.inf)


def _those(runs: Stretches, chosen: IntArray) -> Stretches:
    begin, end, first, last = runs.begin[chosen], runs.end[chosen], runs.first[chosen], runs.last[chosen]
    inner_s = runs.inner_s[0][chosen], runs.inner_s[1][chosen]
    return Stretches(begin, end, first, last, runs.saved_s[chosen], runs.freed_s[chosen], inner_s)
