"""A word that was acknowledged is never lost: each kind, killed before and after each step of it."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.left_words import left_of
from core.errors import StorageFull, Unavailable
from core.ids import CommandId, new_id
from fleet.holding import Holder, Speaker
from fleet.orders import Command, CommandKind, CommandOutcome, CommandState, Order, OrderState
from fleet.telemetry import FlightMode
from tests.agent.desk import CHILD, CLOCK, Desk
from tests.fleet.drivers.orders import make_order

CALLS = {
    CommandKind.HOLD: "hold",
    CommandKind.RESUME: "resume",
    CommandKind.RETURN: "return_home",
    CommandKind.LAND: "land",
    CommandKind.CANCEL: "return_home",
}
SHOWS = {
    CommandKind.HOLD: FlightMode.HOLD,
    CommandKind.RESUME: FlightMode.MISSION,
    CommandKind.RETURN: FlightMode.RETURN,
    CommandKind.LAND: FlightMode.LAND,
    CommandKind.CANCEL: FlightMode.RETURN,
}
STEPS = ["before it is written", "before the vehicle heard it", "after the vehicle did it", "before it was answered"]


async def killed(desk: Desk, word: Command, step: str) -> None:
    """Let the agent take *word*, and end it at that step; what the vehicle does then it goes on doing."""
    reached, never = asyncio.Event(), asyncio.Event()
    call = CALLS[word.kind]
    obeys, writes = getattr(desk.vehicle, call), desk.store.save_outcome

    async def stops_here() -> None:
        if step == "after the vehicle did it":
            await obeys()
        reached.set()
        await never.wait()

    async def writes_no_more(outcome: CommandOutcome) -> None:
        if outcome.command_id == word.id:
            reached.set()
            await never.wait()
        await writes(outcome)

    async def takes_no_more(command: Command, outcome: CommandOutcome) -> None:
        reached.set()
        await never.wait()

    if step == "before it is written":
        desk.store.take = takes_no_more  # type: ignore[method-assign]
    elif step == "before it was answered":
        desk.store.save_outcome = writes_no_more  # type: ignore[method-assign]
    else:
        setattr(desk.vehicle, call, stops_here)
    saying = asyncio.ensure_future(desk.executor.command(word))
    await reached.wait()
    saying.cancel()
    await desk.kill()
    setattr(desk.vehicle, call, obeys)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", CALLS)
async def test_a_persons_word_outlives_the_agent_that_took_it(desk: Desk, kind: CommandKind, step: str) -> None:
    if kind is CommandKind.RESUME:
        await desk.say(CommandKind.HOLD)
        await desk.reach(OrderState.HELD)
    word = desk.word(kind, because=CHILD)
    await killed(desk, word, step)
    await desk.start()
    if step == "before it is written":
        assert desk.reports.outcome(word.id) is None
        await desk.executor.command(word)  # nobody acknowledged it: the controller says it again
    fate = await desk.answered(word)

    is_held_instead = kind is CommandKind.LAND and step == "before the vehicle heard it"
    if is_held_instead:
        assert (fate, desk.vehicle.state().mode) == (CommandState.FAILED, FlightMode.HOLD)
        assert desk.reports.last().held_by is Holder.PERSON
        return
    assert (fate, desk.vehicle.state().mode) == (CommandState.DONE, SHOWS[kind])
    seen = desk.vehicle.samples
    await desk.eventually(lambda: desk.vehicle.samples > seen + 3)
    assert desk.vehicle.state().mode is SHOWS[kind]
    if kind is CommandKind.HOLD:
        assert (desk.reports.last().holder, desk.reports.last().because) == (Holder.PERSON, CHILD)
        assert await desk.say(CommandKind.RESUME, speaker=Speaker.SEPARATION) is CommandState.FAILED
    elif kind is not CommandKind.RESUME:
        assert not [event for event in desk.reports.events() if event.startswith("mode_")]
        desk.vehicle.lands()
        await desk.reach(OrderState.ABORTED)
        assert desk.reports.last().because == CHILD


async def test_a_word_that_was_obeyed_twice_is_answered_once_and_not_obeyed_a_third_time(desk: Desk) -> None:
    word = desk.word(CommandKind.HOLD, because=CHILD)
    await killed(desk, word, "before it was answered")
    await desk.start()
    assert await desk.answered(word) is CommandState.DONE
    await desk.say(CommandKind.RESUME)
    await desk.executor.command(word)
    assert desk.vehicle.state().mode is FlightMode.MISSION


async def test_a_hold_that_was_taken_before_the_start_keeps_a_restarted_agent_from_starting(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.start()
    order = replace(make_order(lasts_s=7200.0), not_before_at=CLOCK.now() + timedelta(hours=1))
    await desk.executor.offer(order)
    await desk.reach(OrderState.LOADED)
    word = desk.word(CommandKind.HOLD, because=CHILD)
    await killed(desk, word, "before the vehicle heard it")
    with closing(sqlite3.connect(tmp_path / "orders.db")) as file, file:
        begins = replace(order, not_before_at=CLOCK.now())
        from fleet.link.translate import order_to_pb

        file.execute("UPDATE orders SET body = ?", (order_to_pb(begins).SerializeToString(),))
    await desk.start()
    assert await desk.answered(word) is CommandState.DONE
    await desk.reach(OrderState.FAILED)
    assert ("start" in desk.vehicle.calls, CHILD in desk.reports.last().because) == (False, True)
    await desk.kill()


async def test_what_a_person_says_while_what_was_left_is_taken_up_counts_before_it(desk: Desk) -> None:
    await desk.say(CommandKind.HOLD, because=CHILD)
    goes_on = desk.word(CommandKind.RESUME)
    await killed(desk, goes_on, "before the vehicle heard it")
    desk.vehicle.shows(mode=FlightMode.UNKNOWN)
    await desk.start()
    stays = desk.word(CommandKind.HOLD, because=CHILD)
    await desk.executor.command(stays)
    desk.vehicle.shows(mode=FlightMode.HOLD)
    assert (await desk.answered(stays), await desk.answered(goes_on)) == (CommandState.DONE, CommandState.FAILED)
    assert ("resume" in desk.vehicle.calls, desk.reports.last().holder) == (False, Holder.PERSON)


async def test_a_word_of_an_agent_from_before_of_which_only_the_number_is_known_is_answered(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.start()
    await desk.kill()
    word = CommandId(new_id())
    with closing(sqlite3.connect(tmp_path / "orders.db")) as file, file:
        file.execute("ALTER TABLE commands DROP COLUMN body")
        row = (word, CommandState.ACCEPTED.value, "stop", CLOCK.now().isoformat(), 1)
        file.execute("INSERT INTO commands (id, state, because, at, is_reported) VALUES (?, ?, ?, ?, ?)", row)
    await desk.start()
    await desk.eventually(lambda: desk.reports.outcome(word) is CommandState.FAILED)
    await desk.kill()


@pytest.mark.parametrize("body", [b"\xff\xff", b"\x1a\x05dance"])
async def test_a_word_that_cannot_be_read_any_more_is_told_and_keeps_no_other_from_being_obeyed(
    desk: Desk, tmp_path: Path, body: bytes
) -> None:
    word = desk.word(CommandKind.RETURN)
    await killed(desk, word, "before the vehicle heard it")
    with closing(sqlite3.connect(tmp_path / "orders.db")) as file, file:
        file.execute("UPDATE commands SET body = ?", (body,))
    await desk.start()
    assert await desk.answered(word) is CommandState.FAILED
    assert await desk.say(CommandKind.HOLD) is CommandState.DONE


async def test_a_word_that_could_not_be_written_is_not_obeyed_again_over_a_newer_one(desk: Desk) -> None:
    takes, is_full = desk.store.take, True

    async def take(command: Command, outcome: CommandOutcome) -> None:
        if is_full:
            raise StorageFull("no room is left")
        await takes(command, outcome)

    desk.store.take = take  # type: ignore[method-assign]
    home = desk.word(CommandKind.RETURN)
    with pytest.raises(StorageFull):
        await desk.executor.command(home)
    assert desk.vehicle.state().mode is FlightMode.RETURN
    is_full = False
    assert await desk.say(CommandKind.HOLD, because=CHILD) is CommandState.DONE
    await desk.executor.command(home)  # nobody acknowledged it: the controller says it again
    fate = await desk.answered(home)
    assert (fate, desk.vehicle.state().mode) == (CommandState.FAILED, FlightMode.HOLD)
    assert desk.vehicle.calls.count("return_home") == 1


def test_what_is_left_of_a_word_when_its_time_is_over(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    flies = replace(desk.vehicle.state(), mode=FlightMode.MISSION, is_armed=True)
    for kind, speaker in ((kind, speaker) for kind in CommandKind for speaker in Speaker):
        word = desk.word(kind, speaker=speaker)
        todo, told = left_of(word, newer=[], state=flies, is_late=True)
        stops = speaker is Speaker.PERSON and kind in {CommandKind.HOLD, CommandKind.RETURN, CommandKind.CANCEL}
        if kind is CommandKind.LAND:
            assert (todo, bool(told)) == (replace(word, kind=CommandKind.HOLD), True)
        elif kind is CommandKind.RESUME:
            assert todo is word, "it flies on already"
        else:
            assert (todo is word, bool(told)) == (stops, not stops), (kind, speaker)
        home = replace(flies, mode=FlightMode.LAND)
        assert left_of(word, newer=[], state=home, is_late=True)[0] is (word if kind is CommandKind.LAND else None)
        assert left_of(word, newer=[desk.word(CommandKind.HOLD)], state=flies, is_late=False)[0] is None


async def test_a_person_stops_a_vehicle_whose_agent_cannot_write_any_more(desk: Desk) -> None:
    full, saves, takes = StorageFull("no room is left"), desk.store.save, desk.store.take
    room = asyncio.Event()

    async def no_room(*_: object) -> None:
        if not room.is_set():
            raise full

    async def save(held: object) -> None:
        await no_room()
        await saves(held)  # type: ignore[arg-type]

    async def take(command: Command, outcome: CommandOutcome) -> None:
        await no_room()
        await takes(command, outcome)

    desk.store.save, desk.store.take = save, take  # type: ignore[method-assign]
    word = desk.word(CommandKind.HOLD, because=CHILD)
    for _ in range(2):
        with pytest.raises(StorageFull):
            await desk.executor.command(word)
    assert (desk.vehicle.state().mode, desk.vehicle.calls.count("hold")) == (FlightMode.HOLD, 1)
    assert desk.reports.outcome(word.id) is None, "what is not written is not acknowledged"
    current = desk.executor.current
    assert current is not None
    assert (current.progress.state, current.progress.held_by) == (OrderState.HELD, Holder.PERSON)

    room.set()
    await desk.reach(OrderState.HELD)
    await desk.executor.command(word)
    assert await desk.answered(word) is CommandState.DONE


async def test_a_person_stops_a_vehicle_whose_agent_cannot_read_its_books(desk: Desk) -> None:
    async def unreadable(command_id: CommandId) -> CommandOutcome | None:
        raise Unavailable("the order book cannot be used")

    desk.store.outcome = unreadable  # type: ignore[method-assign]
    for word, stops in ((desk.word(CommandKind.HOLD, lasts_s=-1.0), False), (desk.word(CommandKind.HOLD), True)):
        with pytest.raises(Unavailable):
            await desk.executor.command(word)
        assert ("hold" in desk.vehicle.calls) is stops


async def test_what_could_not_be_handed_over_is_carried_out_and_handed_over_later(desk: Desk) -> None:
    desk.reports.is_broken = True
    word = desk.word(CommandKind.HOLD, because=CHILD)
    await desk.executor.command(word)
    await desk.eventually(lambda: desk.vehicle.state().mode is FlightMode.HOLD)
    assert desk.reports.outcome(word.id) is None
    desk.reports.is_broken = False
    assert await desk.answered(word) is CommandState.DONE
    await desk.reach(OrderState.HELD)


async def test_a_clock_that_is_set_back_makes_no_step_older_than_the_one_before(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, now = desk.reports.last(), CLOCK.now
    monkeypatch.setattr(type(CLOCK), "now", lambda _: now() - timedelta(hours=1))
    desk.vehicle.shows(mode=FlightMode.HOLD)
    await desk.reach(OrderState.HELD)
    assert desk.reports.last().at > before.at


async def test_an_order_that_has_just_come_can_be_ended(desk: Desk) -> None:
    held = desk.executor.current
    assert held is not None
    look: Order = make_order(supersedes=held.order.id)
    await desk.executor.offer(look)
    assert await desk.say(CommandKind.CANCEL, order=look) is CommandState.DONE
    desk.vehicle.lands()
    await desk.eventually(lambda: desk.reports.end_of(look.id).state is OrderState.ABORTED)
