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
    HEIGHT_ERROR_M,
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
_BESIDE_M = 0.02
_Found = Iterator[PlanViolation]


def prove_plan(request: FleetRequest, vehicles: Sequence[VehiclePlan]) -> tuple[PlanViolation, ...]:
    """Return everything that is wrong with the sorties of *vehicles*; nothing for a sound plan."""
    known = {vehicle.id: vehicle for vehicle in request.vehicles}
    spans = _Spans(request)
    return tuple(found for plan in vehicles for found in _vehicle(request, spans, known[plan.id], plan))


def _vehicle(request: FleetRequest, spans: "_Spans", vehicle: PlanVehicle, plan: VehiclePlan) -> _Found:
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
        yield from _sortie(request, spans, vehicle, sortie, number)


def _sortie(request: FleetRequest, spans: "_Spans", vehicle: PlanVehicle, sortie: PlanSortie, number: int) -> _Found:
    taken_s = duration_s(sortie.legs, vehicle)
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
    yield from _heights(vehicle, sortie, number)
    for index, (low_m, high_m, shape) in _spans(request, vehicle, sortie):
        for zone, place, amount, because in spans.zones(low_m, high_m).faults(shape):
            yield PlanViolation(
                vehicle=vehicle.id,
                sortie=number,
                leg=index,
                zone=zone,
                place=place,
                amount=amount,
                because=because,
            )


def _spans(
    request: FleetRequest, vehicle: PlanVehicle, sortie: PlanSortie
) -> Iterator[tuple[int, tuple[float, float, BaseGeometry]]]:
    """Yield, with the index of its leg, all that a sortie occupies: lowest, highest, and line or place over ground."""
    own_m = vehicle.height_agl_m
    before_m = own_m
    for index, leg in enumerate(sortie.legs):
        line = LineString([leg.start, leg.end]) if leg.start != leg.end else Point(leg.start)
        yield index, (*_with_error(request, own_m, leg.height_agl_m), line)
        if leg.height_agl_m != before_m:
            yield index, (*_with_error(request, own_m, before_m, leg.height_agl_m), Point(leg.start))
        before_m = leg.height_agl_m
    if before_m != own_m:
        yield len(sortie.legs) - 1, (*_with_error(request, own_m, before_m, own_m), Point(sortie.legs[-1].end))


def _with_error(request: FleetRequest, own_m: float, *heights: float) -> tuple[float, float]:
    """Return the lowest and the highest of *heights*; those that are not the vehicle's own keep a margin in height."""
    clear_m = max(request.margin_m, HEIGHT_ERROR_M) - _EXACT_M
    ends = [(h, h) if h == own_m else (max(0.0, h - clear_m), h + clear_m) for h in heights]
    return min(low for low, _ in ends), max(high for _, high in ends)


def _heights(vehicle: PlanVehicle, sortie: PlanSortie, number: int) -> _Found:
    band = vehicle.band
    for index, leg in enumerate(sortie.legs):
        is_way = leg.purpose in {Purpose.TRANSIT, Purpose.RETURN}
        low_m, high_m = (band.lowest_agl_m, band.highest_agl_m) if is_way else (band.height_agl_m, band.height_agl_m)
        off_m = max(low_m - leg.height_agl_m, leg.height_agl_m - high_m)
        if off_m > 0:
            because = "is not at the vehicle's height" if low_m == high_m else "is not at a height the vehicle may use"
            yield PlanViolation(vehicle=vehicle.id, sortie=number, leg=index, because=because, amount=off_m)


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
        end_s = sortie.start_s + duration_s(sortie.legs[: index + 1], vehicle, to_own_height=False)
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


class _Spans:
    """The zones of every span of heights that is asked for."""

    def __init__(self, request: FleetRequest) -> None:
        self._request = request
        self._made: dict[tuple[float, float], _Zones] = {}

    def zones(self, low_agl_m: float, high_agl_m: float) -> "_Zones":
        """Return the zones that count from *low_agl_m* to *high_agl_m*."""
        key = low_agl_m, high_agl_m
        if key not in self._made:
            self._made[key] = _Zones(self._request, *key)
        return self._made[key]


class _Zones:
    """The zones that count in a span of heights, ready to be asked about many legs."""

    def __init__(self, request: FleetRequest, low_agl_m: float, high_agl_m: float) -> None:
        ins = [zone for zone in request.zones if zone.is_keep_in]
        self._margin_m = request.margin_m
        self._outs = [zone for zone in request.zones if not zone.is_keep_in and zone.meets(low_agl_m, high_agl_m)]
        self._tree = shapely.STRtree([zone.shape for zone in self._outs])
        ends = {end for zone in ins for end in (zone.floor_agl_m, zone.ceiling_agl_m) if end is not None}
        edges = [low_agl_m, *sorted(end for end in ends if low_agl_m < end < high_agl_m), high_agl_m]
        # between two edges the keep-ins are the same, and at an edge there are no fewer
        heights = [(low + high) / 2 for low, high in pairwise(edges)] if ins else []
        self._grounds = [_Ground(united(z.shape for z in ins if z.holds_at(height))) for height in heights]

    def faults(self, shape: BaseGeometry) -> Iterator[tuple[str | None, Place, float, str]]:
        """Yield each zone that a line or place breaks: its id, where, by how much, and in words."""
        for hit in self._tree.query(shape, predicate="dwithin", distance=self._margin_m).tolist():
            yield from self._too_near(self._outs[hit], shape)
        for ground in self._grounds:
            yield from ground.faults(shape, self._margin_m)

    def _too_near(self, zone: PlanZone, line: BaseGeometry) -> Iterator[tuple[str | None, Place, float, str]]:
        distance_m, crossed_m = zone.shape.distance(line), _inside_m(zone.shape, line)
        if crossed_m > 0 or distance_m < self._margin_m - _EXACT_M:
            because = f"crosses the keep-out zone {zone.id}" if crossed_m else f"passes too near to {zone.id}"
            yield zone.id, _nearest(line, zone.shape), max(crossed_m, self._margin_m - distance_m), because


class _Ground:
    """The ground of the keep-ins at one height."""

    def __init__(self, union: BaseGeometry) -> None:
        self._grown = union.buffer(_EXACT_M)
        self._border = union.boundary
        shapely.prepare([self._grown, self._border])

    def faults(self, line: BaseGeometry, margin_m: float) -> Iterator[tuple[str | None, Place, float, str]]:
        """Yield what is wrong where *line* leaves the ground or comes too near to its border."""
        if not self._grown.covers(line):
            outside = line.difference(self._grown)
            yield None, _nearest(outside, outside), outside.length, "leaves the keep-in zones"
        elif margin_m > 0 and (near_m := self._border.distance(line)) < margin_m - _EXACT_M:
            because = "passes too near to the border of the keep-in zones"
            yield None, _nearest(line, self._border), margin_m - near_m, because


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
