from dataclasses import replace

import pytest

from core.errors import InvalidInput
from incidents.alarm import AlarmState, HelpAlarm
from incidents.alarms import AlarmSettings
from incidents.incident import IncidentState
from incidents.kinds import KindTable
from incidents.unlooked import Unlooked
from perception.sighting import Sighting
from tests.incidents.room import SUPERVISOR, Room

BECAUSE = "somebody lay there; it is not sure: look at the picture before anybody is called"


def unsure(room: Room, score: float = 0.4, seen_s_ago: float = 10.0) -> Sighting:
    sighting = room.sighting(kind="L0901", seen_s_ago=seen_s_ago, for_s=1)
    return replace(sighting, facts={"is_sure": False}, because=BECAUSE, score=score)


def unlooked(room: Room) -> Unlooked:
    return Unlooked(
        database=room.database,
        incidents=room.incidents,
        sightings=room.sightings,
        alarms=room.desk,
        kinds=room.kinds,
        settings=room.settings,
        clock=room.clock,
    )


async def ringing(room: Room) -> tuple[HelpAlarm, ...]:
    async with room.database.transaction() as unit:
        return await room.alarms.find(unit)


async def test_who_may_lie_on_the_ground_rings_once_when_nobody_looks_in_time(room: Room) -> None:
    taken = await room.take(unsure(room))
    await room.clock.advance(room.settings.unsure_s - 1)
    await unlooked(room).step()
    assert await ringing(room) == ()
    await room.clock.advance(1)
    await unlooked(room).step()
    (alarm,) = await ringing(room)
    assert alarm.press_id == f"incident:{taken.incident_id}"
    assert alarm.because == f"nobody looked at its picture for 60 s: {BECAUSE}"
    await room.clock.advance(600)
    await unlooked(room).step()
    assert await ringing(room) == (alarm,)


async def test_a_clock_that_is_set_back_lets_nobody_lie_there(room: Room) -> None:
    await room.take(unsure(room))
    room.clock.jump(-86_400)
    await unlooked(room).step()
    (alarm,) = await ringing(room)
    assert alarm.because == f"nobody looked at its picture for 0 s: {BECAUSE}"


async def test_further_unsure_looks_do_not_put_the_ringing_off(room: Room) -> None:
    await room.take(unsure(room))
    await room.clock.advance(room.settings.unsure_s - 1)
    again = unsure(room, score=0.45, seen_s_ago=2)
    assert not (await room.take(again)).opened
    await room.clock.advance(1)
    await unlooked(room).step()
    (alarm,) = await ringing(room)
    assert alarm.pressed_at == again.last_seen_at


async def test_what_somebody_decided_about_does_not_ring(room: Room) -> None:
    rejected, sure = await room.take(unsure(room)), await room.take(room.sighting(kind="L0901", east_m=80))
    before = await ringing(room)
    await room.move(rejected.incident_id, IncidentState.REJECTED, person=SUPERVISOR)
    await room.clock.advance(room.settings.unsure_s + 1)
    await unlooked(room).step()
    assert await ringing(room) == before
    assert [one.press_id for one in before] == [f"incident:{sure.incident_id}"]


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_waiting_for_ever_or_not_at_all_is_no_setting(seconds: float) -> None:
    with pytest.raises(InvalidInput, match="unsure_s"):
        AlarmSettings(unsure_s=seconds)


async def test_a_restart_forgets_nobody(room: Room) -> None:
    taken = await room.take(unsure(room))
    await room.clock.advance(3600)
    await unlooked(room).step()
    (alarm,) = await ringing(room)
    assert alarm.press_id == f"incident:{taken.incident_id}"


async def test_what_is_not_sure_is_not_filed_by_itself_so_that_it_rings_in_every_table_of_kinds(room: Room) -> None:
    files_itself = KindTable(kinds=tuple(replace(kind, files_itself=True) for kind in room.kinds.kinds))
    room.intake._kinds = files_itself  # the table of a city that leaves `files_itself` out
    taken = await room.take(unsure(room))
    assert (await room.incident(taken.incident_id)).state is IncidentState.REPORTED
    await room.clock.advance(room.settings.unsure_s)
    await unlooked(room).step()
    assert len(await ringing(room)) == 1


@pytest.mark.parametrize(("ends", "rings"), [(AlarmState.RESOLVED, 2), (AlarmState.FALSE_ALARM, 1)])
async def test_somebody_who_lies_where_somebody_was_helped_before_rings_anew(
    room: Room, ends: AlarmState, rings: int
) -> None:
    first = await room.take(room.sighting(kind="L0901"))
    (alarm,) = await ringing(room)
    async with room.database.transaction() as unit:
        over = replace(alarm, state=ends, ended_at=room.clock.now(), ended_by="li", revision=alarm.revision + 1)
        await room.alarms.update(unit, over)
    late = await room.take(room.sighting(kind="L0901", seen_s_ago=5, for_s=2))
    assert late.incident_id == first.incident_id, "seen before that alarm was over"
    await room.clock.advance(3600)
    again = await room.take(room.sighting(kind="L0901"))
    assert ((await room.take(room.sighting(kind="L0901"))).incident_id, len(await ringing(room))) == (
        again.incident_id,
        rings,
    )
