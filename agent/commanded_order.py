"""An order whose vehicle can be told something at any moment: to hold, to go on, to come home, to land."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from agent.flight_hold import Ask, Hands, check_hands
from agent.flight_watch import WAYS_DOWN, FlightWatch
from agent.guard import OrderGuard
from agent.held_order import HeldOrder
from agent.kept_order import KeptOrder, superseded_by
from agent.order_book import OrderBook
from core.clock import Clock
from core.errors import Conflict, RoundsmanError, Unsafe
from fleet.holding import Holder, Speaker, Word, holder_of
from fleet.orders import Order, OrderState
from fleet.telemetry import FlightMode
from fleet.vehicle import Plan, Vehicle
from fleet.way_home import PAUSE_S, may_pause

_PAUSED_AT_MOST_S = 60.0
"""In all on one way home."""
_AGAIN_S = 2.0
NOT_OURS = "another mission than this order was found on the vehicle"
NOT_BEGUN = frozenset({OrderState.ACCEPTED, OrderState.LOADED})


class CommandedOrder(KeptOrder):
    """Takes people's and the controller's words to the vehicle of one order, while `Flight` carries the order out."""

    def __init__(self, *, held: HeldOrder, vehicle: Vehicle, book: OrderBook, guard: OrderGuard, clock: Clock) -> None:
        super().__init__(held=held, book=book, clock=clock)
        self._vehicle = vehicle
        self._guard = guard
        self._plan = Plan(order=held.order, from_air=held.from_air, start=held.start)
        self._watch = FlightWatch(held.order)
        self._watch.expects_descent = held.ending is not None and held.progress.held_by is not Holder.PERSON
        self._hands = Hands()
        self._pause_until_s = 0.0
        self._paused_s = 0.0
        self._is_starting = False
        self._unwanted: Ask | None = None
        """The word to end what nobody wants any more, that did not count against who has the vehicle."""

    @property
    def hands(self) -> Hands:
        """Return in whose hands the vehicle is."""
        return self._hands

    async def hold(self, because: str, speaker: Speaker = Speaker.PERSON) -> None:
        """Stop where the vehicle is; raises Conflict where *speaker* does not count, or the order ended meanwhile."""
        if speaker is Speaker.SEPARATION and self._may_pause():
            await self._pause(because)
            return
        self._check(Word.HOLD, speaker)
        was_ended = self.is_ended
        if self.held.progress.state in NOT_BEGUN:
            self._hands.stopped = Ask(because=because, speaker=speaker)
            if speaker is Speaker.PERSON:
                # On the disk before the vehicle obeys: this process may end before the order is flown.
                await self._held_for(because, Holder.PERSON)
        try:
            with self._hands.asking(because, speaker) as ask:
                await self._stop_for(ask)
            # A person may have spoken while the vehicle was braking.
            self._check(Word.HOLD, speaker)
            if self.is_ended and not was_ended:
                raise Conflict(f"the order is {self.held.progress.state}", where=self.held.order.id)
            await self._held_by_word(because, speaker)
            if speaker is Speaker.PERSON:
                self._guard.leave_to_person()
                # Whatever ends this hold but a word is told, also on the way home.
                self._watch.expects_descent, self._watch.failsafe = False, ""
        finally:
            if self.held.progress.state not in NOT_BEGUN:
                self._hands.stopped = None

    async def _stop_for(self, ask: Ask) -> None:
        try:
            await self._vehicle.hold()
        except Conflict:
            # The guard may have stopped it at the same moment: a person's hold is still the person's.
            if ask.speaker is not Speaker.PERSON or self._hands.asked is not ask:
                raise
            await self._vehicle.hold()

    def _may_pause(self) -> bool:
        """Say whether the vehicle goes home by somebody's word, and may wait a moment for another one to pass."""
        has_time = self._paused_s < _PAUSED_AT_MOST_S and self.held.ending is OrderState.ABORTED
        return has_time and may_pause(self._vehicle.state(), self.held.order)

    async def _pause(self, because: str) -> None:
        """Stop on the way home; `go_home_again` is called when it is over, by another process too if this one ends."""
        self._pause_until_s = self._clock.monotonic_s() + PAUSE_S
        self._paused_s += PAUSE_S
        # On the disk before the vehicle obeys: a new process sends it home at once.
        await self._held_for(because, Holder.SEPARATION)
        with self._hands.asking(because, Speaker.SEPARATION):
            await self._vehicle.hold()

    async def _go_home_again(self) -> None:
        """End a pause on the way home, unless somebody took the vehicle over meanwhile."""
        if self._clock.monotonic_s() < self._pause_until_s or self._hands.asked is not None:
            return
        self._pause_until_s = self._clock.monotonic_s() + _AGAIN_S
        if self._vehicle.state().mode is FlightMode.HOLD:
            with self._hands.asking(self.held.ending_because, Speaker.SEPARATION):
                await self._vehicle.return_home()
        await self._held_for(self.held.ending_because, Holder.NOBODY)

    async def _held_by_word(self, because: str, speaker: Speaker) -> None:
        by, progress = holder_of(speaker), self.held.progress
        if progress.state is OrderState.RUNNING:
            await self._to(OrderState.HELD, because=because, held_by=by)
        elif progress.state is OrderState.HELD and (progress.because, progress.held_by) != (because, by):
            # The newest wish counts: what was held for a reason that passes is now held for this one.
            await self._held_for(because, by)

    async def resume(self, because: str, speaker: Speaker = Speaker.PERSON) -> None:
        """Go on, also from the way home as long as the vehicle is in the air."""
        self._check_resume(speaker)
        mode = self._vehicle.state().mode
        with self._hands.asking(because, speaker) as ask:
            await self._check_on_board()
            # Reading back takes a moment: who spoke or acted in it has the last word, and the vehicle is elsewhere.
            self._hands.check_newest(ask, self.held)
            if self._vehicle.state().mode is not mode:
                check_hands(self._vehicle)
            self._check_resume(speaker)
            await self._vehicle.resume()
        self._hands.stopped = None
        self._watch.expects_descent = False
        self.held = replace(self.held, ending=None, ending_because="")
        if self.held.progress.state is OrderState.HELD:
            await self._to(OrderState.RUNNING, because=because)
        elif self.held.progress.held_by is not Holder.NOBODY:
            await self._held_for(because, Holder.NOBODY)
        else:
            await self._book.keep(self.held)

    def _check_resume(self, speaker: Speaker) -> None:
        if self.held.progress.state not in {OrderState.RUNNING, OrderState.HELD}:
            raise Conflict(f"the order is {self.held.progress.state}", where=self.held.order.id)
        if self.held.ending is OrderState.TIMED_OUT:
            raise Conflict("the order's time is over", where=self.held.order.id)
        self._check(Word.RESUME, speaker)
        self._check_way_back()

    def _check(self, word: Word, speaker: Speaker) -> None:
        self._hands.check(word, speaker, self.held, self._vehicle.state())

    async def _check_on_board(self) -> None:
        """Raise Conflict where the vehicle would fly what somebody else has put on it."""
        if not await self._holds_our_plan():
            remedy = "call it home, and start the patrol again"
            raise Conflict(NOT_OURS, where=self._vehicle.id, remedy=remedy)

    async def _holds_our_plan(self) -> bool:
        on_board = await self._vehicle.held_plan()
        return on_board.digest == await self._vehicle.digest(self._plan)

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
        await self._end_by(self._vehicle.return_home, because, speaker)

    async def cancel(self, because: str, speaker: Speaker, *, is_kept: bool = False) -> None:
        """End what nobody wants any more; in the air as the way home does, if the word of *speaker* counts.

        Where it does not, and *is_kept*, the order is ended as soon as nobody else has the vehicle.
        """
        if not self._is_on_ground_unbegun():
            self._unwanted = Ask(because=because, speaker=speaker) if is_kept else self._unwanted
            self._check(Word.CANCEL, speaker)
        kept, self._unwanted = self._unwanted, None
        try:
            await self._end_by(self._vehicle.return_home, because, speaker)
        except RoundsmanError:
            # A person is told and asks again; what the controller does not want is tried again.
            self._unwanted = kept if speaker is not Speaker.PERSON else None
            raise

    def _cancel_that_counts_now(self) -> Ask | None:
        """Return the word to end the order that was refused, once nobody else has the vehicle."""
        word, state = self._unwanted, self._vehicle.state()
        if word is None or not self._hands.counts(Word.CANCEL, word.speaker, self.held, state):
            return None
        return word

    async def end_here(self, because: str) -> None:
        """Land where the vehicle is; then the order is aborted."""
        await self._end_by(self._vehicle.land, because, Speaker.PERSON)

    async def close_for(self, order: Order) -> None:
        """Close the books for *order*, which has the vehicle now: done when the legs are, else aborted."""
        if self.is_ended:
            return
        is_done = self.held.progress.legs_done >= len(self.held.order.legs)
        end = OrderState.DONE if is_done and self.held.progress.state not in NOT_BEGUN else OrderState.ABORTED
        await self._to(self.held.ending or end, because=self.held.ending_because or superseded_by(order))

    def _legs_done(self) -> int:
        return max(self.held.progress.legs_done, self._vehicle.legs_done(self._plan) or 0)

    async def _end_by(self, go: Callable[[], Awaitable[None]], because: str, speaker: Speaker) -> None:
        expected, self._watch.expects_descent = self._watch.expects_descent, True
        with self._hands.asking(because, speaker) as ask:
            try:
                if not self._is_on_ground_unbegun():
                    await go()
            except RoundsmanError:
                # It does not come down: where it does by itself later, that is told.
                if self._hands.is_newest(ask) and self.held.ending is None:
                    self._watch.expects_descent = expected
                raise
            await self._ending(OrderState.ABORTED, because)

    def _is_on_ground_unbegun(self) -> bool:
        is_unbegun = self.held.progress.state in NOT_BEGUN and not self._is_starting
        return is_unbegun and not self._vehicle.state().is_airborne

    async def _ending(self, end: OrderState, because: str) -> None:
        if self.is_ended:
            return
        if self._is_on_ground_unbegun():
            await self._to(end, because=because)
        else:
            await self._will_end(end, because)
