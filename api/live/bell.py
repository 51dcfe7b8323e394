"""Alarms that still call for somebody: read from the rows, so that a restart forgets none."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from api.live.journal_tail import JournalTail
from core.database import Database
from core.ids import AlarmId
from core.tasks import within
from incidents.alarm import HelpAlarm
from incidents.alarms import AlarmDesk
from incidents.store import AlarmStore


class Bell:
    """Keeps the list of unanswered alarms fresh and stores at which desk they ring."""

    def __init__(
        self, *, database: Database, tail: JournalTail, alarms: AlarmStore, desk: AlarmDesk, look_every_s: float
    ) -> None:
        self._database = database
        self._tail = tail
        self._alarms = alarms
        self._desk = desk
        self._look_every_s = look_every_s
        self._ringing: Sequence[HelpAlarm] = ()
        self._changed = asyncio.Event()

    @property
    def ringing(self) -> Sequence[HelpAlarm]:
        """Return the alarms that nobody has answered, oldest first."""
        return self._ringing

    async def run(self) -> None:
        """Read the unanswered alarms whenever the journal has moved, and every now and then."""
        while True:
            cursor = self._tail.cursor
            async with self._database.transaction() as unit:
                ringing = await self._alarms.calling(unit)
            self._tell(ringing)
            with suppress(TimeoutError):
                await within(self._look_every_s, self._tail.wait_beyond(cursor))

    async def changed(self, *, within_s: float) -> None:
        """Return when the list may have changed, or after *within_s*."""
        with suppress(TimeoutError):
            await within(within_s, self._changed.wait())

    async def rung(self, alarm_id: AlarmId, *, desk: str) -> None:
        """Store that the alarm rings at that desk."""
        async with self._database.transaction() as unit:
            await self._desk.rung(unit, alarm_id, desk=desk)

    def _tell(self, ringing: Sequence[HelpAlarm]) -> None:
        if ringing != self._ringing:
            self._ringing = ringing
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()
