"""From a request to a proved plan."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import shapely
from shapely.geometry.base import BaseGeometry

from missions.allocation.leftovers import fitted
from missions.allocation.optimise import Progress, optimise
from missions.allocation.problem import Allocation, Problem, Visits
from missions.planning.compose import Composed, Composer, rings_of
from missions.planning.legs import LegMaker
from missions.planning.levels import Level, levels_of
from missions.planning.plan import FleetPlan, PlanLeg, PlanSortie, TaskOutcome, VehiclePlan
from missions.planning.proof import done_ratio, points_done, prove_plan, unfollowed, unswept
from missions.planning.request import AreaTask, FleetRequest, LineTask, PointsTask, Task
from missions.planning.sharing import Shared, Sharer

_AREA_SHARE = 0.3
"""Of the time limit: for the paths over all areas together."""
_LONGEST_AREA_S = 2.0
_ROUNDS = 8
_ALL = 0.9999
_LEAST_M2 = 1.0
_LEAST_M = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How long planning may take, by which clock, who is told, and whether somebody said stop."""

    now_s: Callable[[], float]
    time_limit_s: float = 30.0
    on_progress: Callable[[Progress], None] = lambda _: None
    is_stopped: Callable[[], bool] = lambda: False


def plan_fleet(request: FleetRequest, watch: Watch, *, seed: int = 0) -> FleetPlan:
    """Return the best plan found in time, proved; what cannot be done is named in it. Raises nothing for that."""
    began_s = watch.now_s()
    levels = levels_of(request)
    areas = max(1, sum(isinstance(task, AreaTask) for task in request.tasks))
    area_time_s = min(_LONGEST_AREA_S, _AREA_SHARE * watch.time_limit_s / areas)
    composed = Composer(request, levels, area_time_s=area_time_s, seed=seed).composed()
    shared = Sharer(request, levels, request.vehicles).shared(composed)
    allocation = optimise(
        shared.problem,
        seed=seed,
        used_share=lambda: 1.0 if watch.is_stopped() else (watch.now_s() - began_s) / watch.time_limit_s,
        on_progress=watch.on_progress,
    )
    return _finished(request, levels, composed, shared, allocation, lambda: watch.now_s() - began_s)


def _finished(
    request: FleetRequest,
    levels: Mapping[float, Level],
    composed: Composed,
    shared: Shared,
    allocation: Allocation,
    runtime_s: Callable[[], float],
) -> FleetPlan:
    maker = LegMaker(request, levels)
    allocation, vehicles = _exact(shared, allocation, maker)
    for job in allocation.left:
        left = next(choice for choice, n in zip(shared.choices, shared.problem.job_of, strict=True) if n == job)
        name = left.point or f"{left.length_m:.0f} m around ({left.places[0][0]:.1f}, {left.places[0][1]:.1f})"
        because = f"{name} is left: no vehicle has endurance, sorties or time enough for it beside the rest"
        composed.leave(left.task, left.point or left.shape, because)
    legs = [leg for vehicle in vehicles for sortie in vehicle.sorties for leg in sortie.legs]
    return FleetPlan(
        vehicles=vehicles,
        tasks=tuple(_outcome(request, task, legs, composed) for task in request.tasks),
        violations=prove_plan(request, vehicles),
        lower_bound_s=allocation.least_s,
        runtime_s=runtime_s(),
        notes=request.notes,
    )


def _exact(shared: Shared, allocation: Allocation, maker: LegMaker) -> tuple[Allocation, tuple[VehiclePlan, ...]]:
    """Return the plans of all vehicles with exact ways; what overruns with its real corners is shared out again."""
    vehicles = _vehicles(shared, allocation, maker)
    for _ in range(_ROUNDS):
        over = [
            (carrier, sortie.visits)
            for carrier, (own, plan) in enumerate(zip(allocation.sorties, vehicles, strict=True))
            for sortie, made in zip(own, plan.sorties, strict=True)
            if made.duration_s > shared.vehicles[carrier].endurance_s
        ]
        if not over:
            break
        problem = _corrected(shared, over, maker)
        piles = [[sortie.visits for sortie in own] for own in allocation.sorties]
        allocation = replace(fitted(problem, piles), least_s=allocation.least_s)
        shared = replace(shared, problem=problem)
        vehicles = _vehicles(shared, allocation, maker)
    return allocation, vehicles


def _vehicles(shared: Shared, allocation: Allocation, maker: LegMaker) -> tuple[VehiclePlan, ...]:
    plans = []
    for vehicle, own in zip(shared.vehicles, allocation.sorties, strict=True):
        sorties: list[PlanSortie] = []
        for sortie in own:
            ready_s = sorties[-1].end_s + vehicle.turnaround_s if sorties else 0.0
            # without windows a sortie that is shorter than was reckoned lets the next one start earlier
            start_s = max(ready_s, sortie.start_s) if shared.problem.has_windows else ready_s
            jobs = [shared.choices[choice] for choice in sortie.visits]
            sorties.append(maker.sortie(vehicle, jobs, start_s=start_s))
        plans.append(VehiclePlan(id=vehicle.id, sorties=tuple(sorties)))
    return tuple(plans)


def _corrected(shared: Shared, over: Sequence[tuple[int, Visits]], maker: LegMaker) -> Problem:
    """Return the problem with the real number of corners on the ways of sorties that overran."""
    problem = shared.problem
    travel = [pace.copy() for pace in problem.travel_s]
    for carrier, visits in over:
        vehicle, who = shared.vehicles[carrier], problem.carriers[carrier]
        places = [who.dock, *(problem.docks + choice for choice in visits), who.dock]
        for a, b in pairwise(places):
            exit_ = maker.dock(vehicle) if a < problem.docks else shared.choices[a - problem.docks].exit
            entry = maker.dock(vehicle) if b < problem.docks else shared.choices[b - problem.docks].entry
            way = maker.way(vehicle.height_agl_m, exit_, entry)
            length_m = sum(math.dist(p, q) for p, q in pairwise(way))
            real_s = length_m / vehicle.speed_m_s + vehicle.turn_s * len(way)
            travel[who.pace][a, b] = max(float(travel[who.pace][a, b]), real_s)
    return Problem(
        docks=problem.docks,
        travel_s=tuple(travel),
        work_s=problem.work_s,
        job_of=problem.job_of,
        from_s=problem.from_s,
        to_s=problem.to_s,
        carriers=problem.carriers,
        is_total=problem.is_total,
        limit_s=problem.limit_s,
    )


def _outcome(request: FleetRequest, task: Task, legs: Sequence[PlanLeg], composed: Composed) -> TaskOutcome:
    ratio = done_ratio(request, task, legs)
    reasons = tuple(composed.because.get(task.id, ()))
    return TaskOutcome(
        id=task.id,
        done_ratio=min(1.0, max(0.0, ratio)),
        unreachable=_not_done(request, task, [leg for leg in legs if leg.task == task.id]),
        because=reasons,
    )


def _not_done(request: FleetRequest, task: Task, legs: Sequence[PlanLeg]) -> tuple[str | BaseGeometry, ...]:
    """Return what of *task* its legs leave undone: ids of points, or shapes worth naming."""
    if isinstance(task, PointsTask):
        done = points_done(task, legs)
        return tuple(point.id for point in task.points if point.id not in done)
    if isinstance(task, AreaTask):
        rest = unswept(task, legs)
        is_little = rest.area <= (1 - _ALL) * task.area.area
        return tuple(part for part in shapely.get_parts(rest) if part.area > _LEAST_M2 and not is_little)
    lines = [task.line] if isinstance(task, LineTask) else list(rings_of(request, task))
    return tuple(part for part in shapely.get_parts(unfollowed(lines, legs)) if part.length > _LEAST_M)
