import asyncio
import itertools
from dataclasses import replace

import pytest

from core.errors import Conflict, NotFound
from core.ids import AlarmId, VehicleId, new_id
from incidents.alarm import ALLOWED, AlarmState, HelpAlarm
from incidents.alarms import AlarmStep
from incidents.errors import AlreadyAnswered, RevisionPassed
from tests.incidents.room import Room, at

A = AlarmState


async def press(room: Room, press_id: str = "p1", panel_id: str = "gate") -> HelpAlarm:
    async with room.database.transaction() as unit:
        return await room.desk.press(unit, press_id=press_id, panel_id=panel_id, pressed_at=room.clock.now())


async def rung(room: Room, alarm: HelpAlarm, desk: str = "desk1") -> HelpAlarm:
    async with room.database.transaction() as unit:
        return await room.desk.rung(unit, alarm.id, desk=desk)


async def move(room: Room, alarm: HelpAlarm, to: A, *, person: str = "boss", revision: int | None = None) -> HelpAlarm:
    async with room.database.transaction() as unit:
        step = AlarmStep(to=to, because=f"to {to}", revision=revision)
        return await room.desk.move(unit, alarm.id, step, person=person)


async def stored(room: Room, alarm_id: AlarmId) -> HelpAlarm:
    async with room.database.transaction() as unit:
        return await room.alarms.get(unit, alarm_id)


async def test_a_press_is_stored_with_its_place_and_its_next_step(room: Room) -> None:
    alarm = await press(room)
    assert await stored(room, alarm.id) == alarm
    assert (alarm.number, alarm.state, alarm.panel_name_zh, alarm.place) == (
        "QZ-2026-000001",
        A.RAISED,
        "大门",
        at(3, 4),
    )
    assert alarm.escalate_at is not None
    assert (alarm.escalate_at - room.clock.now()).total_seconds() == room.settings.desk_s
    line = (await room.story(alarm.id))[0]
    assert (line.what, line.actor) == ("raised", "gate")
    told = await room.database.read_journal(after=0, prefix="alarms")
    assert [one.event.body["state"] for one in told] == ["raised"]


async def test_a_press_sent_many_times_at_once_is_one_alarm(room: Room) -> None:
    alarms = await asyncio.gather(*(press(room) for _ in range(8)))
    assert len({alarm.id for alarm in alarms}) == 1
    async with room.database.transaction() as unit:
        assert len(await room.alarms.find(unit)) == 1
    assert (await press(room, "p2")).number == "QZ-2026-000002"


async def test_a_press_of_an_unknown_panel_is_refused_by_name(room: Room) -> None:
    with pytest.raises(NotFound, match="site") as refused:
        await press(room, panel_id="shed")
    assert refused.value.where == "shed"


async def test_it_rings_by_the_desks_own_word(room: Room) -> None:
    alarm = await press(room)
    await room.clock.advance(0.4)
    first = await rung(room, alarm)
    assert (first.state, first.rung_at) == (A.RINGING, room.clock.now())
    again = await rung(room, alarm)
    assert again == first
    second = await rung(room, alarm, "desk2")
    assert second.rung_at == first.rung_at
    async with room.database.transaction() as unit:
        rings = await room.alarms.rings(unit, alarm.id)
        assert await room.desk.rung_by(unit, second) == ["desk1", "desk2"]
    assert [(ring.desk, ring.at) for ring in rings] == [("desk1", first.rung_at), ("desk2", first.rung_at)]
    assert (await room.words(alarm.id)) == ["raised", "rung", "rung"]
    told = await room.database.read_journal(after=0, prefix="alarms")
    assert told[-1].event.body["rung_by"] == ["desk1", "desk2"]


async def test_the_first_to_answer_wins_and_the_others_see_who(room: Room) -> None:
    alarm = await press(room)
    await rung(room, alarm)
    people = [f"desk{i}" for i in range(6)]
    answers = await asyncio.gather(
        *(move(room, alarm, A.ANSWERED, person=person) for person in people), return_exceptions=True
    )
    winners = [answer for answer in answers if isinstance(answer, HelpAlarm)]
    losers = [answer for answer in answers if isinstance(answer, AlreadyAnswered)]
    assert (len(winners), len(losers)) == (1, 5)
    assert winners[0].answered_by in people
    assert winners[0].escalate_at is None
    assert {loser.params["answered_by"] for loser in losers} == {winners[0].answered_by}


async def test_answering_twice_is_answering_once(room: Room) -> None:
    alarm = await press(room)
    first = await move(room, alarm, A.ANSWERED)
    assert await move(room, alarm, A.ANSWERED) == first


async def test_an_answer_before_any_confirmed_ringing_counts(room: Room) -> None:
    answered = await move(room, await press(room), A.ANSWERED)
    assert answered.rung_at == room.clock.now()
    assert await room.words(answered.id) == ["raised", "ringing", "answered"]


async def test_an_answer_does_not_fail_because_something_else_changed(room: Room) -> None:
    alarm = await press(room)
    await rung(room, alarm)
    assert (await move(room, alarm, A.ANSWERED, revision=alarm.revision)).state is A.ANSWERED


async def test_an_alarm_that_is_given_back_rings_at_no_desk_until_it_says_so_anew(room: Room) -> None:
    alarm = await press(room)
    await rung(room, alarm)
    answered = await move(room, alarm, A.ANSWERED)
    calls = await move(room, alarm, A.RINGING, revision=answered.revision)
    async with room.database.transaction() as unit:
        assert await room.desk.rung_by(unit, calls) == []
    await rung(room, alarm)
    async with room.database.transaction() as unit:
        assert await room.desk.rung_by(unit, calls) == ["desk1"]
    assert (await room.words(alarm.id)).count("rung") == 2


async def test_however_many_call_nobody_is_left_out_and_the_oldest_is_first(room: Room) -> None:
    first = await press(room)
    async with room.database.transaction() as unit:
        for number in range(2, 260):
            more = replace(first, id=AlarmId(new_id()), number=f"QZ-2026-{number:06d}", press_id=f"p{number}")
            await room.alarms.add(unit, more)
        calling = await room.alarms.calling(unit)
    assert (len(calling), calling[0].id) == (259, first.id)


@pytest.mark.parametrize("to", [A.RESPONDING, A.RESOLVED, A.FALSE_ALARM])
async def test_other_steps_need_the_newest_view(room: Room, to: A) -> None:
    alarm = await press(room)
    answered = await move(room, alarm, A.ANSWERED)
    with pytest.raises(RevisionPassed):
        await move(room, alarm, to, revision=alarm.revision)
    assert (await move(room, alarm, to, revision=answered.revision)).state is to


async def test_the_whole_way_to_resolved_is_in_the_story(room: Room) -> None:
    alarm = await press(room)
    await rung(room, alarm)
    for to in (A.ANSWERED, A.RESPONDING, A.ON_SCENE, A.RESOLVED):
        await move(room, alarm, to)
    ended = await stored(room, alarm.id)
    assert (ended.is_open, ended.ended_by, ended.ended_at) == (False, "boss", room.clock.now())
    assert (await room.words(alarm.id))[2:] == ["answered", "responding", "on_scene", "resolved"]
    assert [line.because for line in await room.story(alarm.id)][-1] == "to resolved"


WAYS = {
    A.ANSWERED: [A.ANSWERED],
    A.RESPONDING: [A.ANSWERED, A.RESPONDING],
    A.ON_SCENE: [A.ANSWERED, A.RESPONDING, A.ON_SCENE],
    A.RESOLVED: [A.ANSWERED, A.RESOLVED],
    A.FALSE_ALARM: [A.ANSWERED, A.FALSE_ALARM],
}


async def test_people_move_alarms_only_as_the_table_says(room: Room) -> None:
    for state, to in itertools.product(WAYS, A):
        alarm = await press(room, f"{state}-{to}")
        for step in WAYS[state]:
            await move(room, alarm, step)
        if to is state is A.ANSWERED:
            assert (await move(room, alarm, to)).state is A.ANSWERED
        elif to in ALLOWED[state]:
            assert (await move(room, alarm, to)).state is to
        else:
            with pytest.raises(Conflict):
                await move(room, alarm, to)
            assert (await stored(room, alarm.id)).state is state


async def test_nobody_ends_an_alarm_without_answering_it(room: Room) -> None:
    alarm = await press(room)
    for to in set(A) - {A.ANSWERED}:
        with pytest.raises(Conflict):
            await move(room, alarm, to)
    await rung(room, alarm)
    for to in set(A) - {A.ANSWERED}:
        with pytest.raises(Conflict):
            await move(room, alarm, to)
    assert (await stored(room, alarm.id)).state is A.RINGING


async def test_handed_back_it_calls_again(room: Room) -> None:
    alarm = await press(room)
    await move(room, alarm, A.ANSWERED)
    again = await move(room, alarm, A.RINGING)
    assert (again.answered_by, again.is_unanswered) == (None, True)
    assert again.escalate_at is not None
    assert (await move(room, alarm, A.ANSWERED, person="other")).answered_by == "other"


async def test_a_mistake_is_a_word_and_no_end(room: Room) -> None:
    alarm = await press(room)
    async with room.database.transaction() as unit:
        said = await room.desk.mistake(unit, "p1", panel_id="gate")
    async with room.database.transaction() as unit:
        again = await room.desk.mistake(unit, "p1", panel_id="gate")
    assert (said.mistaken, said.is_open, again.revision) == (True, True, said.revision)
    assert (await room.words(alarm.id)).count("mistake") == 1
    async with room.database.transaction() as unit:
        with pytest.raises(NotFound):
            await room.desk.mistake(unit, "p1", panel_id="other")
        with pytest.raises(NotFound):
            await room.desk.of_press(unit, "p9", panel_id="gate")


async def test_a_look_is_asked_for_at_the_alarms_place(room: Room) -> None:
    alarm = await press(room)
    async with room.database.transaction() as unit:
        asked = await room.desk.look(unit, alarm.id, person="boss", vehicle_id=VehicleId("drone-1"))
    assert room.looks.asked == [(alarm.id, alarm.place, "boss", "drone-1")]
    assert asked.look_run_id == "run-1"
    await move(room, alarm, A.ANSWERED)
    await move(room, alarm, A.RESOLVED)
    with pytest.raises(Conflict, match="ended"):
        async with room.database.transaction() as unit:
            await room.desk.look(unit, alarm.id, person="boss")


async def test_a_lost_party_leaves_it_open_and_is_told(room: Room) -> None:
    alarm = await press(room)
    await move(room, alarm, A.ANSWERED)
    async with room.database.transaction() as unit:
        left = await room.desk.party_lost(unit, alarm.id, party="boss", because="the desk's connection is gone")
    assert left.state is A.ANSWERED
    assert (await room.words(alarm.id))[-1] == "party_lost"


async def test_a_press_id_of_another_panel_is_refused(room: Room) -> None:
    alarm = await press(room)
    async with room.database.transaction() as unit:
        with pytest.raises(NotFound):
            await room.desk.of_press(unit, alarm.press_id, panel_id="shed")
