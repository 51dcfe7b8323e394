"""Sorties without detours of their own, and sorties flown the other way round."""

import itertools
import math
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from missions.allocation.problem import Carrier, FloatArray, IntArray, Problem
from missions.allocation.untangle import Turner, can_turn, shaken, straight, untangled
from missions.allocation.vrp import Search, Slot, Trip
from tests.missions.allocation.test_allocation import problem


def places(count: int, *, seed: int) -> FloatArray:
    return np.asarray(np.random.default_rng(seed).uniform(0.0, 100.0, (count, 2)))


def between(at: FloatArray) -> FloatArray:
    return np.asarray(np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)))


def length(spans: FloatArray, route: IntArray) -> float:
    return float(spans[route, np.roll(route, -1)].sum())


def one_dock(count: int, *, seed: int = 3) -> Problem:
    at = [tuple(place) for place in places(count + 1, seed=seed).tolist()]
    return problem(at, docks=1, carriers=[Carrier(dock=0, pace=0, endurance_s=1e5)], work_s=5.0, is_total=True)


@pytest.mark.parametrize("count", [4, 5, 6, 7])
def test_no_turned_part_and_no_moved_neighbours_make_an_untangled_route_shorter(count: int) -> None:
    for seed in range(12):
        spans = between(places(count, seed=seed))
        route = untangled(spans, np.arange(count))
        assert route[0] == 0
        assert sorted(route.tolist()) == list(range(count))
        own = route.tolist()
        near = [own[:a] + own[a:b][::-1] + own[b:] for a, b in itertools.combinations(range(count + 1), 2)]
        for a, b in itertools.combinations(range(count + 1), 2):
            part, rest = own[a:b], own[:a] + own[b:]
            if b - a <= 3 and rest:
                near += [rest[:n] + way + rest[n:] for n in range(len(rest) + 1) for way in (part, part[::-1])]
        assert length(spans, route) <= min(length(spans, np.array(other)) for other in near) + 1e-5


def test_a_route_over_places_without_a_way_between_them_stays_as_it_is() -> None:
    spans = between(places(6, seed=1))
    spans[2, 3] = spans[3, 2] = math.inf
    route = np.array([0, 2, 4, 3, 1, 5])
    assert untangled(spans, route).tolist() == route.tolist()


def test_a_sortie_without_detours_does_the_same_jobs_sooner_and_shaking_it_finds_no_worse() -> None:
    asked = one_dock(30)
    visits = tuple(range(30))
    better = straight(asked, 0, visits)
    best = shaken(asked, 0, better, random=Random(1), times=10)
    assert sorted(better) == sorted(best) == list(visits)
    crossed_s, better_s, best_s = (asked.sortie(0, own).duration_s for own in (visits, better, best))
    assert best_s <= better_s + 1e-9
    assert better_s < 0.6 * crossed_s


def test_sorties_are_turned_only_where_ways_back_are_as_long_and_nothing_is_bound_to_a_time() -> None:
    asked = one_dock(12)
    travel = asked.travel_s[0].copy()
    travel[3, 4] += 1.0
    one_way = replace(asked, travel_s=(travel,))
    bound = replace(asked, to_s=np.full(12, 500.0))
    twice = replace(asked, job_of=np.arange(12) // 2)
    assert can_turn(asked)
    for other in (one_way, bound, twice):
        assert not can_turn(other)
        assert Turner(other, seed=0).turned([(0, (3, 1, 2, 0))]) == [(3, 1, 2, 0)]

    turner = Turner(asked, seed=0)
    own = straight(asked, 0, tuple(range(12)))
    seen = {turner.turned([(0, own)])[0] for _ in range(40)}
    assert seen == {own, own[::-1]}


def test_a_block_of_the_search_turns_round_what_pyvrp_would_leave_crossed() -> None:
    asked = one_dock(6)
    asked = replace(
        asked, travel_s=(between(np.array([(0, 0), (0, 10), (5, 20), (10, 30), (20, 30), (25, 20), (30, 10)])),)
    )
    crossed = (0, 5, 4, 3, 2, 1)
    search = Search(asked, seed=0)
    block = search.block(
        [Trip(carrier=0, visits=crossed)],
        [Slot(carrier=0, cap_s=1e4)],
        steps=1,
        is_thorough=False,
        is_over=lambda: True,
    )
    assert sorted((block.trips[0].visits, block.trips[0].visits[::-1])) == [(0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0)]
