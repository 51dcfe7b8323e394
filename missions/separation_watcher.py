"""Watches that vehicles in the air stay apart: holds one of two that come too near, and lets it go on afterwards.

What it does is a word like a person's: stored, sent until acknowledged, told on the desk with its because. Whom a
vehicle waits for stands in its order's progress, so that a restarted controller, or another one, lets it go on.
"""

import math
from collections.abc import Mapping, Sequence

import structlog

from core.clock import Clock
from core.database import Database, Transaction
from core.ids import VehicleId
from fleet.orders import CommandKind
from fleet.registry import FleetRegistry
from fleet.store import FleetStore
from geofence.frames import LocalFrame
from missions.live_separation import Encounter, LiveDistances, encounters, pairs_nearby, remedy
from missions.patient_words import PatientWords
from missions.separation_waits import (
    InTheWay,
    blocks_way_home,
    in_the_way,
    is_ready,
    keeps_clear,
    steps_aside,
    waiting,
)
from missions.situation import Situation, Situations

_PERIOD_S = 0.5
_LOOK_ANYWAY_S = 3.0
"""How often it looks for vehicles that wait, when no two are near each other."""
_NEAR_M = 100.0
_WAITING = ("separation_restored", "separation_waits", "separation_sent_home", "separation_refused")


class SeparationWatcher:
    """Keeps vehicles in the air apart."""

    def __init__(
        self,
        *,
        database: Database,
        fleet: FleetStore,
        situations: Situations,
        registry: FleetRegistry,
        clock: Clock,
        distances: LiveDistances | None = None,
        patience_s: float = 30.0,
    ) -> None:
        self._database = database
        self._situations = situations
        self._registry = registry
        self._clock = clock
        self._distances = distances or LiveDistances()
        self._patience_s = patience_s
        self._words = PatientWords(fleet=fleet, clock=clock)
        self._look_at_s = 0.0
        self._log = structlog.get_logger("separation")

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            if self._has_reason_to_look():
                await self.look()
            await self._clock.sleep(_PERIOD_S)

    def _has_reason_to_look(self) -> bool:
        states = tuple(self._registry.states().values())
        is_time = self._clock.monotonic_s() >= self._look_at_s and any(state.is_airborne for state in states)
        return is_time or pairs_nearby(states, distances=self._distances)

    async def look(self) -> None:
        """Look at all vehicles once, and say what is to be said."""
        self._look_at_s = self._clock.monotonic_s() + _LOOK_ANYWAY_S
        with self._words.all_or_nothing():
            async with self._database.transaction() as unit:
                await self._words.hear(unit)
                vehicles = await self._situations.all(unit)
                now_s = self._clock.monotonic_s()
                found = list(encounters(vehicles, now_s=now_s, distances=self._distances))
                for encounter in found:
                    await self._keep_apart(unit, encounter)
                await self._let_go(unit, vehicles, now_s)
        self._forget(vehicles, found)

    async def _keep_apart(self, unit: Transaction, encounter: Encounter) -> None:
        refusing = self._words.refusing(CommandKind.HOLD)
        chosen = remedy(encounter, distances=self._distances, refusing=refusing)
        if chosen.waits is None:
            await self._tell_helpless(unit, encounter, chosen.because)
        elif await self._words.say(unit, chosen.waits, CommandKind.HOLD, chosen.because):
            self._log.warning("held to keep vehicles apart", vehicle_id=chosen.waits, because=chosen.because)
            await self._words.tell_once(unit, chosen.waits, "separation_held", _name(encounter), chosen.because)

    async def _tell_helpless(self, unit: Transaction, encounter: Encounter, because: str) -> None:
        """Tell once that nobody can be asked to wait: a person may still do something."""
        both = (encounter.first, encounter.second)
        if any(map(keeps_clear, both)):
            return  # It was told when one of them was held.
        for vehicle in both:
            await self._words.tell_once(unit, vehicle.id, "separation_lost", _name(encounter), because)

    def _forget(self, vehicles: Sequence[Situation], found: Sequence[Encounter]) -> None:
        """Let what is over be told when it happens again."""
        meeting = {vehicle.id for encounter in found for vehicle in (encounter.first, encounter.second)}
        for vehicle in vehicles:
            if vehicle.id not in meeting:
                self._words.forget(vehicle.id, "separation_lost")
                if not keeps_clear(vehicle):
                    self._words.forget(vehicle.id, "separation_held", *_WAITING)

    # ------------------------------------------------------------------------------ those that wait

    async def _let_go(self, unit: Transaction, vehicles: Sequence[Situation], now_s: float) -> None:
        """Let every waiting vehicle go on whose way is free; of those near each other one in a look."""
        gone: list[Situation] = []
        left: list[tuple[Situation, InTheWay]] = []
        for vehicle in waiting(vehicles):
            if not is_ready(vehicle, now_s) or _is_near(vehicle, gone):
                continue
            because = "goes on: its way is free"
            blocked = in_the_way(vehicle, vehicles, now_s=now_s, distances=self._distances)
            if blocked is not None and self._steps_aside(vehicle, blocked, vehicles, now_s):
                because, blocked = f"steps aside: {blocked.id} comes at it", None
            if blocked is not None:
                left.append((vehicle, blocked))
            elif await self._resume(unit, vehicle, because):
                gone.append(vehicle)
        long = [(vehicle, blocked) for vehicle, blocked in left if self._waited_s(vehicle) >= self._patience_s]
        await self._help(unit, vehicles, [one for one in long if not _is_near(one[0], gone)], now_s)

    def _steps_aside(self, vehicle: Situation, blocked: InTheWay, vehicles: Sequence[Situation], now_s: float) -> bool:
        coming = [other for other in vehicles if other.id == blocked.id]
        return any(steps_aside(vehicle, other, now_s=now_s, distances=self._distances) for other in coming)

    async def _resume(self, unit: Transaction, vehicle: Situation, because: str) -> bool:
        if not await self._words.say(unit, vehicle.id, CommandKind.RESUME, because):
            return False
        await self._words.tell_once(unit, vehicle.id, "separation_restored", because, because)
        return True

    async def _help(
        self, unit: Transaction, vehicles: Sequence[Situation], long: Sequence[tuple[Situation, InTheWay]], now_s: float
    ) -> None:
        """Send home one of those that have waited for each other too long, what loses least; else tell who waits."""
        ahead = {vehicle.id: blocked.id for vehicle, blocked in long}
        for vehicle, blocked in reversed(long):
            if _waits_for_itself(vehicle.id, ahead) and await self._send_home(unit, vehicle, blocked, vehicles, now_s):
                return
        for vehicle, blocked in long:
            text = f"has waited for {self._patience_s:.0f} s: {blocked.because}; it needs a person's word"
            await self._words.tell_once(unit, vehicle.id, "separation_waits", blocked.because, text)

    async def _send_home(
        self, unit: Transaction, vehicle: Situation, blocked: InTheWay, vehicles: Sequence[Situation], now_s: float
    ) -> bool:
        if blocks_way_home(vehicle, vehicles, now_s=now_s, distances=self._distances) is not None:
            return False
        because = f"goes home: it and {blocked.id} stand in each other's way, and neither can fly on"
        if not await self._words.say(unit, vehicle.id, CommandKind.RETURN, because):
            return False
        await self._words.tell_once(unit, vehicle.id, "separation_sent_home", because, because)
        return True

    def _waited_s(self, vehicle: Situation) -> float:
        return 0.0 if vehicle.current is None else (self._clock.now() - vehicle.current.progress.at).total_seconds()


def _is_near(vehicle: Situation, others: Sequence[Situation]) -> bool:
    if vehicle.state.position is None:
        return False
    frame = LocalFrame(origin=vehicle.state.position)
    places = [frame.to_local(other.state.position) for other in others if other.state.position is not None]
    return any(math.hypot(place.east_m, place.north_m) < _NEAR_M for place in places)


def _waits_for_itself(vehicle_id: VehicleId, ahead: Mapping[VehicleId, VehicleId]) -> bool:
    """Say whether the row of those who wait for each other leads back to where it began."""
    here = ahead.get(vehicle_id)
    for _ in ahead:
        if here is None or here == vehicle_id:
            return here is not None
        here = ahead.get(here)
    return False


def _name(encounter: Encounter) -> str:
    return f"{encounter.first.id} {encounter.second.id}"
