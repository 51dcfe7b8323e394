"""The guard in flight: says before it happens that a vehicle will leave where it may be.

A breach is predicted when the way to a standstill (reaction time, then even braking) touches a keep-out zone or the
outside of the keep-in zones, grown by a small margin. The margin is smaller than that of the route proof, and the
proof allows for the same stopping distance, so a vehicle on a proved route does not set the guard off.

A vehicle that is watched at 10 Hz is mostly far from everything: `LiveGuard.check` remembers the free room around the
place where it looked last (`geofence.free_room`), and looks again when the vehicle could come to stand out of it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from core.ids import ZoneId
from geofence.forbidden import Forbidden, ForbiddenSpace
from geofence.frames import FloatArray, LocalFrame
from geofence.free_room import FARTHEST_M, FreeRoom, Wall, free_room
from geofence.margins import Stopping
from geofence.positions import GeoPosition
from geofence.prisms import BoolArray, IntArray
from geofence.route_shapes import segments
from geofence.windows import ZoneHours
from geofence.zones import ZoneSet

_CLOSING_M = 0.05
"""A vehicle inside of the guard's margin is held only when its way to a standstill brings it this much nearer."""
_CLOSE_BEYOND_REACH_M = 1.0
"""What is no farther than this beyond a vehicle's reach is kept off in height, not sideways, by a free room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSettings:
    """How the guard predicts; its margins must not exceed those of the route proof."""

    stopping: Stopping = field(default_factory=Stopping)
    margin_m: float = 1.0
    height_margin_m: float = 1.0
    lookahead_s: float = 5.0
    """A keep-out zone counts from this long before it comes into force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedBreach:
    """What happens when nobody acts: the zone (None: no keep-in zone is there), in how many seconds and metres."""

    zone_id: ZoneId | None
    in_s: float
    distance_m: float
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardVerdict:
    """Whether the vehicle is where it may be now, and the next breach ahead of it."""

    is_inside: bool
    breach: PredictedBreach | None


_FREE = GuardVerdict(is_inside=True, breach=None)
"""The verdict where nothing forbidden is near."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Motion:
    """One vehicle: where it is and where it would come to a standstill."""

    here: BaseGeometry
    there: BaseGeometry
    path: BaseGeometry
    height_m: float
    end_height_m: float
    speed_m_s: float
    climb_m_s: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Whereabouts:
    """Where n vehicles are now: `is_inside` where they may be, shape (n,), and what they are in otherwise."""

    is_inside: BoolArray
    _first: IntArray
    _prisms: tuple[Forbidden, ...]

    def zone_id(self, row: int) -> ZoneId | None:
        """Return the zone that the vehicle of *row* breaks; None where it breaks none, or no keep-in zone is there."""
        return None if self.is_inside[row] else self._prisms[self._first[row]].zone_id

    def because(self, row: int) -> str:
        """Return what is wrong with the place of the vehicle of *row*, as the end of a sentence; empty when nothing."""
        return "" if self.is_inside[row] else self._prisms[self._first[row]].because(is_in=True)


class LiveGuard:
    """Predicts breaches of *zones* for vehicles near the origin of *frame*."""

    def __init__(self, zones: ZoneSet, frame: LocalFrame, settings: GuardSettings | None = None) -> None:
        self._zones = zones
        self._frame = frame
        self._settings = settings or GuardSettings()
        self._space = lru_cache(maxsize=16)(self._find_space)
        self._hours = ZoneHours(zones, lookahead_s=self._settings.lookahead_s)
        self._room: FreeRoom | None = None
        self._room_hours: tuple[bool, ...] = ()

    def check(
        self,
        position: GeoPosition,
        height_agl_m: float,
        east_m_s: float,
        north_m_s: float,
        up_m_s: float,
        now: datetime,
    ) -> GuardVerdict:
        """Return the verdict on one vehicle at *now* (aware): that of `check_many`, mostly without looking."""
        stopping = self._settings.stopping
        reach_m = stopping.distance_m(math.hypot(east_m_s, north_m_s))
        end_height_m = height_agl_m + up_m_s * _up_s(stopping, up_m_s)
        in_force = self._hours.in_force(now)
        if (
            self._room is not None
            and in_force is self._room_hours
            and self._room.holds(position, reach_m=reach_m, height_m=height_agl_m, end_height_m=end_height_m)
        ):
            return _FREE
        self._room, self._room_hours = self._free_room(position, height_agl_m, reach_m, in_force), in_force
        place = np.array([[position.lon_deg, position.lat_deg]])
        velocity = np.array([[east_m_s, north_m_s, up_m_s]])
        return self.check_many(place, np.array([height_agl_m]), velocity, now)[0]

    def check_many(
        self, lon_lat_deg: FloatArray, heights_agl_m: FloatArray, velocities_m_s: FloatArray, now: datetime
    ) -> list[GuardVerdict]:
        """Return the verdicts on n vehicles: places (n, 2), heights (n,), east/north/up velocities (n, 3)."""
        space = self._space(self._hours.in_force(now))
        ends_m = heights_agl_m + velocities_m_s[:, 2] * self._seconds_to_level(velocities_m_s)
        rows, prisms = space.pairs(
            lon_lat_deg,
            np.minimum(heights_agl_m, ends_m) - self._settings.height_margin_m,
            np.maximum(heights_agl_m, ends_m) + self._settings.height_margin_m,
            self._settings.margin_m
            + np.hypot(velocities_m_s[:, 0], velocities_m_s[:, 1]) * self._seconds_to_stop(velocities_m_s),
        )
        verdicts = [_FREE] * len(heights_agl_m)
        for row, near, motion in self._near(space, rows, prisms, lon_lat_deg, heights_agl_m, velocities_m_s):
            verdicts[row] = self._verdict(motion, near)
        return verdicts

    def whereabouts(self, lon_lat_deg: FloatArray, heights_agl_m: FloatArray, now: datetime) -> Whereabouts:
        """Say of n vehicles whether they are where they may be: places (n, 2), heights (n,); predicts nothing."""
        space = self._space(self._hours.in_force(now))
        first = space.first_around(lon_lat_deg, heights_agl_m)
        return Whereabouts(is_inside=first < 0, _first=first, _prisms=space.prisms)

    def _near(
        self,
        space: ForbiddenSpace,
        rows: IntArray,
        prisms: IntArray,
        lon_lat_deg: FloatArray,
        heights_agl_m: FloatArray,
        velocities_m_s: FloatArray,
    ) -> Iterator[tuple[int, list[Forbidden], _Motion]]:
        """Yield each vehicle whose way to a standstill touches prisms (grown by the margin), with these."""
        chosen, places = np.unique(rows, return_inverse=True)
        velocities = velocities_m_s[chosen]
        here = self._frame.to_local_array(lon_lat_deg[chosen])
        there = here + velocities[:, :2] * self._seconds_to_stop(velocities)[:, None]
        paths = segments(here, there)
        near: dict[int, list[Forbidden]] = {}
        touches = space.is_near(paths[places], prisms, within_m=self._settings.margin_m)
        for place, prism in sorted(zip(places[touches].tolist(), prisms[touches].tolist(), strict=True)):
            near.setdefault(place, []).append(space.prisms[prism])
        for place, touched in near.items():
            row = int(chosen[place])
            yield (
                row,
                touched,
                self._motion(paths[place], here[place], there[place], heights_agl_m[row], velocities[place]),
            )

    def _free_room(
        self, position: GeoPosition, height_m: float, reach_m: float, in_force: tuple[bool, ...]
    ) -> FreeRoom | None:
        space = self._space(in_force)
        local = self._frame.to_local(position)
        here, margin_m = shapely.Point(local.east_m, local.north_m), self._settings.margin_m
        near = space.tree.query(here, predicate="dwithin", distance=FARTHEST_M + margin_m)
        walls = (
            Wall(
                distance_m=float(shapely.distance(here, prism.area)),
                lowest_m=prism.lowest_m,
                highest_m=prism.highest_m,
            )
            for prism in (space.prisms[n] for n in near)
        )
        return free_room(
            position,
            walls,
            height_m=height_m,
            close_m=reach_m + margin_m + _CLOSE_BEYOND_REACH_M,
            margin_m=margin_m,
            height_margin_m=self._settings.height_margin_m,
            from_origin_m=math.hypot(local.east_m, local.north_m),
        )

    def _seconds_to_stop(self, velocities_m_s: FloatArray) -> FloatArray:
        stopping = self._settings.stopping
        speeds = np.hypot(velocities_m_s[:, 0], velocities_m_s[:, 1])
        return np.asarray(stopping.reaction_s + speeds / (2 * stopping.deceleration_m_s2))

    def _seconds_to_level(self, velocities_m_s: FloatArray) -> FloatArray:
        stopping = self._settings.stopping
        return np.asarray(
            stopping.reaction_s + np.abs(velocities_m_s[:, 2]) / (2 * stopping.vertical_deceleration_m_s2)
        )

    def _motion(
        self, path: BaseGeometry, here: FloatArray, there: FloatArray, height_m: float, velocity_m_s: FloatArray
    ) -> _Motion:
        stopping = self._settings.stopping
        climb_m_s = float(velocity_m_s[2])
        up_s = _up_s(stopping, climb_m_s)
        return _Motion(
            here=shapely.Point(here),
            there=shapely.Point(there),
            path=path,
            height_m=float(height_m),
            end_height_m=float(height_m) + climb_m_s * up_s,
            speed_m_s=float(np.hypot(velocity_m_s[0], velocity_m_s[1])),
            climb_m_s=climb_m_s,
        )

    def _verdict(self, motion: _Motion, near: Sequence[Forbidden]) -> GuardVerdict:
        breaches = [breach for prism in near if (breach := self._breach(motion, prism))]
        inside = not any(_is_in(motion, prism) for prism in near)
        return GuardVerdict(is_inside=inside, breach=min(breaches, key=lambda b: b.in_s, default=None))

    def _breach(self, motion: _Motion, prism: Forbidden) -> PredictedBreach | None:
        upright_m = _upright_m(motion, prism, self._settings.height_margin_m)
        if upright_m is None:
            return None
        level_m = _level_m(motion, prism.area, self._settings.margin_m)
        if level_m is None:
            return None
        in_s = max(_seconds(level_m, motion.speed_m_s), _seconds(upright_m, abs(motion.climb_m_s)))
        return PredictedBreach(
            zone_id=prism.zone_id,
            in_s=in_s,
            distance_m=max(level_m, upright_m),
            because=prism.because(is_in=_is_in(motion, prism)),
        )

    def _find_space(self, in_force: tuple[bool, ...]) -> ForbiddenSpace:
        return ForbiddenSpace.of(self._zones, in_force, self._frame)


def _up_s(stopping: Stopping, climb_m_s: float) -> float:
    return stopping.reaction_s + abs(climb_m_s) / (2 * stopping.vertical_deceleration_m_s2)


def _is_in(motion: _Motion, prism: Forbidden) -> bool:
    is_at_height = prism.lowest_m < motion.height_m < prism.highest_m
    return is_at_height and bool(shapely.intersects(prism.area, motion.here))


def _level_m(motion: _Motion, area: BaseGeometry, margin_m: float) -> float | None:
    """Return the metres over ground to the first contact with *area* grown by the margin; None: no contact."""
    here_m = float(shapely.distance(motion.here, area))
    if here_m == 0:
        return 0.0
    if here_m < margin_m:
        nearest_m = min(float(shapely.distance(motion.there, area)), float(shapely.distance(motion.path, area)))
        return 0.0 if nearest_m < here_m - _CLOSING_M else None
    contact = shapely.intersection(motion.path, shapely.buffer(area, margin_m))
    return None if contact.is_empty else float(shapely.distance(motion.here, contact))


def _upright_m(motion: _Motion, prism: Forbidden, margin_m: float) -> float | None:
    """Return the metres up or down to the first contact with the prism's heights grown by the margin."""
    here_m = _above_or_below_m(motion.height_m, prism)
    end_m = _above_or_below_m(motion.end_height_m, prism)
    passes = (motion.height_m - prism.lowest_m) * (motion.end_height_m - prism.highest_m) < 0 and (
        motion.height_m - prism.highest_m
    ) * (motion.end_height_m - prism.lowest_m) < 0
    nearest_m = 0.0 if passes else end_m
    if here_m == 0:
        return 0.0
    if here_m < margin_m:
        return 0.0 if nearest_m < here_m - _CLOSING_M else None
    return here_m - margin_m if nearest_m < margin_m else None


def _above_or_below_m(height_m: float, prism: Forbidden) -> float:
    return max(prism.lowest_m - height_m, height_m - prism.highest_m, 0.0)


def _seconds(distance_m: float, speed_m_s: float) -> float:
    return distance_m / speed_m_s if distance_m > 0 else 0.0
