"""Vehicles and the inbox of reports in SQL."""

from datetime import datetime
from typing import Any

from roundsman.v1 import link_pb2 as pb
from sqlalchemy import JSON, BigInteger, Integer, LargeBinary, String, Text, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Transaction, UtcDateTime
from core.errors import Conflict, NotFound
from core.ids import ReportId, VehicleId
from fleet.events import report_refused, vehicle_changed, vehicle_event
from fleet.link.translate import card_from_pb, card_to_pb
from fleet.orders import VehicleEvent
from fleet.store import InboxFigures, OutOfService, RefusedReport, VehicleRecord
from fleet.store_sql_once import insert_once
from fleet.vehicle import VehicleCard


class VehicleRow(Base):
    """A vehicle that said hello."""

    __tablename__ = "vehicles"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    card: Mapped[bytes] = mapped_column(LargeBinary)
    agent: Mapped[str] = mapped_column(String(80))
    software: Mapped[str] = mapped_column(String(80))
    boot_id: Mapped[str] = mapped_column(String(36))
    hello_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    out_of_service: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class ReportRow(Base):
    """A report that is in the books; `copies` counts how often it came again."""

    __tablename__ = "reports"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    vehicle_id: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    copies: Mapped[int] = mapped_column(default=0)


class ReportsLetGoRow(Base):
    """How many reports were in the books that are known by their number only: one row."""

    __tablename__ = "reports_let_go"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    entered: Mapped[int] = mapped_column(BigInteger)
    copies: Mapped[int] = mapped_column(BigInteger)
    refused: Mapped[int] = mapped_column(BigInteger)


class RefusedReportRow(Base):
    """A report that can never succeed, with the reason."""

    __tablename__ = "reports_refused"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    vehicle_id: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(40))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    refused_at: Mapped[datetime] = mapped_column(UtcDateTime)
    code: Mapped[str] = mapped_column(String(40))
    because: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class SqlVehicleStore:
    """`fleet.store.VehicleStore` over SQL."""

    async def put_vehicle(
        self, unit: Transaction, card: VehicleCard, *, agent: str, software: str, boot_id: str, at: datetime
    ) -> VehicleRecord:
        values: dict[str, object] = {
            "card": card_to_pb(card).SerializeToString(),
            "agent": agent,
            "software": software,
            "boot_id": boot_id,
            "hello_at": at,
            "last_seen_at": at,
        }
        if not await insert_once(unit, VehicleRow, {"id": card.id, **values}):
            await unit.session.execute(update(VehicleRow).where(VehicleRow.id == card.id).values(**values))
        return await self._changed(unit, card.id)

    async def vehicle(self, unit: Transaction, vehicle_id: VehicleId) -> VehicleRecord:
        return _vehicle_record(await _vehicle_row(unit, vehicle_id))

    async def vehicles(self, unit: Transaction) -> tuple[VehicleRecord, ...]:
        rows = await unit.session.scalars(select(VehicleRow).order_by(VehicleRow.id))
        return tuple(_vehicle_record(row) for row in rows)

    async def note_seen(self, unit: Transaction, vehicle_id: VehicleId, *, at: datetime) -> None:
        await unit.session.execute(update(VehicleRow).where(VehicleRow.id == vehicle_id).values(last_seen_at=at))

    async def take_out_of_service(
        self, unit: Transaction, vehicle_id: VehicleId, *, because: str, by: str, at: datetime
    ) -> VehicleRecord:
        if not because.strip():
            raise Conflict("taking a vehicle out of service needs a because", where=f"vehicle {vehicle_id}")
        row = await _vehicle_row(unit, vehicle_id)
        row.out_of_service = {"because": because, "by": by, "at": at.isoformat()}
        await unit.session.flush()
        event = VehicleEvent(vehicle_id=vehicle_id, kind="out_of_service", text=f"{by}: {because}", at=at)
        await self.add_vehicle_event(unit, event)
        return await self._changed(unit, vehicle_id)

    async def put_into_service(
        self, unit: Transaction, vehicle_id: VehicleId, *, because: str, by: str, at: datetime
    ) -> VehicleRecord:
        row = await _vehicle_row(unit, vehicle_id)
        row.out_of_service = None
        await unit.session.flush()
        event = VehicleEvent(vehicle_id=vehicle_id, kind="into_service", text=f"{by}: {because}", at=at)
        await self.add_vehicle_event(unit, event)
        return await self._changed(unit, vehicle_id)

    async def add_vehicle_event(self, unit: Transaction, happened: VehicleEvent) -> None:
        unit.emit(vehicle_event(happened))

    async def _changed(self, unit: Transaction, vehicle_id: VehicleId) -> VehicleRecord:
        record = _vehicle_record(await _vehicle_row(unit, vehicle_id))
        unit.emit(vehicle_changed(record))
        return record


class SqlInboxStore:
    """`fleet.store.InboxStore` over SQL."""

    async def take_in(
        self, unit: Transaction, report_id: ReportId, *, vehicle_id: VehicleId, kind: str, at: datetime
    ) -> bool:
        values = {"id": report_id, "vehicle_id": vehicle_id, "kind": kind, "at": at, "copies": 0}
        if await insert_once(unit, ReportRow, values):
            return True
        again = update(ReportRow).where(ReportRow.id == report_id).values(copies=ReportRow.copies + 1)
        await unit.session.execute(again)
        return False

    async def refuse(self, unit: Transaction, report: RefusedReport) -> None:
        row = RefusedReportRow(
            id=report.id,
            vehicle_id=report.vehicle_id,
            kind=report.kind,
            made_at=report.made_at,
            refused_at=report.refused_at,
            code=report.code,
            because=report.because,
            body=report.body,
        )
        unit.session.add(row)
        await unit.session.flush()
        unit.emit(report_refused(report))

    async def refused_reports(self, unit: Transaction, *, limit: int = 100) -> tuple[RefusedReport, ...]:
        newest = select(RefusedReportRow).order_by(RefusedReportRow.refused_at.desc()).limit(limit)
        return tuple(_refused(row) for row in await unit.session.scalars(newest))

    async def inbox_figures(self, unit: Transaction) -> InboxFigures:
        entered, copies = (
            await unit.session.execute(select(func.count(), func.coalesce(func.sum(ReportRow.copies), 0)))
        ).one()
        refused = await unit.session.scalar(select(func.count()).select_from(RefusedReportRow)) or 0
        if (gone := await unit.session.get(ReportsLetGoRow, 1)) is not None:
            entered, copies, refused = entered + gone.entered, copies + gone.copies, refused + gone.refused
        return InboxFigures(committed=entered - refused, duplicates=int(copies), refused=refused)


async def _vehicle_row(unit: Transaction, vehicle_id: VehicleId) -> VehicleRow:
    row = await unit.session.get(VehicleRow, vehicle_id, populate_existing=True)
    if row is None:
        raise NotFound("no such vehicle", where=f"vehicle {vehicle_id}")
    return row


def _vehicle_record(row: VehicleRow) -> VehicleRecord:
    return VehicleRecord(
        card=card_from_pb(pb.VehicleCard.FromString(row.card)),
        agent=row.agent,
        software=row.software,
        boot_id=row.boot_id,
        hello_at=row.hello_at,
        last_seen_at=row.last_seen_at,
        out_of_service=None if row.out_of_service is None else _out_of_service(row.out_of_service),
    )


def _out_of_service(values: dict[str, Any]) -> OutOfService:
    return OutOfService(because=values["because"], by=values["by"], at=datetime.fromisoformat(values["at"]))


def _refused(row: RefusedReportRow) -> RefusedReport:
    return RefusedReport(
        id=ReportId(row.id),
        vehicle_id=VehicleId(row.vehicle_id),
        kind=row.kind,
        made_at=row.made_at,
        refused_at=row.refused_at,
        code=row.code,
        because=row.because,
        body=row.body,
    )
