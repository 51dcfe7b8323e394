"""The agent's books of orders and commands: written first, then reported; what fails is made up for."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from agent.executor_store import ExecutorStore
from agent.held_order import HeldOrder
from core.clock import Clock
from core.errors import Fault
from core.ids import VehicleId
from fleet.holding import Holder
from fleet.orders import Command, CommandOutcome, CommandState, OrderProgress, OrderState, VehicleEvent

ORDERS_TOLD = 100
"""So many of the newest orders a hello tells of, and so many are kept however old they are."""
_KEPT_FOR = timedelta(days=30)
_AGAIN_S = 1.0
_MOMENT = timedelta(microseconds=1)
Step = OrderProgress | CommandOutcome
Report = Step | VehicleEvent


class ReportSink(Protocol):
    """Takes what the controller must learn and does not lose it (the outbox)."""

    async def put(self, body: Report) -> None:
        """Return when the report is kept."""


class OrderBook:
    """Keeps what happens to orders and commands of one vehicle, and hands each step over for sending.

    An order is taken in, and a command, only once it is on the disk. What happens to it from then on happens whether or
    not it can be written: `make_up` writes and hands over what could not be, as soon as it can be.
    """

    def __init__(self, *, vehicle_id: VehicleId, store: ExecutorStore, reports: ReportSink, clock: Clock) -> None:
        self._vehicle_id = vehicle_id
        self.store = store
        self.reports = reports
        self._clock = clock
        self._unwritten: dict[str, Callable[[], Awaitable[None]]] = {}
        self._is_behind = False
        self._is_failing = False
        self._log = structlog.get_logger("agent").bind(vehicle_id=vehicle_id)

    def moved(
        self,
        held: HeldOrder,
        to: OrderState,
        *,
        because: str,
        legs_done: int | None = None,
        held_by: Holder = Holder.NOBODY,
    ) -> HeldOrder:
        """Return *held* after moving to *to*; raises Conflict when the table does not allow it."""
        now = self.now_after(held)
        progress = held.progress.move(to, because=because, at=now, legs_done=legs_done, held_by=held_by)
        return replace(held, progress=progress)

    def now_after(self, held: HeldOrder) -> datetime:
        """Return the time of the next step: a clock that was set back makes no step older than the one before."""
        return max(self._clock.now(), held.progress.at + _MOMENT)

    async def take(self, held: HeldOrder, then: Callable[[HeldOrder], None]) -> None:
        """Write an order that came, let *then* begin it, and report it; raises Fault when it cannot be written."""
        await self.store.save(held)
        then(held)
        await self._report(held.progress)

    async def keep(self, held: HeldOrder) -> None:
        """Write the order as it stands, then report it."""
        await self._write(held.order.id, lambda: self.store.save(held), held.progress)

    async def take_command(self, command: Command, then: Callable[[Command], None]) -> None:
        """Write a command that came, let *then* begin it, and report it; raises Fault when it cannot be written."""
        outcome = self._outcome(command, CommandState.ACCEPTED, command.because)
        await self.store.take(command, outcome)
        then(command)
        await self._report(outcome)

    async def answer(self, command: Command, state: CommandState, because: str) -> None:
        """Write the fate of a command, then report it."""
        await self._answer(self._outcome(command, state, because))

    async def lost(self, outcome: CommandOutcome, because: str) -> None:
        """Answer a command of which this process does not know what it was."""
        await self._answer(replace(outcome, state=CommandState.FAILED, because=because, at=self._clock.now()))

    def _outcome(self, command: Command, state: CommandState, because: str) -> CommandOutcome:
        return CommandOutcome(command_id=command.id, state=state, because=because, at=self._clock.now())

    async def _answer(self, outcome: CommandOutcome) -> None:
        await self._write(outcome.command_id, lambda: self.store.save_outcome(outcome), outcome)

    async def tell(self, kind: str, text: str, held: HeldOrder | None = None) -> None:
        """Report something that a person should be able to look up."""
        order_id = None if held is None else held.order.id
        event = VehicleEvent(vehicle_id=self._vehicle_id, kind=kind, text=text, at=self._clock.now(), order_id=order_id)
        try:
            await self.reports.put(event)
        except Fault as error:
            self._log.error("not told, there is no outbox", kind=kind, text=text, because=str(error))

    async def let_go(self) -> None:
        """Forget what has been over for long; the controller keeps its own books."""
        try:
            await self.store.let_go(before=self._clock.now() - _KEPT_FOR, newest=ORDERS_TOLD)
        except Fault as error:
            self._log.error("old orders are kept on", because=str(error))

    async def make_up(self) -> None:
        """Write and hand over what could not be, again and again until cancelled."""
        while True:
            await self._clock.sleep(_AGAIN_S)
            for key in list(self._unwritten):
                # What was written anew meanwhile is not written over by what it was before.
                if (write := self._unwritten.get(key)) is not None:
                    await write()
            if self._is_behind:
                await self._try_to_catch_up()

    async def _try_to_catch_up(self) -> None:
        try:
            await self.catch_up()
        except Fault as error:
            self._is_behind = True
            self._fails("not handed over, it is tried again", error)

    async def catch_up(self) -> None:
        """Hand over what was written but not yet handed over."""
        self._is_behind = False
        for report in await self.store.unreported():
            await self._report(report)

    async def _write(
        self, key: str, save: Callable[[], Awaitable[None]], report: OrderProgress | CommandOutcome
    ) -> None:
        self._unwritten.pop(key, None)
        try:
            await save()
        except Fault as error:
            self._unwritten[key] = partial(self._write, key, save, report)
            self._fails("not written, it is tried again", error)
            return
        self._unwritten.pop(key, None)
        await self._report(report)

    async def _report(self, report: Step) -> None:
        try:
            await self.reports.put(report)
            await self.store.mark_reported(report)
        except Fault as error:
            self._is_behind = True
            self._fails("not handed over, it is tried again", error)
        else:
            self._is_failing = False

    def _fails(self, what: str, error: Fault) -> None:
        if not self._is_failing:
            self._log.error(what, because=str(error))
        self._is_failing = True
