"""The best groups out of all tours that were met: a cover of the places by columns, solved exactly.

For a wanted gap T each known set of places is a column that costs as many vehicles as its tour needs, ⌈L / T⌉; the
cheapest cover tells whether T can be kept (Dantzig and Wolfe 1960; Balinski and Quandt 1964 for tours). A tour covers
every place that it leads past.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csc_matrix

from missions.rounds.graph import Ways
from missions.rounds.partition import Group, Groups, with_all
from missions.rounds.tours import Known, TourBook

_WORD = 64
_MOST_COLUMNS = 20_000
Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    covered: int
    mask: int
    known: Known
    vehicles: int
    weight: float


class Choice:
    """Chooses groups among the tours of a book."""

    def __init__(self, *, book: TourBook, ways: Ways, weights: Sequence[float]) -> None:
        self._book = book
        self._weights = weights
        self._is_weighted = len(set(weights)) > 1
        self._ways = ways
        self._passed: dict[tuple[int, int], int] = {}

    def better(self, vehicles: int, *, below_m: float, limit_s: float) -> Groups | None:
        """Return groups with every weighted gap below *below_m*, or None when the known tours give none in time."""
        columns = self._columns(vehicles, below_m)
        if not columns:
            return None
        cost = np.array([column.vehicles for column in columns], dtype=np.float64)
        covers = _matrix([column.covered for column in columns], self._book.size)
        relaxed = linprog(cost, A_ub=-covers, b_ub=-np.ones(self._book.size), bounds=(0, 1), method="highs")
        if relaxed.status != 0 or relaxed.fun > vehicles + 1e-6:
            return None
        solved = milp(
            cost,
            constraints=LinearConstraint(covers, 1, np.inf),
            integrality=np.ones(len(columns)),
            bounds=Bounds(0, 1),
            options={"time_limit": limit_s, "node_limit": 3000},
        )
        if solved.x is None or round(solved.fun) > vehicles:
            return None
        return self._groups([columns[number] for number in np.flatnonzero(solved.x > 0.5)], vehicles)

    def _groups(self, chosen: Sequence[_Column], vehicles: int) -> Groups:
        """Return the chosen columns as groups, each place in one of those that pass it."""
        masks, taken = [column.mask for column in chosen], 0
        for number, mask in enumerate(masks):
            masks[number] = mask & ~taken
            taken |= mask
        for number, column in enumerate(chosen):
            masks[number] |= column.covered & ~taken
            taken |= column.covered
        return with_all(map(self._group, masks, chosen), vehicles)

    def _group(self, mask: int, column: _Column) -> Group:
        """Return the places of *mask* in the order in which the column's tour leads past them: never longer."""
        tour = column.known[1]
        passed = [place for number, end in enumerate(tour) for place in (*self._ways.way(tour[number - 1], end), end)]
        length, tour = self._book.keep(mask, [place for place in dict.fromkeys(passed) if mask >> place & 1])
        return Group(mask=mask, tour=tuple(tour), length_m=length, vehicles=column.vehicles, weight=self._weight(mask))

    def _columns(self, vehicles: int, below_m: float) -> list[_Column]:
        cheapest: dict[int, _Column] = {}
        for mask, known in self._book.known.items():
            weight = self._weight(mask)
            needed = max(1, math.ceil(known[0] * weight / below_m + 1e-9))
            if needed > vehicles or not mask:
                continue
            covered = self._covered(known[1], weight)
            before = cheapest.get(covered)
            if before is None or (needed, known[0]) < (before.vehicles, before.known[0]):
                cheapest[covered] = _Column(covered=covered, mask=mask, known=known, vehicles=needed, weight=weight)
        return _not_dominated(list(cheapest.values()), self._book.size)

    def _weight(self, mask: int) -> float:
        if not self._is_weighted:
            return self._weights[0]
        return max((weight for place, weight in enumerate(self._weights) if mask >> place & 1), default=0.0)

    def _covered(self, tour: Sequence[int], weight: float) -> int:
        """Return every place that the tour leads past and that may wait as long as its own places."""
        covered, passed = 1 << tour[0], self._passed
        for number, place in enumerate(tour):
            step = (tour[number - 1], place)
            if (over := passed.get(step)) is None:
                over = passed[step] = sum(1 << one for one in {step[0], *self._ways.way(*step)})
            covered |= over
        if self._is_weighted:
            for place, own in enumerate(self._weights):
                if own > weight:
                    covered &= ~(1 << place)
        return covered


def _words(masks: Sequence[int], size: int) -> Words:
    full = (1 << _WORD) - 1
    count = -(-size // _WORD)
    return np.array([[mask >> _WORD * word & full for word in range(count)] for mask in masks], dtype=np.uint64)


def _matrix(masks: Sequence[int], size: int) -> csc_matrix:
    bits = np.unpackbits(_words(masks, size).view(np.uint8), axis=1, bitorder="little")[:, :size]
    return csc_matrix(bits.T.astype(np.float64))


def _not_dominated(columns: list[_Column], size: int) -> list[_Column]:
    """Return the columns that no other one covers with as few vehicles."""
    columns.sort(key=lambda column: (-column.covered.bit_count(), column.vehicles))
    del columns[_MOST_COLUMNS:]
    words = _words([column.covered for column in columns], size)
    kept_words, kept_vehicles = np.empty_like(words), np.empty(len(columns), dtype=np.int64)
    kept = list[_Column]()
    for column, word in zip(columns, words, strict=True):
        covered = ((kept_words[: len(kept)] & word) == word).all(axis=1)
        if not (covered & (kept_vehicles[: len(kept)] <= column.vehicles)).any():
            kept_words[len(kept)], kept_vehicles[len(kept)] = word, column.vehicles
            kept.append(column)
    return kept
