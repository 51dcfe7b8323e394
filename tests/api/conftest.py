"""A real controller for tests of its interfaces: the real wiring over fresh books, with a clock of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from api.settings import ControllerSettings
from api.wiring import open_services
from core.clock import ManualClock
from core.database import Database
from core.events import InProcessBus
from tests.api.controller import SITE, ZONES, Controller


@pytest.fixture
def settings(tmp_path: Path) -> ControllerSettings:
    """Settings of a controller at the estate, over a fresh folder and any free ports."""
    return ControllerSettings(
        data_dir=tmp_path / "controller",
        site=SITE,
        zones=ZONES,
        port=0,
        grpc_port=0,
        alarm_resend_s=0.05,
        stop_within_s=20.0,
    )


@asynccontextmanager
async def _opened(settings: ControllerSettings, url: str) -> AsyncIterator[Controller]:
    clock, bus = ManualClock(), InProcessBus()
    async with Database(url=url, bus=bus, clock=clock) as database:
        await database.create_all()
        async with open_services(settings, clock=clock, bus=bus, database=database) as services:
            controller = Controller(services=services, clock=clock)
            yield controller
            await controller.close()


@pytest.fixture
async def controller(settings: ControllerSettings, sqlite_database: str) -> AsyncIterator[Controller]:
    """A controller over SQLite; its services do not run unless a test starts them."""
    async with _opened(settings, sqlite_database) as opened:
        yield opened


@pytest.fixture
async def controller_on_both(settings: ControllerSettings, database_url: str) -> AsyncIterator[Controller]:
    """The same over SQLite and PostgreSQL in turn."""
    async with _opened(settings, database_url) as opened:
        yield opened
