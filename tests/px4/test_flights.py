"""Whole orders flown by a real PX4: what the agent reports must be what the autopilot did."""

import math
from dataclasses import replace

import pytest

from core.errors import Conflict
from fleet.drivers.mavlink import connect
from fleet.drivers.mavlink_connection import MavlinkPort
from fleet.drivers.mavlink_failsafes import failsafe_parameters
from fleet.errors import DuplicateVehicle, VehicleRefused
from fleet.holding import Holder, Speaker
from fleet.orders import CommandKind, CommandState, FailsafeChoices, Order, OrderState
from fleet.telemetry import FlightMode, LandedState
from fleet.vehicle import Plan
from fleet.way_home import may_pause
from geofence.frames import LocalFrame
from tests.agent.reports import Reports
from tests.fleet.drivers.orders import HOME, area, keep_in, keep_out, leg, make_order, place
from tests.px4.conftest import CLOCK, Agents, Cockpit, eventually, ready
from tests.px4.px4_range import Px4Range, Relay

pytestmark = [pytest.mark.px4, pytest.mark.timeout(240)]

WHOLE = [OrderState.ACCEPTED, OrderState.LOADED, OrderState.RUNNING, OrderState.DONE]
SPEED = 3.0


async def test_order_is_loaded_flown_held_resumed_and_done_only_when_landed(
    px4s: Px4Range, agents: Agents, reports: Reports
) -> None:
    px4 = px4s.start(speed=SPEED)
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    order = make_order(leg(30.0, 0.0), leg(30.0, 30.0, dwell_s=2.0, yaw_deg=90.0), leg(0.0, 30.0))
    await cockpit.executor.offer(order)
    await eventually(lambda: reports.last().legs_done == 1, within_s=60.0, what="first leg")

    hold = await cockpit.command(CommandKind.HOLD)
    await eventually(lambda: reports.outcome(hold) is CommandState.DONE, within_s=10.0, what="hold")
    assert cockpit.state().mode is FlightMode.HOLD
    assert reports.last().state is OrderState.HELD
    assert reports.last().holder is Holder.PERSON
    resume = await cockpit.command(CommandKind.RESUME)
    await eventually(lambda: reports.outcome(resume) is CommandState.DONE, within_s=10.0, what="resume")
    assert cockpit.state().mode is FlightMode.MISSION

    await eventually(lambda: reports.last().state is OrderState.DONE, within_s=90.0, what="done")
    state = cockpit.state()
    assert state.landed is LandedState.ON_GROUND
    assert state.is_armed is False
    assert reports.last().legs_done == 3
    assert reports.states() == [*WHOLE[:3], OrderState.HELD, OrderState.RUNNING, OrderState.DONE]
    assert "guard_held" not in reports.events()
    held = await cockpit.vehicle.held_parameters(order)
    assert all(parameter.is_held(held[parameter.name]) for parameter in failsafe_parameters(order))


async def test_link_cut_for_ten_seconds_does_not_disturb_the_order(
    px4s: Px4Range, agents: Agents, reports: Reports, relay: Relay
) -> None:
    px4 = px4s.start(speed=1.0)
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    order = make_order(leg(40.0, 0.0), leg(40.0, 40.0))
    await cockpit.executor.offer(order)
    await eventually(lambda: reports.last().state is OrderState.RUNNING, within_s=40.0, what="running")
    await eventually(lambda: (cockpit.state().height_above_home_m or 0) > 9.0, within_s=30.0, what="climb")
    relay.is_cut = True
    await eventually(lambda: not cockpit.state().link_up, within_s=5.0, what="loss noticed")
    cut_s = CLOCK.monotonic_s()
    await eventually(lambda: CLOCK.monotonic_s() > cut_s + 10.0, within_s=12.0, what="ten seconds")
    assert cockpit.state().age_s(CLOCK.monotonic_s()) > 9.0
    relay.is_cut = False
    await eventually(lambda: reports.last().state is OrderState.DONE, within_s=120.0, what="done")
    assert reports.states() == WHOLE
    assert reports.events()[:2] == ["link_lost", "link_restored"]


async def test_agent_killed_in_flight_takes_the_flight_up_again(
    px4s: Px4Range, agents: Agents, reports: Reports
) -> None:
    px4 = px4s.start(speed=1.0)
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    await cockpit.executor.offer(make_order(leg(20.0, 0.0), leg(20.0, 30.0), leg(0.0, 30.0)))
    await eventually(lambda: reports.last().legs_done == 1, within_s=60.0, what="first leg")
    await agents.kill()

    again = await agents.cockpit()
    await eventually(lambda: again.executor.current is not None, within_s=10.0, what="order found again")
    await eventually(lambda: reports.last().state is OrderState.DONE, within_s=120.0, what="done")
    assert reports.last().legs_done == 3
    assert reports.states() == WHOLE


async def test_agent_killed_while_another_mission_was_put_on_the_vehicle_goes_home(
    px4s: Px4Range, agents: Agents, reports: Reports
) -> None:
    px4 = px4s.start(speed=1.0)
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    await cockpit.executor.offer(make_order(leg(60.0, 0.0), leg(60.0, 60.0)))
    await eventually(lambda: (cockpit.state().height_above_home_m or 0) > 9.0, within_s=40.0, what="climb")
    await agents.kill()
    async with MavlinkPort(url=f"udpin://127.0.0.1:{agents.port}", clock=CLOCK) as port:
        stranger = await connect(port=port, system_id=1, vehicle_id=cockpit.vehicle.id, clock=CLOCK)
        await eventually(lambda: stranger.state().position is not None, within_s=10.0, what="telemetry")
        await eventually(lambda: stranger.state().landed is LandedState.IN_AIR, within_s=10.0, what="in air")
        await stranger.hold()
        await stranger.load(Plan(order=make_order(leg(0.0, 60.0)), from_air=True))
        await stranger.start()

    again = await agents.cockpit()
    await eventually(lambda: again.state().mode is FlightMode.RETURN, within_s=20.0, what="return")
    await eventually(lambda: reports.last().state is OrderState.ABORTED, within_s=90.0, what="aborted")
    assert "another mission" in reports.last().because


async def test_newer_order_takes_over_in_the_air(px4s: Px4Range, agents: Agents, reports: Reports) -> None:
    px4 = px4s.start(speed=SPEED)
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    first = make_order(leg(60.0, 0.0), leg(60.0, 60.0))
    await cockpit.executor.offer(first)
    await eventually(lambda: (cockpit.state().height_above_home_m or 0) > 9.0, within_s=40.0, what="climb")
    second = replace(make_order(leg(-30.0, 0.0), supersedes=first.id), because="a help alarm")
    await cockpit.executor.offer(second)
    await eventually(lambda: reports.last().state is OrderState.DONE, within_s=120.0, what="second done")
    assert reports.end_of(first.id).state is OrderState.ABORTED
    assert "a help alarm" in reports.end_of(first.id).because
    assert reports.end_of(second.id).state is OrderState.DONE


async def test_person_calls_the_vehicle_home(px4s: Px4Range, agents: Agents, reports: Reports) -> None:
    px4 = px4s.start(speed=SPEED)
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    await cockpit.executor.offer(make_order(leg(60.0, 0.0), leg(60.0, 60.0)))
    await eventually(lambda: (cockpit.state().height_above_home_m or 0) > 9.0, within_s=40.0, what="climb")
    home = await cockpit.command(CommandKind.RETURN, because="the supervisor calls it home")
    await eventually(lambda: reports.outcome(home) is CommandState.DONE, within_s=10.0, what="on its way")
    assert cockpit.state().mode is FlightMode.RETURN
    await eventually(lambda: reports.last().state is OrderState.ABORTED, within_s=90.0, what="aborted")
    assert reports.last().because == "the supervisor calls it home"
    assert not cockpit.state().is_airborne


async def sent_to_look(cockpit: Cockpit) -> tuple[Order, Order]:
    """Fly an order, and offer another one that takes over in the air; return both at that moment."""
    first = make_order(leg(60.0, 0.0), leg(60.0, 60.0))
    await cockpit.executor.offer(first)
    await eventually(lambda: (cockpit.state().height_above_home_m or 0) > 9.0, within_s=40.0, what="climb")
    look = replace(make_order(leg(-30.0, 0.0), supersedes=first.id), because="a help alarm")
    await cockpit.executor.offer(look)
    return first, look


async def test_an_order_that_comes_while_a_person_calls_the_vehicle_home_does_not_turn_it_round(
    px4s: Px4Range, agents: Agents, reports: Reports
) -> None:
    px4 = px4s.start(speed=SPEED)
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    first, look = await sent_to_look(cockpit)
    await cockpit.command(CommandKind.RETURN, because="the supervisor calls it home")
    await eventually(lambda: cockpit.state().mode is FlightMode.RETURN, within_s=10.0, what="return")
    await eventually(lambda: reports.end_of(look.id).is_ended, within_s=90.0, what="ended")
    assert reports.end_of(first.id).is_ended
    assert reports.end_of(look.id).because == "the supervisor calls it home"
    assert (reports.end_of(look.id).state, cockpit.state().is_airborne) == (OrderState.ABORTED, False)


async def test_a_persons_hold_outlives_an_agent_that_is_killed_while_the_next_order_is_taken_up(
    px4s: Px4Range, agents: Agents, reports: Reports
) -> None:
    px4 = px4s.start(speed=1.0)
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    _, look = await sent_to_look(cockpit)
    await cockpit.command(CommandKind.HOLD, because="a child is below it")
    await eventually(lambda: reports.last().held_by is Holder.PERSON, within_s=10.0, what="kept")
    await agents.kill()

    again = await agents.cockpit()
    await eventually(lambda: again.executor.current is not None, within_s=20.0, what="order found again")
    await eventually(lambda: reports.end_of(look.id).state is OrderState.HELD, within_s=40.0, what="held")
    await eventually(lambda: again.state().mode is FlightMode.HOLD, within_s=10.0, what="heard again")
    assert reports.end_of(look.id).holder is Holder.PERSON
    assert reports.end_of(look.id).because == "a child is below it"
    resume = await again.command(CommandKind.RESUME)
    await eventually(lambda: reports.outcome(resume) is CommandState.DONE, within_s=10.0, what="resume")
    await eventually(lambda: reports.end_of(look.id).state is OrderState.DONE, within_s=90.0, what="done")


async def test_on_its_way_home_by_a_word_it_waits_for_another_one_and_goes_on_by_itself(
    px4s: Px4Range, agents: Agents, reports: Reports
) -> None:
    px4 = px4s.start(speed=1.0)
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    order = make_order(leg(110.0, 0.0), leg(110.0, 40.0))
    await cockpit.executor.offer(order)
    await eventually(lambda: reports.last().legs_done == 1, within_s=90.0, what="first leg")
    await cockpit.command(CommandKind.RETURN, because="the supervisor calls it home")
    await eventually(lambda: may_pause(cockpit.state(), order), within_s=60.0, what="level on its way home")
    await eventually(lambda: cockpit.state().east_m_s < -1.0, within_s=30.0, what="flies home")
    because = "keeps clear of drone-2: they would come within 3 m and 0 m in height in 2 s"
    pause = await cockpit.command(CommandKind.HOLD, because=because, speaker=Speaker.SEPARATION)
    await eventually(lambda: reports.outcome(pause) is CommandState.DONE, within_s=10.0, what="it waits")
    assert (cockpit.state().mode, reports.last().held_by) == (FlightMode.HOLD, Holder.SEPARATION)
    await eventually(lambda: cockpit.state().mode is FlightMode.RETURN, within_s=20.0, what="goes on home")
    await eventually(lambda: reports.last().state is OrderState.ABORTED, within_s=120.0, what="landed")
    assert reports.last().because == "the supervisor calls it home"
    assert not [kind for kind in reports.events() if kind.startswith("mode_")]


async def test_lost_position_lands_the_vehicle_and_the_order_says_so(
    px4s: Px4Range, agents: Agents, reports: Reports
) -> None:
    px4 = px4s.start(speed=SPEED)
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    await cockpit.executor.offer(make_order(leg(60.0, 0.0), leg(60.0, 60.0)))
    await eventually(lambda: (cockpit.state().height_above_home_m or 0) > 9.0, within_s=40.0, what="climb")
    px4.set_parameter("SIM_GPS_USED", 0)
    await eventually(lambda: reports.last().state is OrderState.ABORTED, within_s=120.0, what="aborted")
    assert "mode_land" in reports.events()
    assert reports.last().because


async def test_low_battery_brings_the_vehicle_home(px4s: Px4Range, agents: Agents, reports: Reports) -> None:
    px4 = px4s.start(speed=SPEED)
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    far = [leg(60.0, 20.0 * n, dwell_s=5.0) for n in range(5)]
    await cockpit.executor.offer(make_order(*far, failsafes=FailsafeChoices(battery_low_ratio=0.4)))
    await eventually(lambda: (cockpit.state().height_above_home_m or 0) > 9.0, within_s=40.0, what="climb")
    px4.set_parameter("SIM_BAT_MIN_PCT", 30)
    await eventually(lambda: cockpit.state().mode is FlightMode.RETURN, within_s=90.0, what="return")
    await eventually(lambda: reports.last().state is OrderState.ABORTED, within_s=120.0, what="aborted")
    assert "battery" in reports.last().because.lower()


async def test_waypoint_outside_of_the_fence_is_refused_in_the_vehicles_words(
    px4s: Px4Range, agents: Agents, reports: Reports
) -> None:
    px4 = px4s.start(speed=SPEED)
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    inside_the_school = make_order(leg(30.0, 0.0), zones=(keep_in(), keep_out(area(20.0, -10.0, 40.0, 10.0))))
    with pytest.raises(VehicleRefused, match=r"(?i)violation"):
        await cockpit.vehicle.load(Plan(order=inside_the_school))
    await cockpit.executor.offer(inside_the_school)
    assert reports.last().state is OrderState.FAILED
    assert "school" in reports.last().because


async def test_guard_stops_a_vehicle_before_it_leaves_its_zones(
    px4s: Px4Range, agents: Agents, reports: Reports
) -> None:
    px4 = px4s.start(speed=1.0)
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    order = make_order(leg(80.0, 0.0), leg(80.0, 60.0))
    await cockpit.executor.offer(order)
    await eventually(lambda: (cockpit.state().height_above_home_m or 0) > 9.0, within_s=40.0, what="climb")
    smaller = replace(order, zones=make_order(zones=(keep_in(reach_m=40.0),)).zones)
    cockpit.guard.watch(smaller)
    await eventually(lambda: "guard_held" in reports.events(), within_s=40.0, what="the guard acts")
    await eventually(lambda: reports.last().state is OrderState.HELD, within_s=10.0, what="held")
    assert "guard" in reports.last().because
    assert reports.last().holder is Holder.GUARD
    await eventually(lambda: cockpit.state().east_m_s < 0.2, within_s=20.0, what="standstill")
    here = cockpit.state().position
    assert here is not None
    assert here.lon_deg < place(40.0, 0.0).lon_deg
    await eventually(lambda: "guard_returned" in reports.events(), within_s=60.0, what="sent home")


async def test_several_vehicles_on_one_port_are_told_apart(px4s: Px4Range, agents: Agents, reports: Reports) -> None:
    fleet = [px4s.start(system_id=n, speed=SPEED, home=place(60.0 * n, 0.0)) for n in (1, 2, 3)]
    cockpits = [await agents.cockpit(system_id=n) for n in (1, 2, 3)]
    for px4, cockpit in zip(fleet, cockpits, strict=True):
        await ready(px4, cockpit)
    dock = place(120.0, 0.0)
    order = make_order(leg(20.0, 0.0, home=dock), vehicle_id="drone-2", home=dock)
    await cockpits[1].executor.offer(order)
    await eventually(lambda: cockpits[1].state().is_airborne, within_s=40.0, what="take-off")
    assert not cockpits[0].state().is_airborne
    assert not cockpits[2].state().is_airborne
    hold = await cockpits[1].command(CommandKind.HOLD)
    await eventually(lambda: reports.outcome(hold) is CommandState.DONE, within_s=15.0, what="hold")


async def test_stop_reaches_a_healthy_vehicle_while_another_does_not_answer(
    px4s: Px4Range, agents: Agents, reports: Reports
) -> None:
    dumb, healthy = (px4s.start(system_id=n, home=place(60.0 * n, 0.0)) for n in (1, 2))
    cockpits = [await agents.cockpit(system_id=n) for n in (1, 2)]
    for px4, cockpit in zip((dumb, healthy), cockpits, strict=True):
        await ready(px4, cockpit)
    dumb.stop_for_now()
    dock = place(60.0, 0.0)
    await cockpits[0].executor.offer(make_order(leg(20.0, 0.0, home=dock), home=dock))
    asked_s = CLOCK.monotonic_s()
    await cockpits[1].vehicle.hold()
    assert CLOCK.monotonic_s() - asked_s < 2.0
    await eventually(lambda: reports.last().state is OrderState.FAILED, within_s=30.0, what="failed")
    dumb.go_on()
    await eventually(lambda: cockpits[0].state().link_up, within_s=10.0, what="heard again")
    assert cockpits[0].state().is_armed is False


async def test_two_vehicles_with_one_id_are_refused(px4s: Px4Range, agents: Agents, reports: Reports) -> None:
    px4 = px4s.start(speed=1.0)
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    px4s.start(system_id=1, speed=1.0)
    await eventually(lambda: cockpit.state().is_ambiguous, within_s=40.0, what="noticed")
    with pytest.raises(DuplicateVehicle):
        await cockpit.vehicle.hold()
    await cockpit.executor.offer(make_order())
    await eventually(lambda: reports.last().state is OrderState.FAILED, within_s=10.0, what="refused")
    assert "two vehicles" in reports.last().because


async def test_second_listener_on_the_port_is_refused(px4s: Px4Range, agents: Agents) -> None:
    px4s.start()
    await agents.cockpit()
    with pytest.raises(Conflict, match="listener"):
        await MavlinkPort(url=f"udpin://127.0.0.1:{agents.port}", clock=CLOCK).__aenter__()


async def test_vehicle_that_stood_beside_its_dock_comes_home_to_the_dock(
    px4s: Px4Range, agents: Agents, reports: Reports
) -> None:
    px4 = px4s.start(speed=SPEED, home=place(12.0, 0.0))
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    await cockpit.executor.offer(make_order(leg(-40.0, 0.0), leg(-40.0, 20.0)))
    await eventually(lambda: reports.last().legs_done == 1, within_s=60.0, what="first leg")
    await cockpit.command(CommandKind.RETURN)
    await eventually(lambda: reports.last().state is OrderState.ABORTED, within_s=90.0, what="landed")
    landed = cockpit.state().position
    assert landed is not None
    beside = LocalFrame(origin=HOME).to_local(landed)
    assert math.hypot(beside.east_m, beside.north_m) < 3.0
    assert "unsupported MAV_FRAME" not in px4.log()


@pytest.mark.parametrize("kind", [CommandKind.HOLD, CommandKind.RETURN])
async def test_a_persons_word_outlives_an_agent_that_is_killed_in_the_same_moment(
    px4s: Px4Range, agents: Agents, reports: Reports, kind: CommandKind
) -> None:
    px4 = px4s.start(speed=1.0)
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    await cockpit.executor.offer(make_order(leg(60.0, 0.0), leg(60.0, 60.0)))
    await eventually(lambda: (cockpit.state().height_above_home_m or 0) > 9.0, within_s=40.0, what="climb")
    word = await cockpit.command(kind, because="a child is below it")
    assert reports.outcome(word) is CommandState.ACCEPTED
    await agents.kill()

    again = await agents.cockpit()
    await eventually(lambda: reports.outcome(word) is CommandState.DONE, within_s=20.0, what="done after all")
    assert again.state().mode is (FlightMode.HOLD if kind is CommandKind.HOLD else FlightMode.RETURN)
    if kind is CommandKind.HOLD:
        await eventually(lambda: reports.last().holder is Holder.PERSON, within_s=5.0, what="held by the person")
        resume = await again.command(CommandKind.RESUME)
        await eventually(lambda: reports.outcome(resume) is CommandState.DONE, within_s=10.0, what="resume")
        await again.command(CommandKind.RETURN, because="a child is below it")
    await eventually(lambda: reports.last().state is OrderState.ABORTED, within_s=90.0, what="landed")
    assert reports.last().because == "a child is below it"
    assert not [event for event in reports.events() if event.startswith("mode_")]


async def test_a_persons_hold_on_the_way_home_stays_until_the_battery_is_low(
    px4s: Px4Range, agents: Agents, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.followed_order.HOME_BOUND_S", 5.0)
    px4 = px4s.start(speed=SPEED)
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    order = make_order(leg(100.0, 0.0), leg(100.0, 40.0), failsafes=FailsafeChoices(battery_low_ratio=0.4))
    await cockpit.executor.offer(order)
    await eventually(lambda: reports.last().legs_done == 1, within_s=90.0, what="first leg")
    await cockpit.command(CommandKind.RETURN, because="come home")
    await eventually(lambda: cockpit.state().mode is FlightMode.RETURN, within_s=10.0, what="return")
    hold = await cockpit.command(CommandKind.HOLD, because="a child is below it")
    await eventually(lambda: reports.outcome(hold) is CommandState.DONE, within_s=10.0, what="held")
    held_s = CLOCK.monotonic_s()
    await eventually(lambda: CLOCK.monotonic_s() > held_s + 7.0, within_s=9.0, what="longer than the bound")
    assert (reports.last().state, reports.last().holder) == (OrderState.HELD, Holder.PERSON)
    monkeypatch.setattr("agent.followed_order.HOME_BOUND_S", 600.0)
    px4.set_parameter("SIM_BAT_MIN_PCT", 30)
    await eventually(lambda: cockpit.state().mode is FlightMode.RETURN, within_s=90.0, what="the battery counts")
    await eventually(lambda: reports.last().state is OrderState.ABORTED, within_s=120.0, what="aborted")
    assert reports.last().because.startswith("come home; the vehicle switched to return by itself")
    assert "battery" in reports.last().because.lower()


async def test_a_vehicle_that_comes_to_rest_at_its_dock_is_never_held(
    px4s: Px4Range, agents: Agents, reports: Reports
) -> None:
    px4 = px4s.start(speed=1.0, parameters={"COM_DISARM_LAND": 4.0})
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    await cockpit.executor.offer(make_order(leg(15.0, 0.0)))
    await eventually(lambda: reports.last().legs_done == 1 and reports.last().is_ended, within_s=120.0, what="done")
    assert reports.states() == WHOLE


async def test_a_word_to_come_home_in_the_middle_of_the_take_off_brings_it_down(
    px4s: Px4Range, agents: Agents, reports: Reports
) -> None:
    px4 = px4s.start(speed=1.0)
    cockpit = await agents.cockpit()
    await ready(px4, cockpit)
    await cockpit.executor.offer(make_order(leg(60.0, 0.0), leg(60.0, 60.0)))
    await eventually(lambda: reports.last().state is OrderState.LOADED, within_s=20.0, what="loaded")
    await eventually(lambda: cockpit.state().mode is FlightMode.MISSION, within_s=10.0, what="about to arm")
    await cockpit.command(CommandKind.CANCEL, because="not now")
    await eventually(lambda: reports.last().is_ended, within_s=90.0, what="ended")
    assert (reports.last().state, reports.last().because) == (OrderState.ABORTED, "not now")
    assert not cockpit.state().is_airborne
