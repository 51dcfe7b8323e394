"""The telemetry rates we need and no more: asked for, and asked for again when the vehicle has forgotten them."""

from collections.abc import Callable

from core.clock import Clock
from core.errors import Fault
from fleet.drivers.mavlink_link import MavlinkLink
from fleet.drivers.mavlink_streams import until_beat_s
from fleet.errors import VehicleRefused

_SET_RATE, _REQUEST = 511, 512
_AUTOPILOT_VERSION = 148
_RATES_HZ = {0: 4.0, 33: 10.0, 245: 2.0, 1: 1.0, 24: 1.0, 242: 0.5, 42: 4.0}
"""Message id to rate: heartbeat, position, landed, battery and health, GPS, home, mission."""
_ATTITUDE, _ATTITUDE_HZ = 30, 10.0
_UNWANTED = (31, 32, 36, 65, 74, 83, 85, 87, 140, 141, 230, 331)
"""High-rate streams that nobody here reads (quaternions, local positions, servo outputs and the like)."""
_POLL_S = 0.5


class Rates:
    """One vehicle's telemetry rates; *is_heard* says whether its link is up, *with_poses* whether a camera looks."""

    def __init__(
        self, *, link: MavlinkLink, clock: Clock, is_heard: Callable[[], bool], with_poses: Callable[[], bool]
    ) -> None:
        self._link = link
        self._clock = clock
        self._is_heard = is_heard
        self._with_poses = with_poses
        self._are_set = False

    def forget(self) -> None:
        """Say that the vehicle was restarted and knows nothing of our wishes, or that they have changed."""
        self._are_set = False

    async def keep_asking(self) -> None:
        """Ask whenever the vehicle is heard and has not been asked since it was lost; runs until cancelled."""
        while True:
            if not self._is_heard():
                self._are_set = False
            elif not self._are_set:
                await self._ask()
            await self._clock.sleep(until_beat_s(self._clock.monotonic_s(), _POLL_S))

    async def _ask(self) -> None:
        self._are_set = True
        wishes = {message: 1e6 / rate_hz for message, rate_hz in _RATES_HZ.items()} | dict.fromkeys(_UNWANTED, -1.0)
        wishes[_ATTITUDE] = 1e6 / _ATTITUDE_HZ if self._with_poses() else -1.0
        answered = [await self._tell(_SET_RATE, float(message), us) for message, us in wishes.items()]
        answered.append(await self._tell(_REQUEST, float(_AUTOPILOT_VERSION)))
        self._are_set = self._are_set and all(answered)

    async def _tell(self, *command: float) -> bool:
        """Return whether there was an answer; a vehicle refuses a message that it does not have, which is no fault."""
        try:
            await self._link.command(int(command[0]), *command[1:])
        except VehicleRefused:
            return True
        except Fault:
            return False
        return True
