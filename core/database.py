"""The database: SQLite by default, PostgreSQL by its URL, one code path for both."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import orjson
from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, String, event, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from core.clock import Clock
from core.errors import InvalidInput, RoundsmanError, StorageFull, Unavailable
from core.events import Bus, Event

_TURN_WITHIN_S = 30.0
_KINDS = ("sqlite+aiosqlite", "postgresql+asyncpg")
_READS = "only_reads"
_MOST_READERS = 8
"""At a time, of the 15 connections of an engine's pool: writers find one however many read."""
_WRONG_VALUE = "22"
"""The class of SQLSTATE (ISO 9075) for a value that no column takes: too long, out of range, a NUL in a text."""


class Base(DeclarativeBase):
    """The root of all rows; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite keeps no zone, so it is taken off and put on again here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone must not reach the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class EventRow(Base):
    """The journal of everything that people are told, in the order of its commits; readers resume from a cursor."""

    __tablename__ = "events"

    cursor: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    subject: Mapped[str] = mapped_column(String(80), index=True)
    key: Mapped[str] = mapped_column(String(80))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """One event as it stands in the journal."""

    cursor: int
    event: Event
    at: datetime


class Transaction:
    """One unit of work: rows through `session` (store modules only), events through `emit`; all of it or nothing."""

    def __init__(self, *, session: AsyncSession) -> None:
        self.session = session
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        """Write *event* into the journal with this transaction and publish it after the commit."""
        self.events.append(event)


class Database:
    """An engine and its transactions; a transaction's events are journalled with it and published after it."""

    def __init__(self, *, url: str, bus: Bus, clock: Clock) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._bus = bus
        self._clock = clock
        # An error that quotes its statement must not bring what people wrote, or where they are, into the logs.
        self.engine: AsyncEngine = _engine(url, pool_pre_ping=not self.is_sqlite)
        event.listen(self.engine.sync_engine, "handle_error", _refuse_overflow)
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_immediate)
        self._writers = asyncio.Lock() if self.is_sqlite else None
        self._reading = asyncio.Semaphore(_MOST_READERS)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        readers = self.engine.execution_options(**{_READS: True}) if self.is_sqlite else self.engine
        self._readers = async_sessionmaker(readers, expire_on_commit=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.engine.dispose()

    @property
    def place(self) -> str:
        """Return where the database is, without passwords: SQLite's file, or the URL."""
        url = self.engine.url
        return (url.database if self.is_sqlite else None) or url.render_as_string(hide_password=True)

    async def create_all(self) -> None:
        """Create every known table (tests; a controller runs the migrations instead)."""
        async with self.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Yield a unit of work that commits at the end of the block or not at all.

        Raises StorageFull or Unavailable when the database cannot, InvalidInput for a value that it can never keep.
        """
        try:
            async with _turn(self._writers), self._sessions() as session, session.begin():
                unit = Transaction(session=session)
                yield unit
                await self._write_journal(unit)
        except (DBAPIError, NoConnection) as error:
            raise translate(error) from error
        for happened in unit.events:
            await self._bus.publish(happened)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Yield a unit of work that only reads, as of one moment; it never waits for a writer nor holds one up.

        Further readers wait while eight read. What it writes all the same is rolled back.

        Raises Unavailable when the database cannot.
        """
        try:
            async with _turn(self._reading), self._readers() as session, session.begin() as begun:
                if not self.is_sqlite:
                    await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
                yield Transaction(session=session)
                await begun.rollback()
        except (DBAPIError, NoConnection) as error:
            raise translate(error) from error

    async def read_journal(self, *, after: int, limit: int = 500, prefix: str = "") -> list[JournalLine]:
        """Return up to *limit* lines behind the cursor *after*, oldest first, of subjects that begin with *prefix*."""
        query = select(EventRow).where(EventRow.cursor > after).order_by(EventRow.cursor).limit(limit)
        if prefix:
            query = query.where(
                (EventRow.subject == prefix) | EventRow.subject.startswith(prefix + ".", autoescape=True)
            )
        async with self.transaction() as unit:
            rows = (await unit.session.scalars(query)).all()
        return [
            JournalLine(cursor=row.cursor, event=Event(subject=row.subject, key=row.key, body=row.body), at=row.at)
            for row in rows
        ]

    async def let_go_until(self) -> int:
        """Return the cursor up to which the journal is not kept any more, 0 when it reaches back to its beginning."""
        async with self.reading() as unit:
            oldest = await unit.session.scalar(select(func.min(EventRow.cursor)))
        return (oldest or 1) - 1

    async def last_cursor(self) -> int:
        """Return the cursor of the newest line, 0 when there is none."""
        async with self.transaction() as unit:
            return await unit.session.scalar(select(func.max(EventRow.cursor))) or 0

    async def _write_journal(self, unit: Transaction) -> None:
        if not unit.events:
            return
        if not self.is_sqlite:
            # Cursors must become visible in their order, or a reader that resumes would skip a slower neighbour.
            await unit.session.execute(text("SELECT pg_advisory_xact_lock(7261)"))
        at = self._clock.now()
        for happened in unit.events:
            _check_tellable(happened)
            row = EventRow(subject=happened.subject, key=happened.key, body=dict(happened.body), at=at)
            unit.session.add(row)
            await unit.session.flush()


def _engine(url: str, *, pool_pre_ping: bool) -> AsyncEngine:
    """Return the engine for *url*; raises InvalidInput for what is no URL of a database that we work with."""
    remedy = "postgresql+asyncpg://user:password@host/name"
    try:
        kind = make_url(url).drivername
    except ArgumentError as error:
        raise InvalidInput("is no URL of a database", where="database_url", remedy=remedy) from error
    if kind not in _KINDS:
        raise InvalidInput(f"cannot work with {kind}", where="database_url", remedy=remedy)
    return create_async_engine(url, hide_parameters=True, pool_pre_ping=pool_pre_ping)


def _check_tellable(happened: Event) -> None:
    """Raise InvalidInput for what is no JSON: one line that cannot be sent would end every desk's live session."""
    try:
        orjson.dumps((happened.key, happened.body))
        # It takes NaN for null, which is not what was to be said.
        json.dumps(happened.body, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"cannot be told to anybody: {error}", where=happened.subject) from error


@asynccontextmanager
async def _turn(queue: asyncio.Lock | asyncio.Semaphore | None) -> AsyncIterator[None]:
    """Let who shares *queue* wait in order. SQLite's writers need one: SQLite itself lets them race, and starve."""
    if queue is None:
        yield
        return
    try:
        async with asyncio.timeout(_TURN_WITHIN_S):
            await queue.acquire()
    except TimeoutError as error:
        raise _was_busy() from error
    try:
        yield
    finally:
        queue.release()


def _was_busy() -> Unavailable:
    return Unavailable("the database was busy for too long", remedy="try again")


def translate(error: DBAPIError | NoConnection) -> RoundsmanError:
    """Return our error for the database's: a Fault, or InvalidInput where trying again would change nothing."""
    if isinstance(error, NoConnection):
        return _was_busy()
    if _is_wrong_value(error):
        return _wrong_value()
    reason = str(error.orig)
    if "disk is full" in reason or "No space left" in reason or "disk I/O error" in reason:
        return StorageFull("the database has no room left", remedy="free space on its disk")
    return Unavailable(f"the database refused: {reason}")


def _wrong_value() -> InvalidInput:
    return InvalidInput("a value cannot be kept: it is too long, out of range, or has a character of no text")


def _refuse_overflow(context: ExceptionContext) -> None:
    """Raise our error for what SQLite's driver, and our own times, call no error of the database."""
    if isinstance(context.original_exception, OverflowError):
        raise _wrong_value() from context.original_exception


def _is_wrong_value(error: DBAPIError) -> bool:
    """Say whether PostgreSQL, or its driver before it, found a value that does not fit its column."""
    state = getattr(error.orig, "sqlstate", None)
    by_driver = error.orig is not None and isinstance(error.orig.__cause__, ValueError)
    return by_driver or (isinstance(state, str) and state.startswith(_WRONG_VALUE))


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # The driver must not begin transactions by itself: "begin" below does, and takes the write lock at once, so that
    # two writers wait for each other instead of failing half-way with "database is locked".
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(_READS) else "BEGIN IMMEDIATE")
