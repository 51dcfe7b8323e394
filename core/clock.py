"""The only place that reads a clock or waits: everybody else is handed a `Clock`."""

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Wall time for the books, monotonic time for spans; the wall clock may jump, the other never does."""

    def now(self) -> datetime:
        """Return the wall time, aware, in UTC."""

    def monotonic_s(self) -> float:
        """Return seconds on a clock that never goes back."""

    async def sleep(self, seconds_s: float) -> None:
        """Wait for *seconds_s* of monotonic time."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds_s: float) -> None:
        await asyncio.sleep(max(0.0, seconds_s))

    def pause(self, seconds_s: float) -> None:
        """Block the calling thread: for commands and foreign threads, never inside an event loop."""
        time.sleep(max(0.0, seconds_s))


class ManualClock:
    """A clock that stands still until `advance` is called: for tests and for planning ahead."""

    def __init__(self, *, start_at: datetime = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)) -> None:
        self._start_at = start_at
        self._elapsed_s = 0.0
        self._jump_s = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        return self._start_at + timedelta(seconds=self._elapsed_s + self._jump_s)

    def monotonic_s(self) -> float:
        return self._elapsed_s

    async def sleep(self, seconds_s: float) -> None:
        if seconds_s <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed_s + seconds_s, next(self._order), woken))
        await woken

    async def advance(self, seconds_s: float) -> None:
        """Let *seconds_s* pass, waking every sleeper in its turn and letting it run."""
        end_s = self._elapsed_s + seconds_s
        await _let_others_run()
        while self._sleepers and self._sleepers[0][0] <= end_s:
            self._elapsed_s, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)
            await _let_others_run()
        self._elapsed_s = end_s
        await _let_others_run()

    def jump(self, seconds_s: float) -> None:
        """Move the wall clock alone, as a time server's correction does."""
        self._jump_s += seconds_s


async def _let_others_run() -> None:
    for _ in range(20):
        await asyncio.sleep(0)
