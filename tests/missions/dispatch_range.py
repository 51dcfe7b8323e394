"""The estate with real books and a real planner; the test plays the agents by writing what they would report."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from core.clock import ManualClock
from core.database import Database, Transaction
from core.ids import OrderId, PatrolId, VehicleId
from fleet.holding import Holder
from fleet.orders import Check, CommandKind, CommandOutcome, CommandState, OrderProgress, OrderState
from fleet.registry import FleetRegistry
from fleet.store import OrderRecord
from fleet.store_sql import SqlFleetStore
from fleet.telemetry import FlightMode, LandedState, VehicleState
from fleet.vehicle import VehicleCard, VehicleKind
from geofence.positions import GeoPosition
from geofence.zone_files import read_zones
from geofence.zones import ZoneSet
from missions.books import RunBooks
from missions.dispatcher import Dispatcher
from missions.giver import OrderGiver
from missions.patrol import Patrol, Run
from missions.patrol_files import patrol_from_json
from missions.requests import MissionRequests
from missions.runner import RunnerSettings, RunSteps
from missions.site import Site, read_site
from missions.situation import Situations
from missions.store_sql import SqlMissionStore

ESTATE = Path(__file__).resolve().parents[2] / "sim" / "worlds" / "estate"
START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


class FixedZones:
    """A zone source that holds one zone set; a test puts others in force."""

    def __init__(self, zones: ZoneSet) -> None:
        self.in_force = zones

    async def zones(self, unit: Transaction) -> ZoneSet:
        return self.in_force


@dataclass
class NotedChecks:
    """A check source with a list; it remembers what was marked."""

    checks: tuple[Check, ...] = ()
    marked: list[tuple[str, OrderId]] = field(default_factory=list)

    async def checks_for(self, unit: Transaction, *, route: object, within_m: float) -> tuple[Check, ...]:
        return self.checks

    async def mark_verifying(
        self, unit: Transaction, checks: Sequence[Check], *, order_id: OrderId, vehicle_id: VehicleId
    ) -> None:
        self.marked += [(check.incident_id, order_id) for check in checks]


class Range:
    """Everything a dispatcher test needs."""

    def __init__(self, database: Database, clock: ManualClock, *, site: Site | None = None) -> None:
        self.database, self.clock = database, clock
        self.site = site or read_site(ESTATE / "site.json")
        self.registry = FleetRegistry(clock=clock)
        self.fleet = SqlFleetStore()
        self.missions = SqlMissionStore()
        self.checks = NotedChecks()
        self.zones = zones = FixedZones(read_zones((ESTATE / "zones.geojson").read_bytes()))
        situations = Situations(fleet=self.fleet, live=self.registry, site=self.site, clock=clock)
        books = RunBooks(database=database, missions=self.missions, clock=clock)
        self.situations = situations
        self.giver = giver = OrderGiver(
            database=database, missions=self.missions, fleet=self.fleet, books=books, checks=self.checks,
            zones=zones, site=self.site, clock=clock,
        )  # fmt: skip
        self.steps = steps = RunSteps(
            database=database, missions=self.missions, fleet=self.fleet, situations=situations, zones=zones,
            giver=giver, books=books, site=self.site, clock=clock, settings=RunnerSettings(),
        )  # fmt: skip
        self.dispatcher = Dispatcher(database=database, missions=self.missions, books=books, steps=steps, clock=clock)
        self.requests = MissionRequests(missions=self.missions, fleet=self.fleet, books=books, clock=clock)

    async def add_vehicle(self, name: str, dock_id: str) -> VehicleId:
        """Let a drone say hello and stand ready in its dock."""
        card = VehicleCard(
            id=VehicleId(name), kind=VehicleKind.DRONE, name=name, name_zh=name, capabilities=frozenset(),
            dock_id=dock_id, speed_m_s=6.0, endurance_s=1200.0,
        )  # fmt: skip
        async with self.database.transaction() as unit:
            await self.fleet.put_vehicle(unit, card, agent="test", software="test", boot_id="1", at=self.clock.now())
        dock = self.site.dock(dock_id)
        assert dock is not None
        self.says(card.id, dock.place)
        return card.id

    def says(
        self,
        vehicle_id: VehicleId,
        position: GeoPosition,
        *,
        height_m: float = 0.0,
        mode: FlightMode = FlightMode.READY,
        speed_m_s: float = 0.0,
        battery_ratio: float = 0.9,
    ) -> None:
        """Put what the vehicle would say into the live view."""
        airborne = height_m > 0
        state = VehicleState(
            vehicle_id=vehicle_id, received_s=self.clock.monotonic_s(), received_at=self.clock.now(),
            position=position, height_above_home_m=height_m, east_m_s=speed_m_s, home=position,
            battery_ratio=battery_ratio, mode=mode, is_armed=airborne,
            landed=LandedState.IN_AIR if airborne else LandedState.ON_GROUND, gps_ok=True, health_ok=True,
            link_up=True,
        )  # fmt: skip
        self.registry.update(state)

    async def add_patrol(self, number: int = 0, **changes: object) -> Patrol:
        """Store one of the estate's patrols, without its schedule unless *changes* gives one."""
        documents = json.loads((ESTATE / "patrols.json").read_text("utf-8"))
        patrol = patrol_from_json({**documents[number], "schedule": None, **changes})
        async with self.database.transaction() as unit:
            return (await self.requests.add_patrol(unit, patrol, by="test"))[0]

    async def start(self, patrol_id: PatrolId, vehicle_id: VehicleId | None = None) -> Run:
        async with self.database.transaction() as unit:
            return await self.requests.start_patrol(unit, patrol_id, asked_by="test", vehicle_id=vehicle_id)

    async def run(self, run: Run) -> Run:
        async with self.database.transaction() as unit:
            return await self.missions.run(unit, run.id)

    async def order_of(self, vehicle_id: VehicleId) -> OrderRecord | None:
        async with self.database.transaction() as unit:
            return await self.fleet.current_order(unit, vehicle_id)

    async def reports(
        self,
        order_id: OrderId,
        *states: OrderState,
        legs_done: int = 0,
        because: str = "said so",
        held_by: Holder = Holder.NOBODY,
    ) -> None:
        """Write progress as the agent would report it."""
        for state in states:
            progress = OrderProgress(
                order_id=order_id,
                state=state,
                legs_done=legs_done,
                because=because,
                at=self.clock.now(),
                held_by=held_by,
            )
            async with self.database.transaction() as unit:
                await self.fleet.set_progress(unit, progress)

    async def flies(self, vehicle_id: VehicleId, *, legs_done: int) -> OrderRecord:
        """Let the vehicle's order run up to a leg, and the vehicle be there."""
        record = await self.order_of(vehicle_id)
        assert record is not None
        steps = (OrderState.ACCEPTED, OrderState.LOADED, OrderState.RUNNING)
        await self.reports(record.order.id, *steps, legs_done=legs_done)
        leg = record.order.legs[max(0, legs_done - 1)]
        self.says(vehicle_id, leg.place, height_m=leg.height_agl_m, mode=FlightMode.MISSION, speed_m_s=5.0)
        return record

    async def obeys(self, vehicle_id: VehicleId, kind: CommandKind) -> bool:
        """Answer the newest open command of that kind as done; False when there is none."""
        async with self.database.transaction() as unit:
            for record in await self.fleet.open_commands(unit, vehicle_id=vehicle_id):
                if record.command.kind is kind:
                    outcome = CommandOutcome(
                        command_id=record.command.id, state=CommandState.DONE, because="it holds", at=self.clock.now()
                    )
                    await self.fleet.set_outcome(unit, outcome)
                    return True
        return False
