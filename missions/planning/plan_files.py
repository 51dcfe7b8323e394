"""Plans as JSON documents, in the frame of their request."""

import json

import numpy as np
import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from core.events import Json
from geofence.frames import LocalFrame
from missions.errors import Problem
from missions.planning.errors import BadRequest
from missions.planning.fields import Fields
from missions.planning.jobs import Purpose
from missions.planning.plan import FleetPlan, PlanLeg, PlanSortie, PlanViolation, TaskOutcome, VehiclePlan
from missions.planning.request import FleetRequest, Place
from missions.planning.shapes import ShapeReader

_METRES_DIGITS = 4
_DEGREES_DIGITS = 9


def write_plan(request: FleetRequest, plan: FleetPlan) -> str:
    """Return the plan as JSON text, indented for people."""
    return json.dumps(plan_to_json(request, plan), ensure_ascii=False, indent=1) + "\n"


def plan_to_json(request: FleetRequest, plan: FleetPlan) -> dict[str, Json]:
    """Return the document of *plan*."""
    places = _Places(request)
    solver: dict[str, Json] = {"runtime_s": round(plan.runtime_s, 3)}
    if plan.lower_bound_s is not None:
        solver["lower_bound"] = round(plan.lower_bound_s, 3)
    return {
        "frame": "local_m" if request.frame is None else "wgs84",
        "objective": request.objective.value,
        "vehicles": [_vehicle(vehicle, places) for vehicle in plan.vehicles],
        "tasks": [_task(task, places) for task in plan.tasks],
        "violations": [_violation(violation, places) for violation in plan.violations],
        "makespan_s": round(plan.makespan_s, 3),
        "total_distance_m": round(plan.total_distance_m, 3),
        "total_duration_s": round(plan.total_duration_s, 3),
        "solver": solver,
        "notes": list(plan.notes),
    }


def read_plan(request: FleetRequest, content: bytes | str) -> FleetPlan:
    """Return the sorties of a plan of *request* from its JSON text; raises BadRequest with what is wrong."""
    problems: list[Problem] = []
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadRequest([Problem(where="plan", what=f"is not JSON: {error}")]) from error
    reader = ShapeReader(request.frame)
    whole = Fields(document, where="plan", problems=problems)
    listed = {fields.text("id"): fields for fields in whole.objects("vehicles")}
    vehicles = tuple(
        VehiclePlan(id=v.id, sorties=tuple(_read_sortie(s, reader) for s in listed[v.id].objects("sorties")))
        if v.id in listed
        else VehiclePlan(id=v.id, sorties=())
        for v in request.vehicles
    )
    tasks = {task.id for task in request.tasks}
    for leg in (leg for vehicle in vehicles for sortie in vehicle.sorties for leg in sortie.legs):
        if leg.task is not None and leg.task not in tasks:
            problems.append(Problem(where="plan", what=f"names the task {leg.task!r}, which the request does not have"))
            break
    if problems:
        raise BadRequest(problems)
    outcomes = tuple(_read_outcome(fields) for fields in whole.objects("tasks"))
    return FleetPlan(vehicles=vehicles, tasks=outcomes, violations=(), runtime_s=0.0)


def _read_outcome(fields: Fields) -> TaskOutcome:
    reasons = fields.values.get("because")
    because = tuple(str(reason) for reason in reasons) if isinstance(reasons, list) else ()
    return TaskOutcome(id=fields.text("id"), done_ratio=fields.number("done_ratio", low=0.0, high=1.0), because=because)


def _read_sortie(fields: Fields, reader: ShapeReader) -> PlanSortie:
    return PlanSortie(
        legs=tuple(_read_leg(leg, reader) for leg in fields.objects("legs")),
        start_s=fields.number("start_s", low=0.0),
        duration_s=fields.number("duration_s", low=0.0),
        distance_m=fields.number("distance_m", low=0.0),
    )


def _read_leg(fields: Fields, reader: ShapeReader) -> PlanLeg:
    return PlanLeg(
        start=reader.place(fields, "from"),
        end=reader.place(fields, "to"),
        height_agl_m=fields.number("height_agl_m", low=0.0),
        speed_m_s=fields.number("speed_m_s", above=0.0),
        purpose=Purpose(fields.choice("purpose", Purpose)),
        task=fields.text("task") if fields.has("task") else None,
        point=fields.text("point") if fields.has("point") else None,
        service_s=fields.number("service_s", low=0.0, default=0.0),
        wait_s=fields.number("wait_s", low=0.0, default=0.0),
    )


class _Places:
    """Writes places and shapes in the request's frame; docks and points exactly as they were given."""

    def __init__(self, request: FleetRequest) -> None:
        self._frame: LocalFrame | None = request.frame

    def pair(self, place: Place) -> list[Json]:
        if self._frame is None:
            return [round(place[0], _METRES_DIGITS), round(place[1], _METRES_DIGITS)]
        degrees = self._frame.to_geo_array(np.array([place]))[0]
        return [round(float(value), _DEGREES_DIGITS) for value in degrees]

    def shape(self, shape: BaseGeometry) -> Json:
        if self._frame is not None:
            shape = shapely.transform(shape, self._frame.to_geo_array)
        digits = _METRES_DIGITS if self._frame is None else _DEGREES_DIGITS
        document: Json = json.loads(json.dumps(mapping(shapely.transform(shape, lambda xy: np.round(xy, digits)))))
        return document


def _vehicle(vehicle: VehiclePlan, places: _Places) -> Json:
    return {
        "id": vehicle.id,
        "sorties": [_sortie(sortie, places) for sortie in vehicle.sorties],
        "end_s": round(vehicle.end_s, 3),
    }


def _sortie(sortie: PlanSortie, places: _Places) -> Json:
    return {
        "legs": [_leg(leg, places) for leg in sortie.legs],
        "start_s": round(sortie.start_s, 3),
        "duration_s": round(sortie.duration_s, 3),
        "distance_m": round(sortie.distance_m, 3),
    }


def _leg(leg: PlanLeg, places: _Places) -> Json:
    document: dict[str, Json] = {
        "from": places.pair(leg.start),
        "to": places.pair(leg.end),
        "height_agl_m": leg.height_agl_m,
        "speed_m_s": leg.speed_m_s,
        "purpose": leg.purpose.value,
        "task": leg.task,
    }
    if leg.point is not None:
        document |= {"point": leg.point, "service_s": leg.service_s}
    if leg.wait_s > 0:
        document["wait_s"] = round(leg.wait_s, 3)
    return document


def _task(task: TaskOutcome, places: _Places) -> Json:
    return {
        "id": task.id,
        "done_ratio": round(task.done_ratio, 6),
        "unreachable": [what if isinstance(what, str) else places.shape(what) for what in task.unreachable],
        "because": list(task.because),
    }


def _violation(violation: PlanViolation, places: _Places) -> Json:
    return {
        "vehicle": violation.vehicle,
        "sortie": violation.sortie,
        "leg": violation.leg,
        "zone": violation.zone,
        "place": None if violation.place is None else places.pair(violation.place),
        "amount": round(violation.amount, 3),
        "because": violation.because,
    }
