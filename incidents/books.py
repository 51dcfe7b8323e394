"""The one way to change an incident: row, story and journal in one transaction, for people and for services."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.clock import Clock
from core.database import Transaction
from core.ids import EvidenceId, OrderId, SightingId, VehicleId
from incidents.bodies import incident_event
from incidents.incident import Incident, IncidentState, TimelineLine
from incidents.kinds import KindTable, Stage
from incidents.store import IncidentStore, TimelineStore
from missions.work_calendar import WorkCalendar

SYSTEM = "system"
"""The actor of what the service does by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Who does something to an incident, why, and with what to show for it."""

    actor: str
    because: str
    photos: Sequence[EvidenceId] = ()
    sighting_id: SightingId | None = None
    vehicle_id: VehicleId | None = None

    @property
    def is_a_persons(self) -> bool:
        """Say whether `because` is in a person's own words."""
        return self.actor != SYSTEM and self.sighting_id is None and self.vehicle_id is None


class IncidentBooks:
    """Writes changes of incidents."""

    def __init__(
        self,
        *,
        incidents: IncidentStore,
        timeline: TimelineStore,
        kinds: KindTable,
        calendar: WorkCalendar,
        clock: Clock,
    ) -> None:
        self._incidents = incidents
        self._timeline = timeline
        self._kinds = kinds
        self._calendar = calendar
        self._clock = clock

    async def open(self, unit: Transaction, incident: Incident, reason: Reason) -> None:
        """Store a new incident with the first line of its story."""
        await self._incidents.add(unit, incident)
        await self._tell(unit, incident, incident.state.value, reason)

    async def advance(
        self,
        unit: Transaction,
        incident: Incident,
        to: IncidentState,
        reason: Reason,
        *,
        order_id: OrderId | None = None,
        worker: str | None = None,
    ) -> Incident:
        """Move an incident to its next state and return it; *order_id* verifies it, *worker* gets it, where given.

        Raises Conflict when the table forbids it, RevisionPassed when somebody was faster.
        """
        moved = self._stamp(incident.move(to, because=reason.because))
        moved = replace(moved, because_by_person=reason.is_a_persons)
        if order_id is not None:
            moved = replace(moved, verifying_order_id=order_id)
        if worker is not None:
            moved = replace(moved, worker=worker)
        await self._incidents.update(unit, moved)
        await self._tell(unit, moved, to.value, reason)
        return moved

    async def seen_again(self, unit: Transaction, incident: Incident, reason: Reason, *, seen_at: datetime) -> None:
        """Count one more sighting of an incident."""
        await self._incidents.count_sighting(unit, incident.id, seen_at=seen_at)
        newer = replace(incident, sightings=incident.sightings + 1, last_seen_at=max(incident.last_seen_at, seen_at))
        await self._tell(unit, newer, "seen_again", reason)

    async def note(self, unit: Transaction, incident: Incident, what: str, reason: Reason) -> None:
        """Add a line to the story of an incident that stays as it is."""
        await self._tell(unit, incident, what, reason)

    async def _tell(self, unit: Transaction, incident: Incident, what: str, reason: Reason) -> None:
        line = TimelineLine(
            subject_id=incident.id,
            at=self._clock.now(),
            actor=reason.actor,
            what=what,
            because=reason.because,
            photos=tuple(reason.photos),
            sighting_id=reason.sighting_id,
            vehicle_id=reason.vehicle_id,
        )
        await self._timeline.append(unit, line)
        unit.emit(incident_event(incident))

    def _stamp(self, incident: Incident) -> Incident:
        now = self._clock.now()
        match incident.state:
            case IncidentState.FILED:
                return replace(incident, filed_at=now)
            case IncidentState.DISPATCHED:
                limit = self._kinds.limit(incident.kind, Stage.HANDLE)
                return replace(incident, due_at=limit.after(now, self._calendar) if limit else None)
            case IncidentState.HANDLED:
                return replace(incident, handled_at=now)
            case IncidentState.REWORK:
                return replace(incident, reworks=incident.reworks + 1)
            case IncidentState.CLOSED:
                return replace(incident, closed_at=now)
            case IncidentState.REOPENED:
                return replace(incident, closed_at=None, handled_at=None)
            case _:
                return incident
