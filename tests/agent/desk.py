"""An agent around a vehicle on paper, which can be killed and started again."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from agent.executor import OrderExecutor
from agent.executor_store import SqliteExecutorStore
from agent.guard import Guard
from core.clock import SystemClock
from core.ids import CommandId, new_id
from core.tasks import TaskSupervisor
from fleet.holding import Speaker
from fleet.orders import Command, CommandKind, CommandState, Order, OrderState
from tests.agent.paper_vehicle import PaperVehicle
from tests.agent.reports import Reports

CLOCK = SystemClock()
CHILD = "wang: a child is below it"
"""Why a person holds a vehicle."""


class Desk:
    """An agent around a paper vehicle, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.vehicle = PaperVehicle(clock=CLOCK)
        self.reports = Reports()
        self.shown: list[Order | None] = []
        self._folder = folder
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Start the executor."""
        self.store = store = await self._stack.enter_async_context(SqliteExecutorStore(file=self._folder / "orders.db"))
        tasks = await self._stack.enter_async_context(TaskSupervisor(clock=CLOCK))
        self.guard = guard = Guard(vehicle=self.vehicle, reports=self.reports, clock=CLOCK)
        self.executor = OrderExecutor(
            vehicle=self.vehicle,
            store=store,
            reports=self.reports,
            guard=guard,
            clock=CLOCK,
            watchers=(self.shown.append,),
            settled_s=0.1,
        )
        tasks.run("executor", self.executor.run)
        self.tasks = tasks

    async def kill(self) -> None:
        """End it where it is."""
        await self._stack.aclose()

    async def eventually(self, claim: Callable[[], bool]) -> None:
        """Wait until *claim* holds."""
        deadline_s = CLOCK.monotonic_s() + 10.0
        while not claim():
            assert CLOCK.monotonic_s() < deadline_s, (self.reports.bodies[-3:], self.vehicle.calls)
            await CLOCK.sleep(0.01)

    async def reach(self, state: OrderState) -> None:
        """Wait until the newest progress is *state*."""
        await self.eventually(lambda: self.reports.has_progress() and self.reports.last().state is state)

    def word(
        self,
        kind: CommandKind,
        *,
        order: Order | None = None,
        lasts_s: float = 60.0,
        speaker: Speaker = Speaker.PERSON,
        because: str = "the supervisor asks",
    ) -> Command:
        """Return a command to the vehicle."""
        now = CLOCK.now()
        return Command(
            id=CommandId(new_id()),
            vehicle_id=self.vehicle.id,
            kind=kind,
            because=because,
            made_at=now,
            expires_at=now + timedelta(seconds=lasts_s),
            order_id=None if order is None else order.id,
            speaker=speaker,
        )

    async def say(
        self,
        kind: CommandKind,
        *,
        order: Order | None = None,
        lasts_s: float = 60.0,
        speaker: Speaker = Speaker.PERSON,
        because: str = "the supervisor asks",
    ) -> CommandState:
        """Give a command and return its fate."""
        command = self.word(kind, order=order, lasts_s=lasts_s, speaker=speaker, because=because)
        await self.executor.command(command)
        return await self.answered(command)

    async def answered(self, command: Command) -> CommandState:
        """Wait for the fate of a command that was given."""
        await self.eventually(lambda: self.reports.outcome(command.id) not in {None, CommandState.ACCEPTED})
        fate = self.reports.outcome(command.id)
        assert fate is not None
        return fate

    async def looks(self, times: int = 5) -> None:
        """Wait until the vehicle was looked at so often."""
        seen = self.vehicle.samples
        await self.eventually(lambda: self.vehicle.samples > seen + times)
