"""The order of rows and the direction of each: an open tour over pieces that have two ends.

A travelling salesman's tour in which every piece may be turned round: nearest neighbours first, then 2-opt (Croes
1958) and Or-opt (Or 1976) along lists of near ends, with restarts from double-bridge kicks close by (iterated local
search, Martin 1992). Plain lists, since a kick touches a few places only.
"""

from collections.abc import Iterable

import numpy as np

from geofence.frames import FloatArray
from geofence.prisms import IntArray

_LONGEST_MOVED = 3
_FARTHEST_CUT = 12
_NEAR = 10
_LEAST = 1e-7


class Tour:
    """A tour over pieces; piece *p* has the ends 2p and 2p+1, and *cost* is between ends, shape (2n+1, 2n+1).

    The last row of *cost* stands for the place before the first piece; where the tour ends is free. Ways cost the same
    in both directions, so the tour is a ring over all pieces and one more that stands for nowhere.
    """

    def __init__(self, cost: FloatArray) -> None:
        count = len(cost) // 2
        whole = np.zeros((2 * count + 2, 2 * count + 2))
        whole[:-1, :-1] = cost
        whole[:-2, -2] = cost[-1, :-1]
        self._count, self._whole = count, whole
        self._cost: list[list[float]] = whole.tolist()
        self._near = _near_ends(whole)

    def nearest_first(self, first: int) -> IntArray:
        """Return the ends in order when the end *first* is begun with and the nearest end always follows."""
        cost = self._whole[:-2, :-2]
        left = np.ones(2 * self._count, dtype=bool)
        order = np.empty(2 * self._count, dtype=np.intp)
        come = first
        for n in range(self._count):
            order[2 * n], order[2 * n + 1] = come, come ^ 1
            left[[come, come ^ 1]] = False
            if n + 1 < self._count:
                come = int(np.argmin(np.where(left, cost[come ^ 1], np.inf)))
        return order

    def length(self, order: IntArray) -> float:
        """Return the cost of all links of *order*."""
        return _Ring(self, order).length()

    def better(self, order: IntArray) -> IntArray:
        """Return *order* after all moves that shorten it."""
        ring = _Ring(self, order)
        ring.shorten(range(2 * self._count + 2))
        return ring.order()

    def improved(self, order: IntArray, rng: np.random.Generator, kicks: int) -> IntArray:
        """Return the best order found from *order* on by so many *kicks*."""
        ring = _Ring(self, order)
        if self._count <= _LONGEST_MOVED:
            return order
        firsts = rng.integers(0, self._count - 2, size=kicks).tolist()
        lengths = rng.integers(1, _FARTHEST_CUT, size=(kicks, 2)).tolist()
        for first, (one, other) in zip(firsts, lengths, strict=True):
            ring.kick(first, one, other)
        return ring.order()


class _Ring:
    """A tour being changed: its ends in order round the ring, and where each is."""

    def __init__(self, tour: Tour, order: IntArray) -> None:
        self._tour, self._cost, self._near = tour, tour._cost, tour._near
        self._ends = [*order.tolist(), len(order) + 1, len(order)]
        self._at = [0] * len(self._ends)
        self._number(0, len(self._ends))

    def order(self) -> IntArray:
        """Return the ends in order, from the place before the first piece on."""
        size = len(self._ends)
        start = self._at[size - 2]
        turned = self._ends if start % 2 else self._ends[::-1]
        start = turned.index(size - 2)
        return np.array([*turned[start + 1 :], *turned[: start - 1]] if start else turned[1:-1], dtype=np.intp)

    def length(self) -> float:
        """Return the cost of all links."""
        ends, cost = self._ends, self._cost
        return float(sum(cost[ends[n - 1]][ends[n]] for n in range(0, len(ends), 2)))

    def kick(self, first: int, one: int, other: int) -> None:
        """Exchange two stretches of *one* and *other* pieces from *first* on, shorten again, and undo what is worse."""
        ends, at = self._ends.copy(), self._at.copy()
        a, b = 2 * first, 2 * (first + one)
        c = min(b + 2 * other, len(ends))
        if b >= c:
            return
        cost, before = self._cost, ends[a - 1]
        after = ends[c] if c < len(ends) else ends[0]
        gain = cost[before][ends[a]] + cost[ends[b - 1]][ends[b]] + cost[ends[c - 1]][after]
        gain -= cost[before][ends[b]] + cost[ends[c - 1]][ends[a]] + cost[ends[b - 1]][after]
        self._ends[a:c] = ends[b:c] + ends[a:b]
        self._number(a, c)
        gain += self.shorten((before, ends[a], ends[b - 1], ends[b], ends[c - 1], after))
        if gain < -_LEAST:
            self._ends, self._at = ends, at

    def shorten(self, begin: Iterable[int]) -> float:
        """Make all moves that shorten, first at the ends *begin*, then round those made; return what they bring."""
        todo = list(begin)
        waiting = set(todo)
        whole = 0.0
        while todo:
            end = todo.pop()
            waiting.discard(end)
            gain, touched = self._move(end)
            if gain > 0:
                whole += gain
                fresh = [near for near in touched if near not in waiting]
                todo.extend(fresh)
                waiting.update(fresh)
        return whole

    def _move(self, a: int) -> tuple[float, tuple[int, ...]]:
        """Make the first move found that links *a* with an end nearer than now; return its gain and what it touched."""
        cost, at, ends = self._cost, self._at, self._ends
        here, size, row = at[a], len(ends), cost[a]
        step = -1 if here % 2 else 1
        b = ends[(here - step) % size]
        freed, stretches = row[b], None
        for c in self._near[a]:
            first = freed - row[c]
            if first <= _LEAST:
                break
            there = at[c]
            d = ends[there - 1] if there % 2 == 0 else ends[(there + 1) % size]
            if (here - there) % 2 == 0:
                gain = first + cost[c][d] - cost[b][d]
                if gain > _LEAST:
                    self._reverse(a, b, c, d)
                    return gain, (a, b, c, d)
            stretches = stretches or self._stretches(here, step, b)
            nearer = min((there - here) * step % size, (at[d] - here) * step % size)
            for count, e, f, bare in stretches:
                gain = first + bare + cost[c][d] - cost[e][d]
                if gain > _LEAST and nearer >= count:
                    self._insert(count, a, c)
                    return gain, (a, b, c, d, e, f)
        return 0.0, ()

    def _stretches(self, here: int, step: int, b: int) -> list[tuple[int, int, int, float]]:
        """Return stretches of one and more pieces from *here* on: how many ends, the last, what follows, its gain."""
        ends, cost, size = self._ends, self._cost, len(self._ends)
        found = []
        for count in range(2, min(2 * _LONGEST_MOVED, size - 4) + 1, 2):
            e, f = ends[(here + (count - 1) * step) % size], ends[(here + count * step) % size]
            found.append((count, e, f, cost[e][f] - cost[b][f]))
        return found

    def _reverse(self, a: int, b: int, c: int, d: int) -> None:
        """Link *a* with *c* and *b* with *d*."""
        if self._at[a] % 2 == 0:
            a, b, c, d = b, a, d, c
        low, high = sorted((self._at[a], self._at[c]))
        self._ends[low + 1 : high + 1] = self._ends[low + 1 : high + 1][::-1]
        self._number(low + 1, high + 1)

    def _insert(self, count: int, a: int, c: int) -> None:
        """Put the stretch of *count* ends that begins with *a* into the link of *c*, so that *a* is linked with *c*."""
        ends, size, here = self._ends, len(self._ends), self._at[a]
        step = -1 if here % 2 else 1
        stretch = [ends[(here + n * step) % size] for n in range(count)]
        low = here if step > 0 else here - count + 1
        if low < 0 or low + count > size:
            rest = [end for end in ends if end not in set(stretch)]
        else:
            rest = ends[:low] + ends[low + count :]
        place = rest.index(c)
        at, put = (place + 1, stretch) if place % 2 else (place, stretch[::-1])
        self._ends = rest[:at] + put + rest[at:]
        self._number(0, size)

    def _number(self, first: int, last: int) -> None:
        at = self._at
        for n, end in enumerate(self._ends[first:last], first):
            at[end] = n


def _near_ends(cost: FloatArray) -> list[list[int]]:
    """Return for each end the nearest ends of other pieces, and both of nowhere."""
    size = len(cost)
    ends = np.arange(size)
    masked = np.where(ends[:, None] // 2 == ends[None] // 2, np.inf, cost)
    near = np.argsort(masked[:, :-2], axis=1)[:, : min(_NEAR, size - 3)]
    return [
        [*(e for e in (size - 1, size - 2) if n < size - 2), *(int(e) for e in row if e // 2 != n // 2)]
        for n, row in enumerate(near.tolist())
    ]
