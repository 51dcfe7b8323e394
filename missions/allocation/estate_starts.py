"""Sorties to begin with, from estates: whole ones and pieces go to sorties by a program, then single jobs to pieces."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from missions.allocation.estate_program import Flight, flights
from missions.allocation.estates import Estates, estates_of, round_of
from missions.allocation.problem import FloatArray, IntArray, Problem, Visits
from missions.allocation.programs import forever_s
from missions.allocation.vrp import Trip

_EACH = 1.5
"""With fewer estates for each group of vehicles, pieces are too large to say who does what."""


def estate_start(
    problem: Problem,
    groups: Sequence[Sequence[int]],
    *,
    limit_s: float,
    is_over: Callable[[], bool],
    wall_left_s: Callable[[], float] = forever_s,
) -> list[Trip] | None:
    """Return trips over all jobs, which may overrun endurance a little; None where estates are of no help.

    The program ends once *is_over* says so or after *wall_left_s*, with the best that it has up to then.
    """
    estates = estates_of(problem)
    if estates is None or len(estates.rounds) < _EACH * len(groups):
        return None
    found = flights(problem, groups, estates, limit_s=limit_s, is_over=is_over, wall_left_s=wall_left_s)
    if found is None:
        return None
    jobs = _jobs_of(problem, groups, estates, found)
    used: dict[int, int] = defaultdict(int)
    trips = []
    for flight, own in zip(found, jobs, strict=True):
        if own:
            group = groups[flight.group]
            carrier = group[used[flight.group] % len(group)]
            used[flight.group] += 1
            trips.append(Trip(carrier=carrier, visits=_round(problem, carrier, own)))
    return trips


def _jobs_of(
    problem: Problem, groups: Sequence[Sequence[int]], estates: Estates, found: Sequence[Flight]
) -> list[list[int]]:
    """Return the choices of each flight: of an estate that several do, each does what lies nearest to its other way."""
    jobs: list[list[int]] = [[] for _ in found]
    for estate, own in enumerate(estates.rounds):
        flown = [number for number, flight in enumerate(found) if estate in flight.shares]
        shares = np.array([found[number].shares[estate] for number in flown])
        away = [_away_s(problem, groups, estates, found[number], estate) for number in flown]
        for choice, number in zip(own.tolist(), _owners(shares, away), strict=True):
            jobs[flown[number]].append(choice)
    return jobs


def _away_s(
    problem: Problem, groups: Sequence[Sequence[int]], estates: Estates, flight: Flight, estate: int
) -> FloatArray:
    """Return how far each job of *estate* is from the dock of *flight* or its other estates, whichever is nearest."""
    dock = problem.carriers[groups[flight.group][0]].dock
    others = [problem.docks + estates.rounds[other] for other in flight.shares if other != estate]
    anchors = np.concatenate(([dock], *others)).astype(np.intp)
    ways: FloatArray = problem.travel_s[0][np.ix_(anchors, problem.docks + estates.rounds[estate])]
    return np.asarray(ways.min(axis=0))


def _owners(shares: FloatArray, away: Sequence[FloatArray]) -> IntArray:
    """Return which of several flights does each job, so that each does its share and all are near (an assignment)."""
    count = len(away[0])
    exact = shares / shares.sum() * count
    sizes = np.floor(exact).astype(np.intp)
    sizes[np.argsort(sizes - exact, kind="stable")[: count - int(sizes.sum())]] += 1
    seats = np.repeat(np.arange(len(shares)), sizes)
    return np.asarray(seats[linear_sum_assignment(np.array(away)[seats].T)[1]])


def _round(problem: Problem, carrier: int, own: Sequence[int]) -> Visits:
    dock = problem.carriers[carrier].dock
    places = np.concatenate(([dock], problem.docks + np.array(own))).astype(np.intp)
    ways = (problem.travel_s[0] + problem.travel_s[0].T) / 2
    return tuple(int(place) - problem.docks for place in round_of(ways, places)[1:])
