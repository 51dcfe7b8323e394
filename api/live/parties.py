"""Who is at a desk: when the line of whoever answered an alarm is gone, its story says so, and it stays open."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from core.clock import Clock
from core.database import Database
from core.errors import Fault
from incidents.alarm import OPEN_STATES, UNANSWERED
from incidents.alarms import AlarmDesk
from incidents.store import AlarmStore

_LOOK_EVERY_S = 2.0
_GONE_AFTER_S = 20.0
"""Who comes back sooner, as a page does that is loaded again, was not gone."""
_MOST = 1000


class Parties:
    """Counts the live sessions of each account."""

    def __init__(self, *, database: Database, alarms: AlarmStore, desk: AlarmDesk, clock: Clock) -> None:
        self._database = database
        self._alarms = alarms
        self._desk = desk
        self._clock = clock
        self._here: Counter[str] = Counter()
        self._left_s: dict[str, float] = {}

    @contextmanager
    def present(self, name: str) -> Iterator[None]:
        """Count a session of the account *name* while the block runs."""
        self._here[name] += 1
        self._left_s.pop(name, None)
        try:
            yield
        finally:
            self._here[name] -= 1
            if not self._here[name]:
                del self._here[name]
                self._left_s[name] = self._clock.monotonic_s()

    async def run(self) -> None:
        """Tell of those who are gone, for ever."""
        while True:
            await self.step()
            await self._clock.sleep(_LOOK_EVERY_S)

    async def step(self) -> None:
        """Tell of those who are gone by now, once; raises Fault when the books are away, and tells the next time."""
        gone_before_s = self._clock.monotonic_s() - _GONE_AFTER_S
        gone = {name: left_s for name, left_s in self._left_s.items() if left_s <= gone_before_s}
        for name in gone:
            del self._left_s[name]
        try:
            if gone:
                await self._tell(frozenset(gone))
        except Fault:
            self._left_s = {**gone, **self._left_s}
            raise

    async def _tell(self, gone: frozenset[str]) -> None:
        async with self._database.transaction() as unit:
            for alarm in await self._alarms.find(unit, states=OPEN_STATES - UNANSWERED, limit=_MOST):
                if alarm.answered_by in gone and alarm.answered_by not in self._here:
                    because = f"the desk of {alarm.answered_by}, who answered, has no connection any more"
                    await self._desk.party_lost(unit, alarm.id, party=alarm.answered_by, because=because)
