"""Fixtures for all tests, and the rules for tests whose programs are missing."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import structlog

from core.clock import SystemClock
from core.database import Database
from core.events import InProcessBus
from tests.harness.nats import running_nats
from tests.harness.postgres import PostgresServer, running_postgres
from tests.harness.programs import MARKERS, MissingPrograms, Program

MISSING = pytest.StashKey[MissingPrograms]()
# What takes longer comes later, so that a mistake shows itself early.
LATER = ("postgres", "nats", "browser", "slow", "chain", "px4")
# One worker runs them one after the other: one of them alone keeps a machine busy. Chromium draws while the other
# worker runs the slow ones, which mostly wait.
TOGETHER = ("browser", "chain", "px4")


def pytest_configure(config: pytest.Config) -> None:
    missing = MissingPrograms(may_skip=os.environ.get("CI", "").lower() not in {"1", "true"})
    config.stash[MISSING] = missing
    config.pluginmanager.register(missing)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_lateness)
    for item in items:
        for mark in [mark for mark in item.iter_markers() if mark.name in TOGETHER]:
            item.add_marker(pytest.mark.xdist_group(mark.name))


def _lateness(item: pytest.Item) -> int:
    return max((LATER.index(mark.name) + 1 for mark in item.iter_markers() if mark.name in LATER), default=0)


def pytest_runtest_setup(item: pytest.Item) -> None:
    _log_plainly()
    names = {mark.name for mark in item.iter_markers()}
    if "px4" in names and not os.environ.get("ROUNDSMAN_PX4"):
        pytest.skip("flies a PX4 simulator: set ROUNDSMAN_PX4 to its command")
    for name in sorted(names & MARKERS.keys()):
        item.config.stash[MISSING].require(MARKERS[name])


def _log_plainly() -> None:
    """Log as structlog does by itself, whatever a command that ran in the test before has set up for its process."""
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()
    # Its own way with errors draws all variables around them, which takes a second for some.
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


@pytest.fixture(scope="session")
def missing_programs(pytestconfig: pytest.Config) -> MissingPrograms:
    """The record of programs that this machine lacks."""
    return pytestconfig.stash[MISSING]


@pytest.fixture
def chromium_path(missing_programs: MissingPrograms) -> Path:
    """The Chromium to drive (Playwright's ``executable_path``)."""
    return missing_programs.require(Program.CHROMIUM)


@pytest.fixture(scope="session")
def postgres_server(missing_programs: MissingPrograms) -> Iterator[PostgresServer]:
    """One private PostgreSQL server for the whole run."""
    initdb = missing_programs.require(Program.POSTGRESQL)
    with running_postgres(binaries=initdb.resolve().parent) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """The SQLAlchemy URL of the server's own database; tests write into `postgres_database` instead."""
    return postgres_server.url("postgres")


@pytest.fixture
async def postgres_database(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """The SQLAlchemy URL of an empty database that is dropped after the test."""
    name = f"test_{uuid4().hex}"
    await _tell(postgres_server, f'CREATE DATABASE "{name}"')
    yield postgres_server.url(name)
    await _tell(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _tell(server: PostgresServer, statement: str) -> None:
    connection = await asyncpg.connect(server.url("postgres").replace("+asyncpg", ""), timeout=10)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def nats_url(missing_programs: MissingPrograms) -> Iterator[str]:
    """The address of a private NATS server that lives as long as the run."""
    with running_nats(program=missing_programs.require(Program.NATS_SERVER)) as url:
        yield url


@pytest.fixture
def sqlite_database(tmp_path: Path) -> str:
    """The SQLAlchemy URL of a database file that does not exist yet."""
    return f"sqlite+aiosqlite:///{tmp_path / 'roundsman.sqlite'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The SQLAlchemy URL of a fresh database: the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_database")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh database with all tables that the test module's imports have declared, on both engines in turn."""
    async with Database(url=database_url, bus=InProcessBus(), clock=SystemClock()) as opened:
        await opened.create_all()
        yield opened
