"""From an allocation to sorties with exact legs, and what becomes of every task."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import shapely
from shapely.geometry.base import BaseGeometry

from missions.allocation.leftovers import costliest, fitted, settled
from missions.allocation.problem import Allocation, Carrier, Problem, Sortie, Visits
from missions.planning.compose import Composed, rings_of
from missions.planning.legs import LegMaker
from missions.planning.plan import PlanLeg, PlanSortie, TaskOutcome, VehiclePlan
from missions.planning.proof import done_ratio, points_done, unfollowed, unswept
from missions.planning.request import (
    AreaTask,
    FleetRequest,
    LineTask,
    PerimeterTask,
    Place,
    PlanVehicle,
    PointsTask,
    Task,
)
from missions.planning.sharing import Shared

_ROUNDS = 8
_EXACT_S = 1e-6
_ALL = 0.9999
_LEAST_M2 = 1.0
_LEAST_M = 0.1


def exact(
    shared: Shared, allocation: Allocation, maker: LegMaker, *, starts: Mapping[str, Place] | None = None
) -> tuple[Allocation, tuple[VehiclePlan, ...]]:
    """Return the plans of all vehicles with exact ways; what overruns with its real corners is shared out again."""
    starts = starts or {}
    vehicles = _vehicles(shared, allocation, maker, starts)
    for _ in range(_ROUNDS):
        problem = _corrected(shared, _doubtful(shared, allocation, vehicles), maker, starts)
        if problem is None:
            break
        piles = [[sortie.visits for sortie in own] for own in allocation.sorties]
        allocation = replace(fitted(problem, piles), least_s=allocation.least_s)
        shared = replace(shared, problem=problem)
        vehicles = _vehicles(shared, allocation, maker, starts)
    while over := _over(shared, allocation, vehicles):
        allocation = _without_costliest(shared.problem, allocation, over)
        vehicles = _vehicles(shared, allocation, maker, starts)
    return allocation, vehicles


def _doubtful(shared: Shared, allocation: Allocation, vehicles: Sequence[VehiclePlan]) -> list[tuple[int, Visits]]:
    """Return the sorties (carrier, visits) whose real corners may be too many: where time is short, all of them."""
    if not shared.problem.has_windows and math.isinf(shared.problem.limit_s):
        return _over(shared, allocation, vehicles)
    return [(carrier, sortie.visits) for carrier, own in enumerate(allocation.sorties) for sortie in own]


def _over(shared: Shared, allocation: Allocation, vehicles: Sequence[VehiclePlan]) -> list[tuple[int, Visits]]:
    """Return the sorties (carrier, visits) that really take longer than their vehicle's endurance."""
    return [
        (carrier, sortie.visits)
        for carrier, (own, plan) in enumerate(zip(allocation.sorties, vehicles, strict=True))
        for sortie, made in zip(own, plan.sorties, strict=False)  # coming home alone is no sortie of the share
        if made.duration_s > shared.vehicles[carrier].endurance_s and sortie.visits
    ]


def _without_costliest(problem: Problem, allocation: Allocation, over: Sequence[tuple[int, Visits]]) -> Allocation:
    """Return the allocation with each of the sorties *over* without the job that saves most."""
    piles = [[sortie.visits for sortie in own] for own in allocation.sorties]
    left = list(allocation.left)
    for carrier, visits in over:
        drop = costliest(problem, carrier, visits)
        left.append(int(problem.job_of[visits[drop]]))
        at = piles[carrier].index(visits)
        piles[carrier][at : at + 1] = [rest] if (rest := visits[:drop] + visits[drop + 1 :]) else []
    return replace(settled(problem, piles, left=tuple(sorted(left))), least_s=allocation.least_s)


def _vehicles(
    shared: Shared, allocation: Allocation, maker: LegMaker, starts: Mapping[str, Place]
) -> tuple[VehiclePlan, ...]:
    plans = []
    for vehicle, own in zip(shared.vehicles, allocation.sorties, strict=True):
        sorties: list[PlanSortie] = []
        home = Sortie(visits=(), start_s=vehicle.window.from_s, duration_s=0.0)  # who is under way has to come home
        for sortie in own or ((home,) if vehicle.id in starts else ()):
            ready_s = sorties[-1].end_s + vehicle.turnaround_s if sorties else 0.0
            # without windows a sortie that is shorter than was reckoned lets the next one start earlier
            start_s = max(ready_s, sortie.start_s) if shared.problem.has_windows else ready_s
            sorties.append(_made(shared, vehicle, sortie.visits, maker, start_s, starts.get(vehicle.id)))
        plans.append(VehiclePlan(id=vehicle.id, sorties=tuple(sorties)))
    return tuple(plans)


def _made(
    shared: Shared, vehicle: PlanVehicle, visits: Visits, maker: LegMaker, start_s: float, start: Place | None
) -> PlanSortie:
    return maker.sortie(vehicle, [shared.choices[choice] for choice in visits], start_s=start_s, start=start)


def _exit(shared: Shared, place: int, start: Place) -> Place:
    return start if place < shared.problem.docks else shared.choices[place - shared.problem.docks].exit


def _corrected(
    shared: Shared, over: Sequence[tuple[int, Visits]], maker: LegMaker, starts: Mapping[str, Place]
) -> Problem | None:
    """Return the problem with the real number of corners on the ways of those sorties; None where that is no more."""
    problem = shared.problem
    is_longer = False
    travel = [pace.copy() for pace in problem.travel_s]
    for carrier, visits in over:
        vehicle, who = shared.vehicles[carrier], problem.carriers[carrier]
        places = [who.begins_at, *(problem.docks + choice for choice in visits), who.dock]
        for a, b in pairwise(places):
            exit_ = _exit(shared, a, starts.get(vehicle.id, maker.dock(vehicle)))
            entry = maker.dock(vehicle) if b < problem.docks else shared.choices[b - problem.docks].entry
            run = maker.way(vehicle, exit_, entry)
            real_s = run.taken_s(vehicle, turns_at_ends=_turns_at_ends(shared, who, a, b))
            if not run.is_straight and real_s > travel[who.pace][a, b] + _EXACT_S:
                is_longer = True
                travel[who.pace][a, b] = real_s
    return replace(problem, travel_s=tuple(travel)) if is_longer else None


def _turns_at_ends(shared: Shared, who: Carrier, a: int, b: int) -> int:
    """Return how many turns there may be where a way leaves the place *a* and comes to *b*."""
    docks = shared.problem.docks
    is_into_strand = b >= docks and not shared.choices[b - docks].is_point
    return int(a >= docks or who.start is not None) + int(is_into_strand)


def note_left(composed: Composed, shared: Shared, allocation: Allocation) -> None:
    """Note in *composed* the jobs that the allocation leaves."""
    for job in allocation.left:
        left = next(choice for choice, n in zip(shared.choices, shared.problem.job_of, strict=True) if n == job)
        composed.leave(left, "is left: no vehicle has endurance, sorties or time enough beside the rest")


def outcomes(request: FleetRequest, vehicles: Sequence[VehiclePlan], composed: Composed) -> tuple[TaskOutcome, ...]:
    """Return what becomes of every task."""
    legs = [leg for vehicle in vehicles for sortie in vehicle.sorties for leg in sortie.legs]
    return tuple(_outcome(request, task, legs, composed) for task in request.tasks)


def _outcome(request: FleetRequest, task: Task, legs: Sequence[PlanLeg], composed: Composed) -> TaskOutcome:
    ratio = done_ratio(request, task, legs)
    return TaskOutcome(
        id=task.id,
        done_ratio=min(1.0, max(0.0, ratio)),
        unreachable=_not_done(request, task, [leg for leg in legs if leg.task == task.id]),
        because=composed.reasons(task.id),
    )


def _not_done(request: FleetRequest, task: Task, legs: Sequence[PlanLeg]) -> tuple[str | BaseGeometry, ...]:
    """Return what of *task* its legs leave undone: ids of points, or shapes worth naming."""
    if isinstance(task, PointsTask):
        done = points_done(task, legs)
        return tuple(point.id for point in task.points if point.id not in done)
    if isinstance(task, AreaTask):
        rest = unswept(task, legs)
        is_little = rest.area <= (1 - _ALL) * task.area.area
        least_m2 = min(_LEAST_M2, task.area.area / 2)
        return tuple(part for part in shapely.get_parts(rest) if part.area > least_m2 and not is_little)
    lines = [task.line] if isinstance(task, LineTask) else list(rings_of(request, task))
    if not lines and isinstance(task, PerimeterTask):  # nothing is left of the zone so far inside
        return (shapely.boundary(request.zone(task.zone).shape),)
    return tuple(part for part in shapely.get_parts(unfollowed(lines, legs)) if part.length > _LEAST_M)
