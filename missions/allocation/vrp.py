"""The local search of PyVRP (Wouda, Lan and Kool 2024) under caps and prices; the library's only home.

Each sortie has a cap of its own on its duration, and a price per second; both change between the blocks of the search.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyvrp
from pyvrp import search as pyvrp_search

from missions.allocation.problem import FloatArray, Problem, Visits
from missions.allocation.untangle import Turner

_PER_S = 100
"""Whole numbers per second; spans are rounded up, so that a sortie never is longer than it seems."""
_PRICE = 100
"""Cost of a hundredth of a second at the price 1."""
_OVERRUN_PRICE = 10.0
"""Price of a second over a cap, in the middle of the search."""
_FIRST_OVERRUN_PRICE = 1000.0
_NEAR, _FAR, _FARTHEST = 20, 10, 400
"""Neighbours of a choice: so many nearest ones, and so many farther ones, up to the farthest rank."""
_NEVER = 2**40
_Whole = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Room for one sortie of a carrier: how long it may take now, and what a second of it costs now."""

    carrier: int
    cap_s: float
    price: float = 1.0
    ready_s: float = 0.0
    easy_s: float = math.inf
    """Seconds beyond it cost *dearer* more each."""
    dearer: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A sortie in a slot."""

    carrier: int
    visits: Visits


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What a block of the search ended with: where it stands, and the best that kept all caps."""

    trips: tuple[Trip, ...]
    sound: tuple[Trip, ...] | None
    steps: int


class Search:
    """Searches one problem, block by block; with *prize_s* given, jobs may be left out at that cost in seconds each."""

    def __init__(self, problem: Problem, *, seed: int, prize_s: float | None = None) -> None:
        self._problem = problem
        self._random = pyvrp.RandomNumberGenerator(seed=seed + 1)
        forbidden_s = 10 * max(carrier.endurance_s for carrier in problem.carriers)
        self._spans = [_whole(spans, forbidden_s) for spans in problem.spans_s]
        self._locations = [pyvrp.Location(0, 0) for _ in range(problem.docks + problem.choices)]
        self._depots = [pyvrp.Depot(location=dock) for dock in range(problem.docks)]
        self._group_of = _group_numbers(problem)
        self._clients = [self._client(choice, prize_s) for choice in range(problem.choices)]
        self._is_required = prize_s is None
        self._neighbours = _neighbours(problem)
        self._turner = Turner(problem, seed=seed)

    def first(self, slots: Sequence[Slot], trips: Sequence[Trip] = ()) -> tuple[Trip, ...]:
        """Return *trips*, which may overrun their slots, or a random start where there are none, searched through."""
        trial = self._trial(slots)
        if trips:
            return trial.trips(trial.search(trial.solution(trips), _price_of(_OVERRUN_PRICE), exhaustive=True))
        start = pyvrp.Solution.make_random(trial.data, self._random)
        return trial.trips(trial.search(start, _price_of(_FIRST_OVERRUN_PRICE), exhaustive=True))

    def block(
        self,
        trips: Sequence[Trip],
        slots: Sequence[Slot],
        *,
        steps: int,
        is_thorough: bool,
        is_over: Callable[[], bool],
    ) -> Block:
        """Search on from *trips*, in the first of *slots*, accepting whatever is better than the start of the block."""
        trial, price = self._trial(slots), _price_of(_OVERRUN_PRICE)
        here = trial.solution(self._turned(trips))
        if is_thorough:
            here = trial.search(here, price, exhaustive=True)
        best = here if here.is_feasible() else None
        cost = bar = price.penalised_cost(here)
        done = 0
        while done < steps and not is_over():
            done += 1
            there = trial.search(here, price, exhaustive=False)
            its_cost = price.penalised_cost(there)
            if its_cost < cost or its_cost < bar:
                here, cost = there, its_cost
                if there.is_feasible() and (best is None or its_cost < price.penalised_cost(best)):
                    best = there
        return Block(trips=trial.trips(here), sound=None if best is None else trial.trips(best), steps=done)

    def _turned(self, trips: Sequence[Trip]) -> list[Trip]:
        turned = self._turner.turned([(trip.carrier, trip.visits) for trip in trips])
        return [Trip(carrier=trip.carrier, visits=visits) for trip, visits in zip(trips, turned, strict=True)]

    def _trial(self, slots: Sequence[Slot]) -> "_Trial":
        kinds: dict[tuple[float, ...], list[int]] = defaultdict(list)
        for number, slot in enumerate(slots):
            kinds[self._kind(slot)].append(number)
        types = [self._type(slots[alike[0]], len(alike)) for alike in kinds.values()]
        groups = [pyvrp.ClientGroup(list(clients), required=self._is_required) for clients in self._grouped()]
        spans = cast(list[Any], self._spans)
        data = pyvrp.ProblemData(self._locations, self._clients, self._depots, types, spans, spans, groups)
        return _Trial(data, slots, list(kinds.values()), self._neighbours, self._random)

    def _grouped(self) -> list[list[int]]:
        grouped: dict[int, list[int]] = defaultdict(list)
        for choice, job in enumerate(self._problem.job_of):
            if (number := self._group_of.get(int(job))) is not None:
                grouped[number].append(choice)
        return [grouped[number] for number in sorted(grouped)]

    def _client(self, choice: int, prize_s: float | None) -> pyvrp.Client:
        problem = self._problem
        group = self._group_of.get(int(problem.job_of[choice]))
        fastest_s = min(float(work[problem.docks + choice]) for work in problem.work_s)
        from_s = math.ceil(problem.from_s[choice] * _PER_S)
        return pyvrp.Client(
            location=problem.docks + choice,
            tw_early=from_s,
            tw_late=max(from_s, _time(problem.to_s[choice] - fastest_s)),
            required=group is None and prize_s is None,
            prize=0 if prize_s is None else int(prize_s * _PER_S * _PRICE),
            group=group,
        )

    def _kind(self, slot: Slot) -> tuple[float, ...]:
        who = self._problem.carriers[slot.carrier]
        ready_s = max(slot.ready_s, who.ready_s)
        return (
            who.begins_at,
            who.dock,
            who.pace,
            math.floor(slot.cap_s * _PER_S),
            _unit(slot.price),
            ready_s,
            who.home_by_s,
            math.floor(min(slot.easy_s, slot.cap_s) * _PER_S),
            _unit(slot.dearer),
        )

    def _type(self, slot: Slot, count: int) -> pyvrp.VehicleType:
        who = self._problem.carriers[slot.carrier]
        cap = max(0, math.floor(slot.cap_s * _PER_S))
        easy = cap if math.isinf(slot.easy_s) else min(cap, max(0, math.floor(slot.easy_s * _PER_S)))
        return pyvrp.VehicleType(
            num_available=count,
            start_depot=who.begins_at,
            end_depot=who.dock,
            profile=who.pace,
            tw_early=_time(max(slot.ready_s, who.ready_s)),
            tw_late=_time(who.home_by_s),
            shift_duration=easy,
            max_overtime=cap - easy,
            unit_distance_cost=0,
            unit_duration_cost=_unit(slot.price),
            unit_overtime_cost=_unit(slot.dearer) if cap > easy else 0,
        )


class _Trial:
    """PyVRP's data, search and solutions for one set of slots; slots that are alike are one type of vehicle."""

    def __init__(
        self,
        data: pyvrp.ProblemData,
        slots: Sequence[Slot],
        kinds: list[list[int]],
        neighbours: dict[pyvrp.Activity, list[pyvrp.Activity]],
        random: pyvrp.RandomNumberGenerator,
    ) -> None:
        self.data = data
        self._slots = slots
        self._kinds = kinds
        self._kind_of = {number: kind for kind, alike in enumerate(kinds) for number in alike}
        self.search = pyvrp_search.LocalSearch(data, random, neighbours)
        for operator in pyvrp_search.OPERATORS:
            if operator.supports(data):
                self.search.add_operator(operator(data))

    def solution(self, trips: Sequence[Trip]) -> pyvrp.Solution:
        """Return *trips* as PyVRP has them."""
        routes = (pyvrp.Route(self.data, list(trip.visits), self._kind_of[n]) for n, trip in enumerate(trips))
        return pyvrp.Solution(self.data, list(routes))

    def trips(self, solution: pyvrp.Solution) -> tuple[Trip, ...]:
        """Return the trips of a solution of PyVRP, each in a slot of its own."""
        free = [list(alike) for alike in self._kinds]
        return tuple(
            Trip(carrier=self._slots[free[route.vehicle_type()].pop(0)].carrier, visits=_visits(route))
            for route in solution.routes()
        )


def _visits(route: pyvrp.Route) -> Visits:
    return tuple(activity.idx for activity in route.schedule() if activity.is_client())


def _price_of(overrun_price: float) -> pyvrp.CostEvaluator:
    return pyvrp.CostEvaluator([], overrun_price * _PRICE, 0)


def _unit(price: float) -> int:
    return max(1, round(price * _PRICE))


def _time(seconds: float) -> int:
    return _NEVER if math.isinf(seconds) else max(0, math.floor(seconds * _PER_S))


def _whole(spans: FloatArray, forbidden_s: float) -> _Whole:
    whole = np.ceil(np.where(np.isfinite(spans), spans, forbidden_s) * _PER_S - 1e-6).astype(np.int64)
    np.fill_diagonal(whole, 0)
    return whole


def _group_numbers(problem: Problem) -> dict[int, int]:
    """Return for each job with several choices the number of its group."""
    counts = np.bincount(problem.job_of, minlength=problem.jobs)
    return {int(job): number for number, job in enumerate(np.flatnonzero(counts > 1))}


def _neighbours(problem: Problem) -> dict[pyvrp.Activity, list[pyvrp.Activity]]:
    """Return the nearest choices of each, and a few that lie farther and farther, so that work can wander."""
    there = slice(problem.docks, None)
    reach = np.min([np.minimum(t[there, there], t[there, there].T) for t in problem.travel_s], axis=0)
    np.fill_diagonal(reach, -1.0)
    ranked = np.argsort(reach, axis=1, kind="stable")[:, 1:]
    last = ranked.shape[1]
    far = np.geomspace(_NEAR + 1, max(_NEAR + 2, min(_FARTHEST, last)), _FAR).astype(int)
    ranks = np.unique(np.concatenate((np.arange(min(_NEAR, last)), far[far < last])))
    names = [pyvrp.Activity(pyvrp.ActivityType.CLIENT, choice) for choice in range(problem.choices)]
    return {name: [names[other] for other in row] for name, row in zip(names, ranked[:, ranks].tolist(), strict=True)}
