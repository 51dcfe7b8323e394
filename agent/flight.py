"""One order from its acceptance to its end: loaded, begun, followed, and ended only by what the vehicle shows."""

from dataclasses import replace

from agent.commanded_order import NOT_BEGUN, CommandedOrder
from agent.executor_store import HeldOrder
from agent.flight_hold import itself, stop
from agent.flight_watch import hangs
from agent.guard import OrderGuard
from agent.order_book import OrderBook
from core.clock import Clock
from core.errors import Conflict, RoundsmanError
from fleet.errors import NotReady
from fleet.holding import OURS, Holder, holder_of
from fleet.orders import OrderState
from fleet.telemetry import FlightMode, VehicleState
from fleet.vehicle import Plan, Vehicle

HOME_BOUND_S = 600.0
"""The longest way home: after it an order whose vehicle neither lands nor speaks is given up."""
SETTLED_S = 3.0
"""How long a vehicle shows that it is on the ground before it is believed: another one that answers to its identity is
noticed by then, and no order ends by the word of a stranger."""
_POLL_S = 0.5


class Flight(CommandedOrder):
    """Carries out one order."""

    def __init__(
        self,
        *,
        held: HeldOrder,
        vehicle: Vehicle,
        book: OrderBook,
        guard: OrderGuard,
        clock: Clock,
        settled_s: float = SETTLED_S,
    ) -> None:
        super().__init__(held=held, vehicle=vehicle, book=book, guard=guard, clock=clock)
        self._is_superseded = False
        self._settled_s = settled_s
        self._down_since_s: float | None = None

    async def run(self, previous: "Flight | None" = None) -> None:
        """Bring the order to its end, or to the point where a newer order supersedes it."""
        self._guard.watch(self.held.order)
        try:
            await self._vehicle_heard()
            if self.held.progress.state in NOT_BEGUN:
                await self._begin(previous)
            else:
                await self._compare()
        except RoundsmanError as error:
            await self._failed_to_begin(error, previous)
        await self._follow()

    def supersede(self) -> None:
        """Let `run` return soon, with the order as it stands: a newer order takes the vehicle over."""
        self._is_superseded = True

    # ------------------------------------------------------------------------------------- begin

    async def _begin(self, previous: "Flight | None") -> None:
        order = self.held.order
        if self.held.progress.state is OrderState.LOADED and await self._is_on_board():
            self._hands.stopped = self._hands.person_in(self.held)
            await self._to(OrderState.RUNNING, because="found flying it")
            return
        await self._make_way(previous)
        if self.held.ending is not None:
            return
        state = self._vehicle.state()
        self._plan = Plan(order=order, from_air=state.is_airborne, start=state.position if state.is_airborne else None)
        self.held = replace(self.held, from_air=self._plan.from_air, start=self._plan.start)
        loaded = await self._vehicle.load(self._plan)
        if (progress := self.held.progress).state is OrderState.ACCEPTED:
            is_held = progress.held_by is not Holder.NOBODY
            because = progress.because if is_held else f"the vehicle holds {loaded.mission_items} mission items"
            await self._to(OrderState.LOADED, because=because, held_by=progress.held_by)
        while self._clock.now() < order.not_before_at and not self.is_ended:
            await self._clock.sleep(_POLL_S)
        if self.held.ending is not None:
            return
        if stopped := self._hands.stopped:
            raise Conflict(f"it was told to hold before it began: {stopped.because}", where=order.id)
        if not self.is_ended:
            await self._vehicle.start()
            await self._to(OrderState.RUNNING, because="the vehicle flies it")

    async def _make_way(self, previous: "Flight | None") -> None:
        if previous is not None:
            await self._take_over(previous)
        elif self._vehicle.state().is_airborne and self.held.order.supersedes is None:
            raise NotReady("the vehicle is in the air without an order of ours", where=self._vehicle.id)
        elif self._vehicle.state().is_airborne:
            await stop(self._vehicle, self._clock, self._hands, unless=lambda: self.held.ending is not None)
        self._hands.stopped = self._hands.person_in(self.held) or self._hands.stopped

    async def _take_over(self, previous: "Flight") -> None:
        """Stop in the air, unless it is on its way home by somebody's word, and close the books of the order before.

        What a person said of the vehicle is this order's from here on, and on the disk before those books are closed.
        """
        if self._vehicle.state().is_airborne:
            both = (previous, self)
            hands = [one.hands for one in both]
            await stop(self._vehicle, self._clock, *hands, unless=lambda: any(one.held.ending for one in both))
        if self.held.ending is None and previous.held.ending is not None:
            self._watch.expects_descent = True
            await self._will_end(OrderState.ABORTED, previous.held.ending_because)
        elif (of_person := previous.hands.person_in(previous.held)) is not None:
            await self._held_for(of_person.because, Holder.PERSON)
        await previous.close_for(self.held.order)

    async def _compare(self) -> None:
        """After our restart: is the vehicle in the air with this very order on board?"""
        if self._vehicle.state().is_airborne and self.held.ending is None and not await self._is_on_board():
            await self._vehicle.return_home()
            await self._ending(OrderState.ABORTED, "another mission than this order was found on the vehicle")

    async def _is_on_board(self) -> bool:
        if not self._vehicle.state().is_airborne:
            return False
        on_board = await self._vehicle.held_plan()
        return on_board.digest == await self._vehicle.digest(self._plan)

    async def _vehicle_heard(self) -> None:
        while not self._vehicle.state().link_up and self._clock.now() < self.held.order.not_after_at:
            await self._clock.sleep(_POLL_S)

    async def _failed_to_begin(self, error: RoundsmanError, previous: "Flight | None") -> None:
        """End an order that could not be begun; one that was stopped by a person on the way up is only held."""
        if self.is_ended or self.held.ending is not None:
            return
        is_airborne = self._vehicle.state().is_airborne
        if is_airborne and self.held.progress.state is OrderState.LOADED and isinstance(error, Conflict):
            await self._to(OrderState.RUNNING, because="the vehicle is in the air")
            return
        is_left_alone = self._hands.person_in(self.held) is not None
        await self._to(OrderState.FAILED, because=str(error))
        goes_on = previous is not None and not previous.is_ended
        if is_airborne and not is_left_alone and not goes_on:
            await self._home_at_any_rate()

    async def _home_at_any_rate(self) -> None:
        try:
            await self._vehicle.return_home()
        except RoundsmanError as error:
            await self._book.tell("return_failed", str(error), self.held)

    # ------------------------------------------------------------------------------------ follow

    async def _follow(self) -> None:
        async for state in self._vehicle.states():
            if self.is_ended or self._is_superseded:
                return
            for kind, text in self._watch.events(state):
                await self._book.tell(kind, text, self.held)
            try:
                await self._follow_one(state)
            except RoundsmanError as error:
                await self._book.tell("command_failed", str(error), self.held)

    async def _follow_one(self, state: VehicleState) -> None:
        if state.is_airborne or not state.link_up or state.is_ambiguous:
            self._down_since_s = None
        if not state.link_up or state.is_ambiguous:
            await self._unheard(state)
        elif not state.is_airborne:
            await self._landed(state)
        else:
            await self._in_air(state)

    async def _unheard(self, state: VehicleState) -> None:
        over_s = (self._clock.now() - self.held.order.not_after_at).total_seconds()
        if over_s > HOME_BOUND_S:
            await self._to(
                OrderState.TIMED_OUT, because=f"its time is over and the vehicle is not heard: {state.because}"
            )

    async def _in_air(self, state: VehicleState) -> None:
        progress = self.held.progress
        legs_done = self._legs_done()
        if self.held.ending is not None and progress.held_by in OURS:
            await self._go_home_again()
        elif self.held.ending is not None:
            if (self._clock.now() - progress.at).total_seconds() > HOME_BOUND_S:
                await self._to(self.held.ending, because=f"{self.held.ending_because}; it has not landed in time")
        elif self._clock.now() > self.held.order.not_after_at and state.mode is not FlightMode.MANUAL:
            self._watch.expects_descent = True
            await self._vehicle.return_home()
            await self._ending(OrderState.TIMED_OUT, "its time is over")
        elif progress.state is OrderState.RUNNING and hangs(state):
            because, by = self._why_held(state)
            await self._to(OrderState.HELD, because=because, legs_done=legs_done, held_by=by)
        elif progress.state is OrderState.HELD and state.mode is FlightMode.MISSION:
            asked = self._hands.asked
            because = asked.because if asked else "the vehicle goes on"
            await self._to(OrderState.RUNNING, because=because, legs_done=legs_done)
        elif (word := self._watch.take_word()) or legs_done > progress.legs_done:
            asked = self._hands.asked
            because = (asked.because if word and asked else word) or progress.because
            by = itself(state) if word and progress.state is OrderState.HELD else progress.held_by
            await self._held_for(because, by, legs_done)
        elif not self._watch.expects_descent and (because := self._hands.taken_over(self.held, state)):
            await self._held_for(because, itself(state))

    def _why_held(self, state: VehicleState) -> tuple[str, Holder]:
        """Return why a vehicle hangs in the air that was to fly on, and by whose act."""
        asked, self._hands.stopped = self._hands.asked or self._hands.stopped, None
        if asked is not None:
            return asked.because, holder_of(asked.speaker)
        if because := self._guard.because():
            return because, Holder.GUARD
        return state.because or "the vehicle holds by itself", itself(state)

    async def _landed(self, state: VehicleState) -> None:
        """On the ground and disarmed, and that for a while: only here is an order done."""
        now_s = self._clock.monotonic_s()
        if self._down_since_s is None:
            self._down_since_s = now_s
        if now_s - self._down_since_s < self._settled_s:
            return
        legs_done = self._legs_done()
        if self.held.ending is not None:
            await self._to(self.held.ending, because=self.held.ending_because, legs_done=legs_done)
        elif legs_done >= len(self.held.order.legs):
            await self._to(OrderState.DONE, because="landed and disarmed", legs_done=legs_done)
        else:
            because = self._guard.because() or self._watch.failsafe or state.because or "it landed by itself"
            await self._to(OrderState.ABORTED, because=because, legs_done=legs_done)
