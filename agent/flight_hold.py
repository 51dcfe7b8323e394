"""In whose hands a vehicle is during a flight: who asked for what just now, and whether somebody took it over."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from agent.held_order import HeldOrder
from agent.left_words import TAKEN_OVER
from core.clock import Clock
from core.errors import Conflict
from fleet.errors import NotReady
from fleet.holding import OURS, Holder, Speaker, Word, counts, holder_of
from fleet.orders import OrderState
from fleet.telemetry import FlightMode, VehicleState
from fleet.vehicle import Vehicle
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition

OTHER_HANDS = frozenset({FlightMode.MANUAL, FlightMode.RETURN, FlightMode.LAND, FlightMode.OTHER})
"""Modes that nobody but a person takes a vehicle out of."""


class NotOurs(NotReady):
    """Somebody else has the vehicle in the air: it is left to them."""


_OTHERS = (Holder.PILOT, Holder.GUARD, Holder.ITSELF)
_STILL_M_S = 0.7
_MOVED_M = 10.0
_POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A word that is being carried out: the vehicle shows its effect before the call comes back."""

    because: str
    speaker: Speaker


class Hands:
    """What was asked for, and where a vehicle was left waiting."""

    def __init__(self) -> None:
        self._asks: list[Ask] = []
        self._newest: Ask | None = None
        self._waits_at: GeoPosition | None = None
        self.stopped: Ask | None = None
        """The word by which the vehicle was told to hold while the order was still being loaded."""

    @contextmanager
    def asking(self, because: str, speaker: Speaker) -> Iterator[Ask]:
        """Keep in mind that this is being carried out."""
        ask = Ask(because=because, speaker=speaker)
        self._asks.append(ask)
        self._newest = ask
        try:
            yield ask
        finally:
            self._asks.remove(ask)

    @property
    def asked(self) -> Ask | None:
        """Return the word that what happens now is put down to: a person's before all others, else the newest."""
        of_persons = [ask for ask in self._asks if ask.speaker is Speaker.PERSON]
        return next(reversed(of_persons or self._asks), None)

    def counts(self, word: Word, speaker: Speaker, held: HeldOrder, state: VehicleState) -> bool:
        """Say whether the word of *speaker* counts against whoever has the vehicle."""
        return counts(word, of=speaker, against=self._holder(held, state))

    def check(self, word: Word, speaker: Speaker, held: HeldOrder, state: VehicleState) -> None:
        """Raise Conflict where the word of *speaker* does not count against whoever has the vehicle."""
        holder = self._holder(held, state)
        if counts(word, of=speaker, against=holder):
            return
        stopped = self.stopped.because if self.stopped is not None else f"it is in mode {state.mode}"
        why = held.progress.because if held.progress.state is OrderState.HELD else stopped
        whose = {Holder.NOBODY: "it is not held"} | dict.fromkeys(_OTHERS, "others have it in hand")
        raise Conflict(f"{whose.get(holder, f'it is held by the {holder}')}: {why}", where=held.order.id)

    def is_newest(self, ask: Ask) -> bool:
        """Say whether nothing else was asked for after *ask*."""
        return self._newest is ask

    def check_newest(self, ask: Ask, held: HeldOrder) -> None:
        """Raise Conflict where something else was asked for after *ask*."""
        if not self.is_newest(ask):
            raise Conflict(TAKEN_OVER, where=held.order.id)

    def _holder(self, held: HeldOrder, state: VehicleState) -> Holder:
        """Return who has the vehicle: by the order's books where they say so, else by what was said or it shows."""
        if held.progress.held_by is Holder.PERSON:
            return Holder.PERSON
        if held.progress.state is OrderState.HELD:
            return held.progress.holder
        if self.stopped is not None:
            return holder_of(self.stopped.speaker)
        if held.ending is not None:
            return Holder.ITSELF
        return itself(state) if state.mode in OTHER_HANDS else Holder.NOBODY

    def person_in(self, held: HeldOrder) -> Ask | None:
        """Return the hold of a person that is in force."""
        if held.progress.held_by is Holder.PERSON:
            return Ask(because=held.progress.because, speaker=Speaker.PERSON)
        return self.stopped if self.stopped is not None and self.stopped.speaker is Speaker.PERSON else None

    def taken_over(self, held: HeldOrder, state: VehicleState) -> str:
        """Return how somebody else took over a vehicle that waits by a word of the controller; empty: nobody did."""
        if held.progress.holder not in OURS or self._asks:
            self._waits_at = None
            return ""
        if state.mode is not FlightMode.HOLD:
            return f"taken over while it waited: it is in mode {state.mode}"
        return f"it was moved while it waited ({held.progress.because})" if self._has_moved(state) else ""

    def _has_moved(self, state: VehicleState) -> bool:
        """Say whether it is elsewhere than where it came to a stop: a pilot's flight may fall into a silence."""
        if state.position is None:
            return False
        if self._waits_at is None:
            is_still = math.hypot(state.east_m_s, state.north_m_s) < _STILL_M_S
            self._waits_at = state.position if is_still else None
            return False
        away = LocalFrame(origin=self._waits_at).to_local(state.position)
        return math.hypot(away.east_m, away.north_m) > _MOVED_M


def check_hands(vehicle: Vehicle) -> None:
    """Raise NotOurs where others have a vehicle in the air in hand: its pilot, or the vehicle itself."""
    state = vehicle.state()
    if state.is_airborne and state.mode in OTHER_HANDS:
        raise NotOurs(f"others have it in hand: it is in mode {state.mode}", where=vehicle.id)


def itself(state: VehicleState) -> Holder:
    """Return whose act it is that a vehicle does something by itself."""
    return Holder.PILOT if state.mode is FlightMode.MANUAL else Holder.ITSELF


async def stop(vehicle: Vehicle, clock: Clock, *hands: Hands, unless: Callable[[], bool]) -> None:
    """Hold the vehicle for an order that comes, *unless* it must not be; what somebody asks of it comes first.

    Raises NotOurs where others have it in hand.
    """
    while True:
        while any(one.asked for one in hands):
            await clock.sleep(_POLL_S)
        if unless():
            return
        check_hands(vehicle)
        try:
            await vehicle.hold()
            return
        except Conflict:
            if not any(one.asked for one in hands):
                raise
