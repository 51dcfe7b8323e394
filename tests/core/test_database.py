import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import text

from core.database import Database
from core.errors import Conflict, Unavailable
from core.events import Event


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
            row = {"subject": "test.line", "key": "sly", "body": "{}", "at": "2026-01-01 00:00:00"}
            await reader.session.execute(
                text("INSERT INTO events (subject, key, body, at) VALUES (:subject, :key, :body, :at)"), row
            )
    assert await database.read_journal(after=0) == []
