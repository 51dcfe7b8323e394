"""Short closed tours of few places: insertion, 2-opt and Or-opt, kept for every set of places that was looked at.

Sources: Croes 1958 (2-opt), Or 1976; neighbours in order of distance end a search early (Bentley 1992).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random

from missions.rounds.graph import Matrix

_EPS = 1e-9
Tour = list[int]
Known = tuple[float, Tour]
"""The length of a closed tour in metres, and its places in order."""


def never() -> bool:
    """Say that there is time left."""
    return False


class TourBook:
    """Tours by their set of places, a number with one bit a place."""

    def __init__(self, *, lengths_m: Matrix) -> None:
        self.lengths = lengths_m.tolist()
        self.size = len(self.lengths)
        self.is_symmetric = bool((abs(lengths_m - lengths_m.T) < _EPS).all())
        self.near: list[Tour] = [
            [other for other in sorted(range(self.size), key=row.__getitem__) if other != number]
            for number, row in enumerate(self.lengths)
        ]
        self.known: dict[int, Known] = {0: (0.0, [])}

    def length(self, tour: Sequence[int]) -> float:
        """Return the length of the closed tour."""
        lengths = self.lengths
        return float(sum(lengths[tour[i - 1]][tour[i]] for i in range(len(tour))))

    def keep(self, mask: int, tour: Tour) -> Known:
        """Improve the tour of the set *mask*, remember it, and return the shortest known one."""
        tour = self.improved(tour)
        before = self.known.get(mask)
        found = (self.length(tour), tour)
        if before is None or found[0] < before[0] - _EPS:
            self.known[mask] = before = found
        return before

    def of(self, places: Sequence[int]) -> tuple[int, Known]:
        """Return the set and the tour of *places*."""
        mask = sum(1 << place for place in places)
        return mask, self.known.get(mask) or self.keep(mask, list(places))

    def without(self, mask: int, tour: Tour, leave: Sequence[int]) -> tuple[int, Known]:
        """Return the set and the tour that are left when the places of *leave* are taken out."""
        for place in leave:
            mask &= ~(1 << place)
        return mask, self.known.get(mask) or self.keep(mask, [place for place in tour if place not in leave])

    def joined(self, mask: int, tour: Tour, more: Iterable[int]) -> tuple[int, Known]:
        """Return the set and the tour with the places of *more* as well."""
        new = [place for place in more if not mask >> place & 1]
        for place in new:
            mask |= 1 << place
        found = self.known.get(mask)
        return mask, found or self.keep(mask, self._inserted(tour, new))

    def _inserted(self, tour: Tour, more: Sequence[int]) -> Tour:
        tour, lengths = list(tour), self.lengths
        for place in more:
            best, at, before = float("inf"), 0, tour[-1] if tour else place
            to, row = lengths[place], lengths
            for number, after in enumerate(tour):
                cost = row[before][place] + to[after] - row[before][after]
                if cost < best:
                    best, at = cost, number
                before = after
            tour.insert(at, place)
        return tour

    def improved(self, tour: Tour) -> Tour:
        """Return a tour that no 2-opt and no Or-opt step shortens."""
        if len(tour) < 4 - (not self.is_symmetric):
            return tour
        while True:
            place = {where: number for number, where in enumerate(tour)}
            better = (self._two_opt(tour, place) if self.is_symmetric else None) or self._or_opt(tour, place)
            if better is None:
                return tour
            tour = better

    def _two_opt(self, tour: Tour, place: Mapping[int, int]) -> Tour | None:
        """Return the tour with one part turned round, or None when that never helps."""
        lengths, size = self.lengths, len(tour)
        for i, a in enumerate(tour):
            b = tour[i + 1 - size]
            row, ab = lengths[a], lengths[a][b]
            for c in self.near[a]:
                ac = row[c]
                if ac >= ab - _EPS:
                    break
                j = place.get(c)
                if j is None:
                    continue
                d = tour[j + 1 - size]
                if ac + lengths[b][d] < ab + lengths[c][d] - _EPS:
                    low, high = min(i, j), max(i, j)
                    return tour[: low + 1] + tour[low + 1 : high + 1][::-1] + tour[high + 1 :]
        return None

    def _or_opt(self, tour: Tour, place: Mapping[int, int]) -> Tour | None:
        """Return the tour with one to three neighbours moved elsewhere, or None when that never helps."""
        lengths, size = self.lengths, len(tour)
        for count in range(1, min(3, size - 2) + 1):
            for i in range(size):
                turned = tour[i:] + tour[:i]
                part, rest = turned[:count], turned[count:]
                gain = (
                    lengths[rest[-1]][part[0]] + lengths[part[-1]][rest[0]] - lengths[rest[-1]][rest[0]]
                )  # fmt: skip
                if gain > _EPS and (better := self._moved(part, rest, gain, i + count, place)):
                    return better
        return None

    def _moved(self, part: Tour, rest: Tour, gain: float, shift: int, place: Mapping[int, int]) -> Tour | None:
        lengths, size, left = self.lengths, len(rest) + len(part), len(rest)
        for one in (part, part[::-1]) if self.is_symmetric else (part,):
            first, last = one[0], one[-1]
            near = self.near[first] if self.is_symmetric else rest
            for c in near:
                to = lengths[c][first]
                if to >= gain - _EPS:
                    if self.is_symmetric:
                        break
                    continue
                number = place.get(c)
                if number is None or c in part:
                    continue
                at = (number - shift) % size
                after = rest[(at + 1) % left]
                if to + lengths[last][after] - lengths[c][after] < gain - _EPS:
                    return rest[: at + 1] + one + rest[at + 1 :]
                before = rest[at - 1]
                if self.is_symmetric and to + lengths[last][before] - lengths[c][before] < gain - _EPS:
                    return rest[:at] + one[::-1] + rest[at:]
        return None

    def shaken(self, mask: int, *, random: Random, times: int, is_over: Callable[[], bool] = never) -> Known:
        """Return the tour of *mask* after *times* random exchanges of two parts, each improved (Martin 1991)."""
        _, tour = self.known[mask]
        if len(tour) < 6:
            return self.known[mask]
        for _ in range(times):
            if is_over():
                break
            a, b, c = sorted(random.sample(range(1, len(tour)), 3))
            _, tour = self.keep(mask, tour[:a] + tour[b:c] + tour[a:b] + tour[c:])
        return self.known[mask]


def shortest_tour(book: TourBook, *, random: Random, times: int = 200, is_over: Callable[[], bool] = never) -> Known:
    """Return a tour of all places, made by insertion in random order and shaken *times* times."""
    mask, _ = book.joined(0, [], random.sample(range(book.size), book.size))
    return book.shaken(mask, random=random, times=times, is_over=is_over)
