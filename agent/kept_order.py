"""An order with its books: every change is written first, then reported."""

from dataclasses import replace

from agent.held_order import HeldOrder
from agent.order_book import OrderBook
from core.clock import Clock
from fleet.holding import Holder
from fleet.orders import Order, OrderState


class KeptOrder:
    """The order as it stands in `held`; `Flight` moves it on."""

    def __init__(self, *, held: HeldOrder, book: OrderBook, clock: Clock) -> None:
        self.held = held
        self._book = book
        self._clock = clock

    @property
    def is_ended(self) -> bool:
        """Say whether nothing more will happen to the order."""
        return self.held.progress.is_ended

    async def _to(
        self, state: OrderState, *, because: str, legs_done: int | None = None, held_by: Holder = Holder.NOBODY
    ) -> None:
        await self._keep(self._book.moved(self.held, state, because=because, legs_done=legs_done, held_by=held_by))

    async def _held_for(self, because: str, by: Holder, legs_done: int | None = None) -> None:
        """Keep why the vehicle is held now, and by whom."""
        done = self.held.progress.legs_done if legs_done is None else legs_done
        at = self._book.now_after(self.held)
        progress = replace(self.held.progress, because=because, legs_done=done, at=at, held_by=by)
        await self._keep(replace(self.held, progress=progress))

    async def _will_end(self, end: OrderState, because: str) -> None:
        """Remember, over a restart too, what the order becomes when the vehicle has landed; no hold outlives that."""
        at = self._book.now_after(self.held)
        progress = replace(self.held.progress, because=because, at=at, held_by=Holder.NOBODY)
        await self._keep(replace(self.held, ending=end, ending_because=because, progress=progress))

    async def _keep(self, held: HeldOrder) -> None:
        self.held = held
        await self._book.keep(held)


def superseded_by(order: Order) -> str:
    """Return why an order ends for which *order* has the vehicle now."""
    return f"superseded by order {order.id} ({order.because or order.purpose})"
