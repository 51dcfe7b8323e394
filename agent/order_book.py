"""The agent's books of orders and commands: written first, then reported."""

from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from agent.executor_store import ExecutorStore, HeldOrder
from core.clock import Clock
from core.ids import VehicleId
from fleet.holding import Holder
from fleet.orders import Command, CommandOutcome, CommandState, OrderProgress, OrderState, VehicleEvent

ORDERS_TOLD = 100
"""So many of the newest orders a hello tells of, and so many are kept however old they are."""
_KEPT_FOR = timedelta(days=30)
Report = OrderProgress | CommandOutcome | VehicleEvent


class ReportSink(Protocol):
    """Takes what the controller must learn and does not lose it (the outbox)."""

    async def put(self, body: Report) -> None:
        """Return when the report is kept."""


class OrderBook:
    """Keeps what happens to orders and commands of one vehicle, and hands each step over for sending."""

    def __init__(self, *, vehicle_id: VehicleId, store: ExecutorStore, reports: ReportSink, clock: Clock) -> None:
        self._vehicle_id = vehicle_id
        self.store = store
        self.reports = reports
        self._clock = clock

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
        now = self._clock.now()
        progress = held.progress.move(to, because=because, at=now, legs_done=legs_done, held_by=held_by)
        return replace(held, progress=progress)

    async def keep(self, held: HeldOrder) -> None:
        """Write the order as it stands, then report it."""
        await self.store.save(held)
        await self._report(held.progress)

    async def answer(self, command: Command, state: CommandState, because: str) -> None:
        """Write the fate of a command, then report it."""
        outcome = CommandOutcome(command_id=command.id, state=state, because=because, at=self._clock.now())
        await self.store.save_outcome(outcome)
        await self._report(outcome)

    async def lost(self, outcome: CommandOutcome) -> None:
        """Answer a command that was accepted and not finished when this process ended: nobody knows its fate."""
        because = "the agent was restarted before the vehicle had shown the effect; look and ask again"
        failed = replace(outcome, state=CommandState.FAILED, because=because, at=self._clock.now())
        await self.store.save_outcome(failed)
        await self._report(failed)

    async def tell(self, kind: str, text: str, held: HeldOrder | None = None) -> None:
        """Report something that a person should be able to look up."""
        order_id = None if held is None else held.order.id
        now = self._clock.now()
        await self.reports.put(
            VehicleEvent(vehicle_id=self._vehicle_id, kind=kind, text=text, at=now, order_id=order_id)
        )

    async def let_go(self) -> None:
        """Forget what has been over for long; the controller keeps its own books."""
        await self.store.let_go(before=self._clock.now() - _KEPT_FOR, newest=ORDERS_TOLD)

    async def catch_up(self) -> None:
        """Hand over what was written but not yet handed over when this process ended."""
        for report in await self.store.unreported():
            await self._report(report)

    async def _report(self, report: OrderProgress | CommandOutcome) -> None:
        await self.reports.put(report)
        await self.store.mark_reported(report)
