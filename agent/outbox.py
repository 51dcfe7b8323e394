"""What still has to reach the controller: on the disk before `put` returns, gone only when the controller has it."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from agent.reports import ReportBody, report_to_pb
from core.clock import Clock
from core.errors import StorageFull, Unavailable
from core.ids import ReportId, VehicleId, new_id
from core.tasks import run_blocking
from fleet.link.uplink import PendingReport

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    vehicle_id TEXT NOT NULL,
    report_id TEXT NOT NULL UNIQUE,
    body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS outbox_of_vehicle ON outbox (vehicle_id, sequence);
CREATE TABLE IF NOT EXISTS drafts (
    vehicle_id TEXT PRIMARY KEY,
    report_id TEXT NOT NULL,
    body BLOB NOT NULL
);
"""


class OutboxFile:
    """One SQLite file for the reports of all vehicles of an agent, worked on in its own thread; a context manager."""

    def __init__(self, *, file: Path) -> None:
        self._file = file
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="outbox")
        self._open: sqlite3.Connection | None = None

    async def __aenter__(self) -> Self:
        self._open = await self._run(lambda: _open(self._file))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._run(self._connection.close)
        self._open = None
        self._thread.shutdown()

    async def write(self, statement: str, *rows: Sequence[object]) -> None:
        """Run *statement* once for each row, all of it or nothing; on the disk when it returns.

        Raises StorageFull when the disk has no room, Unavailable for every other trouble with the file.
        """
        connection = self._connection

        def work() -> None:
            # The whole transaction is one piece of work in its thread: a cancelled caller cannot leave half of it.
            with connection:
                connection.executemany(statement, rows)

        await self._run(work)

    async def read(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query; raises Unavailable."""
        return await self._run(lambda: self._connection.execute(statement, values).fetchall())

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            raise Unavailable("the outbox is closed", where=str(self._file))
        return self._open

    async def _run(self, work: Callable[[], T]) -> T:
        with _translated(self._file):
            return await run_blocking(work, executor=self._thread)


def _open(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, check_same_thread=False)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 10000"):
        connection.execute(f"PRAGMA {pragma}")
    connection.executescript(_SCHEMA)
    with connection:
        # What was gathered when this process ended is as much as will ever be known of it.
        connection.execute("INSERT OR IGNORE INTO outbox (vehicle_id, report_id, body) SELECT * FROM drafts")
        connection.execute("DELETE FROM drafts")
    return connection


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxFigures:
    """How many reports were ever put into a file, and how many still wait."""

    put: int
    waiting: int


async def outbox_figures(file: Path) -> OutboxFigures:
    """Return the figures of all vehicles of an agent's outbox, also while the agent runs; raises Unavailable."""

    def work() -> OutboxFigures:
        with _translated(file), closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            put = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
            (waiting,) = connection.execute("SELECT count(*) FROM outbox").fetchone()
            return OutboxFigures(put=0 if put is None else put[0], waiting=waiting)

    return await run_blocking(work)


class Outbox:
    """The reports of one vehicle in the order in which they were put; several tasks may put."""

    def __init__(self, *, file: OutboxFile, vehicle_id: VehicleId, clock: Clock) -> None:
        self._file = file
        self._vehicle_id = vehicle_id
        self._clock = clock
        self._filled = asyncio.Event()
        self._draft_id: ReportId | None = None

    async def save_draft(self, body: ReportBody) -> None:
        """Keep a report on the disk that is still being gathered, in the place of the draft before.

        It is sent as it stands when this process ends before `put_drafted`; raises as `put`.
        """
        self._draft_id = self._draft_id or ReportId(new_id())
        report = report_to_pb(body, report_id=self._draft_id, made_at=self._clock.now())
        await self._file.write(
            "INSERT OR REPLACE INTO drafts (vehicle_id, report_id, body) VALUES (?, ?, ?)",
            (self._vehicle_id, self._draft_id, report.SerializeToString()),
        )

    async def put_drafted(self, body: ReportBody) -> None:
        """Keep the finished report of the draft, as `put` does: by the same id, so that it is never taken twice."""
        draft_id, self._draft_id = self._draft_id, None
        await self._put(body, draft_id or ReportId(new_id()))
        await self._file.write("DELETE FROM drafts WHERE vehicle_id = ?", (self._vehicle_id,))

    async def put(self, body: ReportBody) -> None:
        """Keep a report until the controller has it; raises StorageFull or Unavailable, and then it is not kept."""
        await self._put(body, ReportId(new_id()))

    async def _put(self, body: ReportBody, report_id: ReportId) -> None:
        report = report_to_pb(body, report_id=report_id, made_at=self._clock.now())
        await self._file.write(
            "INSERT INTO outbox (vehicle_id, report_id, body) VALUES (?, ?, ?)",
            (self._vehicle_id, report_id, report.SerializeToString()),
        )
        self._filled.set()

    async def pending(self, *, after: int, limit: int) -> list[PendingReport]:
        """Return up to *limit* reports behind the sequence number *after*, oldest first."""
        rows = await self._file.read(
            "SELECT sequence, report_id, body FROM outbox WHERE vehicle_id = ? AND sequence > ?"
            " ORDER BY sequence LIMIT ?",
            self._vehicle_id,
            after,
            limit,
        )
        return [PendingReport(sequence=row[0], id=ReportId(row[1]), body=row[2]) for row in rows]

    async def acknowledge(self, report_ids: Sequence[ReportId]) -> None:
        """Forget reports that are in the controller's books; unknown ones are fine."""
        await self._file.write(
            "DELETE FROM outbox WHERE vehicle_id = ? AND report_id = ?",
            *((self._vehicle_id, report_id) for report_id in report_ids),
        )

    async def count(self) -> int:
        """Return how many reports wait."""
        rows = await self._file.read("SELECT count(*) FROM outbox WHERE vehicle_id = ?", self._vehicle_id)
        return int(rows[0][0])

    async def wait_for_more(self) -> None:
        """Return when something was put since the last call returned."""
        await self._filled.wait()
        self._filled.clear()


@contextmanager
def _translated(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        reason = str(error)
        if "full" in reason or "disk I/O" in reason:
            raise StorageFull(
                "there is no room left for reports; nothing was acknowledged",
                where=str(file),
                remedy="free space on the agent's disk",
            ) from error
        raise Unavailable(f"the outbox cannot be used: {reason}", where=str(file)) from error
