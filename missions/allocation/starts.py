"""Sorties to begin with: jobs go to docks by a transport program under limits, then into chains of near ones.

From a random start the search spends much of its time on finding out which dock does what; where docks are crowded it
hardly ever finds it out. The program is linear (a transport problem; HiGHS), with what a job costs from a dock guessed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, hstack, identity

from missions.allocation.problem import Carrier, FloatArray, IntArray, Problem, Visits
from missions.allocation.vrp import Trip

_MOST_PAIRS = 60_000
"""Of jobs and groups: beyond, the program would take too long."""
_OVER_PRICE = 4.0
"""Of a second by which a group is guessed to overrun its limit."""
_NEAR = 2
_NO_WAY_S = 1e6


def guessed_total_s(problem: Problem, groups: Sequence[Sequence[int]], *, limit_s: float) -> float | None:
    """Return what all sorties may come to; None: the problem is too large for `started`, or has windows."""
    if problem.has_windows or len(groups) * problem.jobs > _MOST_PAIRS:
        return None
    total_s = float(_costs_s(problem, groups, limit_s).min(axis=1).sum())
    return total_s if math.isfinite(total_s) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Trips over all jobs, which may overrun caps, and what a second of each group is worth (1: it has time left)."""

    trips: list[Trip]
    prices: FloatArray


def started(problem: Problem, groups: Sequence[Sequence[int]], *, limit_s: float) -> Start:
    """Return the start of a problem of which the total was guessed.

    For the total, vehicles keep the limit as far as can be guessed; for the makespan, all get an even share.
    """
    cost = _costs_s(problem, groups, limit_s)
    sizes = np.array([len(group) for group in groups], dtype=np.float64)
    if problem.is_total:
        room_s = sizes * [_room_s(problem.carriers[group[0]], limit_s) for group in groups]
    else:
        able = np.isfinite(cost).any(axis=0)
        room_s = sizes * cost.min(axis=1).sum() / sizes[able].sum()
    group_of, prices = _shared_out(cost, room_s)
    trips = [
        trip
        for number, group in enumerate(groups)
        for trip in _chained(problem, group, np.flatnonzero(group_of == number), limit_s)
    ]
    return Start(trips=trips, prices=prices)


def _costs_s(problem: Problem, groups: Sequence[Sequence[int]], limit_s: float) -> FloatArray:
    """Return what each job may cost each group, shape (jobs, groups); inf: the group cannot do it."""
    return np.stack([_guessed_s(problem, problem.carriers[group[0]], limit_s) for group in groups], axis=1)


def _room_s(who: Carrier, limit_s: float) -> float:
    """Return how long a vehicle may be out in all."""
    if math.isinf(limit_s):
        return who.max_sorties * who.endurance_s
    sorties = min(who.max_sorties, math.ceil(limit_s / (who.endurance_s + who.turnaround_s)))
    return min(sorties * who.endurance_s, limit_s - (sorties - 1) * who.turnaround_s)


def _guessed_s(problem: Problem, who: Carrier, limit_s: float) -> FloatArray:
    """Return what each job adds to a sortie of *who*, shape (jobs,): work, ways between, a share of the way out."""
    spans, here = problem.spans_s[who.pace], slice(problem.docks, None)
    between = np.where(np.isfinite(spans[here, here]), spans[here, here], _NO_WAY_S)
    between = np.where(problem.job_of[:, None] == problem.job_of[None], np.inf, between)
    near = np.sort(np.partition(between, min(_NEAR, len(between) - 1), axis=1)[:, :_NEAR], axis=1)
    each_s = np.where(np.isfinite(near), near, 0.0).mean(axis=1)
    reach_s = spans[who.dock, here] + problem.travel_s[who.pace][here, who.dock]
    out_s = min(who.endurance_s, limit_s)
    jobs = np.clip((out_s - reach_s) / np.maximum(each_s, 1e-9), 1.0, None)
    added_s = np.where(reach_s + problem.work_s[who.pace][here] <= who.endurance_s, each_s + reach_s / jobs, np.inf)
    cost = np.full(problem.jobs, np.inf)
    np.minimum.at(cost, problem.job_of, added_s)
    return cost


def _shared_out(cost: FloatArray, room_s: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the group of each job for *cost*, shape (jobs, groups), so that all together cost least, and prices."""
    jobs, groups = cost.shape
    can = np.isfinite(cost)
    rows, columns = np.nonzero(can)
    picks = np.arange(len(rows))
    once = csr_array((np.ones(len(picks)), (rows, picks)), shape=(jobs, len(picks)))
    load = csr_array((cost[can], (columns, picks)), shape=(groups, len(picks)))
    found = linprog(
        np.concatenate((cost[can], np.full(groups, _OVER_PRICE))),
        A_ub=hstack((load, -identity(groups))),
        b_ub=room_s,
        A_eq=hstack((once, csr_array((jobs, groups)))),
        b_eq=np.ones(jobs),
        method="highs",
    )
    share = np.full(cost.shape, -1.0)
    share[can] = found.x[: len(picks)]
    return share.argmax(axis=1), 1.0 - found.ineqlin.marginals


def _chained(problem: Problem, group: Sequence[int], jobs: IntArray, limit_s: float) -> list[Trip]:
    """Return trips over *jobs*, each from the farthest job left to the next nearest, while its vehicle can."""
    who = problem.carriers[group[0]]
    slots = [carrier for _ in range(who.max_sorties) for carrier in group]
    spans = problem.spans_s[who.pace]
    left = set(np.flatnonzero(np.isin(problem.job_of, jobs)).tolist())
    trips: list[Trip] = []
    while left:
        is_last = len(trips) == len(slots) - 1
        visits = _chain(problem, who, spans, left, math.inf if is_last else min(who.endurance_s, limit_s))
        left -= {choice for choice in left if problem.job_of[choice] in problem.job_of[list(visits)]}
        trips.append(Trip(carrier=slots[len(trips)], visits=visits))
    return trips


def _chain(problem: Problem, who: Carrier, spans: FloatArray, left: set[int], most_s: float) -> Visits:
    free = np.array(sorted(left))
    home = spans[problem.docks + free, who.dock]
    at = int(np.argmax(np.where(np.isfinite(home), home, -1.0)))
    visits, away_s = [int(free[at])], float(spans[who.dock, problem.docks + free[at]])
    while True:
        free = free[problem.job_of[free] != problem.job_of[visits[-1]]]
        if not len(free):
            return tuple(visits)
        ways = spans[problem.docks + visits[-1], problem.docks + free]
        at = int(np.argmin(ways))
        away_s += float(ways[at])
        if not away_s + spans[problem.docks + free[at], who.dock] <= most_s:
            return tuple(visits)
        visits.append(int(free[at]))
