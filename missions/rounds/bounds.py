"""What no rounds whatever can beat.

In any span as long as the worst idleness every place is visited, so the ways of the K vehicles in it cover all places:
together they are at least as long as the shortest K paths that do. Those are bounded by forests with prices on places
that have more than two neighbours (Held and Karp 1970), moved by subgradients. One vehicle comes back, so a tour bounds
it (Chevaleyre 2004). And of K + 1 places some two are visited by the same vehicle in such a span.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from missions.rounds.graph import Matrix

_ROUNDS, _WORK = 300, 40_000
"""Prices are moved so often, less where there are more places than work allows."""
Degrees = npt.NDArray[np.int64]
Relaxed = Callable[[Matrix], tuple[float, Degrees]]
"""The cost with prices on the places, and how far each place is from two neighbours."""


def least_gap_m(lengths_m: Matrix, vehicles: int) -> float:
    """Return a lower bound of the way between two visits of some place, in metres; lengths (n, n) of shortest ways."""
    size = len(lengths_m)
    if vehicles >= size:
        return 0.0
    both = np.minimum(lengths_m, lengths_m.T)
    if vehicles == 1:
        return max(_tour_m(both), float(np.max(lengths_m + lengths_m.T)))
    return max(_paths_m(both, vehicles) / vehicles, _spread_m(both, vehicles + 1))


def _tour_m(lengths_m: Matrix) -> float:
    """Return a lower bound of a closed tour: trees of all but the first place, and two ways to that."""
    size = len(lengths_m)
    if size < 3:
        return float(2 * lengths_m.max())

    def relaxed(prices: Matrix) -> tuple[float, Degrees]:
        cost = lengths_m + prices[:, None] + prices[None, :]
        total, degrees = _forest(cost[1:, 1:], size - 2)
        degrees = np.concatenate([[2], degrees])
        nearest = 1 + np.argsort(cost[0, 1:])[:2]
        degrees[nearest] += 1
        return total + float(cost[0, nearest].sum()) - 2 * float(prices.sum()), degrees - 2

    return _highest(relaxed, size, step_m=float(lengths_m.max()) / size, only_up=False)


def _paths_m(lengths_m: Matrix, count: int) -> float:
    """Return a lower bound of the length of *count* paths that cover all places."""
    size = len(lengths_m)

    def relaxed(prices: Matrix) -> tuple[float, Degrees]:
        total, degrees = _forest(lengths_m + prices[:, None] + prices[None, :], size - count)
        return total - 2 * float(prices.sum()), degrees - 2

    return _highest(relaxed, size, step_m=float(lengths_m.max()) / size, only_up=True)


def _highest(relaxed: Relaxed, size: int, *, step_m: float, only_up: bool) -> float:
    prices, best = np.zeros(size), 0.0
    for number in range(min(_ROUNDS, max(10, _WORK // size))):
        bound, excess = relaxed(prices)
        best = max(best, bound)
        prices = prices + step_m * 0.98**number * excess
        if only_up:
            prices = np.maximum(prices, 0.0)
    return best


def _forest(cost: Matrix, edges: int) -> tuple[float, Degrees]:
    """Return the cost and the degrees of the cheapest forest with so many edges (Prim 1957, dearest edges left out)."""
    size = len(cost)
    near, parent = cost[0].copy(), np.zeros(size, dtype=np.intp)
    is_in = np.zeros(size, dtype=np.bool_)
    is_in[0] = True
    joins = []
    for _ in range(size - 1):
        place = int(np.argmin(np.where(is_in, np.inf, near)))
        joins.append((float(near[place]), place, int(parent[place])))
        is_in[place] = True
        closer = cost[place] < near
        near, parent = np.where(closer, cost[place], near), np.where(closer, place, parent)
    kept = sorted(joins)[:edges]
    degrees = np.bincount([end for _, *ends in kept for end in ends], minlength=size)
    return sum(join for join, _, _ in kept), degrees.astype(np.int64)


def _spread_m(lengths_m: Matrix, count: int) -> float:
    """Return the least distance among *count* places that were picked far from each other."""
    far = int(np.argmax(lengths_m.sum(axis=1)))
    near = lengths_m[far].copy()
    least = np.inf
    for _ in range(count - 1):
        place = int(np.argmax(near))
        least = min(least, float(near[place]))
        near = np.minimum(near, lengths_m[place])
    return float(least)
