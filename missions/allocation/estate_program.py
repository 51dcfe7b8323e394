"""Which sortie does which share of which estate: an integer program over docks and the few estates that a sortie joins.

A sortie of forty jobs is mostly one estate and pieces of the next. So a column is a dock and one to three estates, with
what joins their rounds; how much of each estate the sortie does is continuous (HiGHS). Single jobs are left to the
search; which dock flies how often, and whither, is what the search hardly ever changes.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from missions.allocation.estates import Estates, tied_s
from missions.allocation.problem import FloatArray, Problem
from missions.allocation.programs import Program, forever_s, solved

_NEAR, _NEXT, _THIRD = 16, 8, 4
"""Estates that a dock's sorties go to; that a second one may be of, from the first; and a third from either."""
_FARTHER = (0.0, 0.135, 0.17)
"""Share of an endurance by which a sortie to so many estates may be longer than to the nearest of them alone."""
_TIED = 0.75
"""A sortie is on its way between estates for less than this share of an endurance."""
_TIED_THREE = 1 / 3
"""The same with three estates."""
_CUT_STEPS = 2.5
"""What a round takes longer when it is cut in two, in steps between jobs."""
_FULL = 0.995
"""Share of its endurance that a sortie may be planned for."""
_MOST_COLUMNS = 500
_OVER_PRICE, _ASKED_PRICE = 0.6, 4.0
"""Of a second over a limit: the search relieves the last few cheaper than whole estates can; and over one asked for."""
_LEAST_PART = 0.02
_GAP, _MOST_NODES = 0.01, 300
_Entry = tuple[int, int, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A sortie of a group of alike vehicles to some estates; what it takes beside their rounds."""

    group: int
    estates: tuple[int, ...]
    tied_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A sortie: the group that flies it, and the share that it does of each estate."""

    group: int
    shares: dict[int, float]


def flights(
    problem: Problem,
    groups: Sequence[Sequence[int]],
    estates: Estates,
    *,
    limit_s: float,
    is_over: Callable[[], bool],
    wall_left_s: Callable[[], float] = forever_s,
) -> list[Flight] | None:
    """Return the sorties that do all estates at least cost, the best found until *is_over*; None: none were found.

    A second over *limit_s* costs a little, so that there are some where not all can be kept. *wall_left_s*
    is the longest that the program may take.
    """
    columns = list(_columns(problem, groups, estates))
    parts = [(number, estate) for number, column in enumerate(columns) for estate in column.estates]
    program = _Program(problem, groups, estates, columns, parts)
    found = program.solved(limit_s, is_over, wall_left_s)
    if found is None:
        return None
    shares: list[dict[int, float]] = [{} for _ in columns]
    for (number, estate), share in zip(parts, found[len(columns) : len(columns) + len(parts)], strict=True):
        if share > _LEAST_PART:
            shares[number][estate] = float(share)
    return [
        Flight(group=column.group, shares={estate: share / times for estate, share in own.items()})
        for column, own, times in zip(columns, shares, found[: len(columns)].round().astype(int).tolist(), strict=True)
        for _ in range(times)
        if own
    ]


def _columns(problem: Problem, groups: Sequence[Sequence[int]], estates: Estates) -> Iterator[Column]:
    for number, group in enumerate(groups):
        who = problem.carriers[group[0]]
        own = [(_farther_s(estates, who.dock, chosen), chosen) for chosen in _choices(estates, who.dock)]
        own = [
            (farther_s, chosen)
            for farther_s, chosen in own
            if farther_s <= _FARTHER[len(chosen) - 1] * who.endurance_s
            and tied_s(estates, who.dock, chosen) < (_TIED if len(chosen) < 3 else _TIED_THREE) * who.endurance_s
        ]
        for _, chosen in sorted(own)[: max(_NEAR, _MOST_COLUMNS // len(groups))]:
            cut_s = _CUT_STEPS * estates.step_s * len(chosen)
            yield Column(group=number, estates=chosen, tied_s=tied_s(estates, who.dock, chosen) + cut_s)


def _farther_s(estates: Estates, dock: int, chosen: Sequence[int]) -> float:
    return tied_s(estates, dock, chosen) - float(estates.to_dock_s[dock, list(chosen)].min())


def _choices(estates: Estates, dock: int) -> set[tuple[int, ...]]:
    """Return one to three estates each that a sortie from *dock* may go to."""
    near = np.argsort(estates.to_dock_s[dock], kind="stable")[:_NEAR].tolist()
    nearest = np.argsort(estates.between_s + np.diag(np.full(len(estates.rounds), np.inf)), axis=1, kind="stable")
    ones = {(estate,) for estate in near}
    twos = {_sorted(estate, other) for estate in near for other in nearest[estate, :_NEXT].tolist() if other != estate}
    threes = {_sorted(*two, other) for two in twos for estate in two for other in nearest[estate, :_THIRD].tolist()}
    return ones | twos | {three for three in threes if len(three) == 3}


def _sorted(*estates: int) -> tuple[int, ...]:
    return tuple(sorted(set(estates)))


class _Program:
    """Variables: how often each column is flown, the share of each of its estates, how long each group is over."""

    def __init__(
        self,
        problem: Problem,
        groups: Sequence[Sequence[int]],
        estates: Estates,
        columns: Sequence[Column],
        parts: Sequence[tuple[int, int]],
    ) -> None:
        self._heads = [problem.carriers[group[0]] for group in groups]
        self._sizes = np.array([len(group) for group in groups], dtype=np.float64)
        self._columns, self._parts = columns, parts
        self._tied_s = np.array([column.tied_s for column in columns])
        self._busy_s = np.array([estates.busy_s[estate] for _, estate in parts])
        self._count = len(estates.rounds)
        self._over_price = _OVER_PRICE if math.isinf(problem.limit_s) else _ASKED_PRICE

    def solved(
        self, limit_s: float, is_over: Callable[[], bool], wall_left_s: Callable[[], float]
    ) -> FloatArray | None:
        """Return the values of all variables; None where none were found."""
        matrix, lower, upper = self._rows(limit_s)
        columns, parts, groups = len(self._columns), len(self._parts), len(self._heads)
        most = np.array([self._heads[c.group].max_sorties * self._sizes[c.group] for c in self._columns])
        program = Program(
            cost=np.concatenate((self._tied_s, self._busy_s, np.full(groups, self._over_price))),
            matrix=matrix,
            lower=lower,
            upper=upper,
            most=np.concatenate((np.minimum(most, 2), np.ones(parts), np.full(groups, np.inf))),
            is_whole=np.arange(columns + parts + groups) < columns,
        )
        return solved(program, gap=_GAP, most_nodes=_MOST_NODES, is_over=is_over, wall_left_s=wall_left_s)

    def _rows(self, limit_s: float) -> tuple[csr_array, FloatArray, FloatArray]:
        """Return: every estate done, sorties within endurance, groups' sorties within number and limit."""
        columns, groups = len(self._columns), len(self._heads)
        blocks = [list(self._done()), list(self._flown()), list(self._full()), list(self._numbers())]
        blocks.append(list(self._loads()))
        sizes = [self._count, len(self._parts), columns, groups, groups]
        starts = np.cumsum([0, *sizes])
        rows = [(at + row, which, value) for at, own in zip(starts, blocks, strict=False) for row, which, value in own]
        where, which, value = (np.array(field) for field in zip(*rows, strict=True))
        shape = (int(starts[-1]), columns + len(self._parts) + groups)
        matrix = csr_array((value.astype(np.float64), (where.astype(np.intp), which.astype(np.intp))), shape=shape)
        pauses_s = np.array([head.turnaround_s for head in self._heads])
        most = np.array([head.max_sorties for head in self._heads]) * self._sizes
        rest = np.zeros(len(self._parts) + columns)
        upper = np.concatenate((np.ones(self._count), rest, most, (limit_s + pauses_s) * self._sizes))
        return matrix, np.concatenate((np.ones(self._count), np.full(len(upper) - self._count, -np.inf))), upper

    def _done(self) -> Iterator[_Entry]:
        return ((estate, len(self._columns) + n, 1.0) for n, (_, estate) in enumerate(self._parts))

    def _flown(self) -> Iterator[_Entry]:
        for n, (column, _) in enumerate(self._parts):
            yield n, len(self._columns) + n, 1.0
            yield n, column, -1.0

    def _full(self) -> Iterator[_Entry]:
        for n, own in enumerate(self._columns):
            yield n, n, own.tied_s - _FULL * self._heads[own.group].endurance_s
        for n, (column, _) in enumerate(self._parts):
            yield column, len(self._columns) + n, float(self._busy_s[n])

    def _numbers(self) -> Iterator[_Entry]:
        return ((column.group, n, 1.0) for n, column in enumerate(self._columns))

    def _loads(self) -> Iterator[_Entry]:
        for n, column in enumerate(self._columns):
            yield column.group, n, column.tied_s + self._heads[column.group].turnaround_s
        for n, (number, _) in enumerate(self._parts):
            yield self._columns[number].group, len(self._columns) + n, float(self._busy_s[n])
        for group in range(len(self._heads)):
            yield group, len(self._columns) + len(self._parts) + group, -1.0
