"""The proof of a finished plan, from its legs alone: zones, margins, endurance, order, windows, and what was done.

It uses nothing of what made the plan but the request: no levels, no matrices.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geofence.overlay import united, without
from missions.planning.compose import rings_of
from missions.planning.jobs import Purpose
from missions.planning.legs import duration_s
from missions.planning.plan import PlanLeg, PlanSortie, PlanViolation, VehiclePlan
from missions.planning.request import (
    AreaTask,
    FleetRequest,
    LineTask,
    PerimeterTask,
    Place,
    PlanVehicle,
    PlanZone,
    PointsTask,
    Task,
    Window,
)

_EXACT_M = 1e-3
_EXACT_S = 1e-3
_BESIDE_M = 0.01
_Found = Iterator[PlanViolation]


def prove_plan(request: FleetRequest, vehicles: Sequence[VehiclePlan]) -> tuple[PlanViolation, ...]:
    """Return everything that is wrong with the sorties of *vehicles*; nothing for a sound plan."""
    known = {vehicle.id: vehicle for vehicle in request.vehicles}
    zones = {height: _Zones(request, height) for height in {vehicle.height_agl_m for vehicle in request.vehicles}}
    return tuple(
        found
        for plan in vehicles
        for found in _vehicle(request, zones[known[plan.id].height_agl_m], known[plan.id], plan)
    )


def _vehicle(request: FleetRequest, zones: "_Zones", vehicle: PlanVehicle, plan: VehiclePlan) -> _Found:
    if len(plan.sorties) > vehicle.max_sorties:
        because = f"{len(plan.sorties)} sorties, allowed are {vehicle.max_sorties}"
        yield PlanViolation(vehicle=vehicle.id, because=because, amount=len(plan.sorties) - vehicle.max_sorties)
    for before, after in pairwise(plan.sorties):
        short_s = before.end_s + vehicle.turnaround_s - after.start_s
        if short_s > _EXACT_S:
            yield PlanViolation(
                vehicle=vehicle.id, because="too little time in the dock between sorties", amount=short_s
            )
    if plan.end_s > request.makespan_limit_s + _EXACT_S:
        over_s = plan.end_s - request.makespan_limit_s
        yield PlanViolation(vehicle=vehicle.id, because="ends after the limit", amount=over_s)
    for number, sortie in enumerate(plan.sorties):
        yield from _sortie(request, zones, vehicle, sortie, number)


def _sortie(request: FleetRequest, zones: "_Zones", vehicle: PlanVehicle, sortie: PlanSortie, number: int) -> _Found:
    taken_s = duration_s(sortie.legs, vehicle.turn_s)
    if taken_s > vehicle.endurance_s + _EXACT_S:
        over_s = taken_s - vehicle.endurance_s
        because = f"takes {taken_s:.1f} s, the endurance is {vehicle.endurance_s:g} s"
        yield PlanViolation(vehicle=vehicle.id, sortie=number, because=because, amount=over_s)
    if abs(taken_s - sortie.duration_s) > _EXACT_S:
        because = f"is said to take {sortie.duration_s:.1f} s and takes {taken_s:.1f} s"
        yield PlanViolation(vehicle=vehicle.id, sortie=number, because=because, amount=taken_s - sortie.duration_s)
    yield from _order(request, vehicle, sortie, number)
    yield from _windows(request, vehicle, sortie, number)
    yield from _column(request, vehicle, number)
    for index, leg in enumerate(sortie.legs):
        for zone, place, amount, because in zones.faults(leg):
            yield PlanViolation(
                vehicle=vehicle.id,
                sortie=number,
                leg=index,
                zone=zone,
                place=place,
                amount=amount,
                because=because,
            )


def _order(request: FleetRequest, vehicle: PlanVehicle, sortie: PlanSortie, number: int) -> _Found:
    dock = request.dock(vehicle.dock).position
    places = [dock, *(place for leg in sortie.legs for place in (leg.start, leg.end)), dock]
    for index, (end, start) in enumerate(zip(places[::2], places[1::2], strict=True)):
        gap_m = math.dist(end, start)
        if gap_m > _EXACT_M:
            because = "a leg does not begin where the one before it ended (or at the dock)"
            yield PlanViolation(
                vehicle=vehicle.id, sortie=number, leg=index, because=because, place=start, amount=gap_m
            )
    wrong = next((n for n, leg in enumerate(sortie.legs) if leg.height_agl_m != vehicle.height_agl_m), None)
    if wrong is not None:
        yield PlanViolation(vehicle=vehicle.id, sortie=number, leg=wrong, because="is not at the vehicle's height")


def _column(request: FleetRequest, vehicle: PlanVehicle, number: int) -> _Found:
    dock = request.dock(vehicle.dock).position
    for zone in (zone for zone in request.zones if not zone.is_keep_in):
        if (zone.floor_agl_m or 0.0) <= vehicle.height_agl_m and zone.shape.distance(Point(dock)) < request.margin_m:
            because = f"climbs and sinks in the keep-out zone {zone.id}, or too near to it"
            yield PlanViolation(vehicle=vehicle.id, sortie=number, zone=zone.id, place=dock, because=because)


def _windows(request: FleetRequest, vehicle: PlanVehicle, sortie: PlanSortie, number: int) -> _Found:
    windows = {(task.id, point): window for task in request.tasks for point, window in _windows_of(task)}
    out_s = vehicle.window.from_s - sortie.start_s, sortie.end_s - vehicle.window.to_s
    if max(out_s) > _EXACT_S:
        yield PlanViolation(vehicle=vehicle.id, sortie=number, because="leaves its window", amount=max(out_s))
    for index, leg in enumerate(sortie.legs):
        window = windows.get((leg.task, leg.point)) if leg.task else None
        if window is None:
            continue
        end_s = sortie.start_s + duration_s(sortie.legs[: index + 1], vehicle.turn_s)
        begin_s = end_s - leg.service_s - (0 if leg.point else math.dist(leg.start, leg.end) / leg.speed_m_s)
        off_s = max(window.from_s - begin_s, end_s - window.to_s)
        if off_s > _EXACT_S:
            because = f"is worked from {begin_s:.0f} to {end_s:.0f} s, outside of its window"
            yield PlanViolation(vehicle=vehicle.id, sortie=number, leg=index, because=because, amount=off_s)


def _windows_of(task: Task) -> Iterator[tuple[str | None, Window]]:
    if isinstance(task, PointsTask):
        for point in task.points:
            yield point.id, task.terms.window if point.terms.window == Window() else point.terms.window
    else:
        yield None, task.terms.window


class _Zones:
    """The zones that reach to one height, ready to be asked about many legs."""

    def __init__(self, request: FleetRequest, height_agl_m: float) -> None:
        holding = [zone for zone in request.zones if zone.holds_at(height_agl_m)]
        self._margin_m = request.margin_m
        self._outs = [zone for zone in holding if not zone.is_keep_in]
        self._tree = shapely.STRtree([zone.shape for zone in self._outs])
        self._is_bound = any(zone.is_keep_in for zone in request.zones)
        self._union = united(zone.shape for zone in holding if zone.is_keep_in)
        self._grown = self._union.buffer(_EXACT_M)
        self._border = self._union.boundary
        shapely.prepare([self._grown, self._border])

    def faults(self, leg: PlanLeg) -> Iterator[tuple[str | None, Place, float, str]]:
        """Yield each zone that *leg* breaks: its id, where, by how much, and in words."""
        line = LineString([leg.start, leg.end]) if leg.start != leg.end else Point(leg.start)
        for hit in self._tree.query(line, predicate="dwithin", distance=self._margin_m).tolist():
            yield from self._too_near(self._outs[hit], line)
        if self._is_bound:
            yield from self._left(line)

    def _too_near(self, zone: PlanZone, line: BaseGeometry) -> Iterator[tuple[str | None, Place, float, str]]:
        distance_m, crossed_m = zone.shape.distance(line), _inside_m(zone.shape, line)
        if crossed_m > 0 or distance_m < self._margin_m - _EXACT_M:
            because = f"crosses the keep-out zone {zone.id}" if crossed_m else f"passes too near to {zone.id}"
            yield zone.id, _nearest(line, zone.shape), max(crossed_m, self._margin_m - distance_m), because

    def _left(self, line: BaseGeometry) -> Iterator[tuple[str | None, Place, float, str]]:
        if not self._grown.covers(line):
            outside = line.difference(self._grown)
            yield None, _nearest(outside, outside), outside.length, "leaves the keep-in zones"
        elif self._margin_m > 0 and (near_m := self._border.distance(line)) < self._margin_m - _EXACT_M:
            because = "passes too near to the border of the keep-in zones"
            yield None, _nearest(line, self._border), self._margin_m - near_m, because


def _inside_m(shape: BaseGeometry, line: BaseGeometry) -> float:
    """Return how much of *line* lies inside of *shape* by more than a millimetre (a point counts as one)."""
    if shape.distance(line) > 0:
        return 0.0
    inner = shape.buffer(-_EXACT_M).intersection(line)
    return 0.0 if inner.is_empty else max(inner.length, _EXACT_M)


def _nearest(line: BaseGeometry, other: BaseGeometry) -> Place:
    east_m, north_m = shapely.get_coordinates(shapely.shortest_line(line, other))[0].tolist()
    return east_m, north_m


def done_ratio(request: FleetRequest, task: Task, legs: Sequence[PlanLeg]) -> float:
    """Return how much of *task* is done by *legs*: points reached, metres followed, ground swept; 1 is all."""
    own = [leg for leg in legs if leg.task == task.id]
    match task:
        case PointsTask():
            return len(points_done(task, own)) / len(task.points) if task.points else 1.0
        case AreaTask():
            return 1.0 - unswept(task, own).area / task.area.area
        case LineTask():
            return _followed([task.line], own)
        case PerimeterTask():
            return _followed(list(rings_of(request, task)), own)


def points_done(task: PointsTask, legs: Sequence[PlanLeg]) -> set[str]:
    """Return the ids of the points that a leg ends at for long enough."""
    at = {point.id: point for point in task.points}
    return {
        leg.point
        for leg in legs
        if leg.point in at
        and leg.purpose is Purpose.POINT
        and math.dist(leg.end, at[leg.point].position) <= _EXACT_M
        and leg.service_s >= at[leg.point].service_s - _EXACT_S
    }


def unswept(task: AreaTask, legs: Sequence[PlanLeg]) -> BaseGeometry:
    """Return the ground that lies further than half a swath sideways from every survey leg (flat ends)."""
    strips = [_strip(leg, task.swath_m) for leg in legs if leg.purpose is Purpose.SURVEY and leg.start != leg.end]
    return without(task.area, united(strips))


def unfollowed(lines: Sequence[LineString], legs: Sequence[PlanLeg]) -> BaseGeometry:
    """Return the parts of *lines* that no leg lies on."""
    flown = shapely.union_all(
        [LineString([leg.start, leg.end]).buffer(_BESIDE_M) for leg in legs if leg.start != leg.end]
    )
    return shapely.union_all([line.difference(flown) for line in lines])


def _followed(lines: Sequence[LineString], legs: Sequence[PlanLeg]) -> float:
    length_m = math.fsum(line.length for line in lines)
    return 1.0 - unfollowed(lines, legs).length / length_m if length_m else 0.0


def _strip(leg: PlanLeg, swath_m: float) -> Polygon:
    (ax, ay), (bx, by) = leg.start, leg.end
    aside = np.array([ay - by, bx - ax]) / math.dist(leg.start, leg.end) * (swath_m / 2)
    return Polygon(np.array([(ax, ay), (bx, by), (bx, by), (ax, ay)]) + np.outer([1, 1, -1, -1], aside))
