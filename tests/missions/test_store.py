import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.clock import ManualClock
from core.database import Database
from core.errors import Conflict, NotFound
from core.events import InProcessBus
from core.ids import AlarmId, OrderId, PatrolId, RunId, VehicleId, new_id
from fleet.holding import Holder
from fleet.orders import CommandKind, OrderState
from fleet.telemetry import FlightMode
from geofence.positions import GeoPosition
from missions.patrol import Patrol, Run, RunKind, RunState
from missions.patrol_files import patrol_from_json
from missions.requests import make_run
from missions.store_sql import SqlMissionStore
from tests.missions.dispatch_range import START, Range

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STORE = SqlMissionStore()
DRONE = VehicleId("drone-1")


def a_patrol(name: str = "Street") -> Patrol:
    point = {"type": "point", "name": "Gate", "place": [121.4, 31.32], "dwell_s": 4}
    return patrol_from_json({"name": name, "parts": [point], "height_agl_m": 25, "speed_m_s": 5})


def a_run(patrol: Patrol) -> Run:
    return make_run(kind=RunKind.PATROL, name=patrol.name, asked_by="test", now=NOW, patrol=patrol)


async def test_a_patrol_is_found_again_as_it_was(database: Database) -> None:
    patrol = a_patrol()
    async with database.transaction() as unit:
        stored = await STORE.add_patrol(unit, patrol, next_start_at=NOW)
    async with database.transaction() as unit:
        assert await STORE.patrol(unit, patrol.id) == stored == replace(patrol, revision=1)
        assert await STORE.next_start_at(unit, patrol.id) == NOW


async def test_two_who_change_one_patrol_do_not_overwrite_each_other(database: Database) -> None:
    async with database.transaction() as unit:
        stored = await STORE.add_patrol(unit, a_patrol(), next_start_at=None)
    async with database.transaction() as unit:
        await STORE.change_patrol(unit, replace(stored, name="First"), next_start_at=None)
    with pytest.raises(Conflict):
        async with database.transaction() as unit:
            await STORE.change_patrol(unit, replace(stored, name="Second"), next_start_at=None)
    async with database.transaction() as unit:
        assert (await STORE.patrol(unit, stored.id)).name == "First"


async def test_an_unknown_patrol_is_not_found(database: Database) -> None:
    async with database.transaction() as unit:
        with pytest.raises(NotFound):
            await STORE.patrol(unit, PatrolId(new_id()))


async def test_only_patrols_whose_time_has_come_are_due(database: Database) -> None:
    due, later, resting = a_patrol("due"), a_patrol("later"), replace(a_patrol("resting"), is_active=False)
    async with database.transaction() as unit:
        await STORE.add_patrol(unit, due, next_start_at=NOW)
        await STORE.add_patrol(unit, later, next_start_at=NOW + timedelta(seconds=1))
        await STORE.add_patrol(unit, resting, next_start_at=NOW)
    async with database.transaction() as unit:
        found = await STORE.claim_due_patrols(unit, now=NOW)
        assert [(patrol.name, at) for patrol, at in found] == [("due", NOW)]
        await STORE.set_next_start(unit, due.id, at=None)
        assert await STORE.claim_due_patrols(unit, now=NOW) == []


async def test_the_starts_of_all_patrols_are_asked_for_at_once(database: Database) -> None:
    due, spent, resting = a_patrol("due"), a_patrol("spent"), a_patrol("resting")
    async with database.transaction() as unit:
        await STORE.add_patrol(unit, due, next_start_at=NOW)
        for one in (spent, resting):
            await STORE.add_patrol(unit, one, next_start_at=None)
        await STORE.set_next_start(unit, spent.id, at=NOW + timedelta(days=1), spent_until=NOW)
        assert await STORE.next_starts(unit) == {due.id: NOW, spent.id: NOW + timedelta(days=1)}
        assert await STORE.all_spent_until(unit) == {spent.id: NOW}


async def test_a_run_is_changed_only_by_who_read_its_newest_form(database: Database) -> None:
    patrol = a_patrol()
    async with database.transaction() as unit:
        run = await STORE.add_run(unit, replace(a_run(patrol), place=GeoPosition(lon_deg=121.4, lat_deg=31.3)))
    async with database.transaction() as unit:
        begun = await STORE.save_run(unit, run.move(RunState.RUNNING, because="order given", at=NOW))
    with pytest.raises(Conflict):
        async with database.transaction() as unit:
            await STORE.save_run(unit, replace(run, legs_done=9))
    async with database.transaction() as unit:
        assert await STORE.run(unit, run.id) == begun


async def test_an_ended_run_is_neither_active_nor_claimed(database: Database) -> None:
    patrol = a_patrol()
    async with database.transaction() as unit:
        run = await STORE.add_run(unit, a_run(patrol))
        other = await STORE.add_run(unit, a_run(patrol))
        await STORE.save_run(unit, run.move(RunState.FAILED, because="no vehicle", at=NOW))
    async with database.transaction() as unit:
        assert [one.id for one in await STORE.runs(unit, only_active=True)] == [other.id]
        assert await STORE.claim_run(unit, run.id) is None
        assert await STORE.claim_run(unit, other.id) == other
        assert await STORE.counts(unit) == {"failed": 1, "planned": 1, "legs_done": 0}


@pytest.mark.postgres
async def test_a_run_that_somebody_works_on_is_left_alone(postgres_database: str) -> None:
    async with Database(url=postgres_database, bus=InProcessBus(), clock=ManualClock()) as database:
        await database.create_all()
        async with database.transaction() as unit:
            run = await STORE.add_run(unit, a_run(a_patrol()))
        async with database.transaction() as first:
            assert await STORE.claim_run(first, run.id) == run
            async with database.transaction() as second:
                assert await STORE.claim_run(second, run.id) is None


async def test_an_unknown_run_is_not_found(database: Database) -> None:
    async with database.transaction() as unit:
        with pytest.raises(NotFound):
            await STORE.run(unit, RunId(new_id()))


async def test_a_patrol_that_several_start_at_once_runs_once(database: Database) -> None:
    estate = Range(database, ManualClock(start_at=START))
    patrol = await estate.add_patrol()
    begun = await asyncio.gather(*(estate.start(patrol.id) for _ in range(6)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in begun) == ["Conflict"] * 5 + ["Run"]


async def test_who_cancels_while_a_run_is_being_interrupted_ends_it_all_the_same(database: Database) -> None:
    estate = Range(database, ManualClock(start_at=START))
    async with database.transaction() as unit:
        run = await STORE.add_run(unit, replace(a_run(a_patrol()), order_id=OrderId(new_id()), vehicle_id=DRONE))
        run = await STORE.save_run(unit, run.move(RunState.RUNNING, because="given", at=START))

    async def cancel() -> Run:
        async with database.transaction() as unit:
            return await estate.requests.cancel(unit, run.id, because="rain", by="wang")

    async with database.transaction() as unit:
        fresh = await STORE.claim_run(unit, run.id)
        assert fresh is not None
        cancelling = asyncio.create_task(cancel())
        await asyncio.wait([cancelling], timeout=0.05)
        await STORE.save_run(unit, fresh.move(RunState.INTERRUPTED, because="a look", at=START))
    assert (await cancelling).state is RunState.ABORTED


@pytest.mark.postgres
async def test_a_look_waits_while_somebody_changes_the_run_that_it_interrupts(postgres_database: str) -> None:
    clock = ManualClock(start_at=START)
    async with Database(url=postgres_database, bus=InProcessBus(), clock=clock) as database:
        await database.create_all()
        estate = Range(database, clock)
        await estate.add_vehicle(DRONE, "dock-1")
        run = await estate.start((await estate.add_patrol()).id)
        await estate.dispatcher.reconcile()
        held = (await estate.flies(DRONE, legs_done=3)).order
        async with database.transaction() as unit:
            place = estate.site.panels[0].place
            alarm_id = AlarmId(new_id())
            await estate.requests.request_look(unit, alarm_id=alarm_id, place=place, asked_by="wang", vehicle_id=None)
        await estate.dispatcher.reconcile()
        assert await estate.obeys(DRONE, CommandKind.HOLD)
        await estate.reports(held.id, OrderState.HELD, legs_done=3, held_by=Holder.DISPATCHER)
        estate.says(DRONE, held.legs[2].place, height_m=25.0, mode=FlightMode.HOLD)
        async with database.transaction() as unit:
            assert await STORE.claim_run(unit, run.id) is not None
            await estate.dispatcher.reconcile()
        assert (await estate.run(run)).state is RunState.RUNNING
        now = await estate.order_of(DRONE)
        assert now is not None
        assert now.order.id == held.id, "no order is superseded whose run does not know it"
        await estate.dispatcher.reconcile()
        assert (await estate.run(run)).state is RunState.INTERRUPTED
