"""A vehicle that was held to make way for a look goes on when the look is not flown, whatever came of it."""

from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest

from core.clock import ManualClock
from core.database import Database
from core.errors import Unavailable
from core.events import InProcessBus
from core.ids import AlarmId, VehicleId, new_id
from fleet.holding import Holder, Speaker
from fleet.orders import CommandKind, CommandOutcome, CommandState, OrderPurpose, OrderState
from fleet.store import CommandRecord, OrderRecord
from fleet.telemetry import FlightMode
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from missions.patrol import Run, RunState
from tests.missions.dispatch_range import START, Range

FRAME = LocalFrame(origin=GeoPosition(lon_deg=121.40, lat_deg=31.32))


class Held:
    """A patrol whose vehicle was held for a look and hangs there."""

    def __init__(self, estate: Range, drone: VehicleId, patrol: Run, order: OrderRecord, look: Run) -> None:
        self.estate, self.drone, self.patrol, self.order, self.look = estate, drone, patrol, order, look
        self.place = order.order.legs[2].place

    async def tick(self, *, after_s: float = 0.5) -> None:
        """Let time pass, the vehicle say that it still hangs there, and the dispatcher look at it twice."""
        await self.estate.clock.advance(after_s)
        height_m = self.order.order.legs[2].height_agl_m
        self.estate.says(self.drone, self.place, height_m=height_m, mode=FlightMode.HOLD)
        for _ in range(2):
            await self.estate.dispatcher.reconcile()

    async def words(self) -> list[CommandRecord]:
        async with self.estate.database.transaction() as unit:
            return list(await self.estate.fleet.open_commands(unit, vehicle_id=self.drone))

    async def answer(self, state: CommandState, because: str) -> None:
        for word in await self.words():
            at = self.estate.clock.now()
            outcome = CommandOutcome(command_id=word.command.id, state=state, because=because, at=at)
            async with self.estate.database.transaction() as unit:
                await self.estate.fleet.set_outcome(unit, outcome)

    async def told(self, kind: str) -> list[str]:
        lines = await self.estate.database.read_journal(after=0, prefix="vehicles.event")
        return [str(line.event.body["text"]) for line in lines if line.event.body["kind"] == kind]

    async def is_let_go(self) -> bool:
        """Say whether just one word is on its way: the dispatcher's, to go on."""
        said = [(word.command.kind, word.command.speaker) for word in await self.words()]
        return said == [(CommandKind.RESUME, Speaker.DISPATCHER)]


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[Held]:
    clock = ManualClock(start_at=START)
    url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    async with Database(url=url, bus=InProcessBus(), clock=clock) as database:
        await database.create_all()
        yield await held_for_look(Range(database, clock))


async def held_for_look(estate: Range) -> Held:
    drone = await estate.add_vehicle("drone-1", "dock-1")
    patrol = await estate.start((await estate.add_patrol()).id)
    await estate.dispatcher.reconcile()
    order = await estate.flies(drone, legs_done=3)
    async with estate.database.transaction() as unit:
        panel = estate.site.panels[0].place
        look_id = await estate.requests.request_look(
            unit, alarm_id=AlarmId(new_id()), place=panel, asked_by="wang", vehicle_id=None
        )
        look = await estate.missions.run(unit, look_id)
    await estate.dispatcher.reconcile()
    assert await estate.obeys(drone, CommandKind.HOLD)
    await estate.reports(
        order.order.id, OrderState.HELD, legs_done=3, because=f"makes way for {look.name}", held_by=Holder.DISPATCHER
    )
    return Held(estate, drone, patrol, order, look)


async def cancel_look(held: Held) -> None:
    async with held.estate.database.transaction() as unit:
        await held.estate.requests.cancel(unit, held.look.id, because="false alarm", by="wang")


async def test_it_goes_on_when_a_person_cancels_the_look(held: Held) -> None:
    await cancel_look(held)
    await held.tick()
    assert await held.is_let_go()
    await held.tick()
    assert len(await held.words()) == 1, "a word that is under way is not repeated"


async def test_it_goes_on_when_its_agent_refuses_the_look(held: Held) -> None:
    await held.tick()
    looking = await held.estate.order_of(held.drone)
    assert looking is not None
    assert looking.order.purpose is OrderPurpose.LOOK
    assert await held.words() == []
    await held.estate.reports(looking.order.id, OrderState.FAILED, because="leaves its zones")
    for _ in range(2):
        await held.tick()
    assert (await held.estate.run(held.patrol)).state is RunState.RUNNING
    assert await held.is_let_go()


async def test_it_goes_on_when_the_look_runs_out_of_time(held: Held) -> None:
    await held.estate.clock.advance(901)
    await held.tick()
    assert (await held.estate.run(held.look)).state is RunState.FAILED
    assert await held.is_let_go()


async def over_a_roof(held: Held) -> None:
    """Let the look be one that cannot be flown from where the vehicle came to a stop."""
    held.place = FRAME.to_geo(LocalPosition(east_m=-76, north_m=-30))
    await held.tick()
    assert await held.is_let_go()


async def test_a_word_to_go_on_that_ran_out_is_said_again(held: Held) -> None:
    await over_a_roof(held)
    await held.estate.clock.advance(31)
    async with held.estate.database.transaction() as unit:
        await held.estate.fleet.expire_commands(unit, now=held.estate.clock.now())
    assert await held.words() == []
    await held.tick()
    await held.tick(after_s=2.5)
    assert await held.is_let_go()


async def test_a_refused_word_is_repeated_with_patience_and_told_once(held: Held) -> None:
    await over_a_roof(held)
    said_at_s = list[float]()
    for _ in range(80):
        if await held.words():
            said_at_s.append(held.estate.clock.monotonic_s())
            await held.answer(CommandState.FAILED, "did not switch to mission")
        await held.tick(after_s=1.0)
    pauses_s = [later - sooner for sooner, later in pairwise(said_at_s)]
    assert pauses_s == sorted(pauses_s)
    assert pauses_s[0] >= 2
    assert len(said_at_s) in {5, 6}
    assert await held.told("resume_refused") == ["the word to go on was not done: did not switch to mission"]


@pytest.mark.parametrize("held_by_person", [False, True])
async def test_it_comes_home_when_its_patrol_was_cancelled_and_the_look_refused(
    held: Held, held_by_person: bool
) -> None:
    await held.tick()
    looking = await held.estate.order_of(held.drone)
    assert looking is not None
    async with held.estate.database.transaction() as unit:
        await held.estate.requests.cancel(unit, held.patrol.id, because="rain", by="wang")
    if held_by_person:
        await held.estate.reports(
            held.order.order.id, OrderState.HELD, legs_done=3, because="li: a child is below it", held_by=Holder.PERSON
        )
    await held.estate.reports(looking.order.id, OrderState.FAILED, because="leaves its zones")
    await held.tick()
    assert (await held.estate.run(held.look)).state is RunState.FAILED
    said = [(word.command.kind, word.command.order_id, word.command.because) for word in await held.words()]
    home = (CommandKind.CANCEL, held.order.order.id, "cancelled by wang: rain")
    assert said == ([] if held_by_person else [home])


async def test_it_waits_for_a_look_that_is_still_to_come_and_for_whoever_took_it_over(held: Held) -> None:
    held.estate.says(held.drone, held.place, height_m=25.0, mode=FlightMode.HOLD, speed_m_s=3.0)
    await held.estate.dispatcher.reconcile()
    assert await held.words() == [], "the look takes it as soon as it stands still"
    await cancel_look(held)
    because = f"makes way for {held.look.name}"
    await held.estate.clock.advance(0.5)
    order_id = held.order.order.id
    await held.estate.reports(order_id, OrderState.HELD, legs_done=3, because=because, held_by=Holder.PERSON)
    for _ in range(3):
        await held.tick()
    assert await held.words() == []


async def test_nothing_is_said_to_a_vehicle_that_is_not_heard_or_hangs_there_no_longer(held: Held) -> None:
    await cancel_look(held)
    for mode in (FlightMode.RETURN, FlightMode.MANUAL):
        held.estate.says(held.drone, held.place, height_m=25.0, mode=mode)
        for _ in range(2):
            await held.estate.dispatcher.reconcile()
    await held.estate.clock.advance(60)
    for _ in range(2):
        await held.estate.dispatcher.reconcile()
    assert await held.words() == []


async def test_a_word_that_could_not_be_stored_is_said_again(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    await cancel_look(held)
    await held.tick()
    await held.answer(CommandState.FAILED, "busy")
    await held.tick(after_s=1)
    with monkeypatch.context() as away:

        async def broken(_: object) -> None:
            raise Unavailable("the database was away")

        away.setattr(held.estate.database, "_write_journal", broken)
        with pytest.raises(Unavailable):
            await held.tick(after_s=3)
    await held.tick()
    assert await held.is_let_go()
