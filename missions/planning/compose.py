"""From tasks to jobs: what of each task can be worked at which height, cut into strands, and what cannot and why."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from core.errors import InvalidInput
from geofence.frames import FloatArray
from geofence.overlay import common, united, without
from missions.coverage import plan_coverage
from missions.planning.jobs import Job, Purpose, without_specks
from missions.planning.levels import SPARE_M, Level
from missions.planning.request import (
    ALWAYS,
    AreaTask,
    FleetRequest,
    LineTask,
    PerimeterTask,
    Place,
    PlanVehicle,
    PointsTask,
    Task,
    Terms,
)

_SHORTEST_M = 0.05
_SMALLEST_SHARE = 1e-4
"""Of a swath's square: pieces of an area that are smaller are left out."""
_SAME_M = 1e-6
_HAIR_M = 1e-3
_NAMED = 6
"""So many points are named in one sentence."""


class Composed:
    """Jobs, and for each task why some of it is left out, in words."""

    def __init__(self, *, because: Mapping[str, Sequence[str]] | None = None) -> None:
        self.jobs: list[Job] = []
        self._because = {task: list(reasons) for task, reasons in (because or {}).items()}
        self._left: dict[tuple[str, str], list[tuple[Job, float]]] = {}

    def say(self, task: str, because: str) -> None:
        """Note why something of a task cannot be done, or is done otherwise."""
        reasons = self._because.setdefault(task, [])
        if because not in reasons:
            reasons.append(because)

    def leave(self, job: Job, because: str, *, short_s: float = 0.0) -> None:
        """Note that a job is left; those of one task with the same reason are told in one sentence.

        Where *short_s* is given, so many seconds more would do: the smallest is told.
        """
        self._left.setdefault((job.task, because), []).append((job, short_s))

    def reasons(self, task: str) -> tuple[str, ...]:
        """Return all that was said of a task."""
        left = (_left_words(jobs, because) for (own, because), jobs in self._left.items() if own == task)
        return *self._because.get(task, ()), *left


def _left_words(left: Sequence[tuple[Job, float]], because: str) -> str:
    jobs = [job for job, _ in left]
    short_s = min(short for _, short in left)
    more = f": the nearest would need {math.ceil(short_s)} s more" if short_s > 0 else ""
    if len(jobs) == 1:
        return f"{jobs[0].name} {because}{more}"
    because = f"are {because.removeprefix('is ')}" if because.startswith("is ") else because
    points = [job.name for job in jobs if job.is_point]
    rest = f" and {len(points) - _NAMED} more" if len(points) > _NAMED else ""
    strands = [job for job in jobs if not job.is_point]
    names = [f"{', '.join(points[:_NAMED])}{rest}"] if points else []
    if strands:
        longest = max(strands, key=lambda job: job.length_m)
        length_m = math.fsum(job.length_m for job in strands)
        names.append(f"{length_m:.0f} m in {len(strands)} pieces, the longest around {_words(longest.entry)},")
    return f"{' and '.join(names)} {because}{more}"


class Composer:
    """Makes the jobs of one request; *levels* are those of its vehicles."""

    def __init__(self, request: FleetRequest, levels: Mapping[float, Level], *, area_time_s: float, seed: int) -> None:
        self._request = request
        self._levels = levels
        self._area_time_s = area_time_s
        self._seed = seed
        self._out = Composed()

    def composed(self) -> Composed:
        """Return the jobs of all tasks."""
        for task in self._request.tasks:
            self._task(task)
        return self._out

    def _task(self, task: Task) -> None:
        levels = self._levels_for(task.terms)
        if not levels:
            self._out.say(task.id, f"no vehicle has {', '.join(sorted(task.terms.needs))}")
            return
        match task:
            case PointsTask():
                self._points(task)
            case AreaTask():
                self._area(task, levels)
            case LineTask():
                self._line(task.id, task.line, task.terms, levels)
            case PerimeterTask():
                self._perimeter(task, levels)

    def _levels_for(self, terms: Terms) -> list[Level]:
        heights = {vehicle.height_agl_m for vehicle in able(self._request.vehicles, terms)}
        return [self._levels[height] for height in sorted(heights)]

    def _points(self, task: PointsTask) -> None:
        for point in task.points:
            terms = Terms(
                window=task.terms.window if point.terms.window == ALWAYS else point.terms.window,
                needs=task.terms.needs | point.terms.needs,
            )
            levels = self._levels_for(terms)
            if not levels:
                self._out.say(task.id, f"{point.id}: no vehicle has {', '.join(sorted(terms.needs))}")
            elif not any(level.covers(Point(point.position)) for level in levels):
                self._out.say(task.id, f"{point.id} {levels[0].why_not(point.position)}")
            else:
                places = np.array([point.position])
                self._out.jobs.append(
                    Job(
                        task=task.id,
                        purpose=Purpose.POINT,
                        places=places,
                        service_s=point.service_s,
                        point=point.id,
                        terms=terms,
                    )
                )

    def _area(self, task: AreaTask, levels: Sequence[Level]) -> None:
        rest: BaseGeometry = task.area
        least_m2 = task.swath_m**2 * _SMALLEST_SHARE
        if task.area.area <= least_m2:
            self._out.say(
                task.id, f"{task.id}: {task.area.area:.2g} m² is too little for a swath of {task.swath_m:g} m"
            )
            return
        for level in sorted(levels, key=lambda level: -level.region.intersection(task.area).area):
            ground = [part for part in _polygons(common(rest, level.region)) if part.area > least_m2]
            if ground:
                self._sweep(task, ground, level)
                rest = without(rest, level.region)
        for part in _polygons(rest):
            if part.area > least_m2:
                reason = levels[0].why_not(_inner(part))
                self._out.say(task.id, f"{part.area:.0f} m² around {_words(_inner(part))}: {reason}")

    def _sweep(self, task: AreaTask, ground: list[Polygon], level: Level) -> None:
        start = self._nearest_dock(united(ground), level)
        area = ground[0] if len(ground) == 1 else MultiPolygon(ground)
        try:
            path = plan_coverage(
                area,
                swath_m=task.swath_m,
                overlap=task.overlap,
                start=start,
                time_limit_s=self._area_time_s,
                seed=self._seed,
            )
        except InvalidInput as error:
            self._out.say(task.id, f"{task.id}: {error}")
            return
        for because in path.because:
            self._out.say(task.id, because)
        for strand in _strands([(leg.start, leg.end) for leg in path.legs]):
            self._out.jobs.append(Job(task=task.id, purpose=Purpose.SURVEY, places=strand, terms=task.terms))

    def _nearest_dock(self, ground: BaseGeometry, level: Level) -> Place | None:
        docks = {v.dock for v in self._request.vehicles if v.height_agl_m == level.height_agl_m}
        places = [dock.position for dock in self._request.docks if dock.id in docks]
        return min(places, key=lambda place: ground.distance(Point(place)), default=None)

    def _line(self, task_id: str, line: BaseGeometry, terms: Terms, levels: Sequence[Level]) -> None:
        rest = line
        for level in sorted(levels, key=lambda level: -level.region.intersection(line).length):
            for strand in _lines(common(rest, level.region)):
                places = shapely.get_coordinates(strand)
                smooth = without_specks(places)
                places = smooth if level.covers(LineString(smooth)) else places
                self._out.jobs.append(Job(task=task_id, purpose=Purpose.LINE, places=places, terms=terms))
            rest = without(rest, level.region)
        for part in _lines(rest):
            middle = part.interpolate(0.5, normalized=True)
            reason = levels[0].why_not((middle.x, middle.y))
            self._out.say(task_id, f"{part.length:.0f} m around {_words((middle.x, middle.y))}: {reason}")

    def _perimeter(self, task: PerimeterTask, levels: Sequence[Level]) -> None:
        rings = list(self._rings(task))
        if not rings:
            because = f"{task.id}: nothing is left of the zone {task.zone} {task.inset_m:g} m inside of its border"
            self._out.say(task.id, because)
        for ring in rings:
            self._line(task.id, ring, task.terms, levels)

    def _rings(self, task: PerimeterTask) -> Iterator[LineString]:
        """Yield the rings; those right on the margin lie a hair further off, as all ways do."""
        is_at_margin = -SPARE_M <= self._request.margin_m - task.inset_m <= _SAME_M
        inset_m = self._request.margin_m + SPARE_M + _HAIR_M if is_at_margin else task.inset_m
        return rings_of(self._request, replace(task, inset_m=inset_m))


def rings_of(request: FleetRequest, task: PerimeterTask) -> Iterator[LineString]:
    """Yield the lines that a perimeter task asks for: inside a keep-in, around a keep-out."""
    zone = request.zone(task.zone)
    aside_m = -task.inset_m if zone.is_keep_in else task.inset_m
    for part in _polygons(shapely.buffer(zone.shape, aside_m, join_style="mitre", mitre_limit=2.0)):
        for ring in (part.exterior, *part.interiors):
            yield LineString(ring.coords)


def able(vehicles: Iterable[PlanVehicle], terms: Terms) -> list[PlanVehicle]:
    """Return the vehicles that have what the terms need."""
    return [vehicle for vehicle in vehicles if terms.needs <= vehicle.skills]


def _strands(legs: Sequence[tuple[Place, Place]]) -> Iterator[FloatArray]:
    """Yield the places of legs that follow each other without a gap."""
    strand: list[Place] = []
    for start, end in legs:
        if strand and np.hypot(start[0] - strand[-1][0], start[1] - strand[-1][1]) > _SAME_M:
            yield np.array(strand)
            strand = []
        strand = [*strand, end] if strand else [start, end]
    if strand:
        yield np.array(strand)


def _polygons(shape: BaseGeometry) -> list[Polygon]:
    return [part for part in _parts(shape) if isinstance(part, Polygon) and part.area > 0]


def _lines(shape: BaseGeometry) -> list[LineString]:
    merged = shapely.line_merge(shape) if shape.geom_type in {"MultiLineString", "LineString"} else shape
    return [part for part in _parts(merged) if isinstance(part, LineString) and part.length > _SHORTEST_M]


def _parts(shape: BaseGeometry) -> list[BaseGeometry]:
    parts = shapely.get_parts(shape).tolist()
    return [inner for part in parts for inner in (_parts(part) if hasattr(part, "geoms") else [part])]


def _inner(part: Polygon) -> Place:
    point = part.representative_point()
    return point.x, point.y


def _words(place: Place) -> str:
    return f"({place[0]:.1f}, {place[1]:.1f})"
