"""Several vehicles in the air: levels for their legs and for their ways home, or waiting with a moment told."""

from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest

from core.clock import ManualClock
from core.database import Database
from core.events import InProcessBus
from fleet.order_route import route_of_order
from fleet.orders import LegPurpose
from fleet.telemetry import FlightMode
from geofence.route_proof import prove_order
from missions.separation import Distances, conflict
from missions.tubes import Flight
from tests.missions.dispatch_range import START, Range


@pytest.fixture
async def estate(tmp_path: Path) -> AsyncIterator[Range]:
    """Return the estate on a database of its own."""
    clock = ManualClock(start_at=START)
    async with Database(url=f"sqlite+aiosqlite:///{tmp_path / 'test.db'}", bus=InProcessBus(), clock=clock) as database:
        await database.create_all()
        yield Range(database, clock)


async def test_two_in_the_air_come_home_at_different_heights_and_both_are_proved(estate: Range) -> None:
    first, second = await estate.add_vehicle("drone-1", "dock-1"), await estate.add_vehicle("drone-2", "dock-2")
    await estate.start((await estate.add_patrol()).id, first)
    await estate.dispatcher.reconcile()
    below = (await estate.flies(first, legs_done=1)).order
    await estate.start((await estate.add_patrol(name="Again")).id, second)
    await estate.dispatcher.reconcile()
    record = await estate.order_of(second)

    assert record is not None
    above = record.order
    assert below.return_height_agl_m == estate.site.return_height_agl_m
    assert above.return_height_agl_m - below.return_height_agl_m >= Distances().height_m
    assert prove_order(route_of_order(above)).is_safe
    flights = [
        Flight(
            vehicle_id=order.vehicle_id,
            start=order.dock.place,
            legs=order.legs,
            dock=order.dock,
            start_height_agl_m=order.takeoff_height_agl_m,
            return_height_agl_m=order.return_height_agl_m,
            is_on_ground=True,
        )
        for order in (above, below)
    ]
    assert conflict(*flights, distances=Distances(time_s=None)) == ""


async def test_the_second_climbs_over_its_dock_before_it_leaves(estate: Range) -> None:
    first, second = await estate.add_vehicle("drone-1", "dock-1"), await estate.add_vehicle("drone-2", "dock-2")
    await estate.start((await estate.add_patrol()).id, first)
    await estate.dispatcher.reconcile()
    await estate.flies(first, legs_done=1)
    await estate.start((await estate.add_patrol(name="Again")).id, second)
    await estate.dispatcher.reconcile()
    record = await estate.order_of(second)

    assert record is not None
    legs = record.order.legs
    assert legs[0].place == record.order.dock.place
    survey_m = {leg.height_agl_m for leg in legs if leg.purpose is LegPurpose.LINE}
    assert survey_m == {legs[0].height_agl_m}
    assert all(b.height_agl_m >= a.height_agl_m or b.purpose is not LegPurpose.LINE for a, b in pairwise(legs))


async def test_behind_one_that_hovers_nobody_waits_for_a_moment_that_nobody_knows(estate: Range) -> None:
    first, second = await estate.add_vehicle("drone-1", "dock-1"), await estate.add_vehicle("drone-2", "dock-2")
    await estate.start((await estate.add_patrol()).id, first)
    await estate.dispatcher.reconcile()
    order = (await estate.flies(first, legs_done=2)).order
    # it hovers high over its lane, so that no level is left, and its way home is at the only height
    estate.says(first, order.legs[2].place, height_m=60.0, mode=FlightMode.HOLD)
    low = await estate.add_patrol(name="Again", height_agl_m=72)
    run = await estate.start(low.id, second)
    await estate.dispatcher.reconcile()

    assert await estate.order_of(second) is None
    waiting = await estate.run(run)
    assert "comes within" in waiting.because
    assert "can begin at" not in waiting.because
