"""Sharing out work: small problems against trying everything, and what every result must keep."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions.allocation.bounds import least_s
from missions.allocation.caps import Fleet, Piles
from missions.allocation.leftovers import fitted
from missions.allocation.optimise import optimise
from missions.allocation.packing import pack
from missions.allocation.problem import Allocation, Carrier, Problem, Sortie, faults
from missions.allocation.redock import redocked
from missions.allocation.shifts import Terms, shifted


def problem(
    places: list[tuple[float, float]],
    *,
    docks: int = 1,
    carriers: list[Carrier] | None = None,
    work_s: float = 1.0,
    is_total: bool = False,
    windows: list[tuple[float, float]] | None = None,
) -> Problem:
    """Places in metres at 1 m/s; the first ones are docks."""
    spots = np.array(places, dtype=np.float64).reshape(-1, 2)
    travel = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))
    jobs = len(spots) - docks
    bounds = np.array(windows or [(0.0, math.inf)] * jobs, dtype=np.float64).reshape(-1, 2)
    return Problem(
        docks=docks,
        travel_s=(travel,),
        work_s=(np.array([0.0] * docks + [work_s] * jobs),),
        job_of=np.arange(jobs),
        from_s=bounds[:, 0],
        to_s=bounds[:, 1],
        carriers=tuple(carriers or [Carrier(dock=0, pace=0, endurance_s=1e4)]),
        is_total=is_total,
    )


def solved(asked: Problem, *, seed: int = 0) -> Allocation:
    return optimise(asked, seed=seed, used_share=lambda: 0.0)


def assert_sound(asked: Problem, found: Allocation) -> None:
    jobs = [int(asked.job_of[choice]) for sortie in found.all() for choice in sortie.visits]
    assert sorted([*jobs, *found.left]) == list(range(asked.jobs))
    for carrier, own in enumerate(found.sorties):
        assert len(own) <= asked.carriers[carrier].max_sorties
        assert faults(asked, carrier, own) <= 1e-6


_spot = st.tuples(st.integers(-50, 50), st.integers(-50, 50))


@settings(max_examples=6, deadline=None, derandomize=True)
@given(spots=st.lists(_spot, min_size=2, max_size=6), is_total=st.booleans())
def test_small_problems_are_solved_as_well_as_by_trying_everything(
    spots: list[tuple[float, float]], is_total: bool
) -> None:
    asked = problem([(0, 0), *spots], carriers=[Carrier(dock=0, pace=0, endurance_s=1e4)] * 2, is_total=is_total)
    found = solved(asked)
    assert_sound(asked, found)
    best = min(_all_values(asked, is_total))
    got = found.total_s if is_total else found.makespan_s
    assert got <= best * 1.0101 + 1e-6
    assert found.least_s is not None
    assert found.least_s <= best + 1e-6


def _all_values(asked: Problem, is_total: bool) -> list[float]:
    jobs = range(asked.jobs)
    values = []
    for order in itertools.permutations(jobs):
        for at in range(len(order) + 1):
            ends = [asked.sortie(0, part).duration_s for part in (order[:at], order[at:])]
            values.append(sum(ends) if is_total else max(ends))
    return values


def test_a_way_round_is_chosen_for_each_strand() -> None:
    # a strand from (10, 0) to (20, 0): entered at one end, left at the other
    entry, exit_ = np.array([[0, 0], [10, 0], [20, 0], [30, 0]]), np.array([[0, 0], [20, 0], [10, 0], [30, 0]])
    travel = np.hypot(*(exit_[:, None] - entry[None]).transpose(2, 0, 1))
    asked = Problem(
        docks=1,
        travel_s=(travel,),
        work_s=(np.array([0.0, 10.0, 10.0, 0.0]),),
        job_of=np.array([0, 0, 1]),
        from_s=np.zeros(3),
        to_s=np.full(3, math.inf),
        carriers=(Carrier(dock=0, pace=0, endurance_s=100.0),),
    )
    assert solved(asked).makespan_s == pytest.approx(60.0)


def test_work_is_left_rather_than_endurance_overrun() -> None:
    carrier = Carrier(dock=0, pace=0, endurance_s=45.0)
    asked = problem([(0, 0), (10, 0), (20, 0), (-20, 0), (0, 20)], carriers=[carrier])
    found = solved(asked)
    assert_sound(asked, found)
    assert len(found.left) == 2


def test_sorties_wait_in_the_dock_between_two() -> None:
    carrier = Carrier(dock=0, pace=0, endurance_s=45.0, turnaround_s=30.0, max_sorties=4)
    asked = problem([(0, 0), (20, 0), (-20, 0), (0, 20)], carriers=[carrier])
    found = solved(asked)
    assert_sound(asked, found)
    assert found.makespan_s == pytest.approx(3 * 41 + 2 * 30)


def test_windows_are_kept_and_what_misses_them_is_left() -> None:
    windows = [(50.0, 60.0), (0.0, 15.0), (0.0, 5.0)]
    asked = problem([(0, 0), (10, 0), (0, 10), (-10, 0)], windows=windows)
    found = solved(asked)
    assert_sound(asked, found)
    assert found.left == (2,)


def test_a_start_that_lacks_jobs_is_completed() -> None:
    asked = problem([(0, 0), (10, 0), (0, 10), (-10, 0)])
    found = optimise(asked, used_share=lambda: 0.0, start=[[(1,)]])
    assert_sound(asked, found)
    assert found.left == ()


def test_without_time_there_still_is_a_plan() -> None:
    asked = problem([(0, 0), *((7.0 * n, 5.0 * (n % 3)) for n in range(40))])
    found = optimise(asked, used_share=lambda: 1.0)
    assert_sound(asked, found)


def test_whole_sorties_move_to_the_dock_where_they_cost_less() -> None:
    carriers = [Carrier(dock=dock, pace=0, endurance_s=500.0, max_sorties=2) for dock in (0, 1)]
    asked = problem([(0, 0), (100, 0), (5, 0), (8, 0), (95, 0), (92, 0)], docks=2, carriers=carriers)
    moved = redocked(asked, [[0], [1]], [(2, 3), (0, 1)], limit_s=500.0)
    assert moved is not None
    assert [sorted(visits[0]) for visits in moved] == [[0, 1], [2, 3]]


def _crowded() -> Problem:
    carriers = [Carrier(dock=dock, pace=0, endurance_s=200.0, max_sorties=2, turnaround_s=5.0) for dock in (0, 1, 2)]
    west, east = [(float(n), 10.0) for n in range(0, 40, 4)], [(400.0, 5.0)]
    return problem([(0, 0), (60, 0), (400, 0), *west, *east], docks=3, carriers=carriers, work_s=5.0)


def test_a_stretch_moves_from_a_crowded_dock_to_the_next_with_time_left() -> None:
    asked = _crowded()
    piles: Piles = [[tuple(range(10))], [], [(10,)]]
    loads_s = Fleet(asked, random=np.random.default_rng(0)).loads_s(piles)
    terms = Terms(100.0, np.full(3, 4.0), np.ones(3))
    moved = shifted(asked, piles, loads_s, terms)
    assert moved is not None
    assert sorted(visit for own in moved for visits in own for visit in visits) == list(range(11))
    assert moved[2] == [(10,)]
    assert [visit for visits in moved[1] for visit in visits]
    assert asked.sortie(0, moved[0][0]).duration_s <= 100.0
    assert asked.sortie(1, moved[1][0]).duration_s <= 100.0


def test_no_stretch_moves_where_nobody_is_crowded_or_where_it_costs_more_than_it_is_worth() -> None:
    asked = _crowded()
    piles: Piles = [[tuple(range(10))], [], [(10,)]]
    loads_s = Fleet(asked, random=np.random.default_rng(0)).loads_s(piles)
    assert shifted(asked, piles, loads_s, Terms(float(loads_s.max()), np.full(3, 4.0), np.ones(3))) is None
    assert shifted(asked, piles, loads_s, Terms(100.0, np.full(3, 0.1), np.ones(3))) is None


def test_a_second_over_the_limit_is_worth_more_far_from_where_there_is_time() -> None:
    asked = _crowded()
    fleet = Fleet(asked, random=np.random.default_rng(0))
    full: Piles = [[tuple(range(10))], [(0,)] * 2, []]
    near, middle, far = fleet.remoteness(full, limit_s=30.0).tolist()[::-1]
    assert near == 1.0 < middle < far
    assert fleet.remoteness(full, limit_s=1.0).tolist() == [1.0, 1.0, 1.0]


def test_the_total_is_kept_small_without_a_dock_that_works_on_alone() -> None:
    carriers = [Carrier(dock=dock, pace=0, endurance_s=90.0, max_sorties=6, turnaround_s=10.0) for dock in (0, 1)]
    spots = [(float(5 * (n % 8)), float(5 * (n // 8))) for n in range(24)]
    asked = problem([(0, 0), (45, 0), *spots], docks=2, carriers=carriers, work_s=10.0, is_total=True)
    asked_so_often = itertools.count()
    found = optimise(asked, used_share=lambda: next(asked_so_often) / 3000)
    assert_sound(asked, found)
    assert not found.left
    even_s = found.total_s / 2
    assert found.makespan_s <= 1.25 * even_s


def test_sorties_are_packed_so_that_the_last_ends_early() -> None:
    piles = pack([5, 5, 4, 4, 3, 3], 2, most=3, pause_s=1)
    loads = [sum([5, 5, 4, 4, 3, 3][n] for n in pile) for pile in piles]
    assert loads == [12, 12]


def test_the_bound_is_no_more_than_the_tree_and_the_work() -> None:
    asked = problem([(0, 0), (3, 4), (3, 4), (6, 8)], is_total=True)
    assert least_s(asked) == pytest.approx(3 + 10)


def test_leftovers_are_put_where_there_is_room() -> None:
    asked = problem([(0, 0), (10, 0), (20, 0)], carriers=[Carrier(dock=0, pace=0, endurance_s=30.0, max_sorties=2)])
    found = fitted(asked, [[(0, 1)]])
    assert_sound(asked, found)
    assert found.left == (1,)


class _Counted(Problem):
    """Counts how often a sortie is worked out."""

    asked = 0

    def sortie(self, carrier: int, visits: Sequence[int], *, ready_s: float = 0.0) -> Sortie:
        type(self).asked += 1
        return super().sortie(carrier, visits, ready_s=ready_s)


@pytest.mark.parametrize("windows", [None, [(0.0, 300.0)] * 300])
def test_far_more_than_fits_is_left_without_trying_all_orders(windows: list[tuple[float, float]] | None) -> None:
    random = np.random.default_rng(5)
    places = [(0.0, 0.0), *map(tuple, random.uniform(-50, 50, (300, 2)).tolist())]
    plain = problem(places, carriers=[Carrier(dock=0, pace=0, endurance_s=400.0)], windows=windows)
    asked = _Counted(**{field.name: getattr(plain, field.name) for field in fields(plain)})
    found = fitted(asked, [[tuple(range(300))]])
    assert_sound(asked, found)
    assert len(found.left) < 295
    assert _Counted.asked < 20_000
