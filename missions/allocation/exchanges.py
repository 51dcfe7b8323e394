"""Many stretches moved between many sorties at once: rings and chains of any length, chosen by an integer program.

Where every vehicle is full, a single move pays nowhere, and what pays is a ring of moves, each making room for the next
(very large neighbourhoods of cyclic exchanges, Thompson and Psaraftis 1993). Here all moves that may be part of one
are listed, and HiGHS chooses those that together keep endurance and cost least.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from missions.allocation.problem import FloatArray, IntArray, Problem
from missions.allocation.programs import Program, forever_s, solved
from missions.allocation.shifts import Gaps, Piles, Stretches, Terms, gaps_at, gaps_of, stretches_of, ways_in_s

_NEAR = 12
"""Sorties that a stretch may go to."""
_SIZES = 20
"""Sizes of stretches of which the best is a move, for each two sorties."""
_LARGEST = 1 / 3
"""A stretch saves at most this share of an endurance."""
_DEAREST = 1.2
"""A move costs at most so many times what it saves where it leaves."""
_MOST_MOVES = 2500
_GAP, _MOST_NODES = 1e-4, 300
_LEAST_GAIN_S = 0.5


class Move(NamedTuple):
    """A stretch that leaves a sortie for a gap in another one; what it saves, frees and adds there."""

    carrier: int
    sortie: int
    begin: int
    end: int
    gap: int
    is_turned: bool
    saved_s: float
    freed_s: float
    added_s: float


@dataclass(frozen=True, kw_only=True, eq=False)
class _Places:
    """All gaps, in the order of sorties: the first gap of each, and the sortie of each gap."""

    gaps: Gaps
    firsts: IntArray
    of: IntArray

    @cached_property
    def _first(self) -> dict[tuple[int, int], int]:
        gaps, firsts = self.gaps, self.firsts.tolist()
        return {(int(gaps.carrier[gap]), int(gaps.sortie[gap])): gap for gap in firsts}

    def first(self, carrier: int, sortie: int) -> int:
        """Return the number of a sortie's first gap."""
        return self._first[carrier, sortie]


def exchanged(
    problem: Problem,
    piles: Piles,
    loads_s: FloatArray,
    terms: Terms,
    *,
    is_over: Callable[[], bool],
    wall_left_s: Callable[[], float] = forever_s,
) -> Piles | None:
    """Return *piles* after the moves that together pay most; None: none do, or none were found until *is_over*.

    *loads_s* is how long each vehicle is busy. Endurance is kept, the limit has its price; windows are not looked at.
    *wall_left_s* is the longest that the program may take.
    """
    places = _places(gaps_of(problem, piles))
    moves = sorted(_moves(problem, piles, places, is_over), key=lambda move: move.added_s - move.saved_s)[:_MOST_MOVES]
    if not moves or is_over():
        return None
    program = _program(problem, moves, places, loads_s, terms)
    nothing = np.concatenate((np.zeros(len(moves)), np.maximum(0.0, loads_s - terms.limit_s)))
    found = solved(program, gap=_GAP, most_nodes=_MOST_NODES, is_over=is_over, wall_left_s=wall_left_s, start=nothing)
    if found is None or program.cost @ (nothing - found) < _LEAST_GAIN_S:
        return None
    return _applied(piles, [move for move, share in zip(moves, found, strict=False) if share > 0.5], places.gaps)


def _places(gaps: Gaps) -> _Places:
    is_first = gaps.at == 0
    return _Places(gaps=gaps, firsts=np.flatnonzero(is_first), of=np.cumsum(is_first) - 1)


def _moves(problem: Problem, piles: Piles, places: _Places, is_over: Callable[[], bool]) -> Iterator[Move]:
    for carrier, own in enumerate(piles):
        who = problem.carriers[carrier]
        for number, visits in enumerate(own):
            if is_over():
                return
            runs = stretches_of(problem, carrier, own, number, _LARGEST * who.endurance_s)
            for there in _near(problem, places, carrier, problem.docks + np.array(visits), number):
                yield from _best_of_sizes(problem, carrier, number, runs, places.gaps, there)


def _near(problem: Problem, places: _Places, carrier: int, route: IntArray, number: int) -> Iterator[IntArray]:
    """Yield the gaps of each sortie nearby, of vehicles as fast."""
    gaps, pace = places.gaps, problem.carriers[carrier].pace
    away_s = problem.travel_s[pace][np.ix_(route, gaps.before)].min(axis=0)
    paces = np.array([who.pace for who in problem.carriers])
    is_own = (gaps.carrier == carrier) & (gaps.sortie == number)
    away_s = np.where(is_own | (paces[gaps.carrier] != pace), np.inf, away_s)
    nearest_s = np.minimum.reduceat(away_s, places.firsts)
    for sortie in np.argsort(nearest_s, kind="stable")[:_NEAR].tolist():
        if np.isfinite(nearest_s[sortie]):
            yield np.flatnonzero(places.of == sortie)


def _best_of_sizes(
    problem: Problem, carrier: int, number: int, runs: Stretches, gaps: Gaps, there: IntArray
) -> Iterator[Move]:
    """Yield the cheapest moves of a sortie's stretches into the gaps *there*, one for each size of stretch."""
    who, taker = problem.carriers[carrier], problem.carriers[int(gaps.carrier[there[0]])]
    spans, own = problem.spans_s[who.pace], gaps_at(gaps, there)
    ways = [ways_in_s(spans, runs, own, is_turned=is_turned) for is_turned in (False, True)]
    added = np.stack([way.min(axis=1) for way in ways])
    at = np.stack([way.argmin(axis=1) for way in ways])
    turned = (added[1] < added[0]).astype(np.intp)
    every = np.arange(len(turned))
    added_s, gap = added[turned, every], there[at[turned, every]]
    can = (added_s - runs.saved_s <= _DEAREST * runs.saved_s) & (added_s <= taker.endurance_s)
    share = np.clip(runs.saved_s / (_LARGEST * who.endurance_s), 0.0, 1.0)
    sizes = np.where(can, np.minimum((np.sqrt(share) * _SIZES).astype(np.intp), _SIZES - 1), -1)
    for size in np.unique(sizes[can]).tolist():
        alike = np.flatnonzero(sizes == size)
        run = int(alike[np.argmin((added_s - runs.saved_s)[alike])])
        begin, end = int(runs.begin[run]) - 1, int(runs.end[run])
        seconds = float(runs.saved_s[run]), float(runs.freed_s[run]), float(added_s[run])
        yield Move(carrier, number, begin, end, int(gap[run]), bool(turned[run]), *seconds)


def _program(problem: Problem, moves: Sequence[Move], places: _Places, loads_s: FloatArray, terms: Terms) -> Program:
    """Variables: which moves are made, how long each vehicle is over the limit."""
    gaps, carriers = places.gaps, len(problem.carriers)
    to = np.array([move.gap for move in moves])
    gone = np.array([move.carrier for move in moves])
    saved_s, added_s = np.array([(move.saved_s, move.added_s) for move in moves]).T
    here = terms.prices[gaps.carrier[to]] * added_s - terms.prices[gone] * saved_s
    matrix = _rows(moves, places, carriers)
    return Program(
        cost=np.concatenate((here, terms.over_prices)),
        matrix=matrix,
        lower=np.full(matrix.shape[0], -np.inf),
        upper=np.concatenate((np.ones(len(gaps.at)), gaps.room_s[places.firsts], terms.limit_s - loads_s)),
        most=np.concatenate((np.ones(len(moves)), np.full(carriers, np.inf))),
        is_whole=np.arange(len(moves) + carriers) < len(moves),
    )


def _rows(moves: Sequence[Move], places: _Places, carriers: int) -> csr_array:
    """Return: every gap is touched by one move at most, every sortie keeps endurance, every vehicle its limit."""
    gaps, sorties = places.gaps, len(places.gaps.at)
    loads = sorties + len(places.firsts)
    entries: list[tuple[int, int, float]] = []
    for n, move in enumerate(moves):
        source, to = places.first(move.carrier, move.sortie), move.gap
        entries.extend((gap, n, 1.0) for gap in range(source + move.begin, source + move.end + 1))
        entries.append((to, n, 1.0))
        entries.append((sorties + int(places.of[to]), n, move.added_s))
        entries.append((sorties + int(places.of[source]), n, -move.saved_s))
        entries.append((loads + int(gaps.carrier[to]), n, move.added_s + float(gaps.pause_s[to])))
        entries.append((loads + move.carrier, n, -move.freed_s))
    entries.extend((loads + carrier, len(moves) + carrier, -1.0) for carrier in range(carriers))
    row, column, value = (np.array(field) for field in zip(*entries, strict=True))
    return csr_array((value, (row, column)), shape=(loads + carriers, len(moves) + carriers))


def _applied(piles: Piles, moves: Sequence[Move], gaps: Gaps) -> Piles:
    """Return *piles* after all *moves*, which do not touch each other."""
    taken = {(m.carrier, m.sortie, n) for m in moves for n in range(m.begin, m.end)}
    given: dict[tuple[int, int, int], tuple[int, ...]] = {}
    for move in moves:
        stretch = piles[move.carrier][move.sortie][move.begin : move.end]
        to = tuple(int(column[move.gap]) for column in (gaps.carrier, gaps.sortie, gaps.at))
        given[to[0], to[1], to[2]] = stretch[::-1] if move.is_turned else stretch
    new: Piles = []
    for carrier, own in enumerate(piles):
        sorties = []
        for sortie, visits in enumerate([*own, ()]):
            left = [
                (*given.get((carrier, sortie, n), ()), *(() if (carrier, sortie, n) in taken else (visit,)))
                for n, visit in enumerate(visits)
            ]
            sorties.append((*(v for part in left for v in part), *given.get((carrier, sortie, len(visits)), ())))
        new.append([visits for visits in sorties if visits])
    return new
