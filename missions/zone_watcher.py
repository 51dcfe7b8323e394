"""Watches where vehicles in the air really are, and tells the desk when the zones of now do not allow one there.

The agent's guard acts on the zones that its order was proved against, and acts before a breach; this looks from
outside: at zones drawn since, at vehicles that fly without an order of ours, at an agent that does not do its work.
"""

from collections.abc import Mapping

import numpy as np

from core.clock import Clock
from core.database import Database
from core.ids import VehicleId, ZoneId
from core.tasks import run_blocking
from fleet.orders import VehicleEvent
from fleet.registry import FleetRegistry
from fleet.store import FleetStore
from fleet.telemetry import VehicleState
from geofence.frames import LocalFrame
from geofence.live_guard import LiveGuard
from geofence.positions import GeoPosition
from geofence.zones import ZoneSet
from missions.sources import ZoneSource

_PERIOD_S = 1.0
_STALE_S = 3.0
Trespass = tuple[ZoneId | None, str]
"""The zone that is broken, and what is wrong, as the end of a sentence."""


class ZoneWatcher:
    """Says of every vehicle in the air when it comes to be where it may not be; commands nothing."""

    def __init__(
        self,
        *,
        database: Database,
        fleet: FleetStore,
        zones: ZoneSource,
        registry: FleetRegistry,
        origin: GeoPosition,
        clock: Clock,
    ) -> None:
        self._database = database
        self._fleet = fleet
        self._zones = zones
        self._registry = registry
        self._frame = LocalFrame(origin=origin)
        self._clock = clock
        self._guard: tuple[str, LiveGuard] | None = None
        self._known: Mapping[VehicleId, Trespass] = {}

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            await self.look()
            await self._clock.sleep(_PERIOD_S)

    async def look(self) -> None:
        """Look at all vehicles once, and tell of those that were allowed to be where they were the last time."""
        now_s = self._clock.monotonic_s()
        flying = [state for state in self._registry.states().values() if _is_known(state, now_s)]
        if not flying:
            self._known = {}
            return
        async with self._database.transaction() as unit:
            zones = await self._zones.zones(unit)
        found = await run_blocking(lambda: self._trespasses(self._guard_of(zones), flying))
        news = [vehicle_id for vehicle_id, found_now in found.items() if self._known.get(vehicle_id) != found_now]
        if news:
            async with self._database.transaction() as unit:
                for vehicle_id in news:
                    await self._fleet.add_vehicle_event(unit, self._event(vehicle_id, *found[vehicle_id]))
        self._known = found

    def _event(self, vehicle_id: VehicleId, zone_id: ZoneId | None, because: str) -> VehicleEvent:
        text, now = f"it {because}", self._clock.now()
        return VehicleEvent(vehicle_id=vehicle_id, kind="zone_broken", text=text, at=now, zone_id=zone_id)

    def _guard_of(self, zones: ZoneSet) -> LiveGuard:
        if self._guard is None or self._guard[0] != zones.hash:
            self._guard = (zones.hash, LiveGuard(zones, self._frame))
        return self._guard[1]

    def _trespasses(self, guard: LiveGuard, flying: list[VehicleState]) -> dict[VehicleId, Trespass]:
        places = np.array([(s.position.lon_deg, s.position.lat_deg) for s in flying if s.position is not None])
        heights_m = np.array([state.height_above_home_m or 0.0 for state in flying])
        where = guard.whereabouts(places, heights_m, self._clock.now())
        rows = np.flatnonzero(~where.is_inside).tolist()
        return {flying[row].vehicle_id: (where.zone_id(row), where.because(row)) for row in rows}


def _is_known(state: VehicleState, now_s: float) -> bool:
    is_heard = state.link_up and state.position is not None and state.age_s(now_s) < _STALE_S
    return is_heard and state.is_airborne
