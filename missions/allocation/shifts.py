"""Stretches of a sortie moved to another vehicle at once: the first step where single jobs would cost too much.

PyVRP moves up to three jobs, or the tail of a sortie; work that has to leave a crowded dock often is a dozen jobs out
of the middle, for which another vehicle has to go out once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from missions.allocation.problem import FloatArray, IntArray, Problem, Visits

Piles = list[list[Visits]]
_LEAST_GAIN = 1e-6
_WIDEST_S = 300.0
_WIDEST = 3.0
_NO_WAY_S = 1e9
"""A stretch saves at most so many seconds, or so many times what its vehicle is over the limit."""


class Terms(NamedTuple):
    """The limit on every vehicle; for each vehicle what a second beyond it costs, and what any second costs."""

    limit_s: float
    over_prices: FloatArray
    prices: FloatArray


class Gaps(NamedTuple):
    """Places where a stretch may go in: between which two places, in which sortie of whom, and what that allows."""

    before: IntArray
    after: IntArray
    carrier: IntArray
    sortie: IntArray
    at: IntArray
    room_s: FloatArray
    pause_s: FloatArray


class Stretches(NamedTuple):
    """Runs of jobs within one sortie: first and last place, what they save when gone, what they take either way."""

    begin: IntArray
    end: IntArray
    first: IntArray
    last: IntArray
    saved_s: FloatArray
    freed_s: FloatArray
    inner_s: tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    value: float
    source: tuple[int, int]
    begin: int
    end: int
    is_turned: bool
    gap: int


def shifted(problem: Problem, piles: Piles, loads_s: FloatArray, terms: Terms) -> Piles | None:
    """Return *piles* with the best stretch moved from a vehicle over the limit to another; None: nothing pays.

    *loads_s* is how long each vehicle is busy. Time windows are not looked at.
    """
    gaps = gaps_of(problem, piles)
    crowded = np.flatnonzero(loads_s > terms.limit_s)
    found = [
        shift
        for carrier in crowded.tolist()
        for number in range(len(piles[carrier]))
        if (shift := _best(problem, piles, (carrier, number), gaps, loads_s, terms)) is not None
    ]
    return applied(piles, min(found, key=lambda shift: shift.value), gaps) if found else None


def _route(problem: Problem, carrier: int, visits: Visits) -> IntArray:
    dock = problem.carriers[carrier].dock
    return np.array([dock, *(problem.docks + visit for visit in visits), dock], dtype=np.intp)


def gaps_of(problem: Problem, piles: Piles) -> Gaps:
    rows: list[tuple[float, ...]] = []
    for carrier, own in enumerate(piles):
        who = problem.carriers[carrier]
        for number, visits in enumerate(own):
            room_s = who.endurance_s - problem.sortie(carrier, visits).duration_s
            route = _route(problem, carrier, visits).tolist()
            pairs = enumerate(pairwise(route))
            rows.extend((a, b, carrier, number, at, room_s, 0.0) for at, (a, b) in pairs)
        if len(own) < who.max_sorties:
            pause_s = who.turnaround_s if own else 0.0
            rows.append((who.dock, who.dock, carrier, len(own), 0, who.endurance_s, pause_s))
    columns = np.array(rows).reshape(-1, 7).T
    before, after, carrier, sortie, at = columns[:5].astype(np.intp)
    return Gaps(before, after, carrier, sortie, at, columns[5], columns[6])


def gaps_at(gaps: Gaps, chosen: IntArray) -> Gaps:
    before, after, carrier, sortie, at = (column[chosen] for column in gaps[:5])
    return Gaps(before, after, carrier, sortie, at, gaps.room_s[chosen], gaps.pause_s[chosen])


def stretches_of(problem: Problem, carrier: int, own: Sequence[Visits], number: int, most_s: float) -> Stretches:
    who = problem.carriers[carrier]
    spans, route = problem.spans_s[who.pace], _route(problem, carrier, own[number])
    along = np.concatenate(([0.0], np.cumsum(spans[route[:-1], route[1:]])))
    back = np.concatenate(([0.0], np.cumsum(np.minimum(spans[route[1:], route[:-1]], _NO_WAY_S))))
    begin, end = (index + 1 for index in np.triu_indices(len(route) - 2))
    saved_s = along[end + 1] - along[begin - 1] - spans[route[begin - 1], route[end + 1]]
    is_all = end - begin + 1 == len(route) - 2
    freed_s = saved_s + np.where(is_all & (len(own) > 1), who.turnaround_s, 0.0)
    few = np.isfinite(saved_s) & (saved_s <= most_s)
    begin, end = begin[few], end[few]
    inner_s = along[end] - along[begin], back[end] - back[begin]
    return Stretches(begin, end, route[begin], route[end], saved_s[few], freed_s[few], inner_s)


def _best(
    problem: Problem, piles: Piles, source: tuple[int, int], gaps: Gaps, loads_s: FloatArray, terms: Terms
) -> Shift | None:
    """Return the best shift out of the sortie *source* (carrier, number) to a vehicle as fast; None: nothing pays."""
    carrier, number = source
    over_s = float(loads_s[carrier]) - terms.limit_s
    runs = stretches_of(problem, carrier, piles[carrier], number, max(_WIDEST_S, _WIDEST * over_s))
    pace = problem.carriers[carrier].pace
    paces = np.array([who.pace for who in problem.carriers])
    can = np.flatnonzero((gaps.carrier != carrier) & (paces[gaps.carrier] == pace))
    if not len(can) or not len(runs.begin):
        return None
    there = gaps_at(gaps, can)
    out = -terms.prices[carrier] * runs.saved_s - terms.over_prices[carrier] * np.minimum(runs.freed_s, over_s)
    best: Shift | None = None
    for is_turned in (False, True):
        added_s = ways_in_s(problem.spans_s[pace], runs, there, is_turned=is_turned)
        value = out[:, None] + _value(added_s, there, loads_s, terms)
        at = int(np.argmin(value))
        least = float(value.flat[at])
        if least < (best.value if best is not None else -_LEAST_GAIN):
            run, gap = divmod(at, len(can))
            begin, end = int(runs.begin[run]) - 1, int(runs.end[run])
            best = Shift(value=least, source=source, begin=begin, end=end, is_turned=is_turned, gap=int(can[gap]))
    return best


def ways_in_s(spans: FloatArray, runs: Stretches, gaps: Gaps, *, is_turned: bool) -> FloatArray:
    """Return what each stretch adds in each gap, shape (stretches, gaps)."""
    head, tail = (runs.last, runs.first) if is_turned else (runs.first, runs.last)
    through = np.where(gaps.before == gaps.after, 0.0, spans[gaps.before, gaps.after])
    ways = spans[gaps.before[None], head[:, None]] + spans[tail[:, None], gaps.after[None]]
    added_s = ways + runs.inner_s[is_turned][:, None] - through
    return np.where(np.isfinite(added_s), added_s, np.inf)


def _value(added_s: FloatArray, gaps: Gaps, loads_s: FloatArray, terms: Terms) -> FloatArray:
    before_s = loads_s[gaps.carrier] - terms.limit_s
    over_s = np.maximum(0.0, before_s + added_s + gaps.pause_s) - np.maximum(0.0, before_s)
    value = terms.prices[gaps.carrier] * added_s + terms.over_prices[gaps.carrier] * over_s
    return np.where(added_s <= gaps.room_s, value, np.inf)


def applied(piles: Piles, shift: Shift, gaps: Gaps) -> Piles:
    carrier, number = shift.source
    new = [list(own) for own in piles]
    visits = new[carrier][number]
    moved = visits[shift.begin : shift.end]
    new[carrier][number] = visits[: shift.begin] + visits[shift.end :]
    to, sortie, at = (int(column[shift.gap]) for column in (gaps.carrier, gaps.sortie, gaps.at))
    there = new[to][sortie] if sortie < len(new[to]) else ()
    turned = moved[::-1] if shift.is_turned else moved
    new[to][sortie : sortie + 1] = [(*there[:at], *turned, *there[at:])]
    return [[visits for visits in own if visits] for own in new]
