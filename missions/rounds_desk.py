"""Plans endless rounds for people who ask over the network: one at a time, for so long, and not when they have left."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

from core.clock import Clock
from core.errors import InvalidInput, Unavailable
from core.tasks import run_blocking
from missions.rounds.planner import RoundsRequest, plan_rounds
from missions.rounds.rounds import Rounds

T = TypeVar("T")
MOST_NODES = 300
"""With single lanes everywhere, so many take some seconds longer than the search."""
MOST_VEHICLES = 100
LONGEST_S = 30.0
_MOST_WAITING = 4
_ASK_EVERY_S = 0.5


class RoundsDesk:
    """Searches in a thread of its own turn: however many ask, one core is used at most."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._turn = asyncio.Lock()
        self._asking = 0

    async def plan(
        self, request: RoundsRequest, *, is_wanted: Callable[[], Awaitable[bool]], tell: Callable[[Rounds, float], T]
    ) -> T:
        """Return what *tell* makes, in the thread, of the best rounds found in time and the seconds that they took.

        The search ends soon after nobody wants them any more.

        Raises InvalidInput, and Unavailable while too many others wait.
        """
        _check(request)
        if self._asking > _MOST_WAITING:
            raise Unavailable(f"{self._asking} others plan rounds already", remedy="try again in a minute")
        self._asking += 1
        try:
            async with self._turn:
                return await self._planned(request, is_wanted, tell)
        finally:
            self._asking -= 1

    async def _planned(
        self, request: RoundsRequest, is_wanted: Callable[[], Awaitable[bool]], tell: Callable[[Rounds, float], T]
    ) -> T:
        stopped, begin_s = threading.Event(), self._clock.monotonic_s()

        def work() -> T:
            rounds = plan_rounds(request, clock=self._clock, is_stopped=stopped.is_set)
            return tell(rounds, self._clock.monotonic_s() - begin_s)

        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch(is_wanted, stopped), name="is somebody there")
                try:
                    return await run_blocking(work)
                finally:
                    stopped.set()
                    watch.cancel()
        except* InvalidInput as refused:
            raise refused.exceptions[0] from None

    async def _watch(self, is_wanted: Callable[[], Awaitable[bool]], stopped: threading.Event) -> None:
        while await is_wanted():
            await self._clock.sleep(_ASK_EVERY_S)
        stopped.set()


def _check(request: RoundsRequest) -> None:
    """Raise InvalidInput for what would take a controller too long; `roundsman rounds` plans more."""
    for what, value, most in (
        ("graph.nodes", len(request.graph.nodes), MOST_NODES),
        ("vehicles", request.vehicles, MOST_VEHICLES),
        ("time_limit_s", request.time_limit_s, LONGEST_S),
    ):
        if value > most:
            remedy = "plan it on the command line: roundsman rounds"
            raise InvalidInput(f"is {value:g}, at most {most:g} are planned here", where=what, remedy=remedy)
