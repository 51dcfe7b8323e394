"""The shortest way inside the zones: around keep-out zones, or over them where the heights allow.

A visibility graph over the corners of the free space (Lozano-Pérez and Wesley 1979), searched with A*; corners keep
so far away from borders that the corner cut and the overshoot of the turn fit as well.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geofence.errors import NoWayAround
from geofence.frames import FloatArray, LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from geofence.prisms import BoolArray, Prisms, slabs
from geofence.route import OrderRoute

_SPARE_M = 0.05
"""Kept over the margins of the proof, so that rounding never decides."""
_STEP_OUT_M = 15.0
"""A vehicle that hovers nearer to a border than the margins allow may leave it by the shortest way, up to this far."""
_CLIMB_M_S = 2.0
_SINK_M_S = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Waypoint:
    """A place in the air."""

    place: GeoPosition
    height_agl_m: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FreeSpace:
    """Where a vehicle's path may run at a span of heights (`paths`), and where it may turn (`corners`), in metres."""

    paths: BaseGeometry
    ample: BaseGeometry
    """The part of `paths` with room for a full overshoot to every side."""
    corners: tuple[FloatArray, ...]
    """Turning points, first with little room around them, then with more; shape (n, 2) each."""
    sights: dict[tuple[int, int], BoolArray] = field(default_factory=dict)


class WaysAround:
    """Finds ways inside the zones that hold during one flight (`flight`: its zones, dock, window and margins)."""

    def __init__(self, flight: OrderRoute) -> None:
        self.frame = LocalFrame(origin=flight.dock)
        self._margins = flight.margins
        self._keep_in = slabs(Prisms.of(flight.keep_ins(), self.frame))
        self._keep_out = Prisms.of(flight.keep_outs(), self.frame)
        self._space = lru_cache(maxsize=32)(self._make_space)

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

    def free_space(self, lowest_agl_m: float, highest_agl_m: float, speed_m_s: float) -> FreeSpace:
        """Return where vehicles of that speed may fly between the heights, in metres of `frame`."""
        return self._space(lowest_agl_m, highest_agl_m, speed_m_s)

    def overshoot_fits(self, start: Waypoint, end: Waypoint, *, speed_m_s: float) -> bool:
        """Say whether a vehicle that comes from *start* has room to stop behind *end*."""
        space = self.free_space(end.height_agl_m, end.height_agl_m, speed_m_s)
        stop_m = self._margins.stopping.distance_m(speed_m_s)
        come, corner = _point(self.frame, start.place), _point(self.frame, end.place)
        return _turns_fit(space.paths, [come, corner, corner], stop_m)

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
        paths, _ = self._free(lowest, highest, _SPARE_M + self._margins.sideways_m)
        local = _point(self.frame, place)
        if not shapely.covers(paths, local):
            raise NoWayAround(
                f"cannot climb or sink between {lowest:g} and {highest:g} m: {self._why_not(local, lowest, highest)}",
                where=_words(place),
                remedy="choose another height or place",
            )

    def _level(self, start: Waypoint, end: Waypoint, speed_m_s: float) -> tuple[Waypoint, ...]:
        low, high = sorted((start.height_agl_m, end.height_agl_m))
        space = self._space(low, high, speed_m_s)
        before = self._step_in(start.place, space, low, high)
        last = _point(self.frame, end.place)
        if not shapely.covers(space.paths, last):
            reason = self._why_not(last, low, high)
            raise NoWayAround(reason, where=_words(end.place), remedy="move the point, or change its height")
        first = before[-1] if before else _point(self.frame, start.place)
        inner = self._search(space, first, last, speed_m_s)
        if inner is None:
            raise NoWayAround(self._blocked(start, end, low, high), where=_words(end.place), remedy=_BLOCKED_REMEDY)
        places = [self.frame.to_geo(LocalPosition(east_m=p.x, north_m=p.y)) for p in (*before, *inner)]
        return tuple(Waypoint(place=place, height_agl_m=start.height_agl_m) for place in places)

    def _step_in(self, start: GeoPosition, space: FreeSpace, low_m: float, high_m: float) -> list[Point]:
        place = _point(self.frame, start)
        if shapely.covers(space.paths, place):
            return []
        if shapely.distance(place, space.paths) <= _STEP_OUT_M:
            inner = space.paths.buffer(-self._margins.corner_radius_m - _SPARE_M)
            line = shapely.shortest_line(space.paths if inner.is_empty else inner, place)
            return [Point(shapely.get_coordinates(line)[0])]
        raise NoWayAround(
            f"the start is no place to fly from: {self._why_not(place, low_m, high_m)}",
            where=_words(start),
            remedy="bring the vehicle home first",
        )

    def _search(self, space: FreeSpace, first: Point, last: Point, speed_m_s: float) -> list[Point] | None:
        if shapely.covers(space.paths, LineString([first, last])):
            return []
        ways = (_shortest(space, level, first, last) for level in range(len(space.corners)))
        found = [way for way in ways if way is not None]
        stop_m = self._margins.stopping.distance_m(speed_m_s)
        fitting = (way for way in found if _turns_fit(space.paths, [first, *way, last], stop_m))
        return next(fitting, found[0] if found else None)

    def _make_space(self, low_m: float, high_m: float, speed_m_s: float) -> FreeSpace:
        clear_m = self._margins.sideways_m + _SPARE_M
        stop_m = self._margins.stopping.distance_m(speed_m_s)
        turn_m = self._margins.corner_radius_m
        paths, _ = self._free(low_m, high_m, clear_m)
        shapely.prepare(paths)
        little, _ = self._free(low_m, high_m, clear_m + turn_m, inwards_m=clear_m + max(turn_m, stop_m))
        much, _ = self._free(low_m, high_m, clear_m + max(turn_m, stop_m))
        return FreeSpace(paths=paths, ample=much, corners=(_corners(little), _corners(much)))

    def _free(
        self, low_m: float, high_m: float, clear_m: float, *, inwards_m: float | None = None
    ) -> tuple[BaseGeometry, tuple[int, ...]]:
        up_m = self._margins.height_error_m
        inside: BaseGeometry = shapely.box(-1e6, -1e6, 1e6, 1e6)
        for slab in self._keep_in:
            if slab.lowest_m < high_m + up_m and slab.highest_m > low_m - up_m:
                inside = shapely.intersection(inside, slab.region)
        inside = shapely.buffer(inside, -(inwards_m or clear_m), join_style="mitre", mitre_limit=2.0)
        hits = np.flatnonzero((self._keep_out.floors_m < high_m + up_m) & (self._keep_out.ceilings_m > low_m - up_m))
        grown = shapely.buffer(self._keep_out.polygons[hits], clear_m, join_style="mitre", mitre_limit=2.0)
        return shapely.difference(inside, shapely.union_all(grown)), tuple(int(hit) for hit in hits)

    def _why_not(self, place: Point, low_m: float, high_m: float | None = None) -> str:
        free_of_out, hits = self._free(low_m, low_m if high_m is None else high_m, self._margins.sideways_m)
        for hit in hits:
            zone, distance_m = self._keep_out.zones[hit], shapely.distance(self._keep_out.polygons[hit], place)
            if distance_m < self._margins.sideways_m + _SPARE_M:
                where = "lies inside" if distance_m == 0 else f"lies {distance_m:.1f} m from"
                return f"{where} the keep-out zone {zone.name or zone.id}"
        if free_of_out.is_empty:
            return f"nothing may fly between {low_m:g} and {high_m or low_m:g} m"
        return "lies outside of the keep-in zones, or too near to their border"

    def _blocked(self, start: Waypoint, end: Waypoint, low_m: float, high_m: float) -> str:
        line = LineString([_point(self.frame, start.place), _point(self.frame, end.place)])
        _, hits = self._free(low_m, high_m, self._margins.sideways_m)
        across = [self._keep_out.zones[hit] for hit in hits if shapely.intersects(self._keep_out.polygons[hit], line)]
        names = ", ".join(zone.name or zone.id for zone in across) or "the border of the keep-in zones"
        return f"there is no way at {high_m:g} m from {_words(start.place)}; across it lies {names}"


_BLOCKED_REMEDY = "fly higher, or leave the place out"


def leg_duration_s(frame: LocalFrame, start: Waypoint, end: Waypoint, speed_m_s: float) -> float:
    """Return the seconds from *start* to *end*: the slower of going there and of climbing or sinking."""
    a, b = frame.to_local(start.place), frame.to_local(end.place)
    rise_m = end.height_agl_m - start.height_agl_m
    upright_s = rise_m / _CLIMB_M_S if rise_m > 0 else -rise_m / _SINK_M_S
    return max(float(np.hypot(b.east_m - a.east_m, b.north_m - a.north_m)) / speed_m_s, upright_s)


def _corners(region: BaseGeometry) -> FloatArray:
    rings = [ring for part in shapely.get_parts(region) if isinstance(part, Polygon) for ring in _rings(part)]
    return np.vstack([np.empty((0, 2)), *(_reflex(ring) for ring in rings)])


def _rings(polygon: Polygon) -> Iterator[FloatArray]:
    oriented = shapely.orient_polygons(polygon)
    yield shapely.get_coordinates(oriented.exterior)[:-1]
    for hole in oriented.interiors:
        yield shapely.get_coordinates(hole)[:-1]


def _reflex(ring: FloatArray) -> FloatArray:
    """Return the corners of *ring* (free space on its left) that a shortest way may bend around."""
    come, go = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    return ring[come[:, 0] * go[:, 1] - come[:, 1] * go[:, 0] < 0]


def _shortest(space: FreeSpace, level: int, first: Point, last: Point) -> list[Point] | None:
    """Return the corners of the shortest way by A*; None when there is no way."""
    corners = space.corners[level]
    places = np.vstack((corners, shapely.get_coordinates(first), shapely.get_coordinates(last)))
    start, goal = len(places) - 2, len(places) - 1
    rest_m = np.hypot(*(places - places[goal]).T)
    best_m = np.full(len(places), np.inf)
    came: dict[int, int] = {}
    best_m[start] = 0.0
    queue = [(float(rest_m[start]), start)]
    while queue:
        estimate_m, here = heapq.heappop(queue)
        if here == goal:
            return _trace(places, came, goal, start)
        if estimate_m > best_m[here] + rest_m[here] + 1e-9:
            continue
        through_m = best_m[here] + np.hypot(*(places - places[here]).T)
        for there in np.flatnonzero(_seen(space, level, places, here) & (through_m < best_m - 1e-9)):
            best_m[there], came[int(there)] = through_m[there], here
            heapq.heappush(queue, (float(through_m[there] + rest_m[there]), int(there)))
    return None


def _trace(places: FloatArray, came: dict[int, int], goal: int, start: int) -> list[Point]:
    way: list[Point] = []
    here = came[goal]
    while here != start:
        way.append(Point(places[here]))
        here = came[here]
    return way[::-1]


def _seen(space: FreeSpace, level: int, places: FloatArray, here: int) -> BoolArray:
    """Say which places can be seen from place *here*; what corners see of each other is kept in the space."""
    count = len(places) - 2
    if here >= count:
        return _are_free(space, places[here], places)
    kept = space.sights.get((level, here))
    if kept is None:
        kept = space.sights[level, here] = _are_free(space, places[here], places[:count])
    return np.concatenate((kept, _are_free(space, places[here], places[count:])))


def _are_free(space: FreeSpace, here: FloatArray, places: FloatArray) -> BoolArray:
    lines = shapely.linestrings(np.stack((np.broadcast_to(here, places.shape), places), axis=1))
    return np.asarray(shapely.covers(space.paths, lines) & np.any(places != here, axis=1))


def _turns_fit(paths: BaseGeometry, way: Sequence[Point], stop_m: float) -> bool:
    for come, corner in pairwise(way[:-1]):
        run = shapely.get_coordinates(corner) - shapely.get_coordinates(come)
        tip = shapely.get_coordinates(corner) + run / max(float(np.hypot(*run[0])), 1e-9) * stop_m
        if not shapely.covers(paths, LineString([shapely.get_coordinates(corner)[0], tip[0]])):
            return False
    return True


def _point(frame: LocalFrame, place: GeoPosition) -> Point:
    local = frame.to_local(place)
    return Point(local.east_m, local.north_m)


def _words(place: GeoPosition) -> str:
    return f"({place.lon_deg:.6f}, {place.lat_deg:.6f})"
