"""The referee: what truly happened, by position and not by anybody's report."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from shapely import contains_xy, prepare
from shapely.geometry import Point, Polygon

from core.clock import Clock
from geofence.frames import LocalFrame
from geofence.zones import Zone, ZoneKind, ZoneSet
from sim.autopilot import Autopilot
from sim.flight import Landed

_LOOK_EVERY_S = 0.2
_NO_BREACH_BELOW_M = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One entry of a vehicle into where it must not be (or out of where it must stay)."""

    vehicle_id: str
    zone_id: str
    at_s: float
    east_m: float
    north_m: float
    up_m: float


@dataclass(slots=True, kw_only=True)
class Flown:
    """What one vehicle has flown so far."""

    seconds_s: float = 0.0
    metres_m: float = 0.0
    landings: int = 0
    was_airborne: bool = False


@dataclass(slots=True, kw_only=True)
class RefereeState:
    """What must survive a restart."""

    breaches: list[Breach] = field(default_factory=list)
    inside: list[tuple[str, str]] = field(default_factory=list)
    """Pairs of vehicle and zone that are in breach now, so that an entry is counted once."""
    min_separation_m: float | None = None
    flown: dict[str, Flown] = field(default_factory=dict)
    in_view_s: dict[str, float] = field(default_factory=dict)
    looked_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Area:
    zone: Zone
    polygon: Polygon
    floor_m: float
    ceiling_m: float


class Referee:
    """Looks at true positions five times a second."""

    def __init__(self, *, zones: ZoneSet, frame: LocalFrame, clock: Clock, state: RefereeState | None = None) -> None:
        self.state = state or RefereeState()
        self._clock = clock
        self._keep_in = [_area(zone, frame) for zone in zones.of_kind(ZoneKind.KEEP_IN)]
        self._keep_out = [_area(zone, frame) for zone in zones.of_kind(ZoneKind.KEEP_OUT)]

    def look(self, pilots: Sequence[Autopilot], now_s: float) -> None:
        """Take note of what is true at the world's time *now_s*."""
        passed_s = now_s - self.state.looked_s
        if passed_s < _LOOK_EVERY_S:
            return
        self.state.looked_s = now_s
        airborne = [pilot for pilot in pilots if is_airborne(pilot)]
        for pilot in pilots:
            self._count(pilot, min(passed_s, 1.0))
            self._judge(pilot, now_s)
        for one, other in combinations(airborne, 2):
            self._separate(one, other)

    def _count(self, pilot: Autopilot, passed_s: float) -> None:
        flown = self.state.flown.setdefault(pilot.airframe.vehicle_id, Flown())
        airborne = is_airborne(pilot)
        if airborne:
            flown.seconds_s += passed_s
            flown.metres_m += pilot.record.body.speed_m_s * passed_s
        elif flown.was_airborne:
            flown.landings += 1
        flown.was_airborne = airborne

    def _judge(self, pilot: Autopilot, now_s: float) -> None:
        vehicle_id, body = pilot.airframe.vehicle_id, pilot.record.body
        broken = set(self._broken(pilot)) if is_airborne(pilot) and body.up_m > _NO_BREACH_BELOW_M else set()
        before = {zone_id for vehicle, zone_id in self.state.inside if vehicle == vehicle_id}
        for zone_id in sorted(broken - before):
            self.state.breaches.append(
                Breach(
                    vehicle_id=vehicle_id,
                    zone_id=zone_id,
                    at_s=now_s,
                    east_m=body.east_m,
                    north_m=body.north_m,
                    up_m=body.up_m,
                )
            )
        others = [pair for pair in self.state.inside if pair[0] != vehicle_id]
        self.state.inside = others + [(vehicle_id, zone_id) for zone_id in sorted(broken)]

    def _broken(self, pilot: Autopilot) -> list[str]:
        moment, body = self._clock.now(), pilot.record.body
        broken: list[str] = [
            area.zone.id for area in self._keep_out if area.zone.is_in_force(moment) and _holds(area, pilot)
        ]
        allowed = [area for area in self._keep_in if area.zone.is_in_force(moment)]
        if allowed and not any(_holds(area, pilot) for area in allowed):
            broken.append(min(allowed, key=lambda area: _away_m(area, body.east_m, body.north_m)).zone.id)
        return broken

    def _separate(self, one: Autopilot, other: Autopilot) -> None:
        a, b = one.record.body, other.record.body
        away_m = math.dist((a.east_m, a.north_m, a.up_m), (b.east_m, b.north_m, b.up_m))
        least_m = self.state.min_separation_m
        self.state.min_separation_m = away_m if least_m is None else min(least_m, away_m)


def is_airborne(pilot: Autopilot) -> bool:
    """Say whether a vehicle is truly in the air."""
    return pilot.record.landed is not Landed.ON_GROUND


def _area(zone: Zone, frame: LocalFrame) -> _Area:
    ring = frame.to_local_array(np.asarray(zone.polygon.exterior.coords)[:, :2])
    holes = [frame.to_local_array(np.asarray(hole.coords)[:, :2]) for hole in zone.polygon.interiors]
    polygon = Polygon(ring, holes)
    prepare(polygon)
    return _Area(
        zone=zone,
        polygon=polygon,
        floor_m=-math.inf if zone.floor_agl_m is None else zone.floor_agl_m,
        ceiling_m=math.inf if zone.ceiling_agl_m is None else zone.ceiling_agl_m,
    )


def _holds(area: _Area, pilot: Autopilot) -> bool:
    body = pilot.record.body
    return area.floor_m <= body.up_m <= area.ceiling_m and bool(contains_xy(area.polygon, body.east_m, body.north_m))


def _away_m(area: _Area, east_m: float, north_m: float) -> float:
    return float(area.polygon.distance(Point(east_m, north_m)))
