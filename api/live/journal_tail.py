"""The end of the journal in memory, shared by all sessions; the bus only wakes it up, the rows are the truth."""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from core.database import Database, JournalLine
from core.events import Bus
from core.tasks import within

_BATCH = 500


class JournalTail:
    """Follows the journal; each reader keeps a cursor and asks for what lies behind it, so nothing is queued."""

    def __init__(self, *, database: Database, bus: Bus, lines: int = 2000, look_every_s: float = 1.0) -> None:
        self._database = database
        self._bus = bus
        self._look_every_s = look_every_s
        self._lines: deque[JournalLine] = deque(maxlen=lines)
        self._floor: int | None = None
        self._cursor = 0
        self._woken = asyncio.Event()
        self._moved = asyncio.Event()

    async def run(self) -> None:
        """Follow the journal until cancelled; looks every second too, for a bus that lost its word."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(), name="journal wake-up")
            await self._follow()

    @property
    def cursor(self) -> int:
        """Return the cursor of the newest line that was seen."""
        return self._cursor

    async def wait_beyond(self, cursor: int) -> None:
        """Return when the journal has a line behind *cursor*."""
        while self._cursor <= cursor:
            await self._moved.wait()

    async def after(self, cursor: int) -> Sequence[JournalLine]:
        """Return some lines behind *cursor*, oldest first: from memory when it reaches that far back."""
        if self._floor is None or cursor < self._floor:
            return await self._database.read_journal(after=cursor, limit=_BATCH)
        known = list(self._lines)
        start = bisect_right(known, cursor, key=lambda line: line.cursor)
        return known[start : start + _BATCH]

    async def _listen(self) -> None:
        async with self._bus.subscribe("", capacity=1) as subscription:
            async for _ in subscription:
                self._woken.set()

    async def _follow(self) -> None:
        if self._floor is None:
            self._floor = self._cursor = await self._database.last_cursor()
        while True:
            self._woken.clear()
            while lines := await self._database.read_journal(after=self._cursor, limit=_BATCH):
                self._take(lines)
            with suppress(TimeoutError):
                await within(self._look_every_s, self._woken.wait())

    def _take(self, lines: Sequence[JournalLine]) -> None:
        for line in lines:
            if len(self._lines) == self._lines.maxlen:
                self._floor = self._lines[0].cursor
            self._lines.append(line)
        self._cursor = lines[-1].cursor
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
