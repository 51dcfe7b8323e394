"""The search for the groups with the least worst gap: many short annealings, and the best choice out of all of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from missions.rounds.choice import Choice
from missions.rounds.graph import RoadGraph
from missions.rounds.partition import Group, Groups, Partition, cut_tour, worst_m
from missions.rounds.tours import TourBook, shortest_tour

_STEPS_A_PLACE, _MOST_STEPS = 150, 6000
"""Of one annealing."""
_TRIES = 8
"""Annealings between two choices."""
_FIRST_CUTS = 8
"""Cuts of the long tour into one part for each vehicle that are compared for the first start."""
_LEAPS, _AT_A_LEAP = 4, 0.5
"""Tours are cut so often at one of their longest ways, which lead past places that were seen before."""
_PATIENCE = 40
"""Choices without any gain after which the search ends."""
_CHOICE_LIMIT_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How far the search is: the best groups so far and the share of its patience that is used up."""

    groups: Groups
    done_ratio: float


def search(
    graph: RoadGraph, vehicles: int, *, random: Random, is_over: Callable[[], bool], tell: Callable[[Found], None]
) -> Groups:
    """Return the best groups for *vehicles*, fewer than nodes, of a connected graph until *is_over* or no more gain."""
    book = TourBook(lengths_m=graph.ways.lengths_m)
    length, tour = shortest_tour(book, random=random, is_over=is_over)
    group = Group(
        mask=(1 << book.size) - 1, tour=tuple(tour), length_m=length, vehicles=vehicles, weight=max(graph.weights)
    )
    if vehicles == 1 and book.size > 3:
        return (_shaken(book, group, random=random, is_over=is_over, tell=tell),)
    hunt = _Hunt(graph=graph, book=book, vehicles=vehicles, random=random, is_over=is_over, best=(group,))
    quiet = 0
    while vehicles > 1 and quiet < _PATIENCE and not is_over():
        quiet = 0 if hunt.step() else quiet + 1
        tell(Found(groups=hunt.best, done_ratio=quiet / _PATIENCE))
    return hunt.best


def _shaken(
    book: TourBook, group: Group, *, random: Random, is_over: Callable[[], bool], tell: Callable[[Found], None]
) -> Group:
    quiet = 0
    while quiet < _PATIENCE and not is_over():
        length, tour = book.shaken(group.mask, random=random, times=50, is_over=is_over)
        quiet = 0 if length < group.length_m - 1e-9 else quiet + 1
        group = Group(mask=group.mask, tour=tuple(tour), length_m=length, vehicles=group.vehicles, weight=group.weight)
        tell(Found(groups=(group,), done_ratio=quiet / _PATIENCE))
    return group


class _Hunt:
    def __init__(
        self, *, graph: RoadGraph, book: TourBook, vehicles: int, random: Random, is_over: Callable[[], bool],
        best: Groups,
    ) -> None:  # fmt: skip
        self._book = book
        self._weights = graph.weights
        self._vehicles = vehicles
        self._random = random
        self._is_over = is_over
        self._choice = Choice(book=book, ways=graph.ways, weights=graph.weights)
        self._tour = _as_passed(graph, best[0].tour)
        self._leaps = _leaps(book, self._tour)
        self._is_first = True
        self.best = best

    def step(self) -> bool:
        """Anneal some starts and choose the best out of all tours; True when that was a gain."""
        before_m, steps = worst_m(self.best), min(_MOST_STEPS, _STEPS_A_PLACE * self._book.size)
        for parts, vehicles, warm in self._starts():
            partition = Partition(
                book=self._book, weights=self._weights, random=self._random, parts=parts, vehicles=vehicles
            )
            self._take(partition.anneal(steps=steps, warm=warm, cold=0.0005, is_over=self._is_over))
        self._choose()
        return worst_m(self.best) < before_m - 1e-9

    def _take(self, groups: Groups) -> None:
        if worst_m(groups) < worst_m(self.best) - 1e-9:
            self.best = groups

    def _choose(self) -> None:
        while not self._is_over():
            better = self._choice.better(self._vehicles, below_m=worst_m(self.best) - 1e-6, limit_s=_CHOICE_LIMIT_S)
            if better is None or worst_m(better) >= worst_m(self.best):
                return
            self.best = better

    def _starts(self) -> Iterator[tuple[list[list[int]], list[int], float]]:
        """Yield parts and vehicles to start from: the best so far, and the long tour cut at random."""
        if len(self.best) > 1:
            yield [list(group.tour) for group in self.best], [group.vehicles for group in self.best], 0.01
        most = min(self._vehicles, self._book.size)
        if self._is_first:
            self._is_first = False
            cuts = [self._cut([1] * most) for _ in range(_FIRST_CUTS)]
            yield min(cuts, key=lambda cut: max(self._book.length(part) for part in cut[0]))
        for _ in range(_TRIES):
            yield self._cut(_composition(self._vehicles, self._random.randint(2, most), self._random))

    def _cut(self, vehicles: list[int]) -> tuple[list[list[int]], list[int], float]:
        first = self._random.randrange(self._book.size)
        if self._random.random() < _AT_A_LEAP:
            first = self._random.choice(self._leaps)
        return cut_tour(self._book, self._tour, vehicles, first=first), vehicles, 0.02


def _composition(total: int, count: int, random: Random) -> list[int]:
    """Return *count* whole numbers from 1 on that make *total*."""
    cuts = sorted(random.sample(range(1, total), count - 1))
    return [b - a for a, b in zip([0, *cuts], [*cuts, total], strict=True)]


def _as_passed(graph: RoadGraph, tour: Sequence[int]) -> tuple[int, ...]:
    """Return the places of the tour, each when the tour first leads past it: never longer, and in stretches."""
    ways = (graph.ways.way(tour[number - 1], place) for number, place in enumerate(tour))
    return tuple(dict.fromkeys(place for way in ways for place in way))


def _leaps(book: TourBook, tour: Sequence[int]) -> list[int]:
    """Return the numbers of the places of the tour that its longest ways lead to."""
    steps = [book.lengths[tour[number - 1]][place] for number, place in enumerate(tour)]
    return sorted(range(len(tour)), key=lambda number: -steps[number])[:_LEAPS]
