"""The bus: it only says "look"; the rows are the truth. In process here, NATS behind the same protocol in a city."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something changed: *subject* is dotted ("incidents.changed"), *key* the id of the thing that changed."""

    subject: str
    key: str
    body: Mapping[str, Json] = field(default_factory=dict)


class Subscription(Protocol):
    """A reader's queue: bounded, the oldest events fall out when the reader is slow, and `dropped` counts them."""

    dropped: int

    def __aiter__(self) -> AsyncIterator[Event]:
        """Yield events in the order of publication, for ever."""


class Bus(Protocol):
    """Publish and subscribe by subject."""

    async def publish(self, event: Event) -> None:
        """Hand *event* to every subscriber of its subject; call it after the commit, never before."""

    def subscribe(self, prefix: str, *, capacity: int = 256) -> AbstractAsyncContextManager[Subscription]:
        """Receive events whose subject is *prefix* or begins with it and a dot; "" receives everything."""


class _Queue:
    def __init__(self, *, prefix: str, capacity: int) -> None:
        self.prefix = prefix
        self.dropped = 0
        self._events: deque[Event] = deque()
        self._capacity = capacity
        self._filled = asyncio.Event()

    def wants(self, subject: str) -> bool:
        return not self.prefix or subject == self.prefix or subject.startswith(self.prefix + ".")

    def put(self, event: Event) -> None:
        if len(self._events) >= self._capacity:
            self._events.popleft()
            self.dropped += 1
        self._events.append(event)
        self._filled.set()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            while self._events:
                yield self._events.popleft()
            self._filled.clear()
            await self._filled.wait()


class InProcessBus:
    """The bus of a single controller."""

    def __init__(self) -> None:
        self._queues: list[_Queue] = []

    async def publish(self, event: Event) -> None:
        for queue in self._queues:
            if queue.wants(event.subject):
                queue.put(event)

    @asynccontextmanager
    async def subscribe(self, prefix: str, *, capacity: int = 256) -> AsyncIterator[Subscription]:
        queue = _Queue(prefix=prefix, capacity=capacity)
        self._queues.append(queue)
        try:
            yield queue
        finally:
            self._queues.remove(queue)
