"""Commands whose effect the vehicle itself must show: repeated until it does, given up for a newer one."""

from collections.abc import Callable

import structlog

from core.clock import Clock
from core.errors import Conflict, Fault, TimedOut, Unavailable
from core.ids import VehicleId
from fleet.drivers.mavlink_link import MavlinkLink
from fleet.drivers.mavlink_modes import set_mode_params
from fleet.errors import VehicleRefused
from fleet.telemetry import FlightMode, VehicleState

_ARM, _SET_MODE = 400, 176
_SWITCH_TRIES = 4
_SHOWN_WITHIN_S = 1.5
_POLL_S = 0.05
Claim = Callable[[VehicleState], bool]


class VerifiedCommands:
    """Switches modes and arms; *check_link* raises when the vehicle may not be commanded."""

    def __init__(
        self,
        *,
        link: MavlinkLink,
        clock: Clock,
        vehicle_id: VehicleId,
        state: Callable[[], VehicleState],
        words_since: Callable[[float], list[str]],
        check_link: Callable[[], None],
    ) -> None:
        self._link = link
        self._clock = clock
        self._vehicle_id = vehicle_id
        self._state = state
        self._words_since = words_since
        self._check_link = check_link
        self._wish = 0
        self._log = structlog.get_logger("mavlink").bind(vehicle_id=vehicle_id)

    def new_wish(self) -> int:
        """Make every older command that is still being repeated give up."""
        self._wish += 1
        return self._wish

    async def switch(self, mode: FlightMode, wish: int) -> None:
        """Bring the vehicle into *mode*, verified by its own heartbeat."""
        started_s = self._clock.monotonic_s()
        for _ in range(_SWITCH_TRIES):
            self._check_link()
            if self._state().mode is not mode:
                await self._try(_SET_MODE, *set_mode_params(mode))
            if await self._shows(lambda s: s.mode is mode, _SHOWN_WITHIN_S, wish):
                return
        raise self._not_shown(f"switch to {mode}", started_s)

    async def arm(self, started_s: float, wish: int) -> None:
        """Arm the vehicle, unless a newer command came; its words since *started_s* tell why when it does not."""
        for _ in range(_SWITCH_TRIES):
            self._check_link()
            self._check_is_newest(wish)
            await self._try(_ARM, 1.0)
            if await self._shows(lambda s: s.is_armed is True, _SHOWN_WITHIN_S, wish):
                return
        raise self._not_shown("arm", started_s)

    async def wait(
        self, claim: Claim, timeout_s: float, what: str, *, since_s: float | None = None, wish: int | None = None
    ) -> None:
        """Return when *claim* holds; raises why it does not."""
        started_s = self._clock.monotonic_s() if since_s is None else since_s
        if not await self._shows(claim, timeout_s, wish):
            raise self._not_shown(what, started_s)

    async def _try(self, command: int, *params: float) -> None:
        """Send a command whose fate the caller reads from the vehicle's state, not from the answer."""
        try:
            await self._link.command(command, *params)
        except (VehicleRefused, TimedOut) as error:
            self._log.info("no clear answer, looking at the vehicle instead", command=command, error=str(error))

    async def _shows(self, claim: Claim, timeout_s: float, wish: int | None) -> bool:
        deadline_s = self._clock.monotonic_s() + timeout_s
        while not claim(self._state()):
            if wish is not None:
                self._check_is_newest(wish)
            if self._clock.monotonic_s() > deadline_s:
                return False
            await self._clock.sleep(_POLL_S)
        return True

    def _check_is_newest(self, wish: int) -> None:
        if wish != self._wish:
            raise Conflict("a newer command has taken over", where=self._vehicle_id)

    def _not_shown(self, what: str, since_s: float) -> Fault:
        state, words = self._state(), self._words_since(since_s)
        if not state.link_up:
            return Unavailable(f"the link was lost on the way: could not {what}", where=self._vehicle_id)
        if words:
            return VehicleRefused(f"did not {what}: {'; '.join(words)}", where=self._vehicle_id)
        return TimedOut(f"did not {what} in time, it is in mode {state.mode}", where=self._vehicle_id)
