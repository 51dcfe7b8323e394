"""Where vehicles may fly or drive, height by height: inside keep-ins, around the keep-outs that reach so high."""

import math
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import pairwise

import numpy as np
import shapely
from shapely import Point, STRtree
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray
from geofence.overlay import common, united, without
from geofence.sight_graph import Ways
from missions.planning.request import AreaTask, FleetRequest, LineTask, Place, PlanZone, PointsTask

SPARE_M = 0.005
"""Kept over the margin, so that rounding never decides."""
_HAIR_M = 1e-5
"""Where lines are cut at a border, rounding to a grid may put their ends outside by less than that."""
_QUARTER = 8
"""Pieces of a quarter of a circle, where corners of margins are rounded."""
_ROOM_M = 2000.0
"""Without keep-in zones, ways may lead so far around everything that is named."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Ground:
    """A region that keeps the margin from the borders of zones, and the ways inside it."""

    region: BaseGeometry

    @cached_property
    def ways(self) -> Ways:
        """Return the ways inside the region."""
        return Ways(self.region)

    @cached_property
    def roomy(self) -> BaseGeometry:
        """Return the region with a hair more, for lines that were cut at its border."""
        roomy = shapely.buffer(self.region, _HAIR_M, join_style="mitre", mitre_limit=2.0)
        shapely.prepare(roomy)
        return roomy


@dataclass(frozen=True, eq=False, kw_only=True)
class Level:
    """One height: the zones that reach to it, and the free ground (which heights with the same zones share)."""

    height_agl_m: float
    margin_m: float
    keep_ins: tuple[PlanZone, ...]
    keep_outs: tuple[PlanZone, ...]
    columns: tuple[PlanZone, ...]
    """Keep-outs that reach somewhere between the ground and this height: nothing climbs or sinks there."""
    ground: Ground
    has_keep_ins: bool
    """Whether there are keep-ins at all, at this height or another."""

    @property
    def region(self) -> BaseGeometry:
        """Return where a vehicle may be at this height."""
        return self.ground.region

    @property
    def ways(self) -> Ways:
        """Return the ways inside the region."""
        return self.ground.ways

    def covers(self, shape: BaseGeometry) -> bool:
        """Say whether all of *shape* lies in the region (its ends may lie outside by rounding)."""
        return bool(shapely.covers(self.ground.roomy, shape))

    def why_not(self, place: Place) -> str:
        """Return why *place* cannot be at this height."""
        point = Point(place)
        for zone in self.keep_outs:
            distance_m = zone.shape.distance(point)
            if distance_m == 0:
                return f"lies inside the keep-out zone {zone.id}"
            if distance_m < self.margin_m + SPARE_M:
                return f"lies {distance_m:.2f} m from the keep-out zone {zone.id}, the margin is {self.margin_m:g} m"
        inside = [zone for zone in self.keep_ins if zone.shape.covers(point)]
        if inside or not self.has_keep_ins:
            near = min((*inside[:1], *self.keep_outs), key=lambda zone: zone.shape.boundary.distance(point))
            kind = "keep-in" if near.is_keep_in else "keep-out"
            return f"lies too near to the border of the {kind} zone {near.id} for a margin of {self.margin_m:g} m"
        if not self.keep_ins:
            return f"no keep-in zone reaches to {self.height_agl_m:g} m"
        return "lies outside of all keep-in zones"

    def why_no_column(self, place: Place) -> str:
        """Return why a vehicle cannot climb from *place* to this height, or nothing."""
        point = Point(place)
        if not self.covers(point):
            return f"{self.why_not(place)} at {self.height_agl_m:g} m"
        below = next((zone for zone in self.columns if zone.shape.distance(point) < self.margin_m + SPARE_M), None)
        return "" if below is None else f"lies under or over the keep-out zone {below.id}"


def levels_of(request: FleetRequest) -> dict[float, Level]:
    """Return the level of every height that a vehicle of *request* moves at."""
    grounds: dict[tuple[str, ...], Ground] = {}
    heights = sorted({vehicle.height_agl_m for vehicle in request.vehicles})
    return {height: _level(request, height, grounds) for height in heights}


def _level(request: FleetRequest, height_agl_m: float, grounds: dict[tuple[str, ...], Ground]) -> Level:
    holding = tuple(zone.id for zone in request.zones if zone.holds_at(height_agl_m))
    if holding not in grounds:
        grounds[holding] = Ground(region=free_between(request, height_agl_m, height_agl_m))
    keep_outs = tuple(_keep_outs(request, height_agl_m, height_agl_m))
    below = [zone for zone in _keep_outs(request, -math.inf, height_agl_m) if zone not in keep_outs]
    return Level(
        height_agl_m=height_agl_m,
        margin_m=request.margin_m,
        keep_ins=tuple(zone for zone in request.zones if zone.is_keep_in and zone.holds_at(height_agl_m)),
        keep_outs=keep_outs,
        columns=tuple(below),
        ground=grounds[holding],
        has_keep_ins=any(zone.is_keep_in for zone in request.zones),
    )


def free_between(request: FleetRequest, low_agl_m: float, high_agl_m: float) -> BaseGeometry:
    """Return the ground over which all heights from *low_agl_m* to *high_agl_m* are free, the margin kept."""
    clear_m = request.margin_m + SPARE_M
    work = STRtree(_work(request))
    spans = _spans(request, low_agl_m, high_agl_m)
    region = reduce(common, (_inside(request, height, clear_m, work) for height in spans))
    outs = _keep_outs(request, low_agl_m, high_agl_m)
    return _ground(without(region, united(_grown(zone.shape, clear_m, work) for zone in outs)))


def _grown(shape: BaseGeometry, by_m: float, work: STRtree) -> BaseGeometry:
    """Return *shape* with its corners, grown and sharp, rounded where *work* lies beside one: few corners elsewhere."""
    sharp = shapely.buffer(shape, by_m, join_style="mitre", mitre_limit=2.0)
    if not len(work.query(sharp, predicate="intersects")):
        return sharp
    # the chords of its arcs lie no nearer than asked for
    rounded = shapely.buffer(shape, by_m / math.cos(math.pi / (4 * _QUARTER)), quad_segs=_QUARTER)
    return common(sharp, rounded) if len(work.query(without(sharp, rounded), predicate="intersects")) else sharp


def _work(request: FleetRequest) -> list[BaseGeometry]:
    """Return the places and lines that vehicles are to be at."""
    shapes: list[BaseGeometry] = [Point(dock.position) for dock in request.docks]
    for task in request.tasks:
        match task:
            case LineTask():
                shapes.append(task.line)
            case PointsTask():
                shapes += [Point(point.position) for point in task.points]
    return shapes


def _keep_outs(request: FleetRequest, low_agl_m: float, high_agl_m: float) -> list[PlanZone]:
    return [zone for zone in request.zones if not zone.is_keep_in and zone.meets(low_agl_m, high_agl_m)]


def _spans(request: FleetRequest, low_agl_m: float, high_agl_m: float) -> list[float]:
    """Return a height of each span within which the keep-ins are the same."""
    ends = {end for zone in request.zones if zone.is_keep_in for end in (zone.floor_agl_m, zone.ceiling_agl_m)}
    inner = sorted(end for end in ends if end is not None and low_agl_m < end < high_agl_m)
    return [(low + high) / 2 for low, high in pairwise((low_agl_m, *inner, high_agl_m))]


def _inside(request: FleetRequest, height_agl_m: float, clear_m: float, work: STRtree) -> BaseGeometry:
    keep_ins = [zone for zone in request.zones if zone.is_keep_in]
    if keep_ins:
        union = united(zone.shape for zone in keep_ins if zone.holds_at(height_agl_m))
        if union.is_empty:
            return union
        around = shapely.box(*shapely.buffer(union, 3 * clear_m).bounds)
        return without(union, _grown(without(around, union), clear_m, work))
    west, south, east, north = _bounds(request)
    room_m = _ROOM_M + request.margin_m
    return shapely.box(west - room_m, south - room_m, east + room_m, north + room_m)


def _bounds(request: FleetRequest) -> tuple[float, float, float, float]:
    places: list[FloatArray] = [np.array([dock.position for dock in request.docks]).reshape(-1, 2)]
    places += [shapely.get_coordinates(zone.shape) for zone in request.zones]
    for task in request.tasks:
        match task:
            case AreaTask():
                places.append(shapely.get_coordinates(task.area))
            case LineTask():
                places.append(shapely.get_coordinates(task.line))
            case PointsTask():
                places.append(np.array([point.position for point in task.points]).reshape(-1, 2))
    every = np.vstack(places)
    west, south = every.min(axis=0).tolist()
    east, north = every.max(axis=0).tolist()
    return west, south, east, north


def _ground(region: BaseGeometry) -> BaseGeometry:
    """Return the polygons of *region* without lines and points."""
    parts = [part for part in shapely.get_parts(region) if part.geom_type == "Polygon" and part.area > 0]
    return united(parts)
