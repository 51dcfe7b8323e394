"""What has had its time, in the tables of all rooms (`api.retention.Matter`), on SQLite and PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, or_, select

from api.retention import Aged, KeptFor, Keys
from core.database import EventRow, Transaction
from fleet.orders import CommandState
from fleet.store import OrderStore
from fleet.store_sql_commands import CommandRow
from fleet.store_sql_gazes import GazeLogRow
from fleet.store_sql_once import insert_once
from fleet.store_sql_orders import OrderProgressRow, OrderRow, ZoneSetRow
from fleet.store_sql_vehicles import RefusedReportRow, ReportRow, ReportsLetGoRow
from incidents.alarm import ALLOWED as ALARM_ALLOWED
from incidents.incident import OPEN_STATES
from incidents.store_sql_rows import AlarmRow, IncidentRow, SightingRow
from missions.patrol import RUN_ALLOWED
from missions.store_sql import RunRow

_OPEN_RUNS = [state.value for state, ways in RUN_ALLOWED.items() if ways]
_OPEN_ALARMS = [state.value for state, ways in ALARM_ALLOWED.items() if ways]
_OPEN_INCIDENTS = [state.value for state in OPEN_STATES]
_UNANSWERED = [state.value for state in (CommandState.SENT, CommandState.ACCEPTED)]


def aged_rows(kept_for: KeptFor, *, orders: OrderStore) -> Sequence[Aged]:
    """Return everything that is let go of, and when."""
    return (
        Aged(name="flights", days=kept_for.flights_days, matter=Flights()),
        Aged(name="zones of flights", days=kept_for.flights_days, matter=ZoneSets(orders=orders)),
        Aged(name="commands", days=kept_for.flights_days, matter=Commands()),
        Aged(name="reports", days=kept_for.flights_days, matter=Reports()),
        Aged(name="refused reports", days=kept_for.refused_days, matter=RefusedReports()),
        Aged(name="journal", days=kept_for.journal_days, matter=Journal()),
    )


class Flights:
    """Ended orders with their progress and gazes; the newest of a vehicle stays, it may be on board."""

    async def find(self, unit: Transaction, *, before: datetime, limit: int) -> Keys:
        # `changed_at` is by the clock of the vehicle, which may be years behind: what was made lately stays.
        over = select(OrderRow.id).where(OrderRow.is_ended, OrderRow.changed_at < before, OrderRow.made_at < before)
        unneeded = over.where(~_of_open_run(), ~_of_open_alarm(), ~_of_case(before), _is_followed())
        return (await unit.session.scalars(unneeded.order_by(OrderRow.changed_at).limit(limit))).all()

    async def take(self, unit: Transaction, keys: Keys) -> None:
        await unit.session.execute(delete(GazeLogRow).where(GazeLogRow.order_id.in_(keys)))
        await unit.session.execute(delete(OrderProgressRow).where(OrderProgressRow.order_id.in_(keys)))
        await unit.session.execute(delete(OrderRow).where(OrderRow.id.in_(keys)))


class ZoneSets:
    """The zones of orders that are all gone."""

    def __init__(self, *, orders: OrderStore) -> None:
        self._orders = orders

    async def find(self, unit: Transaction, *, before: datetime, limit: int) -> Keys:
        return (await unit.session.scalars(select(ZoneSetRow.hash).where(~_is_used()).limit(limit))).all()

    async def take(self, unit: Transaction, keys: Keys) -> None:
        await self._orders.give_alone(unit)
        await unit.session.execute(delete(ZoneSetRow).where(ZoneSetRow.hash.in_(keys), ~_is_used()))


class Commands:
    """Words whose fate is known."""

    async def find(self, unit: Transaction, *, before: datetime, limit: int) -> Keys:
        is_over = CommandRow.changed_at < before, CommandRow.made_at < before
        over = select(CommandRow.id).where(*is_over, CommandRow.state.not_in(_UNANSWERED))
        return (await unit.session.scalars(over.order_by(CommandRow.changed_at).limit(limit))).all()

    async def take(self, unit: Transaction, keys: Keys) -> None:
        await unit.session.execute(delete(CommandRow).where(CommandRow.id.in_(keys)))


class Reports:
    """The ids of reports that are in the books; they stay counted."""

    async def find(self, unit: Transaction, *, before: datetime, limit: int) -> Keys:
        over = select(ReportRow.id).where(ReportRow.at < before)
        return (await unit.session.scalars(over.order_by(ReportRow.at).limit(limit))).all()

    async def take(self, unit: Transaction, keys: Keys) -> None:
        known = await _counted(unit)
        there = select(func.count(), func.coalesce(func.sum(ReportRow.copies), 0)).where(ReportRow.id.in_(keys))
        entered, copies = (await unit.session.execute(there)).one()
        known.entered, known.copies = known.entered + entered, known.copies + int(copies)
        await unit.session.execute(delete(ReportRow).where(ReportRow.id.in_(keys)))


class RefusedReports:
    """Reports that could never succeed, with their bytes; they stay counted."""

    async def find(self, unit: Transaction, *, before: datetime, limit: int) -> Keys:
        over = select(RefusedReportRow.id).where(RefusedReportRow.refused_at < before)
        return (await unit.session.scalars(over.order_by(RefusedReportRow.refused_at).limit(limit))).all()

    async def take(self, unit: Transaction, keys: Keys) -> None:
        known = await _counted(unit)
        there = select(func.count()).select_from(RefusedReportRow).where(RefusedReportRow.id.in_(keys))
        known.refused += await unit.session.scalar(there) or 0
        await unit.session.execute(delete(RefusedReportRow).where(RefusedReportRow.id.in_(keys)))


class Journal:
    """The oldest lines of the journal; never the newest one, whose number the next follows."""

    async def find(self, unit: Transaction, *, before: datetime, limit: int) -> Keys:
        newest = select(func.max(EventRow.cursor)).scalar_subquery()
        oldest = select(EventRow.cursor, EventRow.at).where(EventRow.cursor < newest)
        rows = (await unit.session.execute(oldest.order_by(EventRow.cursor).limit(limit))).all()
        return [row.cursor for row in rows if row.at < before]

    async def take(self, unit: Transaction, keys: Keys) -> None:
        await unit.session.execute(delete(EventRow).where(EventRow.cursor.in_(keys)))


def _of_open_run() -> ColumnElement[bool]:
    is_its = or_(RunRow.id == OrderRow.run_id, RunRow.order_id == OrderRow.id)
    return exists().where(is_its, RunRow.state.in_(_OPEN_RUNS))


def _of_open_alarm() -> ColumnElement[bool]:
    of_run = (RunRow.id == OrderRow.run_id, AlarmRow.id == RunRow.alarm_id)
    return exists().where(*of_run, AlarmRow.state.in_(_OPEN_ALARMS))


def _of_case(before: datetime) -> ColumnElement[bool]:
    """Say whether a case refers to the order that is open, or was not yet closed *before*."""
    is_kept = or_(IncidentRow.state.in_(_OPEN_INCIDENTS), IncidentRow.closed_at >= before)
    seen = exists().where(SightingRow.order_id == OrderRow.id, IncidentRow.id == SightingRow.incident_id, is_kept)
    return or_(seen, exists().where(IncidentRow.verifying_order_id == OrderRow.id, is_kept))


def _is_followed() -> ColumnElement[bool]:
    """Say whether its vehicle has had another order since."""
    newer = OrderRow.__table__.alias("newer")
    return exists().where(newer.c.vehicle_id == OrderRow.vehicle_id, newer.c.made_at > OrderRow.made_at)


def _is_used() -> ColumnElement[bool]:
    return exists().where(OrderRow.zones_hash == ZoneSetRow.hash)


async def _counted(unit: Transaction) -> ReportsLetGoRow:
    """Return the counts of what is known by its number only, locked: another controller counts what is left then."""
    await insert_once(unit, ReportsLetGoRow, {"id": 1, "entered": 0, "copies": 0, "refused": 0})
    return await unit.session.get_one(ReportsLetGoRow, 1, with_for_update=True, populate_existing=True)
