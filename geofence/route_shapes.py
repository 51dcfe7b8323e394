"""A route as shapes in metres: what a vehicle may touch on its legs, in its turns and on every way home."""

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from geofence.frames import FloatArray, LocalFrame
from geofence.positions import GeoPosition
from geofence.prisms import BoolArray, GeometryArray, IntArray
from geofence.route import OrderRoute, RoutePhase

NO_LEG = -1
_FLAT_M2 = 1e-6


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Shapes:
    """Arrays of n shapes over ground with the heights that a vehicle takes above them.

    A shape belongs to its `phases` between `low_m` and `high_m`, and to the way home in its whole column, down or up
    to `home_m`. Where `is_sloped`, the shape is the line from `starts` to `ends` and the height goes evenly from
    `start_heights_m` to `end_heights_m` along it. `room_m` is what is kept free around each shape.
    """

    geometries: GeometryArray
    phases: NDArray[np.object_]
    legs: IntArray
    starts: FloatArray
    ends: FloatArray
    start_heights_m: FloatArray
    end_heights_m: FloatArray
    home_m: FloatArray
    is_sloped: BoolArray
    room_m: FloatArray

    @property
    def leaves_start(self) -> BoolArray:
        """Say which shapes belong to the start itself and to the first leg away from it, shape (n,)."""
        is_first = (self.legs == 0) & ((self.phases == RoutePhase.LEG) | (self.phases == RoutePhase.WAY_HOME))
        return np.asarray(is_first | ((self.legs == NO_LEG) & (self.phases != RoutePhase.LANDING)))

    @property
    def low_m(self) -> FloatArray:
        """Return the lowest height of each shape without its way home, shape (n,)."""
        return np.minimum(self.start_heights_m, self.end_heights_m)

    @property
    def high_m(self) -> FloatArray:
        """Return the greatest height of each shape without its way home, shape (n,)."""
        return np.maximum(self.start_heights_m, self.end_heights_m)

    def pick(self, index: IntArray) -> "Shapes":
        """Return the shapes of *index*, in its order."""
        return Shapes(**{name: getattr(self, name)[index] for name in self.__dataclass_fields__})

    def at_home_height(self) -> "Shapes":
        """Return the shapes with their columns of the way home, for lines only those of even height."""
        return replace(
            self,
            start_heights_m=np.where(self.is_sloped, self.start_heights_m, np.minimum(self.low_m, self.home_m)),
            end_heights_m=np.where(self.is_sloped, self.end_heights_m, np.maximum(self.high_m, self.home_m)),
        )

    def within(self, lowest_m: FloatArray, highest_m: FloatArray, *, with_way_home: bool) -> GeometryArray:
        """Return the part of each shape between the heights (open, shape (n,)); None where there is none."""
        if with_way_home:
            lows = np.where(self.is_sloped & (self.home_m > lowest_m), -np.inf, lowest_m)
            highs = np.where(self.is_sloped & (self.home_m < highest_m), np.inf, highest_m)
            return self.at_home_height().within(lows, highs, with_way_home=False)
        meets = (self.high_m > lowest_m) & (self.low_m < highest_m)
        parts: GeometryArray = np.full(len(meets), None, dtype=object)
        parts[meets] = self.geometries[meets]
        sloped = np.flatnonzero(self.is_sloped & meets)
        if sloped.size:
            parts[sloped] = _clipped(self.pick(sloped), lowest_m[sloped], highest_m[sloped])
        return parts


def _clipped(lines: Shapes, lowest_m: FloatArray, highest_m: FloatArray) -> GeometryArray:
    rise = lines.end_heights_m - lines.start_heights_m
    one, other = (lowest_m - lines.start_heights_m) / rise, (highest_m - lines.start_heights_m) / rise
    first = np.clip(np.minimum(one, other), 0.0, 1.0)[:, None]
    last = np.clip(np.maximum(one, other), 0.0, 1.0)[:, None]
    run = lines.ends - lines.starts
    return segments(lines.starts + first * run, lines.starts + last * run)


def segments(starts: FloatArray, ends: FloatArray) -> GeometryArray:
    """Return lines from *starts* to *ends*, both of shape (n, 2); points where both are the same."""
    if not len(starts):
        return np.empty(0, dtype=object)
    lines: GeometryArray = np.asarray(shapely.linestrings(np.stack((starts, ends), axis=1)), dtype=object)
    is_point = np.all(starts == ends, axis=1)
    if is_point.any():
        lines[is_point] = shapely.points(starts[is_point])
    return lines


def route_shapes(route: OrderRoute, frame: LocalFrame) -> Shapes:
    """Return every shape of *route* in metres of *frame*."""
    path = _Path.of(route, frame)
    return _joined([path.takeoff(), path.lines(), path.turns(), path.sweeps(), path.landing()])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Path:
    """The route's points in metres; row 0 is the start."""

    route: OrderRoute
    places: FloatArray
    heights_m: FloatArray
    tips: FloatArray
    directions: FloatArray
    lengths_m: FloatArray
    homes: FloatArray
    """The dock, and after it the rally points."""

    @classmethod
    def of(cls, route: OrderRoute, frame: LocalFrame) -> "_Path":
        start = route.start or route.dock
        places = frame.to_local_array(_lon_lat([start, *(p.place for p in route.points)]))
        first_height = route.takeoff_height_agl_m if route.start is None else route.start_height_agl_m
        runs = np.diff(places, axis=0)
        lengths = np.hypot(runs[:, 0], runs[:, 1])
        directions = np.divide(runs, lengths[:, None], out=np.zeros_like(runs), where=lengths[:, None] > 0)
        stops = np.array([route.margins.stopping.distance_m(p.speed_m_s) for p in route.points])
        return cls(
            route=route,
            places=places,
            heights_m=np.array([first_height, *(p.height_agl_m for p in route.points)], dtype=np.float64),
            tips=places[1:] + directions * stops[:, None],
            directions=directions,
            lengths_m=lengths,
            homes=frame.to_local_array(_lon_lat([route.dock, *route.rally_points])),
        )

    @property
    def count(self) -> int:
        return len(self.lengths_m)

    def takeoff(self) -> Shapes:
        route = self.route
        low = 0.0 if route.start is None else route.start_height_agl_m
        place = self.places[:1]
        column = self._flat(segments(place, place), RoutePhase.TAKEOFF, np.array([low]), self.heights_m[:1])
        ways_home = segments(np.repeat(place, len(self.homes), axis=0), self.homes)
        sweeps = self._sweep(ways_home, np.full(len(ways_home), NO_LEG))
        return _joined([replace(column, legs=np.array([NO_LEG])), sweeps])

    def lines(self) -> Shapes:
        starts, ends = self.places[:-1], self.places[1:]
        low, high = self.heights_m[:-1], self.heights_m[1:]
        lines = self._flat(segments(starts, ends), RoutePhase.LEG, low, high)
        return replace(lines, starts=starts, ends=ends, is_sloped=low != high)

    def turns(self) -> Shapes:
        radius = self.route.margins.corner_radius_m
        corners = self.places[1:]
        before = np.minimum(radius, self.lengths_m)[:, None] * self.directions
        after = np.zeros_like(before)
        after[:-1] = np.minimum(radius, self.lengths_m[1:])[:, None] * self.directions[1:]
        hulls = _triangles(corners - before, self.tips, corners + after)
        return self._flat(hulls, RoutePhase.TURN, self.heights_m[1:], self.heights_m[1:])

    def sweeps(self) -> Shapes:
        starts = self.places[:-1]
        hulls = [_triangles(starts, self.tips, np.broadcast_to(home, starts.shape)) for home in self.homes]
        return self._sweep(np.concatenate(hulls), np.tile(np.arange(self.count), len(hulls)))

    def landing(self) -> Shapes:
        high = np.full(len(self.homes), self.route.return_height_agl_m)
        high[0] = max(high[0], self.heights_m[-1])
        columns = self._flat(segments(self.homes, self.homes), RoutePhase.LANDING, np.zeros(len(high)), high)
        return replace(columns, legs=np.full(len(high), NO_LEG))

    def _sweep(self, hulls: GeometryArray, legs: IntArray) -> Shapes:
        heights = np.full(len(hulls), self.route.return_height_agl_m)
        return replace(self._flat(hulls, RoutePhase.WAY_HOME, heights, heights), legs=legs)

    def _flat(self, shapes: GeometryArray, phase: RoutePhase, low: FloatArray, high: FloatArray) -> Shapes:
        count = len(shapes)
        return Shapes(
            geometries=shapes,
            phases=np.full(count, phase, dtype=object),
            legs=np.arange(count),
            starts=np.zeros((count, 2)),
            ends=np.zeros((count, 2)),
            start_heights_m=low,
            end_heights_m=high,
            home_m=np.full(count, self.route.return_height_agl_m),
            is_sloped=np.zeros(count, dtype=bool),
            room_m=np.full(count, self.route.margins.sideways_m),
        )


def _triangles(first: FloatArray, second: FloatArray, third: FloatArray) -> GeometryArray:
    """Return the hulls of three corners each, all (n, 2): what lies on the way from *first* to *second* is in them.

    Those without an area are lines or points: they are made as hulls, which takes twice as long.
    """
    if not len(first):
        return np.empty(0, dtype=object)
    corners = np.stack((first, second, third, first), axis=1)
    sides, others = second - first, third - first
    has_area = np.abs(sides[:, 0] * others[:, 1] - sides[:, 1] * others[:, 0]) > _FLAT_M2
    hulls: GeometryArray = np.empty(len(first), dtype=object)
    hulls[has_area] = shapely.polygons(corners[has_area])
    # As lines through the corners: a hull of points takes seven times as long to make.
    hulls[~has_area] = shapely.convex_hull(shapely.linestrings(corners[~has_area]))
    return hulls


def _joined(parts: list[Shapes]) -> Shapes:
    return Shapes(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in Shapes.__dataclass_fields__}
    )


def _lon_lat(places: list[GeoPosition]) -> FloatArray:
    return np.array([(place.lon_deg, place.lat_deg) for place in places], dtype=np.float64)


def leg_or_none(leg: int) -> int | None:
    """Return the leg's number, or None for what belongs to the flight as a whole."""
    return None if leg == NO_LEG else leg
