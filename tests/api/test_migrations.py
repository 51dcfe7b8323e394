"""The migrations make exactly the tables that the code declares, on both databases, however many start at once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text

from api.migrations.upgrade import configuration, differences, migrate
from core.clock import SystemClock
from core.database import Database
from core.errors import InvalidInput, Unavailable
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


async def test_what_a_newer_one_worked_with_is_refused_with_its_place(empty: Database) -> None:
    await migrate(empty)
    async with empty.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InvalidInput, match=r"newer Roundsman.*9999") as refused:
        await migrate(empty)
    assert refused.value.where == empty.place


async def test_what_is_no_database_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "books.db"
    file.write_bytes(b"no database" * 1000)
    for url, words in (
        (f"sqlite+aiosqlite:///{file}", f"^{file}: the database refused: file is not a database"),
        (
            "postgresql+asyncpg://who:hidden@127.0.0.1:1/x",
            r"who:\*\*\*@.*no database answers.*running there",
        ),
    ):
        async with Database(url=url, bus=InProcessBus(), clock=SystemClock()) as database:
            with pytest.raises(Unavailable, match=words):
                await migrate(database)


HELD = {
    "makes way for a look at the gate": "dispatcher",
    "keeps clear of drone-2: they would come within 3 m and 0 m in height in 2 s": "separation",
    "wang: a child is below it": "itself",
}
_ORDER = (
    "INSERT INTO orders (id, vehicle_id, purpose, zones_hash, body, made_at, state, is_ended, legs_done, because,"
    " changed_at) VALUES (:id, 'drone-1', 'patrol', 'h', :body, :at, :state, :ended, 0, :because, :at)"
)


async def test_orders_that_are_held_say_by_whom_as_far_as_their_reason_told(empty: Database) -> None:
    at = SystemClock().now()

    def before(connection: Connection) -> None:
        command.upgrade(configuration(connection), "0004")
        connection.execute(text("INSERT INTO order_zone_sets (hash, body) VALUES ('h', :body)"), {"body": b""})
        for number, because in enumerate([*HELD, "makes way for nobody"]):
            state = "held" if because in HELD else "running"
            values = {"id": f"o-{number}", "body": b"", "at": at, "state": state, "ended": False, "because": because}
            connection.execute(text(_ORDER), values)

    async with empty.engine.begin() as connection:
        await connection.run_sync(before)
    await migrate(empty)
    async with empty.engine.begin() as connection:
        rows = (await connection.execute(text("SELECT because, held_by FROM orders"))).all()
    assert {row[0]: row[1] for row in rows} == HELD | {"makes way for nobody": "nobody"}
