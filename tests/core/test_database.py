import asyncio
import math
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text

from core.clock import SystemClock
from core.database import Database, EventRow
from core.errors import Conflict, InvalidInput, Unavailable
from core.events import Event, InProcessBus, Json


async def test_events_are_journalled_with_their_transaction(database: Database) -> None:
    async with database.transaction() as unit:
        unit.emit(Event(subject="runs.changed", key="1", body={"state": "planned"}))
        unit.emit(Event(subject="alarms.changed", key="2"))
    lines = await database.read_journal(after=0)
    assert [line.event.key for line in lines] == ["1", "2"]
    assert lines[0].event.body == {"state": "planned"}
    assert await database.last_cursor() == lines[-1].cursor
    assert await database.read_journal(after=lines[0].cursor, prefix="alarms") == [lines[1]]


async def test_nothing_is_journalled_when_the_work_fails(database: Database) -> None:
    async def fail_half_way() -> None:
        async with database.transaction() as unit:
            unit.emit(Event(subject="runs.changed", key="1"))
            raise Conflict("no")

    with pytest.raises(Conflict):
        await fail_half_way()
    assert await database.read_journal(after=0) == []


@pytest.mark.parametrize("odd", ["\ud800", 2**70, math.nan, math.inf])
async def test_what_no_desk_can_be_told_is_refused_and_not_journalled(database: Database, odd: Json) -> None:
    with pytest.raises(InvalidInput, match="cannot be told"):
        async with database.transaction() as unit:
            unit.emit(Event(subject="test.line", key="1", body={"facts": [odd]}))
    assert await database.read_journal(after=0) == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("books.db", "is no URL"),
        ("mysql://x/y", "cannot work with mysql"),
        ("postgresql://x/y", "work with postgresql"),
    ],
)
def test_what_is_no_database_of_ours_is_refused(url: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=f"database_url: .*{words}.*asyncpg"):
        Database(url=url, bus=InProcessBus(), clock=SystemClock())


async def test_writers_side_by_side_lose_nothing_and_keep_one_order(database: Database) -> None:
    async def write(writer: int) -> None:
        for number in range(10):
            async with database.transaction() as unit:
                unit.emit(Event(subject="test.line", key=f"{writer}-{number}"))

    async with asyncio.TaskGroup() as group:
        for writer in range(4):
            group.create_task(write(writer))
    lines = await database.read_journal(after=0)
    assert len(lines) == 40
    for writer in range(4):
        mine = [line.event.key for line in lines if line.event.key.startswith(f"{writer}-")]
        assert mine == [f"{writer}-{number}" for number in range(10)]


async def test_a_reader_sees_one_moment_and_holds_no_writer_up(database: Database) -> None:
    async with database.transaction() as unit:
        unit.emit(Event(subject="test.line", key="before"))
    async with asyncio.timeout(5), database.reading() as reader:
        before = (await reader.session.execute(text("SELECT count(*) FROM events"))).scalar()
        async with database.transaction() as unit:
            unit.emit(Event(subject="test.line", key="meanwhile"))
        after = (await reader.session.execute(text("SELECT count(*) FROM events"))).scalar()
    assert (before, after) == (1, 1)
    assert len(await database.read_journal(after=0)) == 2


async def test_a_writer_holds_no_reader_up(database: Database) -> None:
    async with asyncio.timeout(5), database.transaction() as unit:
        unit.emit(Event(subject="test.line", key="not yet"))
        async with database.reading() as reader:
            assert (await reader.session.execute(text("SELECT count(*) FROM events"))).scalar() == 0


async def test_what_a_reader_writes_does_not_stay(database: Database) -> None:
    with suppress(Unavailable):
        async with database.reading() as reader:
            values = "('test.line', 'sly', '{}', '2026-01-01 00:00:00')"
            await reader.session.execute(text(f"INSERT INTO events (subject, key, body, at) VALUES {values}"))
    assert await database.read_journal(after=0) == []


async def test_however_many_read_a_writer_is_not_held_up(database: Database) -> None:
    may_end, reading = asyncio.Event(), asyncio.Semaphore(0)

    async def read() -> None:
        async with database.reading() as reader:
            await reader.session.execute(text("SELECT count(*) FROM events"))
            reading.release()
            await may_end.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(read())
        try:
            async with asyncio.timeout(5):
                for _ in range(8):
                    await reading.acquire()
                async with database.transaction() as unit:
                    unit.emit(Event(subject="test.line", key="while they read"))
        finally:
            may_end.set()
    assert len(await database.read_journal(after=0)) == 1


async def test_a_reader_that_waits_too_long_is_told_so(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.database._TURN_WITHIN_S", 0.02)
    async with AsyncExitStack() as others:
        for _ in range(8):
            await others.enter_async_context(database.reading())
        with pytest.raises(Unavailable, match="busy"):
            await others.enter_async_context(database.reading())
    async with database.reading() as reader:
        assert (await reader.session.execute(text("SELECT count(*) FROM events"))).scalar() == 0


async def test_a_pool_without_a_connection_to_lend_is_said_as_ours(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database.engine.sync_engine.pool, "_timeout", 0.02)
    async with AsyncExitStack() as others:
        for _ in range(15):
            await others.enter_async_context(database.engine.connect())
        with pytest.raises(Unavailable, match="busy"):
            async with database.reading() as reader:
                await reader.session.execute(text("SELECT 1"))
        with pytest.raises(Unavailable, match="busy"):
            async with database.transaction() as unit:
                await unit.session.execute(text("SELECT 1"))


async def test_numbers_and_times_without_end_are_the_callers_mistake(database: Database) -> None:
    early = datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
    for odd in (EventRow.cursor > 2**70, EventRow.at > early):
        for unit_of_work in (database.transaction, database.reading):
            with pytest.raises(InvalidInput, match="cannot be kept"):
                async with unit_of_work() as unit:
                    await unit.session.scalar(select(EventRow.cursor).where(odd))


@pytest.mark.postgres
async def test_what_never_fits_is_the_callers_mistake_and_not_tried_again(postgres_database: str) -> None:
    query = text("SELECT CAST(CAST(:number AS bigint) AS smallint), CAST(:words AS text)")

    async def ask(number: int, words: str) -> str:
        with pytest.raises(InvalidInput, match="cannot be kept") as refused:
            async with database.transaction() as unit:
                await unit.session.execute(query, {"number": number, "words": words})
        return str(refused.value.__cause__)

    async with Database(url=postgres_database, bus=InProcessBus(), clock=SystemClock()) as database:
        causes = [await ask(10**5, "beside the pond"), await ask(1, "beside\0the pond"), await ask(10**30, "a pond")]
    assert not any("pond" in cause for cause in causes), "what people wrote comes into no log"


async def test_an_error_does_not_quote_what_was_to_be_written(database: Database) -> None:
    with pytest.raises(Unavailable) as refused:
        async with database.transaction() as unit:
            await unit.session.execute(text("INSERT INTO nowhere VALUES (:place)"), {"place": "beside the pond"})
    causes = [refused.value.__cause__, refused.value.__cause__.__cause__ if refused.value.__cause__ else None]
    assert not any("beside the pond" in str(cause) for cause in causes)
