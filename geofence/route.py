"""A route as the proof sees it, and what the proof says about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.errors import Detail
from core.ids import ZoneId
from geofence.margins import Margins
from geofence.positions import GeoPosition
from geofence.windows import is_always_in_force, is_ever_in_force
from geofence.zones import Zone, ZoneKind, ZoneSet


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutePoint:
    """The end of a leg: a place, the height there and the speed on the way to it."""

    place: GeoPosition
    height_agl_m: float
    speed_m_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteWindow:
    """The authorisation that a route is flown under."""

    ceiling_agl_m: float
    not_before_at: datetime
    not_after_at: datetime
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRoute:
    """A whole flight: from the dock (or from `start`, in the air) over `points`, and home from anywhere.

    The way home: straight up or down to `return_height_agl_m`, straight to the dock (or to any of the rally points,
    which an autopilot chooses by itself) at it, straight down.
    """

    points: tuple[RoutePoint, ...]
    dock: GeoPosition
    takeoff_height_agl_m: float
    return_height_agl_m: float
    zones: ZoneSet
    not_before_at: datetime
    not_after_at: datetime
    start: GeoPosition | None = None
    """Where the vehicle hovers when the route begins; None: it stands on the dock."""
    start_height_agl_m: float = 0.0
    authorisation: RouteWindow | None = None
    margins: Margins = field(default_factory=Margins)
    rally_points: tuple[GeoPosition, ...] = ()

    def keep_outs(self) -> tuple[Zone, ...]:
        """Return the keep-out zones that hold at any moment of the time window."""
        window = (self.not_before_at, self.not_after_at)
        return tuple(z for z in self.zones.of_kind(ZoneKind.KEEP_OUT) if is_ever_in_force(z, *window))

    def keep_ins(self) -> tuple[Zone, ...]:
        """Return the keep-in zones that hold through the whole time window."""
        window = (self.not_before_at, self.not_after_at)
        return tuple(z for z in self.zones.of_kind(ZoneKind.KEEP_IN) if is_always_in_force(z, *window))


class RoutePhase(StrEnum):
    """The part of a flight that a violation belongs to."""

    ORDER = "order"
    """The order as a whole: its time window, its authorisation."""
    TAKEOFF = "takeoff"
    LEG = "leg"
    TURN = "turn"
    """The corner cut before a point and the overshoot behind it."""
    WAY_HOME = "way_home"
    LANDING = "landing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One reason why a route may not be flown; `leg` counts from 0, None is the flight as a whole.

    `amount_m` says by how many metres room is missing (0 where metres make no sense).
    """

    code: str
    leg: int | None
    phase: RoutePhase
    zone_id: ZoneId | None
    place: GeoPosition | None
    amount_m: float
    because: str
    remedy: str
    params: Mapping[str, Detail] = field(default_factory=dict)

    def __str__(self) -> str:
        leg = "" if self.leg is None else f"leg {self.leg}, "
        at = "" if self.place is None else f" at ({self.place.lon_deg:.6f}, {self.place.lat_deg:.6f})"
        return f"{leg}{self.phase}: {self.because}{at}; {self.remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteProof:
    """The verdict on a route, with the hash of the zones that it was proved against."""

    zones_hash: str
    violations: tuple[Violation, ...]

    @property
    def is_safe(self) -> bool:
        """Say whether nothing speaks against the route."""
        return not self.violations
