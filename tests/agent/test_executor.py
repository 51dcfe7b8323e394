"""Orders and commands at the agent: every state of the table, every ending with its because, and restarts."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import Conflict, TimedOut
from fleet.errors import VehicleRefused
from fleet.orders import CommandKind, CommandState, OrderState
from fleet.telemetry import FlightMode, LandedState
from fleet.vehicle import Plan
from tests.agent.desk import CLOCK, Desk
from tests.fleet.drivers.orders import area, keep_in, keep_out, leg, make_order, place

BEGUN = [OrderState.ACCEPTED, OrderState.LOADED, OrderState.RUNNING]


@pytest.fixture
async def desk(idle: Desk) -> Desk:
    """Return an agent without an order: each test here gives it its own."""
    return idle


async def test_order_is_done_when_all_legs_are_and_the_vehicle_is_on_the_ground(desk: Desk) -> None:
    order = make_order()
    await desk.executor.offer(order)
    await desk.reach(OrderState.RUNNING)
    desk.vehicle.shows(legs=2)
    await desk.eventually(lambda: desk.reports.last().legs_done == 2)
    desk.vehicle.shows(legs=3)
    await desk.eventually(lambda: desk.reports.last().legs_done == 3)
    assert desk.reports.last().state is OrderState.RUNNING
    desk.vehicle.lands()
    await desk.reach(OrderState.DONE)
    assert desk.reports.states() == [*BEGUN, OrderState.DONE]
    await desk.eventually(lambda: [shown and shown.id for shown in desk.shown] == [order.id, None])


async def test_a_strangers_word_that_it_stands_on_the_ground_ends_no_order(desk: Desk) -> None:
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.RUNNING)
    for _ in range(4):
        desk.vehicle.lands()
        await CLOCK.sleep(0.04)
        desk.vehicle.flies()
        await CLOCK.sleep(0.04)
    desk.vehicle.lands()
    desk.vehicle.shows(is_ambiguous=True)
    await CLOCK.sleep(0.2)
    assert desk.reports.states() == BEGUN
    desk.vehicle.flies()
    desk.vehicle.shows(is_ambiguous=False, legs=3)
    desk.vehicle.lands()
    await desk.reach(OrderState.DONE)


async def test_order_offered_twice_is_answered_and_flown_once(desk: Desk) -> None:
    order = make_order()
    await desk.executor.offer(order)
    await desk.reach(OrderState.RUNNING)
    await desk.executor.offer(order)
    assert desk.reports.last().state is OrderState.RUNNING
    assert desk.vehicle.calls.count("load") == 1


async def test_landing_before_the_last_leg_aborts_with_the_vehicles_reason(desk: Desk) -> None:
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.RUNNING)
    desk.vehicle.shows(legs=1)
    desk.vehicle.shows(mode=FlightMode.RETURN, because="Failsafe activated", battery_ratio=0.24, gps_ok=True)
    await desk.eventually(lambda: "mode_return" in desk.reports.events())
    await desk.eventually(lambda: "by itself" in desk.reports.last().because)
    assert desk.reports.last().state is OrderState.RUNNING
    desk.vehicle.lands("Landing detected")
    desk.vehicle.shows(mode=FlightMode.MISSION)
    await desk.reach(OrderState.ABORTED)
    for words in ("by itself", "battery at 24%", "Failsafe activated"):
        assert words in desk.reports.last().because
    assert desk.reports.last().legs_done == 1


async def test_vehicle_that_goes_on_after_a_failsafe_is_told_of_and_can_be_done(desk: Desk) -> None:
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.RUNNING)
    desk.vehicle.shows(mode=FlightMode.LAND, because="Failsafe activated", gps_ok=False)
    await desk.eventually(lambda: "no satellite position" in desk.reports.last().because)
    desk.vehicle.shows(mode=FlightMode.MISSION, gps_ok=True)
    await desk.eventually(lambda: desk.reports.last().because == "the vehicle went on with its mission")
    assert desk.reports.events() == ["mode_land", "mode_mission"]
    desk.vehicle.shows(legs=3)
    desk.vehicle.lands()
    await desk.reach(OrderState.DONE)


async def test_a_person_calls_a_vehicle_back_from_a_way_home_that_it_began_by_itself(desk: Desk) -> None:
    desk.vehicle.returns_late_s = 0.05
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.RUNNING)
    desk.vehicle.shows(mode=FlightMode.RETURN, because="No connection to the ground control station")
    await desk.eventually(lambda: "by itself" in desk.reports.last().because)
    assert await desk.say(CommandKind.RESUME) is CommandState.DONE
    await desk.eventually(lambda: desk.reports.last().because == "the supervisor asks")
    desk.vehicle.shows(legs=3)
    desk.vehicle.lands()
    await desk.reach(OrderState.DONE)


async def test_nobody_is_called_back_from_the_way_home_through_a_keep_out_zone(desk: Desk) -> None:
    zones = (keep_in(), keep_out(area(6.0, -18.0, 14.0, -10.0)))
    order = make_order(leg(30.0, 0.0), leg(30.0, 30.0), leg(0.0, 30.0), zones=zones)
    await desk.executor.offer(order)
    await desk.reach(OrderState.RUNNING)
    desk.vehicle.shows(legs=1, position=place(0.0, -30.0), height_above_home_m=15.0)
    await desk.say(CommandKind.RETURN)
    assert await desk.say(CommandKind.RESUME) is CommandState.FAILED
    assert "resume" not in desk.vehicle.calls
    desk.vehicle.shows(position=place(30.0, 15.0))
    assert await desk.say(CommandKind.RESUME) is CommandState.DONE


async def test_vehicle_that_holds_by_itself_makes_the_order_held_and_goes_on(desk: Desk) -> None:
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.RUNNING)
    desk.vehicle.shows(mode=FlightMode.HOLD, because="pilot took over")
    await desk.reach(OrderState.HELD)
    assert desk.reports.last().because == "pilot took over"
    desk.vehicle.shows(mode=FlightMode.MISSION)
    await desk.reach(OrderState.RUNNING)


async def test_hold_and_resume_by_command(desk: Desk) -> None:
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.RUNNING)
    assert await desk.say(CommandKind.HOLD) is CommandState.DONE
    await desk.reach(OrderState.HELD)
    assert desk.reports.last().because == "the supervisor asks"
    assert await desk.say(CommandKind.RESUME) is CommandState.DONE
    await desk.reach(OrderState.RUNNING)


async def test_hold_and_resume_keep_the_persons_reason_when_the_vehicle_shows_them_first(desk: Desk) -> None:
    desk.vehicle.returns_late_s = 0.05
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.RUNNING)
    desk.vehicle.shows(because="chatter")
    await desk.say(CommandKind.HOLD)
    await desk.say(CommandKind.RESUME)
    assert desk.reports.states() == [*BEGUN, OrderState.HELD, OrderState.RUNNING]
    assert {told.because for told in desk.reports.progress()[len(BEGUN) :]} == {"the supervisor asks"}


async def test_the_newest_reason_for_a_hold_counts(desk: Desk) -> None:
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.RUNNING)
    desk.vehicle.shows(mode=FlightMode.HOLD, because="keeps clear of drone-2")
    await desk.reach(OrderState.HELD)
    assert await desk.say(CommandKind.HOLD) is CommandState.DONE
    assert (desk.reports.last().state, desk.reports.last().because) == (OrderState.HELD, "the supervisor asks")


async def test_hold_after_touching_down_and_before_disarming_is_no_hold(desk: Desk) -> None:
    order = make_order()
    await desk.executor.offer(order)
    await desk.reach(OrderState.RUNNING)
    desk.vehicle.shows(legs=len(order.legs), mode=FlightMode.HOLD, landed=LandedState.ON_GROUND, is_armed=True)
    await desk.eventually(lambda: desk.reports.last().legs_done == len(order.legs))
    desk.vehicle.lands()
    await desk.reach(OrderState.DONE)
    assert OrderState.HELD not in desk.reports.states()


async def test_return_ends_the_order_as_aborted_when_it_has_landed(desk: Desk) -> None:
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.RUNNING)
    assert await desk.say(CommandKind.RETURN) is CommandState.DONE
    assert not desk.reports.last().is_ended
    desk.vehicle.lands()
    await desk.reach(OrderState.ABORTED)
    assert desk.reports.last().because == "the supervisor asks"


async def test_resume_calls_a_returning_vehicle_back_to_its_order(desk: Desk) -> None:
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.RUNNING)
    await desk.say(CommandKind.RETURN)
    assert await desk.say(CommandKind.RESUME) is CommandState.DONE
    desk.vehicle.shows(legs=3)
    desk.vehicle.lands()
    await desk.reach(OrderState.DONE)


async def test_cancel_before_take_off_aborts_on_the_ground(desk: Desk) -> None:
    order = replace(make_order(lasts_s=7200.0), not_before_at=CLOCK.now() + timedelta(hours=1))
    await desk.executor.offer(order)
    await desk.reach(OrderState.LOADED)
    assert await desk.say(CommandKind.CANCEL, order=order) is CommandState.DONE
    await desk.reach(OrderState.ABORTED)
    assert "start" not in desk.vehicle.calls
    assert "return_home" not in desk.vehicle.calls
    assert await desk.say(CommandKind.CANCEL, order=order) is CommandState.DONE


@pytest.mark.parametrize("kind", [CommandKind.RESUME, CommandKind.CANCEL])
async def test_command_without_an_order_fails_with_a_because(desk: Desk, kind: CommandKind) -> None:
    assert await desk.say(kind) is CommandState.FAILED


@pytest.mark.parametrize(
    ("kind", "call"), [(CommandKind.HOLD, "hold"), (CommandKind.RETURN, "return_home"), (CommandKind.LAND, "land")]
)
async def test_stop_commands_work_without_an_order(desk: Desk, kind: CommandKind, call: str) -> None:
    desk.vehicle.flies()
    assert await desk.say(kind) is CommandState.DONE
    assert desk.vehicle.calls == [call]


async def test_command_after_its_time_is_not_carried_out(desk: Desk) -> None:
    assert await desk.say(CommandKind.LAND, lasts_s=-1.0) is CommandState.EXPIRED
    assert desk.vehicle.calls == []


async def test_command_whose_effect_is_not_seen_fails(desk: Desk) -> None:
    desk.vehicle.flies()
    desk.vehicle.troubles["hold"] = TimedOut("did not switch to hold in time")
    assert await desk.say(CommandKind.HOLD) is CommandState.FAILED


async def test_order_that_the_vehicle_refuses_fails_in_its_words(desk: Desk) -> None:
    desk.vehicle.troubles["load"] = VehicleRefused("Geofence violation for waypoint 3")
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.FAILED)
    assert "Geofence violation for waypoint 3" in desk.reports.last().because


async def test_order_that_leaves_its_zones_is_refused_before_it_is_loaded(desk: Desk) -> None:
    zones = (keep_in(), keep_out(area(10.0, -10.0, 20.0, 10.0)))
    await desk.executor.offer(make_order(leg(30.0, 0.0), zones=zones))
    await desk.reach(OrderState.FAILED)
    assert "school" in desk.reports.last().because
    assert desk.vehicle.calls == []


async def test_orders_for_others_in_the_past_or_on_top_of_another_are_refused(desk: Desk) -> None:
    await desk.executor.offer(make_order(vehicle_id="drone-9"))
    assert "drone-9" in desk.reports.last().because
    await desk.executor.offer(make_order(lasts_s=-1.0))
    assert "time is over" in desk.reports.last().because
    first = make_order()
    await desk.executor.offer(first)
    await desk.reach(OrderState.RUNNING)
    await desk.executor.offer(make_order())
    assert first.id in desk.reports.last().because
    assert desk.vehicle.calls.count("load") == 1


async def test_newer_order_takes_the_vehicle_over_in_the_air(desk: Desk) -> None:
    first = make_order()
    await desk.executor.offer(first)
    await desk.reach(OrderState.RUNNING)
    desk.vehicle.shows(legs=1)
    await desk.eventually(lambda: desk.reports.last().legs_done == 1)
    second = replace(make_order(leg(0.0, 30.0), supersedes=first.id), because="a help alarm")
    await desk.executor.offer(second)
    await desk.eventually(lambda: desk.vehicle.calls[-3:] == ["hold", "load", "start"])
    end = desk.reports.end_of(first.id)
    assert (end.state, end.legs_done) == (OrderState.ABORTED, 1)
    assert "a help alarm" in end.because
    assert desk.vehicle.on_board is not None
    assert desk.vehicle.on_board.from_air
    desk.vehicle.shows(legs=1)
    desk.vehicle.lands()
    await desk.eventually(lambda: desk.reports.end_of(second.id).state is OrderState.DONE)


async def test_superseded_order_whose_legs_are_done_is_done(desk: Desk) -> None:
    first = make_order(leg(30.0, 0.0))
    await desk.executor.offer(first)
    await desk.reach(OrderState.RUNNING)
    desk.vehicle.shows(legs=1)
    await desk.eventually(lambda: desk.reports.last().legs_done == 1)
    await desk.executor.offer(make_order(leg(0.0, 30.0), supersedes=first.id))
    await desk.eventually(lambda: desk.vehicle.calls.count("start") == 2)
    assert desk.reports.end_of(first.id).state is OrderState.DONE


async def test_vehicle_in_the_air_without_an_order_takes_none(desk: Desk) -> None:
    desk.vehicle.flies()
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.FAILED)
    assert "in the air" in desk.reports.last().because


async def test_hold_on_the_way_up_leaves_the_order_held_not_failed(desk: Desk) -> None:
    desk.vehicle.troubles["start"] = Conflict("a newer command has taken over")
    desk.vehicle.flies(FlightMode.HOLD)
    previous = make_order()
    await desk.executor.offer(replace(make_order(), supersedes=previous.id))
    await desk.reach(OrderState.HELD)


async def test_order_whose_time_is_over_is_flown_home_and_timed_out(desk: Desk) -> None:
    await desk.executor.offer(make_order(lasts_s=1.0))
    await desk.reach(OrderState.RUNNING)
    await desk.eventually(lambda: "return_home" in desk.vehicle.calls)
    assert not desk.reports.last().is_ended
    desk.vehicle.lands()
    await desk.reach(OrderState.TIMED_OUT)
    assert desk.reports.last().because == "its time is over"


async def test_nobody_takes_it_from_its_pilot_because_its_time_is_over(desk: Desk) -> None:
    await desk.executor.offer(make_order(lasts_s=1.0))
    await desk.reach(OrderState.RUNNING)
    desk.vehicle.shows(mode=FlightMode.MANUAL)
    order = desk.executor.current
    assert order is not None
    await desk.eventually(lambda: CLOCK.now() > order.order.not_after_at)
    seen = desk.vehicle.samples
    await desk.eventually(lambda: desk.vehicle.samples > seen + 3)
    assert "return_home" not in desk.vehicle.calls

    desk.vehicle.shows(mode=FlightMode.HOLD)
    await desk.eventually(lambda: "return_home" in desk.vehicle.calls)


async def test_link_loss_changes_nothing_but_is_told(desk: Desk) -> None:
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.RUNNING)
    desk.vehicle.shows(link_up=False)
    await desk.eventually(lambda: "link_lost" in desk.reports.events())
    desk.vehicle.shows(link_up=True)
    await desk.eventually(lambda: "link_restored" in desk.reports.events())
    assert desk.reports.last().state is OrderState.RUNNING
    assert desk.vehicle.calls == ["load", "start"]


# ---------------------------------------------------------------------------------------- restarts


async def test_killed_in_flight_it_goes_on_with_the_order_that_the_vehicle_flies(desk: Desk) -> None:
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.RUNNING)
    await desk.kill()
    desk.vehicle.shows(legs=2)
    await desk.start()
    await desk.eventually(lambda: desk.reports.last().legs_done == 2)
    assert desk.vehicle.calls == ["load", "start", "held_plan"]
    desk.vehicle.shows(legs=3)
    desk.vehicle.lands()
    await desk.reach(OrderState.DONE)


async def test_killed_in_flight_and_landed_meanwhile_it_says_how_it_ended(desk: Desk) -> None:
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.RUNNING)
    await desk.kill()
    desk.vehicle.shows(legs=1)
    desk.vehicle.lands("Failsafe activated")
    await desk.start()
    await desk.reach(OrderState.ABORTED)
    assert (desk.reports.last().because, desk.reports.last().legs_done) == ("Failsafe activated", 1)


async def test_killed_in_flight_and_another_mission_on_board_it_flies_home(desk: Desk) -> None:
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.RUNNING)
    await desk.kill()
    desk.vehicle.on_board = Plan(order=make_order(leg(5.0, 5.0)))
    await desk.start()
    await desk.eventually(lambda: desk.vehicle.state().mode is FlightMode.RETURN)
    desk.vehicle.lands()
    await desk.reach(OrderState.ABORTED)
    assert "another mission" in desk.reports.last().because


async def test_killed_between_loading_and_taking_off_it_loads_again(desk: Desk) -> None:
    order = replace(make_order(lasts_s=7200.0), not_before_at=CLOCK.now() + timedelta(seconds=1.0))
    await desk.executor.offer(order)
    await desk.reach(OrderState.LOADED)
    await desk.kill()
    await desk.start()
    await desk.reach(OrderState.RUNNING)
    assert desk.vehicle.calls == ["load", "load", "held_plan", "start"]


async def test_killed_while_ending_it_keeps_the_because(desk: Desk) -> None:
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.RUNNING)
    await desk.say(CommandKind.CANCEL)
    await desk.kill()
    await desk.start()
    desk.vehicle.lands()
    await desk.reach(OrderState.ABORTED)
    assert desk.reports.last().because == "the supervisor asks"


async def test_killed_before_a_report_was_handed_over_it_is_handed_over_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.start()
    desk.reports.is_broken = True
    await desk.executor.offer(make_order())
    await desk.kill()
    assert desk.reports.bodies == []
    desk.reports.is_broken = False
    await desk.start()
    await desk.reach(OrderState.RUNNING)
    await desk.kill()


async def test_a_hold_before_the_start_keeps_the_vehicle_from_starting(desk: Desk) -> None:
    order = replace(make_order(lasts_s=7200.0), not_before_at=CLOCK.now() + timedelta(seconds=0.6))
    await desk.executor.offer(order)
    await desk.reach(OrderState.LOADED)
    assert await desk.say(CommandKind.HOLD) is CommandState.DONE
    await desk.eventually(lambda: desk.reports.last().state is not OrderState.LOADED)
    assert "start" not in desk.vehicle.calls
    assert "told to hold" in desk.reports.last().because


async def test_a_return_while_an_order_from_the_air_waits_is_not_flown_over(desk: Desk) -> None:
    desk.vehicle.flies(FlightMode.HOLD)
    previous = make_order()
    order = replace(
        make_order(lasts_s=7200.0), supersedes=previous.id, not_before_at=CLOCK.now() + timedelta(seconds=0.6)
    )
    await desk.executor.offer(order)
    await desk.reach(OrderState.LOADED)
    assert await desk.say(CommandKind.RETURN) is CommandState.DONE
    await desk.eventually(lambda: CLOCK.now() > order.not_before_at + timedelta(seconds=0.3))
    assert "start" not in desk.vehicle.calls
    desk.vehicle.lands()
    await desk.reach(OrderState.ABORTED)
    assert desk.reports.last().because == "the supervisor asks"


async def test_where_an_order_was_taken_over_in_the_air_is_remembered(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    hovers = place(20.0, 12.0)
    desk.vehicle.flies(FlightMode.HOLD)
    desk.vehicle.shows(position=hovers)
    await desk.start()
    await desk.executor.offer(make_order(supersedes=make_order().id))
    await desk.reach(OrderState.RUNNING)
    assert desk.vehicle.on_board is not None
    assert desk.vehicle.on_board.start == hovers
    await desk.kill()
    desk.vehicle.shows(position=place(25.0, 12.0))
    await desk.start()
    await desk.eventually(lambda: desk.executor.current is not None)
    assert desk.executor.current is not None
    assert (desk.executor.current.from_air, desk.executor.current.start) == (True, hovers)
    await desk.kill()
