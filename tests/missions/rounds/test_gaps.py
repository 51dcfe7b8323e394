"""Gaps between visits and the time that something stays unseen."""

import math
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missions.rounds.gaps import Rhythm, Unseen, merged, worst_gap_s


def waits(rhythms: Sequence[Rhythm], moments: int, *, seed: int) -> list[float]:
    """Return how long something waits that appears at a random moment of a long time: Monte Carlo."""
    random, end_s = Random(seed), 3000.0 * max(one.period_s for one in rhythms)
    visits = np.sort(np.concatenate([_visits(one, end_s * 1.01) for one in rhythms]))
    at = np.array([random.uniform(0, end_s) for _ in range(moments)])
    return list(visits[np.searchsorted(visits, at)] - at)


def _visits(rhythm: Rhythm, end_s: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    laps = np.arange(math.ceil(end_s / rhythm.period_s)) * rhythm.period_s
    return np.asarray((laps[:, None] + np.array(rhythm.visits_s)).ravel(), dtype=np.float64)


def test_one_visit_a_period() -> None:
    unseen = Unseen.of([[Rhythm(period_s=60.0, visits_s=(13.0,))]])
    assert (unseen.worst_s, unseen.mean_s) == (60.0, 30.0)
    assert unseen.quantile_s(0.9) == pytest.approx(54.0)
    assert unseen.chance(15.0) == pytest.approx(0.75)


def test_rhythms_of_one_period_keep_their_phase_and_others_do_not() -> None:
    together = [Rhythm(period_s=60.0, visits_s=(0.0,)), Rhythm(period_s=30.0, visits_s=(10.0,))]
    assert worst_gap_s(together) == pytest.approx(30.0)
    assert len(merged(together)) == 1
    opposite = [Rhythm(period_s=60.0, visits_s=(0.0,)), Rhythm(period_s=60.0, visits_s=(30.0,))]
    assert worst_gap_s(opposite) == pytest.approx(30.0)
    drifting = [Rhythm(period_s=60.0, visits_s=(0.0,)), Rhythm(period_s=10 * math.pi, visits_s=(0.0,))]
    assert worst_gap_s(drifting) == pytest.approx(10 * math.pi)
    assert len(merged(drifting)) == 2


def test_somebody_who_stands_there_sees_it_at_once_and_nobody_never() -> None:
    standing = [Rhythm(period_s=0.0, visits_s=(0.0,)), Rhythm(period_s=9.0, visits_s=(0.0,))]
    assert Unseen.of([standing]).worst_s == Unseen.of([standing]).mean_s == 0.0
    half = Unseen.of([standing, []])
    assert half.worst_s == half.mean_s == math.inf
    assert half.quantile_s(0.4) == pytest.approx(0.0, abs=1e-9)
    assert half.quantile_s(0.9) == math.inf


@settings(max_examples=12, deadline=None)
@given(
    periods=st.lists(st.sampled_from([20.0, 30.0, 45.0, 10 * math.pi, 17 * math.sqrt(2)]), min_size=1, max_size=3),
    seed=st.integers(0, 1000),
)
def test_the_distribution_is_what_a_simulation_sees(periods: list[float], seed: int) -> None:
    random = Random(seed)
    rhythms = [
        Rhythm(period_s=period, visits_s=tuple(random.uniform(0, period) for _ in range(random.randint(1, 3))))
        for period in periods
    ]
    unseen, seen = Unseen.of([rhythms]), waits(rhythms, 20_000, seed=seed)
    assert max(seen) <= unseen.worst_s + 1e-6
    assert float(np.mean(seen)) == pytest.approx(unseen.mean_s, rel=0.05)
    for ratio in (0.5, 0.9, 0.99):
        assert float(np.quantile(seen, ratio)) == pytest.approx(unseen.quantile_s(ratio), rel=0.06, abs=0.2)


def test_places_count_by_their_shares() -> None:
    often, seldom = [Rhythm(period_s=10.0, visits_s=(0.0,))], [Rhythm(period_s=100.0, visits_s=(0.0,))]
    unseen = Unseen.of([often, seldom], shares=[3.0, 1.0])
    assert unseen.mean_s == pytest.approx(0.75 * 5 + 0.25 * 50)
    assert unseen.chance(10.0) == pytest.approx(0.25 * 0.9)
