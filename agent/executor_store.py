"""What the executor must not forget: its orders, where they stand, and the fate of commands; one SQLite file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import aiosqlite
from google.protobuf.message import DecodeError
from roundsman.v1 import link_pb2 as pb

from agent.left_words import UNREADABLE
from core.errors import InvalidInput, StorageFull, Unavailable
from core.ids import CommandId, OrderId
from fleet.holding import Holder
from fleet.link.translate import command_from_pb, command_to_pb, order_from_pb, order_to_pb
from fleet.orders import Command, CommandOutcome, CommandState, Order, OrderProgress, OrderState
from geofence.positions import GeoPosition

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS orders (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    body BLOB NOT NULL,
    state TEXT NOT NULL,
    legs_done INTEGER NOT NULL,
    because TEXT NOT NULL,
    at TEXT NOT NULL,
    from_air INTEGER NOT NULL,
    ending TEXT,
    ending_because TEXT NOT NULL,
    is_reported INTEGER NOT NULL,
    held_by TEXT NOT NULL DEFAULT 'nobody',
    start_lon_deg REAL,
    start_lat_deg REAL
);
CREATE TABLE IF NOT EXISTS commands (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    because TEXT NOT NULL,
    at TEXT NOT NULL,
    is_reported INTEGER NOT NULL,
    body BLOB
);
"""
_ADDED = {
    "orders": {
        "held_by": "TEXT NOT NULL DEFAULT 'nobody'",
        "start_lon_deg": "REAL",
        "start_lat_deg": "REAL",
    },
    "commands": {"body": "BLOB"},
}
"""Columns that bring the file of an agent from before up to date: nobody may lose its orders over an update."""
_ENDED = tuple(state.value for state in (OrderState.DONE, OrderState.FAILED, OrderState.ABORTED, OrderState.TIMED_OUT))


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOrder:
    """An order as the agent keeps it: where it stands, how it was begun, and how it is being brought to an end."""

    order: Order
    progress: OrderProgress
    from_air: bool = False
    start: GeoPosition | None = None
    """Where it was taken over in the air."""
    ending: OrderState | None = None
    """Set while the vehicle is on its way home for good: what the order becomes when it has landed."""
    ending_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCommand:
    """A command that was accepted and not finished.

    What it was is not known of one that an agent of before took, nor of one that this one cannot read.
    """

    outcome: CommandOutcome
    command: Command | None


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
            await self._connection.executescript(_SCHEMA)
            for table, added in _ADDED.items():
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
        return _held(rows[0]) if rows else None

    async def unended(self) -> list[HeldOrder]:
        marks = ", ".join("?" for _ in _ENDED)
        rows = await self._read(f"SELECT * FROM orders WHERE state NOT IN ({marks}) ORDER BY number", *_ENDED)
        return [held for row in rows if (held := await self._held_or_failed(row)) is not None]

    async def _held_or_failed(self, row: aiosqlite.Row) -> HeldOrder | None:
        """Return the order; one that cannot be read must not keep an agent from obeying a person."""
        try:
            return _held(row)
        except (DecodeError, InvalidInput):
            at = _time(row["at"]) + timedelta(microseconds=1)
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
        return [_progress(row) for row in rows]

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
        return _outcome(rows[0]) if rows else None

    async def open_commands(self) -> list[OpenCommand]:
        rows = await self._read("SELECT * FROM commands WHERE state = ? ORDER BY rowid", CommandState.ACCEPTED)
        return [OpenCommand(outcome=_outcome(row), command=_command(row)) for row in rows]

    async def unreported(self) -> list[OrderProgress | CommandOutcome]:
        orders = await self._read("SELECT * FROM orders WHERE is_reported = 0 ORDER BY number")
        commands = await self._read("SELECT * FROM commands WHERE is_reported = 0 ORDER BY rowid")
        return [*map(_progress, orders), *map(_outcome, commands)]

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


def _held(row: aiosqlite.Row) -> HeldOrder:
    return HeldOrder(
        order=order_from_pb(pb.Order.FromString(row["body"])),
        progress=_progress(row),
        from_air=bool(row["from_air"]),
        ending=None if row["ending"] is None else OrderState(row["ending"]),
        ending_because=row["ending_because"],
        start=_start(row),
    )


def _start(row: aiosqlite.Row) -> GeoPosition | None:
    if row["start_lon_deg"] is None:
        return None
    return GeoPosition(lon_deg=row["start_lon_deg"], lat_deg=row["start_lat_deg"])


def _progress(row: aiosqlite.Row) -> OrderProgress:
    return OrderProgress(
        order_id=OrderId(row["id"]),
        state=OrderState(row["state"]),
        legs_done=row["legs_done"],
        because=row["because"],
        at=_time(row["at"]),
        held_by=Holder(row["held_by"]),
    )


def _outcome(row: aiosqlite.Row) -> CommandOutcome:
    return CommandOutcome(
        command_id=CommandId(row["id"]),
        state=CommandState(row["state"]),
        because=row["because"],
        at=_time(row["at"]),
    )


def _command(row: aiosqlite.Row) -> Command | None:
    """Return None also where it cannot be read: one such row must not keep an agent from obeying all others."""
    try:
        return None if row["body"] is None else command_from_pb(pb.Command.FromString(row["body"]))
    except (DecodeError, InvalidInput):
        return None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
