"""Sorties that start and end at the same dock, shared out over alike vehicles so that the last one ends early.

Longest first onto the vehicle that would end first (Graham 1969), then exchanges between the last to end and others.
"""

from collections.abc import Sequence
from itertools import product

Pile = list[int]
_MOST_ROUNDS = 200


def pack(durations_s: Sequence[float], vehicles: int, *, most: int, pause_s: float) -> list[Pile]:
    """Return for each vehicle the sorties it flies (their indexes), at most *most* each, with *pause_s* between two."""
    piles: list[Pile] = [[] for _ in range(vehicles)]
    costs = [duration_s + pause_s for duration_s in durations_s]
    loads = [0.0] * vehicles
    for sortie in sorted(range(len(costs)), key=lambda n: -costs[n]):
        pile = min((v for v in range(vehicles) if len(piles[v]) < most), key=lambda v: (loads[v], len(piles[v])))
        piles[pile].append(sortie)
        loads[pile] += costs[sortie]
    for _ in range(_MOST_ROUNDS if vehicles > 1 and len(costs) > vehicles else 0):
        if not _exchange(piles, loads, costs, most):
            break
    return piles


def _exchange(piles: list[Pile], loads: list[float], costs: Sequence[float], most: int) -> bool:
    """Make the best move or swap that lowers the higher of two loads, one of them the highest; False: there is none."""
    worst = max(range(len(loads)), key=loads.__getitem__)
    best, chosen = loads[worst] - 1e-9, None
    for other in (v for v in range(len(piles)) if v != worst):
        room = [None] if len(piles[other]) < most else []
        for give, take in product(piles[worst], [*room, *piles[other]]):
            moved = costs[give] - (0.0 if take is None else costs[take])
            higher = max(loads[worst] - moved, loads[other] + moved)
            if higher < best:
                best, chosen = higher, (other, give, take, moved)
    if chosen is None:
        return False
    other, give, take, moved = chosen
    piles[worst].remove(give)
    piles[other].append(give)
    if take is not None:
        piles[other].remove(take)
        piles[worst].append(take)
    loads[worst] -= moved
    loads[other] += moved
    return True
