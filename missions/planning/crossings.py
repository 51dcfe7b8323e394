"""Over and under keep-outs: the other heights that ways between work may climb or sink to, and where they may."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from shapely import Point
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray
from geofence.sight_graph import Way, Ways
from missions.planning.levels import Level, free_between, levels_of
from missions.planning.request import HEIGHT_ERROR_M, Band, FleetRequest, Place, PlanZone

_TOUCH_M = 1e-3
"""A ceiling or floor exactly as far away as must be kept does not count."""
_PARTS = 3
"""So many of the nearest parts of the ground to climb over are tried."""
_MOST = 4
"""So many other heights are looked at for each band."""


def clear_height_m(request: FleetRequest) -> float:
    """Return the metres that ways at other heights keep over ceilings and under floors."""
    return max(request.margin_m, HEIGHT_ERROR_M)


@dataclass(frozen=True, eq=False, kw_only=True)
class Crossing:
    """Another height for ways: where they may run there, and where a vehicle may climb and sink to it.

    From a place where it may not, it goes aside at its own *level* to the nearest where it may.
    """

    height_agl_m: float
    change_s: float
    """From the vehicle's height to this one and back."""
    level: Level
    region: BaseGeometry
    shaft: BaseGeometry

    @cached_property
    def ways(self) -> Ways:
        """Return the ways at this height."""
        return Ways(self.region)

    def lengths_m(self, places: FloatArray) -> FloatArray:
        """Return the lengths of the ways between *places*, shape (n, 2), as (n, n); inf where there is none."""
        lengths_m = np.full((len(places), len(places)), np.inf)
        asides = [self._aside(place) for place in places]
        rows = np.flatnonzero([aside is not None for aside in asides])
        found = [aside for aside in asides if aside is not None]
        if found:
            aside_m = np.array([aside.length_m for aside in found])
            between_m = self.ways.distances(np.array([aside.points[-1] for aside in found]))
            lengths_m[np.ix_(rows, rows)] = aside_m[:, None] + between_m + aside_m
        return lengths_m

    def way(self, start: FloatArray, end: FloatArray) -> list[tuple[float, FloatArray]] | None:
        """Return the shortest way between two places as stretches, each a height and its points; None without any."""
        out, back = self._aside(start), self._aside(end)
        over = None if out is None or back is None else self.ways.shortest(out.points[-1], back.points[-1])
        if out is None or back is None or over is None:
            return None
        own_m = self.level.height_agl_m
        stretches = [(own_m, out.points), (self.height_agl_m, over.points), (own_m, back.points[::-1])]
        return [(height_m, points) for height_m, points in stretches if len(points) > 1]

    def _aside(self, place: FloatArray) -> Way | None:
        """Return the way at the vehicle's own height to the nearest place to climb; of one point where that is here."""
        point = Point(place)
        if shapely.covers(self._shaft, point):
            return Way(length_m=0.0, points=place[None])
        parts = shapely.get_parts(self.shaft)
        nearest = parts[np.argsort(shapely.distance(parts, point))[:_PARTS]]
        ends = (shapely.get_coordinates(shapely.shortest_line(part, point))[0] for part in nearest)
        return next((way for end in ends if (way := self.level.ways.shortest(place, end)) is not None), None)

    def joins(self, one: Place, other: Place) -> bool:
        """Say whether a way at this height joins two places over which a vehicle may climb and sink."""
        ends = shapely.points([one, other])
        if not shapely.covers(self._shaft, ends).all():
            return False
        return any(shapely.covers(part, ends).all() for part in shapely.get_parts(self.region))

    @cached_property
    def _shaft(self) -> BaseGeometry:
        shapely.prepare(self.shaft)
        return self.shaft


@dataclass(frozen=True, eq=False, kw_only=True)
class Airspace:
    """Where the vehicles of a request may be: the level of every height they work at, the crossings of every band."""

    levels: Mapping[float, Level]
    crossings: Mapping[Band, tuple[Crossing, ...]]


def airspace_of(request: FleetRequest) -> Airspace:
    """Return where the vehicles of *request* may be."""
    levels = levels_of(request)
    bands = dict.fromkeys(vehicle.band for vehicle in request.vehicles)
    return Airspace(
        levels=levels, crossings={band: crossings_of(request, levels[band.height_agl_m], band) for band in bands}
    )


def crossings_of(request: FleetRequest, level: Level, band: Band) -> tuple[Crossing, ...]:
    """Return the other heights of a band at which more ground is free than at its own."""
    return tuple(_crossings(request, level, band))


def _crossings(request: FleetRequest, level: Level, band: Band) -> Iterable[Crossing]:
    clear_m = clear_height_m(request)
    for height_m in _heights(request, band):
        low_m, high_m = max(0.0, height_m - clear_m + _TOUCH_M), height_m + clear_m - _TOUCH_M
        region = free_between(request, low_m, high_m)
        if region.is_empty or level.covers(region):
            continue
        yield Crossing(
            height_agl_m=height_m,
            change_s=band.change_s(band.height_agl_m, height_m) + band.change_s(height_m, band.height_agl_m),
            level=level,
            region=region,
            shaft=free_between(request, min(band.height_agl_m, low_m), max(band.height_agl_m, high_m)),
        )


def _heights(request: FleetRequest, band: Band) -> list[float]:
    """Return heights just over or under what could be in the way, few where there are many."""
    clear_m = clear_height_m(request)
    over = {end + clear_m for zone in request.zones for end in _ends(zone, is_over=True)}
    under = {end - clear_m for zone in request.zones for end in _ends(zone, is_over=False)}
    rising = sorted(height for height in over if band.height_agl_m < height <= band.highest_agl_m)
    sinking = sorted((height for height in under if band.lowest_agl_m <= height < band.height_agl_m), reverse=True)
    return [*_few(rising, _MOST - min(len(sinking), _MOST // 2)), *_few(sinking, _MOST // 2)]


def _ends(zone: PlanZone, *, is_over: bool) -> Iterable[float]:
    """Yield the end that a way over (or under) everything in its way passes: of a keep-out, or into a keep-in."""
    end = zone.ceiling_agl_m if is_over != zone.is_keep_in else zone.floor_agl_m
    if end is not None:
        yield end


def _few(heights: list[float], most: int) -> list[float]:
    """Return at most *most* of *heights*, evenly spread, with the first and the last."""
    if len(heights) <= most:
        return heights
    return [heights[round(n)] for n in np.linspace(0, len(heights) - 1, most).tolist()]
