from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from shapely.geometry import LineString, Point
from sqlalchemy import delete

from api.sentences import read
from core.clock import ManualClock
from core.database import Database, Transaction
from core.errors import Conflict, InvalidInput
from core.events import InProcessBus
from core.ids import AlarmId, PatrolId, RunId, VehicleId, ZoneId, new_id
from fleet.holding import Holder
from fleet.orders import (
    CommandKind,
    CommandOutcome,
    CommandState,
    FailsafeChoices,
    LegPurpose,
    OrderPurpose,
    OrderState,
)
from fleet.store_sql_commands import CommandRow
from fleet.telemetry import FlightMode
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from geofence.zones import ZoneSet
from missions.candidates import Picture, route_for
from missions.patrol import Patrol, Run, RunState
from missions.plan import PlanRequest, order_end
from missions.planner import plan_patrol
from missions.preemption import BY_ITSELF_S, Doing
from missions.routing import Routed
from missions.schedule import planned_starts
from missions.situation import Situation
from tests.missions.dispatch_range import START, Range

FRAME = LocalFrame(origin=GeoPosition(lon_deg=121.40, lat_deg=31.32))


@pytest.fixture
async def estate(tmp_path: Path) -> AsyncIterator[Range]:
    clock = ManualClock(start_at=START)
    url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    async with Database(url=url, bus=InProcessBus(), clock=clock) as database:
        await database.create_all()
        yield Range(database, clock)


async def look(estate: Range, vehicle_id: VehicleId | None = None) -> Run:
    async with estate.database.transaction() as unit:
        run_id = await estate.requests.request_look(
            unit, alarm_id=AlarmId(new_id()), place=estate.site.panels[0].place, asked_by="wang", vehicle_id=vehicle_id
        )
        return await estate.missions.run(unit, run_id)


async def test_a_ready_vehicle_gets_the_order_and_the_run_ends_when_it_has_landed(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    run = await estate.start((await estate.add_patrol()).id)
    await estate.dispatcher.reconcile()
    begun = await estate.run(run)
    assert begun.state is RunState.RUNNING, begun.because
    record = await estate.flies(drone, legs_done=3)
    await estate.dispatcher.reconcile()
    work = [leg.purpose is not LegPurpose.TRANSIT for leg in record.order.legs[:3]]
    assert (await estate.run(run)).legs_done == sum(work)
    await estate.reports(record.order.id, OrderState.DONE, legs_done=len(record.order.legs), because="landed")
    await estate.dispatcher.reconcile()
    done = await estate.run(run)
    assert (done.state, done.legs_done) == (RunState.DONE, done.legs_total)


async def test_a_run_waits_and_says_why_until_a_vehicle_is_ready(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    dock = estate.site.docks[0].place
    estate.says(drone, dock, battery_ratio=0.1)
    run = await estate.start((await estate.add_patrol()).id)
    await estate.dispatcher.reconcile()
    waiting = await estate.run(run)
    assert waiting.state is RunState.PLANNED
    assert "10 %" in waiting.because
    estate.says(drone, dock, battery_ratio=0.9)
    await estate.dispatcher.reconcile()
    assert (await estate.run(run)).state is RunState.RUNNING


async def test_a_run_that_nobody_can_begin_fails_with_the_reason(estate: Range) -> None:
    run = await estate.start((await estate.add_patrol()).id)
    await estate.dispatcher.reconcile()
    await estate.clock.advance(3600)
    await estate.dispatcher.reconcile()
    failed = await estate.run(run)
    assert failed.state is RunState.FAILED
    assert "no vehicle" in failed.because


async def test_a_patrol_that_cannot_be_flown_fails_at_once_with_every_reason(estate: Range) -> None:
    await estate.add_vehicle("drone-1", "dock-1")
    run = await estate.start((await estate.add_patrol(height_agl_m=400)).id)
    await estate.dispatcher.reconcile()
    failed = await estate.run(run)
    assert failed.state is RunState.FAILED
    assert "drone-1" in failed.because
    assert await estate.order_of(VehicleId("drone-1")) is None


async def test_a_look_holds_the_patrol_flies_there_and_then_the_remainder_is_flown(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    patrol_run = await estate.start((await estate.add_patrol()).id)
    await estate.dispatcher.reconcile()
    patrol_order = await estate.flies(drone, legs_done=3)
    look_run = await look(estate)

    await estate.dispatcher.reconcile()
    assert await estate.obeys(drone, CommandKind.HOLD)
    await estate.reports(
        patrol_order.order.id, OrderState.HELD, legs_done=3, because="makes way", held_by=Holder.DISPATCHER
    )
    here = patrol_order.order.legs[2]
    estate.says(drone, here.place, height_m=here.height_agl_m, mode=FlightMode.HOLD)
    await estate.dispatcher.reconcile()
    flying = await estate.order_of(drone)
    assert flying is not None
    assert flying.order.purpose is OrderPurpose.LOOK
    assert flying.order.supersedes == patrol_order.order.id
    assert (await estate.run(patrol_run)).state is RunState.INTERRUPTED

    await estate.reports(patrol_order.order.id, OrderState.ABORTED, legs_done=3, because="superseded")
    legs = flying.order.legs
    await estate.flies(drone, legs_done=len(legs) - 1)
    await estate.dispatcher.reconcile()
    assert (await estate.run(patrol_run)).state is RunState.INTERRUPTED  # still moving: it does not hover yet
    estate.says(drone, legs[-1].place, height_m=legs[-1].height_agl_m, mode=FlightMode.MISSION)
    await estate.dispatcher.reconcile()
    assert (await estate.run(look_run)).state is RunState.DONE
    assert (await estate.run(patrol_run)).state is RunState.RUNNING
    rest = await estate.order_of(drone)
    assert rest is not None
    assert rest.order.supersedes == flying.order.id

    await estate.reports(flying.order.id, OrderState.ABORTED, legs_done=len(legs) - 1, because="superseded")
    await estate.reports(
        rest.order.id, OrderState.ACCEPTED, OrderState.LOADED, OrderState.RUNNING, OrderState.DONE,
        legs_done=len(rest.order.legs),
    )  # fmt: skip
    await estate.dispatcher.reconcile()
    done = await estate.run(patrol_run)
    assert (done.state, done.legs_done) == (RunState.DONE, done.legs_total)


async def test_who_names_another_vehicle_for_a_look_gets_it_or_is_told_why_not(estate: Range) -> None:
    first, second = await estate.add_vehicle("drone-1", "dock-1"), await estate.add_vehicle("drone-2", "dock-2")
    for one in (first, second):
        estate.says(one, estate.site.docks[0].place, battery_ratio=0.05)
    run = await look(estate, first)
    assert run.alarm_id is not None

    async def ask(vehicle_id: VehicleId | None) -> RunId:
        async with estate.database.transaction() as unit:
            place = estate.site.panels[0].place
            return await estate.requests.request_look(
                unit, alarm_id=run.alarm_id or AlarmId(""), place=place, asked_by="li", vehicle_id=vehicle_id
            )

    await estate.dispatcher.reconcile()
    assert await ask(second) == run.id
    assert (await estate.run(run)).wanted_vehicle_id == second
    estate.says(second, estate.site.docks[1].place)
    await estate.dispatcher.reconcile()
    assert (await estate.run(run)).vehicle_id == second
    assert await ask(None) == await ask(second) == run.id
    with pytest.raises(Conflict, match="drone-2 is sent to look already"):
        await ask(first)


async def test_the_vehicle_that_is_there_soonest_looks_and_a_patrol_far_away_goes_on(estate: Range) -> None:
    first, second = await estate.add_vehicle("drone-2", "dock-2"), await estate.add_vehicle("drone-1", "dock-1")
    await estate.start((await estate.add_patrol()).id, first)
    await estate.dispatcher.reconcile()
    record = await estate.flies(first, legs_done=6)
    gate = LocalFrame(origin=estate.site.panels[0].place)
    farthest = max(record.order.legs, key=lambda leg: abs(gate.to_local(leg.place).east_m))
    estate.says(first, farthest.place, height_m=25.0, mode=FlightMode.MISSION, speed_m_s=5.0)
    run = await look(estate)
    await estate.dispatcher.reconcile()
    looking = await estate.order_of(second)
    assert looking is not None, (await estate.run(run)).because
    assert looking.order.purpose is OrderPurpose.LOOK
    assert not await estate.obeys(first, CommandKind.HOLD)


async def test_a_vehicle_that_a_person_holds_is_left_alone(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    await estate.start((await estate.add_patrol()).id)
    await estate.dispatcher.reconcile()
    record = await estate.flies(drone, legs_done=2)
    await estate.reports(
        record.order.id, OrderState.HELD, legs_done=2, because="wang: somebody below", held_by=Holder.PERSON
    )
    here = record.order.legs[1]
    estate.says(drone, here.place, height_m=here.height_agl_m, mode=FlightMode.HOLD)
    run = await look(estate)
    await estate.dispatcher.reconcile()
    waiting = await estate.run(run)
    assert waiting.state is RunState.PLANNED
    assert "held by person" in waiting.because


async def test_what_one_vehicle_could_not_do_another_one_finishes(estate: Range) -> None:
    first, second = await estate.add_vehicle("drone-1", "dock-1"), await estate.add_vehicle("drone-2", "dock-2")
    estate.says(second, estate.site.docks[1].place, battery_ratio=0.8)
    run = await estate.start((await estate.add_patrol()).id)
    await estate.dispatcher.reconcile()
    record = await estate.flies(first, legs_done=3)
    await estate.reports(record.order.id, OrderState.FAILED, legs_done=3, because="its motor is too hot")
    estate.says(first, estate.site.docks[0].place, battery_ratio=0.05)
    for _ in range(2):
        await estate.dispatcher.reconcile()
    taken = await estate.run(run)
    assert (taken.state, taken.vehicle_id) == (RunState.RUNNING, second)
    rest = await estate.order_of(second)
    assert rest is not None
    assert sum(leg.purpose is LegPurpose.LINE for leg in rest.order.legs) < sum(
        leg.purpose is LegPurpose.LINE for leg in record.order.legs
    )


async def test_an_order_that_no_agent_takes_ends_and_its_vehicle_is_told_to_forget_it(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    run = await estate.start((await estate.add_patrol()).id)
    await estate.dispatcher.reconcile()
    order = await estate.order_of(drone)
    assert order is not None
    await estate.clock.advance(61)
    await estate.dispatcher.reconcile()
    assert await estate.order_of(drone) is None
    async with estate.database.transaction() as unit:
        told = await estate.fleet.open_commands(unit, vehicle_id=drone)
    assert [(one.command.kind, one.command.order_id) for one in told] == [(CommandKind.CANCEL, order.order.id)]
    await estate.dispatcher.reconcile()
    assert (await estate.run(run)).state in {RunState.INTERRUPTED, RunState.FAILED}


async def test_cancelling_a_flying_patrol_calls_the_vehicle_home_and_ends_when_it_says_so(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    run = await estate.start((await estate.add_patrol()).id)
    await estate.dispatcher.reconcile()
    record = await estate.flies(drone, legs_done=1)
    async with estate.database.transaction() as unit:
        await estate.requests.cancel(unit, run.id, because="rain", by="wang")
    assert (await estate.run(run)).state is RunState.RUNNING
    assert await estate.obeys(drone, CommandKind.CANCEL)
    await estate.reports(record.order.id, OrderState.ABORTED, legs_done=1, because="cancelled by wang: rain")
    await estate.dispatcher.reconcile()
    ended = await estate.run(run)
    assert (ended.state, ended.because) == (RunState.ABORTED, "cancelled by wang: rain")
    with pytest.raises(Conflict):
        async with estate.database.transaction() as unit:
            await estate.requests.cancel(unit, run.id, because="again", by="wang")


async def test_what_a_person_cancelled_is_not_taken_up_again_after_the_look_that_came_first(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    run = await estate.start((await estate.add_patrol()).id)
    await estate.dispatcher.reconcile()
    record = await estate.flies(drone, legs_done=3)
    await look(estate)
    await estate.dispatcher.reconcile()
    assert await estate.obeys(drone, CommandKind.HOLD)
    order_id = record.order.id
    await estate.reports(order_id, OrderState.HELD, legs_done=3, because="makes way", held_by=Holder.DISPATCHER)
    here = record.order.legs[2]
    estate.says(drone, here.place, height_m=here.height_agl_m, mode=FlightMode.HOLD)
    async with estate.database.transaction() as unit:
        await estate.requests.cancel(unit, run.id, because="rain", by="wang")
    await estate.dispatcher.reconcile()
    looking = await estate.order_of(drone)
    assert looking is not None
    assert looking.order.purpose is OrderPurpose.LOOK
    ended = await estate.run(run)
    assert (ended.state, ended.because) == (RunState.ABORTED, "cancelled by wang: rain")


@pytest.mark.parametrize(("answer", "state"), [(None, RunState.FAILED), (CommandState.FAILED, RunState.RUNNING)])
async def test_what_a_person_cancelled_is_given_to_no_other_vehicle_when_its_own_fails(
    estate: Range, answer: CommandState | None, state: RunState
) -> None:
    first, second = await estate.add_vehicle("drone-1", "dock-1"), await estate.add_vehicle("drone-2", "dock-2")
    estate.says(second, estate.site.docks[1].place, battery_ratio=0.8)
    run = await estate.start((await estate.add_patrol()).id)
    await estate.dispatcher.reconcile()
    record = await estate.flies(first, legs_done=3)
    async with estate.database.transaction() as unit:
        await estate.requests.cancel(unit, run.id, because="rain", by="wang")
        (word,) = await estate.fleet.open_commands(unit, vehicle_id=first)
        if answer is not None:
            no = CommandOutcome(command_id=word.command.id, state=answer, because="not now", at=estate.clock.now())
            await estate.fleet.set_outcome(unit, no)
    await estate.reports(record.order.id, OrderState.FAILED, legs_done=3, because="its motor is too hot")
    estate.says(first, estate.site.docks[0].place, battery_ratio=0.05)
    for _ in range(2):
        await estate.dispatcher.reconcile()
    assert (await estate.run(run)).state is state
    assert (await estate.order_of(second) is None) is (state is RunState.FAILED)


@pytest.mark.parametrize("is_closed", [True, False])
async def test_who_closes_the_air_or_stops_a_vehicle_while_its_route_is_planned_comes_first(
    estate: Range, monkeypatch: pytest.MonkeyPatch, is_closed: bool
) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    run = await estate.start((await estate.add_patrol()).id)
    read, old = estate.zones.zones, estate.zones.in_force
    closed = ZoneSet(zones=(*old.zones, replace(old.zones[0], id=ZoneId("crane"))))

    async def read_and_then_change(unit: Transaction) -> ZoneSet:
        monkeypatch.setattr(estate.zones, "zones", read)
        if is_closed:
            estate.zones.in_force = closed
        else:
            await estate.fleet.take_out_of_service(unit, drone, because="a crack", by="wang", at=estate.clock.now())
        return old

    monkeypatch.setattr(estate.zones, "zones", read_and_then_change)
    await estate.dispatcher.reconcile()
    assert await estate.order_of(drone) is None
    assert (await estate.run(run)).state is RunState.PLANNED
    await estate.dispatcher.reconcile()
    given = await estate.order_of(drone)
    assert (given is not None) is is_closed
    assert given is None or given.order.zones.hash == closed.hash


async def test_a_run_over_which_the_service_fails_keeps_no_other_from_being_followed(
    estate: Range, monkeypatch: pytest.MonkeyPatch
) -> None:
    await estate.add_vehicle("drone-1", "dock-1")
    odd = await estate.start((await estate.add_patrol(name="Odd")).id)
    await estate.clock.advance(1)
    run = await estate.start((await estate.add_patrol()).id)
    tried: list[float] = []

    def route(run: Run, vehicle: Situation, picture: Picture) -> Routed:
        if run.id == odd.id:
            tried.append(estate.clock.monotonic_s())
            raise ValueError("a ring that crosses itself")
        return route_for(run, vehicle, picture)

    monkeypatch.setattr("missions.runner.route_for", route)
    for _ in range(4):
        await estate.dispatcher.reconcile()
        await estate.clock.advance(0.5)
    assert (await estate.run(run)).state is RunState.RUNNING
    waiting = await estate.run(odd)
    assert (waiting.state, len(tried)) == (RunState.PLANNED, 1)
    assert read(waiting.because)[0].code == "run.our_fault"
    monkeypatch.undo()
    await estate.clock.advance(2)
    await estate.dispatcher.reconcile()
    assert "failed over it" not in (await estate.run(odd)).because


async def test_two_patrols_that_would_meet_fly_at_different_levels_or_wait(estate: Range) -> None:
    first, second = await estate.add_vehicle("drone-1", "dock-1"), await estate.add_vehicle("drone-2", "dock-2")
    await estate.start((await estate.add_patrol()).id, first)
    await estate.dispatcher.reconcile()
    below = await estate.flies(first, legs_done=1)
    run = await estate.start((await estate.add_patrol(name="Again")).id, second)
    await estate.dispatcher.reconcile()
    above = await estate.order_of(second)
    if above is None:
        assert "comes within" in (await estate.run(run)).because
    else:
        lowest_m = min(leg.height_agl_m for leg in above.order.legs if leg.purpose is LegPurpose.LINE)
        assert lowest_m - max(leg.height_agl_m for leg in below.order.legs) >= 6


async def test_a_run_tells_what_its_vehicle_does_by_itself(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    run = await estate.start((await estate.add_patrol()).id)
    await estate.dispatcher.reconcile()
    record = await estate.flies(drone, legs_done=1)
    await estate.reports(record.order.id, OrderState.RUNNING, legs_done=1, because="it switched to land by itself")
    await estate.dispatcher.reconcile()
    told = await estate.run(run)
    assert (told.state, told.because) == (RunState.RUNNING, "it switched to land by itself")


async def test_a_patrol_for_one_named_vehicle_is_never_given_to_another(estate: Range) -> None:
    named, other = await estate.add_vehicle("drone-1", "dock-1"), await estate.add_vehicle("drone-2", "dock-2")
    run = await estate.start((await estate.add_patrol()).id, named)
    for _ in range(3):
        await estate.dispatcher.reconcile()
        record = await estate.order_of(named)
        assert record is not None
        await estate.reports(record.order.id, OrderState.FAILED, because="Geofence violation for waypoint 4")
        await estate.dispatcher.reconcile()
    failed = await estate.run(run)
    assert failed.state is RunState.FAILED
    assert "Geofence violation for waypoint 4" in failed.because
    assert await estate.order_of(other) is None


async def test_a_schedule_starts_its_patrol_and_leaves_out_what_it_missed(estate: Range) -> None:
    await estate.add_vehicle("drone-1", "dock-1")
    local = (START + timedelta(hours=8, seconds=30)).replace(tzinfo=None)
    schedule = {
        "rule": "FREQ=MINUTELY;INTERVAL=10",
        "first_start_local": local.isoformat(),
        "time_zone": "Asia/Shanghai",
    }
    patrol = await estate.add_patrol(schedule=schedule)
    await estate.dispatcher.reconcile()
    async with estate.database.transaction() as unit:
        assert await estate.missions.runs(unit) == []
    await estate.clock.advance(31)
    await estate.dispatcher.reconcile()
    async with estate.database.transaction() as unit:
        runs = await estate.missions.runs(unit)
        assert [run.asked_by for run in runs] == ["schedule"]
        assert await estate.missions.next_start_at(unit, patrol.id) == START + timedelta(seconds=630)
    await estate.clock.advance(700)
    await estate.dispatcher.reconcile()
    skipped = await estate.database.read_journal(after=0, prefix="patrols.skipped")
    assert len(skipped) == 1
    assert "missed" in str(skipped[0].event.body["because"])


async def scheduled(estate: Range, **choices: object) -> Patrol:
    """Store a patrol that starts every ten minutes from five minutes after the beginning on."""
    schedule = {
        "rule": "FREQ=MINUTELY;INTERVAL=10",
        "first_start_local": "2026-03-02T12:05:00",
        "time_zone": "Asia/Shanghai",
        **choices,
    }
    return await estate.add_patrol(schedule=schedule)


async def runs_of(estate: Range) -> list[Run]:
    async with estate.database.transaction() as unit:
        return sorted(await estate.missions.runs(unit), key=lambda run: (run.planned_at, run.id))


@pytest.mark.parametrize(("on_overlap", "count"), [("skip", 1), ("wait", 2), ("together", 2)])
async def test_what_happens_to_an_overlap_is_the_schedules_choice(estate: Range, on_overlap: str, count: int) -> None:
    first, second = await estate.add_vehicle("drone-1", "dock-1"), await estate.add_vehicle("drone-2", "dock-2")
    await scheduled(estate, on_overlap=on_overlap)
    await estate.clock.advance(301)
    for drone, dock in ((first, 0), (second, 1)):
        estate.says(drone, estate.site.docks[dock].place)
    await estate.dispatcher.reconcile()
    (flying,) = await runs_of(estate)
    assert flying.vehicle_id is not None
    order = await estate.flies(flying.vehicle_id, legs_done=1)
    async with estate.database.transaction() as unit:
        await estate.missions.set_next_start(unit, PatrolId(str(flying.patrol_id)), at=estate.clock.now())
    await estate.dispatcher.reconcile()
    runs = await runs_of(estate)
    assert len(runs) == count
    assert (await estate.run(flying)).state is RunState.RUNNING
    if on_overlap == "wait":
        assert (runs[1].state, runs[1].because) == (RunState.PLANNED, "waits until the run before it has ended")
        await estate.reports(order.order.id, OrderState.ABORTED, because="enough")
        await estate.dispatcher.reconcile()
        await estate.dispatcher.reconcile()
        assert "waits until" not in (await estate.run(runs[1])).because
    if on_overlap == "together":
        assert "waits until" not in runs[1].because


async def test_a_missed_start_is_made_up_for_once_where_the_schedule_says_so(estate: Range) -> None:
    await scheduled(estate, on_missed="once")
    await estate.clock.advance(5000)
    await estate.dispatcher.reconcile()
    await estate.dispatcher.reconcile()
    assert [run.asked_by for run in await runs_of(estate)] == ["schedule"]


async def test_a_run_keeps_the_seed_and_the_direction_that_were_drawn(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    patrol = await scheduled(estate, chance={"window_s": 60, "reverses": True})
    assert patrol.schedule is not None
    assert patrol.schedule.chance is not None
    assert patrol.schedule.chance.seed > 0, "a seed of its own is drawn when the patrol is stored"
    starts = planned_starts(patrol.schedule, after=estate.clock.now())
    start = next(one for one in starts if one.is_reversed)
    async with estate.database.transaction() as unit:
        await estate.missions.set_next_start(unit, patrol.id, at=start.at)
    await estate.clock.advance((start.at - estate.clock.now()).total_seconds() + 1)
    estate.says(drone, estate.site.docks[0].place)
    await estate.dispatcher.reconcile()
    (run,) = await runs_of(estate)
    assert (run.is_reversed, run.seed) == (True, start.seed)
    record = await estate.order_of(drone)
    assert record is not None
    at_work = {LegPurpose.SURVEY, LegPurpose.POINT, LegPurpose.LINE}
    flown = list(dict.fromkeys(leg.name for leg in record.order.legs if leg.purpose in at_work))
    assert flown == [part.name for part in patrol.turned_round().parts]


async def test_a_schedule_whose_starts_are_all_past_is_refused(estate: Range) -> None:
    schedule = {"rule": "FREQ=DAILY;COUNT=3", "first_start_local": "2026-01-01T20:00:00"}
    with pytest.raises(InvalidInput, match="every start lies in the past"):
        await estate.add_patrol(schedule=schedule)
    patrol = await estate.add_patrol(schedule=schedule, is_active=False)
    async with estate.database.transaction() as unit:
        assert await estate.missions.next_start_at(unit, patrol.id) is None


async def test_a_draft_is_not_started_by_hand_either(estate: Range) -> None:
    await estate.add_vehicle("drone-1", "dock-1")
    patrol = await estate.add_patrol(is_active=False)
    with pytest.raises(Conflict, match="nobody has approved it"):
        await estate.start(patrol.id)


async def test_a_changed_run_is_not_overwritten_by_a_slow_step(estate: Range) -> None:
    await estate.add_vehicle("drone-1", "dock-1")
    run = await estate.start((await estate.add_patrol()).id)
    async with estate.database.transaction() as unit:
        await estate.requests.cancel(unit, run.id, because="not today", by="wang")
    await estate.dispatcher._steps.step(replace(run, revision=1))
    assert (await estate.run(run)).state is RunState.ABORTED
    assert await estate.order_of(VehicleId("drone-1")) is None


async def test_a_vehicle_held_for_a_look_that_cannot_be_flown_goes_on_with_its_patrol(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    await estate.start((await estate.add_patrol()).id)
    await estate.dispatcher.reconcile()
    order = await estate.flies(drone, legs_done=3)
    run = await look(estate)
    await estate.dispatcher.reconcile()
    assert await estate.obeys(drone, CommandKind.HOLD)
    await estate.reports(order.order.id, OrderState.HELD, legs_done=3, because="makes way", held_by=Holder.DISPATCHER)
    over_roof = FRAME.to_geo(LocalPosition(east_m=-76, north_m=-30))
    estate.says(drone, over_roof, height_m=25.0, mode=FlightMode.HOLD)
    await estate.dispatcher.reconcile()
    assert await estate.obeys(drone, CommandKind.RESUME)
    waiting = await estate.run(run)
    assert waiting.vehicle_id is None
    assert waiting.state in {RunState.PLANNED, RunState.FAILED}


async def test_a_look_does_not_take_a_vehicle_that_a_person_held_meanwhile(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    await estate.start((await estate.add_patrol()).id)
    await estate.dispatcher.reconcile()
    order = await estate.flies(drone, legs_done=3)
    await look(estate)
    await estate.dispatcher.reconcile()
    assert await estate.obeys(drone, CommandKind.HOLD)
    here = order.order.legs[2]
    estate.says(drone, here.place, height_m=here.height_agl_m, mode=FlightMode.HOLD)
    await estate.reports(
        order.order.id, OrderState.HELD, legs_done=3, because="wang: a child is below it", held_by=Holder.PERSON
    )
    await estate.dispatcher.reconcile()
    current = await estate.order_of(drone)
    assert current is not None
    assert current.order.id == order.order.id


async def test_a_vehicle_that_does_not_hold_for_a_look_is_asked_again_with_patience_and_people_are_told_once(
    estate: Range,
) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    await estate.start((await estate.add_patrol()).id)
    await estate.dispatcher.reconcile()
    order = await estate.flies(drone, legs_done=3)
    run = await look(estate)
    asked_at_s, why = list[float](), "others have it in hand: it is in mode manual"
    leg = order.order.legs[2]
    for _ in range(60):
        await estate.clock.advance(1.0)
        estate.says(drone, leg.place, height_m=leg.height_agl_m, mode=FlightMode.MISSION, speed_m_s=5.0)
        await estate.dispatcher.reconcile()
        async with estate.database.transaction() as unit:
            for word in await estate.fleet.open_commands(unit, vehicle_id=drone):
                asked_at_s.append(estate.clock.monotonic_s())
                refused = CommandOutcome(
                    command_id=word.command.id, state=CommandState.FAILED, because=why, at=estate.clock.now()
                )
                await estate.fleet.set_outcome(unit, refused)
    pauses_s = [later - sooner for sooner, later in pairwise(asked_at_s)]
    assert pauses_s == sorted(pauses_s)
    assert (pauses_s[0] >= 2, len(asked_at_s) in {5, 6}) == (True, True), asked_at_s
    assert "did not hold" in (await estate.run(run)).because
    lines = await estate.database.read_journal(after=0, prefix="vehicles.event")
    told = [line.event.body["text"] for line in lines if line.event.body["kind"] == "hold_refused"]
    assert told == [f"hold to make way for a look was not done: {why}"]


async def test_looks_go_on_when_the_word_of_an_old_one_is_not_kept_any_more(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    await estate.start((await estate.add_patrol()).id)
    await estate.dispatcher.reconcile()
    await estate.flies(drone, legs_done=3)
    first = await look(estate)
    await estate.dispatcher.reconcile()
    assert await estate.obeys(drone, CommandKind.HOLD)
    async with estate.database.transaction() as unit:
        await unit.session.execute(delete(CommandRow))
        await estate.requests.cancel(unit, first.id, because="enough", by="wang")
    await estate.flies(drone, legs_done=3)
    await look(estate)
    await estate.dispatcher.reconcile()
    assert await estate.obeys(drone, CommandKind.HOLD)


async def test_a_patrol_whose_interruption_was_refused_goes_on_as_it_was(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    run = await estate.start((await estate.add_patrol()).id)
    await estate.dispatcher.reconcile()
    order = await estate.flies(drone, legs_done=3)
    await look(estate)
    await estate.dispatcher.reconcile()
    here = order.order.legs[2]
    estate.says(drone, here.place, height_m=here.height_agl_m, mode=FlightMode.HOLD)
    await estate.dispatcher.reconcile()
    looking = await estate.order_of(drone)
    assert looking is not None
    assert looking.order.supersedes == order.order.id
    await estate.reports(looking.order.id, OrderState.FAILED, because="a person holds it: wang")
    await estate.reports(order.order.id, OrderState.HELD, legs_done=3, because="wang", held_by=Holder.PERSON)
    await estate.dispatcher.reconcile()
    await estate.dispatcher.reconcile()
    going = await estate.run(run)
    assert (going.state, going.order_id) == (RunState.RUNNING, order.order.id)


async def test_nobody_is_held_for_a_look_that_could_not_be_flown_from_there(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    await estate.start((await estate.add_patrol()).id)
    await estate.dispatcher.reconcile()
    await estate.flies(drone, legs_done=3)
    over_roof = FRAME.to_geo(LocalPosition(east_m=-76, north_m=-30))
    estate.says(drone, over_roof, height_m=25.0, mode=FlightMode.MISSION, speed_m_s=5.0)
    await look(estate)
    await estate.dispatcher.reconcile()
    assert not await estate.obeys(drone, CommandKind.HOLD)


async def test_a_route_goes_around_the_dock_of_a_vehicle_in_the_air(estate: Range) -> None:
    first, second = await estate.add_vehicle("drone-2", "dock-2"), await estate.add_vehicle("drone-1", "dock-1")
    await estate.start((await estate.add_patrol()).id, first)
    await estate.dispatcher.reconcile()
    await estate.flies(first, legs_done=6)
    dock = estate.site.docks[1].place
    beside = FRAME.to_geo(replace(FRAME.to_local(dock), north_m=FRAME.to_local(dock).north_m + 30))
    lane = {"type": "point", "name": "beside", "place": [beside.lon_deg, beside.lat_deg], "dwell_s": 1}
    far = {"type": "point", "name": "far", "place": [dock.lon_deg, dock.lat_deg - 0.0003], "dwell_s": 1}
    await estate.start((await estate.add_patrol(name="Across", parts=[lane, far], height_agl_m=41)).id, second)
    await estate.dispatcher.reconcile()
    record = await estate.order_of(second)
    assert record is not None
    places = [FRAME.to_local(leg.place) for leg in record.order.legs]
    line = LineString([(place.east_m, place.north_m) for place in places])
    over = FRAME.to_local(dock)
    assert line.distance(Point(over.east_m, over.north_m)) >= 15


async def test_an_order_ends_with_the_window_that_its_route_was_proved_for(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    patrol = await estate.add_patrol()
    run = await estate.start(patrol.id)
    async with estate.database.transaction() as unit:
        (vehicle,) = await estate.situations.all(unit)
        zones = await estate.zones.zones(unit)
    assert vehicle.dock is not None
    asked = PlanRequest(
        site=estate.site,
        zones=zones,
        card=vehicle.record.card,
        dock=vehicle.dock,
        start=None,
        start_height_agl_m=None,
        now=estate.clock.now(),
        failsafes=FailsafeChoices(),
    )
    route = plan_patrol(patrol, asked)
    await estate.clock.advance(30)
    await estate.giver.give(run, vehicle, route, zones=zones, because="a slow controller")
    record = await estate.order_of(drone)
    assert record is not None
    assert record.order.not_after_at == order_end(asked, route.duration_s)


async def test_a_vehicle_that_holds_by_itself_asks_for_a_person_only_after_a_while(estate: Range) -> None:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    patrol = await estate.add_patrol()
    await estate.start(patrol.id)
    await estate.dispatcher.reconcile()
    record = await estate.flies(drone, legs_done=2)

    async def doing() -> Doing:
        leg = record.order.legs[1]
        estate.says(drone, leg.place, height_m=leg.height_agl_m, mode=FlightMode.HOLD)
        async with estate.database.transaction() as unit:
            (situation,) = await estate.situations.all(unit)
        return situation.doing

    for again in range(2):
        await estate.reports(record.order.id, OrderState.HELD, legs_done=2, held_by=Holder.ITSELF)
        assert await doing() is Doing.HOLDS, again
        await estate.clock.advance(BY_ITSELF_S)
        await estate.reports(record.order.id, OrderState.HELD, legs_done=2, because="the wind", held_by=Holder.ITSELF)
        assert await doing() is Doing.HELD_BY_PERSON
        await estate.reports(record.order.id, OrderState.RUNNING, legs_done=2)
        assert await doing() is Doing.PATROL
