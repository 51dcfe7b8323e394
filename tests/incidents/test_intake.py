import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import InvalidInput, NotFound, StorageFull
from core.ids import SightingId, VehicleId, new_id
from incidents.alarm import AlarmState
from incidents.handlers import SightingHandler
from incidents.incident import IncidentState
from tests.incidents.room import Room


async def test_a_vendor_is_filed_and_dispatched_to_the_grids_worker(room: Room) -> None:
    sighting = room.sighting(photos=2)
    taken = await room.take(sighting)
    assert taken.opened
    incident = await room.incident(taken.incident_id)
    assert incident.number == "XJ-2026-000001"
    assert (incident.state, incident.grid_id, incident.worker) == (IncidentState.DISPATCHED, "g1", "grid1")
    assert incident.filed_at == room.clock.now()
    assert incident.due_at is not None
    assert (incident.due_at - room.clock.now()).total_seconds() == 2 * 3600
    story = await room.story(incident.id)
    assert [line.what for line in story] == ["reported", "sighting", "filed", "dispatched"]
    assert all(line.because for line in story)
    assert story[1].photos == tuple(photo.id for photo in sighting.photos)
    assert story[0].actor == "drone-1"


async def test_the_sighting_is_kept_with_model_rule_facts_and_readable_pictures(room: Room) -> None:
    sighting = room.sighting()
    taken = await room.take(sighting)
    async with room.database.transaction() as unit:
        record = await room.sightings.get(unit, sighting.id)
        entries = await room.evidence.of_incident(unit, taken.incident_id)
    assert record is not None
    assert record.sighting == replace(sighting, photos=())
    assert record.incident_id == taken.incident_id
    assert record.stored_at == room.clock.now()
    assert [entry.id for entry in entries] == [sighting.photos[0].id]
    assert entries[0].box_xyxy_px == (1.0, 2.0, 10.5, 20.0)
    assert await room.photos.read(entries[0]) == sighting.photos[0].jpeg


async def test_the_same_sighting_twice_is_one_incident_and_one_look(room: Room) -> None:
    sighting = room.sighting()
    first = await room.take(sighting)
    again = await room.take(sighting)
    assert (again.incident_id, again.repeated) == (first.incident_id, True)
    assert (await room.incident(first.incident_id)).sightings == 1
    assert (await room.words(first.incident_id)).count("seen_again") == 0


async def test_a_second_sighting_nearby_is_one_more_look(room: Room) -> None:
    first = await room.take(room.sighting())
    before = await room.incident(first.incident_id)
    later = room.sighting(east_m=4, seen_s_ago=5, for_s=4)
    second = await room.take(later)
    assert (second.incident_id, second.opened) == (first.incident_id, False)
    incident = await room.incident(first.incident_id)
    assert (incident.sightings, incident.last_seen_at) == (2, later.last_seen_at)
    assert incident.revision == before.revision, "a look is nothing that a person's decision hangs on"
    line = (await room.story(first.incident_id))[-1]
    assert (line.what, line.sighting_id, line.photos) == ("seen_again", later.id, (later.photos[0].id,))


async def test_an_older_sighting_that_comes_late_does_not_turn_time_back(room: Room) -> None:
    first = await room.take(room.sighting(seen_s_ago=5, for_s=4))
    seen_at = (await room.incident(first.incident_id)).last_seen_at
    await room.take(room.sighting(seen_s_ago=3600))
    assert (await room.incident(first.incident_id)).last_seen_at == seen_at


async def test_the_nearest_of_several_open_incidents_is_the_one(room: Room) -> None:
    west = await room.take(room.sighting(east_m=0))
    east = await room.take(room.sighting(east_m=9))
    assert west.incident_id != east.incident_id
    assert (await room.take(room.sighting(east_m=5.2))).incident_id == east.incident_id


async def test_another_kind_at_the_same_place_is_another_incident(room: Room) -> None:
    vendor = await room.take(room.sighting())
    pile = await room.take(room.sighting(kind="20507"))
    assert pile.opened
    assert pile.incident_id != vendor.incident_id
    assert (await room.incident(pile.incident_id)).number == "XJ-2026-000002"


@pytest.mark.parametrize(
    "state", [IncidentState.CLOSED, IncidentState.VOID, IncidentState.REJECTED, IncidentState.MERGED]
)
async def test_a_sighting_at_an_ended_incident_opens_a_new_one(room: Room, state: IncidentState) -> None:
    first = await room.take(room.sighting())
    await room.put(await room.incident(first.incident_id), state)
    assert (await room.take(room.sighting())).opened


async def test_a_report_that_was_long_on_its_way_opens_no_closed_incident_anew(room: Room) -> None:
    first = await room.take(room.sighting())
    late = room.sighting(seen_s_ago=5, for_s=4)
    await room.clock.advance(600)
    closed = replace(await room.incident(first.incident_id), closed_at=room.clock.now())
    await room.put(closed, IncidentState.CLOSED)
    await room.clock.advance(600)
    taken = await room.take(late)
    assert (taken.incident_id, taken.opened) == (first.incident_id, False)
    assert (await room.incident(first.incident_id)).state is IncidentState.CLOSED


async def test_a_place_in_no_grid_is_filed_and_waits_for_a_decision(room: Room) -> None:
    taken = await room.take(room.sighting(east_m=400))
    incident = await room.incident(taken.incident_id)
    assert (incident.state, incident.grid_id, incident.worker) == (IncidentState.FILED, None, None)
    assert incident.needs_decision
    assert "no grid cell" in (await room.story(taken.incident_id))[-1].because


async def test_a_grid_without_a_worker_waits_for_a_decision(room: Room) -> None:
    incident = await room.incident((await room.take(room.sighting(east_m=200))).incident_id)
    assert (incident.state, incident.grid_id, incident.needs_decision) == (IncidentState.FILED, "g3", True)


async def test_a_kind_that_does_not_file_itself_waits_as_reported(room: Room) -> None:
    incident = await room.incident((await room.take(room.sighting(kind="20201"))).incident_id)
    assert (incident.state, incident.needs_decision) == (IncidentState.REPORTED, True)


async def test_unknown_kinds_and_alarms_are_refused_and_leave_nothing(room: Room) -> None:
    with pytest.raises(NotFound):
        await room.take(room.sighting(kind="77777"))
    with pytest.raises(InvalidInput, match="alarm"):
        await room.take(room.sighting(kind="L0902"))
    async with room.database.transaction() as unit:
        assert await room.incidents.find(unit) == ()


async def test_a_picture_that_is_not_what_its_hash_says_refuses_the_whole_sighting(room: Room) -> None:
    sighting = room.sighting()
    broken = replace(sighting.photos[0], jpeg=b"something else")
    with pytest.raises(InvalidInput, match="hash"):
        await room.take(replace(sighting, photos=(broken,)))
    async with room.database.transaction() as unit:
        assert await room.incidents.find(unit) == ()


async def test_one_picture_for_two_sightings_is_kept_once(room: Room) -> None:
    first = room.sighting()
    await room.take(first)
    second = replace(room.sighting(kind="20507"), photos=first.photos)
    taken = await room.take(second)
    assert (await room.story(taken.incident_id))[1].photos == (first.photos[0].id,)


async def test_a_report_in_another_vehicles_name_is_refused(room: Room) -> None:
    handler = SightingHandler(intake=room.intake)
    with pytest.raises(InvalidInput, match="drone-2"):
        async with room.database.transaction() as unit:
            await handler.handle(unit, vehicle_id=VehicleId("drone-2"), report=room.sighting())


async def test_many_at_once_open_one_incident_with_one_number(room: Room) -> None:
    sightings = [room.sighting(east_m=i * 0.1) for i in range(8)]
    taken = await asyncio.gather(*(room.take(one) for one in sightings))
    assert len({one.incident_id for one in taken}) == 1
    assert sum(one.opened for one in taken) == 1
    assert (await room.incident(taken[0].incident_id)).sightings == 8


async def test_everything_is_told_in_order_after_the_commit(room: Room) -> None:
    sighting = replace(room.sighting(), id=SightingId(new_id()))
    taken = await room.take(sighting)
    lines = await room.database.read_journal(after=0)
    incidents = [line.event.body for line in lines if line.event.subject == "incidents.changed"]
    assert [body["state"] for body in incidents] == ["reported", "reported", "filed", "dispatched"]
    assert {body["id"] for body in incidents} == {taken.incident_id}
    told = [line.event for line in lines if line.event.subject == "sightings.new"]
    assert [event.key for event in told] == [sighting.id]
    assert told[0].body["facts"] == {"dwell_s": 8.0, "people": 2}


class FullDisk:
    """An evidence store without room."""

    async def put(self, data: bytes) -> str:
        raise StorageFull("no room for pictures")

    async def get(self, sha256: str) -> bytes:
        raise AssertionError("nothing was stored")


async def test_a_sighting_whose_picture_cannot_be_kept_leaves_nothing_and_comes_again(
    room: Room, tmp_path: Path
) -> None:
    sighting = room.sighting()
    full = Room(database=room.database, folder=tmp_path, files=FullDisk())
    with pytest.raises(StorageFull):
        await full.take(sighting)
    async with room.database.transaction() as unit:
        assert await room.incidents.find(unit) == ()
        assert await room.sightings.count(unit) == 0
    assert await room.database.last_cursor() == 0
    assert (await room.take(sighting)).opened


async def test_a_person_on_the_ground_rings_at_once_and_once(room: Room) -> None:
    first = await room.take(room.sighting(kind="L0901", photos=1))
    incident = await room.incident(first.incident_id)
    assert incident.state is IncidentState.REPORTED
    async with room.database.transaction() as unit:
        (alarm,) = await room.alarms.find(unit)
    assert (alarm.state, alarm.place) == (AlarmState.RAISED, incident.place)
    assert (alarm.panel_name, alarm.panel_name_zh) == ("drone-1: person down", "drone-1：人员摔倒")
    assert alarm.escalate_at is not None
    again = await room.take(room.sighting(kind="L0901", east_m=1, seen_s_ago=2, for_s=1))
    assert again.incident_id == first.incident_id
    async with room.database.transaction() as unit:
        assert len(await room.alarms.find(unit)) == 1


async def test_who_may_lie_on_the_ground_does_not_ring_before_it_is_sure(room: Room) -> None:
    unsure = replace(room.sighting(kind="L0901", photos=1), facts={"is_sure": False})
    first = await room.take(unsure)
    assert (await room.incident(first.incident_id)).state is IncidentState.REPORTED
    async with room.database.transaction() as unit:
        assert await room.alarms.find(unit) == ()
    sure = replace(room.sighting(kind="L0901", east_m=1, seen_s_ago=2, for_s=1), facts={"is_sure": True})
    assert (await room.take(sure)).incident_id == first.incident_id
    async with room.database.transaction() as unit:
        (alarm,) = await room.alarms.find(unit)
    assert alarm.press_id == f"incident:{first.incident_id}"


async def test_a_vehicle_with_the_longest_name_calls_people_as_well(room: Room) -> None:
    seen = replace(room.sighting(kind="L0901"), vehicle_id=VehicleId("d" * 80), photos=())
    await room.take(seen)
    async with room.database.transaction() as unit:
        (alarm,) = await room.alarms.find(unit)
    assert (alarm.panel_id, alarm.panel_name) == (f"eyes:{'d' * 75}", f"{'d' * 80}: person down")
