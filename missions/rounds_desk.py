"""Plans endless rounds for people who ask over the network: one at a time, for so long, and not when they have left."""

from collections.abc import Callable
from typing import TypeVar

from core.clock import Clock
from core.errors import InvalidInput
from core.tasks import run_blocking
from core.turns import IsStopped, IsWanted, Turns
from missions.rounds.planner import RoundsRequest, plan_rounds
from missions.rounds.rounds import Rounds

T = TypeVar("T")
MOST_NODES = 300
"""With single lanes everywhere, so many take some seconds longer than the search."""
MOST_VEHICLES = 100
LONGEST_S = 30.0


class RoundsDesk:
    """Searches in a thread of its own turn: however many ask, one core is used at most."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._turns = Turns(clock=clock, doing="plan rounds")

    async def plan(self, request: RoundsRequest, *, is_wanted: IsWanted, tell: Callable[[Rounds, float], T]) -> T:
        """Return what *tell* makes, in the thread, of the best rounds found in time and the seconds that they took.

        The search ends soon after nobody wants them any more.

        Raises InvalidInput, and Unavailable while too many others wait.
        """
        _check(request)

        async def planned(is_stopped: IsStopped) -> T:
            begin_s = self._clock.monotonic_s()

            def work() -> T:
                rounds = plan_rounds(request, clock=self._clock, is_stopped=is_stopped)
                return tell(rounds, self._clock.monotonic_s() - begin_s)

            return await run_blocking(work)

        return await self._turns.take(planned, is_wanted=is_wanted)


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
