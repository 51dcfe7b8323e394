"""Until when an incident is to be handled: each kind by its own clock, in the site's time."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from incidents.incident import IncidentState
from incidents.kinds import LimitClock, LimitUnit, TimeLimit
from missions.work_calendar import WorkCalendar, WorkHours
from tests.incidents.room import Room

CHINA = WorkCalendar(time_zone="Asia/Shanghai", hours=WorkHours())


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("amount", "unit", "clock", "due"),
    [
        (2, LimitUnit.HOURS, LimitClock.URGENT_HOURS, "2026-12-31T19:00"),
        (2, LimitUnit.HOURS, LimitClock.WORKING_HOURS, "2027-01-04T09:30"),
        (90, LimitUnit.MINUTES, LimitClock.WORKING_HOURS, "2027-01-04T09:00"),
        (1, LimitUnit.DAYS, LimitClock.WORKING_DAYS, "2027-01-04T17:00"),
        (1, LimitUnit.DAYS, LimitClock.CALENDAR_DAYS, "2027-01-01T17:00"),
    ],
)
def test_each_clock_counts_what_its_name_says(amount: float, unit: LimitUnit, clock: LimitClock, due: str) -> None:
    limit = TimeLimit(amount=amount, unit=unit, clock=clock)
    assert limit.after(local("2026-12-31T17:00"), CHINA) == local(due)


@pytest.mark.parametrize(
    ("kind", "due"),
    [
        ("20501", "2026-02-14T10:30"),  # two working hours: Saturday makes up for the festival
        ("20103", "2026-02-14T18:00"),  # a working day
        ("20409", "2026-02-13T21:00"),  # an hour, round the clock
    ],
)
async def test_an_incident_dispatched_in_the_evening_is_due_by_its_kind(room: Room, kind: str, due: str) -> None:
    until = local("2026-02-13T20:00") - room.clock.now()
    await room.clock.advance(until.total_seconds())
    taken = await room.take(room.sighting(kind=kind))
    incident = await room.incident(taken.incident_id)
    assert incident.state is IncidentState.DISPATCHED
    assert incident.due_at == local(due)


async def test_a_deadline_that_was_given_before_stays_as_it_is(room: Room) -> None:
    taken = await room.take(room.sighting())
    given_at = room.clock.now() + timedelta(minutes=7)
    async with room.database.transaction() as unit:
        before = await room.incidents.get(unit, taken.incident_id)
        await room.incidents.update(unit, replace(before, due_at=given_at, revision=before.revision + 1))
    accepted = await room.move(taken.incident_id, IncidentState.ACCEPTED)
    assert accepted.due_at == given_at
