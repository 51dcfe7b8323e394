"""The migrations make exactly the tables that the code declares, on both databases, however many start at once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from api.migrations.upgrade import differences, migrate
from core.clock import SystemClock
from core.database import Database
from core.events import Event, InProcessBus


@pytest.fixture
async def empty(database_url: str) -> AsyncIterator[Database]:
    async with Database(url=database_url, bus=InProcessBus(), clock=SystemClock()) as database:
        yield database


async def _differences(database: Database) -> list[object]:
    async with database.engine.begin() as connection:
        return await connection.run_sync(differences)


async def test_an_empty_database_becomes_what_the_code_declares(empty: Database) -> None:
    assert await _differences(empty), "an empty database differs"
    await migrate(empty)
    assert await _differences(empty) == []


async def test_migrating_again_changes_nothing_and_loses_nothing(empty: Database) -> None:
    await migrate(empty)
    async with empty.transaction() as unit:
        unit.emit(Event(subject="runs.changed", key="k"))
    await migrate(empty)
    assert await empty.last_cursor() == 1


async def test_three_that_start_at_once_migrate_once(database_url: str) -> None:
    async def start() -> list[object]:
        async with Database(url=database_url, bus=InProcessBus(), clock=SystemClock()) as database:
            await migrate(database)
            return await _differences(database)

    assert await asyncio.gather(*(start() for _ in range(3))) == [[], [], []]
