"""An order that its vehicle flies: followed, and ended only by what the vehicle shows."""

from dataclasses import replace

from agent.commanded_order import CommandedOrder
from agent.flight_hold import itself
from agent.flight_watch import Spans, hangs
from agent.guard import OrderGuard
from agent.held_order import HeldOrder
from agent.order_book import OrderBook
from core.clock import Clock
from core.errors import RoundsmanError
from fleet.holding import OURS, Holder, holder_of
from fleet.orders import OrderState
from fleet.telemetry import FlightMode, LandedState, VehicleState
from fleet.vehicle import Vehicle

HOME_BOUND_S = 600.0
"""The longest way home: after it an order whose vehicle neither lands nor speaks is given up."""
SETTLED_S = 3.0
"""How long a vehicle shows that it is on the ground before it is believed: another one that answers to its identity is
noticed by then, and no order ends by the word of a stranger."""
_COMES_TO_REST_S = 5.0
"""A vehicle at the end of its mission may show hold for so long before it has disarmed."""
_SURE_S = 1.0
"""So long something is shown before it is believed that nobody's word, still under way, makes it so."""


class FollowedOrder(CommandedOrder):
    """Follows the vehicle of one order until the order has ended or a newer one takes the vehicle over."""

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
        self._spans = Spans()
        self._told_failure = ""

    def supersede(self) -> None:
        """Let `run` return soon, with the order as it stands: a newer order takes the vehicle over."""
        self._is_superseded = True

    def go_on(self) -> None:
        """Take back `supersede`: the newer order was ended before it took the vehicle over."""
        self._is_superseded = False

    async def _follow(self) -> None:
        async for state in self._vehicle.states():
            if self.is_ended or self._is_superseded:
                return
            for kind, text in self._watch.events(state):
                await self._book.tell(kind, text, self.held)
            try:
                await self._follow_one(state)
            except RoundsmanError as error:
                if str(error) != self._told_failure:
                    self._told_failure = str(error)
                    await self._book.tell("command_failed", str(error), self.held)
            else:
                self._told_failure = ""

    async def _follow_one(self, state: VehicleState) -> None:
        is_known = state.link_up and not state.is_ambiguous
        down_s = self._spans.lasts_s("down", is_known and not state.is_airborne, self._clock.monotonic_s())
        if not is_known:
            await self._unheard(state)
        elif state.is_airborne:
            await self._in_air(state)
        elif down_s >= self._settled_s:
            await self._landed(state)

    async def _unheard(self, state: VehicleState) -> None:
        over_s = (self._clock.now() - self.held.order.not_after_at).total_seconds()
        if over_s > HOME_BOUND_S:
            await self._to(
                OrderState.TIMED_OUT, because=f"its time is over and the vehicle is not heard: {state.because}"
            )

    async def _in_air(self, state: VehicleState) -> None:
        if self.held.ending is not None:
            await self._on_its_way_home(state)
            return
        self._spans.over("returns")
        progress = self.held.progress
        legs_done = self._legs_done()
        is_let_go = state.mode is not FlightMode.MANUAL and progress.held_by is not Holder.PERSON
        if is_let_go and self._clock.now() > self.held.order.not_after_at:
            self._watch.expects_descent = True
            await self._vehicle.return_home()
            await self._ending(OrderState.TIMED_OUT, "its time is over")
        elif (unwanted := self._cancel_that_counts_now()) is not None:
            await self.cancel(unwanted.because, unwanted.speaker, is_kept=True)
        elif progress.state is OrderState.RUNNING and self._is_held(state, legs_done):
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

    async def _on_its_way_home(self, state: VehicleState) -> None:
        """See that a vehicle comes down whose order was ended; a person's hold there is the person's to end."""
        by, now_s, is_asked = self.held.progress.held_by, self._clock.monotonic_s(), self._hands.asked is not None
        is_left = by is Holder.PERSON and not is_asked and state.mode is not FlightMode.HOLD
        left_s = self._spans.lasts_s("unheld", is_left, now_s)
        flies_on = not is_asked and state.landed is LandedState.IN_AIR and state.mode is FlightMode.MISSION
        flies_on_s = self._spans.lasts_s("flies", flies_on, now_s)
        home_s = self._spans.lasts_s("returns", by is not Holder.PERSON, now_s)
        if by in OURS:
            await self._go_home_again()
        elif left_s > _SURE_S:
            await self._left_hold(state)
        elif flies_on_s > _SURE_S and by is not Holder.PERSON:
            # Who ended the order was not heard in the middle of the take-off, or this process was not there.
            await self._vehicle.return_home()
        elif home_s > HOME_BOUND_S:
            await self._to(
                self.held.ending or OrderState.ABORTED, because=f"{self.held.ending_because}; it has not landed in time"
            )

    async def _left_hold(self, state: VehicleState) -> None:
        """Say that the vehicle itself, or its pilot, has ended a person's hold on the way home, and why."""
        why = self._watch.take_word() or f"it is in mode {state.mode}"
        self.held = replace(self.held, ending_because=f"{self.held.ending_because}; {why}")
        await self._held_for(self.held.ending_because, itself(state))

    def _is_held(self, state: VehicleState, legs_done: int) -> bool:
        """Say whether it hangs in the air and does not only come to rest at its end, as some do before they disarm."""
        hangs_s = self._spans.lasts_s("hangs", hangs(state), self._clock.monotonic_s())
        at_its_end = state.landed is LandedState.LANDING or legs_done >= len(self.held.order.legs)
        is_explained = bool(self._hands.asked or self._hands.stopped or self._guard.because())
        return hangs(state) and (hangs_s > _COMES_TO_REST_S or is_explained or not at_its_end)

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
        legs_done = self._legs_done()
        if self.held.ending is not None:
            await self._to(self.held.ending, because=self.held.ending_because, legs_done=legs_done)
        elif legs_done >= len(self.held.order.legs):
            await self._to(OrderState.DONE, because="landed and disarmed", legs_done=legs_done)
        else:
            because = self._guard.because() or self._watch.failsafe or state.because or "it landed by itself"
            await self._to(OrderState.ABORTED, because=because, legs_done=legs_done)
