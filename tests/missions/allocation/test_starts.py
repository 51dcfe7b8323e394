"""Sorties to begin with, and docks planned anew with their neighbours."""

import math
from dataclasses import replace

import numpy as np
import pytest

from missions.allocation.caps import Fleet, Piles
from missions.allocation.optimise import optimise
from missions.allocation.problem import Carrier, Problem
from missions.allocation.quarters import Quarters, Terms
from missions.allocation.starts import guessed_total_s, started
from missions.allocation.vrp import Trip
from tests.missions.allocation.test_allocation import assert_sound, problem

DOCKS = [(0.0, 0.0), (250.0, 0.0), (500.0, 0.0), (750.0, 0.0)]


def district(*, is_total: bool = True, max_sorties: int = 3, seed: int = 5) -> Problem:
    """Return eighty places, most of them near the first of four docks, a vehicle at each."""
    rng = np.random.default_rng(seed)
    crowd, others = rng.normal((50, 0), 60, (56, 2)), rng.uniform((0, -60), (750, 60), (24, 2))
    carriers = [
        Carrier(dock=n, pace=0, endurance_s=1500.0, turnaround_s=60.0, max_sorties=max_sorties)
        for n in range(len(DOCKS))
    ]
    places = [*DOCKS, *map(tuple, crowd.tolist()), *map(tuple, others.tolist())]
    return problem(places, docks=len(DOCKS), carriers=carriers, work_s=20.0, is_total=is_total)


def jobs_of(asked: Problem, trips: list[Trip]) -> list[int]:
    return sorted(int(asked.job_of[choice]) for trip in trips for choice in trip.visits)


@pytest.mark.parametrize("is_total", [True, False])
def test_a_start_does_every_job_once_with_the_sorties_that_there_are(is_total: bool) -> None:
    asked = district(is_total=is_total, max_sorties=2)
    groups = Fleet(asked, random=np.random.default_rng(0)).groups

    trips = started(asked, groups, limit_s=1800.0).trips
    assert jobs_of(asked, trips) == list(range(asked.jobs))
    assert max(sum(trip.carrier == n for trip in trips) for n in range(len(DOCKS))) <= 2


def test_a_start_takes_work_from_a_crowded_dock_to_those_beside_it() -> None:
    asked = district()
    groups = Fleet(asked, random=np.random.default_rng(0)).groups

    def at_first_dock(limit_s: float) -> int:
        return sum(len(trip.visits) for trip in started(asked, groups, limit_s=limit_s).trips if trip.carrier == 0)

    assert at_first_dock(math.inf) > 45
    assert at_first_dock(1200.0) < 40
    prices = started(asked, groups, limit_s=1200.0).prices
    assert prices[0] == max(prices) > 1.0 == min(prices)


def test_nobody_guesses_what_has_windows_or_what_nobody_can_reach() -> None:
    bound = problem([(0, 0), (10, 0)], windows=[(5.0, 50.0)])
    far = problem([(0, 0), (10, 0)], carriers=[Carrier(dock=0, pace=0, endurance_s=15.0)])

    assert guessed_total_s(bound, [[0]], limit_s=math.inf) is None
    assert guessed_total_s(far, [[0]], limit_s=math.inf) is None


def test_of_a_strand_only_one_way_round_is_in_a_start() -> None:
    spots = np.array([[0.0, 0], [10, 0], [20, 0], [30, 0]])
    travel = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))
    asked = Problem(
        docks=1,
        travel_s=(travel,),
        work_s=(np.array([0.0, 10.0, 10.0, 5.0]),),
        job_of=np.array([0, 0, 1]),
        from_s=np.zeros(3),
        to_s=np.full(3, math.inf),
        carriers=(Carrier(dock=0, pace=0, endurance_s=200.0),),
    )
    assert jobs_of(asked, started(asked, [[0]], limit_s=math.inf).trips) == [0, 1]


def test_quarters_lose_no_job_and_only_get_better() -> None:
    asked, terms = district(), Terms(limit_s=1200.0, over_price=2.0, prices=np.ones(len(DOCKS)))
    fleet = Fleet(asked, random=np.random.default_rng(0))
    quarters = Quarters(asked, fleet.groups, docks=3, seed=1)
    piles = fleet.piles(started(asked, fleet.groups, limit_s=math.inf).trips)

    def cost_s(piles: Piles) -> float:
        loads_s = fleet.loads_s(piles)
        return float(loads_s.sum() + 2.0 * np.maximum(0.0, loads_s - 1200.0).sum())

    before_s = cost_s(piles)
    for _ in range(3):
        piles, _ = quarters.replanned(piles, terms, is_over=lambda: False)
        assert sorted(choice for own in piles for visits in own for choice in visits) == list(range(asked.jobs))
    assert cost_s(piles) < 0.9 * before_s


def test_a_crowded_dock_is_relieved_within_what_was_asked() -> None:
    asked = replace(district(), limit_s=1300.0)
    asks = iter(range(10**6))
    found = optimise(asked, used_share=lambda: min(1.0, next(asks) / 1500))

    assert_sound(asked, found)
    assert found.left == ()
    assert found.makespan_s <= 1300.0
