"""Which sortie does which share of which estate, and the sorties that this begins with."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from missions.allocation import run_books, under_limit
from missions.allocation.caps import Fleet
from missions.allocation.estate_program import flights
from missions.allocation.estate_starts import estate_start
from missions.allocation.estates import estates_of, tied_s
from missions.allocation.optimise import optimise
from missions.allocation.problem import Carrier, Problem
from tests.missions.allocation.test_allocation import problem

DOCKS = [(0.0, 0.0), (150.0, 0.0), (300.0, 0.0)]
CENTRES = [(-60.0, 60.0), (-60.0, -60.0), (60.0, 60.0), (60.0, -60.0), (150.0, 60.0), (300.0, 60.0), (300.0, -60.0)]


def towns(*, turnaround_s: float = 60.0, endurance_s: float = 1100.0) -> Problem:
    """Return seven estates of sixteen places in a grid, four of them at the first of three docks."""
    grid = [(6.0 * x, 6.0 * y) for x in range(4) for y in range(4)]
    places = [(x + dx, y + dy) for x, y in CENTRES for dx, dy in grid]
    carriers = [
        Carrier(dock=n, pace=0, endurance_s=endurance_s, turnaround_s=turnaround_s, max_sorties=3)
        for n in range(len(DOCKS))
    ]
    return problem([*DOCKS, *places], docks=len(DOCKS), carriers=carriers, work_s=20.0, is_total=True)


def groups_of(asked: Problem) -> list[list[int]]:
    return Fleet(asked, random=np.random.default_rng(0)).groups


def test_estates_are_what_lies_together_and_rounds_through_them_are_short() -> None:
    asked = towns()
    estates = estates_of(asked)

    assert estates is not None
    assert sorted(sorted(own.tolist()) for own in estates.rounds) == [
        list(range(16 * n, 16 * n + 16)) for n in range(len(CENTRES))
    ]
    assert np.allclose(estates.busy_s, 16 * 20.0 + 16 * 6.0)
    assert tied_s(estates, 0, (0,)) == estates.to_dock_s[0, 0]
    near = int(estates.between_s[0].argsort()[1])
    assert tied_s(estates, 0, (0, near)) <= estates.to_dock_s[0, [0, near]].sum() + 1e-9


def test_few_places_aside_belong_to_the_nearest_estate_and_huge_estates_are_split() -> None:
    aside = problem([(0, 0), *((5.0 * n, 50.0) for n in range(12)), (200.0, 50.0), (205.0, 50.0)], work_s=1.0)
    estates = estates_of(aside)
    assert estates is not None
    assert [len(own) for own in estates.rounds] == [14]

    small = estates_of(towns(endurance_s=200.0))
    assert small is not None
    assert len(small.rounds) > len(CENTRES)
    assert max(small.busy_s) < 1.5 * 200.0


def test_a_lone_job_that_no_sortie_can_do_is_split_no_further() -> None:
    asked = towns()
    aside = problem([*DOCKS, *((6.0 * n, 60.0) for n in range(16)), (4000.0, 4000.0)], docks=3, work_s=20.0)
    work_s = aside.work_s[0].copy()
    work_s[-1] = 2 * asked.carriers[0].endurance_s
    estates = estates_of(replace(aside, work_s=(work_s,), carriers=asked.carriers))

    assert estates is not None
    assert sorted(choice for own in estates.rounds for choice in own.tolist()) == list(range(17))


def test_without_symmetric_free_ways_or_with_windows_there_are_no_estates() -> None:
    bound = problem([(0, 0), *((5.0 * n, 50.0) for n in range(12))], windows=[(5.0, 500.0)] * 12)
    assert estates_of(bound) is None

    asked = towns()
    cut = asked.travel_s[0].copy()
    cut[0, 7] = math.inf
    assert estates_of(replace(asked, travel_s=(cut,))) is None


def test_a_program_over_estates_keeps_limits_at_least_cost() -> None:
    asked, groups = towns(), groups_of(towns())
    estates = estates_of(asked)
    assert estates is not None

    def busy_s(limit_s: float) -> list[float]:
        found = flights(replace(asked, limit_s=limit_s), groups, estates, limit_s=limit_s, is_over=lambda: False)
        assert found is not None
        done = np.zeros(len(CENTRES))
        busy = [0.0] * len(DOCKS)
        for flight in found:
            ties = tied_s(estates, flight.group, tuple(flight.shares)) if flight.shares else 0.0
            busy[flight.group] += ties + sum(estates.busy_s[e] * share for e, share in flight.shares.items()) + 60.0
            for estate, share in flight.shares.items():
                done[estate] += share
        assert np.allclose(done, 1.0, atol=0.05)
        return [seconds - 60.0 for seconds in busy]

    assert busy_s(1e6)[0] > 1700.0
    assert max(busy_s(1600.0)) < 1600.0


def test_a_start_from_estates_does_every_job_once_and_nearly_keeps_endurance() -> None:
    asked = towns()
    trips = estate_start(asked, groups_of(asked), limit_s=1500.0, is_over=lambda: False)

    assert trips is not None
    assert sorted(choice for trip in trips for choice in trip.visits) == list(range(asked.choices))
    assert max(asked.sortie(trip.carrier, trip.visits).duration_s for trip in trips) < 1.1 * 1100.0
    assert max(sum(trip.carrier == n for trip in trips) for n in range(len(DOCKS))) <= 3


def test_too_few_estates_for_the_docks_say_nothing() -> None:
    asked = towns()
    many = [[n] for n in range(len(DOCKS))] * 2
    assert estate_start(asked, many, limit_s=1500.0, is_over=lambda: False) is None


def test_the_program_ends_when_what_it_may_take_of_the_time_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[tuple[bool, bool]] = []
    asks = iter(range(10**6))

    def note(*_: object, is_over: Callable[[], bool], **__: object) -> None:
        before = is_over()
        while not is_over():
            pass
        ends.append((before, 0.8 <= 0.5 + next(asks) / 1000 < 0.85))

    monkeypatch.setattr(run_books, "estate_start", note)
    optimise(towns(), used_share=lambda: min(1.0, 0.5 + next(asks) / 1000), allowed_s=20.0)
    assert ends == [(False, True)]


@pytest.mark.parametrize("is_by_wall", [True, False])
def test_a_program_is_told_what_is_left_of_the_time_only_where_that_is_of_the_wall_clock(
    monkeypatch: pytest.MonkeyPatch, *, is_by_wall: bool
) -> None:
    left_s: dict[str, list[float]] = {"estates": [], "exchanges": []}
    asks = count()

    def note_start(*_: object, wall_left_s: Callable[[], float], **__: object) -> None:
        left_s["estates"].append(wall_left_s())

    def note_exchange(*_: object, wall_left_s: Callable[[], float], **__: object) -> None:
        left_s["exchanges"].append(wall_left_s())

    monkeypatch.setattr(run_books, "estate_start", note_start)
    monkeypatch.setattr(under_limit, "exchanged", note_exchange)
    optimise(towns(), used_share=lambda: min(1.0, next(asks) / 1000), allowed_s=20.0, is_by_wall=is_by_wall)

    assert all(left_s.values())
    if is_by_wall:
        assert all(0.75 * 20.0 < left <= 0.8 * 20.0 for left in left_s["estates"])
        assert all(0.0 <= left < 0.6 * 20.0 for left in left_s["exchanges"])
    else:
        assert {left for own in left_s.values() for left in own} == {math.inf}
