"""The way home that somebody asked for: held there, left alone there, interrupted, restarted, and its end."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import Conflict
from fleet.holding import Holder, Speaker
from fleet.orders import CommandKind, CommandState, OrderState
from fleet.telemetry import FlightMode, LandedState
from fleet.vehicle import Loaded, Plan
from tests.agent.desk import CHILD, CLOCK, Desk
from tests.fleet.drivers.orders import leg, make_order, place

HOME = "wang: come home"
FAR: dict[str, Any] = {"position": place(100.0, 0.0), "battery_ratio": 0.8, "east_m_s": -5.0}


async def held_on_its_way_home(desk: Desk) -> None:
    assert await desk.say(CommandKind.RETURN, because=HOME) is CommandState.DONE
    assert await desk.say(CommandKind.HOLD, because=CHILD) is CommandState.DONE
    await desk.reach(OrderState.HELD)


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_persons_hold_on_the_way_home_has_no_end_but_a_persons(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, restarted: bool
) -> None:
    monkeypatch.setattr("agent.followed_order.HOME_BOUND_S", 0.1)
    await held_on_its_way_home(desk)
    if restarted:
        await desk.kill()
        await desk.start()
        await desk.eventually(lambda: desk.executor.current is not None)
    await desk.looks()
    assert (desk.reports.last().state, desk.reports.last().holder) == (OrderState.HELD, Holder.PERSON)
    assert (desk.vehicle.state().mode, desk.reports.last().because) == (FlightMode.HOLD, CHILD)

    monkeypatch.setattr("agent.followed_order.HOME_BOUND_S", 600.0)
    assert await desk.say(CommandKind.RETURN, because=HOME) is CommandState.DONE
    desk.vehicle.lands()
    await desk.reach(OrderState.ABORTED)
    assert desk.reports.last().because == HOME


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_low_battery_ends_a_hold_on_the_way_home_and_that_is_said(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, restarted: bool
) -> None:
    monkeypatch.setattr("agent.followed_order._SURE_S", 0.1)
    await held_on_its_way_home(desk)
    if restarted:
        await desk.kill()
        await desk.start()
        await desk.looks(2)
    desk.vehicle.shows(mode=FlightMode.RETURN, battery_ratio=0.2)
    await desk.eventually(lambda: desk.reports.last().holder is not Holder.PERSON)
    why = "the vehicle switched to return by itself; battery at 20%"
    assert (why in desk.reports.last().because, "mode_return" in desk.reports.events()) == (True, True)
    desk.vehicle.lands()
    await desk.reach(OrderState.ABORTED)
    assert desk.reports.last().because == f"{HOME}; {why}"


async def test_a_way_home_without_an_end_is_given_up_after_a_while(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.say(CommandKind.RETURN, because=HOME)
    await desk.looks(2)
    monkeypatch.setattr("agent.followed_order.HOME_BOUND_S", 0.1)
    await desk.reach(OrderState.ABORTED)
    assert desk.reports.last().because == f"{HOME}; it has not landed in time"


async def test_an_agent_that_is_started_again_on_a_persons_way_home_takes_it_for_no_failsafe(desk: Desk) -> None:
    await desk.say(CommandKind.RETURN, because=HOME)
    await desk.kill()
    await desk.start()
    await desk.eventually(lambda: desk.executor.current is not None)
    await desk.looks()
    assert not [kind for kind in desk.reports.events() if kind.startswith("mode_")]


@pytest.mark.parametrize("by", [Speaker.SEPARATION, Speaker.PERSON])
async def test_who_waits_on_its_way_home_outlives_an_agent_whose_order_was_only_loaded(desk: Desk, by: Speaker) -> None:
    held = desk.executor.current
    assert held is not None
    await desk.say(CommandKind.HOLD, speaker=Speaker.DISPATCHER)
    now = CLOCK.now()
    look = make_order(supersedes=held.order.id)
    look = replace(look, not_before_at=now + timedelta(hours=1), not_after_at=now + timedelta(hours=2))
    await desk.executor.offer(look)
    await desk.eventually(lambda: desk.reports.last().state is OrderState.LOADED)
    assert await desk.say(CommandKind.RETURN, because=HOME) is CommandState.DONE
    desk.vehicle.shows(**FAR)
    assert await desk.say(CommandKind.HOLD, speaker=by, because=CHILD) is CommandState.DONE
    await desk.kill()
    assert desk.vehicle.state().mode is FlightMode.HOLD
    await desk.start()
    await desk.eventually(lambda: desk.executor.current is not None)
    if by is Speaker.SEPARATION:
        await desk.eventually(lambda: desk.vehicle.state().mode is FlightMode.RETURN)
    else:
        await desk.looks()
        current = desk.executor.current
        assert current is not None
        assert (desk.vehicle.state().mode, current.progress.held_by) == (FlightMode.HOLD, Holder.PERSON)
    desk.vehicle.lands()
    await desk.reach(OrderState.ABORTED)
    assert desk.reports.last().because.startswith(HOME)
    assert "start" not in desk.vehicle.calls[2:]


@pytest.mark.parametrize("kind", [CommandKind.RETURN, CommandKind.CANCEL, CommandKind.LAND])
@pytest.mark.parametrize("takes_off", [False, True])
async def test_a_word_in_the_middle_of_the_take_off_brings_it_home(
    tmp_path: Path, kind: CommandKind, takes_off: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.followed_order._SURE_S", 0.1)
    desk, goes_on = Desk(tmp_path), asyncio.Event()

    async def start() -> None:
        desk.vehicle.calls.append("start")
        await goes_on.wait()
        if not takes_off:
            raise Conflict("a newer command has taken over", where=desk.vehicle.id)
        desk.vehicle.flies()

    async def nothing() -> None:
        desk.vehicle.calls.append("return_home")
        if desk.vehicle.state().is_airborne:
            desk.vehicle.shows(mode=FlightMode.RETURN)

    desk.vehicle.start = start  # type: ignore[method-assign]
    desk.vehicle.return_home = desk.vehicle.land = nothing  # type: ignore[method-assign]
    await desk.start()
    await desk.executor.offer(make_order())
    await desk.eventually(lambda: "start" in desk.vehicle.calls)
    assert await desk.say(kind, because=HOME) is CommandState.DONE
    goes_on.set()
    if takes_off:
        await desk.eventually(lambda: desk.vehicle.state().mode is FlightMode.RETURN)
        desk.vehicle.lands()
    await desk.reach(OrderState.ABORTED)
    assert desk.reports.last().because == HOME
    await desk.kill()


async def test_a_hold_in_the_middle_of_the_take_off_is_the_reason_why_it_is_not_flown(tmp_path: Path) -> None:
    desk, told = Desk(tmp_path), asyncio.Event()

    async def start() -> None:
        desk.vehicle.calls.append("start")
        await told.wait()
        raise Conflict("a newer command has taken over", where=desk.vehicle.id)

    desk.vehicle.start = start  # type: ignore[method-assign]
    await desk.start()
    await desk.executor.offer(make_order())
    await desk.eventually(lambda: "start" in desk.vehicle.calls)
    assert await desk.say(CommandKind.HOLD, because=CHILD) is CommandState.DONE
    told.set()
    await desk.reach(OrderState.FAILED)
    assert CHILD in desk.reports.last().because
    await desk.kill()


async def test_a_persons_hold_outlasts_the_orders_time(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.start()
    order = make_order(lasts_s=1.0)
    await desk.executor.offer(order)
    await desk.reach(OrderState.RUNNING)
    assert await desk.say(CommandKind.HOLD, because=CHILD) is CommandState.DONE
    await desk.eventually(lambda: CLOCK.now() > order.not_after_at)
    await desk.looks()
    assert (desk.vehicle.state().mode, desk.reports.last().holder) == (FlightMode.HOLD, Holder.PERSON)
    assert await desk.say(CommandKind.RESUME) is CommandState.DONE
    await desk.eventually(lambda: desk.vehicle.state().mode is FlightMode.RETURN)
    desk.vehicle.lands()
    await desk.reach(OrderState.TIMED_OUT)
    await desk.kill()


async def test_an_agent_that_comes_back_to_another_mission_leaves_it_to_the_pilot(desk: Desk) -> None:
    await desk.kill()
    desk.vehicle.on_board = Plan(order=make_order(leg(5.0, 5.0)))
    desk.vehicle.shows(mode=FlightMode.MANUAL)
    await desk.start()
    await desk.eventually(lambda: "held_plan" in desk.vehicle.calls)
    await desk.looks()
    assert (desk.vehicle.state().mode, "return_home" in desk.vehicle.calls) == (FlightMode.MANUAL, False)
    desk.vehicle.lands()
    await desk.reach(OrderState.ABORTED)
    assert "another mission" in desk.reports.last().because


@pytest.mark.parametrize("landed", [LandedState.LANDING, LandedState.IN_AIR])
async def test_a_vehicle_that_comes_to_rest_at_its_end_is_not_held(desk: Desk, landed: LandedState) -> None:
    desk.vehicle.shows(legs=3 if landed is LandedState.IN_AIR else 1, mode=FlightMode.HOLD, landed=landed)
    await desk.looks()
    assert desk.reports.last().state is OrderState.RUNNING
    desk.vehicle.lands()
    await desk.eventually(lambda: desk.reports.last().is_ended)
    assert OrderState.HELD not in desk.reports.states()


async def test_a_vehicle_that_hovers_on_after_its_last_leg_is_held_in_the_end(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.followed_order._COMES_TO_REST_S", 0.3)
    desk.vehicle.shows(legs=3, mode=FlightMode.HOLD)
    await desk.reach(OrderState.HELD)
    assert desk.reports.last().holder is Holder.ITSELF


async def test_a_person_holds_a_vehicle_at_its_end_at_once(desk: Desk) -> None:
    desk.vehicle.shows(legs=3, landed=LandedState.LANDING)
    assert await desk.say(CommandKind.HOLD, because=CHILD) is CommandState.DONE
    await desk.reach(OrderState.HELD)
    assert desk.reports.last().holder is Holder.PERSON


async def test_a_persons_hold_at_the_moment_of_the_guards_is_the_persons(desk: Desk) -> None:
    desk.tasks.run("guard", desk.guard.run)
    wishes: list[None] = []

    async def hold() -> None:
        wishes.append(None)
        mine = len(wishes)
        await CLOCK.sleep(0.05)
        if mine != len(wishes):
            raise Conflict("a newer command has taken over", where=desk.vehicle.id)
        desk.vehicle.shows(mode=FlightMode.HOLD)

    desk.vehicle.hold = hold  # type: ignore[method-assign]
    word = desk.word(CommandKind.HOLD, because=CHILD)
    await desk.executor.command(word)
    await desk.eventually(lambda: len(wishes) == 1)
    desk.vehicle.shows(position=place(149.0, 0.0), east_m_s=5.0)
    await desk.eventually(lambda: desk.reports.outcome(word.id) is CommandState.DONE)
    desk.vehicle.shows(position=place(100.0, 0.0), east_m_s=0.0)
    await desk.reach(OrderState.HELD)
    assert len(wishes) >= 2
    assert (desk.reports.last().holder, desk.reports.last().because) == (Holder.PERSON, CHILD)
    assert "return_home" not in desk.vehicle.calls


async def test_a_vehicle_that_a_person_holds_is_not_sent_home_by_the_guard_that_stopped_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.guard._HELD_AT_MOST_S", 0.3)
    desk.tasks.run("guard", desk.guard.run)
    desk.vehicle.shows(position=place(149.0, 0.0), east_m_s=5.0)
    await desk.eventually(lambda: "guard_held" in desk.reports.events())
    desk.vehicle.shows(position=place(100.0, 0.0), east_m_s=0.0)
    assert await desk.say(CommandKind.HOLD, because=CHILD) is CommandState.DONE
    await desk.looks(12)
    assert ("guard_returned" in desk.reports.events(), desk.vehicle.state().mode) == (False, FlightMode.HOLD)
    assert desk.reports.last().holder is Holder.PERSON


async def test_a_load_that_is_slow_does_not_delay_who_ends_the_order(desk: Desk) -> None:
    held, load, loads = desk.executor.current, desk.vehicle.load, asyncio.Event()
    assert held is not None

    async def slow(plan: Plan) -> Loaded:
        await loads.wait()
        return await load(plan)

    desk.vehicle.load = slow  # type: ignore[method-assign]
    look = make_order(supersedes=held.order.id)
    await desk.executor.offer(look)
    await desk.eventually(lambda: desk.reports.end_of(held.order.id).is_ended)
    assert await desk.say(CommandKind.CANCEL, order=look, because=HOME) is CommandState.DONE
    assert desk.vehicle.state().mode is FlightMode.RETURN
    loads.set()
    await desk.looks()
    assert (desk.vehicle.state().mode, desk.vehicle.calls.count("start")) == (FlightMode.RETURN, 1)
