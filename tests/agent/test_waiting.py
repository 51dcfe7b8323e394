"""Orders that wait for their time or for the vehicle, words that wait for it, and what others do meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.commanded_order import NOT_OURS
from agent.held_order import HeldOrder
from agent.left_words import TAKEN_OVER
from core.errors import Unavailable
from core.ids import OrderId
from fleet.holding import Speaker
from fleet.orders import Command, CommandKind, CommandOutcome, CommandState, Order, OrderState
from fleet.telemetry import FlightMode
from fleet.vehicle import Loaded, Plan
from tests.agent.desk import CLOCK, Desk
from tests.fleet.drivers.orders import leg, make_order

SILENT = "nothing heard from the vehicle"


@asynccontextmanager
async def loading(desk: Desk, order: Order) -> AsyncIterator[None]:
    """Let the vehicle take its time over loading *order* until the block is left."""
    load, goes_on = desk.vehicle.load, asyncio.Event()

    async def slow(plan: Plan) -> Loaded:
        await goes_on.wait()
        return await load(plan)

    desk.vehicle.load = slow  # type: ignore[method-assign]
    await desk.executor.offer(order)
    await desk.eventually(lambda: desk.executor.current is not None)
    yield
    desk.vehicle.load = load  # type: ignore[method-assign]
    goes_on.set()


def later(order: Order) -> Order:
    """Return *order*, which may begin in an hour only."""
    hour = timedelta(hours=1)
    return replace(order, not_before_at=order.not_before_at + hour, not_after_at=order.not_after_at + hour)


async def waits(desk: Desk) -> Order:
    """Offer an order for later, and return it once it is on board."""
    order = later(make_order())
    await desk.executor.offer(order)
    await desk.reach(OrderState.LOADED)
    return order


# ------------------------------------------------------------------------------------------ orders


async def test_an_order_that_waits_for_the_vehicle_is_ended_at_once_and_the_one_before_is_flown(idle: Desk) -> None:
    patrol = make_order()
    look = make_order(supersedes=patrol.id)
    async with loading(idle, patrol):
        await idle.executor.offer(look)
        cancel = idle.word(CommandKind.CANCEL, order=look)
        await idle.executor.command(cancel)
        assert await idle.answered(cancel) is CommandState.DONE
        assert idle.reports.answer(cancel.id) == "the order was ended before it was begun"
        assert idle.reports.end_of(look.id).state is OrderState.ABORTED
    await idle.eventually(lambda: idle.reports.end_of(patrol.id).state is OrderState.RUNNING)
    assert idle.vehicle.calls == ["load", "start"]


async def test_an_order_that_waits_ends_when_a_newer_one_takes_its_place(idle: Desk) -> None:
    patrol = make_order()
    look = make_order(supersedes=patrol.id)
    newer = make_order(supersedes=look.id)
    async with loading(idle, patrol):
        await idle.executor.offer(look)
        await idle.executor.offer(newer)
        await idle.eventually(lambda: idle.reports.end_of(look.id).state is OrderState.ABORTED)
        assert str(newer.id) in idle.reports.end_of(look.id).because
    await idle.eventually(lambda: idle.reports.end_of(newer.id).state is OrderState.RUNNING)
    assert idle.reports.end_of(patrol.id).state is OrderState.ABORTED


async def test_a_restarted_agent_knows_which_of_three_orders_has_the_vehicle(desk: Desk) -> None:
    held = desk.executor.current
    assert held is not None
    look = make_order(supersedes=held.order.id)
    newer = make_order(leg(0.0, 40.0), supersedes=look.id)
    for order in (look, newer):
        accepted = replace(held.progress, order_id=order.id, state=OrderState.ACCEPTED)
        await desk.store.save(HeldOrder(order=order, progress=accepted))
    await desk.kill()
    await desk.start()
    await desk.eventually(lambda: (newer.id, OrderState.RUNNING) in told(desk))
    assert {(held.order.id, OrderState.ABORTED), (look.id, OrderState.ABORTED)} < told(desk)
    assert desk.vehicle.calls == ["load", "start", "hold", "load", "start"]


def told(desk: Desk) -> set[tuple[OrderId, OrderState]]:
    return {(one.order_id, one.state) for one in desk.reports.progress()}


async def test_an_order_that_waits_for_its_time_gives_way_without_taking_off(idle: Desk) -> None:
    patrol = await waits(idle)
    look = make_order(leg(0.0, 40.0), supersedes=patrol.id)
    await idle.executor.offer(look)
    await idle.eventually(lambda: idle.reports.end_of(look.id).state is OrderState.RUNNING)
    assert idle.reports.end_of(patrol.id).state is OrderState.ABORTED
    assert idle.vehicle.calls == ["load", "load", "start"]


async def test_what_somebody_put_on_board_while_an_order_waited_is_not_flown(
    idle: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    patrol = await waits(idle)
    idle.vehicle.on_board = Plan(order=make_order(leg(0.0, 100.0)))
    now = CLOCK.now
    monkeypatch.setattr(type(CLOCK), "now", lambda _: now() + timedelta(hours=1, minutes=1))
    await idle.eventually(lambda: idle.reports.end_of(patrol.id).state is OrderState.FAILED)
    assert NOT_OURS in idle.reports.end_of(patrol.id).because
    assert "start" not in idle.vehicle.calls


@pytest.mark.parametrize("kind", [CommandKind.HOLD, CommandKind.RETURN])
async def test_nobody_goes_on_with_what_somebody_else_put_on_board(desk: Desk, kind: CommandKind) -> None:
    assert await desk.say(kind) is CommandState.DONE
    desk.vehicle.on_board = Plan(order=make_order(leg(0.0, 100.0)))
    resume = desk.word(CommandKind.RESUME)
    await desk.executor.command(resume)
    assert await desk.answered(resume) is CommandState.FAILED
    assert NOT_OURS in desk.reports.answer(resume.id)
    assert "resume" not in desk.vehicle.calls


async def resuming(desk: Desk, speaker: Speaker) -> tuple[Command, asyncio.Event]:
    """Tell the vehicle to go on, and return once its mission is being read back, with what ends that."""
    read, reads, goes_on = desk.vehicle.held_plan, asyncio.Event(), asyncio.Event()

    async def slow() -> Loaded:
        reads.set()
        await goes_on.wait()
        return await read()

    desk.vehicle.held_plan = slow  # type: ignore[method-assign]
    resume = desk.word(CommandKind.RESUME, speaker=speaker)
    await desk.executor.command(resume)
    await reads.wait()
    return resume, goes_on


@pytest.mark.parametrize("speaker", [Speaker.PERSON, Speaker.SEPARATION])
@pytest.mark.parametrize("mode", [FlightMode.MANUAL, FlightMode.RETURN])
async def test_who_takes_it_over_while_the_mission_is_read_back_keeps_it(
    desk: Desk, mode: FlightMode, speaker: Speaker
) -> None:
    assert await desk.say(CommandKind.HOLD, speaker=speaker) is CommandState.DONE
    resume, goes_on = await resuming(desk, speaker)
    desk.vehicle.flies(mode)
    goes_on.set()
    assert await desk.answered(resume) is CommandState.FAILED
    assert f"others have it in hand: it is in mode {mode}" in desk.reports.answer(resume.id)
    assert desk.vehicle.state().mode is mode


async def test_the_way_back_is_proved_from_where_it_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await desk.say(CommandKind.RETURN) is CommandState.DONE
    resume, goes_on = await resuming(desk, Speaker.PERSON)
    monkeypatch.setattr(desk.guard, "refuse", lambda order, first_leg=0: "crosses the keep-out zone school")
    goes_on.set()
    assert await desk.answered(resume) is CommandState.FAILED
    assert "crosses the keep-out zone school" in desk.reports.answer(resume.id)
    assert desk.vehicle.state().mode is FlightMode.RETURN


async def test_a_pilot_who_takes_off_while_an_order_waits_keeps_the_vehicle(
    idle: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    patrol = await waits(idle)
    idle.vehicle.flies(FlightMode.MANUAL)
    now = CLOCK.now
    monkeypatch.setattr(type(CLOCK), "now", lambda _: now() + timedelta(hours=1, minutes=1))
    await idle.eventually(lambda: idle.reports.end_of(patrol.id).is_ended)
    assert "without an order of ours" in idle.reports.end_of(patrol.id).because
    assert ("start" in idle.vehicle.calls, idle.vehicle.state().mode) == (False, FlightMode.MANUAL)


@pytest.mark.parametrize("happens", ["in a silence", "while the agent was away"])
async def test_a_pilot_keeps_the_vehicle_from_an_order_that_came_before(desk: Desk, happens: str) -> None:
    held = desk.executor.current
    assert held is not None
    look = make_order(leg(0.0, 40.0), supersedes=held.order.id)
    if happens == "in a silence":
        desk.vehicle.shows(link_up=False)
        await desk.looks()
        await desk.executor.offer(look)
        desk.vehicle.shows(mode=FlightMode.MANUAL, link_up=True)
    else:
        accepted = replace(held.progress, order_id=look.id, state=OrderState.ACCEPTED)
        await desk.store.save(HeldOrder(order=look, progress=accepted))
        await desk.kill()
        desk.vehicle.flies(FlightMode.MANUAL)
        await desk.start()
    await desk.eventually(lambda: (look.id, OrderState.FAILED) in told(desk))
    assert "others have it in hand" in desk.reports.end_of(look.id).because
    assert "hold" not in desk.vehicle.calls
    assert desk.vehicle.state().mode is FlightMode.MANUAL


async def test_a_word_to_end_what_waits_that_was_cut_off_leaves_the_order_before_flying(desk: Desk) -> None:
    held = desk.executor.current
    assert held is not None
    look = make_order(leg(0.0, 40.0), supersedes=held.order.id)
    accepted = replace(held.progress, order_id=look.id, state=OrderState.ACCEPTED)
    await desk.store.save(HeldOrder(order=look, progress=accepted))
    cancel = desk.word(CommandKind.CANCEL, order=look, speaker=Speaker.DISPATCHER)
    taken = CommandOutcome(command_id=cancel.id, state=CommandState.ACCEPTED, because="", at=CLOCK.now())
    await desk.store.take(cancel, taken)
    await desk.kill()
    await desk.start()
    assert await desk.answered(cancel) is CommandState.DONE
    assert (look.id, OrderState.ABORTED) in told(desk)
    current = desk.executor.current
    assert current is not None
    assert (current.order, current.ending, desk.vehicle.state().mode) == (held.order, None, FlightMode.MISSION)


async def test_who_speaks_while_the_mission_is_read_back_has_the_last_word(desk: Desk) -> None:
    assert await desk.say(CommandKind.HOLD) is CommandState.DONE
    resume, goes_on = await resuming(desk, Speaker.PERSON)
    assert await desk.say(CommandKind.HOLD, because="wang: no, stay") is CommandState.DONE
    goes_on.set()
    assert await desk.answered(resume) is CommandState.FAILED
    assert TAKEN_OVER in desk.reports.answer(resume.id)
    assert desk.vehicle.state().mode is FlightMode.HOLD


# ------------------------------------------------------------------------------------------- words


def goes_silent(desk: Desk) -> None:
    """Let the vehicle hear nothing and say nothing."""
    desk.vehicle.shows(link_up=False)
    desk.vehicle.troubles |= {"hold": Unavailable(SILENT), "return_home": Unavailable(SILENT)}


@pytest.mark.parametrize("kind", [CommandKind.HOLD, CommandKind.RETURN])
async def test_a_person_stops_a_vehicle_that_is_silent_for_a_moment(desk: Desk, kind: CommandKind) -> None:
    goes_silent(desk)
    word = desk.word(kind)
    await desk.executor.command(word)
    await desk.looks()
    assert desk.reports.outcome(word.id) is CommandState.ACCEPTED
    desk.vehicle.shows(link_up=True)
    assert await desk.answered(word) is CommandState.DONE


async def test_the_newest_word_to_a_silent_vehicle_counts(desk: Desk) -> None:
    goes_silent(desk)
    hold, back = desk.word(CommandKind.HOLD), desk.word(CommandKind.RETURN)
    await desk.executor.command(hold)
    await desk.eventually(lambda: "hold" in desk.vehicle.calls)
    await desk.executor.command(back)
    assert await desk.answered(hold) is CommandState.FAILED
    assert TAKEN_OVER in desk.reports.answer(hold.id)
    desk.vehicle.shows(link_up=True)
    assert await desk.answered(back) is CommandState.DONE
    assert desk.vehicle.state().mode is FlightMode.RETURN


async def test_a_hold_that_waits_outlives_the_agent_that_took_it(desk: Desk) -> None:
    goes_silent(desk)
    hold = desk.word(CommandKind.HOLD)
    await desk.executor.command(hold)
    await desk.eventually(lambda: "hold" in desk.vehicle.calls)
    await desk.kill()
    goes_silent(desk)
    await desk.start()
    await desk.eventually(lambda: desk.vehicle.calls.count("hold") == 2)
    desk.vehicle.shows(link_up=True)
    assert await desk.answered(hold) is CommandState.DONE
    assert desk.vehicle.state().mode is FlightMode.HOLD


@pytest.mark.parametrize("newer", [CommandKind.CANCEL, CommandKind.LAND, CommandKind.RESUME])
async def test_a_newer_word_that_comes_to_nothing_leaves_a_hold_waiting(desk: Desk, newer: CommandKind) -> None:
    goes_silent(desk)
    desk.vehicle.troubles |= {"land": Unavailable(SILENT), "held_plan": Unavailable(SILENT)}
    hold = desk.word(CommandKind.HOLD)
    await desk.executor.command(hold)
    await desk.say(newer, order=make_order() if newer is CommandKind.CANCEL else None)
    await desk.looks()
    assert desk.reports.outcome(hold.id) is CommandState.ACCEPTED
    desk.vehicle.shows(link_up=True)
    assert await desk.answered(hold) is CommandState.DONE


async def test_a_failsafe_is_told_after_a_way_home_that_was_asked_for_in_vain(desk: Desk) -> None:
    goes_silent(desk)
    back = desk.word(CommandKind.RETURN, lasts_s=0.3)
    await desk.executor.command(back)
    assert await desk.answered(back) is CommandState.FAILED
    desk.vehicle.shows(link_up=True)
    await desk.looks()
    desk.vehicle.shows(mode=FlightMode.RETURN, battery_ratio=0.1)
    await desk.eventually(lambda: "mode_return" in desk.reports.events())


@pytest.mark.parametrize(("speaker", "lasts_s"), [(Speaker.PERSON, 0.3), (Speaker.SEPARATION, 60.0)])
async def test_who_waits_for_a_silent_vehicle_is_told_in_time(desk: Desk, speaker: Speaker, lasts_s: float) -> None:
    goes_silent(desk)
    word = desk.word(CommandKind.HOLD, speaker=speaker, lasts_s=lasts_s)
    await desk.executor.command(word)
    assert await desk.answered(word) is CommandState.FAILED
    assert SILENT in desk.reports.answer(word.id)


async def test_a_fault_over_one_word_ends_no_other_and_does_not_come_again(desk: Desk) -> None:
    hold, breaks = desk.vehicle.hold, asyncio.Event()

    async def broken() -> None:
        breaks.set()
        raise ZeroDivisionError

    desk.vehicle.hold = broken  # type: ignore[method-assign]
    word = desk.word(CommandKind.HOLD)
    await desk.executor.command(word)
    assert await desk.answered(word) is CommandState.FAILED
    assert breaks.is_set()
    assert "the agent failed over it" in desk.reports.answer(word.id)
    assert await desk.store.open_commands() == []
    desk.vehicle.hold = hold  # type: ignore[method-assign]
    assert await desk.say(CommandKind.HOLD) is CommandState.DONE
