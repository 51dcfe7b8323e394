"""What is asked for: zones, docks, vehicles and tasks, everything in local metres."""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from shapely import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geofence.frames import LocalFrame

CLIMB_M_S = 2.0
SINK_M_S = 1.5
HEIGHT_ERROR_M = 2.0
"""Kept in height at heights that are not the vehicle's own (or the request's margin, where that is more)."""
Place = tuple[float, float]
"""East and north in metres."""


class VehicleKind(StrEnum):
    """What moves."""

    DRONE = "drone"
    ROBOT = "robot"


class Objective(StrEnum):
    """What is to be small: the end of the last vehicle, or the sum over all sorties."""

    MAKESPAN = "makespan"
    TOTAL = "total"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Seconds after the start of the plan within which work begins and ends."""

    from_s: float = 0.0
    to_s: float = math.inf


ALWAYS = Window()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanZone:
    """A keep-in or keep-out zone; heights None: from the ground, without limit."""

    id: str
    is_keep_in: bool
    shape: BaseGeometry
    floor_agl_m: float | None = None
    ceiling_agl_m: float | None = None

    def holds_at(self, height_agl_m: float) -> bool:
        """Say whether the zone reaches to that height (its floor and ceiling included)."""
        return self.meets(height_agl_m, height_agl_m)

    def meets(self, low_agl_m: float, high_agl_m: float) -> bool:
        """Say whether the zone reaches to any of those heights (its floor and ceiling included)."""
        low = -math.inf if self.floor_agl_m is None else self.floor_agl_m
        high = math.inf if self.ceiling_agl_m is None else self.ceiling_agl_m
        return low <= high_agl_m and low_agl_m <= high


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDock:
    """Where vehicles start and end their sorties."""

    id: str
    position: Place


class Band(NamedTuple):
    """The height a vehicle works at, and those between which it may climb and sink for the ways between its work."""

    height_agl_m: float
    lowest_agl_m: float
    highest_agl_m: float
    climb_m_s: float = CLIMB_M_S
    sink_m_s: float = SINK_M_S

    def change_s(self, from_agl_m: float, to_agl_m: float) -> float:
        """Return the seconds of climbing or sinking on the spot."""
        rise_m = to_agl_m - from_agl_m
        return rise_m / self.climb_m_s if rise_m > 0 else -rise_m / self.sink_m_s


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVehicle:
    """A vehicle; every change of heading costs it `turn_s`, every sortie but the last `turnaround_s` in the dock.

    It works at `height_agl_m`; ways between work may climb to `highest_agl_m` and sink to `lowest_agl_m` (None: not).
    """

    id: str
    kind: VehicleKind
    dock: str
    speed_m_s: float
    endurance_s: float
    turn_s: float = 0.0
    turnaround_s: float = 0.0
    height_agl_m: float = 0.0
    lowest_agl_m: float | None = None
    highest_agl_m: float | None = None
    climb_m_s: float = CLIMB_M_S
    sink_m_s: float = SINK_M_S
    max_sorties: int = 1
    skills: frozenset[str] = frozenset()
    window: Window = ALWAYS

    @property
    def band(self) -> Band:
        """Return the heights that it may use."""
        height_m = self.height_agl_m
        low_m = height_m if self.lowest_agl_m is None else self.lowest_agl_m
        high_m = height_m if self.highest_agl_m is None else self.highest_agl_m
        return Band(height_m, low_m, high_m, self.climb_m_s, self.sink_m_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms a task may be done: when, and what a vehicle must have for it."""

    window: Window = ALWAYS
    needs: frozenset[str] = frozenset()


ANY_TERMS = Terms()


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaTask:
    """Ground to be swept; legs lie a swath less the overlap apart."""

    id: str
    area: Polygon | MultiPolygon
    swath_m: float
    overlap: float = 0.0
    terms: Terms = ANY_TERMS


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPoint:
    """A place to be at for `service_s`."""

    id: str
    position: Place
    service_s: float = 0.0
    terms: Terms = ANY_TERMS


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsTask:
    """Places to be visited in any order."""

    id: str
    points: tuple[TaskPoint, ...]
    terms: Terms = ANY_TERMS


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTask:
    """A line to be followed, in either direction."""

    id: str
    line: LineString
    terms: Terms = ANY_TERMS


@dataclass(frozen=True, slots=True, kw_only=True)
class PerimeterTask:
    """The border of a zone, inside a keep-in and outside a keep-out by `inset_m`."""

    id: str
    zone: str
    inset_m: float = 0.0
    terms: Terms = ANY_TERMS


Task = AreaTask | PointsTask | LineTask | PerimeterTask


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRequest:
    """Everything that a plan is made from; `frame` is None where places were given in metres."""

    frame: LocalFrame | None
    zones: tuple[PlanZone, ...]
    docks: tuple[PlanDock, ...]
    vehicles: tuple[PlanVehicle, ...]
    tasks: tuple[Task, ...]
    margin_m: float = 0.0
    objective: Objective = Objective.MAKESPAN
    makespan_limit_s: float = math.inf
    notes: tuple[str, ...] = field(default=())
    """What was assumed or mended while reading."""

    def dock(self, dock_id: str) -> PlanDock:
        """Return the dock of that id."""
        return next(dock for dock in self.docks if dock.id == dock_id)

    def zone(self, zone_id: str) -> PlanZone:
        """Return the zone of that id."""
        return next(zone for zone in self.zones if zone.id == zone_id)
