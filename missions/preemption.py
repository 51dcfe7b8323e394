"""The pre-emption table: what interrupts what, and what becomes of the interrupted; tested cell by cell."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from fleet.holding import OURS, Holder
from fleet.orders import OrderPurpose
from fleet.telemetry import FlightMode, VehicleState


class Doing(StrEnum):
    """What a vehicle is busy with now."""

    NOTHING = "nothing"
    PATROL = "patrol"
    VERIFY = "verify"
    LOOK = "look"
    WAITING = "waiting"
    """Held by the service itself: to keep clear of another vehicle, or to make way for a look."""
    HOLDS = "holds"
    """Held by the vehicle itself, and not for long: it may still go on, come home or disarm by itself."""
    HELD_BY_PERSON = "held_by_person"
    """Held by anybody else, or by itself for long: only a person ends that."""
    COMING_HOME = "coming_home"
    """Returning or landing: by a person's word, a failsafe or the end of an order."""


class Wanted(StrEnum):
    """What somebody wants of it."""

    PATROL = "patrol"
    VERIFY = "verify"
    LOOK = "look"


class Decision(StrEnum):
    """What happens then."""

    START = "start"
    INTERRUPT_AND_RESUME = "interrupt_and_resume"
    """Hold, do the new thing, then fly the remainder of the old one."""
    WAIT = "wait"


BY_ITSELF_S = 15.0
"""So long a vehicle may hold by itself before a person is asked: failsafes wait for some seconds before they act."""
_D = Decision
TABLE: Mapping[Doing, Mapping[Wanted, Decision]] = {
    Doing.NOTHING: {Wanted.PATROL: _D.START, Wanted.VERIFY: _D.START, Wanted.LOOK: _D.START},
    Doing.PATROL: {
        Wanted.PATROL: _D.WAIT,
        Wanted.VERIFY: _D.WAIT,
        Wanted.LOOK: _D.INTERRUPT_AND_RESUME,
    },
    Doing.VERIFY: {
        Wanted.PATROL: _D.WAIT,
        Wanted.VERIFY: _D.WAIT,
        Wanted.LOOK: _D.INTERRUPT_AND_RESUME,
    },
    Doing.LOOK: {Wanted.PATROL: _D.WAIT, Wanted.VERIFY: _D.WAIT, Wanted.LOOK: _D.WAIT},
    # What it waits for is under way already, or another vehicle comes at it.
    Doing.WAITING: {Wanted.PATROL: _D.WAIT, Wanted.VERIFY: _D.WAIT, Wanted.LOOK: _D.WAIT},
    # It has a reason that we do not know.
    Doing.HOLDS: {Wanted.PATROL: _D.WAIT, Wanted.VERIFY: _D.WAIT, Wanted.LOOK: _D.WAIT},
    # Whoever held it may stand beneath it: only that person's "resume" or "come home" ends the hold.
    Doing.HELD_BY_PERSON: {Wanted.PATROL: _D.WAIT, Wanted.VERIFY: _D.WAIT, Wanted.LOOK: _D.WAIT},
    # It comes home for a reason that we may not know (battery, wind): it is not turned round in the air.
    Doing.COMING_HOME: {Wanted.PATROL: _D.WAIT, Wanted.VERIFY: _D.WAIT, Wanted.LOOK: _D.WAIT},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """What is known of a vehicle's present work."""

    purpose: OrderPurpose | None
    held_by: Holder
    state: VehicleState
    held_s: float = 0.0
    """For how long it has been held so."""


_PURPOSES = {OrderPurpose.PATROL: Doing.PATROL, OrderPurpose.VERIFY: Doing.VERIFY, OrderPurpose.LOOK: Doing.LOOK}


def doing(busy: Busy) -> Doing:
    """Say what the vehicle is doing, the strongest reason first."""
    if busy.state.is_airborne and busy.state.mode in {FlightMode.RETURN, FlightMode.LAND}:
        return Doing.COMING_HOME
    if busy.held_by is Holder.ITSELF and busy.held_s < BY_ITSELF_S:
        return Doing.HOLDS
    if busy.held_by is not Holder.NOBODY:
        return Doing.WAITING if busy.held_by in OURS else Doing.HELD_BY_PERSON
    return _PURPOSES[busy.purpose] if busy.purpose is not None else Doing.NOTHING


def decide(*, now: Doing, wanted: Wanted) -> Decision:
    """Return the table's cell."""
    return TABLE[now][wanted]
