"""Forgets what has had its time: ended sign-ins and old answers to writes."""

from datetime import timedelta

import structlog

from api.retention import SteadyClock
from api.store import AccountStore, AnswerStore
from core.clock import Clock
from core.database import Database

_EVERY_S = 3600.0


class Housekeeper:
    """A service: cleans up every hour, at first an hour after the start: by then a wrong clock has been put right."""

    def __init__(
        self, *, database: Database, accounts: AccountStore, answers: AnswerStore, clock: Clock, keep_answers: timedelta
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._answers = answers
        self._clock = clock
        self._keep_answers = keep_answers
        self._steady = SteadyClock(clock=clock)
        self._log = structlog.get_logger("housekeeper")

    async def run(self) -> None:
        """Clean up for ever."""
        while True:
            await self._clock.sleep(_EVERY_S)
            await self.clean()

    async def clean(self) -> None:
        """Clean up once; not by a clock that has jumped ahead, which would sign everybody out for good."""
        if not self._steady.is_believed():
            self._log.error("the clock has jumped ahead, so nothing is forgotten by it for a day")
            return
        now = self._clock.now()
        async with self._database.transaction() as unit:
            await self._accounts.remove_expired(unit, before=now)
            await self._answers.remove_old(unit, before=now - self._keep_answers)
