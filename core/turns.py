"""Work that keeps a core busy for people who ask over the network: one at a time, and not when they have left."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

from core.clock import Clock
from core.errors import RoundsmanError, Unavailable

T = TypeVar("T")
IsWanted = Callable[[], Awaitable[bool]]
IsStopped = Callable[[], bool]
_MOST_WAITING = 4
_ASK_EVERY_S = 0.5


class Turns:
    """However many ask, one is served at a time; `doing` is what they do, for who is sent away."""

    def __init__(self, *, clock: Clock, doing: str) -> None:
        self._clock = clock
        self._doing = doing
        self._turn = asyncio.Lock()
        self._asking = 0

    async def take(self, work: Callable[[IsStopped], Awaitable[T]], *, is_wanted: IsWanted) -> T:
        """Return what *work* returns when its turn has come; it is told soon when nobody wants it any more.

        Raises Unavailable while too many others wait.
        """
        if self._asking > _MOST_WAITING:
            raise Unavailable(f"{self._asking} others {self._doing} already", remedy="try again in a minute")
        self._asking += 1
        try:
            async with self._turn:
                return await self._done(work, is_wanted)
        finally:
            self._asking -= 1

    async def _done(self, work: Callable[[IsStopped], Awaitable[T]], is_wanted: IsWanted) -> T:
        stopped = threading.Event()
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch(is_wanted, stopped), name="is somebody there")
                try:
                    return await work(stopped.is_set)
                finally:
                    stopped.set()
                    watch.cancel()
        except* RoundsmanError as refused:
            raise refused.exceptions[0] from None

    async def _watch(self, is_wanted: IsWanted, stopped: threading.Event) -> None:
        while await is_wanted():
            await self._clock.sleep(_ASK_EVERY_S)
        stopped.set()
