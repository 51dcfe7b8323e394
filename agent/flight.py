"""One order from its acceptance on: loaded, begun, and followed to its end."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from agent.commanded_order import NOT_BEGUN, NOT_OURS
from agent.flight_hold import OTHER_HANDS, Ask, NotOurs, check_hands, stop
from agent.followed_order import FollowedOrder
from agent.held_order import HeldOrder
from core.errors import Conflict, RoundsmanError
from fleet.holding import Holder
from fleet.orders import OrderState
from fleet.vehicle import Plan

_FOREIGN = "the vehicle is in the air without an order of ours"
_POLL_S = 0.5


class Flight(FollowedOrder):
    """Carries out one order."""

    async def run(self, previous: "Flight | None", *, first: Callable[[], Awaitable[None]]) -> None:
        """Bring the order to its end, or to the point where a newer order supersedes it; it begins with *first*."""
        self._guard.watch(self.held.order)
        await first()
        try:
            await self._vehicle_heard()
            if self.held.ending is not None:
                await self._give_way(previous)
            elif self.held.progress.state in NOT_BEGUN:
                await self._begin(previous)
            else:
                await self._compare()
        except RoundsmanError as error:
            await self._failed_to_begin(error, previous)
        await self._follow()

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
        await self._wait_for_its_time()
        if self.held.ending is not None or self._is_superseded:
            return
        if stopped := self._hands.stopped:
            raise _told_to_hold(stopped, self.held)
        if not self.is_ended:
            self._check_still_ours()
            await self._start()
            await self._to(OrderState.RUNNING, because="the vehicle flies it")

    async def _wait_for_its_time(self) -> None:
        """Wait until the order may begin; raises Conflict where somebody put another mission on board meanwhile."""
        has_waited = False
        while self._clock.now() < self.held.order.not_before_at and not self.is_ended and not self._is_superseded:
            has_waited = True
            await self._clock.sleep(_POLL_S)
        if has_waited and not self.is_ended and not self._is_superseded:
            await self._check_on_board()

    def _check_still_ours(self) -> None:
        """Raise NotOurs where somebody has taken the vehicle up, or over, since its mission was loaded."""
        if self._vehicle.state().is_airborne and not self._plan.from_air:
            raise NotOurs(_FOREIGN, where=self._vehicle.id)
        check_hands(self._vehicle)

    async def _start(self) -> None:
        """Let the vehicle take off; whoever ends the order meanwhile finds it begun, and `_follow` brings it home."""
        self._is_starting = True
        try:
            await self._vehicle.start()
        except Conflict as taken_over:
            if (stopped := self._hands.stopped) is None or self._vehicle.state().is_airborne:
                raise
            raise _told_to_hold(stopped, self.held) from taken_over
        finally:
            self._is_starting = False

    async def _give_way(self, previous: "Flight | None") -> None:
        """Only follow an order that somebody has ended already; the one before it is over with it."""
        if previous is not None:
            await previous.close_for(self.held.order)

    async def _make_way(self, previous: "Flight | None") -> None:
        if previous is not None:
            await self._take_over(previous)
        elif self._vehicle.state().is_airborne and self.held.order.supersedes is None:
            raise NotOurs(_FOREIGN, where=self._vehicle.id)
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
        if not self._vehicle.state().is_airborne or await self._is_on_board():
            return
        if self._hands.person_in(self.held) is not None:
            # It stays where a person holds it; what it becomes when that ends is known from here on.
            await self._keep(replace(self.held, ending=OrderState.ABORTED, ending_because=NOT_OURS))
            return
        if self._vehicle.state().mode not in OTHER_HANDS:
            self._watch.expects_descent = True
            await self._vehicle.return_home()
        await self._ending(OrderState.ABORTED, NOT_OURS)

    async def _is_on_board(self) -> bool:
        return self._vehicle.state().is_airborne and await self._holds_our_plan()

    async def _vehicle_heard(self) -> None:
        while not self._vehicle.state().link_up and self._clock.now() < self.held.order.not_after_at:
            await self._clock.sleep(_POLL_S)

    async def _failed_to_begin(self, error: RoundsmanError, previous: "Flight | None") -> None:
        """End an order that could not be begun; one that was stopped by a person on the way up is only held.

        The vehicle comes home, unless others have it: a person, a pilot, the order before, or somebody unknown.
        """
        if self.is_ended or self.held.ending is not None:
            return
        state, is_foreign = self._vehicle.state(), isinstance(error, NotOurs)
        is_taken_over = isinstance(error, Conflict) and not is_foreign
        if state.is_airborne and self.held.progress.state is OrderState.LOADED and is_taken_over:
            await self._to(OrderState.RUNNING, because="the vehicle is in the air")
            return
        is_others = state.mode in OTHER_HANDS or is_foreign
        is_left_alone = is_others or self._hands.person_in(self.held) is not None
        await self._to(OrderState.FAILED, because=str(error))
        goes_on = previous is not None and not previous.is_ended
        if state.is_airborne and not is_left_alone and not goes_on:
            await self._home_at_any_rate()

    async def _home_at_any_rate(self) -> None:
        try:
            await self._vehicle.return_home()
        except RoundsmanError as error:
            await self._book.tell("return_failed", str(error), self.held)


def _told_to_hold(stopped: Ask, held: HeldOrder) -> Conflict:
    return Conflict(f"it was told to hold before it began: {stopped.because}", where=held.order.id)
