"""The order of rows and the direction of each: an open tour over pieces that have two ends.

A travelling salesman's tour in which every piece may be turned round. Nearest neighbours first, then 2-opt (Croes
1958) and Or-opt (Or 1976) over all pieces, with restarts from a segment-insertion kick (iterated local search).
"""

from collections import deque
from collections.abc import Callable, Iterable

import numpy as np

from geofence.frames import FloatArray
from geofence.prisms import IntArray

_LONGEST_MOVED = 3
_FARTHEST_CUT = 12


class Tour:
    """A tour over pieces; piece *p* has the ends 2p and 2p+1, and *cost* is between ends, shape (2n+1, 2n+1).

    The last row and column of *cost* stand for the places before the first piece and after the last one.
    """

    def __init__(self, cost: FloatArray) -> None:
        self._cost = cost
        self._count = len(cost) // 2
        self._nowhere = 2 * self._count

    def nearest_first(self, first: int) -> IntArray:
        """Return the ends in order when the end *first* is begun with and the nearest end always follows."""
        left = np.ones(self._nowhere, dtype=bool)
        order = np.empty(self._nowhere, dtype=np.intp)
        come = first
        for n in range(self._count):
            order[2 * n], order[2 * n + 1] = come, come ^ 1
            left[[come, come ^ 1]] = False
            if n + 1 < self._count:
                come = int(np.argmin(np.where(left, self._cost[come ^ 1, :-1], np.inf)))
        return order

    def length(self, order: IntArray) -> float:
        """Return the cost of all links of *order*."""
        closed = np.concatenate(([self._nowhere], order, [self._nowhere]))
        return float(self._cost[closed[::2], closed[1::2]].sum())

    def better(self, order: IntArray, may_go_on: Callable[[], bool], begin: Iterable[int] | None = None) -> IntArray:
        """Return *order* after all moves that shorten it, or as far as *may_go_on* allows.

        Moves are first tried at the places *begin* of the order (all if there are none), then round those made.
        """
        order = order.copy()
        todo = deque(range(self._count) if begin is None else sorted({at for at in begin if 0 <= at < self._count}))
        while todo and may_go_on():
            at = todo.popleft()
            touched = self._reverse(order, at) or self._move(order, at)
            todo.extend(near for place in touched for near in (place - 1, place) if 0 <= near < self._count)
            if touched:
                todo.append(at)
        return order

    def improved(self, order: IntArray, rng: np.random.Generator, may_go_on: Callable[[], bool]) -> IntArray:
        """Return the best order found from *order* on by kicks, for as long as *may_go_on* says."""
        best, best_length = order, self.length(order)
        while self._count > _LONGEST_MOVED and may_go_on():
            cuts = self._cuts(rng)
            trial = self.better(_exchanged(best, cuts), lambda: True, [cut - n for cut in cuts for n in (0, 1)])
            length = self.length(trial)
            if length < best_length + 1e-9:
                best, best_length = trial, length
        return best

    def _cuts(self, rng: np.random.Generator) -> list[int]:
        """Return three places not far from each other."""
        first = int(rng.integers(0, self._count - 1))
        lengths = rng.integers(1, _FARTHEST_CUT, size=2)
        return [first, min(first + int(lengths[0]), self._count), min(first + int(lengths.sum()), self._count)]

    def _reverse(self, order: IntArray, at: int) -> tuple[int, ...]:
        """Turn round the stretch from piece *at* to the best other piece, if that is shorter."""
        cost = self._cost
        before = order[2 * at - 1] if at else self._nowhere
        ends = order[2 * at + 1 :: 2]
        after = np.append(order[2 * at + 2 :: 2], self._nowhere)
        gain = cost[before, order[2 * at]] + cost[ends, after] - cost[before, ends] - cost[order[2 * at], after]
        best = int(np.argmax(gain))
        if gain[best] <= 1e-9:
            return ()
        stop = 2 * (at + best) + 2
        order[2 * at : stop] = order[2 * at : stop][::-1]
        return (at, at + best + 1)

    def _move(self, order: IntArray, at: int) -> tuple[int, ...]:
        """Put one to three pieces from *at* on to the best other place, if that is shorter."""
        for length in range(1, min(_LONGEST_MOVED, self._count - at) + 1):
            stretch = order[2 * at : 2 * (at + length)]
            rest = np.concatenate((order[: 2 * at], order[2 * (at + length) :]))
            before = np.concatenate(([self._nowhere], rest[1::2]))
            after = np.append(rest[::2], self._nowhere)
            place, is_turned, gain = self._best_place(stretch, before, after, at)
            if gain <= 1e-9:
                continue
            put = stretch[::-1] if is_turned else stretch
            order[:] = np.concatenate((rest[: 2 * place], put, rest[2 * place :]))
            return (at, at + length, place, place + length)
        return ()

    def _best_place(self, stretch: IntArray, before: IntArray, after: IntArray, at: int) -> tuple[int, bool, float]:
        cost, first, last = self._cost, stretch[0], stretch[-1]
        freed = cost[before[at], first] + cost[last, after[at]] - cost[before[at], after[at]]
        gap = cost[before, after]
        straight = cost[before, first] + cost[last, after] - gap
        turned = cost[before, last] + cost[first, after] - gap
        is_turned = bool(turned.min() < straight.min())
        added = turned if is_turned else straight
        place = int(np.argmin(added))
        return place, is_turned, float(freed - added[place])


def _exchanged(order: IntArray, cuts: list[int]) -> IntArray:
    """Return *order* with the two stretches between three cuts exchanged (a double bridge)."""
    a, b, c = (2 * cut for cut in cuts)
    return np.concatenate((order[:a], order[b:c], order[a:b], order[c:]))
