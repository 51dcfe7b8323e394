"""From the driver to its readers: a common beat, and a bounded queue for each."""

import asyncio
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

T = TypeVar("T")
_MOST_WAITING = 200


def until_beat_s(now_s: float, period_s: float) -> float:
    """Return the seconds from monotonic *now_s* to the next whole multiple of *period_s* that is not just about now."""
    pause_s = period_s - now_s % period_s
    return pause_s if pause_s > period_s / 4 else pause_s + period_s


class Fanout(Generic[T]):
    """Give every reader every value, in order; a reader that is 200 behind loses the oldest."""

    def __init__(self, *, most_waiting: int = _MOST_WAITING) -> None:
        self._most_waiting = most_waiting
        self._queues: set[asyncio.Queue[T]] = set()

    def put(self, value: T) -> None:
        """Hand *value* to every reader without waiting."""
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(value)

    async def values(self) -> AsyncIterator[T]:
        """Yield the values put from now on."""
        queue: asyncio.Queue[T] = asyncio.Queue(self._most_waiting)
        self._queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues.discard(queue)
