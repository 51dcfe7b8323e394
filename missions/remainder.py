"""What is left of an interrupted run: how much of it can be flown when it is taken up again, and in which words."""

from dataclasses import dataclass, replace

from core.clock import Clock
from core.database import Database, Transaction
from core.ids import RunId
from core.tasks import run_blocking
from fleet.orders import Order, OrderPurpose
from fleet.store import FleetStore, OrderRecord
from missions.patrol import Run, RunState
from missions.routing import Ground, route_remainder
from missions.separation import Distances
from missions.site import Site
from missions.situation import Situation, Situations
from missions.sources import ZoneSource
from missions.store import MissionStore


def remainder_words(patrol_name: str, flown_ratio: float | None) -> str:
    """Return why a remainder is flown, and how much of its areas is left out (None: nothing)."""
    words = f"the remainder of patrol {patrol_name}"
    if flown_ratio is None:
        return words
    percent = max(1, round(100 * (1 - flown_ratio)))
    return f"{words}; {percent} % of what was left of its areas is left out: no way leads there"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemainderTold:
    """What would be flown of a run when it is taken up again; nothing of it is stored or reserved."""

    run: Run
    flown_ratio: float | None
    """Share of the length of what is left of its areas, 1 where nothing is left out; None: it could not be flown."""
    because: str
    """Why it could not be flown; else empty."""


class RemainderTrial:
    """Plans remainders for people who are about to let a vehicle go on."""

    def __init__(
        self,
        *,
        database: Database,
        missions: MissionStore,
        fleet: FleetStore,
        situations: Situations,
        zones: ZoneSource,
        site: Site,
        clock: Clock,
    ) -> None:
        self._database = database
        self._missions = missions
        self._fleet = fleet
        self._situations = situations
        self._zones = zones
        self._site = site
        self._clock = clock

    async def plan(self, run_id: RunId) -> RemainderTold:
        """Return what of an interrupted run its own vehicle could fly; raises NotFound."""
        async with self._database.reading() as unit:
            run = await self._missions.run(unit, run_id)
            if run.state is not RunState.INTERRUPTED or run.order_id is None:
                return RemainderTold(run=run, flown_ratio=None, because="it is not interrupted")
            rest = await self._fleet.order(unit, run.order_id)
            vehicle = await self._vehicle(unit, rest.order)
            ground = await self._ground(unit)
        if vehicle is None:
            return RemainderTold(run=run, flown_ratio=None, because="its vehicle is not known any more")
        return await run_blocking(lambda: _told(run, rest, vehicle, ground))

    async def _vehicle(self, unit: Transaction, order: Order) -> Situation | None:
        known = {vehicle.id: vehicle for vehicle in await self._situations.all(unit)}
        return known.get(order.vehicle_id)

    async def _ground(self, unit: Transaction) -> Ground:
        """Return what it is planned on; other flights are left aside: for them it waits, and leaves nothing out."""
        return Ground(
            site=self._site,
            zones=await self._zones.zones(unit),
            now=self._clock.now(),
            others=(),
            look_dwell_s=0.0,
            distances=Distances(),
        )


def _told(run: Run, rest: OrderRecord, vehicle: Situation, ground: Ground) -> RemainderTold:
    routed = route_remainder(rest.order.legs, rest.progress.legs_done, _after_look(vehicle), ground)
    if routed.route is None:
        return RemainderTold(run=run, flown_ratio=None, because=routed.because)
    ratio = routed.route.covered_ratio
    return RemainderTold(run=run, flown_ratio=1.0 if ratio is None else ratio, because="")


def _after_look(vehicle: Situation) -> Situation:
    """Return the vehicle where its look ends: from there it would go on."""
    order = vehicle.current.order if vehicle.current else None
    if order is None or order.purpose is not OrderPurpose.LOOK or not vehicle.state.is_airborne:
        return vehicle
    end = order.legs[-1]
    return replace(vehicle, state=replace(vehicle.state, position=end.place, height_above_home_m=end.height_agl_m))
