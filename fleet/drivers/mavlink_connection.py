"""MAVLink connections: the vehicles heard on a port, and the guard against a second listener there."""

import re
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from mavsdk.component_type import ComponentType
from mavsdk.exceptions import MavsdkError
from mavsdk.mavsdk import Configuration, Mavsdk
from mavsdk.system import System

from core.clock import Clock
from core.errors import Conflict, InvalidInput, Unavailable
from core.tasks import run_blocking
from fleet.drivers.mavlink_link import MavlinkLink

T = TypeVar("T")
_POLL_S, _QUIET_POLL_S = 0.3, 2.0
"""How often we look for new vehicles: often at first, and after one has appeared."""


class MavlinkPort:
    """One MAVLink connection with the vehicles heard on it; a context manager.

    Raises Conflict when another process listens on the same port, InvalidInput for an address that is none.
    """

    def __init__(self, *, url: str, clock: Clock) -> None:
        self.url = url
        self._clock = clock
        self._links: dict[int, MavlinkLink] = {}
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="mavlink-port")
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        _refuse_second_listener(self.url)
        configuration = Configuration.create_with_component_type(ComponentType.GROUND_STATION)
        self._mavsdk = Mavsdk(configuration)
        self._stack.callback(self._threads.shutdown, wait=False)
        self._stack.push_async_callback(self._close)
        try:
            await self._call(lambda: self._mavsdk.add_any_connection_with_handle(self.url))
        except MavsdkError as error:
            await self._stack.aclose()
            raise InvalidInput(
                f"no MAVLink connection can be made ({error})",
                where=self.url,
                remedy="udpin://HOST:PORT, udpout://HOST:PORT, tcpout://HOST:PORT or serial://DEVICE:BAUD",
            ) from error
        if remark := self.listeners_remark():
            await self._stack.aclose()
            raise Conflict(remark, where=self.url)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def discovered(self) -> AsyncIterator[int]:
        """Yield the system id of every autopilot heard on the port, each once, as they appear."""
        seen: set[int] = set()
        pause_s = _POLL_S
        while True:
            new = sorted(await self._system_ids() - seen)
            for system_id in new:
                seen.add(system_id)
                yield system_id
            pause_s = _POLL_S if new else min(_QUIET_POLL_S, 1.2 * pause_s)
            await self._clock.sleep(pause_s)

    async def link(self, system_id: int, *, timeout_s: float = 10.0) -> MavlinkLink:
        """Return the link to one autopilot, waiting for it; raises Unavailable when it is not heard in time."""
        deadline_s = self._clock.monotonic_s() + timeout_s
        while system_id not in self._links:
            system = await self._find(system_id)
            if system is not None:
                self._links[system_id] = MavlinkLink(system=system, system_id=system_id, clock=self._clock)
            elif self._clock.monotonic_s() > deadline_s:
                heard = ", ".join(map(str, sorted(await self._system_ids()))) or "none"
                raise Unavailable(
                    f"no autopilot with system id {system_id} was heard within {timeout_s:.0f} s (heard: {heard})",
                    where=self.url,
                    remedy=self.listeners_remark() or "is the vehicle switched on and sending to this port?",
                )
            else:
                await self._clock.sleep(_POLL_S)
        return self._links[system_id]

    def listeners_remark(self) -> str:
        """Return a sentence when other sockets share our UDP port (they steal packets), else nothing."""
        port = udp_port_of(self.url)
        count = listeners_on(port) if port is not None else 0
        return f"{count} sockets listen on UDP port {port}: stop the other program" if count > 1 else ""

    async def _system_ids(self) -> set[int]:
        systems: Sequence[System] = await self._call(self._mavsdk.get_systems)
        return {system.get_system_id() for system in systems if system.has_autopilot()}

    async def _find(self, system_id: int) -> System | None:
        systems: Sequence[System] = await self._call(self._mavsdk.get_systems)
        found = (s for s in systems if s.get_system_id() == system_id and s.has_autopilot())
        return next(found, None)

    async def _call(self, work: Callable[[], T]) -> T:
        return await run_blocking(work, executor=self._threads)

    async def _close(self) -> None:
        for link in self._links.values():
            await link.close()
        await self._call(self._mavsdk.destroy)


def udp_port_of(url: str) -> int | None:
    """Return the local UDP port that *url* listens on, or None when it does not listen."""
    match = re.fullmatch(r"udp(?:in)?://([^:/]*):(\d+)", url)
    return int(match[2]) if match else None


def listeners_on(port: int) -> int:
    """Return how many UDP sockets of this machine are bound to *port* (Linux; 0 where the table is missing)."""
    tables = (Path("/proc/net/udp"), Path("/proc/net/udp6"))
    rows = (row.split() for table in tables if table.exists() for row in table.read_text().splitlines()[1:])
    return sum(int(row[1].rpartition(":")[2], 16) == port for row in rows)


def _refuse_second_listener(url: str) -> None:
    port = udp_port_of(url)
    if port is None:
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("0.0.0.0", port))
        except OSError as error:
            raise Conflict(
                f"UDP port {port} has a listener already ({error.strerror}); two would each hear half",
                where=url,
                remedy="stop the other program (a second agent, QGroundControl) or use another port",
            ) from error
