"""Patrols and runs in SQL."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Float, ForeignKey, Integer, String, false, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from core.database import Base, Transaction, UtcDateTime
from core.errors import Conflict, NotFound
from core.ids import AlarmId, PatrolId, RunId
from geofence.positions import GeoPosition
from missions.patrol import RUN_ALLOWED, Patrol, Run, RunKind, RunState
from missions.patrol_files import patrol_from_json, patrol_to_json

_PATROLS_IN_MEMORY = 2000
_ACTIVE = tuple(state.value for state, allowed in RUN_ALLOWED.items() if allowed)


class PatrolRow(Base):
    """A patrol as its document, with the columns that are asked for."""

    __tablename__ = "patrols"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    is_active: Mapped[bool] = mapped_column(Boolean)
    next_start_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    spent_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column(Integer)


class PatrolVersionRow(Base):
    """A patrol as it was in one of its revisions: a run is judged by what was asked for when it was flown."""

    __tablename__ = "patrol_versions"

    patrol_id: Mapped[str] = mapped_column(ForeignKey("patrols.id", ondelete="CASCADE"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)


class RunRow(Base):
    """A run, field by field."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    patrol_id: Mapped[str | None] = mapped_column(String(36), index=True)
    alarm_id: Mapped[str | None] = mapped_column(String(36), index=True)
    name: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20), index=True)
    vehicle_id: Mapped[str | None] = mapped_column(String(80))
    wanted_vehicle_id: Mapped[str | None] = mapped_column(String(80))
    asked_by: Mapped[str] = mapped_column(String(80))
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    give_up_at: Mapped[datetime] = mapped_column(UtcDateTime)
    place_lon_deg: Mapped[float | None] = mapped_column(Float)
    place_lat_deg: Mapped[float | None] = mapped_column(Float)
    order_id: Mapped[str | None] = mapped_column(String(36))
    legs_total: Mapped[int] = mapped_column(Integer)
    legs_done: Mapped[int] = mapped_column(Integer)
    done_before: Mapped[int] = mapped_column(Integer)
    because: Mapped[str] = mapped_column(String(2000))
    is_reversed: Mapped[bool] = mapped_column(Boolean, server_default=false())
    seed: Mapped[int | None] = mapped_column(Integer)
    patrol_revision: Mapped[int | None] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(Integer)


_PLAIN = [field.name for field in fields(Run) if field.name not in {"kind", "state", "place"}]


class SqlMissionStore:
    """`missions.store.MissionStore` on SQLite and PostgreSQL; documents are read once for each revision."""

    def __init__(self) -> None:
        self._read: OrderedDict[tuple[str, int], Patrol] = OrderedDict()

    async def add_patrol(self, unit: Transaction, patrol: Patrol, *, next_start_at: datetime | None) -> Patrol:
        if await unit.session.get(PatrolRow, patrol.id) is not None:
            raise Conflict("there is a patrol with this id already", where=patrol.id)
        stored = replace(patrol, revision=1)
        unit.session.add(PatrolRow(id=patrol.id, next_start_at=next_start_at, **_patrol_columns(stored)))
        await unit.session.flush()
        await _keep_version(unit, stored)
        return stored

    async def change_patrol(self, unit: Transaction, patrol: Patrol, *, next_start_at: datetime | None) -> Patrol:
        await self.patrol(unit, patrol.id)
        stored = replace(patrol, revision=patrol.revision + 1)
        change = (
            update(PatrolRow)
            .where(PatrolRow.id == patrol.id, PatrolRow.revision == patrol.revision)
            .values(next_start_at=next_start_at, **_patrol_columns(stored))
            .returning(PatrolRow.id)
        )
        if await unit.session.scalar(change) is None:
            raise Conflict("the patrol has been changed by someone else", where=patrol.id, remedy="load it again")
        await _keep_version(unit, stored)
        return stored

    async def patrol(self, unit: Transaction, patrol_id: PatrolId, *, locked: bool = False) -> Patrol:
        row = await unit.session.get(PatrolRow, patrol_id, populate_existing=True, with_for_update=locked)
        if row is None:
            raise NotFound("there is no such patrol", where=patrol_id)
        return self._patrol(row.id, row)

    async def patrol_version(self, unit: Transaction, patrol_id: PatrolId, revision: int) -> Patrol:
        row = await unit.session.get(PatrolVersionRow, (patrol_id, revision))
        if row is None:
            raise NotFound("there is no such revision of the patrol", where=f"{patrol_id}, revision {revision}")
        return self._patrol(row.patrol_id, row)

    async def patrols(self, unit: Transaction) -> Sequence[Patrol]:
        rows = await unit.session.scalars(select(PatrolRow).order_by(PatrolRow.name, PatrolRow.id))
        return [self._patrol(row.id, row) for row in rows]

    async def next_start_at(self, unit: Transaction, patrol_id: PatrolId) -> datetime | None:
        return await unit.session.scalar(select(PatrolRow.next_start_at).where(PatrolRow.id == patrol_id))

    async def next_starts(self, unit: Transaction) -> Mapping[PatrolId, datetime]:
        return await _times(unit, PatrolRow.next_start_at)

    async def claim_due_patrols(self, unit: Transaction, *, now: datetime) -> Sequence[tuple[Patrol, datetime]]:
        due = (
            select(PatrolRow)
            .where(PatrolRow.is_active, PatrolRow.next_start_at <= now)
            .order_by(PatrolRow.next_start_at)
            .with_for_update(skip_locked=True)
        )
        rows = (await unit.session.scalars(due)).all()
        return [(self._patrol(row.id, row), row.next_start_at) for row in rows if row.next_start_at]

    async def set_next_start(
        self, unit: Transaction, patrol_id: PatrolId, *, at: datetime | None, spent_until: datetime | None = None
    ) -> None:
        change = update(PatrolRow).where(PatrolRow.id == patrol_id).values(next_start_at=at)
        await unit.session.execute(change if spent_until is None else change.values(spent_until=spent_until))

    async def spent_until(self, unit: Transaction, patrol_id: PatrolId) -> datetime | None:
        return await unit.session.scalar(select(PatrolRow.spent_until).where(PatrolRow.id == patrol_id))

    async def all_spent_until(self, unit: Transaction) -> Mapping[PatrolId, datetime]:
        return await _times(unit, PatrolRow.spent_until)

    async def add_run(self, unit: Transaction, run: Run) -> Run:
        stored = replace(run, revision=1)
        unit.session.add(RunRow(**_run_columns(stored)))
        await unit.session.flush()
        return stored

    async def save_run(self, unit: Transaction, run: Run) -> Run:
        stored = replace(run, revision=run.revision + 1)
        change = (
            update(RunRow)
            .where(RunRow.id == run.id, RunRow.revision == run.revision)
            .values(**_run_columns(stored))
            .returning(RunRow.id)
        )
        if await unit.session.scalar(change) is None:
            raise Conflict("the run has been changed meanwhile", where=run.id, remedy="load it again")
        return stored

    async def run(self, unit: Transaction, run_id: RunId, *, locked: bool = False) -> Run:
        row = await unit.session.get(RunRow, run_id, populate_existing=True, with_for_update=locked)
        if row is None:
            raise NotFound("there is no such run", where=run_id)
        return _run(row)

    async def runs(self, unit: Transaction, *, only_active: bool = False, limit: int = 100) -> Sequence[Run]:
        query = select(RunRow).order_by(RunRow.planned_at.desc(), RunRow.id.desc()).limit(limit)
        if only_active:
            query = query.where(RunRow.state.in_(_ACTIVE))
        return [_run(row) for row in await unit.session.scalars(query)]

    async def claim_run(self, unit: Transaction, run_id: RunId) -> Run | None:
        query = (
            select(RunRow)
            .where(RunRow.id == run_id, RunRow.state.in_(_ACTIVE))
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        row = await unit.session.scalar(query)
        return None if row is None else _run(row)

    async def look_for_alarm(self, unit: Transaction, alarm_id: AlarmId) -> Run | None:
        query = select(RunRow).where(RunRow.alarm_id == alarm_id).order_by(RunRow.planned_at.desc()).limit(1)
        row = await unit.session.scalar(query)
        return None if row is None else _run(row)

    async def counts(self, unit: Transaction) -> dict[str, int]:
        query = (
            select(RunRow.state, func.count(), func.sum(RunRow.legs_done))
            .where(RunRow.kind == RunKind.PATROL.value)
            .group_by(RunRow.state)
        )
        rows = (await unit.session.execute(query)).all()
        counts = {state: int(count) for state, count, _ in rows}
        return counts | {"legs_done": sum(int(legs) for _, _, legs in rows)}

    def _patrol(self, patrol_id: str, row: PatrolRow | PatrolVersionRow) -> Patrol:
        """Return the patrol of a row: a revision never changes, and to read a document takes a millisecond or more."""
        key = (patrol_id, row.revision)
        patrol = self._read.get(key)
        if patrol is None:
            patrol = self._read[key] = patrol_from_json(row.document)
        self._read.move_to_end(key)
        while len(self._read) > _PATROLS_IN_MEMORY:
            self._read.popitem(last=False)
        return patrol


async def _times(unit: Transaction, column: InstrumentedAttribute[datetime | None]) -> Mapping[PatrolId, datetime]:
    rows = await unit.session.execute(select(PatrolRow.id, column).where(column.is_not(None)))
    return {PatrolId(patrol_id): at for patrol_id, at in rows if at is not None}


async def _keep_version(unit: Transaction, patrol: Patrol) -> None:
    unit.session.add(PatrolVersionRow(patrol_id=patrol.id, revision=patrol.revision, document=patrol_to_json(patrol)))
    await unit.session.flush()


def _patrol_columns(patrol: Patrol) -> dict[str, Any]:
    return {
        "name": patrol.name,
        "document": patrol_to_json(patrol),
        "is_active": patrol.is_active,
        "revision": patrol.revision,
    }


def _run_columns(run: Run) -> dict[str, Any]:
    columns = {name: getattr(run, name) for name in _PLAIN}
    place = run.place
    return columns | {
        "kind": run.kind.value,
        "state": run.state.value,
        "because": run.because[:2000],
        "place_lon_deg": place.lon_deg if place else None,
        "place_lat_deg": place.lat_deg if place else None,
    }


def _run(row: RunRow) -> Run:
    place = None
    if row.place_lon_deg is not None and row.place_lat_deg is not None:
        place = GeoPosition(lon_deg=row.place_lon_deg, lat_deg=row.place_lat_deg)
    plain = {name: getattr(row, name) for name in _PLAIN}
    return Run(**plain, kind=RunKind(row.kind), state=RunState(row.state), place=place)
