"""Orders: what one vehicle is told to do; immutable, a change is a new order that supersedes the old one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.errors import Conflict
from core.ids import CommandId, IncidentId, OrderId, RunId, VehicleId, ZoneId
from fleet.holding import Holder, Speaker
from geofence.positions import GeoPosition
from geofence.zones import ZoneSet


class LegPurpose(StrEnum):
    """Why a leg is flown."""

    TRANSIT = "transit"
    SURVEY = "survey"
    POINT = "point"
    LINE = "line"
    LOOK = "look"
    RETURN = "return"


class OrderPurpose(StrEnum):
    """What an order is for; `missions.preemption` says what interrupts what."""

    PATROL = "patrol"
    LOOK = "look"
    """Fly somewhere now and show what is there (a help alarm)."""
    VERIFY = "verify"
    """Look again at handled incidents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraAction:
    """Where the camera looks: pitch negative downwards; a yaw of None follows the vehicle's heading."""

    pitch_deg: float
    yaw_deg: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """Go to `place` at `height_agl_m` (above the site's ground, see `Order.ground_amsl_m`) and stay `dwell_s` there."""

    place: GeoPosition
    height_agl_m: float
    speed_m_s: float
    purpose: LegPurpose
    camera: CameraAction | None = None
    dwell_s: float = 0.0
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dock:
    """Where a vehicle starts, lands and is charged; on the ground (0 m above ground)."""

    id: str
    place: GeoPosition


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation:
    """The permission under which a flight takes place; the software checks the window, never claims legality."""

    number: str
    ceiling_agl_m: float
    not_before_at: datetime
    not_after_at: datetime


class Failsafe(StrEnum):
    """What a vehicle does by itself when something fails."""

    HOLD = "hold"
    RETURN = "return"
    LAND = "land"
    CONTINUE = "continue"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailsafeChoices:
    """Chosen per order, shown per flight phase before launch (`fleet.contingency`)."""

    link_lost: Failsafe = Failsafe.RETURN
    link_lost_after_s: float = 20.0
    """Longer than a break of ten seconds, which a radio or a restarted agent makes: PX4 does not turn back from a way
    home that it began for a lost link."""
    battery_low: Failsafe = Failsafe.RETURN
    battery_low_ratio: float = 0.25
    position_lost: Failsafe = Failsafe.LAND


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Look again at this place: is the thing of `kind` (its code) still there?"""

    incident_id: IncidentId
    kind: str
    place: GeoPosition
    radius_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one vehicle is told to do, with everything that it was proved against."""

    id: OrderId
    vehicle_id: VehicleId
    run_id: RunId | None
    purpose: OrderPurpose
    legs: tuple[Leg, ...]
    zones: ZoneSet
    dock: Dock
    ground_amsl_m: float
    return_height_agl_m: float
    """The way home: straight up or down to this height, straight home at it, straight down."""
    takeoff_height_agl_m: float
    failsafes: FailsafeChoices
    authorisation: Authorisation | None
    not_before_at: datetime
    not_after_at: datetime
    checks: tuple[Check, ...] = ()
    rally_points: tuple[Dock, ...] = ()
    """Where the vehicle may come down as well when it goes home by itself: it takes the nearest."""
    supersedes: OrderId | None = None
    """The order of the same vehicle that this one interrupts or continues."""
    because: str = ""
    made_at: datetime


class OrderState(StrEnum):
    """Where an order stands; `ALLOWED` is the table."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    """Stored by the agent."""
    LOADED = "loaded"
    """Uploaded to the vehicle, read back and equal."""
    RUNNING = "running"
    HELD = "held"
    DONE = "done"
    """Landed and disarmed (or its legs done and superseded by the next order in flight)."""
    FAILED = "failed"
    ABORTED = "aborted"
    TIMED_OUT = "timed_out"


_ENDS = frozenset({OrderState.DONE, OrderState.FAILED, OrderState.ABORTED, OrderState.TIMED_OUT})
_STOPS = frozenset({OrderState.FAILED, OrderState.ABORTED, OrderState.TIMED_OUT})
ALLOWED: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.OFFERED: frozenset({OrderState.ACCEPTED}) | _STOPS,
    OrderState.ACCEPTED: frozenset({OrderState.LOADED}) | _STOPS,
    OrderState.LOADED: frozenset({OrderState.RUNNING}) | _STOPS,
    OrderState.RUNNING: frozenset({OrderState.HELD, OrderState.DONE}) | _STOPS,
    OrderState.HELD: frozenset({OrderState.RUNNING, OrderState.DONE}) | _STOPS,
    OrderState.DONE: frozenset(),
    OrderState.FAILED: frozenset(),
    OrderState.ABORTED: frozenset(),
    OrderState.TIMED_OUT: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderProgress:
    """Where an order stands: its state, the legs reached and fully done (in order), and why it is so."""

    order_id: OrderId
    state: OrderState
    legs_done: int = 0
    because: str = ""
    at: datetime
    held_by: Holder = Holder.NOBODY
    """Who keeps the vehicle from flying on, while the order is held or about to be flown."""

    @property
    def is_ended(self) -> bool:
        """Say whether nothing more will happen to the order."""
        return self.state in _ENDS

    @property
    def holder(self) -> Holder:
        """Return who holds the vehicle; a held order of which nobody told who is the vehicle's own matter."""
        if self.state is not OrderState.HELD:
            return Holder.NOBODY
        return Holder.ITSELF if self.held_by is Holder.NOBODY else self.held_by

    def move(
        self,
        to: OrderState,
        *,
        because: str,
        at: datetime,
        legs_done: int | None = None,
        held_by: Holder = Holder.NOBODY,
    ) -> "OrderProgress":
        """Return the progress after moving to *to*; raises Conflict when the table does not allow it."""
        if to not in ALLOWED[self.state]:
            raise Conflict(f"an order that is {self.state} cannot become {to}", where=self.order_id)
        if to in _STOPS and not because:
            raise Conflict(f"an order cannot become {to} without a because", where=self.order_id)
        done = self.legs_done if legs_done is None else max(self.legs_done, legs_done)
        return OrderProgress(order_id=self.order_id, state=to, legs_done=done, because=because, at=at, held_by=held_by)


class CommandKind(StrEnum):
    """What can be asked of a vehicle at once, whatever it is doing."""

    HOLD = "hold"
    RESUME = "resume"
    RETURN = "return"
    LAND = "land"
    CANCEL = "cancel"
    """End the running order: return home and land; the order becomes `aborted`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A person's or the dispatcher's word to a vehicle; stored before acknowledged, re-sent until answered."""

    id: CommandId
    vehicle_id: VehicleId
    kind: CommandKind
    because: str
    made_at: datetime
    expires_at: datetime
    order_id: OrderId | None = None
    speaker: Speaker = Speaker.PERSON


class CommandState(StrEnum):
    """The fate of a command, as the screen shows it."""

    SENT = "sent"
    ACCEPTED = "accepted"
    """Stored by the agent."""
    DONE = "done"
    """The vehicle itself shows the effect."""
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOutcome:
    """What became of a command, and why."""

    command_id: CommandId
    state: CommandState
    because: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleEvent:
    """Something that a person should be able to look up: guard acted, failsafe, status text, link lost, refused."""

    vehicle_id: VehicleId
    kind: str
    text: str
    at: datetime
    zone_id: ZoneId | None = None
    order_id: OrderId | None = None
