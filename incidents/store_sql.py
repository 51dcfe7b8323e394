"""Incidents, their stories, sightings and pictures in SQL; alarms beside it in `store_sql_alarms`."""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select, update

from core.database import Transaction
from core.errors import Conflict, NotFound
from core.ids import EvidenceId, IncidentId, SightingId
from fleet.store_sql_once import insert_once
from geofence.positions import GeoPosition
from incidents.alarm import press_of_incident
from incidents.errors import RevisionPassed
from incidents.evidence import Evidence
from incidents.incident import OPEN_STATES, Incident, IncidentState, TimelineLine
from incidents.store import SightingRecord
from incidents.store_sql_alarms import SqlAlarmStore
from incidents.store_sql_rows import AlarmRow, EvidenceRow, IncidentRow, SeriesRow, SightingRow, TimelineRow
from incidents.store_sql_values import (
    evidence_columns,
    evidence_of,
    incident_columns,
    incident_of,
    line_columns,
    line_of,
    sighting_columns,
    sighting_of,
)

__all__ = [
    "SqlAlarmStore",
    "SqlEvidenceBook",
    "SqlIncidentStore",
    "SqlNumbers",
    "SqlSightingStore",
    "SqlTimelineStore",
]

_OPEN = tuple(state.value for state in OPEN_STATES)
_M_PER_DEG = 111_000.0
"""A little less than any degree of latitude is long: squares get a little larger, never smaller."""


class SqlNumbers:
    """`incidents.store.Numbers`: the row of the series is the lock, and each year counts in a row of its own.

    So a clock that jumps into another year and back goes on where it was, instead of giving numbers out again.
    """

    async def lock(self, unit: Transaction, series: str) -> None:
        await insert_once(unit, SeriesRow, {"series": series, "year": 0, "last": 0})
        await self._row(unit, series)

    async def next(self, unit: Transaction, series: str, *, year: int) -> str:
        await self.lock(unit, series)
        newest = await self._row(unit, series)
        # Older books counted in the row of the series alone: what it counted stays, whatever year the clock says now.
        for one, counted in ((newest.year, newest.last), (year, 0)):
            await insert_once(unit, SeriesRow, {"series": f"{series}-{one}", "year": one, "last": counted})
        row = await self._row(unit, f"{series}-{year}")
        row.last += 1
        newest.year, newest.last = year, row.last
        await unit.session.flush()
        return f"{series}-{year}-{row.last:06d}"

    async def _row(self, unit: Transaction, series: str) -> SeriesRow:
        query = select(SeriesRow).where(SeriesRow.series == series).with_for_update()
        return (await unit.session.scalars(query.execution_options(populate_existing=True))).one()


class SqlTimelineStore:
    """`incidents.store.TimelineStore`."""

    async def append(self, unit: Transaction, line: TimelineLine) -> None:
        unit.session.add(TimelineRow(**line_columns(line)))
        await unit.session.flush()

    async def lines(self, unit: Transaction, subject_id: str) -> tuple[TimelineLine, ...]:
        query = select(TimelineRow).where(TimelineRow.subject_id == subject_id).order_by(TimelineRow.position)
        return tuple(line_of(row) for row in await unit.session.scalars(query))

    async def lines_between(
        self, unit: Transaction, *, whats: Collection[str], not_before_at: datetime, before_at: datetime
    ) -> tuple[TimelineLine, ...]:
        query = select(TimelineRow).where(
            TimelineRow.what.in_(whats), TimelineRow.at >= not_before_at, TimelineRow.at < before_at
        )
        return tuple(line_of(row) for row in await unit.session.scalars(query.order_by(TimelineRow.position)))


class SqlIncidentStore:
    """`incidents.store.IncidentStore`."""

    async def add(self, unit: Transaction, incident: Incident) -> None:
        unit.session.add(IncidentRow(**incident_columns(incident)))
        await unit.session.flush()

    async def get(self, unit: Transaction, incident_id: IncidentId, *, locked: bool = False) -> Incident:
        query = select(IncidentRow).where(IncidentRow.id == incident_id)
        row = (await unit.session.scalars(_fresh(query.with_for_update() if locked else query))).one_or_none()
        if row is None:
            raise NotFound("there is no such incident", where=incident_id)
        return incident_of(row)

    async def update(self, unit: Transaction, incident: Incident) -> None:
        change = (
            update(IncidentRow)
            .where(IncidentRow.id == incident.id, IncidentRow.revision == incident.revision - 1)
            .values(**incident_columns(incident))
            .returning(IncidentRow.id)
        )
        if await unit.session.scalar(change) is None:
            raise RevisionPassed(
                "somebody changed the incident meanwhile", where=incident.number, remedy="load it again and decide anew"
            )

    async def count_sighting(self, unit: Transaction, incident_id: IncidentId, *, seen_at: datetime) -> None:
        counted = update(IncidentRow).where(IncidentRow.id == incident_id)
        await unit.session.execute(counted.values(sightings=IncidentRow.sightings + 1))
        await unit.session.execute(counted.where(IncidentRow.last_seen_at < seen_at).values(last_seen_at=seen_at))

    async def near(
        self, unit: Transaction, *, kind: str, place: GeoPosition, within_m: float, seen_at: datetime
    ) -> tuple[Incident, ...]:
        lat_deg = within_m / _M_PER_DEG
        lon_deg = lat_deg / max(0.01, math.cos(math.radians(place.lat_deg)))
        was_open = and_(
            IncidentRow.state == IncidentState.CLOSED.value,
            IncidentRow.first_seen_at <= seen_at,
            IncidentRow.closed_at >= seen_at,
        )
        query = select(IncidentRow).where(
            IncidentRow.kind == kind,
            or_(IncidentRow.state.in_(_OPEN), was_open),
            IncidentRow.lat_deg.between(place.lat_deg - lat_deg, place.lat_deg + lat_deg),
            IncidentRow.lon_deg.between(place.lon_deg - lon_deg, place.lon_deg + lon_deg),
        )
        rows = await unit.session.scalars(_fresh(query.order_by(IncidentRow.id).with_for_update()))
        return tuple(incident_of(row) for row in rows)

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
        query = _ordered(select(IncidentRow), pressing_first).limit(limit)
        if number is not None:
            query = query.where(IncidentRow.number.icontains(number, autoescape=True))
        if states is not None:
            query = query.where(IncidentRow.state.in_([state.value for state in states]))
        if kind is not None:
            query = query.where(IncidentRow.kind == kind)
        if worker is not None:
            query = query.where(IncidentRow.worker == worker)
        return tuple(incident_of(row) for row in await unit.session.scalars(_fresh(query)))

    async def open_ids(
        self, unit: Transaction, *, worker: str | None = None, states: Collection[IncidentState] = OPEN_STATES
    ) -> Sequence[IncidentId]:
        query = select(IncidentRow.id).where(IncidentRow.state.in_([state.value for state in states]))
        rows = await unit.session.scalars(query if worker is None else query.where(IncidentRow.worker == worker))
        return tuple(IncidentId(one) for one in rows)

    async def unrung(
        self, unit: Transaction, *, kind: str, stored_before: datetime, or_after: datetime
    ) -> Sequence[IncidentId]:
        has_rung = exists().where(AlarmRow.press_id == press_of_incident(IncidentId("")) + IncidentRow.id)
        is_old = or_(SightingRow.stored_at <= stored_before, SightingRow.stored_at > or_after)
        has_waited = exists().where(SightingRow.incident_id == IncidentRow.id, is_old)
        is_undecided = and_(IncidentRow.state == IncidentState.REPORTED.value, IncidentRow.kind == kind)
        query = select(IncidentRow.id).where(is_undecided, has_waited, ~has_rung).order_by(IncidentRow.id)
        return [IncidentId(one) for one in await unit.session.scalars(query)]

    async def counts(self, unit: Transaction) -> Mapping[tuple[str, IncidentState], int]:
        query = select(IncidentRow.kind, IncidentRow.state, func.count()).group_by(IncidentRow.kind, IncidentRow.state)
        return {(kind, IncidentState(state)): count for kind, state, count in await unit.session.execute(query)}

    async def reworks(self, unit: Transaction) -> int:
        return await unit.session.scalar(select(func.sum(IncidentRow.reworks))) or 0

    async def due_between(
        self, unit: Transaction, *, not_before_at: datetime, before_at: datetime
    ) -> tuple[Incident, ...]:
        query = select(IncidentRow).where(IncidentRow.due_at >= not_before_at, IncidentRow.due_at < before_at)
        return tuple(incident_of(row) for row in await unit.session.scalars(_fresh(query.order_by(IncidentRow.id))))


class SqlSightingStore:
    """`incidents.store.SightingStore`."""

    async def add(self, unit: Transaction, record: SightingRecord) -> None:
        unit.session.add(SightingRow(**sighting_columns(record)))
        await unit.session.flush()

    async def set_photos(self, unit: Transaction, record: SightingRecord) -> None:
        change = update(SightingRow).where(SightingRow.id == record.sighting.id)
        await unit.session.execute(change.values(photo_ids=list(record.photo_ids)))

    async def get(self, unit: Transaction, sighting_id: SightingId) -> SightingRecord | None:
        row = await unit.session.get(SightingRow, sighting_id)
        return None if row is None else sighting_of(row)

    async def newest(self, unit: Transaction, *, limit: int) -> tuple[SightingRecord, ...]:
        query = select(SightingRow).order_by(SightingRow.stored_at.desc(), SightingRow.id.desc()).limit(limit)
        return tuple(sighting_of(row) for row in await unit.session.scalars(query))

    async def of_incident(self, unit: Transaction, incident_id: IncidentId) -> tuple[SightingRecord, ...]:
        query = select(SightingRow).where(SightingRow.incident_id == incident_id)
        rows = await unit.session.scalars(query.order_by(SightingRow.stored_at, SightingRow.id))
        return tuple(sighting_of(row) for row in rows)

    async def count(self, unit: Transaction) -> int:
        return await unit.session.scalar(select(func.count()).select_from(SightingRow)) or 0


class SqlEvidenceBook:
    """`incidents.store.EvidenceBook`."""

    async def add(self, unit: Transaction, evidence: Evidence) -> None:
        unit.session.add(EvidenceRow(**evidence_columns(evidence)))
        await unit.session.flush()

    async def get(self, unit: Transaction, evidence_id: EvidenceId) -> Evidence:
        found = await self.known(unit, evidence_id)
        if found is None:
            raise NotFound("there is no such picture", where=evidence_id)
        return found

    async def known(self, unit: Transaction, evidence_id: EvidenceId) -> Evidence | None:
        row = await unit.session.get(EvidenceRow, evidence_id, populate_existing=True)
        return None if row is None else evidence_of(row)

    async def attach(self, unit: Transaction, evidence_id: EvidenceId, incident_id: IncidentId) -> None:
        free_or_ours = (EvidenceRow.incident_id.is_(None)) | (EvidenceRow.incident_id == incident_id)
        change = update(EvidenceRow).where(EvidenceRow.id == evidence_id, free_or_ours).values(incident_id=incident_id)
        if await unit.session.scalar(change.returning(EvidenceRow.id)) is None:
            await self.get(unit, evidence_id)
            raise Conflict("the picture belongs to another incident", where=evidence_id)

    async def of_incident(self, unit: Transaction, incident_id: IncidentId) -> tuple[Evidence, ...]:
        query = select(EvidenceRow).where(EvidenceRow.incident_id == incident_id)
        rows = await unit.session.scalars(query.order_by(EvidenceRow.stored_at, EvidenceRow.id))
        return tuple(evidence_of(row) for row in rows)


def _ordered(query: Select[tuple[IncidentRow]], pressing_first: Collection[str] | None) -> Select[tuple[IncidentRow]]:
    """Order by the newest first, or as people should look at what waits for them."""
    if pressing_first is None:
        return query.order_by(IncidentRow.id.desc())
    waits_since = func.coalesce(IncidentRow.due_at, IncidentRow.first_seen_at)
    return query.order_by(IncidentRow.kind.not_in(list(pressing_first)), waits_since, IncidentRow.id)


def _fresh(query: Any) -> Any:
    # Rows are changed by statements, not through the session's objects, so what it remembers may be old.
    return query.execution_options(populate_existing=True)
