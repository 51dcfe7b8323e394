"""The servers that tests run against are real and fresh."""

import asyncio
from urllib.parse import urlsplit

import pytest

from core.database import Database
from core.events import Event


@pytest.mark.parametrize("run", [1, 2])
async def test_every_test_gets_an_empty_database(database: Database, run: int) -> None:
    assert await database.last_cursor() == 0
    async with database.transaction() as unit:
        unit.emit(Event(subject="vehicles.event", key=f"{run}", body={"because": "a test"}))
    assert [line.event.key for line in await database.read_journal(after=0)] == [f"{run}"]


@pytest.mark.nats
async def test_the_nats_server_greets(nats_url: str) -> None:
    address = urlsplit(nats_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    greeting = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await writer.wait_closed()
    assert greeting.startswith(b"INFO {")
