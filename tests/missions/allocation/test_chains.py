"""Work handed on over several vehicles at once."""

import numpy as np

from missions.allocation.caps import Fleet
from missions.allocation.chains import chained
from missions.allocation.problem import Carrier, FloatArray, Problem
from missions.allocation.shifts import Piles, Terms, shifted
from tests.missions.allocation.test_allocation import problem

CROWD, MIDDLE = 30, 14


def row(*, others_endurance_s: float = 1000.0) -> tuple[Problem, Piles]:
    """Return three docks in a row: the first far over its neighbour's time, the last with one job."""
    docks = [(0.0, 0.0), (100.0, 0.0), (200.0, 0.0)]
    west, east = np.linspace(-40, 58, CROWD).tolist(), np.linspace(62, 150, MIDDLE).tolist()
    places = [(x, 0.0) for x in (*west, *east, 155.0)]
    carriers = [Carrier(dock=n, pace=0, endurance_s=others_endurance_s if n else 1000.0) for n in range(len(docks))]
    asked = problem([*docks, *places], docks=len(docks), carriers=carriers, work_s=10.0, is_total=True)
    jobs = tuple(range(len(places)))
    return asked, [[jobs[:CROWD]], [jobs[CROWD:-1]], [jobs[-1:]]]


def loads_s(asked: Problem, piles: Piles) -> FloatArray:
    return Fleet(asked, random=np.random.default_rng(0)).loads_s(piles)


def test_a_chain_goes_over_a_full_vehicle_to_one_with_time_left_where_no_single_stretch_pays() -> None:
    asked, piles = row()
    before_s = loads_s(asked, piles)
    limit_s = float(before_s[1])
    terms = Terms(limit_s, np.full(3, 2.0), np.ones(3))
    assert before_s[0] > 1.5 * limit_s
    assert shifted(asked, piles, before_s, terms) is None

    moved = chained(asked, piles, before_s, terms)
    assert moved is not None
    assert sorted(visit for own in moved for visits in own for visit in visits) == list(range(asked.jobs))
    after_s = loads_s(asked, moved)
    assert after_s.max() < 1.05 * limit_s
    assert after_s.sum() < before_s.sum() + np.maximum(0.0, before_s - limit_s).sum()


def test_no_chain_where_nobody_is_over_the_limit() -> None:
    asked, piles = row()
    before_s = loads_s(asked, piles)
    assert chained(asked, piles, before_s, Terms(float(before_s.max()), np.full(3, 9.0), np.ones(3))) is None


def test_a_chain_does_not_go_over_a_vehicle_that_could_not_fly_what_is_handed_to_it() -> None:
    asked, piles = row(others_endurance_s=320.0)
    before_s = loads_s(asked, piles)
    assert chained(asked, piles, before_s, Terms(float(before_s[1]), np.full(3, 2.0), np.ones(3))) is None
