"""Writes the next migration: `python -m api.migrations.make "What changes"`, after a row's class was changed."""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from api.migrations.upgrade import configuration, migrate
from core.clock import SystemClock
from core.database import Database
from core.events import InProcessBus

_VERSIONS = Path(__file__).parent / "versions"


async def make(message: str) -> None:
    """Write the step from what the migrations make to what the code declares; look at it before it is committed."""
    number = f"{len(list(_VERSIONS.glob('[0-9]*.py'))) + 1:04d}"

    def revise(connection: Connection) -> None:
        command.revision(configuration(connection), message=message, rev_id=number, autogenerate=True)

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/empty.db"
        async with Database(url=url, bus=InProcessBus(), clock=SystemClock()) as database:
            await migrate(database)
            async with database.engine.begin() as connection:
                await connection.run_sync(revise)


if __name__ == "__main__":
    asyncio.run(make(" ".join(sys.argv[1:]) or sys.exit("say what changes")))
