"""Commands in SQL."""

from datetime import datetime, timedelta

from roundsman.v1 import link_pb2 as pb
from sqlalchemy import Index, LargeBinary, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Transaction, UtcDateTime
from core.errors import Conflict, NotAllowed, NotFound
from core.ids import CommandId, OrderId, VehicleId
from fleet.events import command_changed, vehicle_event
from fleet.link.translate import command_from_pb, command_to_pb
from fleet.order_progress import later_outcome
from fleet.orders import Command, CommandOutcome, CommandState, VehicleEvent
from fleet.store import CommandRecord
from fleet.store_sql_once import insert_once

SILENT_AGENT_S = 30.0
"""How long after its end an accepted command may stay without an answer."""


class CommandRow(Base):
    """A command and its fate."""

    __tablename__ = "commands"
    __table_args__ = (Index("ix_commands_vehicle_id_state", "vehicle_id", "state"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    vehicle_id: Mapped[str] = mapped_column(String(80))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(20), index=True)
    because: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class SqlCommandStore:
    """`fleet.store.CommandStore` over SQL."""

    async def add_command(self, unit: Transaction, command: Command) -> None:
        outcome = CommandOutcome(
            command_id=command.id, state=CommandState.SENT, because=command.because, at=command.made_at
        )
        values: dict[str, object] = {
            "id": command.id,
            "vehicle_id": command.vehicle_id,
            "body": command_to_pb(command).SerializeToString(),
            "made_at": command.made_at,
            "expires_at": command.expires_at,
            "state": outcome.state.value,
            "because": outcome.because,
            "changed_at": outcome.at,
        }
        if not await insert_once(unit, CommandRow, values):
            raise Conflict("a command with this id exists already", where=f"command {command.id}")
        unit.emit(command_changed(CommandRecord(command=command, outcome=outcome)))

    async def command(self, unit: Transaction, command_id: CommandId) -> CommandRecord:
        return _command_record(await _command_row(unit, command_id))

    async def open_commands(self, unit: Transaction, *, vehicle_id: VehicleId) -> tuple[CommandRecord, ...]:
        query = select(CommandRow).where(
            CommandRow.vehicle_id == vehicle_id, CommandRow.state.in_((CommandState.SENT, CommandState.ACCEPTED))
        )
        rows = await unit.session.scalars(query.order_by(CommandRow.made_at, CommandRow.id))
        return tuple(_command_record(row) for row in rows)

    async def commands_of_order(
        self, unit: Transaction, *, vehicle_id: VehicleId, order_id: OrderId
    ) -> tuple[CommandRecord, ...]:
        newest = select(CommandRow).where(CommandRow.vehicle_id == vehicle_id)
        rows = await unit.session.scalars(newest.order_by(CommandRow.made_at.desc(), CommandRow.id.desc()).limit(500))
        found = [record for row in rows if (record := _command_record(row)).command.order_id == order_id]
        return tuple(reversed(found))

    async def recent_commands(self, unit: Transaction, *, since: datetime, limit: int) -> tuple[CommandRecord, ...]:
        newest_first = CommandRow.made_at.desc(), CommandRow.id.desc()
        is_open = CommandRow.state.in_((CommandState.SENT, CommandState.ACCEPTED))
        still_open = await unit.session.scalars(select(CommandRow).where(is_open).order_by(*newest_first))
        changed = select(CommandRow).where(~is_open, CommandRow.changed_at > since)
        settled = await unit.session.scalars(changed.order_by(*newest_first).limit(limit))
        return tuple(_command_record(row) for row in (*still_open, *settled))

    async def sent_commands(self, unit: Transaction) -> tuple[CommandRecord, ...]:
        query = select(CommandRow).where(CommandRow.state == CommandState.SENT)
        rows = await unit.session.scalars(query.order_by(CommandRow.made_at, CommandRow.id))
        return tuple(_command_record(row) for row in rows)

    async def set_outcome(
        self, unit: Transaction, outcome: CommandOutcome, *, vehicle_id: VehicleId | None = None
    ) -> CommandRecord:
        row = await _command_row(unit, outcome.command_id, locked=True)
        if vehicle_id is not None and row.vehicle_id != vehicle_id:
            raise NotAllowed(f"the command was for {row.vehicle_id}", where=f"command {row.id}")
        return await self._settle(unit, row, outcome)

    async def expire_commands(self, unit: Transaction, *, now: datetime) -> tuple[CommandRecord, ...]:
        late = (CommandRow.state == CommandState.SENT) & (CommandRow.expires_at <= now)
        silent = (CommandRow.state == CommandState.ACCEPTED) & (
            CommandRow.expires_at <= now - timedelta(seconds=SILENT_AGENT_S)
        )
        query = select(CommandRow).where(late | silent).order_by(CommandRow.made_at)
        rows = (await unit.session.scalars(query.with_for_update(skip_locked=True))).all()
        return tuple([await self._expire(unit, row, now) for row in rows])

    async def _expire(self, unit: Transaction, row: CommandRow, now: datetime) -> CommandRecord:
        because = (
            "the agent did not confirm it before its time ran out"
            if row.state == CommandState.SENT
            else "the agent took it and never said what became of it"
        )
        outcome = CommandOutcome(command_id=CommandId(row.id), state=CommandState.EXPIRED, because=because, at=now)
        record = await self._settle(unit, row, outcome)
        command = record.command
        unit.emit(
            vehicle_event(
                VehicleEvent(
                    vehicle_id=command.vehicle_id,
                    kind="command_expired",
                    text=f"{command.kind}: {because}",
                    at=now,
                    order_id=command.order_id,
                )
            )
        )
        return record

    async def _settle(self, unit: Transaction, row: CommandRow, outcome: CommandOutcome) -> CommandRecord:
        known = _command_record(row)
        after = later_outcome(known.outcome, outcome)
        if after == known.outcome:
            return known
        row.state, row.because, row.changed_at = after.state.value, after.because, after.at
        await unit.session.flush()
        record = CommandRecord(command=known.command, outcome=after)
        unit.emit(command_changed(record))
        return record


async def _command_row(unit: Transaction, command_id: CommandId, *, locked: bool = False) -> CommandRow:
    row = await unit.session.get(
        CommandRow, command_id, with_for_update=True if locked else None, populate_existing=locked
    )
    if row is None:
        raise NotFound("no such command", where=f"command {command_id}")
    return row


def _command_record(row: CommandRow) -> CommandRecord:
    command = command_from_pb(pb.Command.FromString(row.body))
    outcome = CommandOutcome(
        command_id=command.id, state=CommandState(row.state), because=row.because, at=row.changed_at
    )
    return CommandRecord(command=command, outcome=outcome)
