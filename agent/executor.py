"""Carries out one vehicle's orders and commands; may be killed at any moment and goes on from what the vehicle does."""

import asyncio
from collections.abc import Callable, Sequence

from agent.executor_store import ExecutorStore
from agent.flight import Flight
from agent.flight_hold import OTHER_HANDS
from agent.followed_order import SETTLED_S
from agent.guard import OrderGuard
from agent.held_order import HeldOrder
from agent.kept_order import superseded_by
from agent.order_book import OrderBook, ReportSink
from agent.words import Words
from core.clock import Clock
from core.ids import OrderId
from fleet.holding import OURS, Holder
from fleet.orders import Command, Order, OrderProgress, OrderState
from fleet.vehicle import Vehicle

OrderWatcher = Callable[[Order | None], None]


class OrderExecutor:
    """One vehicle's orders, one after the other, and its commands at once.

    *watchers* are told the order that is being flown, and None when there is none (the camera's eyes).
    """

    def __init__(
        self,
        *,
        vehicle: Vehicle,
        store: ExecutorStore,
        reports: ReportSink,
        guard: OrderGuard,
        clock: Clock,
        watchers: Sequence[OrderWatcher] = (),
        settled_s: float = SETTLED_S,
    ) -> None:
        self._vehicle = vehicle
        self._book = OrderBook(vehicle_id=vehicle.id, store=store, reports=reports, clock=clock)
        self._guard = guard
        self._clock = clock
        self._watchers = watchers
        self._settled_s = settled_s
        self._flight: Flight | None = None
        self._next: HeldOrder | None = None
        self._news = asyncio.Event()
        self._offering = asyncio.Lock()
        self._has_taken_up = asyncio.Event()
        self._words = Words(
            vehicle=vehicle,
            book=self._book,
            clock=clock,
            flight=lambda: self._flight,
            withdraw=self._withdraw,
        )

    @property
    def current(self) -> HeldOrder | None:
        """Return the order that is being carried out, as it stands."""
        return None if self._flight is None else self._flight.held

    async def offer(self, order: Order) -> None:
        """Take an order in: stored and answered when this returns; a known one is answered with where it stands."""
        await self._has_taken_up.wait()
        async with self._offering:
            known = await self._book.store.find(order.id)
            if known is not None:
                await self._book.reports.put(known.progress)
                return
            offered = OrderProgress(order_id=order.id, state=OrderState.OFFERED, at=self._clock.now())
            held = HeldOrder(order=order, progress=offered)
            refusal = self._refusal(order)
            if refusal is not None:
                await self._book.keep(self._book.moved(held, OrderState.FAILED, because=refusal))
                return
            held = self._book.moved(held, OrderState.ACCEPTED, because=order.because)
            unflown: list[HeldOrder] = []
            await self._book.take(held, lambda one: unflown.extend(self._queue(one)))
            for waited in unflown:
                await self._close(waited, superseded_by(order))
            await self._book.let_go()

    async def command(self, command: Command) -> None:
        """Take a command in: stored and answered when this returns; `run` carries it out at once."""
        await self._words.take(command)

    async def bring_home(self, because: str) -> bool:
        """Send the vehicle home although nobody commanded it; an order under way is aborted when it has landed.

        Return False where a person holds it: it is left there.
        """
        flight = self._flight
        if flight is None or flight.is_ended:
            await self._vehicle.return_home()
        elif flight.hands.person_in(flight.held) is not None:
            return False
        else:
            await flight.end_at_home(because)
        return True

    async def run(self) -> None:
        """Take up what was left, then carry out orders and commands until cancelled."""
        await self._take_up()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._fly_orders(), name=f"orders of {self._vehicle.id}")
            group.create_task(self._book.make_up(), name=f"books: {self._vehicle.id}")
            group.create_task(self._words.run(), name=f"words: {self._vehicle.id}")

    # ------------------------------------------------------------------------------------- orders

    def _refusal(self, order: Order) -> str | None:
        current = self._next or self.current
        if order.vehicle_id != self._vehicle.id:
            return f"it is for {order.vehicle_id}, this is {self._vehicle.id}"
        if order.not_after_at <= self._clock.now():
            return "its time is over"
        if order.id in self._words.ended_before_they_came:
            return "it was cancelled before it came"
        if current is not None and not current.progress.is_ended:
            if order.supersedes != current.order.id:
                return f"order {current.order.id} is being carried out"
            if because := self._why_not_superseded(current):
                return because
        return self._guard.refuse(order)

    def _why_not_superseded(self, current: HeldOrder) -> str:
        """Return who has the vehicle, so that no order may take it over in the air; empty: one may."""
        state, progress = self._vehicle.state(), current.progress
        if progress.held_by is Holder.PERSON:
            return f"a person holds it: {progress.because}"
        if current.ending is not None:
            return f"it is on its way home: {current.ending_because}"
        if state.is_airborne and state.mode in OTHER_HANDS:
            return f"others have it in hand: it is in mode {state.mode}"
        is_ours = progress.holder in OURS or progress.holder is Holder.NOBODY
        return "" if is_ours else f"others have it in hand: {progress.because}"

    def _queue(self, held: HeldOrder) -> list[HeldOrder]:
        """Let *held* have the vehicle next; return what waited for it before, and never has it now."""
        unflown = [] if self._next is None else [self._next]
        self._next = held
        self._news.set()
        if self._flight is not None:
            self._flight.supersede()
        return unflown

    async def _withdraw(self, order_id: OrderId, because: str) -> bool:
        """End an order that waits for the vehicle, which goes on with what it does; say whether there was one."""
        async with self._offering:
            held = self._next
            if held is None or held.order.id != order_id or held.progress.state is not OrderState.ACCEPTED:
                return False
            self._next = None
            if self._flight is not None:
                self._flight.go_on()
        await self._close(held, because)
        return True

    async def _close(self, held: HeldOrder, because: str) -> None:
        """End an order that was never begun."""
        await self._book.keep(self._book.moved(held, OrderState.ABORTED, because=because))

    async def _take_up(self) -> None:
        """Find the orders that were under way when this process ended: the newest, and the one it superseded."""
        unended = await self._book.store.unended()
        await self._book.catch_up()
        await self._book.let_go()
        await self._words.take_up()
        unwanted = self._words.unwanted()
        while len(unended) > 1 and _waited(unended[-1]) and unended[-1].order.id in unwanted:
            # The word to end it was cut off in the middle: it never had the vehicle, which the one before has.
            newest = unended.pop()
            await self._close(newest, unwanted[newest.order.id])
        if unended:
            *before, newest = unended
            has_vehicle = _has_vehicle(before)
            for held in before:
                if held is not has_vehicle:
                    await self._close(held, superseded_by(newest.order))
            self._flight = None if has_vehicle is None else self._new_flight(has_vehicle)
            self._queue(newest)
        self._has_taken_up.set()

    async def _fly_orders(self) -> None:
        if self._next is None:
            await self._words.obey_left()
        while True:
            await self._news.wait()
            self._news.clear()
            while self._next is not None:
                held, self._next = self._next, None
                previous, self._flight = self._flight, self._new_flight(held)
                self._announce(held.order)
                goes_on = None if previous is None or previous.is_ended else previous
                await self._flight.run(goes_on, first=self._words.obey_left)
                if goes_on is not None and not goes_on.is_ended and self._flight.is_ended:
                    self._back_to(goes_on)
            self._flight = None
            self._announce(None)

    def _back_to(self, before: Flight) -> None:
        """Go on with the order before: the newer one could not take the vehicle over, which still flies it."""
        if self._next is None:
            self._next, self._flight = before.held, None
        else:
            self._flight = before

    def _new_flight(self, held: HeldOrder) -> Flight:
        return Flight(
            held=held,
            vehicle=self._vehicle,
            book=self._book,
            guard=self._guard,
            clock=self._clock,
            settled_s=self._settled_s,
        )

    def _announce(self, order: Order | None) -> None:
        for watcher in self._watchers:
            watcher(order)


def _has_vehicle(before: Sequence[HeldOrder]) -> HeldOrder | None:
    """Return which of the orders before the newest has the vehicle: the others waited for it, and never had it."""
    for held in reversed(before):
        if not _waited(held):
            return held
    return before[0] if before else None


def _waited(held: HeldOrder) -> bool:
    return held.progress.state is OrderState.ACCEPTED and held.progress.held_by is Holder.NOBODY
