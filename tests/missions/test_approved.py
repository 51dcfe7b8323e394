"""A run flies what was approved when it was made, whatever is drawn or withdrawn while it waits."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from core.clock import ManualClock
from core.database import Database
from core.events import InProcessBus
from core.ids import VehicleId
from fleet.orders import OrderState
from missions.patrol import Patrol, Run, RunState
from tests.missions.dispatch_range import START, Range


@pytest.fixture
async def estate(tmp_path: Path) -> AsyncIterator[Range]:
    clock = ManualClock(start_at=START)
    url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    async with Database(url=url, bus=InProcessBus(), clock=clock) as database:
        await database.create_all()
        yield Range(database, clock)


async def waiting_run(estate: Range) -> tuple[Patrol, Run, VehicleId]:
    """Return a run that waits for a vehicle with a full battery."""
    drone = await estate.add_vehicle("drone-1", "dock-1")
    estate.says(drone, estate.site.docks[0].place, battery_ratio=0.1)
    patrol = await estate.add_patrol(height_agl_m=25)
    run = await estate.start(patrol.id)
    await estate.dispatcher.reconcile()
    assert (await estate.run(run)).state is RunState.PLANNED
    return patrol, run, drone


async def change(estate: Range, patrol: Patrol) -> Patrol:
    async with estate.database.transaction() as unit:
        return (await estate.requests.change_patrol(unit, patrol, by="test"))[0]


async def test_a_waiting_run_flies_the_revision_that_it_was_made_from_also_after_a_restart(estate: Range) -> None:
    patrol, run, drone = await waiting_run(estate)
    await change(estate, replace(patrol, height_agl_m=35.0))

    restarted = Range(estate.database, estate.clock)
    restarted.says(drone, estate.site.docks[0].place, battery_ratio=0.9)
    await restarted.dispatcher.reconcile()

    begun, record = await restarted.run(run), await restarted.order_of(drone)
    assert (begun.state, begun.patrol_revision) == (RunState.RUNNING, 1)
    assert record is not None
    assert {leg.height_agl_m for leg in record.order.legs} == {25.0}


async def test_a_waiting_run_ends_with_the_reason_when_its_patrol_is_withdrawn(estate: Range) -> None:
    patrol, run, drone = await waiting_run(estate)
    await change(estate, replace(patrol, is_active=False))
    estate.says(drone, estate.site.docks[0].place, battery_ratio=0.9)
    await estate.dispatcher.reconcile()

    ended = await estate.run(run)
    assert (ended.state, "withdrawn before this was flown" in ended.because) == (RunState.ABORTED, True)
    assert await estate.order_of(drone) is None


async def test_a_withdrawal_while_the_route_is_planned_counts(estate: Range) -> None:
    patrol, run, drone = await waiting_run(estate)
    estate.says(drone, estate.site.docks[0].place, battery_ratio=0.9)
    picture = await estate.steps._look_around(await estate.run(run))
    await change(estate, replace(patrol, is_active=False))
    await estate.steps._try(await estate.run(run), picture.vehicles[0], picture)
    assert await estate.order_of(drone) is None


async def test_what_flies_goes_on_when_its_patrol_is_withdrawn_and_its_remainder_does_not(estate: Range) -> None:
    patrol, run, drone = await waiting_run(estate)
    estate.says(drone, estate.site.docks[0].place, battery_ratio=0.9)
    await estate.dispatcher.reconcile()
    record = await estate.flies(drone, legs_done=2)
    await change(estate, replace(patrol, is_active=False))
    await estate.dispatcher.reconcile()
    assert (await estate.run(run)).state is RunState.RUNNING

    await estate.reports(record.order.id, OrderState.FAILED, legs_done=2, because="a motor failed")
    await estate.dispatcher.reconcile()
    assert (await estate.run(run)).state is RunState.INTERRUPTED
    await estate.dispatcher.reconcile()
    assert (await estate.run(run)).state is RunState.ABORTED


async def test_a_run_whose_revision_nobody_kept_does_not_keep_the_others_waiting(estate: Range) -> None:
    await estate.add_vehicle("drone-1", "dock-1")
    lost, flown = await estate.add_patrol(0), await estate.add_patrol(1)
    first, second = await estate.start(lost.id), await estate.start(flown.id)
    async with estate.database.transaction() as unit:
        await unit.session.execute(text("DELETE FROM patrol_versions WHERE patrol_id = :id"), {"id": lost.id})
        await unit.session.execute(text("UPDATE runs SET patrol_revision = 7 WHERE id = :id"), {"id": first.id})

    await estate.dispatcher.reconcile()

    assert "7" in (await estate.run(first)).because
    assert (await estate.run(second)).state is RunState.RUNNING


async def test_a_run_of_the_present_revision_flies_also_where_an_older_controller_kept_none(estate: Range) -> None:
    await estate.add_vehicle("drone-1", "dock-1")
    patrol = await estate.add_patrol()
    run = await estate.start(patrol.id)
    async with estate.database.transaction() as unit:
        await unit.session.execute(text("DELETE FROM patrol_versions"))

    await estate.dispatcher.reconcile()

    assert (await estate.run(run)).state is RunState.RUNNING
