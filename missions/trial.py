"""A trial plan: what a patrol would be, for people who are still drawing it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.clock import Clock
from core.database import Database
from core.errors import InvalidInput, NotFound
from core.ids import VehicleId
from core.tasks import run_blocking
from fleet.orders import FailsafeChoices
from geofence.positions import GeoPosition
from missions.errors import Problem
from missions.patrol import Patrol
from missions.plan import usable_s
from missions.planner import PlannedRoute, PlanRequest, plan_patrol
from missions.schedule import first_start
from missions.site import Site
from missions.situation import Situation, Situations
from missions.sources import ZoneSource

_AT_ONCE = 2
"""However many draw, the threads in which the service itself plans are not all taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A route, and the vehicle that it was tried with: `usable_s` is its flight time before the battery is low."""

    route: PlannedRoute
    vehicle_id: VehicleId
    usable_s: float
    start: GeoPosition
    """Its dock."""


class TrialPlanner:
    """Plans and proves without storing or reserving anything."""

    def __init__(
        self, *, database: Database, situations: Situations, zones: ZoneSource, site: Site, clock: Clock
    ) -> None:
        self._database = database
        self._situations = situations
        self._zones = zones
        self._site = site
        self._clock = clock
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def plan(self, patrol: Patrol, *, vehicle_id: VehicleId | None) -> Trial:
        """Return the route from the dock of *vehicle_id*, or of the first vehicle that may fly the patrol.

        Raises NotFound when there is no such vehicle, or none with a dock.
        """
        async with self._database.reading() as unit:
            vehicles = await self._situations.all(unit)
            zones = await self._zones.zones(unit)
        vehicle = self._choose(patrol, vehicles, vehicle_id)
        assert vehicle.dock is not None
        request = PlanRequest(
            site=self._site,
            zones=zones,
            card=vehicle.record.card,
            dock=vehicle.dock,
            start=None,
            start_height_agl_m=None,
            now=self._clock.now(),
            failsafes=FailsafeChoices(),
            margins=self._site.margins,
        )
        async with self._turns:
            route = await run_blocking(lambda: plan_patrol(patrol, request))
        told = replace(route, problems=(*route.problems, *_schedule_problems(patrol, request.now)))
        return Trial(route=told, vehicle_id=vehicle.id, usable_s=usable_s(request), start=vehicle.dock.place)

    @staticmethod
    def _choose(patrol: Patrol, vehicles: Sequence[Situation], vehicle_id: VehicleId | None) -> Situation:
        allowed = (vehicle_id,) if vehicle_id else patrol.vehicle_ids
        for vehicle in vehicles:
            if vehicle.dock is not None and (not allowed or vehicle.id in allowed):
                return vehicle
        raise NotFound(
            "there is no vehicle with a dock that may fly this patrol",
            where=vehicle_id or "vehicle_ids",
            remedy="start an agent for a vehicle first; a vehicle without a dock is known by its home position",
        )


def _schedule_problems(patrol: Patrol, now: datetime) -> list[Problem]:
    try:
        if patrol.schedule is not None and patrol.is_active:
            first_start(patrol.schedule, now=now)
    except InvalidInput as error:
        return [Problem(where=error.where or "schedule", what=error.message, remedy=error.remedy or "")]
    return []
