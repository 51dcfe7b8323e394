from datetime import timedelta

import pytest

from incidents.alarm import AlarmState
from incidents.figures import Delays, PeriodCounts, delays_of, ratio
from incidents.incident import IncidentState
from perception.sighting import LookVerdict
from tests.incidents.room import SUPERVISOR, Room
from tests.incidents.test_alarms import move, press, rung


def test_the_check_case_of_the_national_formulas() -> None:
    counts = PeriodCounts(due=972, closed=911, closed_on_time=737)
    assert counts.closed_rate is not None
    assert counts.closed_on_time_rate is not None
    assert round(counts.closed_rate * 100, 2) == 93.72
    assert round(counts.closed_on_time_rate * 100, 2) == 75.82


def test_the_other_formulas() -> None:
    counts = PeriodCounts(
        reported=200, filed=150, dispatched=120, handed_back=12, verified=80, passed=60, reworked=20,
        found_by_public=50, repeated=15,
    )  # fmt: skip
    assert counts.filing_rate == 0.75
    assert counts.hand_back_rate == 0.1
    assert counts.dispatch_accuracy == 0.9
    assert counts.pass_rate == 0.75
    assert counts.rework_rate == 0.25
    assert counts.missed_rate == 0.2
    assert counts.repeat_rate == 0.1


def test_a_ratio_of_nothing_is_not_zero() -> None:
    assert ratio(0, 0) is None
    assert PeriodCounts().closed_rate is None


def test_percentiles() -> None:
    assert delays_of([]) == Delays(count=0, p50_s=None, p95_s=None, p99_s=None, most_s=None)
    delays = delays_of(range(101))
    assert (delays.count, delays.p50_s, delays.p95_s, delays.p99_s, delays.most_s) == (101, 50, 95, 99, 100)


async def test_the_counts_follow_the_books(room: Room) -> None:
    closed = await room.handled()
    await room.take(room.sighting(kind="20507"))
    await room.take(room.sighting(kind="20507", east_m=1))
    await room.take(room.sighting(kind="20201"))
    await room.clock.advance(60)
    await room.take_look(room.look(closed, LookVerdict.STILL_THERE))
    async with room.database.transaction() as unit:
        figures = await room.figures.now(unit)
    assert (figures.sightings, figures.incidents, figures.open, figures.filed, figures.closed) == (4, 3, 3, 2, 0)
    assert figures.reworks == 1
    assert figures.by_state == {IncidentState.REWORK: 1, IncidentState.DISPATCHED: 1, IncidentState.REPORTED: 1}
    assert figures.by_kind == {"20201": 1, "20501": 1, "20507": 1}
    assert figures.sighting_to_incident == Delays(count=3, p50_s=2, p95_s=2, p99_s=2, most_s=2)


async def test_alarms_are_counted_with_their_delays(room: Room) -> None:
    for wait_s in (0.2, 0.4):
        alarm = await press(room, f"after {wait_s} s")
        await room.clock.advance(wait_s)
        await rung(room, alarm)
    alarm = await press(room, "after 0.4 s")
    await move(room, alarm, AlarmState.ANSWERED)
    await move(room, alarm, AlarmState.FALSE_ALARM)
    async with room.database.transaction() as unit:
        now = await room.figures.now(unit)
        flat = await room.figures.figures(unit)
    assert (now.alarms_raised, now.alarms_answered, now.alarms_false, now.alarms_resolved, now.alarms_open) == (
        2, 1, 1, 0, 1,
    )  # fmt: skip
    assert now.raise_to_ring.p50_s == pytest.approx(0.3)
    assert flat["press_to_ring_count"] == 2
    assert flat["alarms_raised"] == 2
    assert flat["by_state"] == {}


async def test_a_period_counts_due_closed_and_on_time(room: Room) -> None:
    start_at = room.clock.now()
    late, on_time = await room.handled(), await room.handled(east_m=30)
    await room.take(room.sighting(east_m=-30))
    await room.clock.advance(600)
    await room.take_look(room.look(on_time, LookVerdict.GONE))
    await room.clock.advance(3 * 3600)
    await room.take_look(room.look(late, LookVerdict.GONE))
    async with room.database.transaction() as unit:
        day = await room.figures.of_period(unit, not_before_at=start_at, before_at=start_at + timedelta(days=1))
        before = await room.figures.of_period(unit, not_before_at=start_at - timedelta(days=1), before_at=start_at)
    assert (day.reported, day.filed, day.dispatched, day.due, day.closed, day.closed_on_time) == (3, 3, 3, 3, 2, 1)
    assert (day.verified, day.passed, day.reworked) == (2, 2, 0)
    assert before == PeriodCounts()


async def test_a_case_closed_by_hand_counts_as_well(room: Room) -> None:
    incident = await room.handled()
    await room.move(incident.id, IncidentState.VERIFYING, person=SUPERVISOR)
    await room.move(incident.id, IncidentState.CLOSED, person=SUPERVISOR)
    async with room.database.transaction() as unit:
        assert (await room.figures.now(unit)).closed == 1
