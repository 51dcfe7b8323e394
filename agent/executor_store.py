"""What the executor must not forget: its orders, where they stand, and the fate of commands; one SQLite file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import aiosqlite
from google.protobuf.message import DecodeError

from agent.executor_rows import (
    ADDED,
    SCHEMA,
    command_from,
    held_from,
    outcome_from,
    progress_from,
    time_from,
)
from agent.held_order import HeldOrder, OpenCommand
from agent.left_words import UNREADABLE
from core.errors import InvalidInput, StorageFull, Unavailable
from core.ids import CommandId, OrderId
from fleet.link.translate import command_to_pb, order_to_pb
from fleet.orders import Command, CommandOutcome, CommandState, OrderProgress, OrderState

_ENDED = tuple(state.value for state in (OrderState.DONE, OrderState.FAILED, OrderState.ABORTED, OrderState.TIMED_OUT))


class ExecutorStore(Protocol):
    """The executor's memory; every call returns when it is on the disk."""

    async def save(self, held: HeldOrder) -> None:
        """Keep the order as it stands, to be reported."""

    async def find(self, order_id: OrderId) -> HeldOrder | None:
        """Return an order, or None."""

    async def unended(self) -> list[HeldOrder]:
        """Return the orders that have not ended, oldest first; one that cannot be read has failed, to be told."""

    async def newest(self, *, limit: int) -> list[OrderProgress]:
        """Return where the newest orders stand, ended or not, newest first."""

    async def take(self, command: Command, outcome: CommandOutcome) -> None:
        """Keep a command that is going to be carried out, as accepted."""

    async def save_outcome(self, outcome: CommandOutcome) -> None:
        """Keep the fate of a command, to be reported."""

    async def outcome(self, command_id: CommandId) -> CommandOutcome | None:
        """Return the fate of a command, or None when it was never heard of."""

    async def open_commands(self) -> list[OpenCommand]:
        """Return the commands that were accepted and not finished, in the order in which they came."""

    async def unreported(self) -> list[OrderProgress | CommandOutcome]:
        """Return what was kept but not yet handed over for sending."""

    async def mark_reported(self, report: OrderProgress | CommandOutcome) -> None:
        """Remember that this very report was handed over."""

    async def let_go(self, *, before: datetime, newest: int) -> None:
        """Forget ended orders and answered commands of before that were reported, except so many of the newest."""


class SqliteExecutorStore:
    """The store of one vehicle in a file of its own; a context manager. Raises StorageFull or Unavailable."""

    def __init__(self, *, file: Path) -> None:
        self._file = file
        self._connection = aiosqlite.connect(file, isolation_level=None)

    async def __aenter__(self) -> Self:
        with _translated(self._file):
            await self._connection
            self._connection.row_factory = aiosqlite.Row
            await self._connection.executescript(SCHEMA)
            for table, added in ADDED.items():
                columns = await self._connection.execute_fetchall(f"PRAGMA table_info({table})")
                for name in added.keys() - {column["name"] for column in columns}:
                    await self._connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {added[name]}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connection.close()

    async def save(self, held: HeldOrder) -> None:
        progress = held.progress
        await self._write(
            "INSERT INTO orders (id, body, state, legs_done, because, at, from_air, ending, ending_because,"
            " is_reported, held_by, start_lon_deg, start_lat_deg)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " state = excluded.state, legs_done = excluded.legs_done, because = excluded.because,"
            " at = excluded.at, from_air = excluded.from_air, ending = excluded.ending,"
            " ending_because = excluded.ending_because, is_reported = 0, held_by = excluded.held_by,"
            " start_lon_deg = excluded.start_lon_deg, start_lat_deg = excluded.start_lat_deg",
            held.order.id,
            order_to_pb(held.order).SerializeToString(),
            progress.state.value,
            progress.legs_done,
            progress.because,
            progress.at.isoformat(),
            int(held.from_air),
            held.ending,
            held.ending_because,
            progress.held_by.value,
            None if held.start is None else held.start.lon_deg,
            None if held.start is None else held.start.lat_deg,
        )

    async def find(self, order_id: OrderId) -> HeldOrder | None:
        rows = await self._read("SELECT * FROM orders WHERE id = ?", order_id)
        return held_from(rows[0]) if rows else None

    async def unended(self) -> list[HeldOrder]:
        marks = ", ".join("?" for _ in _ENDED)
        rows = await self._read(f"SELECT * FROM orders WHERE state NOT IN ({marks}) ORDER BY number", *_ENDED)
        return [held for row in rows if (held := await self._held_or_failed(row)) is not None]

    async def _held_or_failed(self, row: aiosqlite.Row) -> HeldOrder | None:
        """Return the order; one that cannot be read must not keep an agent from obeying a person."""
        try:
            return held_from(row)
        except (DecodeError, InvalidInput):
            at = time_from(row["at"]) + timedelta(microseconds=1)
            await self._write(
                "UPDATE orders SET state = ?, because = ?, at = ?, is_reported = 0 WHERE id = ?",
                OrderState.FAILED,
                UNREADABLE,
                at.isoformat(),
                row["id"],
            )
            return None

    async def newest(self, *, limit: int) -> list[OrderProgress]:
        rows = await self._read("SELECT * FROM orders ORDER BY number DESC LIMIT ?", limit)
        return [progress_from(row) for row in rows]

    async def take(self, command: Command, outcome: CommandOutcome) -> None:
        await self._write(
            "INSERT INTO commands (id, state, because, at, is_reported, body) VALUES (?, ?, ?, ?, 0, ?)",
            command.id,
            outcome.state.value,
            outcome.because,
            outcome.at.isoformat(),
            command_to_pb(command).SerializeToString(),
        )

    async def save_outcome(self, outcome: CommandOutcome) -> None:
        await self._write(
            "INSERT INTO commands (id, state, because, at, is_reported) VALUES (?, ?, ?, ?, 0) ON CONFLICT (id)"
            " DO UPDATE SET state = excluded.state, because = excluded.because, at = excluded.at, is_reported = 0",
            outcome.command_id,
            outcome.state.value,
            outcome.because,
            outcome.at.isoformat(),
        )

    async def outcome(self, command_id: CommandId) -> CommandOutcome | None:
        rows = await self._read("SELECT * FROM commands WHERE id = ?", command_id)
        return outcome_from(rows[0]) if rows else None

    async def open_commands(self) -> list[OpenCommand]:
        rows = await self._read("SELECT * FROM commands WHERE state = ? ORDER BY rowid", CommandState.ACCEPTED)
        return [OpenCommand(outcome=outcome_from(row), command=command_from(row)) for row in rows]

    async def unreported(self) -> list[OrderProgress | CommandOutcome]:
        orders = await self._read("SELECT * FROM orders WHERE is_reported = 0 ORDER BY number")
        commands = await self._read("SELECT * FROM commands WHERE is_reported = 0 ORDER BY rowid")
        return [*map(progress_from, orders), *map(outcome_from, commands)]

    async def mark_reported(self, report: OrderProgress | CommandOutcome) -> None:
        table, key = (
            ("orders", report.order_id) if isinstance(report, OrderProgress) else ("commands", report.command_id)
        )
        await self._write(
            f"UPDATE {table} SET is_reported = 1 WHERE id = ? AND state = ? AND at = ?",
            key,
            report.state.value,
            report.at.isoformat(),
        )

    async def let_go(self, *, before: datetime, newest: int) -> None:
        marks = ", ".join("?" for _ in _ENDED)
        await self._write(
            f"DELETE FROM orders WHERE state IN ({marks}) AND is_reported = 1 AND at < ?"
            " AND number NOT IN (SELECT number FROM orders ORDER BY number DESC LIMIT ?)",
            *_ENDED,
            before.isoformat(),
            newest,
        )
        await self._write(
            "DELETE FROM commands WHERE state != ? AND is_reported = 1 AND at < ?"
            " AND id NOT IN (SELECT id FROM commands ORDER BY at DESC LIMIT ?)",
            CommandState.ACCEPTED,
            before.isoformat(),
            newest,
        )

    async def _write(self, statement: str, *values: object) -> None:
        with _translated(self._file):
            await self._connection.execute(statement, values)

    async def _read(self, statement: str, *values: object) -> list[aiosqlite.Row]:
        with _translated(self._file):
            return list(await self._connection.execute_fetchall(statement, values))


@contextmanager
def _translated(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if "full" in str(error) or "disk I/O" in str(error):
            remedy = "free space on the agent's disk"
            raise StorageFull(
                "no room is left for orders; nothing was acknowledged", where=str(file), remedy=remedy
            ) from error
        raise Unavailable(f"the order book cannot be used: {error}", where=str(file)) from error
