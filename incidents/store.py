"""What the books of incidents, sightings, pictures and alarms must offer; `store_sql` is the implementation.

Every method works within the caller's transaction. "Locked" rows stay the caller's until it ends.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.database import Transaction
from core.ids import AlarmId, EvidenceId, IncidentId, SightingId
from geofence.positions import GeoPosition
from incidents.alarm import AlarmState, HelpAlarm, Ring
from incidents.evidence import Evidence
from incidents.incident import OPEN_STATES, Incident, IncidentState, TimelineLine
from perception.sighting import Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class SightingRecord:
    """A stored sighting: without its pictures' bytes, with their ids and the incident that it belongs to."""

    sighting: Sighting
    photo_ids: tuple[EvidenceId, ...]
    incident_id: IncidentId
    opened: bool
    """It opened the incident; otherwise it is one more look at it."""
    stored_at: datetime


class Numbers(Protocol):
    """Numbers for people, gapless within a series and year; one writer at a time."""

    async def lock(self, unit: Transaction, series: str) -> None:
        """Wait until nobody else writes in *series* ("XJ", "QZ"); what others committed is visible from here on."""

    async def next(self, unit: Transaction, series: str, *, year: int) -> str:
        """Return the next number, as "XJ-2026-000123"."""


class TimelineStore(Protocol):
    """The stories of incidents and alarms; only ever appended."""

    async def append(self, unit: Transaction, line: TimelineLine) -> None:
        """Add a line at the end of its subject's story."""

    async def lines(self, unit: Transaction, subject_id: str) -> tuple[TimelineLine, ...]:
        """Return the story of one incident or alarm, in the order of writing."""

    async def lines_between(
        self, unit: Transaction, *, whats: Collection[str], not_before_at: datetime, before_at: datetime
    ) -> tuple[TimelineLine, ...]:
        """Return the lines of all subjects that say one of *whats* within a period, in the order of writing."""


class IncidentStore(Protocol):
    """Incidents."""

    async def add(self, unit: Transaction, incident: Incident) -> None:
        """Store a new incident."""

    async def get(self, unit: Transaction, incident_id: IncidentId, *, locked: bool = False) -> Incident:
        """Return one incident; raises NotFound."""

    async def update(self, unit: Transaction, incident: Incident) -> None:
        """Replace an incident; raises RevisionPassed unless its stored revision is one less."""

    async def count_sighting(self, unit: Transaction, incident_id: IncidentId, *, seen_at: datetime) -> None:
        """Count one more sighting, the newest at *seen_at*; the revision stays."""

    async def near(
        self, unit: Transaction, *, kind: str, place: GeoPosition, within_m: float, seen_at: datetime
    ) -> tuple[Incident, ...]:
        """Return incidents of *kind* that a thing seen at *seen_at* around *place* can belong to, locked, oldest first.

        Those are open ones, and closed ones that were open then, in a square of half width *within_m*.
        """

    async def find(
        self,
        unit: Transaction,
        *,
        states: Collection[IncidentState] | None = None,
        kind: str | None = None,
        worker: str | None = None,
        number: str | None = None,
        limit: int = 200,
        pressing_first: Collection[str] | None = None,
    ) -> tuple[Incident, ...]:
        """Return incidents, newest first; None leaves a condition out. *number* is any part of theirs, in any case.

        With *pressing_first* those of these kinds come first, and of all whoever has waited longest: with a time limit
        since that has passed (or will), without one since it was first seen.
        """

    async def open_ids(
        self, unit: Transaction, *, worker: str | None = None, states: Collection[IncidentState] = OPEN_STATES
    ) -> Sequence[IncidentId]:
        """Return the ids of all incidents in these states, of one worker's where one is named."""

    async def unrung(
        self, unit: Transaction, *, kind: str, stored_before: datetime, or_after: datetime
    ) -> Sequence[IncidentId]:
        """Return the incidents of an alarm's kind that nobody decided about since then and that never rang.

        What was stored *or_after* is among them: only a clock that has been set back since can have written that.
        """

    async def counts(self, unit: Transaction) -> Mapping[tuple[str, IncidentState], int]:
        """Return the number of incidents of each kind in each state."""

    async def reworks(self, unit: Transaction) -> int:
        """Return how often incidents were sent to rework."""

    async def due_between(
        self, unit: Transaction, *, not_before_at: datetime, before_at: datetime
    ) -> tuple[Incident, ...]:
        """Return the incidents whose handling falls due within a period."""


class SightingStore(Protocol):
    """Sightings."""

    async def add(self, unit: Transaction, record: SightingRecord) -> None:
        """Store a sighting."""

    async def set_photos(self, unit: Transaction, record: SightingRecord) -> None:
        """Store which pictures a sighting has, of one that came into the books without them."""

    async def get(self, unit: Transaction, sighting_id: SightingId) -> SightingRecord | None:
        """Return one sighting, None when it is not known."""

    async def newest(self, unit: Transaction, *, limit: int) -> tuple[SightingRecord, ...]:
        """Return the newest sightings, newest first."""

    async def of_incident(self, unit: Transaction, incident_id: IncidentId) -> tuple[SightingRecord, ...]:
        """Return the sightings of one incident, oldest first."""

    async def count(self, unit: Transaction) -> int:
        """Return the number of sightings."""


class EvidenceBook(Protocol):
    """Which picture shows what; the bytes lie in the evidence store."""

    async def add(self, unit: Transaction, evidence: Evidence) -> None:
        """Store an entry; its bytes must lie in the evidence store already."""

    async def get(self, unit: Transaction, evidence_id: EvidenceId) -> Evidence:
        """Return one entry; raises NotFound."""

    async def known(self, unit: Transaction, evidence_id: EvidenceId) -> Evidence | None:
        """Return one entry, None when there is none."""

    async def attach(self, unit: Transaction, evidence_id: EvidenceId, incident_id: IncidentId) -> None:
        """Give a picture to an incident; raises Conflict when it belongs to another one."""

    async def of_incident(self, unit: Transaction, incident_id: IncidentId) -> tuple[Evidence, ...]:
        """Return the pictures of one incident, oldest first."""


class AlarmStore(Protocol):
    """Help alarms."""

    async def add(self, unit: Transaction, alarm: HelpAlarm) -> None:
        """Store a new alarm."""

    async def get(self, unit: Transaction, alarm_id: AlarmId, *, locked: bool = False) -> HelpAlarm:
        """Return one alarm; raises NotFound."""

    async def by_press(self, unit: Transaction, press_id: str, *, locked: bool = False) -> HelpAlarm | None:
        """Return the alarm of a press, None when the press is not known."""

    async def update(self, unit: Transaction, alarm: HelpAlarm) -> None:
        """Replace an alarm; raises RevisionPassed unless its stored revision is one less."""

    async def find(
        self, unit: Transaction, *, states: Collection[AlarmState] | None = None, limit: int = 200
    ) -> tuple[HelpAlarm, ...]:
        """Return alarms, newest first."""

    async def counts(self, unit: Transaction) -> Mapping[AlarmState, int]:
        """Return the number of alarms in each state."""

    async def answered(self, unit: Transaction) -> int:
        """Return the number of alarms that somebody answered."""

    async def calling(self, unit: Transaction) -> tuple[HelpAlarm, ...]:
        """Return every alarm that calls for the first person, oldest first."""

    async def claim_due(
        self, unit: Transaction, *, now: datetime, or_after: datetime, limit: int
    ) -> tuple[HelpAlarm, ...]:
        """Return alarms whose `escalate_at` has come, locked, oldest first; rows that others hold are skipped.

        What is to come only after *or_after* is due as well: a clock that has been set back since wrote that.
        """

    async def add_ring(self, unit: Transaction, ring: Ring) -> bool:
        """Note that an alarm rings at a desk; return False when that was known."""

    async def forget_rings(self, unit: Transaction, alarm_id: AlarmId) -> None:
        """Forget where an alarm rang: it calls anew."""

    async def rings(self, unit: Transaction, alarm_id: AlarmId) -> Sequence[Ring]:
        """Return where and when an alarm rang, in order."""
