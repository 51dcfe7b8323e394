"""One order from its acceptance to its end: loaded, begun, followed, and ended only by what the vehicle shows."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from agent.executor_store import HeldOrder
from agent.flight_hold import Ask, Hands, stop
from agent.flight_watch import WAYS_DOWN, FlightWatch, hangs
from agent.guard import OrderGuard
from agent.kept_order import KeptOrder
from agent.order_book import OrderBook
from core.clock import Clock
from core.errors import Conflict, RoundsmanError, Unsafe
from fleet.errors import NotReady
from fleet.holding import Holder, Speaker, Word, holder_of
from fleet.orders import Order, OrderState
from fleet.telemetry import FlightMode, VehicleState
from fleet.vehicle import Plan, Vehicle

HOME_BOUND_S = 600.0
"""The longest way home: after it an order whose vehicle neither lands nor speaks is given up."""
SETTLED_S = 3.0
"""How long a vehicle shows that it is on the ground before it is believed: another one that answers to its identity is
noticed by then, and no order ends by the word of a stranger."""
_POLL_S = 0.5
_NOT_BEGUN = frozenset({OrderState.ACCEPTED, OrderState.LOADED})


class Flight(KeptOrder):
    """Carries out one order; its commands may be called at any moment while `run` runs."""

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
        super().__init__(held=held, book=book, clock=clock)
        self._vehicle = vehicle
        self._guard = guard
        self._plan = Plan(order=held.order, from_air=held.from_air, start=held.start)
        self._watch = FlightWatch(held.order)
        self._is_superseded = False
        self._settled_s = settled_s
        self._down_since_s: float | None = None
        self._hands = Hands()

    async def run(self, previous: "Flight | None" = None) -> None:
        """Bring the order to its end, or to the point where a newer order supersedes it."""
        self._guard.watch(self.held.order)
        try:
            await self._vehicle_heard()
            if self.held.progress.state in _NOT_BEGUN:
                await self._begin(previous)
            else:
                await self._compare()
        except RoundsmanError as error:
            await self._failed_to_begin(error)
        await self._follow()

    def supersede(self) -> None:
        """Let `run` return soon, with the order as it stands: a newer order takes the vehicle over."""
        self._is_superseded = True

    # ----------------------------------------------------------------------------------- commands

    async def hold(self, because: str, speaker: Speaker = Speaker.PERSON) -> None:
        """Stop where the vehicle is; raises Conflict where *speaker* does not count, or the order ended meanwhile."""
        self._check(Word.HOLD, speaker)
        was_ended = self.is_ended
        if self.held.progress.state in _NOT_BEGUN:
            self._hands.stopped = Ask(because=because, speaker=speaker)
        try:
            with self._hands.asking(because, speaker):
                await self._vehicle.hold()
            # A person may have spoken while the vehicle was braking.
            self._check(Word.HOLD, speaker)
            if self.is_ended and not was_ended:
                raise Conflict(f"the order is {self.held.progress.state}", where=self.held.order.id)
            await self._held_by_word(because, speaker)
        finally:
            if self.held.progress.state not in _NOT_BEGUN:
                self._hands.stopped = None

    async def _held_by_word(self, because: str, speaker: Speaker) -> None:
        by, progress = holder_of(speaker), self.held.progress
        if progress.state is OrderState.RUNNING:
            await self._to(OrderState.HELD, because=because, held_by=by)
        elif progress.state is OrderState.HELD and (progress.because, self.held.held_by) != (because, by):
            # The newest wish counts: what was held for a reason that passes is now held for this one.
            await self._held_for(because, by)

    async def resume(self, because: str, speaker: Speaker = Speaker.PERSON) -> None:
        """Go on, also from the way home as long as the vehicle is in the air."""
        if self.held.progress.state not in {OrderState.RUNNING, OrderState.HELD}:
            raise Conflict(f"the order is {self.held.progress.state}", where=self.held.order.id)
        if self.held.ending is OrderState.TIMED_OUT:
            raise Conflict("the order's time is over", where=self.held.order.id)
        self._check(Word.RESUME, speaker)
        self._check_way_back()
        with self._hands.asking(because, speaker):
            await self._vehicle.resume()
        self._hands.stopped = None
        self._watch.expects_descent = False
        self.held = replace(self.held, ending=None, ending_because="")
        if self.held.progress.state is OrderState.HELD:
            await self._to(OrderState.RUNNING, because=because)
        else:
            await self._book.keep(self.held)

    def _check(self, word: Word, speaker: Speaker) -> None:
        self._hands.check(word, speaker, self.held, self._vehicle.state())

    def _check_way_back(self) -> None:
        """Refuse to call a vehicle back when the straight line from its way home to its next leg is not proved."""
        legs_done = self._legs_done()
        if self._vehicle.state().mode not in WAYS_DOWN or legs_done >= len(self.held.order.legs):
            return
        if refusal := self._guard.refuse(self.held.order, first_leg=legs_done):
            remedy = "let it land, and start the patrol again"
            raise Unsafe(f"there is no safe way back to its route: {refusal}", where=self._vehicle.id, remedy=remedy)

    async def end_at_home(self, because: str, speaker: Speaker = Speaker.PERSON) -> None:
        """Fly home and land; then the order is aborted."""
        self._check(Word.RETURN, speaker)
        await self._end_by(self._vehicle.return_home, because)

    async def cancel(self, because: str, speaker: Speaker) -> None:
        """End what nobody wants any more; in the air as the way home does, if the word of *speaker* counts."""
        if not self._is_on_ground_unbegun():
            self._check(Word.CANCEL, speaker)
        await self._end_by(self._vehicle.return_home, because)

    async def end_here(self, because: str) -> None:
        """Land where the vehicle is; then the order is aborted."""
        await self._end_by(self._vehicle.land, because)

    async def superseded_by(self, order: Order, hands: Hands) -> Ask | None:
        """Stop in the air and close the books: done when the legs are, else aborted; return a person's hold in force.

        *hands* are those of the new order's flight, which takes that hold over.
        """
        if self._vehicle.state().is_airborne:
            await stop(self._vehicle, self._clock, self._hands, hands)
        of_person = self._hands.person_in(self.held)
        if not self.is_ended:
            is_done = self.held.progress.legs_done >= len(self.held.order.legs)
            end = OrderState.DONE if is_done and self.held.progress.state not in _NOT_BEGUN else OrderState.ABORTED
            await self._to(end, because=f"superseded by order {order.id} ({order.because or order.purpose})")
        return of_person

    # ------------------------------------------------------------------------------------- begin

    async def _begin(self, previous: "Flight | None") -> None:
        order = self.held.order
        if self.held.progress.state is OrderState.LOADED and await self._is_on_board():
            await self._to(OrderState.RUNNING, because="found flying it")
            return
        await self._make_way(previous)
        state = self._vehicle.state()
        self._plan = Plan(order=order, from_air=state.is_airborne, start=state.position if state.is_airborne else None)
        self.held = replace(self.held, from_air=self._plan.from_air, start=self._plan.start)
        loaded = await self._vehicle.load(self._plan)
        if self.held.progress.state is OrderState.ACCEPTED:
            await self._to(OrderState.LOADED, because=f"the vehicle holds {loaded.mission_items} mission items")
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
            of_person = await previous.superseded_by(self.held.order, self._hands)
            self._hands.stopped = self._hands.person_in(self.held) or of_person or self._hands.stopped
        elif self._vehicle.state().is_airborne and self.held.order.supersedes is None:
            raise NotReady("the vehicle is in the air without an order of ours", where=self._vehicle.id)
        elif self._vehicle.state().is_airborne:
            await stop(self._vehicle, self._clock, self._hands)

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

    async def _failed_to_begin(self, error: RoundsmanError) -> None:
        """End an order that could not be begun; one that was stopped by a person on the way up is only held."""
        if self.is_ended or self.held.ending is not None:
            return
        is_airborne = self._vehicle.state().is_airborne
        if is_airborne and self.held.progress.state is OrderState.LOADED and isinstance(error, Conflict):
            await self._to(OrderState.RUNNING, because="the vehicle is in the air")
            return
        await self._to(OrderState.FAILED, because=str(error))
        if is_airborne and self._hands.person_in(self.held) is None:
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
        if self.held.ending is not None:
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
            by = Holder.ITSELF if word and progress.state is OrderState.HELD else self.held.held_by
            await self._held_for(because, by, legs_done)
        elif not self._watch.expects_descent and (because := self._hands.taken_over(self.held, state)):
            await self._held_for(because, Holder.ITSELF)

    def _why_held(self, state: VehicleState) -> tuple[str, Holder]:
        """Return why a vehicle hangs in the air that was to fly on, and by whose act."""
        asked, self._hands.stopped = self._hands.asked or self._hands.stopped, None
        if asked is not None:
            return asked.because, holder_of(asked.speaker)
        return self._guard.because() or state.because or "the vehicle holds by itself", Holder.ITSELF

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

    def _legs_done(self) -> int:
        return max(self.held.progress.legs_done, self._vehicle.legs_done(self._plan) or 0)

    # --------------------------------------------------------------------------------- bookkeeping

    async def _end_by(self, go: Callable[[], Awaitable[None]], because: str) -> None:
        self._watch.expects_descent = True
        if not self._is_on_ground_unbegun():
            await go()
        await self._ending(OrderState.ABORTED, because)

    def _is_on_ground_unbegun(self) -> bool:
        return self.held.progress.state in _NOT_BEGUN and not self._vehicle.state().is_airborne

    async def _ending(self, end: OrderState, because: str) -> None:
        if self.is_ended:
            return
        if self._is_on_ground_unbegun():
            await self._to(end, because=because)
        else:
            await self._will_end(end, because)
