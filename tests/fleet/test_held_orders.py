"""At every hello the agent's orders are compared with the books, over a real link."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.ids import VehicleId
from fleet.holding import Holder, Speaker
from fleet.orders import CommandKind, CommandOutcome, CommandState, Order, OrderProgress, OrderState
from fleet.store import CommandRecord, OrderRecord
from tests.fleet import examples
from tests.fleet.link_ends import CLOCK, Agent, Controller, running_agent, running_controller, until

DRONE = VehicleId("drone-1")


@asynccontextmanager
async def greeted(controller: Controller, folder: Path, held: Sequence[OrderProgress]) -> AsyncIterator[Agent]:
    """Let an agent that holds these orders say hello."""

    async def told() -> Sequence[OrderProgress]:
        return held

    tls = controller.enroll("tower", "*")
    async with running_agent(folder, address=controller.address, tls=tls, held_orders=told) as agent:
        agent.taker.is_deaf = True
        await agent.uplink.wait_until_connected()
        yield agent


async def given(controller: Controller, state: OrderState) -> Order:
    """Put an order into the books that stands so."""
    order = replace(examples.order(), not_after_at=CLOCK.now() + timedelta(hours=1))
    async with controller.database.transaction() as unit:
        await controller.store.add_order(unit, order)
        if state is not OrderState.OFFERED:
            await controller.store.set_progress(unit, at(order, state))
    return order


def at(order: Order, state: OrderState) -> OrderProgress:
    return OrderProgress(order_id=order.id, state=state, because="so it is", at=CLOCK.now())


async def books(controller: Controller, order: Order) -> tuple[OrderRecord, list[CommandRecord]]:
    async with controller.database.transaction() as unit:
        record = await controller.store.order(unit, order.id)
        return record, list(await controller.store.open_commands(unit, vehicle_id=DRONE))


@pytest.fixture
async def controller(tmp_path: Path) -> AsyncIterator[Controller]:
    async with running_controller(tmp_path / "c") as controller:
        yield controller


@pytest.mark.parametrize("state", [OrderState.ACCEPTED, OrderState.LOADED, OrderState.RUNNING])
async def test_an_order_that_the_agent_does_not_know_any_more_ends_and_its_vehicle_comes_home(
    controller: Controller, tmp_path: Path, state: OrderState
) -> None:
    order = await given(controller, state)
    async with greeted(controller, tmp_path / "a", []):
        record, [command] = await books(controller, order)
    assert (record.progress.state, "does not know the order" in record.progress.because) == (OrderState.FAILED, True)
    assert (command.command.kind, command.command.speaker) == (CommandKind.RETURN, Speaker.DISPATCHER)
    lines = await controller.database.read_journal(after=0, prefix="vehicles.event")
    assert "order_lost" in {line.event.body["kind"] for line in lines}


async def test_a_held_vehicle_is_not_called_home_for_a_lost_order(controller: Controller, tmp_path: Path) -> None:
    order = await given(controller, OrderState.HELD)
    async with greeted(controller, tmp_path / "a", []):
        record, commands = await books(controller, order)
    assert (record.progress.state, commands) == (OrderState.FAILED, [])
    lines = await controller.database.read_journal(after=0, prefix="vehicles.event")
    assert "order_lost" in {line.event.body["kind"] for line in lines}


async def test_an_order_that_was_never_taken_is_only_sent_again(controller: Controller, tmp_path: Path) -> None:
    order = await given(controller, OrderState.OFFERED)
    async with greeted(controller, tmp_path / "a", []):
        record, commands = await books(controller, order)
    assert (record.progress.state, commands) == (OrderState.OFFERED, [])


@pytest.mark.parametrize("told", [OrderState.RUNNING, OrderState.DONE])
async def test_an_order_that_the_agent_holds_or_has_ended_is_left_to_its_reports(
    controller: Controller, tmp_path: Path, told: OrderState
) -> None:
    order = await given(controller, OrderState.RUNNING)
    async with greeted(controller, tmp_path / "a", [at(order, told)]):
        record, commands = await books(controller, order)
    assert (record.progress.state, commands) == (OrderState.RUNNING, [])


async def test_a_lost_order_does_not_end_the_one_that_is_flown(controller: Controller, tmp_path: Path) -> None:
    lost, flown = await given(controller, OrderState.HELD), await given(controller, OrderState.RUNNING)
    async with greeted(controller, tmp_path / "a", [at(flown, OrderState.RUNNING)]):
        record, commands = await books(controller, lost)
    assert (record.progress.state, commands) == (OrderState.FAILED, [])


async def test_an_order_that_the_controller_has_ended_is_cancelled_once(controller: Controller, tmp_path: Path) -> None:
    order = await given(controller, OrderState.TIMED_OUT)
    async with greeted(controller, tmp_path / "a", [at(order, OrderState.RUNNING)]):
        _, [command] = await books(controller, order)
    async with greeted(controller, tmp_path / "a", [at(order, OrderState.RUNNING)]):
        assert (await books(controller, order))[1] == [command]
    assert (command.command.kind, command.command.order_id) == (CommandKind.CANCEL, order.id)
    assert command.command.because == "the controller had ended it as timed_out: so it is"


async def test_an_order_that_nobody_gave_is_cancelled(controller: Controller, tmp_path: Path) -> None:
    known = await given(controller, OrderState.DONE)
    async with greeted(controller, tmp_path / "a", [at(examples.order(), OrderState.RUNNING)]):
        _, [command] = await books(controller, known)
    assert (command.command.kind, command.command.because) == (
        CommandKind.CANCEL,
        "no such order is in the controller's books",
    )


async def test_a_cancel_that_was_refused_is_not_said_again_at_each_hello_and_people_are_told_once(
    controller: Controller, tmp_path: Path
) -> None:
    order, pilot = await given(controller, OrderState.TIMED_OUT), "others have it in hand: it is in mode manual"
    async with greeted(controller, tmp_path / "a", [at(order, OrderState.RUNNING)]) as agent:
        _, [command] = await books(controller, order)
        refused = CommandOutcome(
            command_id=command.command.id, state=CommandState.FAILED, because=pilot, at=CLOCK.now()
        )
        for _ in range(2):
            await agent.outbox.put(refused)

        async def is_told() -> bool:
            return await agent.outbox.count() == 0

        await until(is_told)
    for _ in range(2):
        async with greeted(controller, tmp_path / "a", [at(order, OrderState.RUNNING)]):
            assert (await books(controller, order))[1] == []
    lines = await controller.database.read_journal(after=0, prefix="vehicles.event")
    told = [line.event.body["text"] for line in lines if line.event.body["kind"] == "cancel_refused"]
    assert told == [f"the word to end an order that nobody wants any more was not done: {pilot}"]


@pytest.mark.parametrize("is_off", [timedelta(0), timedelta(hours=1)])
async def test_a_cancel_that_was_refused_is_said_again_at_a_hello_a_minute_later_and_told_once(
    controller: Controller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_off: timedelta
) -> None:
    monkeypatch.setattr("fleet.link.held_orders._REFUSAL_RESTS", timedelta(0))
    order, pilot = await given(controller, OrderState.TIMED_OUT), "others have it in hand: it is in mode manual"
    for _ in range(2):
        async with greeted(controller, tmp_path / "a", [at(order, OrderState.RUNNING)]) as agent:
            _, [command] = await books(controller, order)
            refused_at = CLOCK.now() + is_off
            await agent.outbox.put(
                CommandOutcome(command_id=command.command.id, state=CommandState.FAILED, because=pilot, at=refused_at)
            )

            async def is_told() -> bool:
                return (await books(controller, order))[1] == []

            await until(is_told)
    lines = await controller.database.read_journal(after=0, prefix="vehicles.event")
    assert [line.event.body["kind"] for line in lines].count("cancel_refused") == 1


async def test_a_lost_order_that_the_service_itself_had_held_brings_its_vehicle_home(
    controller: Controller, tmp_path: Path
) -> None:
    order = await given(controller, OrderState.RUNNING)
    held = replace(at(order, OrderState.HELD), held_by=Holder.SEPARATION)
    async with controller.database.transaction() as unit:
        await controller.store.set_progress(unit, held)
    async with greeted(controller, tmp_path / "a", []):
        _, [command] = await books(controller, order)
    assert (command.command.kind, command.command.speaker) == (CommandKind.RETURN, Speaker.DISPATCHER)
