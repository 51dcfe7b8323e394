"""Sorties without detours of their own: parts turned round (2-opt, Croes 1958) and moved (Or 1976).

PyVRP 0.14 turns nothing round: its moves keep the order of what they carry over, as time windows want it. Where ways
are as long back as there, a sortie may as well be flown the other way round, by chance, before each block of the
search: then the ends of two sorties that would have to be turned change places as well.
"""

from collections.abc import Sequence
from random import Random

import numpy as np

from missions.allocation.problem import FloatArray, IntArray, Problem, Visits
from missions.rounds.tours import TourBook

_LEAST_GAIN_S = 1e-6
_LONGEST = 3
"""Jobs that are moved together."""
_MOST_PLACES = 300
"""Sorties with more would take too long."""
_EVERY = 5
"""Blocks after which detours are looked for."""
_MOST_KNOWN = 5000


class Turner:
    """Flies sorties the other way round by chance, and every few blocks without detours of their own."""

    def __init__(self, problem: Problem, *, seed: int) -> None:
        self._problem = problem
        self._random = Random(seed)
        self._can_turn = can_turn(problem)
        self._known: set[Visits] = set()
        self._number = 0

    def turned(self, sorties: Sequence[tuple[int, Visits]]) -> list[Visits]:
        """Return what each sortie, given with its carrier, visits from now on; no other where ways back are longer."""
        if not self._can_turn:
            return [visits for _, visits in sorties]
        if self._number % _EVERY == 0:
            sorties = [(carrier, self._straight(carrier, visits)) for carrier, visits in sorties]
        self._number += 1
        return [visits[::-1] if self._random.random() < 0.5 else visits for _, visits in sorties]

    def _straight(self, carrier: int, visits: Visits) -> Visits:
        if visits in self._known:
            return visits
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        visits = straight(self._problem, carrier, visits)
        self._known.update((visits, visits[::-1]))
        return visits


def can_turn(problem: Problem) -> bool:
    """Say whether every sortie takes as long the other way round, whatever it does."""
    if problem.has_windows or problem.choices > problem.jobs:
        return False
    return all(np.allclose(travel, travel.T, rtol=0.0, atol=1e-9) for travel in problem.travel_s)


def straight(problem: Problem, carrier: int, visits: Visits) -> Visits:
    """Return *visits* without detours, for a problem in which sorties can turn."""
    who = problem.carriers[carrier]
    route = np.array([who.dock, *(problem.docks + choice for choice in visits)], dtype=np.intp)
    better = untangled(problem.travel_s[who.pace], route)
    return tuple((better[1:] - problem.docks).tolist())


def shaken(problem: Problem, carrier: int, visits: Visits, *, random: Random, times: int) -> Visits:
    """Return *visits* as the best that 2-opt and Or-opt find after so many random exchanges of two parts."""
    who = problem.carriers[carrier]
    route = np.array([who.dock, *(problem.docks + choice for choice in visits)], dtype=np.intp)
    spans = problem.travel_s[who.pace][np.ix_(route, route)]
    if len(route) > _MOST_PLACES or not np.isfinite(spans).all():
        return visits
    book = TourBook(lengths_m=spans)
    _, tour = book.shaken(book.of(range(len(route)))[0], random=random, times=times)
    first = tour.index(0)
    return tuple(visits[place - 1] for place in (*tour[first + 1 :], *tour[:first]))


def untangled(between_s: FloatArray, route: IntArray) -> IntArray:
    """Return the closed *route* over the symmetric *between_s* after the best steps, its first place still first."""
    if not 4 <= len(route) <= _MOST_PLACES or not np.isfinite(between_s[np.ix_(route, route)]).all():
        return route
    first = route[0]
    while True:
        spans = between_s[np.ix_(route, route)]
        order = _turned(spans)
        if order is None:
            order = _moved(spans)
        if order is None:
            return np.roll(route, -int(np.flatnonzero(route == first)[0]))
        route = route[order]


def _turned(spans: FloatArray) -> IntArray | None:
    """Return the order with the part turned round that saves most; None: none does."""
    order = np.arange(len(spans))
    after = np.roll(order, -1)
    edges = spans[order, after]
    gain = np.triu(edges[:, None] + edges[None] - spans - spans[np.ix_(after, after)], 1)
    a, b = divmod(int(gain.argmax()), len(spans))
    if gain[a, b] <= _LEAST_GAIN_S:
        return None
    order[a + 1 : b + 1] = order[a + 1 : b + 1][::-1]
    return order


def _moved(spans: FloatArray) -> IntArray | None:
    """Return the order with the one to three neighbours moved elsewhere that saves most; None: none does."""
    size, best_s, best = len(spans), _LEAST_GAIN_S, None
    every, after = np.arange(size), np.roll(np.arange(size), -1)
    edges = spans[every, after]
    for count in range(1, min(_LONGEST, size - 3) + 1):
        last, before, behind = (every + count - 1) % size, every - 1, (every + count) % size
        freed = spans[before, every] + spans[last, behind] - spans[before, behind]
        for head, tail, is_turned in ((every, last, False), (last, every, True)):
            gain = freed[:, None] + edges - spans[head] - spans[np.ix_(tail, after)] + _own_gaps(size, count)
            part, gap = divmod(int(gain.argmax()), size)
            if gain[part, gap] > best_s:
                best_s, best = float(gain[part, gap]), (part, count, gap, is_turned)
    return None if best is None else _order(size, *best)


def _own_gaps(size: int, count: int) -> FloatArray:
    """Return -inf for each part of so many places and each gap in it or beside it, else 0; shape (parts, gaps)."""
    off = (np.arange(size)[None] - np.arange(size)[:, None]) % size
    return np.where((off < count) | (off == size - 1), -np.inf, 0.0)


def _order(size: int, part: int, count: int, gap: int, is_turned: bool) -> IntArray:
    turned = (part + np.arange(size)) % size
    moved, rest = turned[:count], turned[count:]
    at = (gap - part - count) % size + 1
    return np.concatenate((rest[:at], moved[::-1] if is_turned else moved, rest[at:]))
