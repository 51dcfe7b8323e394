"""Small fan-outs from the driver to its readers: a signal, the latest value, and a bounded queue."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Generic, TypeVar

from core.tasks import within

T = TypeVar("T")
_MOST_WAITING = 200


class Signal:
    """Wake every listener when something changed."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Event] = set()

    def set(self) -> None:
        """Wake them."""
        for event in self._listeners:
            event.set()

    @contextmanager
    def listener(self) -> Iterator[asyncio.Event]:
        """Give an event that is set on every change; the listener clears it."""
        event = asyncio.Event()
        self._listeners.add(event)
        try:
            yield event
        finally:
            self._listeners.discard(event)


async def next_change(event: asyncio.Event, timeout_s: float) -> None:
    """Wait until *event* is set, at most *timeout_s*, and clear it."""
    if not event.is_set():
        with suppress(TimeoutError):
            await within(timeout_s, event.wait())
    event.clear()


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
