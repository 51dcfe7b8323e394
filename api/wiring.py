"""Puts the controller together from its settings; the only place that knows which implementation is used."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from api.services import Services
from api.settings import ControllerSettings
from api.sign_in import SignInDesk
from api.store_sql import SqlAccountStore, SqlAnswerStore
from core.clock import Clock, SystemClock
from core.database import Database
from core.events import Bus, InProcessBus


@asynccontextmanager
async def open_services(
    settings: ControllerSettings,
    *,
    clock: Clock | None = None,
    bus: Bus | None = None,
    database: Database | None = None,
) -> AsyncIterator[Services]:
    """Yield every part of a controller, connected but with nothing running; tests give their clock or database."""
    clock = clock or SystemClock()
    bus = bus or InProcessBus()
    async with AsyncExitStack() as stack:
        if database is None:
            settings.data_dir.mkdir(parents=True, exist_ok=True)
            database = await stack.enter_async_context(Database(url=settings.url, bus=bus, clock=clock))
        yield _services(settings=settings, clock=clock, bus=bus, database=database)


def _services(*, settings: ControllerSettings, clock: Clock, bus: Bus, database: Database) -> Services:
    accounts = SqlAccountStore()
    return Services(
        settings=settings,
        clock=clock,
        bus=bus,
        database=database,
        accounts=accounts,
        answers=SqlAnswerStore(),
        sign_in=SignInDesk(
            database=database, accounts=accounts, clock=clock, session=timedelta(hours=settings.session_hours)
        ),
    )
