"""Transfers to a vehicle that are believed only after they were read back: parameters, fence, safe points, mission."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog

from core.clock import Clock
from core.errors import TimedOut
from core.ids import VehicleId
from fleet.drivers.mavlink_failsafes import Parameter
from fleet.drivers.mavlink_link import MavlinkLink
from fleet.drivers.mavlink_wire import Item, MissionKind, first_difference
from fleet.errors import VehicleRefused

T = TypeVar("T")
_TRIES = 5
_PAUSE_S = 0.6
"""Grows with each try: who missed the last word of a transfer is busy for 5 s (PX4), and the tries outlast that."""
_VERDICT_WAIT_S = 0.8
"""PX4 refuses a fence or a mission by status text about half a second after a successful upload."""


class Transfers:
    """One vehicle's transfers; the caller holds the vehicle's lock. *words_since* gives its newest status texts."""

    def __init__(
        self,
        *,
        link: MavlinkLink,
        clock: Clock,
        vehicle_id: VehicleId,
        words_since: Callable[[float], Sequence[str]],
        check_link: Callable[[], None],
    ) -> None:
        self._link = link
        self._clock = clock
        self._vehicle_id = vehicle_id
        self._words_since = words_since
        self._check_link = check_link
        self._log = structlog.get_logger("mavlink").bind(vehicle_id=vehicle_id)

    async def put_parameter(self, parameter: Parameter) -> None:
        """Set a parameter unless it is held already, and verify it by reading."""
        if parameter.is_held(await self.parameter(parameter)):
            return
        await self._again(f"set {parameter.name}", lambda: self._link.set_parameter(parameter))
        held = await self.parameter(parameter)
        if not parameter.is_held(held):
            raise VehicleRefused(f"{parameter.name} stays {held} instead of {parameter.value}", where=self._vehicle_id)

    async def parameter(self, like: Parameter) -> int | float:
        """Read the parameter named as *like*."""
        return await self._again(f"read {like.name}", lambda: self._link.parameter(like))

    async def put(self, kind: MissionKind, items: Sequence[Item]) -> None:
        """Upload a list, hear what the vehicle says to it, read it back and compare."""
        started_s = self._clock.monotonic_s()
        await self._again(f"upload the {kind}", lambda: self._link.upload(kind, items))
        await self._clock.sleep(_VERDICT_WAIT_S if kind is not MissionKind.RALLY else 0.0)
        if refusals := [text for text in self._words_since(started_s) if _is_refusal(text)]:
            raise VehicleRefused(f"the {kind} was refused: {'; '.join(refusals)}", where=self._vehicle_id)
        difference = first_difference(items, await self.get(kind))
        if difference is not None:
            raise VehicleRefused(f"the {kind} that it holds is not what was sent: {difference}", where=self._vehicle_id)

    async def get(self, kind: MissionKind) -> tuple[Item, ...]:
        """Read a list back."""
        return await self._again(f"read the {kind} back", lambda: self._link.download(kind))

    async def _again(self, what: str, work: Callable[[], Awaitable[T]]) -> T:
        """Repeat idempotent *work* a few times when it times out."""
        for attempt in range(1, _TRIES):
            try:
                return await work()
            except TimedOut as error:
                self._log.info("trying again", what=what, attempt=attempt, error=str(error))
                await self._clock.sleep(_PAUSE_S * attempt)
                self._check_link()
        return await work()


def _is_refusal(text: str) -> bool:
    words = text.lower()
    return any(word in words for word in ("violation", "rejected", "invalid", "not available", "doesn't", "infeasible"))
