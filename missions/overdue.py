"""Ends orders that nobody took, or that no word came of long after their time."""

from datetime import timedelta

from core.clock import Clock
from core.database import Database
from fleet.commands import make_command
from fleet.holding import Speaker
from fleet.orders import CommandKind, OrderState
from fleet.store import FleetStore, OrderRecord

_CANCEL_LIVES = timedelta(hours=1)


class OverdueOrders:
    """Looks whether an order is overdue, ends it, and tells its vehicle so."""

    def __init__(
        self, *, database: Database, fleet: FleetStore, clock: Clock, offer_within_s: float, overdue_s: float
    ) -> None:
        self._database = database
        self._fleet = fleet
        self._clock = clock
        self._offer_within = timedelta(seconds=offer_within_s)
        self._overdue = timedelta(seconds=overdue_s)

    async def end(self, record: OrderRecord) -> None:
        """End *record* when it is overdue and still stands as it was read."""
        now = self._clock.now()
        not_taken = record.progress.state is OrderState.OFFERED and now > record.order.made_at + self._offer_within
        if not (not_taken or now > record.order.not_after_at + self._overdue):
            return
        because = "no agent took the order in time" if not_taken else "no word of its end came in time"
        async with self._database.transaction() as unit:
            fresh = await self._fleet.order(unit, record.order.id)
            if fresh.progress != record.progress:
                return
            await self._fleet.set_progress(unit, fresh.progress.move(OrderState.TIMED_OUT, because=because, at=now))
            command = make_command(
                record.order.vehicle_id,
                CommandKind.CANCEL,
                because=because,
                now=now,
                speaker=Speaker.DISPATCHER,
                order_id=record.order.id,
                life=_CANCEL_LIVES,
            )
            await self._fleet.add_command(unit, command)
