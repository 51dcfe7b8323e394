"""An incident: what people work on, its states and its timeline."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from core.errors import Conflict
from core.ids import EvidenceId, IncidentId, OrderId, SightingId, VehicleId, ZoneId
from geofence.positions import ErrorEllipse, GeoPosition


class IncidentState(StrEnum):
    """The national stages as states (domain: life of an incident)."""

    REPORTED = "reported"
    FILED = "filed"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    HANDLING = "handling"
    DEFERRED = "deferred"
    HANDED_BACK = "handed_back"
    HANDLED = "handled"
    VERIFYING = "verifying"
    REWORK = "rework"
    CLOSED = "closed"
    REOPENED = "reopened"
    REJECTED = "rejected"
    MERGED = "merged"
    VOID = "void"


_S = IncidentState
ALLOWED: Mapping[IncidentState, frozenset[IncidentState]] = {
    _S.REPORTED: frozenset({_S.FILED, _S.REJECTED, _S.MERGED}),
    _S.FILED: frozenset({_S.DISPATCHED, _S.VOID}),
    _S.DISPATCHED: frozenset({_S.ACCEPTED, _S.HANDED_BACK, _S.VOID}),
    _S.ACCEPTED: frozenset({_S.HANDLING, _S.HANDED_BACK, _S.DEFERRED, _S.VOID}),
    _S.HANDLING: frozenset({_S.HANDLED, _S.DEFERRED, _S.VOID}),
    _S.DEFERRED: frozenset({_S.HANDLING, _S.VOID}),
    _S.HANDED_BACK: frozenset({_S.DISPATCHED, _S.VOID}),
    _S.HANDLED: frozenset({_S.VERIFYING}),
    _S.VERIFYING: frozenset({_S.CLOSED, _S.REWORK}),
    _S.REWORK: frozenset({_S.HANDLING, _S.HANDED_BACK}),
    _S.CLOSED: frozenset({_S.REOPENED}),
    _S.REOPENED: frozenset({_S.DISPATCHED}),
    _S.REJECTED: frozenset(),
    _S.MERGED: frozenset(),
    _S.VOID: frozenset(),
}
OPEN_STATES = frozenset(state for state in _S if state not in {_S.CLOSED, _S.REJECTED, _S.MERGED, _S.VOID})
NEEDS_DECISION = frozenset({_S.REPORTED, _S.FILED, _S.HANDED_BACK, _S.REOPENED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One matter at one place. `number` ("XJ-2026-000123") is for people, `id` for machines."""

    id: IncidentId
    number: str
    kind: str
    state: IncidentState
    place: GeoPosition
    ellipse: ErrorEllipse
    zone_id: ZoneId | None
    grid_id: ZoneId | None
    worker: str | None
    """User name of the responsible grid worker."""
    sightings: int
    first_seen_at: datetime
    last_seen_at: datetime
    filed_at: datetime | None = None
    due_at: datetime | None = None
    """Until when it is to be handled; the clock starts at each dispatch."""
    handled_at: datetime | None = None
    """Our time of the newest "handled"; a look before it says nothing about the handling."""
    closed_at: datetime | None = None
    verifying_order_id: OrderId | None = None
    """The order that looks again, or looked last."""
    reworks: int = 0
    because: str
    because_by_person: bool = False
    """Whether `because` is in somebody's own words."""
    revision: int
    """Grows by one with each change of state; a writer names the revision it read. One more sighting is not a change
    that anybody's decision hangs on, and leaves it alone."""

    @property
    def needs_decision(self) -> bool:
        """Say whether it waits for a supervisor: nobody below can take the next step."""
        return self.state in NEEDS_DECISION

    def move(self, to: IncidentState, *, because: str) -> "Incident":
        """Return the incident after moving to *to*; raises Conflict when the table forbids it or *because* is empty."""
        if to not in ALLOWED[self.state]:
            raise Conflict(f"an incident that is {self.state} cannot become {to}", where=self.number)
        if not because.strip():
            raise Conflict("a change of an incident needs a because", where=self.number)
        return replace(self, state=to, because=because, revision=self.revision + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineLine:
    """One line of an incident's (or alarm's) story: who, when, what, why; only ever appended."""

    subject_id: str
    at: datetime
    actor: str
    """User name, vehicle id or "system"."""
    what: str
    """A stable word: a state's name, "seen_again", "photo", "note", "escalated", …"""
    because: str
    photos: tuple[EvidenceId, ...] = ()
    sighting_id: SightingId | None = None
    vehicle_id: VehicleId | None = None
