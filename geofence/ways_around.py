"""The shortest way inside the zones: around keep-out zones, or over them where the heights allow.

Corners keep so far away from borders that the corner cut and the overshoot of the turn fit as well.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, Point
from shapely.geometry.base import BaseGeometry

from geofence.errors import NoWayAround
from geofence.frames import LocalFrame
from geofence.free_space import Bounds, FreeSpace
from geofence.near_ways import WHOLE_UP_TO, NearWays
from geofence.positions import GeoPosition, LocalPosition
from geofence.route import OrderRoute
from geofence.sight_graph import Ways

_SPARE_M = 0.05
"""Kept over the margins of the proof, so that rounding never decides."""
_STEP_OUT_M = 15.0
"""A vehicle that hovers nearer to a border than the margins allow may leave it by the shortest way, up to this far."""
_CLIMB_M_S = 2.0
_SINK_M_S = 1.5
_LEVELS = 4
"""So many heights just over or under what is in the way are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waypoint:
    """A place in the air."""

    place: GeoPosition
    height_agl_m: float


class WaysAround:
    """Finds ways inside the zones that hold during one flight (`flight`: its zones, dock, window and margins)."""

    def __init__(self, flight: OrderRoute) -> None:
        self.frame = LocalFrame(origin=flight.dock)
        self._home_agl_m = flight.return_height_agl_m
        self._lowest_agl_m = flight.takeoff_height_agl_m
        self._margins = flight.margins
        self._clear_m = flight.margins.sideways_m + _SPARE_M
        self._space = FreeSpace(flight, self.frame)
        self._made_paths: dict[bytes, BaseGeometry] = {}
        self._made_graphs: dict[tuple[bytes, float], tuple[NearWays, NearWays]] = {}

    def find(
        self, start: Waypoint, end: Waypoint, *, speed_m_s: float, over_agl_m: float | None = None
    ) -> tuple[Waypoint, ...]:
        """Return the points between *start* and *end* (none: straight on); raises NoWayAround with the reason.

        Where *over_agl_m* is given, the way may also climb or sink at once to that height, or to one just over or under
        what is in the way but not above it, run there, and come back to its height at the end.
        """
        options: list[tuple[Waypoint, ...]] = []
        blocked: NoWayAround | None = None
        try:
            options.append(self._level(start, end, speed_m_s))
        except NoWayAround as error:
            blocked = error
        if over_agl_m is not None and options != [()]:
            self._add_levels(options, start, end, over_agl_m, speed_m_s)
        if not options:
            assert blocked is not None
            raise blocked
        return min(options, key=lambda way: self._duration_s((start, *way, end), speed_m_s))

    def ground_to_stop_in(
        self, height_agl_m: float, speed_m_s: float, around: BaseGeometry, *, corners: float = 1.0
    ) -> BaseGeometry:
        """Return where, near *around*, there is room to stop from that speed to every side, in metres of `frame`.

        *corners* is the share of the corner radius that is kept besides: with less than 1 it depends on the way
        whether its corners may be cut.
        """
        west, south, east, north = shapely.bounds(around).tolist()
        within = (west - 50, south - 50, east + 50, north + 50)
        room_m = self._margins.stopping.distance_m(speed_m_s) + corners * self._margins.corner_radius_m
        clear_m = self._clear_m + room_m
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

    def _add_levels(
        self, options: list[tuple[Waypoint, ...]], start: Waypoint, end: Waypoint, over_agl_m: float, speed_m_s: float
    ) -> None:
        """Add the ways at other heights that can be quicker than those of *options*."""
        for height_m in self._levels(start, end, over_agl_m):
            ends = (replace(start, height_agl_m=height_m), replace(end, height_agl_m=height_m))
            at_best_s = self._duration_s((start, *ends, end), speed_m_s)
            if any(self._duration_s((start, *way, end), speed_m_s) <= at_best_s for way in options):
                continue
            with suppress(NoWayAround):
                options.append(self._over(start, end, height_m, speed_m_s))

    def _levels(self, start: Waypoint, end: Waypoint, over_agl_m: float) -> list[float]:
        """Return heights just over and under what lies across the straight line, the nearest first, then the given."""
        line = LineString([_point(self.frame, start.place), _point(self.frame, end.place)])
        edges = self._space.edges_across(line, self._clear_m)
        here_m = max(start.height_agl_m, end.height_agl_m)
        fitting = sorted((h for h in edges if self._lowest_agl_m <= h < over_agl_m), key=lambda h: abs(h - here_m))
        return [*fitting[:_LEVELS], over_agl_m]

    def _duration_s(self, points: Sequence[Waypoint], speed_m_s: float) -> float:
        return sum(leg_duration_s(self.frame, a, b, speed_m_s) for a, b in pairwise(points))

    def _over(self, start: Waypoint, end: Waypoint, over_agl_m: float, speed_m_s: float) -> tuple[Waypoint, ...]:
        first = Waypoint(place=start.place, height_agl_m=over_agl_m)
        last = Waypoint(place=end.place, height_agl_m=over_agl_m)
        self._check_column(start.place, start.height_agl_m, over_agl_m)
        self._check_column(end.place, end.height_agl_m, over_agl_m)
        way = (first, *self._level(first, last, speed_m_s), last)
        for here, there in pairwise(way):
            self._check_way_home(here, there)
        return way

    def _check_way_home(self, start: Waypoint, end: Waypoint) -> None:
        """Refuse a way from which the height of the way home cannot be reached straight."""
        line = LineString([_point(self.frame, start.place), _point(self.frame, end.place)])
        low_m, high_m = sorted((start.height_agl_m, self._home_agl_m))
        if not self._space.is_free(line, low_m, high_m, self._clear_m):
            names = ", ".join(self._space.across(line, low_m, high_m)) or "the border of the keep-in zones"
            because = f"the way home at {high_m:g} m cannot be reached from {low_m:g} m for {names}"
            raise NoWayAround(because, where=_words(end.place), remedy=_BLOCKED_REMEDY)

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
        paths = self._paths(low_m, high_m)
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
        entry, leave = self._onto_paths(first, low_m, high_m), self._onto_paths(last, low_m, high_m)
        tight: list[Point] | None = None
        for graph in self._graphs(low_m, high_m, speed_m_s):
            places = graph.shortest(entry or first, leave or last)
            if places is None:
                continue
            way = [*_present(entry), *places, *_present(leave)]
            if self._turns_fit([first, *way], low_m, high_m, speed_m_s):
                return way
            tight = tight or way
        return tight

    def _onto_paths(self, place: Point, low_m: float, high_m: float) -> Point | None:
        """Return the nearest place of the paths, for a free place in the mitre of a corner (None: it is on them)."""
        paths = self._paths(low_m, high_m)
        if paths.is_empty or shapely.dwithin(paths, place, _SPARE_M / 100):
            return None
        return Point(shapely.get_coordinates(shapely.shortest_line(paths, place))[0])

    def _turns_fit(self, way: Sequence[Point], low_m: float, high_m: float, speed_m_s: float) -> bool:
        return all(self._turn_fits(come, corner, low_m, high_m, speed_m_s) for come, corner in pairwise(way))

    def _turn_fits(self, come: Point, corner: Point, low_m: float, high_m: float, speed_m_s: float) -> bool:
        run = shapely.get_coordinates(corner)[0] - shapely.get_coordinates(come)[0]
        share = self._margins.stopping.distance_m(speed_m_s) / max(float(np.hypot(*run)), 1e-9)
        tip = LineString([corner, Point(corner.x + share * run[0], corner.y + share * run[1])])
        return self._space.is_free(tip, low_m, high_m, self._margins.sideways_m)

    def _ample_m(self, speed_m_s: float) -> float:
        return self._clear_m + max(self._margins.corner_radius_m, self._margins.stopping.distance_m(speed_m_s))

    def _paths(self, low_m: float, high_m: float) -> BaseGeometry:
        """Return where paths may run between the heights; heights that meet the same zones share it."""
        key = self._space.key(low_m, high_m)
        if key not in self._made_paths:
            paths = self._made_paths[key] = self._space.region(low_m, high_m, self._clear_m)
            shapely.prepare(paths)
        return self._made_paths[key]

    def _graphs(self, low_m: float, high_m: float, speed_m_s: float) -> tuple[NearWays, NearWays]:
        key = self._space.key(low_m, high_m), speed_m_s
        if key not in self._made_graphs:
            self._made_graphs[key] = self._make_graphs(low_m, high_m, speed_m_s)
        return self._made_graphs[key]

    def _make_graphs(self, low_m: float, high_m: float, speed_m_s: float) -> tuple[NearWays, NearWays]:
        """Return ways with little room around their corners, and with ample room."""
        ample_m = self._ample_m(speed_m_s)
        little_m = self._clear_m + self._margins.corner_radius_m

        @cache
        def free(within: Bounds | None) -> BaseGeometry:
            return self._space.region(low_m, high_m, self._clear_m, within=within)

        def ways(clear_m: float, within: Bounds | None) -> Ways:
            bends = self._space.region(low_m, high_m, clear_m, inwards_m=ample_m, within=within)
            return Ways(free(within), bends=bends)

        is_small = self._space.keep_outs <= WHOLE_UP_TO
        return tuple(  # type: ignore[return-value]
            NearWays(partial(ways, clear_m), is_small=is_small) for clear_m in (little_m, ample_m)
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


def _present(place: Point | None) -> Iterator[Point]:
    if place is not None:
        yield place


def _point(frame: LocalFrame, place: GeoPosition) -> Point:
    local = frame.to_local(place)
    return Point(local.east_m, local.north_m)


def _words(place: GeoPosition) -> str:
    return f"({place.lon_deg:.6f}, {place.lat_deg:.6f})"
