"""Who shares which tour: groups of places, each with so many vehicles one behind the other on its tour.

A group with a tour of L metres and m vehicles at equal distances sees each of its places every L / m metres. Simulated
annealing (Kirkpatrick 1983) moves places between groups; all tours that it meets are kept, and `choice` puts the best
of them together.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random

from missions.rounds.tours import Tour, TourBook

_POWER = 10
"""Of the sum that stands for the maximum: high enough to follow it, low enough to see the others."""
_NEAR = 6
_HALVINGS = 20
"""Of the gap, where a tour is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Places and the vehicles that go round on their tour, at equal distances."""

    mask: int
    tour: tuple[int, ...]
    length_m: float
    vehicles: int
    weight: float = 1.0
    """The greatest one among its places."""

    @property
    def gap_m(self) -> float:
        """Return the way between two visits, times the weight."""
        return self.length_m * self.weight / self.vehicles


Groups = tuple[Group, ...]


def worst_m(groups: Sequence[Group]) -> float:
    """Return the greatest weighted way between two visits."""
    return max(group.gap_m for group in groups)


def with_all(groups: Iterable[Group], vehicles: int) -> Groups:
    """Return the groups that have places, with all *vehicles*: each one that has no group yet helps the worst."""
    found = [group for group in groups if group.mask]
    for _ in range(vehicles - sum(group.vehicles for group in found)):
        worst = max(range(len(found)), key=lambda number: found[number].gap_m)
        found[worst] = replace(found[worst], vehicles=found[worst].vehicles + 1)
    return tuple(found)


class Partition:
    """Groups that places can be moved between."""

    def __init__(
        self, *, book: TourBook, weights: Sequence[float], random: Random, parts: Sequence[Sequence[int]],
        vehicles: Sequence[int],
    ) -> None:  # fmt: skip
        self._book = book
        self._weights = weights
        self._is_weighted = len(set(weights)) > 1
        self._random = random
        self._vehicles = vehicles
        self._home = [0] * book.size
        self._masks: list[int] = []
        self._tours: list[Tour] = []
        self._gaps: list[float] = []
        for number, part in enumerate(parts):
            mask, (length, tour) = book.of(part)
            self._masks.append(mask)
            self._tours.append(tour)
            self._gaps.append(self._gap(number, mask, length))
            for place in part:
                self._home[place] = number

    def _gap(self, number: int, mask: int, length_m: float) -> float:
        return length_m * self._weight(mask) / self._vehicles[number]

    def _weight(self, mask: int) -> float:
        if not self._is_weighted:
            return self._weights[0]
        return max((weight for place, weight in enumerate(self._weights) if mask >> place & 1), default=0.0)

    def groups(self) -> Groups:
        """Return the groups as they stand, with every vehicle in one of them."""
        stand = zip(self._masks, self._tours, self._vehicles, strict=True)
        groups = [
            Group(
                mask=mask,
                tour=tuple(tour),
                length_m=self._book.length(tour),
                vehicles=vehicles,
                weight=self._weight(mask),
            )
            for mask, tour, vehicles in stand
        ]
        return with_all(groups, sum(self._vehicles))

    def anneal(self, *, steps: int, warm: float, cold: float, is_over: Callable[[], bool]) -> Groups:
        """Return the best groups met in so many steps, from temperature *warm* to *cold* (shares of the worst gap)."""
        best_m, best = max(self._gaps), self.groups()
        scale, heat = max(best_m, 1e-9), warm * _POWER
        for step in range(steps):
            if step % 128 == 0:
                if is_over():
                    break
                scale, heat = max(best_m, 1e-9), warm * (cold / warm) ** (step / steps) * _POWER
            if self._try_step(scale, heat) and max(self._gaps) < best_m - 1e-9:
                best_m, best = max(self._gaps), self.groups()
        return best

    def _try_step(self, scale: float, heat: float) -> bool:
        """Move places between two groups, perhaps; True when something changed."""
        random, gaps = self._random, self._gaps
        place = self._pick()
        beside = self._book.near[place][random.randrange(min(_NEAR, self._book.size - 1))]
        here, there = self._home[place], self._home[beside]
        if here == there:
            return False
        moved = self._neighbours(here, place)
        back = [beside] if random.random() < 0.3 else []
        book = self._book
        mask, (length, tour) = book.without(self._masks[here], self._tours[here], moved)
        other_mask, (other_length, other_tour) = book.joined(self._masks[there], self._tours[there], moved)
        if back:
            mask, (length, tour) = book.joined(mask, tour, back)
            other_mask, (other_length, other_tour) = book.without(other_mask, other_tour, back)
        new, other_new = self._gap(here, mask, length), self._gap(there, other_mask, other_length)
        worse = sum((gap / scale) ** _POWER for gap in (new, other_new))
        worse -= sum((gap / scale) ** _POWER for gap in (gaps[here], gaps[there]))
        if worse > 0 and random.random() >= math.exp(-worse / heat):
            return False
        self._masks[here], self._tours[here], gaps[here] = mask, tour, new
        self._masks[there], self._tours[there], gaps[there] = other_mask, other_tour, other_new
        for one in moved:
            self._home[one] = there
        for one in back:
            self._home[one] = here
        return True

    def _pick(self) -> int:
        """Return a place, more often one of the group that waits longest."""
        random = self._random
        tour = self._tours[self._gaps.index(max(self._gaps))]
        if tour and random.random() < 0.4:
            return tour[random.randrange(len(tour))]
        return random.randrange(self._book.size)

    def _neighbours(self, group: int, place: int) -> Tour:
        """Return *place*, sometimes with one or two that follow it on its tour."""
        chance, tour = self._random.random(), self._tours[group]
        if chance > 0.4 or len(tour) < 3:
            return [place]
        at, count = tour.index(place), min(2 if chance < 0.25 else 3, len(tour) - 1)
        return [tour[(at + number) % len(tour)] for number in range(count)]


def cut_tour(book: TourBook, tour: Sequence[int], vehicles: Sequence[int], *, first: int) -> list[Tour]:
    """Return the tour, begun at its place number *first*, cut so that the worst gap of the parts is small.

    Each part comes back to its own beginning, which on a long corridor is half of its way.
    """
    turned = [*tour[first:], *tour[:first]]
    low, high = 0.0, 2 * book.length(turned)
    parts = _parts_within(book, turned, vehicles, high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        found = _parts_within(book, turned, vehicles, middle)
        low, high, parts = (middle, high, parts) if found is None else (low, middle, found)
    if parts is None:
        raise AssertionError("a part for all places is within twice the tour")
    return parts


def _parts_within(book: TourBook, turned: Tour, vehicles: Sequence[int], gap_m: float) -> list[Tour] | None:
    """Return the parts, each as long as its vehicles can keep the gap; None where places are left over."""
    at, lengths, parts = 0, book.lengths, list[Tour]()
    for count in vehicles:
        begin, driven = at, 0.0
        while at < len(turned):
            driven += lengths[turned[at - 1]][turned[at]] if at > begin else 0.0
            if driven + lengths[turned[at]][turned[begin]] > count * gap_m:
                break
            at += 1
        parts.append(turned[begin:at])
    return parts if at == len(turned) else None
