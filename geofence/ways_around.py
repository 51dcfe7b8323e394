"""The shortest way inside the zones: around keep-out zones, or over them where the heights allow.

Corners keep so far away from borders that the corner cut and the overshoot of the turn fit as well.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, Point
from shapely.geometry.base import BaseGeometry

from geofence.errors import NoWayAround
from geofence.frames import LocalFrame
from geofence.free_space import Bounds, FreeSpace
from geofence.positions import GeoPosition, LocalPosition
from geofence.route import OrderRoute
from geofence.sight_graph import SightGraph, corners_of

_SPARE_M = 0.05
"""Kept over the margins of the proof, so that rounding never decides."""
_STEP_OUT_M = 15.0
"""A vehicle that hovers nearer to a border than the margins allow may leave it by the shortest way, up to this far."""
_CLIMB_M_S = 2.0
_SINK_M_S = 1.5
_WHOLE_UP_TO = 200
"""With more keep-out zones than this, ways are first looked for in the neighbourhood only."""
_GRID_M = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waypoint:
    """A place in the air."""

    place: GeoPosition
    height_agl_m: float


class WaysAround:
    """Finds ways inside the zones that hold during one flight (`flight`: its zones, dock, window and margins)."""

    def __init__(self, flight: OrderRoute) -> None:
        self.frame = LocalFrame(origin=flight.dock)
        self._margins = flight.margins
        self._clear_m = flight.margins.sideways_m + _SPARE_M
        self._space = FreeSpace(flight, self.frame)
        self._paths = lru_cache(maxsize=32)(self._make_paths)
        self._graphs = lru_cache(maxsize=32)(self._make_graphs)

    def find(
        self, start: Waypoint, end: Waypoint, *, speed_m_s: float, over_agl_m: float | None = None
    ) -> tuple[Waypoint, ...]:
        """Return the points between *start* and *end* (none: straight on); raises NoWayAround with the reason.

        Where *over_agl_m* is given, the way may also climb to that height at once, run there, and sink at the end.
        """
        try:
            level = self._level(start, end, speed_m_s)
        except NoWayAround as blocked:
            return self._over_or(blocked, start, end, over_agl_m, speed_m_s)
        if over_agl_m is None or not level:
            return level
        return self._quicker(level, start, end, over_agl_m, speed_m_s)

    def ample_ground(self, height_agl_m: float, speed_m_s: float, around: BaseGeometry) -> BaseGeometry:
        """Return where, near *around*, there is room for a full overshoot to every side, in metres of `frame`."""
        west, south, east, north = shapely.bounds(around).tolist()
        within = (west - 50, south - 50, east + 50, north + 50)
        clear_m = self._ample_m(speed_m_s)
        return self._space.region(height_agl_m, height_agl_m, clear_m, within=within)

    def has_ample_room(self, point: Waypoint, *, speed_m_s: float) -> bool:
        """Say whether there is room for a full overshoot to every side of *point*."""
        place, height_m = _point(self.frame, point.place), point.height_agl_m
        return self._space.is_free(place, height_m, height_m, self._ample_m(speed_m_s))

    def overshoot_fits(self, start: Waypoint, end: Waypoint, *, speed_m_s: float) -> bool:
        """Say whether a vehicle that comes from *start* has room to stop behind *end*."""
        come, corner = _point(self.frame, start.place), _point(self.frame, end.place)
        return self._turn_fits(come, corner, end.height_agl_m, end.height_agl_m, speed_m_s)

    def length_m(self, points: Sequence[Waypoint]) -> float:
        """Return the metres along *points*, up and down included."""
        flat = [self.frame.to_local(p.place, up_m=p.height_agl_m) for p in points]
        return sum(
            float(np.linalg.norm([b.east_m - a.east_m, b.north_m - a.north_m, b.up_m - a.up_m]))
            for a, b in pairwise(flat)
        )

    def _over_or(
        self, blocked: NoWayAround, start: Waypoint, end: Waypoint, over_agl_m: float | None, speed_m_s: float
    ) -> tuple[Waypoint, ...]:
        if over_agl_m is None:
            raise blocked
        try:
            return self._over(start, end, over_agl_m, speed_m_s)
        except NoWayAround as too:
            raise blocked from too

    def _quicker(
        self, level: tuple[Waypoint, ...], start: Waypoint, end: Waypoint, over_agl_m: float, speed_m_s: float
    ) -> tuple[Waypoint, ...]:
        try:
            over = self._over(start, end, over_agl_m, speed_m_s)
        except NoWayAround:
            return level
        around_s = self._duration_s((start, *level, end), speed_m_s)
        return over if self._duration_s((start, *over, end), speed_m_s) < around_s else level

    def _duration_s(self, points: Sequence[Waypoint], speed_m_s: float) -> float:
        return sum(leg_duration_s(self.frame, a, b, speed_m_s) for a, b in pairwise(points))

    def _over(self, start: Waypoint, end: Waypoint, over_agl_m: float, speed_m_s: float) -> tuple[Waypoint, ...]:
        first = Waypoint(place=start.place, height_agl_m=over_agl_m)
        last = Waypoint(place=end.place, height_agl_m=over_agl_m)
        self._check_column(start.place, start.height_agl_m, over_agl_m)
        self._check_column(end.place, end.height_agl_m, over_agl_m)
        return (first, *self._level(first, last, speed_m_s), last)

    def _check_column(self, place: GeoPosition, low_m: float, high_m: float) -> None:
        lowest, highest = min(low_m, high_m), max(low_m, high_m)
        local = _point(self.frame, place)
        if not self._space.is_free(local, lowest, highest, self._clear_m):
            reason = self._space.why_not(local, lowest, highest)
            raise NoWayAround(
                f"cannot climb or sink between {lowest:g} and {highest:g} m: {reason}",
                where=_words(place),
                remedy="choose another height or place",
            )

    def _level(self, start: Waypoint, end: Waypoint, speed_m_s: float) -> tuple[Waypoint, ...]:
        low, high = sorted((start.height_agl_m, end.height_agl_m))
        before = self._step_in(start.place, low, high)
        last = _point(self.frame, end.place)
        if not self._space.is_free(last, low, high, self._clear_m):
            reason = self._space.why_not(last, low, high)
            raise NoWayAround(reason, where=_words(end.place), remedy="move the point, or change its height")
        first = before[-1] if before else _point(self.frame, start.place)
        inner = self._around(first, last, low, high, speed_m_s)
        if inner is None:
            raise NoWayAround(self._blocked(start, end, low, high), where=_words(end.place), remedy=_BLOCKED_REMEDY)
        places = [self.frame.to_geo(LocalPosition(east_m=p.x, north_m=p.y)) for p in (*before, *inner)]
        return tuple(Waypoint(place=place, height_agl_m=start.height_agl_m) for place in places)

    def _step_in(self, start: GeoPosition, low_m: float, high_m: float) -> list[Point]:
        place = _point(self.frame, start)
        if self._space.is_free(place, low_m, high_m, self._clear_m):
            return []
        paths = self._paths(low_m, high_m, self._window(place, place))
        if shapely.distance(place, paths) <= _STEP_OUT_M:
            inner = paths.buffer(-self._margins.corner_radius_m - _SPARE_M)
            line = shapely.shortest_line(paths if inner.is_empty else inner, place)
            return [Point(shapely.get_coordinates(line)[0])]
        raise NoWayAround(
            f"the start is no place to fly from: {self._space.why_not(place, low_m, high_m)}",
            where=_words(start),
            remedy="bring the vehicle home first",
        )

    def _around(self, first: Point, last: Point, low_m: float, high_m: float, speed_m_s: float) -> list[Point] | None:
        if self._space.is_free(LineString([first, last]), low_m, high_m, self._clear_m):
            return []
        windows = [self._window(first, last)]
        for within in windows if windows == [None] else [*windows, None]:
            graphs = self._graphs(low_m, high_m, speed_m_s, within)
            found = [way for graph in graphs if (way := graph.shortest(first, last)) is not None]
            fitting = (way for way in found if self._turns_fit([first, *way], low_m, high_m, speed_m_s))
            if found:
                return next(fitting, found[0])
        return None

    def _turns_fit(self, way: Sequence[Point], low_m: float, high_m: float, speed_m_s: float) -> bool:
        return all(self._turn_fits(come, corner, low_m, high_m, speed_m_s) for come, corner in pairwise(way))

    def _turn_fits(self, come: Point, corner: Point, low_m: float, high_m: float, speed_m_s: float) -> bool:
        run = shapely.get_coordinates(corner)[0] - shapely.get_coordinates(come)[0]
        share = self._margins.stopping.distance_m(speed_m_s) / max(float(np.hypot(*run)), 1e-9)
        tip = LineString([corner, Point(corner.x + share * run[0], corner.y + share * run[1])])
        return self._space.is_free(tip, low_m, high_m, self._margins.sideways_m)

    def _ample_m(self, speed_m_s: float) -> float:
        return self._clear_m + max(self._margins.corner_radius_m, self._margins.stopping.distance_m(speed_m_s))

    def _window(self, first: Point, last: Point) -> Bounds | None:
        """Return the neighbourhood of two places on a coarse grid; None, everything, where there are few zones."""
        if self._space.keep_outs <= _WHOLE_UP_TO:
            return None
        room_m = max(_GRID_M, first.distance(last) / 4)
        west, east = sorted((first.x, last.x))
        south, north = sorted((first.y, last.y))
        low_x, low_y = (math.floor((low - room_m) / _GRID_M) * _GRID_M for low in (west, south))
        high_x, high_y = (math.ceil((high + room_m) / _GRID_M) * _GRID_M for high in (east, north))
        return low_x, low_y, high_x, high_y

    def _make_paths(self, low_m: float, high_m: float, within: Bounds | None) -> BaseGeometry:
        paths = self._space.region(low_m, high_m, self._clear_m, within=within)
        shapely.prepare(paths)
        return paths

    def _make_graphs(
        self, low_m: float, high_m: float, speed_m_s: float, within: Bounds | None
    ) -> tuple[SightGraph, SightGraph]:
        """Return corners with little room around them, and with ample room."""
        paths, ample_m = self._paths(low_m, high_m, within), self._ample_m(speed_m_s)
        little_m = self._clear_m + self._margins.corner_radius_m
        little = self._space.region(low_m, high_m, little_m, inwards_m=ample_m, within=within)
        ample = self._space.region(low_m, high_m, ample_m, within=within)
        return (
            SightGraph(region=paths, corners=corners_of(little)),
            SightGraph(region=paths, corners=corners_of(ample)),
        )

    def _blocked(self, start: Waypoint, end: Waypoint, low_m: float, high_m: float) -> str:
        line = LineString([_point(self.frame, start.place), _point(self.frame, end.place)])
        names = ", ".join(self._space.across(line, low_m, high_m)) or "the border of the keep-in zones"
        return f"there is no way at {high_m:g} m from {_words(start.place)}; across it lies {names}"


_BLOCKED_REMEDY = "fly higher, or leave the place out"


def leg_duration_s(frame: LocalFrame, start: Waypoint, end: Waypoint, speed_m_s: float) -> float:
    """Return the seconds from *start* to *end*: the slower of going there and of climbing or sinking."""
    a, b = frame.to_local(start.place), frame.to_local(end.place)
    rise_m = end.height_agl_m - start.height_agl_m
    upright_s = rise_m / _CLIMB_M_S if rise_m > 0 else -rise_m / _SINK_M_S
    return max(float(np.hypot(b.east_m - a.east_m, b.north_m - a.north_m)) / speed_m_s, upright_s)


def _point(frame: LocalFrame, place: GeoPosition) -> Point:
    local = frame.to_local(place)
    return Point(local.east_m, local.north_m)


def _words(place: GeoPosition) -> str:
    return f"({place.lon_deg:.6f}, {place.lat_deg:.6f})"
