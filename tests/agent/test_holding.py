"""In whose hands a vehicle is: the table through the executor, cell by cell, and everybody who may take it over."""

import sqlite3
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

import pytest

from fleet.holding import Holder, Speaker, Word, counts
from fleet.orders import CommandKind, CommandState, OrderState
from fleet.telemetry import FlightMode
from geofence.frames import LocalFrame
from geofence.positions import LocalPosition
from tests.agent.test_executor import Desk
from tests.fleet.drivers.orders import HOME, make_order

KEEPS_CLEAR = "keeps clear of drone-2: they would come within 3 m and 0 m in height in 2 s"
SPEAKERS = {
    Holder.SEPARATION: Speaker.SEPARATION,
    Holder.DISPATCHER: Speaker.DISPATCHER,
    Holder.PERSON: Speaker.PERSON,
}
SHOWN = {Word.HOLD: FlightMode.HOLD, Word.RESUME: FlightMode.MISSION, Word.RETURN: FlightMode.RETURN}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Return an agent whose vehicle flies an order."""
    desk = Desk(tmp_path)
    await desk.start()
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.RUNNING)
    yield desk
    await desk.kill()


async def held_by(desk: Desk, holder: Holder) -> None:
    """Bring the vehicle into these hands."""
    if holder in SPEAKERS:
        assert await desk.say(CommandKind.HOLD, speaker=SPEAKERS[holder], because=f"by {holder}") is CommandState.DONE
    elif holder is Holder.ITSELF:
        desk.vehicle.shows(mode=FlightMode.HOLD, because="the pilot's switch")
    if holder is not Holder.NOBODY:
        await desk.reach(OrderState.HELD)


@pytest.mark.parametrize("holder", list(Holder))
async def test_a_word_does_what_the_table_says_or_nothing(desk: Desk, holder: Holder) -> None:
    for speaker, word in product(Speaker, Word):
        await held_by(desk, holder)
        before, told, because = desk.vehicle.state().mode, len(desk.vehicle.calls), desk.reports.last().because
        fate = await desk.say(CommandKind(word.value), speaker=speaker, because=f"{speaker} says {word}")
        if counts(word, of=speaker, against=holder):
            assert (fate, desk.vehicle.state().mode) == (CommandState.DONE, SHOWN[word]), (speaker, word)
        else:
            assert fate is CommandState.FAILED, (speaker, word)
            assert (desk.vehicle.state().mode, len(desk.vehicle.calls)) == (before, told)
            assert desk.reports.last().because == because
        await desk.say(CommandKind.RESUME)
        await desk.reach(OrderState.RUNNING)


async def test_a_hold_of_the_controller_that_a_pilot_flew_out_of_is_no_longer_the_controllers(desk: Desk) -> None:
    await held_by(desk, Holder.SEPARATION)
    desk.vehicle.shows(mode=FlightMode.MANUAL)
    await desk.eventually(lambda: "taken over while it waited" in desk.reports.last().because)
    desk.vehicle.shows(mode=FlightMode.HOLD)

    assert await desk.say(CommandKind.RESUME, speaker=Speaker.SEPARATION) is CommandState.FAILED
    assert desk.vehicle.state().mode is FlightMode.HOLD
    assert await desk.say(CommandKind.RESUME) is CommandState.DONE


async def test_a_vehicle_that_is_elsewhere_after_a_silence_was_flown_by_somebody(desk: Desk) -> None:
    await held_by(desk, Holder.SEPARATION)
    reported, seen = len(desk.reports.bodies), desk.vehicle.samples
    await desk.eventually(lambda: desk.vehicle.samples > seen + 1)
    desk.vehicle.shows(link_up=False)
    await desk.eventually(lambda: len(desk.reports.bodies) > reported)
    moved = LocalFrame(origin=HOME).to_geo(LocalPosition(east_m=14, north_m=0))
    desk.vehicle.shows(link_up=True, position=moved)

    await desk.eventually(lambda: "it was moved while it waited" in desk.reports.last().because)
    assert await desk.say(CommandKind.RESUME, speaker=Speaker.SEPARATION) is CommandState.FAILED


async def test_a_person_who_speaks_while_the_controllers_hold_is_under_way_has_the_last_word(desk: Desk) -> None:
    desk.vehicle.returns_late_s = 0.1
    await desk.executor.command(desk.word(CommandKind.HOLD, speaker=Speaker.SEPARATION, because=KEEPS_CLEAR))
    await desk.eventually(lambda: desk.vehicle.calls.count("hold") == 1)
    assert await desk.say(CommandKind.HOLD, because="wang: a child is below it") is CommandState.DONE

    await desk.reach(OrderState.HELD)
    await desk.eventually(lambda: desk.reports.last().because == "wang: a child is below it")
    assert await desk.say(CommandKind.RESUME, speaker=Speaker.SEPARATION) is CommandState.FAILED


async def test_who_holds_it_outlives_the_agent_and_a_file_from_before_is_brought_up_to_date(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.start()
    await desk.executor.offer(make_order())
    await desk.reach(OrderState.RUNNING)
    await held_by(desk, Holder.SEPARATION)
    await desk.kill()
    await desk.start()
    await desk.eventually(lambda: desk.executor.current is not None)
    assert await desk.say(CommandKind.RESUME, speaker=Speaker.SEPARATION) is CommandState.DONE
    await held_by(desk, Holder.SEPARATION)
    await desk.kill()

    with sqlite3.connect(tmp_path / "orders.db") as file:
        file.execute("ALTER TABLE orders DROP COLUMN held_by")
    await desk.start()
    await desk.eventually(lambda: desk.executor.current is not None)
    assert await desk.say(CommandKind.RESUME, speaker=Speaker.SEPARATION) is CommandState.FAILED
    assert await desk.say(CommandKind.RESUME) is CommandState.DONE
    await desk.kill()


async def test_no_order_takes_a_vehicle_out_of_a_persons_hands(desk: Desk) -> None:
    held = desk.executor.current
    assert held is not None
    await held_by(desk, Holder.PERSON)
    look = make_order(supersedes=held.order.id)
    await desk.executor.offer(look)

    refused = desk.reports.end_of(look.id)
    assert (refused.state, refused.because) == (OrderState.FAILED, "a person holds it: by person")
    assert desk.reports.end_of(held.order.id).state is OrderState.HELD


async def test_without_an_order_nobody_but_a_person_takes_it_from_its_pilot(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.start()
    desk.vehicle.flies(FlightMode.MANUAL)
    assert await desk.say(CommandKind.RETURN, speaker=Speaker.DISPATCHER) is CommandState.FAILED
    assert await desk.say(CommandKind.HOLD, speaker=Speaker.SEPARATION) is CommandState.FAILED
    assert desk.vehicle.calls == []
    assert await desk.say(CommandKind.RETURN) is CommandState.DONE
    await desk.kill()
