import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from core.errors import NotFound
from core.ids import AlarmId, EvidenceId, IncidentId
from incidents.errors import RevisionPassed
from incidents.incident import NEEDS_DECISION, IncidentState
from incidents.store_sql_rows import SeriesRow
from tests.incidents.room import Room, at


async def test_numbers_have_no_gaps_and_no_doubles_under_concurrency(room: Room) -> None:
    async def one() -> str:
        async with room.database.transaction() as unit:
            return await room.numbers.next(unit, "XJ", year=2026)

    numbers = await asyncio.gather(*(one() for _ in range(30)))
    assert sorted(numbers) == [f"XJ-2026-{i:06d}" for i in range(1, 31)]


async def test_numbers_begin_anew_each_year_and_run_by_series(room: Room) -> None:
    async with room.database.transaction() as unit:
        assert await room.numbers.next(unit, "XJ", year=2026) == "XJ-2026-000001"
        assert await room.numbers.next(unit, "XJ", year=2026) == "XJ-2026-000002"
        assert await room.numbers.next(unit, "QZ", year=2026) == "QZ-2026-000001"
        assert await room.numbers.next(unit, "XJ", year=2027) == "XJ-2027-000001"


async def test_a_clock_that_was_a_year_ahead_for_a_while_gives_no_number_twice(room: Room) -> None:
    numbers = []
    for year in (2026, 2026, 2027, 2026, 2027, 2026):
        async with room.database.transaction() as unit:
            numbers.append(await room.numbers.next(unit, "QZ", year=year))
    assert numbers == [
        "QZ-2026-000001",
        "QZ-2026-000002",
        "QZ-2027-000001",
        "QZ-2026-000003",
        "QZ-2027-000002",
        "QZ-2026-000004",
    ]


async def test_books_that_counted_each_series_in_one_row_go_on_counting(room: Room) -> None:
    async with room.database.transaction() as unit:
        unit.session.add(SeriesRow(series="QZ", year=2026, last=57))
    async with room.database.transaction() as unit:
        assert await room.numbers.next(unit, "QZ", year=2026) == "QZ-2026-000058"
        assert await room.numbers.next(unit, "QZ", year=2027) == "QZ-2027-000001"
        assert await room.numbers.next(unit, "QZ", year=2026) == "QZ-2026-000059"


async def test_older_books_give_no_number_twice_when_the_clock_is_wrong_at_first(room: Room) -> None:
    async with room.database.transaction() as unit:
        unit.session.add(SeriesRow(series="QZ", year=2026, last=57))
    async with room.database.transaction() as unit:
        assert await room.numbers.next(unit, "QZ", year=1970) == "QZ-1970-000001"
        assert await room.numbers.next(unit, "QZ", year=2026) == "QZ-2026-000058"


async def test_a_number_that_was_not_committed_is_given_again(room: Room) -> None:
    async def one_that_dies() -> None:
        async with room.database.transaction() as unit:
            await room.numbers.next(unit, "XJ", year=2026)
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        await one_that_dies()
    async with room.database.transaction() as unit:
        assert await room.numbers.next(unit, "XJ", year=2026) == "XJ-2026-000001"


async def test_two_writers_of_one_incident_do_not_overwrite_each_other(room: Room) -> None:
    incident = await room.incident((await room.take(room.sighting())).incident_id)

    async def change(worker: str) -> None:
        async with room.database.transaction() as unit:
            await room.incidents.update(unit, replace(incident, worker=worker, revision=incident.revision + 1))

    results = await asyncio.gather(change("a"), change("b"), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "RevisionPassed"]


async def test_of_very_many_waiting_cases_the_urgent_and_those_that_waited_longest_come_first(room: Room) -> None:
    hours_s = [(None, -30), (5, -40), (-3, -20), (None, -1), (None, 0), (2, -50)]
    ids = [(await room.take(room.sighting(east_m=60.0 * number))).incident_id for number in range(len(hours_s))]
    async with room.database.transaction() as unit:
        for number, (due_h, seen_h) in enumerate(hours_s):
            incident = await room.incidents.get(unit, ids[number])
            due_at, seen_at = (None if h is None else room.clock.now() + timedelta(hours=h) for h in (due_h, seen_h))
            changed = replace(incident, due_at=due_at, state=IncidentState.FILED, revision=incident.revision + 1)
            if number == 4:
                changed = replace(changed, kind="urgent")
            if number == 5:
                changed = replace(changed, state=IncidentState.DISPATCHED)
            assert seen_at is not None
            await room.incidents.update(unit, replace(changed, first_seen_at=seen_at))
        found = await room.incidents.find(unit, states=NEEDS_DECISION, pressing_first=["urgent"], limit=4)
        assert [one.id for one in found] == [ids[4], ids[0], ids[2], ids[3]], "not the one that is due in five hours"
        assert set(await room.incidents.open_ids(unit)) == set(ids)
        assert set(await room.incidents.open_ids(unit, states=NEEDS_DECISION)) == set(ids[:5])


async def test_an_alarm_needs_the_next_revision(room: Room) -> None:
    async with room.database.transaction() as unit:
        alarm = await room.desk.press(unit, press_id="p", panel_id="gate", pressed_at=room.clock.now())
    with pytest.raises(RevisionPassed):
        async with room.database.transaction() as unit:
            await room.alarms.update(unit, alarm)


async def test_unknown_things_are_not_found(room: Room) -> None:
    async with room.database.transaction() as unit:
        with pytest.raises(NotFound):
            await room.incidents.get(unit, IncidentId("none"))
        with pytest.raises(NotFound):
            await room.alarms.get(unit, AlarmId("none"), locked=True)
        with pytest.raises(NotFound):
            await room.evidence.get(unit, EvidenceId("none"))
        assert await room.alarms.by_press(unit, "none") is None


async def test_incidents_are_found_by_state_kind_and_worker_newest_first(room: Room) -> None:
    first = (await room.take(room.sighting())).incident_id
    second = (await room.take(room.sighting(east_m=60))).incident_id
    third = (await room.take(room.sighting(kind="20201"))).incident_id
    async with room.database.transaction() as unit:
        assert [one.id for one in await room.incidents.find(unit)] == [third, second, first]
        assert [one.id for one in await room.incidents.find(unit, kind="20501")] == [second, first]
        assert [one.id for one in await room.incidents.find(unit, worker="grid2")] == [second]
        reported = await room.incidents.find(unit, states=[IncidentState.REPORTED])
        assert [one.id for one in reported] == [third]
        assert [one.id for one in await room.incidents.find(unit, limit=1)] == [third]
        number = (await room.incidents.get(unit, second)).number
        assert [one.id for one in await room.incidents.find(unit, number=number[3:].lower())] == [second]
        assert await room.incidents.find(unit, number="%") == ()
        counts = await room.incidents.counts(unit)
    assert counts == {("20501", IncidentState.DISPATCHED): 2, ("20201", IncidentState.REPORTED): 1}


async def test_near_means_the_square_the_kind_and_open_when_it_was_seen(room: Room) -> None:
    near = (await room.take(room.sighting(east_m=19, north_m=-19))).incident_id
    await room.take(room.sighting(east_m=45))
    now = room.clock.now()
    hour = timedelta(hours=1)

    async def found(*, kind: str = "20501", within_m: float = 20, seen_at: datetime = now) -> list[str]:
        async with room.database.transaction() as unit:
            some = await room.incidents.near(unit, kind=kind, place=at(0, 0), within_m=within_m, seen_at=seen_at)
        return [one.id for one in some]

    assert await found() == await found(seen_at=now - hour) == await found(seen_at=now + hour) == [near]
    assert await found(kind="20507") == await found(within_m=5) == []
    await room.put(replace(await room.incident(near), closed_at=now + timedelta(seconds=5)), IncidentState.CLOSED)
    assert await found() == [near]
    assert await found(seen_at=now - hour) == await found(seen_at=now + hour) == []


async def test_stories_keep_their_order_within_one_moment(room: Room) -> None:
    incident = await room.incident((await room.take(room.sighting())).incident_id)
    story = await room.story(incident.id)
    assert len({line.at for line in story}) == 1
    assert [line.what for line in story] == ["reported", "sighting", "filed", "dispatched"]
