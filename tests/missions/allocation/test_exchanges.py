"""Many stretches exchanged between many sorties at once, and the program that chooses them."""

import math
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from missions.allocation import exchanges
from missions.allocation.caps import Fleet
from missions.allocation.exchanges import exchanged
from missions.allocation.leftovers import settled
from missions.allocation.limits import is_out_of_reach, rank
from missions.allocation.problem import Carrier, FloatArray, Problem
from missions.allocation.programs import Program, solved
from missions.allocation.shifts import Piles, Stretches, Terms, shifted, stretches_of
from tests.missions.allocation.test_allocation import problem

DOCKS, EACH = 3, 7
AT = [(25.0, 1), (30.0, 2), (35.0, 1), (35.0, -1), (30.0, -2), (25.0, -1), (37.0, 0)]
"""Jobs around each dock, how far out and how far aside; the last one is not flown by its own vehicle."""
NO_LIMIT = Terms(1e6, np.ones(DOCKS), np.ones(DOCKS))


def ring(*, endurance_s: float = 600.0) -> tuple[Problem, Piles]:
    """Return three docks in a triangle: each vehicle is full, and does the middle one of the next one's jobs."""
    angles = np.linspace(0.0, 2 * math.pi, DOCKS, endpoint=False)
    rays = [(math.cos(angle), math.sin(angle)) for angle in angles]
    places = [(far * x - 5.0 * n * y, far * y + 5.0 * n * x) for x, y in rays for far, n in AT]
    carriers = [Carrier(dock=n, pace=0, endurance_s=endurance_s) for n in range(DOCKS)]
    docks = [(20.0 * x, 20.0 * y) for x, y in rays]
    asked = problem([*docks, *places], docks=DOCKS, carriers=carriers, work_s=30.0, is_total=True)
    own = [list(range(EACH * n, EACH * n + EACH)) for n in range(DOCKS)]
    piles: Piles = [[(*own[n][:-1], own[(n + 1) % DOCKS][-1])] for n in range(DOCKS)]
    return asked, piles


def loads_s(asked: Problem, piles: Piles) -> FloatArray:
    return Fleet(asked, random=np.random.default_rng(0)).loads_s(piles)


def test_a_ring_of_moves_is_found_where_every_vehicle_is_full_and_no_single_one_can_be_made() -> None:
    asked, piles = ring()
    before_s = loads_s(asked, piles)
    full = ring(endurance_s=float(before_s.max()) + 1e-6)[0]
    tight = NO_LIMIT._replace(limit_s=float(before_s.min()) - 1.0)
    assert shifted(full, piles, before_s, tight) is None

    better = exchanged(full, piles, before_s, NO_LIMIT, is_over=lambda: False)
    assert better is not None
    assert sorted(visit for own in better for visits in own for visit in visits) == list(range(DOCKS * EACH))
    after_s = loads_s(full, better)
    assert after_s.sum() < before_s.sum() - 40.0
    assert after_s.max() <= before_s.max()
    assert all(set(new[0]) != set(old[0]) for new, old in zip(better, piles, strict=True))


def test_work_of_a_crowded_vehicle_goes_out_in_a_sortie_more_of_one_that_may() -> None:
    asked, piles = ring()
    carriers = (
        *asked.carriers[:2],
        Carrier(dock=0, pace=0, endurance_s=260.0, turnaround_s=10.0, max_sorties=2),
    )
    asked = problem(
        [(0.0, 0.0), (60.0, 0.0), (0.0, 60.0), *((5.0, float(n)) for n in range(8))],
        docks=3,
        carriers=list(carriers),
        work_s=5.0,
        is_total=True,
    )
    piles = [[tuple(range(7))], [], [(7,)]]
    before_s = loads_s(asked, piles)
    dear = Terms(30.0, np.full(3, 5.0), np.ones(3))

    better = exchanged(asked, piles, before_s, dear, is_over=lambda: False)
    assert better is not None
    assert sorted(visit for own in better for visits in own for visit in visits) == list(range(8))
    assert len(better[2]) <= 2
    after_s = loads_s(asked, better)
    assert np.maximum(0.0, after_s - 30.0).sum() < np.maximum(0.0, before_s - 30.0).sum()


def test_nothing_is_exchanged_where_nothing_pays_or_there_is_no_work() -> None:
    asked, piles = ring()
    best = exchanged(asked, piles, loads_s(asked, piles), NO_LIMIT, is_over=lambda: False)
    assert best is not None
    assert exchanged(asked, best, loads_s(asked, best), NO_LIMIT, is_over=lambda: False) is None
    assert exchanged(asked, [[], [], []], np.zeros(3), NO_LIMIT, is_over=lambda: False) is None


def test_moves_are_listed_only_until_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, piles = ring()
    asks, looked_at = count(), []

    def noted(*asked_for: Any) -> Stretches:
        looked_at.append(asked_for)
        return stretches_of(*asked_for)

    monkeypatch.setattr(exchanges, "stretches_of", noted)
    assert exchanged(asked, piles, loads_s(asked, piles), NO_LIMIT, is_over=lambda: next(asks) >= 2) is None
    assert len(looked_at) == 2 < sum(len(own) for own in piles)


def test_a_limit_is_out_of_reach_where_ending_later_counts_no_more_and_nobody_asked_for_it() -> None:
    asked, piles = ring()
    found = settled(asked, piles)

    def worth(fair_s: float) -> float:
        return rank(asked, found, fair_s=fair_s, even_s=fair_s)[0]

    near_s, far_s = found.makespan_s / 1.09, found.makespan_s / 1.11
    assert worth(near_s) < worth(far_s) == worth(far_s / 2)
    assert not is_out_of_reach(asked, found, fair_s=near_s)
    assert is_out_of_reach(asked, found, fair_s=far_s)
    assert not is_out_of_reach(replace(asked, limit_s=far_s), found, fair_s=far_s)


def knapsack(items: int) -> Program:
    random = np.random.default_rng(3)
    weights = random.integers(20, 90, (8, items)).astype(np.float64)
    return Program(
        cost=-random.integers(20, 90, items).astype(np.float64),
        matrix=csr_array(weights),
        lower=np.full(8, -np.inf),
        upper=weights.sum(axis=1) / 2,
        most=np.ones(items),
        is_whole=np.ones(items, dtype=np.bool_),
    )


def test_a_program_ends_soon_after_it_is_told_and_has_what_it_began_with_or_better() -> None:
    program, asks = knapsack(60), count()
    start = np.zeros(60)
    start[:10] = 1.0

    found = solved(program, gap=0.0, most_nodes=10**6, is_over=lambda: next(asks) >= 3, start=start)
    assert found is not None
    assert next(asks) < 50
    assert program.cost @ found <= program.cost @ start
    assert (program.matrix @ found <= program.upper + 1e-6).all()


def test_a_program_keeps_what_is_left_of_the_wall_clock_where_it_does_not_ask() -> None:
    program, start = knapsack(60), np.zeros(60)
    start[:10] = 1.0

    def cost(left_s: float) -> float:
        found = solved(program, gap=0.0, most_nodes=20, is_over=lambda: False, wall_left_s=lambda: left_s, start=start)
        assert found is not None
        return float(program.cost @ found)

    assert cost(math.inf) == cost(3600.0) < cost(0.0) == cost(-1.0) == program.cost @ start


def test_a_program_without_solution_has_none() -> None:
    program = Program(
        cost=np.ones(1),
        matrix=csr_array(np.array([[2.0]])),
        lower=np.ones(1),
        upper=np.ones(1),
        most=np.ones(1),
        is_whole=np.ones(1, dtype=np.bool_),
    )
    assert solved(program, gap=0.0, most_nodes=10, is_over=lambda: False) is None
