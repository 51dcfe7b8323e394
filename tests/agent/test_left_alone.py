"""Vehicles in somebody else's hands are left there, by whatever begins, fails, is found again or is made up for."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.order_book import OrderBook
from core.errors import StorageFull, Unavailable
from fleet.holding import Holder, Speaker
from fleet.orders import CommandKind, CommandOutcome, CommandState, OrderProgress, OrderState
from fleet.telemetry import FlightMode
from fleet.vehicle import Plan
from tests.agent.desk import CHILD, CLOCK, Desk
from tests.fleet.drivers.orders import leg, make_order


@pytest.mark.parametrize("mode", [FlightMode.MANUAL, FlightMode.HOLD, FlightMode.LAND])
async def test_an_order_that_finds_somebody_else_flying_leaves_the_vehicle_to_them(
    idle: Desk, mode: FlightMode
) -> None:
    idle.vehicle.flies(mode)
    await idle.executor.offer(make_order())
    await idle.reach(OrderState.FAILED)
    assert idle.executor.current is None or idle.executor.current.progress.is_ended
    assert (idle.vehicle.calls, idle.vehicle.state().mode) == ([], mode)


async def test_an_agent_that_comes_back_finds_somebody_else_flying_before_its_order_began(idle: Desk) -> None:
    order = replace(make_order(lasts_s=7200.0), not_before_at=CLOCK.now() + timedelta(hours=1))
    await idle.executor.offer(order)
    await idle.reach(OrderState.LOADED)
    await idle.kill()
    idle.vehicle.on_board = Plan(order=make_order(leg(5.0, 5.0)))
    idle.vehicle.flies(FlightMode.MISSION)
    await idle.start()
    await idle.eventually(lambda: idle.reports.last().state is not OrderState.LOADED)
    assert (idle.reports.last().state, "return_home" in idle.vehicle.calls) == (OrderState.FAILED, False)


async def test_a_persons_hold_outlasts_an_agent_that_comes_back_to_another_mission(idle: Desk) -> None:
    await idle.executor.offer(make_order())
    await idle.reach(OrderState.RUNNING)
    assert await idle.say(CommandKind.HOLD, because=CHILD) is CommandState.DONE
    await idle.reach(OrderState.HELD)
    await idle.kill()
    idle.vehicle.on_board = Plan(order=make_order(leg(5.0, 5.0)))
    await idle.start()
    await idle.eventually(lambda: "held_plan" in idle.vehicle.calls)
    await idle.looks()
    assert (idle.vehicle.state().mode, idle.reports.last().holder) == (FlightMode.HOLD, Holder.PERSON)
    assert await idle.say(CommandKind.RETURN, because=CHILD) is CommandState.DONE
    idle.vehicle.lands()
    await idle.reach(OrderState.ABORTED)


async def test_a_cancel_that_waited_and_does_not_come_through_at_once_is_tried_again(idle: Desk) -> None:
    order = make_order()
    await idle.executor.offer(order)
    await idle.reach(OrderState.RUNNING)
    idle.vehicle.shows(mode=FlightMode.MANUAL)
    cancel = await idle.say(CommandKind.CANCEL, order=order, speaker=Speaker.DISPATCHER)
    assert cancel is CommandState.FAILED
    idle.vehicle.troubles["return_home"] = Unavailable("the link was lost on the way")
    idle.vehicle.shows(mode=FlightMode.MISSION)
    await idle.eventually(lambda: idle.vehicle.state().mode is FlightMode.RETURN)
    assert idle.vehicle.calls.count("return_home") == 2


async def test_books_that_cannot_be_read_for_a_while_end_nothing(idle: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.order_book._AGAIN_S", 0.02)
    await idle.executor.offer(make_order())
    await idle.reach(OrderState.RUNNING)
    tries, reads = asyncio.Semaphore(0), idle.store.unreported

    async def unreadable() -> list[OrderProgress | CommandOutcome]:
        tries.release()
        raise Unavailable("the order book cannot be used")

    idle.store.unreported = unreadable  # type: ignore[method-assign]
    idle.reports.is_broken = True
    word = idle.word(CommandKind.HOLD, because=CHILD)
    await idle.executor.command(word)
    for _ in range(4):
        await tries.acquire()
    idle.reports.is_broken, idle.store.unreported = False, reads  # type: ignore[method-assign]
    await idle.eventually(lambda: idle.reports.outcome(word.id) is CommandState.DONE)
    await idle.looks(2)
    assert "held_plan" not in idle.vehicle.calls, "it was started anew"


async def test_what_is_made_up_for_late_is_not_written_over_what_came_since(
    idle: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.order_book._AGAIN_S", 0.02)
    store, now = idle.store, CLOCK.now()
    book = OrderBook(vehicle_id=idle.vehicle.id, store=store, reports=idle.reports, clock=CLOCK)
    words = [idle.word(CommandKind.HOLD) for _ in range(2)]
    saves, is_full = store.save_outcome, True

    async def save(outcome: CommandOutcome) -> None:
        if is_full:
            raise StorageFull("no room is left")
        if outcome.command_id == words[0].id and outcome.state is CommandState.FAILED:
            await book.answer(words[1], CommandState.DONE, "it holds")
        await saves(outcome)

    store.save_outcome = save  # type: ignore[method-assign]
    for word in words:
        await book.answer(word, CommandState.FAILED, "not yet")
    is_full = False
    making_up = asyncio.ensure_future(book.make_up())
    await idle.eventually(lambda: idle.reports.outcome(words[0].id) is not None)
    await CLOCK.sleep(0.05)
    making_up.cancel()
    kept = await store.outcome(words[1].id)
    assert kept is not None
    assert (kept.state, kept.at >= now) == (CommandState.DONE, True)


async def test_an_agent_that_is_stopped_leaves_a_vehicle_where_a_person_holds_it(idle: Desk) -> None:
    await idle.executor.offer(make_order())
    await idle.reach(OrderState.RUNNING)
    assert await idle.say(CommandKind.HOLD, because=CHILD) is CommandState.DONE
    assert await idle.executor.bring_home("its agent was stopped") is False
    assert idle.vehicle.state().mode is FlightMode.HOLD
    await idle.kill()
    await idle.start()
    await idle.eventually(lambda: idle.executor.current is not None)
    await idle.looks()
    assert (idle.vehicle.state().mode, idle.reports.last().holder) == (FlightMode.HOLD, Holder.PERSON)

    assert await idle.say(CommandKind.RESUME) is CommandState.DONE
    assert await idle.executor.bring_home("its agent was stopped") is True
    assert idle.vehicle.state().mode is FlightMode.RETURN


async def test_an_order_that_cannot_be_read_any_more_is_told_and_keeps_nobody_from_stopping_the_vehicle(
    idle: Desk, tmp_path: Path
) -> None:
    await idle.executor.offer(make_order())
    await idle.reach(OrderState.RUNNING)
    await idle.kill()
    with closing(sqlite3.connect(tmp_path / "orders.db")) as file, file:
        file.execute("UPDATE orders SET body = ?", (b"\xff\xff",))
    await idle.start()
    await idle.reach(OrderState.FAILED)
    assert "cannot read" in idle.reports.last().because
    assert await idle.say(CommandKind.HOLD, because=CHILD) is CommandState.DONE
    assert idle.vehicle.state().mode is FlightMode.HOLD
