"""The desk hears once of a vehicle that is where the zones of now do not allow it, whatever its own guard thinks."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from core.clock import ManualClock
from core.database import Database
from core.events import InProcessBus
from core.ids import ZoneId
from fleet.telemetry import FlightMode
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from geofence.zones import Zone, ZoneKind, ZoneSet
from missions.zone_watcher import ZoneWatcher
from tests.missions.dispatch_range import START, FixedZones, Range


@pytest.fixture
async def estate(tmp_path: Path) -> AsyncIterator[Range]:
    clock = ManualClock(start_at=START)
    url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    async with Database(url=url, bus=InProcessBus(), clock=clock) as database:
        await database.create_all()
        yield Range(database, clock)


class Drawn(FixedZones):
    """Zones that somebody may change."""

    def draw(self, middle: GeoPosition, radius_m: float) -> None:
        """Draw a keep-out zone around *middle*."""
        ring = shapely.transform(shapely.Point(0, 0).buffer(radius_m), LocalFrame(origin=middle).to_geo_array)
        fire = Zone(id=ZoneId("fire"), kind=ZoneKind.KEEP_OUT, polygon=ring, name="the fire")
        self.in_force = ZoneSet(zones=(*self.in_force.zones, fire))


async def told(estate: Range) -> list[tuple[object, object]]:
    lines = await estate.database.read_journal(after=0, prefix="vehicles.event")
    return [(line.event.body["zone_id"], line.event.body["text"]) for line in lines]


async def test_a_zone_drawn_over_a_vehicle_in_the_air_is_told_once_each_time_it_is_entered(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    dock = estate.site.dock("dock-1")
    assert dock is not None
    drawn = Drawn(await estate.zones.zones(None))  # type: ignore[arg-type]
    watcher = ZoneWatcher(
        database=estate.database, fleet=estate.fleet, zones=drawn, registry=estate.registry,
        origin=estate.site.origin, clock=estate.clock,
    )  # fmt: skip

    estate.says(drone, dock.place, height_m=20, mode=FlightMode.MISSION)
    await watcher.look()
    assert await told(estate) == []

    drawn.draw(dock.place, 15)
    await watcher.look()
    await watcher.look()
    assert await told(estate) == [("fire", "it is inside the keep-out zone the fire")]

    away = LocalFrame(origin=dock.place).to_geo(LocalPosition(east_m=20, north_m=0))
    estate.says(drone, away, height_m=20, mode=FlightMode.MISSION)
    await watcher.look()
    estate.says(drone, dock.place, height_m=20, mode=FlightMode.MISSION)
    await watcher.look()
    assert len(await told(estate)) == 2


async def test_a_vehicle_on_the_ground_or_not_heard_lately_is_not_judged(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    dock = estate.site.dock("dock-1")
    assert dock is not None
    drawn = Drawn(await estate.zones.zones(None))  # type: ignore[arg-type]
    drawn.draw(dock.place, 15)
    watcher = ZoneWatcher(
        database=estate.database, fleet=estate.fleet, zones=drawn, registry=estate.registry,
        origin=estate.site.origin, clock=estate.clock,
    )  # fmt: skip
    await watcher.look()
    estate.says(drone, dock.place, height_m=20, mode=FlightMode.MISSION)
    state = estate.registry.state(drone)
    assert state is not None
    estate.registry.update(replace(state, received_s=-10.0))
    await watcher.look()
    assert await told(estate) == []
