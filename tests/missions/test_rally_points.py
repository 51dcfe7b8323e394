"""Rally points: proved to, carried by orders, put on the vehicle."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from core.clock import ManualClock
from core.database import Database
from core.errors import InvalidInput
from core.events import InProcessBus, Json
from fleet.drivers.mavlink_wire import wire_plan
from fleet.orders import Dock, OrderState
from fleet.telemetry import FlightMode
from fleet.vehicle import Plan
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from missions.site import read_site, site_from_json
from tests.fleet.drivers.orders import HOME, make_order
from tests.missions.dispatch_range import ESTATE, START, Range

SITE = json.loads((ESTATE / "site.json").read_text(encoding="utf-8"))


def beside(east_m: float, north_m: float) -> Dock:
    """Return a rally point near the home of the orders."""
    place = LocalFrame(origin=HOME).to_geo(LocalPosition(east_m=east_m, north_m=north_m))
    return Dock(id="roof", place=place)


def test_a_site_names_its_rally_points() -> None:
    roof: Json = {"id": "roof", "lon_deg": 121.4, "lat_deg": 31.32}

    assert [rally.id for rally in site_from_json({**SITE, "rally_points": [roof]}).rally_points] == ["roof"]
    assert read_site(ESTATE / "site.json").rally_points == ()


def test_more_rally_points_than_an_autopilot_holds_are_refused() -> None:
    roofs: list[Json] = [{"id": f"roof-{n}", "lon_deg": 121.4, "lat_deg": 31.32} for n in range(32)]

    with pytest.raises(InvalidInput, match="31 beside the dock"):
        site_from_json({**SITE, "rally_points": roofs})


def test_the_vehicle_holds_its_dock_and_every_rally_point() -> None:
    order = replace(make_order(), rally_points=(beside(20, 20), beside(-20, 20)))

    wire = wire_plan(Plan(order=order))

    assert len(wire.rally) == 3
    assert (wire.rally[1].x, wire.rally[1].y) != (wire.rally[0].x, wire.rally[0].y)


LANES = tuple(
    Dock(id=f"lane-{number}", place=GeoPosition(lon_deg=lon_deg, lat_deg=31.32005))
    for number, lon_deg in enumerate((121.3994, 121.3998))
)


@pytest.fixture
async def estate(tmp_path: Path) -> AsyncIterator[Range]:
    """Return the estate with two rally points, on a database of its own."""
    clock, site = ManualClock(start_at=START), replace(read_site(ESTATE / "site.json"), rally_points=LANES)
    async with Database(url=f"sqlite+aiosqlite:///{tmp_path / 'test.db'}", bus=InProcessBus(), clock=clock) as database:
        await database.create_all()
        yield Range(database, clock, site=site)


async def test_two_in_the_air_never_hold_the_same_rally_point(estate: Range) -> None:
    first, second = await estate.add_vehicle("drone-1", "dock-1"), await estate.add_vehicle("drone-2", "dock-2")
    await estate.start((await estate.add_patrol()).id, first)
    await estate.dispatcher.reconcile()
    held = (await estate.flies(first, legs_done=1)).order
    await estate.start((await estate.add_patrol(2)).id, second)
    await estate.dispatcher.reconcile()
    later = await estate.order_of(second)

    assert held.rally_points == LANES
    assert later is not None
    assert later.order.rally_points == ()


async def test_a_rally_point_where_a_vehicle_stands_is_left_out(estate: Range) -> None:
    first, second = await estate.add_vehicle("drone-1", "dock-1"), await estate.add_vehicle("drone-2", "dock-2")
    estate.says(second, LANES[1].place)
    await estate.start((await estate.add_patrol()).id, first)
    await estate.dispatcher.reconcile()
    record = await estate.order_of(first)

    assert record is not None
    assert record.order.rally_points == LANES[:1]


@pytest.mark.parametrize("end", [OrderState.FAILED, OrderState.TIMED_OUT, OrderState.ABORTED])
async def test_a_rally_point_is_held_until_the_vehicle_of_a_failed_order_is_down(
    estate: Range, end: OrderState
) -> None:
    first, second = await estate.add_vehicle("drone-1", "dock-1"), await estate.add_vehicle("drone-2", "dock-2")
    await estate.start((await estate.add_patrol()).id, first)
    await estate.dispatcher.reconcile()
    held = (await estate.flies(first, legs_done=1)).order
    leg = held.legs[0]
    estate.says(first, leg.place, height_m=leg.height_agl_m, mode=FlightMode.RETURN, speed_m_s=5.0)
    await estate.reports(held.id, end, because="a motor is weak")

    async def free() -> tuple[Dock, ...]:
        async with estate.database.transaction() as unit:
            fleet = await estate.situations.all(unit)
            return await estate.giver._free_rally_points(unit, second, fleet)

    assert await free() == ()
    restarted = Range(estate.database, estate.clock, site=estate.site)
    restarted.says(second, estate.site.docks[1].place)
    async with restarted.database.transaction() as unit:
        unheard = await restarted.situations.all(unit)
        assert await restarted.giver._free_rally_points(unit, second, unheard) == ()
    estate.says(first, estate.site.docks[0].place)
    assert await free() == LANES


async def test_two_controllers_never_give_one_rally_point_twice(database_url: str) -> None:
    clock, site = ManualClock(start_at=START), replace(read_site(ESTATE / "site.json"), rally_points=LANES)
    async with AsyncExitStack() as stack:
        both = []
        for _ in range(2):
            opened = Database(url=database_url, bus=InProcessBus(), clock=clock)
            both.append(Range(await stack.enter_async_context(opened), clock, site=site))
        await both[0].database.create_all()
        drones = [await both[0].add_vehicle(f"drone-{n}", f"dock-{n}") for n in (1, 2)]
        for n in (1, 2):
            await both[1].add_vehicle(f"drone-{n}", f"dock-{n}")
        runs = [await both[0].start((await both[0].add_patrol(n)).id, drones[k]) for k, n in enumerate((0, 2))]
        pictures = [await one.steps._look_around(run) for one, run in zip(both, runs, strict=True)]
        tries = zip(both, runs, pictures, (0, 1), strict=True)
        await asyncio.gather(*(one.steps._try(run, seen.vehicles[k], seen) for one, run, seen, k in tries))
        records = [await both[0].order_of(drone) for drone in drones]
        given = [record.order.rally_points for record in records if record is not None]
        assert given == [LANES], "the later one looks again"
        for one in both:
            await one.dispatcher.reconcile()
        records = [await both[0].order_of(drone) for drone in drones]
        points = [rally for record in records if record for rally in record.order.rally_points]
        assert len(points) == len(set(points)) == len(LANES)
        assert all(records)
