"""Real autopilots, a driver on one port, and an agent's executor that a test can kill and start again."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from agent.executor import OrderExecutor
from agent.executor_store import SqliteExecutorStore
from agent.guard import Guard
from core.clock import SystemClock
from core.ids import CommandId, VehicleId, new_id
from core.tasks import TaskSupervisor
from fleet.drivers.mavlink import MavlinkVehicle, connect
from fleet.drivers.mavlink_connection import MavlinkPort
from fleet.holding import Speaker
from fleet.orders import Command, CommandKind
from fleet.telemetry import VehicleMessage, VehicleState
from geofence.live_guard import GuardSettings
from geofence.margins import Stopping
from tests.agent.reports import Reports
from tests.px4.px4_range import Px4, Px4Range, Relay, free_port, running_range

CLOCK = SystemClock()
_POLL_S = 0.05
_MEASURED = GuardSettings(stopping=Stopping(reaction_s=0.5, deceleration_m_s2=1.5))
"""Stock PX4 v1.16 in SIH: 2.4 m from 2.3 m/s, 7.6 m from 4.3 m/s, 15 m from 6.3 m/s."""


async def eventually(claim: Callable[[], bool], *, within_s: float, what: str) -> None:
    """Wait until *claim* holds; fail with *what* when it does not in time."""
    deadline_s = CLOCK.monotonic_s() + within_s
    while not claim():
        assert CLOCK.monotonic_s() < deadline_s, what
        await CLOCK.sleep(_POLL_S)


@dataclass(slots=True, kw_only=True)
class Cockpit:
    """A driver and an executor for one vehicle; what an agent process would hold."""

    vehicle: MavlinkVehicle
    guard: Guard
    executor: OrderExecutor
    supervisor: TaskSupervisor
    reports: Reports
    texts: list[str] = field(default_factory=list)

    async def listen(self) -> None:
        """Collect what the vehicle says."""
        async for message in self.vehicle.messages():
            self.texts.append(_text(message))

    def state(self) -> VehicleState:
        """Return the vehicle's state."""
        return self.vehicle.state()

    async def command(
        self, kind: CommandKind, because: str = "a test asks", speaker: Speaker = Speaker.PERSON
    ) -> CommandId:
        """Give a command and return its id."""
        now = CLOCK.now()
        command = Command(
            id=CommandId(new_id()),
            vehicle_id=self.vehicle.id,
            kind=kind,
            because=because,
            made_at=now,
            expires_at=now + timedelta(minutes=1),
            speaker=speaker,
        )
        await self.executor.command(command)
        return command.id


class Agents:
    """Makes cockpits, and forgets them as a killed process would."""

    def __init__(self, *, folder: Path, port: int, reports: Reports) -> None:
        self.port = port
        self.reports = reports
        self._folder = folder
        self._stack = AsyncExitStack()
        self._mavlink: MavlinkPort | None = None

    async def cockpit(self, *, system_id: int = 1, timeout_s: float = 30.0) -> Cockpit:
        """Connect to a vehicle and start its executor."""
        if self._mavlink is None:
            url = f"udpin://127.0.0.1:{self.port}"
            self._mavlink = await self._stack.enter_async_context(MavlinkPort(url=url, clock=CLOCK))
        name = VehicleId(f"drone-{system_id}")
        vehicle = await connect(
            port=self._mavlink, system_id=system_id, vehicle_id=name, clock=CLOCK, timeout_s=timeout_s
        )
        store = await self._stack.enter_async_context(SqliteExecutorStore(file=self._folder / f"{name}.sqlite"))
        supervisor = await self._stack.enter_async_context(TaskSupervisor(clock=CLOCK))
        guard = Guard(vehicle=vehicle, reports=self.reports, clock=CLOCK, settings=_MEASURED)
        executor = OrderExecutor(vehicle=vehicle, store=store, reports=self.reports, guard=guard, clock=CLOCK)
        cockpit = Cockpit(vehicle=vehicle, guard=guard, executor=executor, supervisor=supervisor, reports=self.reports)
        services = {"driver": vehicle.run, "texts": cockpit.listen, "guard": guard.run, "executor": executor.run}
        for service, run in services.items():
            supervisor.run(service, run)
        return cockpit

    async def kill(self) -> None:
        """End everything without a word to the vehicle."""
        await self._stack.aclose()
        self._mavlink = None


@pytest.fixture
def reports() -> Reports:
    """What the agents report."""
    return Reports()


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    """A relay in front of the driver's port; cut it to cut the link."""
    relay = Relay(driver_port=free_port())
    yield relay
    relay.close()


@pytest.fixture
async def px4s(tmp_path: Path, relay: Relay) -> AsyncIterator[Px4Range]:
    """Autopilots that reach the driver through the relay."""
    with running_range(tmp_path, relay.port) as px4s:
        yield px4s


@pytest.fixture
async def agents(tmp_path: Path, relay: Relay, reports: Reports) -> AsyncIterator[Agents]:
    """Agents on the driver's port."""
    agents = Agents(folder=tmp_path, port=relay.driver_port, reports=reports)
    yield agents
    await agents.kill()


async def ready(px4: Px4, cockpit: Cockpit) -> None:
    """Wait until the vehicle would take off."""
    await eventually(lambda: "Ready for takeoff" in px4.log(), within_s=40.0, what="PX4 was never ready")
    await eventually(lambda: cockpit.state().home is not None, within_s=20.0, what="no home")


def _text(message: VehicleMessage) -> str:
    return message.text
