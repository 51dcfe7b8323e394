"""Help alarms in SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, delete, func, or_, select, update

from core.database import Transaction
from core.errors import NotFound
from core.ids import AlarmId
from fleet.store_sql_once import insert_once
from incidents.alarm import UNANSWERED, AlarmState, HelpAlarm, Ring
from incidents.errors import RevisionPassed
from incidents.store_sql_rows import AlarmRow, RingRow
from incidents.store_sql_values import alarm_columns, alarm_of


class SqlAlarmStore:
    """`incidents.store.AlarmStore`."""

    async def add(self, unit: Transaction, alarm: HelpAlarm) -> None:
        unit.session.add(AlarmRow(**alarm_columns(alarm)))
        await unit.session.flush()

    async def get(self, unit: Transaction, alarm_id: AlarmId, *, locked: bool = False) -> HelpAlarm:
        found = await self._one(unit, select(AlarmRow).where(AlarmRow.id == alarm_id), locked=locked)
        if found is None:
            raise NotFound("there is no such alarm", where=alarm_id)
        return found

    async def by_press(self, unit: Transaction, press_id: str, *, locked: bool = False) -> HelpAlarm | None:
        return await self._one(unit, select(AlarmRow).where(AlarmRow.press_id == press_id), locked=locked)

    async def update(self, unit: Transaction, alarm: HelpAlarm) -> None:
        change = (
            update(AlarmRow)
            .where(AlarmRow.id == alarm.id, AlarmRow.revision == alarm.revision - 1)
            .values(**alarm_columns(alarm))
            .returning(AlarmRow.id)
        )
        if await unit.session.scalar(change) is None:
            raise RevisionPassed("somebody changed the alarm meanwhile", where=alarm.number, remedy="load it again")

    async def find(
        self, unit: Transaction, *, states: Collection[AlarmState] | None = None, limit: int = 200
    ) -> tuple[HelpAlarm, ...]:
        query = select(AlarmRow).order_by(AlarmRow.id.desc()).limit(limit)
        if states is not None:
            query = query.where(AlarmRow.state.in_([state.value for state in states]))
        return await self._all(unit, query)

    async def counts(self, unit: Transaction) -> Mapping[AlarmState, int]:
        query = select(AlarmRow.state, func.count()).group_by(AlarmRow.state)
        return {AlarmState(state): count for state, count in await unit.session.execute(query)}

    async def answered(self, unit: Transaction) -> int:
        query = select(func.count()).select_from(AlarmRow).where(AlarmRow.answered_at.is_not(None))
        return await unit.session.scalar(query) or 0

    async def calling(self, unit: Transaction) -> tuple[HelpAlarm, ...]:
        query = select(AlarmRow).where(AlarmRow.state.in_([state.value for state in UNANSWERED]))
        return await self._all(unit, query.order_by(AlarmRow.id))

    async def claim_due(
        self, unit: Transaction, *, now: datetime, or_after: datetime, limit: int
    ) -> tuple[HelpAlarm, ...]:
        is_due = or_(AlarmRow.escalate_at <= now, AlarmRow.escalate_at > or_after)
        query = select(AlarmRow).where(is_due).order_by(AlarmRow.escalate_at).limit(limit)
        return await self._all(unit, query.with_for_update(skip_locked=True))

    async def add_ring(self, unit: Transaction, ring: Ring) -> bool:
        values = {"alarm_id": ring.alarm_id, "desk": ring.desk, "escalation": ring.escalation, "at": ring.at}
        return await insert_once(unit, RingRow, values)

    async def forget_rings(self, unit: Transaction, alarm_id: AlarmId) -> None:
        await unit.session.execute(delete(RingRow).where(RingRow.alarm_id == alarm_id))

    async def rings(self, unit: Transaction, alarm_id: AlarmId) -> Sequence[Ring]:
        query = select(RingRow).where(RingRow.alarm_id == alarm_id).order_by(RingRow.at, RingRow.desk)
        return [
            Ring(alarm_id=AlarmId(row.alarm_id), desk=row.desk, escalation=row.escalation, at=row.at)
            for row in await unit.session.scalars(query)
        ]

    async def _one(self, unit: Transaction, query: Select[AlarmRow], *, locked: bool) -> HelpAlarm | None:
        found = await self._all(unit, query.with_for_update() if locked else query)
        return found[0] if found else None

    async def _all(self, unit: Transaction, query: Select[AlarmRow]) -> tuple[HelpAlarm, ...]:
        rows = await unit.session.scalars(query.execution_options(populate_existing=True))
        return tuple(alarm_of(row) for row in rows)
