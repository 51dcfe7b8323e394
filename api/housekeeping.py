"""Forgets what has had its time: ended sign-ins and old answers to writes."""

from datetime import timedelta

from api.store import AccountStore, AnswerStore
from core.clock import Clock
from core.database import Database

_EVERY_S = 3600.0


class Housekeeper:
    """A service: cleans up at the start and every hour."""

    def __init__(
        self, *, database: Database, accounts: AccountStore, answers: AnswerStore, clock: Clock, keep_answers: timedelta
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._answers = answers
        self._clock = clock
        self._keep_answers = keep_answers

    async def run(self) -> None:
        """Clean up for ever."""
        while True:
            await self.clean()
            await self._clock.sleep(_EVERY_S)

    async def clean(self) -> None:
        """Clean up once."""
        now = self._clock.now()
        async with self._database.transaction() as unit:
            await self._accounts.remove_expired(unit, before=now)
            await self._answers.remove_old(unit, before=now - self._keep_answers)
