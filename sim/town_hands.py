"""A person's hands and phone in the simulated town: clear a thing, take a photo of a place."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import grpc
import structlog
from roundsman.v1 import sim_pb2, sim_pb2_grpc

from core.clock import Clock

_TIMEOUT_S = 10.0
_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """What somebody found and cleared; `is_gone` is false when it was left, or when nothing was there."""

    thing_ids: tuple[str, ...]
    is_gone: bool


class TownHands:
    """Asks the simulator's control service; waits while the simulator is away."""

    def __init__(self, *, address: str, clock: Clock) -> None:
        self._clock = clock
        self._channel = grpc.aio.insecure_channel(address)
        self._stub: Any = sim_pb2_grpc.SimControlStub(self._channel)
        self._log = structlog.get_logger("people")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._channel.close()

    async def handle(self, place: Sequence[float], *, kind: str, within_m: float) -> Cleared:
        """Clear the nearest matter of a kind at [lon, lat], as the world file says; nothing there is no error."""
        request = sim_pb2.HandleThingRequest(lon_deg=place[0], lat_deg=place[1], kind=kind, radius_m=within_m)
        try:
            reply = await self._ask(self._stub.HandleThing, request)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.NOT_FOUND:
                raise
            self._log.info("there is nothing to clear", kind=kind)
            return Cleared(thing_ids=(), is_gone=False)
        return Cleared(thing_ids=tuple(reply.thing_ids), is_gone=reply.is_gone)

    async def photo(self, place: Sequence[float]) -> bytes:
        """Return a photograph (JPEG) of [lon, lat] as it looks now."""
        request = sim_pb2.RenderPhotoRequest(lon_deg=place[0], lat_deg=place[1])
        reply = await self._ask(self._stub.RenderPhoto, request)
        jpeg: bytes = reply.jpeg
        return jpeg

    async def _ask(self, method: Any, request: object) -> Any:
        is_away = False
        while True:
            try:
                return await method(request, timeout=_TIMEOUT_S)
            except grpc.aio.AioRpcError as error:
                if error.code() not in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
                    raise
                if not is_away:
                    self._log.warning("the simulator is away, trying again")
                is_away = True
                await self._clock.sleep(_PAUSE_S)
