"""Turns a proved route into an order in the books, together with everything that it changes."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from core.clock import Clock
from core.database import Database, Transaction
from core.errors import Conflict
from core.ids import OrderId, VehicleId, new_id
from fleet.orders import Dock, FailsafeChoices, LegPurpose, Order, OrderPurpose, OrderState
from fleet.store import FleetStore, OrderRecord
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from geofence.zones import ZoneSet
from missions.books import RunBooks
from missions.cancelled import why_cancelled
from missions.patrol import Run, RunKind, RunState
from missions.planner import PlannedRoute
from missions.site import Site
from missions.situation import Situation
from missions.sources import CheckSource, ZoneSource
from missions.store import MissionStore

WORK = frozenset({LegPurpose.SURVEY, LegPurpose.POINT, LegPurpose.LINE, LegPurpose.LOOK})
_CHECK_WITHIN_M = 60.0
_RALLY_TAKEN_M = 15.0
_DOWN_BY_THEN = timedelta(hours=1)
"""So long after the end of its order's time even a vehicle that is never heard again is on the ground."""


def work_legs(record: OrderRecord, *, legs_done: int | None = None) -> int:
    """Return how many legs of the patrol itself (no transits) are among the first *legs_done* legs of an order."""
    done = record.progress.legs_done if legs_done is None else legs_done
    return sum(leg.purpose in WORK for leg in record.order.legs[:done])


class OrderGiver:
    """Writes an order, its run, the run that it interrupts and the checks on its way, all in one transaction."""

    def __init__(
        self,
        *,
        database: Database,
        missions: MissionStore,
        fleet: FleetStore,
        books: RunBooks,
        checks: CheckSource,
        zones: ZoneSource,
        site: Site,
        clock: Clock,
    ) -> None:
        self._database = database
        self._missions = missions
        self._fleet = fleet
        self._books = books
        self._checks = checks
        self._zones = zones
        self._site = site
        self._clock = clock

    async def give(
        self,
        run: Run,
        vehicle: Situation,
        route: PlannedRoute,
        *,
        zones: ZoneSet,
        because: str,
        fleet: Sequence[Situation] = (),
    ) -> None:
        """Store the order of *run* for *vehicle*; nothing happens when something changed since it was read.

        It holds those rally points that no other order holds and where no other vehicle of *fleet* is.
        """
        async with self._database.transaction() as unit:
            await self._fleet.give_alone(unit)
            if fleet and await self._others_were_given(unit, fleet):
                return
            if await self._was_forbidden(unit, vehicle, zones):
                return
            fresh = await self._missions.claim_run(unit, run.id)
            current = await self._fleet.current_order(unit, vehicle.id)
            was = vehicle.current.order.id if vehicle.current else None
            if fresh is None or fresh.revision != run.revision or (current.order.id if current else None) != was:
                return
            if fresh.patrol_id is not None and not (await self._missions.patrol(unit, fresh.patrol_id)).is_active:
                return
            places = [leg.place for leg in route.legs]
            checks = await self._checks.checks_for(unit, route=places, within_m=_CHECK_WITHIN_M)
            order = self._order(fresh, vehicle, route, zones=zones, because=because)
            rally_points = await self._free_rally_points(unit, vehicle.id, fleet)
            order = replace(order, checks=checks, supersedes=was, rally_points=rally_points)
            await self._fleet.add_order(unit, order)
            await self._checks.mark_verifying(unit, checks, order_id=order.id, vehicle_id=vehicle.id)
            if current is not None and current.order.run_id != run.id:
                await self._displace(unit, current, by=fresh)
            await self._books.save(unit, self._begun(fresh, vehicle, order))

    async def _others_were_given(self, unit: Transaction, fleet: Sequence[Situation]) -> bool:
        """Say whether there are orders, of another controller, that the route was not kept apart from."""
        known = {vehicle.current.order.id for vehicle in fleet if vehicle.current is not None}
        newest = {record.order.vehicle_id: record.order.id for record in await self._fleet.unfinished_orders(unit)}
        return not known.issuperset(newest.values())

    async def _was_forbidden(self, unit: Transaction, vehicle: Situation, zones: ZoneSet) -> bool:
        """Say whether somebody closed the air, or took the vehicle out of service, while the route was planned."""
        if (await self._zones.zones(unit)).hash != zones.hash:
            return True
        return (await self._fleet.vehicle(unit, vehicle.id)).out_of_service != vehicle.record.out_of_service

    async def _free_rally_points(
        self, unit: Transaction, vehicle_id: VehicleId, fleet: Sequence[Situation]
    ) -> tuple[Dock, ...]:
        """Return the rally points for one vehicle alone: two that go home at once would come down on the same one."""
        others = [other for other in fleet if other.id != vehicle_id]
        orders = [record.order for record in await self._fleet.unfinished_orders(unit)]
        orders += [order for other in others if (order := await self._still_on_board(unit, other)) is not None]
        held = {rally.id for order in orders if order.vehicle_id != vehicle_id for rally in order.rally_points}
        standing = [other.state.position for other in others if not other.state.is_airborne]
        return tuple(
            rally
            for rally in self._site.rally_points
            if rally.id not in held and not any(place and _is_near(rally.place, place) for place in standing)
        )

    async def _still_on_board(self, unit: Transaction, other: Situation) -> Order | None:
        """Return the order whose places a vehicle in the air still holds, though the order has failed or run out."""
        if other.state.received_s is not None and not other.state.is_airborne:
            return None
        last = await self._fleet.last_order(unit, other.id)
        if last is None or last.progress.state is OrderState.DONE:
            return None
        return last.order if self._clock.now() < last.order.not_after_at + _DOWN_BY_THEN else None

    async def _displace(self, unit: Transaction, current: OrderRecord, *, by: Run) -> None:
        """Say what becomes of the run whose order is superseded."""
        if current.order.run_id is None:
            return
        displaced = await self._missions.claim_run(unit, current.order.run_id)
        if displaced is None:
            if not (await self._missions.run(unit, current.order.run_id)).is_ended:
                raise Conflict("somebody changes the run that is to be interrupted", where=current.order.run_id)
            return
        now = self._clock.now()
        if displaced.kind is RunKind.LOOK:
            await self._books.save(unit, displaced.move(RunState.DONE, because=f"looked; then {by.name}", at=now))
            return
        if displaced.state is not RunState.RUNNING:
            raise Conflict(f"the run is {displaced.state.value}", where=displaced.id)
        if because := await why_cancelled(unit, self._fleet, current):
            # A person's word is on its way to the order that is superseded: nothing of it is left for later.
            await self._books.save(unit, displaced.move(RunState.ABORTED, because=because, at=now))
            return
        moved = displaced.move(RunState.INTERRUPTED, because=f"interrupted by {by.name}", at=now)
        await self._books.save(unit, replace(moved, give_up_at=now + timedelta(minutes=15)))

    def _begun(self, run: Run, vehicle: Situation, order: Order) -> Run:
        now = self._clock.now()
        work = sum(leg.purpose in WORK for leg in order.legs)
        return replace(
            run.move(RunState.RUNNING, because=order.because, at=now),
            vehicle_id=vehicle.id,
            order_id=order.id,
            started_at=run.started_at or now,
            done_before=run.legs_done,
            legs_total=run.legs_total or work,
        )

    def _order(self, run: Run, vehicle: Situation, route: PlannedRoute, *, zones: ZoneSet, because: str) -> Order:
        if vehicle.dock is None:
            raise Conflict("an order needs a dock to come home to", where=vehicle.id)
        if route.proved_until is None or route.return_height_agl_m is None:
            raise Conflict("an order needs a route that was proved", where=vehicle.id)
        now = self._clock.now()
        return Order(
            id=OrderId(new_id()),
            vehicle_id=vehicle.id,
            run_id=run.id,
            purpose=OrderPurpose.LOOK if run.kind is RunKind.LOOK else OrderPurpose.PATROL,
            legs=route.legs,
            zones=zones,
            dock=vehicle.dock,
            ground_amsl_m=self._site.ground_amsl_m,
            return_height_agl_m=route.return_height_agl_m,
            takeoff_height_agl_m=self._site.takeoff_height_agl_m,
            failsafes=FailsafeChoices(),
            authorisation=self._site.authorisation,
            not_before_at=now,
            not_after_at=route.proved_until,
            because=because,
            made_at=now,
        )


def _is_near(one: GeoPosition, other: GeoPosition) -> bool:
    away = LocalFrame(origin=one).to_local(other)
    return math.hypot(away.east_m, away.north_m) < _RALLY_TAKEN_M
