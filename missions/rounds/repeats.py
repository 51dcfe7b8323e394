"""Heavy places more than once on a tour: a place of weight 2 wants to be seen twice as often as its neighbours."""

from collections.abc import Sequence

import numpy as np

from missions.rounds.graph import Matrix
from missions.rounds.partition import Group

_MOST_VISITS = 400


def with_repeats(group: Group, *, lengths_m: Matrix, weights: Sequence[float]) -> tuple[int, ...]:
    """Return the tour of *group* with further visits of heavy places as long as that shortens the worst weighted gap.

    Only where the weights differ; lengths (n, n) are those of the shortest ways, in metres.
    """
    tour = list(group.tour)
    lightest = min(weights[place] for place in tour)
    worst = worst_gap_m(tour, group.vehicles, lengths_m=lengths_m, weights=weights)
    while group.weight > lightest and len(tour) < _MOST_VISITS:
        tries = [
            [*tour[:at], place, *tour[at:]]
            for place in {place for place in tour if weights[place] > lightest}
            for at in range(len(tour))
            if place not in {tour[at], tour[at - 1]}
        ]
        gaps = [worst_gap_m(one, group.vehicles, lengths_m=lengths_m, weights=weights) for one in tries]
        if not tries or min(gaps) >= worst - 1e-9:
            break
        worst, tour = min(gaps), tries[gaps.index(min(gaps))]
    return tuple(tour)


def worst_gap_m(tour: Sequence[int], vehicles: int, *, lengths_m: Matrix, weights: Sequence[float]) -> float:
    """Return the greatest weighted way between two visits on a closed tour with vehicles at equal distances."""
    steps = [float(lengths_m[a, b]) for a, b in zip(tour, [*tour[1:], tour[0]], strict=True)]
    starts, spacing = np.cumsum([0.0, *steps[:-1]]), sum(steps) / vehicles
    if spacing <= 0:
        return 0.0
    worst = 0.0
    for place in set(tour):
        at = np.unique(np.mod(starts[[number for number, one in enumerate(tour) if one == place]], spacing))
        worst = max(worst, weights[place] * float(np.diff(at, append=at[0] + spacing).max()))
    return worst
