"""Watches that vehicles in the air stay apart: holds one of two that come too near, and lets it go on afterwards.

What it does is a word like a person's: stored, sent until acknowledged, told on the desk with its because. Whom a
vehicle waits for stands in its order's progress, so that a restarted controller, or another one, lets it go on.
"""

from collections.abc import Sequence

import structlog

from core.clock import Clock
from core.database import Database, Transaction
from core.ids import VehicleId
from fleet.orders import CommandKind, VehicleEvent
from fleet.registry import FleetRegistry
from fleet.store import FleetStore
from missions.live_separation import (
    Encounter,
    LiveDistances,
    encounters,
    kept_clear_of,
    may_go_on,
    pairs_nearby,
    remedy,
)
from missions.requests import make_command
from missions.situation import Situation, Situations

_PERIOD_S = 0.5
_LOOK_ANYWAY_S = 3.0
"""How often it looks for vehicles that wait, when no two are near each other."""


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
    ) -> None:
        self._database = database
        self._fleet = fleet
        self._situations = situations
        self._registry = registry
        self._clock = clock
        self._distances = distances or LiveDistances()
        self._helpless: frozenset[str] = frozenset()
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
        async with self._database.transaction() as unit:
            vehicles = await self._situations.all(unit)
            now_s = self._clock.monotonic_s()
            found = list(encounters(vehicles, now_s=now_s, distances=self._distances))
            for encounter in found:
                await self._keep_apart(unit, encounter)
            await self._let_go(unit, vehicles, now_s)
        names = {_name(encounter) for encounter in found}
        self._helpless = frozenset(self._helpless & names)

    async def _keep_apart(self, unit: Transaction, encounter: Encounter) -> None:
        chosen = remedy(encounter, distances=self._distances)
        if chosen.waits is None:
            await self._tell_helpless(unit, encounter, chosen.because)
        elif not await self._fleet.open_commands(unit, vehicle_id=chosen.waits):
            self._log.warning("held to keep vehicles apart", vehicle_id=chosen.waits, because=chosen.because)
            await self._say(unit, chosen.waits, CommandKind.HOLD, chosen.because)
            await self._tell(unit, chosen.waits, "separation_held", chosen.because)

    async def _tell_helpless(self, unit: Transaction, encounter: Encounter, because: str) -> None:
        """Tell once that nobody can be asked to wait: a person may still do something."""
        if _name(encounter) in self._helpless:
            return
        self._helpless |= {_name(encounter)}
        for vehicle in (encounter.first, encounter.second):
            await self._tell(unit, vehicle.id, "separation_lost", because)

    async def _let_go(self, unit: Transaction, vehicles: Sequence[Situation], now_s: float) -> None:
        """Let one waiting vehicle go on whose way is free."""
        for vehicle in vehicles:
            other = kept_clear_of(vehicle)
            if other is None or not may_go_on(vehicle, vehicles, now_s=now_s, distances=self._distances):
                continue
            if not await self._fleet.open_commands(unit, vehicle_id=vehicle.id):
                because = f"goes on: {other} is out of its way"
                await self._say(unit, vehicle.id, CommandKind.RESUME, because)
                await self._tell(unit, vehicle.id, "separation_restored", because)
                return

    async def _say(self, unit: Transaction, vehicle_id: VehicleId, kind: CommandKind, because: str) -> None:
        await self._fleet.add_command(unit, make_command(vehicle_id, kind, because=because, now=self._clock.now()))

    async def _tell(self, unit: Transaction, vehicle_id: VehicleId, kind: str, text: str) -> None:
        event = VehicleEvent(vehicle_id=vehicle_id, kind=kind, text=text, at=self._clock.now())
        await self._fleet.add_vehicle_event(unit, event)


def _name(encounter: Encounter) -> str:
    return f"{encounter.first.id} {encounter.second.id}"
