"""In whose hands a vehicle is: the table through the executor, cell by cell, and everybody who may take it over."""

import asyncio
import sqlite3
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from core.errors import Conflict
from fleet.errors import VehicleRefused
from fleet.holding import Holder, Speaker, Word, counts
from fleet.orders import CommandKind, CommandState, OrderState
from fleet.telemetry import FlightMode
from fleet.vehicle import Loaded, Plan
from geofence.frames import LocalFrame
from geofence.positions import LocalPosition
from tests.agent.desk import CHILD, CLOCK, Desk
from tests.fleet.drivers.orders import HOME, make_order, place

KEEPS_CLEAR = "keeps clear of drone-2: they would come within 3 m and 0 m in height in 2 s"
SPEAKERS = {
    Holder.SEPARATION: Speaker.SEPARATION,
    Holder.DISPATCHER: Speaker.DISPATCHER,
    Holder.PERSON: Speaker.PERSON,
}
SHOWN = {
    Word.HOLD: FlightMode.HOLD,
    Word.RESUME: FlightMode.MISSION,
    Word.RETURN: FlightMode.RETURN,
    Word.CANCEL: FlightMode.RETURN,
}
FAR: dict[str, Any] = {"position": place(100.0, 0.0), "battery_ratio": 0.8}


async def held_by(desk: Desk, holder: Holder) -> None:
    """Bring the vehicle into these hands."""
    if holder in SPEAKERS:
        assert await desk.say(CommandKind.HOLD, speaker=SPEAKERS[holder], because=f"by {holder}") is CommandState.DONE
    elif holder is Holder.ITSELF:
        desk.vehicle.shows(mode=FlightMode.HOLD, because="the pilot's switch")
    elif holder is Holder.PILOT:
        desk.vehicle.shows(mode=FlightMode.HOLD)
        await desk.reach(OrderState.HELD)
        desk.vehicle.shows(mode=FlightMode.MANUAL)
    elif holder is Holder.GUARD:
        desk.vehicle.shows(position=place(149.0, 0.0), east_m_s=5.0)
        await desk.eventually(lambda: desk.guard.because() != "")
        desk.vehicle.shows(position=HOME, east_m_s=0.0)
    if holder is not Holder.NOBODY:
        await desk.reach(OrderState.HELD)


@pytest.mark.parametrize("holder", list(Holder))
async def test_a_word_does_what_the_table_says_or_nothing(desk: Desk, holder: Holder) -> None:
    if holder is Holder.GUARD:
        desk.tasks.run("guard", desk.guard.run)
    for speaker, word in product(Speaker, Word):
        await held_by(desk, holder)
        if holder is not Holder.PILOT:
            assert desk.reports.last().holder is holder, (speaker, word)
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
    assert await desk.say(CommandKind.HOLD, because=CHILD) is CommandState.DONE

    await desk.reach(OrderState.HELD)
    await desk.eventually(lambda: desk.reports.last().because == CHILD)
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


@pytest.mark.parametrize("comes", ["while it is carried out", "with it", "before it"])
async def test_a_persons_hold_around_the_moment_an_order_comes_outlives_the_order(desk: Desk, comes: str) -> None:
    held = desk.executor.current
    assert held is not None
    await held_by(desk, Holder.DISPATCHER)
    desk.vehicle.returns_late_s = 0.2
    look, word = make_order(supersedes=held.order.id), desk.word(CommandKind.HOLD, because=CHILD)
    if comes == "before it":
        await desk.executor.offer(look)
        await desk.executor.command(word)
    elif comes == "with it":
        await asyncio.gather(desk.executor.command(word), desk.executor.offer(look))
    else:
        await desk.executor.command(word)
        await desk.eventually(lambda: desk.vehicle.calls.count("hold") == 2)
        await desk.executor.offer(look)

    await desk.eventually(lambda: desk.reports.outcome(word.id) is CommandState.DONE)
    await desk.eventually(lambda: desk.reports.last().order_id == look.id and "load" in desk.vehicle.calls[1:])
    await desk.eventually(lambda: desk.reports.end_of(look.id).state in {OrderState.HELD, OrderState.RUNNING})
    await desk.reach(OrderState.HELD)
    assert (desk.reports.last().because, desk.vehicle.state().mode) == (CHILD, FlightMode.HOLD)
    assert desk.vehicle.calls.count("start") == 1
    assert await desk.say(CommandKind.RESUME, speaker=Speaker.DISPATCHER) is CommandState.FAILED
    assert await desk.say(CommandKind.RESUME) is CommandState.DONE
    await desk.reach(OrderState.RUNNING)


def hold_gives_up_for_a_newer_one(desk: Desk) -> None:
    """Let the vehicle need a while to hold, and an older hold give up, as the driver's do."""
    wishes: list[None] = []

    async def hold() -> None:
        wishes.append(None)
        desk.vehicle.calls.append("hold")
        mine = len(wishes)
        await CLOCK.sleep(0.1)
        if mine != len(wishes):
            raise Conflict("a newer command has taken over", where=desk.vehicle.id)
        desk.vehicle.shows(mode=FlightMode.HOLD)

    desk.vehicle.hold = hold  # type: ignore[method-assign]


@pytest.mark.parametrize("is_before", [True, False])
async def test_a_persons_hold_and_the_stop_for_an_order_do_not_undo_each_other(desk: Desk, is_before: bool) -> None:
    held = desk.executor.current
    assert held is not None
    hold_gives_up_for_a_newer_one(desk)
    look, word = make_order(supersedes=held.order.id), desk.word(CommandKind.HOLD, because=CHILD)
    if is_before:
        await desk.executor.command(word)
        await desk.eventually(lambda: "hold" in desk.vehicle.calls)
        await desk.executor.offer(look)
    else:
        await desk.executor.offer(look)
        await desk.eventually(lambda: "hold" in desk.vehicle.calls)
        await desk.executor.command(word)

    await desk.eventually(lambda: desk.reports.outcome(word.id) not in {None, CommandState.ACCEPTED})
    assert desk.reports.outcome(word.id) is CommandState.DONE
    await desk.eventually(lambda: desk.reports.end_of(look.id).state in {OrderState.HELD, OrderState.FAILED})
    assert (desk.reports.end_of(look.id).state, desk.reports.end_of(look.id).because) == (OrderState.HELD, CHILD)
    assert (desk.vehicle.calls.count("start"), "return_home" in desk.vehicle.calls) == (1, False)


async def test_an_order_that_cannot_be_loaded_leaves_a_vehicle_to_the_person_who_holds_it(desk: Desk) -> None:
    held = desk.executor.current
    assert held is not None
    is_held = asyncio.Event()

    async def refuse(plan: Plan) -> Loaded:
        await is_held.wait()
        raise VehicleRefused("Geofence violation for waypoint 3")

    desk.vehicle.load = refuse  # type: ignore[method-assign]
    look = make_order(supersedes=held.order.id)
    await desk.executor.offer(look)
    assert await desk.say(CommandKind.HOLD, because=CHILD) is CommandState.DONE
    is_held.set()
    await desk.eventually(lambda: desk.reports.end_of(look.id).state is OrderState.FAILED)
    await CLOCK.sleep(0.05)
    assert (desk.vehicle.state().mode, "return_home" in desk.vehicle.calls) == (FlightMode.HOLD, False)


async def test_the_controllers_hold_does_not_cover_a_persons_while_an_order_is_loaded(idle: Desk) -> None:
    loaded, load = asyncio.Event(), idle.vehicle.load

    async def slow_load(plan: Plan) -> Loaded:
        await loaded.wait()
        return await load(plan)

    idle.vehicle.load = slow_load  # type: ignore[method-assign]
    await idle.executor.offer(make_order())
    await idle.reach(OrderState.ACCEPTED)
    assert await idle.say(CommandKind.HOLD, because=CHILD) is CommandState.DONE
    assert await idle.say(CommandKind.HOLD, speaker=Speaker.SEPARATION) is CommandState.FAILED
    loaded.set()
    await idle.reach(OrderState.FAILED)
    assert idle.reports.last().because.count(CHILD) == 1


@pytest.mark.parametrize("gives_up", [False, True])
async def test_a_hold_on_the_way_up_is_not_the_reason_of_the_pilots_later_one(idle: Desk, gives_up: bool) -> None:
    told, start = asyncio.Event(), idle.vehicle.start

    async def slow_start() -> None:
        await start()
        await told.wait()
        if gives_up:
            raise Conflict("a newer command has taken over", where=idle.vehicle.id)

    async def slow_hold() -> None:
        told.set()
        await idle.eventually(lambda: idle.reports.last().state is OrderState.RUNNING)
        idle.vehicle.calls.append("hold")
        idle.vehicle.shows(mode=FlightMode.HOLD)

    idle.vehicle.start, idle.vehicle.hold = slow_start, slow_hold  # type: ignore[method-assign]
    await idle.executor.offer(make_order())
    await idle.eventually(lambda: "start" in idle.vehicle.calls)
    assert await idle.say(CommandKind.HOLD, speaker=Speaker.SEPARATION, because=KEEPS_CLEAR) is CommandState.DONE
    await idle.reach(OrderState.HELD)
    assert await idle.say(CommandKind.RESUME, speaker=Speaker.SEPARATION) is CommandState.DONE
    await idle.reach(OrderState.RUNNING)

    idle.vehicle.shows(mode=FlightMode.HOLD, because="the pilot's switch")
    await idle.reach(OrderState.HELD)
    assert idle.reports.last().because == "the pilot's switch"
    assert await idle.say(CommandKind.RESUME, speaker=Speaker.SEPARATION) is CommandState.FAILED
    assert idle.vehicle.state().mode is FlightMode.HOLD


async def test_the_controllers_cancel_does_not_take_it_from_a_pilot(desk: Desk) -> None:
    held = desk.executor.current
    assert held is not None
    desk.vehicle.shows(mode=FlightMode.MANUAL)
    assert await desk.say(CommandKind.CANCEL, order=held.order, speaker=Speaker.DISPATCHER) is CommandState.FAILED
    assert (desk.vehicle.state().mode, "return_home" in desk.vehicle.calls) == (FlightMode.MANUAL, False)
    assert await desk.say(CommandKind.CANCEL, order=held.order) is CommandState.DONE


@pytest.mark.parametrize("lets_go_by", [FlightMode.MISSION, FlightMode.HOLD])
async def test_a_cancel_that_was_refused_is_carried_out_when_whoever_had_the_vehicle_lets_go(
    desk: Desk, lets_go_by: FlightMode
) -> None:
    held = desk.executor.current
    assert held is not None
    if lets_go_by is FlightMode.HOLD:
        await held_by(desk, Holder.PERSON)
    else:
        desk.vehicle.shows(mode=FlightMode.MANUAL)
    cancel: dict[str, Any] = {"order": held.order, "speaker": Speaker.DISPATCHER, "because": "nobody wants it"}
    assert await desk.say(CommandKind.CANCEL, **cancel) is CommandState.FAILED
    seen = desk.vehicle.samples
    await desk.eventually(lambda: desk.vehicle.samples > seen + 3)
    assert "return_home" not in desk.vehicle.calls
    if lets_go_by is FlightMode.HOLD:
        await desk.say(CommandKind.RESUME)
    else:
        desk.vehicle.shows(mode=FlightMode.MISSION)
    await desk.eventually(lambda: desk.vehicle.state().mode is FlightMode.RETURN)
    desk.vehicle.lands()
    await desk.reach(OrderState.ABORTED)
    assert (desk.reports.last().because, desk.vehicle.calls.count("return_home")) == ("nobody wants it", 1)


async def test_an_order_that_comes_after_the_word_to_end_it_is_not_begun(idle: Desk) -> None:
    order = make_order()
    assert await idle.say(CommandKind.CANCEL, order=order, speaker=Speaker.DISPATCHER) is CommandState.DONE
    await idle.executor.offer(order)
    assert (idle.reports.last().state, idle.reports.last().because) == (
        OrderState.FAILED,
        "it was cancelled before it came",
    )


async def test_the_controllers_cancel_ends_an_order_on_the_ground_whatever_the_mode(idle: Desk) -> None:
    idle.vehicle.shows(mode=FlightMode.MANUAL)
    order = replace(make_order(lasts_s=7200.0), not_before_at=CLOCK.now() + timedelta(hours=1))
    await idle.executor.offer(order)
    await idle.reach(OrderState.LOADED)
    assert await idle.say(CommandKind.CANCEL, order=order, speaker=Speaker.DISPATCHER) is CommandState.DONE
    await idle.reach(OrderState.ABORTED)


async def test_without_an_order_nobody_but_a_person_takes_it_from_its_pilot(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.start()
    desk.vehicle.flies(FlightMode.MANUAL)
    assert await desk.say(CommandKind.RETURN, speaker=Speaker.DISPATCHER) is CommandState.FAILED
    assert await desk.say(CommandKind.HOLD, speaker=Speaker.SEPARATION) is CommandState.FAILED
    assert desk.vehicle.calls == []
    assert await desk.say(CommandKind.RETURN) is CommandState.DONE
    await desk.kill()


async def test_a_word_that_comes_before_the_vehicle_is_heard_waits_for_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.start()
    desk.vehicle.flies(FlightMode.UNKNOWN)

    async def is_heard() -> None:
        await CLOCK.sleep(0.2)
        assert desk.vehicle.calls == []
        desk.vehicle.flies(FlightMode.MISSION)

    fate, _ = await asyncio.gather(desk.say(CommandKind.RETURN, speaker=Speaker.DISPATCHER), is_heard())
    assert (fate, desk.vehicle.calls) == (CommandState.DONE, ["return_home"])
    await desk.kill()


async def comes_back(desk: Desk) -> None:
    """Kill the agent where it is, and start it again over the same vehicle."""
    calls, desk.vehicle.returns_late_s = len(desk.vehicle.calls), 0.0
    await desk.kill()
    await desk.start()
    await desk.eventually(lambda: desk.executor.current is not None)
    await desk.eventually(lambda: len(desk.vehicle.calls) > calls)


@pytest.mark.parametrize("says", ["before the order", "while it is loaded"])
async def test_a_persons_hold_outlives_an_agent_that_ends_while_the_next_order_is_loaded(desk: Desk, says: str) -> None:
    held, load = desk.executor.current, desk.vehicle.load
    assert held is not None

    async def never_loads(plan: Plan) -> Loaded:
        desk.vehicle.calls.append("load")
        await asyncio.Event().wait()
        raise AssertionError

    desk.vehicle.load = never_loads  # type: ignore[method-assign]
    look, word = make_order(supersedes=held.order.id), desk.word(CommandKind.HOLD, because=CHILD)
    if says == "before the order":
        await held_by(desk, Holder.DISPATCHER)
        desk.vehicle.returns_late_s = 0.3
        await desk.executor.command(word)
        await desk.eventually(lambda: desk.vehicle.calls.count("hold") == 2)
        await desk.executor.offer(look)
        await desk.eventually(lambda: desk.vehicle.calls.count("load") == 2)
    else:
        await desk.executor.offer(look)
        await desk.eventually(lambda: desk.vehicle.calls.count("load") == 2)
        await desk.executor.command(word)
    await desk.eventually(lambda: desk.reports.outcome(word.id) is CommandState.DONE)
    assert desk.reports.end_of(held.order.id).state is OrderState.ABORTED
    assert (desk.reports.end_of(look.id).state, desk.reports.end_of(look.id).held_by) == (
        OrderState.ACCEPTED,
        Holder.PERSON,
    )

    desk.vehicle.load = load  # type: ignore[method-assign]
    await comes_back(desk)
    await desk.reach(OrderState.HELD)
    assert (desk.reports.last().order_id, desk.reports.last().because) == (look.id, CHILD)
    assert (desk.reports.last().holder, desk.vehicle.state().mode) == (Holder.PERSON, FlightMode.HOLD)
    assert desk.vehicle.calls.count("start") == 1
    assert await desk.say(CommandKind.RESUME, speaker=Speaker.DISPATCHER) is CommandState.FAILED
    assert await desk.say(CommandKind.RESUME) is CommandState.DONE


async def test_a_persons_hold_outlives_an_agent_that_ends_once_the_next_order_is_loaded(desk: Desk) -> None:
    held, load = desk.executor.current, desk.vehicle.load
    assert held is not None
    may_load = asyncio.Event()

    async def loads_late(plan: Plan) -> Loaded:
        await may_load.wait()
        return await load(plan)

    desk.vehicle.load = loads_late  # type: ignore[method-assign]
    now = CLOCK.now()
    look = make_order(supersedes=held.order.id)
    look = replace(look, not_before_at=now + timedelta(hours=1), not_after_at=now + timedelta(hours=2))
    await desk.executor.offer(look)
    word = desk.word(CommandKind.HOLD, because=CHILD)
    await desk.eventually(lambda: desk.reports.end_of(held.order.id).state is OrderState.ABORTED)
    await desk.executor.command(word)
    await desk.eventually(lambda: desk.reports.outcome(word.id) is CommandState.DONE)
    may_load.set()
    await desk.eventually(lambda: desk.reports.end_of(look.id).state is OrderState.LOADED)

    await desk.kill()
    await desk.start()
    await desk.reach(OrderState.HELD)
    assert (desk.reports.last().holder, desk.reports.last().because) == (Holder.PERSON, CHILD)


async def test_no_order_turns_a_vehicle_round_that_a_person_calls_home(desk: Desk) -> None:
    held = desk.executor.current
    assert held is not None
    assert await desk.say(CommandKind.RETURN, because="wang: come home") is CommandState.DONE
    look = make_order(supersedes=held.order.id)
    await desk.executor.offer(look)
    refused = desk.reports.end_of(look.id)
    assert (refused.state, refused.because) == (OrderState.FAILED, "it is on its way home: wang: come home")
    desk.vehicle.lands()
    await desk.reach(OrderState.ABORTED)
    assert (desk.reports.last().order_id, desk.reports.last().because) == (held.order.id, "wang: come home")


@pytest.mark.parametrize("mode", [FlightMode.MANUAL, FlightMode.RETURN, FlightMode.LAND])
async def test_no_order_takes_a_vehicle_from_its_pilot_or_off_its_way_home(desk: Desk, mode: FlightMode) -> None:
    held = desk.executor.current
    assert held is not None
    desk.vehicle.shows(mode=mode)
    look = make_order(supersedes=held.order.id)
    await desk.executor.offer(look)
    refused = desk.reports.end_of(look.id)
    assert (refused.state, refused.because) == (OrderState.FAILED, f"others have it in hand: it is in mode {mode}")
    assert (desk.vehicle.state().mode, "hold" in desk.vehicle.calls) == (mode, False)


@pytest.mark.parametrize("comes", ["before the order is taken up", "while the vehicle stops for it", "while it loads"])
async def test_a_persons_way_home_around_the_moment_an_order_comes_goes_on(desk: Desk, comes: str) -> None:
    held, load, loads = desk.executor.current, desk.vehicle.load, asyncio.Event()
    assert held is not None

    async def slow_load(plan: Plan) -> Loaded:
        await loads.wait()
        return await load(plan)

    desk.vehicle.load, desk.vehicle.returns_late_s = slow_load, 0.2  # type: ignore[method-assign]
    look = make_order(supersedes=held.order.id)
    home = desk.word(CommandKind.RETURN, because="wang: come home")
    if comes == "before the order is taken up":
        await asyncio.gather(desk.executor.offer(look), desk.executor.command(home))
    else:
        await desk.executor.offer(look)
        await desk.eventually(lambda: desk.vehicle.calls[-1] == "hold")
        if comes == "while it loads":
            await desk.eventually(lambda: desk.reports.end_of(held.order.id).state is OrderState.ABORTED)
        await desk.executor.command(home)
    await desk.eventually(lambda: desk.reports.outcome(home.id) is CommandState.DONE)
    loads.set()
    await CLOCK.sleep(0.05)

    assert (desk.vehicle.state().mode, desk.vehicle.calls.count("start")) == (FlightMode.RETURN, 1)
    desk.vehicle.lands()
    await desk.eventually(lambda: desk.reports.end_of(look.id).state is not OrderState.ACCEPTED)
    await desk.eventually(lambda: desk.reports.end_of(look.id).is_ended and desk.reports.end_of(held.order.id).is_ended)
    assert "start" not in desk.vehicle.calls[desk.vehicle.calls.index("return_home") :]


async def test_an_order_whose_vehicle_does_not_stop_for_it_leaves_the_one_before_flying(desk: Desk) -> None:
    held = desk.executor.current
    assert held is not None
    desk.vehicle.troubles["hold"] = VehicleRefused("it did not hold")
    look = make_order(supersedes=held.order.id)
    await desk.executor.offer(look)
    await desk.eventually(lambda: desk.reports.end_of(look.id).state is OrderState.FAILED)
    assert ("return_home" in desk.vehicle.calls, desk.vehicle.state().mode) == (False, FlightMode.MISSION)
    desk.vehicle.shows(legs=3)
    desk.vehicle.lands()
    await desk.eventually(lambda: desk.reports.end_of(held.order.id).state is OrderState.DONE)


async def flies_home(desk: Desk, **shown: Any) -> None:
    """Let a person call the vehicle home, and let it be on its way, far from its dock."""
    assert await desk.say(CommandKind.RETURN, because="wang: come home") is CommandState.DONE
    desk.vehicle.shows(**FAR | {"east_m_s": -5.0, "mode": FlightMode.RETURN} | shown)


async def pause(desk: Desk) -> CommandState:
    return await desk.say(CommandKind.HOLD, speaker=Speaker.SEPARATION, because=KEEPS_CLEAR)


async def test_on_its_way_home_by_a_word_it_waits_a_moment_and_goes_on_by_itself(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.commanded_order.PAUSE_S", 0.3)
    await flies_home(desk)
    assert await pause(desk) is CommandState.DONE
    assert (desk.vehicle.state().mode, desk.reports.last().held_by) == (FlightMode.HOLD, Holder.SEPARATION)
    assert desk.reports.last().because == KEEPS_CLEAR
    assert await desk.say(CommandKind.HOLD, speaker=Speaker.DISPATCHER) is CommandState.FAILED
    await desk.eventually(lambda: desk.vehicle.state().mode is FlightMode.RETURN)
    await desk.eventually(lambda: desk.reports.last().held_by is Holder.NOBODY)
    assert desk.reports.last().because == "wang: come home"
    desk.vehicle.lands()
    await desk.reach(OrderState.ABORTED)
    assert desk.reports.last().because == "wang: come home"


async def test_a_pause_on_the_way_home_ends_with_the_agent_that_made_it(desk: Desk) -> None:
    await flies_home(desk)
    assert await pause(desk) is CommandState.DONE
    await desk.kill()
    assert desk.vehicle.state().mode is FlightMode.HOLD
    await desk.start()
    await desk.eventually(lambda: desk.vehicle.state().mode is FlightMode.RETURN)
    await desk.eventually(lambda: desk.reports.last().held_by is Holder.NOBODY)


@pytest.mark.parametrize(
    "shown",
    [
        {"battery_ratio": 0.3},
        {"battery_ratio": None},
        {"up_m_s": 1.5},
        {"position": place(20.0, 0.0)},
        {"mode": FlightMode.LAND},
    ],
)
async def test_it_is_not_stopped_on_its_way_home_without_battery_to_spare_or_near_its_dock(
    desk: Desk, shown: dict[str, object]
) -> None:
    await flies_home(desk, **shown)
    before = desk.vehicle.state().mode
    assert await pause(desk) is CommandState.FAILED
    assert (desk.vehicle.state().mode, "hold" in desk.vehicle.calls) == (before, False)


async def test_a_way_home_that_the_vehicle_began_by_itself_is_not_stopped(desk: Desk) -> None:
    desk.vehicle.shows(mode=FlightMode.RETURN, because="the wind is too strong", **FAR)
    assert await pause(desk) is CommandState.FAILED
    assert desk.vehicle.state().mode is FlightMode.RETURN


@pytest.mark.parametrize("word", [CommandKind.HOLD, CommandKind.RESUME, CommandKind.LAND])
async def test_a_person_has_the_last_word_in_a_pause_on_the_way_home(
    desk: Desk, word: CommandKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.commanded_order.PAUSE_S", 0.3)
    shows = {CommandKind.HOLD: FlightMode.HOLD, CommandKind.RESUME: FlightMode.MISSION}
    await flies_home(desk)
    assert await pause(desk) is CommandState.DONE
    assert await desk.say(word, because="wang: as I say") is CommandState.DONE
    seen = desk.vehicle.samples
    await desk.eventually(lambda: desk.vehicle.samples > seen + 5)
    assert desk.vehicle.state().mode is shows.get(word, FlightMode.LAND)
    assert desk.vehicle.calls.count("return_home") == 1
    assert desk.reports.last().held_by is (Holder.PERSON if word is CommandKind.HOLD else Holder.NOBODY)


async def test_pauses_on_one_way_home_have_an_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.commanded_order.PAUSE_S", 30.0)
    await flies_home(desk)
    for _ in range(2):
        assert await pause(desk) is CommandState.DONE
        assert await desk.say(CommandKind.RETURN, because="wang: come home") is CommandState.DONE
    assert await pause(desk) is CommandState.FAILED


async def test_a_way_home_ends_the_hold_before_it_so_that_only_a_person_takes_it_back(desk: Desk) -> None:
    await held_by(desk, Holder.SEPARATION)
    await flies_home(desk)
    assert desk.reports.last().holder is Holder.ITSELF
    desk.vehicle.shows(mode=FlightMode.HOLD, because="the pilot's switch")
    assert await desk.say(CommandKind.RESUME, speaker=Speaker.SEPARATION) is CommandState.FAILED
    assert desk.vehicle.state().mode is FlightMode.HOLD
    assert await desk.say(CommandKind.RESUME) is CommandState.DONE


@pytest.mark.parametrize("was", [OrderState.HELD, OrderState.ACCEPTED])
async def test_a_pause_on_the_way_home_of_an_order_that_was_not_running_ends_too(
    desk: Desk, was: OrderState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.commanded_order.PAUSE_S", 0.3)
    held, load, loads = desk.executor.current, desk.vehicle.load, asyncio.Event()
    assert held is not None

    async def slow_load(plan: Plan) -> Loaded:
        await loads.wait()
        return await load(plan)

    if was is OrderState.HELD:
        await held_by(desk, Holder.PERSON)
    else:
        desk.vehicle.load = slow_load  # type: ignore[method-assign]
        await desk.executor.offer(make_order(supersedes=held.order.id))
        await desk.eventually(lambda: desk.reports.end_of(held.order.id).state is OrderState.ABORTED)
    await flies_home(desk)
    assert desk.reports.last().state is was
    assert await pause(desk) is CommandState.DONE
    loads.set()
    await desk.eventually(lambda: desk.vehicle.state().mode is FlightMode.RETURN)
    await desk.eventually(lambda: desk.reports.last().held_by is Holder.NOBODY)
    desk.vehicle.lands()
    await desk.reach(OrderState.ABORTED)
    assert desk.reports.last().because == "wang: come home"
