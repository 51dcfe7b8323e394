"""A patrol: what ground is to be seen, how and when; and a run of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from shapely.geometry import LineString, Polygon

from core.errors import Conflict
from core.ids import AlarmId, OrderId, PatrolId, RunId, VehicleId, ZoneId
from fleet.orders import CameraAction
from geofence.positions import GeoPosition


@dataclass(frozen=True, slots=True, kw_only=True)
class PatrolPoint:
    """A patrol point (巡更点位): be there and look for `dwell_s`."""

    name: str
    place: GeoPosition
    dwell_s: float
    camera: CameraAction
    name_zh: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatrolLine:
    """A line to be flown along (WGS-84)."""

    name: str
    line: LineString
    camera: CameraAction
    name_zh: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatrolArea:
    """An area to be covered in strips (WGS-84)."""

    name: str
    area: Polygon
    swath_m: float
    overlap: float
    camera: CameraAction
    name_zh: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatrolPerimeter:
    """The border of a zone to be flown along: `inset_m` inside of it, of a keep-out zone as far outside.

    It is the border that is in force when the route is planned: a zone that is changed is flown along as it is then.
    """

    name: str
    zone_id: ZoneId
    inset_m: float
    camera: CameraAction
    name_zh: str = ""
    clockwise: bool = True


PatrolPart = PatrolPoint | PatrolLine | PatrolArea | PatrolPerimeter


class Days(StrEnum):
    """On which days a schedule starts, by the work calendar of its country (holidays, make-up days)."""

    EVERY_DAY = "every_day"
    WORKING_DAYS = "working_days"
    DAYS_OFF = "days_off"


class OnOverlap(StrEnum):
    """What happens to a start while the run before it has not ended."""

    SKIP = "skip"
    """It is left out, and said so."""
    WAIT = "wait"
    """It waits for that end; starts that come meanwhile are left out."""
    TOGETHER = "together"
    """It starts as well, with another vehicle where there is one."""


class OnMissed(StrEnum):
    """What happens to a start that nobody was there for: the controller was down when it came."""

    SKIP = "skip"
    """It is left out, and said so: nothing flies late by surprise."""
    ONCE = "once"
    """The newest of those missed starts as soon as it is noticed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blackout:
    """Local days, both included, on which nothing starts."""

    first_day: date
    last_day: date
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """How runs are made hard to foresee: a start later by up to `window_s`, a route now and then the other way round.

    With `at_most_unseen_s` no place waits longer than that between two runs because of it: chance takes only what is
    left of it after the time between two starts (and the length of a run, `route_s`, where the direction changes).
    """

    window_s: float
    reverses: bool = False
    at_most_unseen_s: float | None = None
    route_s: float | None = None
    """How long a run takes at most."""
    seed: int = 0
    """Whoever knows it can foresee; drawn when the patrol is stored with 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """An RFC 5545 recurrence rule ("FREQ=MINUTELY;INTERVAL=2") from a first start, in a named time zone."""

    rule: str
    first_start_local: datetime
    """Without zone: local time in `time_zone`."""
    time_zone: str
    blackouts: tuple[Blackout, ...] = ()
    days: Days = Days.EVERY_DAY
    country: str = "CN"
    """Whose work calendar is meant (ISO 3166)."""
    on_overlap: OnOverlap = OnOverlap.SKIP
    on_missed: OnMissed = OnMissed.SKIP
    chance: Chance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patrol:
    """What a supervisor defines: parts in order, height, speed, when, and with which vehicles."""

    id: PatrolId
    name: str
    name_zh: str
    parts: tuple[PatrolPart, ...]
    height_agl_m: float
    speed_m_s: float
    vehicle_ids: tuple[VehicleId, ...]
    """Vehicles that may fly it; empty means any."""
    schedule: Schedule | None
    is_active: bool
    revision: int

    def turned_round(self) -> "Patrol":
        """Return the patrol from its last part to its first, its lines from their ends; areas are covered as ever."""
        return replace(self, parts=tuple(_turned(part) for part in reversed(self.parts)))


def _turned(part: PatrolPart) -> PatrolPart:
    if isinstance(part, PatrolPerimeter):
        return replace(part, clockwise=not part.clockwise)
    return replace(part, line=LineString(part.line.coords[::-1])) if isinstance(part, PatrolLine) else part


class RunState(StrEnum):
    """Where one run of a patrol stands."""

    PLANNED = "planned"
    """Waiting for a vehicle or its time."""
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    """Pre-empted; the remainder will be flown."""
    DONE = "done"
    FAILED = "failed"
    ABORTED = "aborted"


_R = RunState
RUN_ALLOWED: Mapping[RunState, frozenset[RunState]] = {
    _R.PLANNED: frozenset({_R.RUNNING, _R.FAILED, _R.ABORTED}),
    _R.RUNNING: frozenset({_R.INTERRUPTED, _R.DONE, _R.FAILED, _R.ABORTED}),
    _R.INTERRUPTED: frozenset({_R.RUNNING, _R.DONE, _R.FAILED, _R.ABORTED}),
    _R.DONE: frozenset(),
    _R.FAILED: frozenset(),
    _R.ABORTED: frozenset(),
}


class RunKind(StrEnum):
    """What a run is for."""

    PATROL = "patrol"
    LOOK = "look"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One flight of a patrol (or of a look): who asked, which vehicle, how far it got."""

    id: RunId
    kind: RunKind
    patrol_id: PatrolId | None
    alarm_id: AlarmId | None
    name: str
    state: RunState
    vehicle_id: VehicleId | None
    wanted_vehicle_id: VehicleId | None
    asked_by: str
    planned_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    give_up_at: datetime
    """A run that has not begun by then has failed."""
    place: GeoPosition | None
    """What a look is to be had of."""
    order_id: OrderId | None
    """The order that carries it out now, or carried out its newest part."""
    legs_total: int
    legs_done: int
    """Legs of the patrol itself (transits are not counted), over all orders of the run."""
    done_before: int
    """Legs that earlier orders of the run did."""
    because: str
    revision: int
    is_reversed: bool = False
    """Flown from its last part to its first."""
    seed: int | None = None
    """What its start and direction were drawn with; None when nothing was left to chance."""
    patrol_revision: int | None = None
    """Of the patrol as it was approved when the run was made: what is flown and judged; None for looks."""

    @property
    def is_ended(self) -> bool:
        """Say whether nothing more will happen to the run."""
        return not RUN_ALLOWED[self.state]

    def move(self, to: RunState, *, because: str, at: datetime) -> "Run":
        """Return the run in state *to*; raises Conflict when the table forbids it or *because* is empty."""
        self.check_move(to)
        if not because:
            raise Conflict("a change of a run needs a because", where=self.id)
        ended_at = at if not RUN_ALLOWED[to] else None
        return replace(self, state=to, because=because, ended_at=ended_at)

    def check_move(self, to: RunState) -> None:
        """Raise Conflict unless the table lets the run become *to*."""
        if to not in RUN_ALLOWED[self.state]:
            raise Conflict(f"a run that is {self.state} cannot become {to}", where=self.id)
