"""What is left of an interrupted run: told before it is taken up again, and said when it is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import shapely
from shapely import box

from api.sentences import read
from core.clock import ManualClock
from core.database import Database
from core.events import InProcessBus
from core.ids import AlarmId, VehicleId, ZoneId, new_id
from fleet.holding import Holder
from fleet.orders import CommandKind, OrderState
from fleet.telemetry import FlightMode
from geofence.frames import LocalFrame
from geofence.zones import Zone, ZoneKind, ZoneSet
from missions.patrol import Run, RunState
from missions.remainder import RemainderTrial, remainder_words
from tests.missions.dispatch_range import START, Range

YARD = box(-40, -12, 20, 22)
"""Metres from the estate's origin: free ground between the rows of towers."""


@pytest.fixture
async def estate(tmp_path: Path) -> AsyncIterator[Range]:
    clock = ManualClock(start_at=START)
    async with Database(url=f"sqlite+aiosqlite:///{tmp_path / 'test.db'}", bus=InProcessBus(), clock=clock) as database:
        await database.create_all()
        yield Range(database, clock)


def trial(estate: Range) -> RemainderTrial:
    return RemainderTrial(
        database=estate.database, missions=estate.missions, fleet=estate.fleet, situations=estate.situations,
        zones=estate.zones, site=estate.site, clock=estate.clock,
    )  # fmt: skip


async def interrupted(estate: Range) -> Run:
    """Let a drone begin an area, make way for a look, and hover at the end of that."""
    drone = await estate.add_vehicle("drone-1", "dock-1")
    in_degrees = shapely.transform(YARD, LocalFrame(origin=estate.site.origin).to_geo_array)
    area = {
        "type": "area", "name": "yard", "name_zh": "院子", "area": shapely.geometry.mapping(in_degrees),
        "swath_m": 12.0, "overlap": 0.0, "camera": {"pitch_deg": -60},
    }  # fmt: skip
    run = await estate.start((await estate.add_patrol(parts=[area])).id)
    await estate.dispatcher.reconcile()
    order = (await estate.flies(drone, legs_done=2)).order
    async with estate.database.transaction() as unit:
        await estate.requests.request_look(
            unit, alarm_id=AlarmId(new_id()), place=estate.site.panels[0].place, asked_by="wang", vehicle_id=None
        )
    await estate.dispatcher.reconcile()
    assert await estate.obeys(drone, CommandKind.HOLD)
    await estate.reports(order.id, OrderState.HELD, legs_done=2, because="makes way", held_by=Holder.DISPATCHER)
    here = order.legs[1]
    estate.says(drone, here.place, height_m=here.height_agl_m, mode=FlightMode.HOLD)
    await estate.dispatcher.reconcile()
    await estate.reports(order.id, OrderState.ABORTED, legs_done=2, because="superseded")
    looks = await estate.order_of(drone)
    assert looks is not None
    await estate.flies(drone, legs_done=len(looks.order.legs) - 1)
    assert (await estate.run(run)).state is RunState.INTERRUPTED
    return run


def draw_a_zone(estate: Range) -> None:
    """Put a keep-out zone in force that lies in the yard."""
    to_geo = LocalFrame(origin=estate.site.origin).to_geo_array
    new = Zone(id=ZoneId("new"), kind=ZoneKind.KEEP_OUT, polygon=shapely.transform(box(-44, 12, -34, 30), to_geo))
    estate.zones.in_force = ZoneSet(zones=(*estate.zones.in_force.zones, new))


async def test_what_a_remainder_would_leave_out_is_told_before_it_is_flown_and_said_when_it_is(estate: Range) -> None:
    run = await interrupted(estate)
    whole = await trial(estate).plan(run.id)
    assert (whole.flown_ratio, whole.because) == (1.0, "")
    draw_a_zone(estate)
    told = await trial(estate).plan(run.id)
    assert told.flown_ratio is not None
    assert 0.3 < told.flown_ratio < 0.95
    looks = await estate.order_of(VehicleId("drone-1"))
    assert looks is not None
    end = looks.order.legs[-1]
    estate.says(looks.order.vehicle_id, end.place, height_m=end.height_agl_m, mode=FlightMode.MISSION)
    await estate.dispatcher.reconcile()
    resumed = await estate.run(run)
    assert resumed.state is RunState.RUNNING
    assert resumed.because == remainder_words(run.name, told.flown_ratio)
    assert f"{100 * (1 - told.flown_ratio):.0f} % of what was left of its areas is left out" in resumed.because
    assert [one.code for one in read(resumed.because)] == ["run.remainder", "run.rest_left_out"]


async def test_of_a_run_that_is_not_interrupted_nothing_is_tried(estate: Range) -> None:
    await estate.add_vehicle("drone-1", "dock-1")
    run = await estate.start((await estate.add_patrol()).id)
    for _ in range(2):
        told = await trial(estate).plan(run.id)
        assert (told.flown_ratio, told.because) == (None, "it is not interrupted")
        await estate.dispatcher.reconcile()


def test_where_nothing_is_left_out_nothing_is_said_of_it_and_never_none_of_something() -> None:
    assert remainder_words("Yard", None) == "the remainder of patrol Yard"
    assert "; 1 % of" in remainder_words("Yard", 0.999)
