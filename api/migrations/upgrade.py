"""Brings a database up to date, one process at a time."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from api.migrations.tables import all_tables
from core.database import Database, translate
from core.errors import InvalidInput, Unavailable, at_place

_LOCK = 7262


async def migrate(database: Database) -> None:
    """Take all missing steps in one transaction, while other controllers that start wait.

    Raises Fault where the database cannot, InvalidInput for one that a newer Roundsman has worked with.
    """
    try:
        async with database.engine.begin() as connection:
            if not database.is_sqlite:  # SQLite's transactions are exclusive from their beginning
                await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            await connection.run_sync(_upgrade)
    except DBAPIError as error:
        raise at_place(translate(error), database.place) from error
    except OSError as error:
        remedy = "is the database running there, and may this machine reach it?"
        raise Unavailable(f"no database answers: {error}", where=database.place, remedy=remedy) from error
    except CommandError as error:
        remedy = "start the Roundsman that worked with it last, or a newer one"
        raise InvalidInput(
            f"was taken further by a newer Roundsman: {error}", where=database.place, remedy=remedy
        ) from error


def configuration(connection: Connection) -> Config:
    """Return Alembic's configuration for work on *connection*."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def differences(connection: Connection) -> list[object]:
    """Return where the database's tables differ from what the code declares."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, all_tables()))


def _upgrade(connection: Connection) -> None:
    command.upgrade(configuration(connection), "head")
