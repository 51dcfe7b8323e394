"""A plan made again in mid-flight because a vehicle dropped out: its work goes to the others, who go on as they were.

Nobody under way is turned round: the work of the lost vehicle is put in where it delays the last one least, and a
wholly new sharing out replaces that only where it does clearly more or ends clearly sooner.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from core.errors import InvalidInput
from missions.allocation.leftovers import fitted
from missions.allocation.optimise import optimise
from missions.allocation.problem import Allocation, Visits
from missions.planning.compose import Composed
from missions.planning.crossings import Airspace, airspace_of
from missions.planning.finish import exact, note_left, outcomes
from missions.planning.jobs import Job, Purpose
from missions.planning.legs import LegMaker, duration_s
from missions.planning.plan import FleetPlan, PlanLeg, PlanSortie, VehiclePlan
from missions.planning.planner import Watch
from missions.planning.proof import prove_plan
from missions.planning.request import FleetRequest, Place, PlanVehicle, PointsTask, Terms, Window
from missions.planning.sharing import Shared, Sharer

_CLEARLY = 0.9
"""A new sharing out has to end sooner than this share of the old one."""
_SAME_S = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """Where a vehicle stands: sorties done, the one under way (its legs so far, the rest), and those to come."""

    done: tuple[PlanSortie, ...]
    under_way: PlanSortie | None
    flown: tuple[PlanLeg, ...]
    rest: tuple[PlanLeg, ...]
    to_come: tuple[PlanSortie, ...]


def replan(request: FleetRequest, plan: FleetPlan, watch: Watch, *, lost: str, at_s: float, seed: int = 0) -> FleetPlan:
    """Return the plan after vehicle *lost* dropped out *at_s* seconds after its start; what is flown stays in it.

    Raises InvalidInput where there is no such vehicle or nobody else.
    """
    if lost not in {vehicle.id for vehicle in request.vehicles} or len(request.vehicles) == 1:
        remedy = "name a vehicle of the plan, beside which there is another"
        raise InvalidInput(f"{lost!r} is not one of several vehicles", where="lost", remedy=remedy)
    began_s = watch.now_s()
    known = {vehicle.id: vehicle for vehicle in request.vehicles}
    states = {v.id: _state(v, at_s, known[v.id], is_lost=v.id == lost) for v in plan.vehicles}
    airspace = airspace_of(request)
    crew = _crew(request, states, lost, at_s)
    composed = Composed(because={task.id: task.because for task in plan.tasks})
    made: Mapping[str, VehiclePlan] = {}
    if crew.vehicles:
        shared, piles = _shared(request, airspace, crew, states, lost, composed)
        chosen = _shared_out(shared, piles, watch, seed, began_s)
        chosen, plans = exact(shared, chosen, LegMaker(request, airspace), starts=crew.starts)
        note_left(composed, shared, chosen)
        made = {plan.id: plan for plan in plans}
    else:
        for job in jobs_of(_undone(states[lost]), _terms(request)):
            composed.leave(job, "is left: no other vehicle has a sortie left")
    vehicles = tuple(_joined(v, states[v.id], crew, made, lost) for v in request.vehicles)
    return FleetPlan(
        vehicles=vehicles,
        tasks=outcomes(request, vehicles, composed),
        violations=prove_plan(request, [vehicle for vehicle in vehicles if vehicle.id != lost]),
        runtime_s=watch.now_s() - began_s,
        notes=(*request.notes, f"{lost} dropped out after {at_s:g} s"),
    )


def _shared_out(shared: Shared, piles: list[list[Visits]], watch: Watch, seed: int, began_s: float) -> Allocation:
    """Return the old sorties with the loose work put in, or a new sharing out where that is clearly better."""
    kept = fitted(shared.problem, piles)
    if sum(len(visits) for own in piles for visits in own) == shared.problem.jobs:
        return kept
    share = watch.share_since(began_s)
    fresh = optimise(
        shared.problem,
        seed=seed,
        used_share=share,
        start=piles,
        on_progress=watch.on_progress,
        allowed_s=watch.time_limit_s,
        is_by_wall=watch.is_by_wall,
    )
    return fresh if _is_clearly_better(fresh, kept) else kept


def _undone(state: _State) -> list[PlanLeg]:
    return [*state.rest, *(leg for sortie in state.to_come for leg in sortie.legs)]


def _is_clearly_better(fresh: Allocation, kept: Allocation) -> bool:
    return len(fresh.left) < len(kept.left) or (
        len(fresh.left) == len(kept.left) and fresh.makespan_s < _CLEARLY * kept.makespan_s
    )


def _state(plan: VehiclePlan, at_s: float, vehicle: PlanVehicle, *, is_lost: bool) -> _State:
    done = tuple(sortie for sortie in plan.sorties if sortie.end_s <= at_s + _SAME_S)
    to_come = tuple(sortie for sortie in plan.sorties if sortie.start_s >= at_s - _SAME_S and sortie not in done)
    under_way = next((sortie for sortie in plan.sorties if sortie not in done and sortie not in to_come), None)
    flown, rest = ((), ()) if under_way is None else _cut(under_way, at_s - under_way.start_s, vehicle)
    if not is_lost:
        flown, rest = _to_own_height(flown, rest, vehicle)
    return _State(done=done, under_way=under_way, flown=flown, rest=rest, to_come=to_come)


def _cut(sortie: PlanSortie, elapsed_s: float, vehicle: PlanVehicle) -> tuple[tuple[PlanLeg, ...], tuple[PlanLeg, ...]]:
    """Return the legs up to *elapsed_s* and those after; a leg is cut in two, a point half served counts as not."""
    legs = sortie.legs
    for index, leg in enumerate(legs):
        end_s = duration_s(legs[: index + 1], vehicle, to_own_height=False)
        if end_s > elapsed_s + _SAME_S:
            run_s = math.dist(leg.start, leg.end) / leg.speed_m_s
            begun_s = elapsed_s - (end_s - leg.service_s - run_s)
            share = min(1.0, max(0.0, begun_s / run_s)) if run_s > 0 else 1.0
            here = tuple(a + share * (b - a) for a, b in zip(leg.start, leg.end, strict=True))
            place = (here[0], here[1])
            is_point = leg.purpose is Purpose.POINT
            gone = replace(leg, end=place, service_s=0.0, wait_s=0.0)
            gone = replace(gone, purpose=Purpose.TRANSIT, task=None, point=None) if is_point else gone
            return (*legs[:index], gone), (replace(leg, start=place), *legs[index + 1 :])
    return legs, ()


def _to_own_height(
    flown: tuple[PlanLeg, ...], rest: tuple[PlanLeg, ...], vehicle: PlanVehicle
) -> tuple[tuple[PlanLeg, ...], tuple[PlanLeg, ...]]:
    """Return the legs cut where the vehicle is back at its own height: a way over or under is flown to its end."""
    while flown and rest and flown[-1].height_agl_m != vehicle.height_agl_m != rest[0].height_agl_m:
        flown, rest = (*flown, rest[0]), rest[1:]
    return flown, rest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Crew:
    """The vehicles that work is shared out over: what each still has of endurance and sorties, and where it is."""

    vehicles: tuple[PlanVehicle, ...]
    starts: Mapping[str, Place]


def _crew(request: FleetRequest, states: Mapping[str, _State], lost: str, at_s: float) -> _Crew:
    vehicles: list[PlanVehicle] = []
    starts: dict[str, Place] = {}
    for vehicle in request.vehicles:
        state = states[vehicle.id]
        free = vehicle.max_sorties - len(state.done) - (state.under_way is not None)
        if vehicle.id == lost:
            continue
        if state.under_way is not None and free == 0:
            elapsed_s = duration_s(state.flown, vehicle) + vehicle.turn_s
            here_s = state.under_way.start_s + duration_s(state.flown, vehicle)
            window = Window(from_s=max(at_s, here_s), to_s=vehicle.window.to_s)
            endurance_s = max(vehicle.endurance_s - elapsed_s, 1e-3)
            vehicles.append(replace(vehicle, endurance_s=endurance_s, max_sorties=1, window=window))
            starts[vehicle.id] = state.flown[-1].end
        elif free > 0:
            last_s = max((s.end_s + vehicle.turnaround_s for s in (*state.done, state.under_way) if s), default=0.0)
            window = Window(from_s=max(at_s, last_s, vehicle.window.from_s), to_s=vehicle.window.to_s)
            vehicles.append(replace(vehicle, max_sorties=free, window=window))
    return _Crew(vehicles=tuple(vehicles), starts=starts)


def _shared(
    request: FleetRequest,
    airspace: Airspace,
    crew: _Crew,
    states: Mapping[str, _State],
    lost: str,
    composed: Composed,
) -> tuple[Shared, list[list[Visits]]]:
    """Return the problem of all work that is not done or under way, and the sorties that stand as they were."""
    terms = _terms(request)
    stands = {vehicle.id: _standing(states[vehicle.id], vehicle.id in crew.starts) for vehicle in crew.vehicles}
    owned = [[list(jobs_of(legs, terms)) for legs in stands[vehicle.id]] for vehicle in crew.vehicles]
    loose = _undone(states[lost])
    composed.jobs = [*(job for own in owned for jobs in own for job in jobs), *jobs_of(loose, terms)]
    shared = Sharer(request, airspace, crew.vehicles, starts=crew.starts).shared(composed, keep=True)
    order = {id(job): n for n, job in enumerate(shared.choices)}
    piles = [[tuple(order[id(job)] for job in jobs if id(job) in order) for jobs in own] for own in owned]
    return shared, [[visits for visits in own if visits] for own in piles]


def _standing(state: _State, is_in_air: bool) -> list[Sequence[PlanLeg]]:
    return [*([state.rest] if is_in_air else []), *(sortie.legs for sortie in state.to_come)]


def jobs_of(legs: Sequence[PlanLeg], terms: Mapping[tuple[str | None, str | None], Terms]) -> list[Job]:
    """Return the work on *legs* as jobs: each point, and each strand of one task without a gap."""
    jobs: list[Job] = []
    for (task, purpose), run in groupby(legs, key=lambda leg: (leg.task, leg.purpose)):
        own = list(run)
        if task is None:
            continue
        if purpose is Purpose.POINT:
            jobs.extend(
                Job(
                    task=task,
                    purpose=purpose,
                    places=np.array([leg.end]),
                    service_s=leg.service_s,
                    point=leg.point,
                    terms=terms[task, leg.point],
                )
                for leg in own
            )
        else:
            places = np.array([own[0].start, *(leg.end for leg in own)])
            jobs.append(Job(task=task, purpose=purpose, places=places, terms=terms[task, None]))
    return jobs


def _terms(request: FleetRequest) -> dict[tuple[str | None, str | None], Terms]:
    found: dict[tuple[str | None, str | None], Terms] = {}
    for task in request.tasks:
        found[task.id, None] = task.terms
        for point in task.points if isinstance(task, PointsTask) else ():
            window = task.terms.window if point.terms.window == Window() else point.terms.window
            found[task.id, point.id] = Terms(window=window, needs=task.terms.needs | point.terms.needs)
    return found


def _joined(
    vehicle: PlanVehicle, state: _State, crew: _Crew, made: Mapping[str, VehiclePlan], lost: str
) -> VehiclePlan:
    """Return what a vehicle has flown, what it goes on with, and what is new, as one plan."""
    fresh = made[vehicle.id].sorties if vehicle.id in made else ()
    if state.under_way is None:
        return VehiclePlan(id=vehicle.id, sorties=(*state.done, *fresh))
    if vehicle.id == lost:
        current = _whole(state.flown, state.under_way, vehicle)
    elif vehicle.id in crew.starts:
        current, fresh = _whole((*state.flown, *fresh[0].legs), state.under_way, vehicle), ()
    else:
        current = state.under_way
    return VehiclePlan(id=vehicle.id, sorties=(*state.done, current, *fresh))


def _whole(legs: Sequence[PlanLeg], under_way: PlanSortie, vehicle: PlanVehicle) -> PlanSortie:
    return PlanSortie(
        legs=tuple(legs),
        start_s=under_way.start_s,
        duration_s=duration_s(legs, vehicle),
        distance_m=math.fsum(math.dist(leg.start, leg.end) for leg in legs),
    )
