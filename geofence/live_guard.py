"""The guard in flight: says before it happens that a vehicle will leave where it may be.

A breach is predicted when the way to a standstill (reaction time, then even braking) touches a keep-out zone or the
outside of the keep-in zones, grown by a small margin. The margin is smaller than that of the route proof, and the
proof allows for the same stopping distance, so a vehicle on a proved route does not set the guard off.

A vehicle that is watched at 10 Hz is mostly far from everything: `LiveGuard.check` remembers the free room around the
place where it looked last (`geofence.free_room`), and looks again when the vehicle could come to stand out of it.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import numpy as np
import shapely

from core.ids import ZoneId
from geofence.forbidden import Forbidden, ForbiddenSpace
from geofence.frames import FloatArray, LocalFrame
from geofence.free_room import FARTHEST_M, FreeRoom, Wall, free_room
from geofence.margins import Stopping
from geofence.motions import Motions, breaches
from geofence.positions import GeoPosition
from geofence.prisms import BoolArray, IntArray
from geofence.verdicts import FREE, GuardVerdict, Verdicts
from geofence.windows import ZoneHours
from geofence.zones import ZoneSet

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
            return FREE
        self._room, self._room_hours = self._free_room(position, height_agl_m, reach_m, in_force), in_force
        place = np.array([[position.lon_deg, position.lat_deg]])
        velocity = np.array([[east_m_s, north_m_s, up_m_s]])
        return self.check_many(place, np.array([height_agl_m]), velocity, now)[0]

    def check_many(
        self, lon_lat_deg: FloatArray, heights_agl_m: FloatArray, velocities_m_s: FloatArray, now: datetime
    ) -> Verdicts:
        """Return the verdicts on n vehicles: places (n, 2), heights (n,), east/north/up velocities (n, 3)."""
        space, settings = self._space(self._hours.in_force(now)), self._settings
        ends_m = heights_agl_m + velocities_m_s[:, 2] * self._seconds_to_level(velocities_m_s)
        speeds_m_s = np.hypot(velocities_m_s[:, 0], velocities_m_s[:, 1])
        stops_s = self._seconds_to_stop(speeds_m_s)
        rows, prisms = space.pairs(
            lon_lat_deg,
            np.minimum(heights_agl_m, ends_m) - settings.height_margin_m,
            np.maximum(heights_agl_m, ends_m) + settings.height_margin_m,
            settings.margin_m + speeds_m_s * stops_s,
        )
        here = self._frame.to_local_array(lon_lat_deg[rows])
        motions = Motions(
            here=here,
            there=here + velocities_m_s[rows, :2] * stops_s[rows, None],
            heights_m=heights_agl_m[rows],
            end_heights_m=ends_m[rows],
            speeds_m_s=speeds_m_s[rows],
            climbs_m_s=velocities_m_s[rows, 2],
        )
        found = breaches(
            space, motions, rows, prisms, margin_m=settings.margin_m, height_margin_m=settings.height_margin_m
        )
        return Verdicts(len(heights_agl_m), found, space.prisms)

    def whereabouts(self, lon_lat_deg: FloatArray, heights_agl_m: FloatArray, now: datetime) -> Whereabouts:
        """Say of n vehicles whether they are where they may be: places (n, 2), heights (n,); predicts nothing."""
        space = self._space(self._hours.in_force(now))
        first = space.first_around(lon_lat_deg, heights_agl_m)
        return Whereabouts(is_inside=first < 0, _first=first, _prisms=space.prisms)

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

    def _seconds_to_stop(self, speeds_m_s: FloatArray) -> FloatArray:
        stopping = self._settings.stopping
        return np.asarray(stopping.reaction_s + speeds_m_s / (2 * stopping.deceleration_m_s2))

    def _seconds_to_level(self, velocities_m_s: FloatArray) -> FloatArray:
        stopping = self._settings.stopping
        return np.asarray(
            stopping.reaction_s + np.abs(velocities_m_s[:, 2]) / (2 * stopping.vertical_deceleration_m_s2)
        )

    def _find_space(self, in_force: tuple[bool, ...]) -> ForbiddenSpace:
        return ForbiddenSpace.of(self._zones, in_force, self._frame)


def _up_s(stopping: Stopping, climb_m_s: float) -> float:
    return stopping.reaction_s + abs(climb_m_s) / (2 * stopping.vertical_deceleration_m_s2)
