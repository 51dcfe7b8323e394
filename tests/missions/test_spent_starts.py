"""A start that had its turn never comes twice, however the schedule is changed around it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core.clock import ManualClock
from core.database import Database
from core.events import InProcessBus
from core.ids import PatrolId
from missions.calendar import starts_ahead
from missions.patrol import Chance, Patrol, Schedule
from missions.schedule import start_at
from tests.missions.dispatch_range import START, Range

DAY = timedelta(days=1)


@pytest.fixture
async def estate(tmp_path: Path) -> AsyncIterator[Range]:
    clock = ManualClock(start_at=START)
    url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    async with Database(url=url, bus=InProcessBus(), clock=clock) as database:
        await database.create_all()
        yield Range(database, clock)


async def daily(estate: Range) -> Patrol:
    """Store a patrol that starts every day at one o'clock in the afternoon or, by chance, up to an hour later."""
    schedule = {
        "rule": "FREQ=DAILY",
        "first_start_local": "2026-03-01T13:00:00",
        "time_zone": "Asia/Shanghai",
        "chance": {"window_s": 3600, "seed": 7},
    }
    return await estate.add_patrol(schedule=schedule)


async def change(estate: Range, patrol: Patrol, **changes: object) -> Patrol:
    """Store the patrol with a changed schedule; returns it as it stands then."""
    assert patrol.schedule is not None
    schedule: Schedule = replace(patrol.schedule, **changes)  # type: ignore[arg-type]
    async with estate.database.transaction() as unit:
        return (await estate.requests.change_patrol(unit, replace(patrol, schedule=schedule), by="test"))[0]


async def next_at_s(estate: Range, patrol: Patrol) -> float:
    """Return the seconds from the beginning to the next start."""
    async with estate.database.transaction() as unit:
        at = await estate.missions.next_start_at(unit, patrol.id)
    assert at is not None
    return (at - START).total_seconds()


async def at(estate: Range, after_s: float) -> None:
    await estate.clock.advance(after_s - (estate.clock.now() - START).total_seconds())
    await estate.dispatcher.reconcile()


async def count(estate: Range) -> int:
    async with estate.database.transaction() as unit:
        return len(await estate.missions.runs(unit))


async def test_a_start_that_was_run_does_not_come_again_when_chance_is_switched_off_and_on(estate: Range) -> None:
    patrol = await daily(estate)
    first_s = await next_at_s(estate, patrol)
    assert 3600 < first_s < 7200
    await at(estate, first_s + 1)
    assert await count(estate) == 1
    for seed in range(1, 6):
        patrol = await change(estate, patrol, chance=None)
        patrol = await change(estate, patrol, chance=Chance(window_s=3600, seed=seed))
        assert await next_at_s(estate, patrol) > DAY.total_seconds()
    patrol = await change(estate, patrol, chance=Chance(window_s=7000, seed=7))
    assert await next_at_s(estate, patrol) > DAY.total_seconds()
    await at(estate, 12_000)
    assert await count(estate) == 1
    await at(estate, await next_at_s(estate, patrol) + 1)
    assert await count(estate) == 2, "tomorrow's start comes"


async def test_a_start_that_is_due_comes_once_when_the_patrol_is_changed_at_that_moment(estate: Range) -> None:
    patrol = await daily(estate)
    await estate.clock.advance(await next_at_s(estate, patrol) + 0.1)
    patrol = await change(estate, patrol, chance=Chance(window_s=3600, seed=99))
    for _ in range(3):
        await estate.dispatcher.reconcile()
    assert await count(estate) == 1
    assert await next_at_s(estate, patrol) > DAY.total_seconds()


async def test_another_rule_gives_other_starts_on_the_same_day(estate: Range) -> None:
    patrol = await daily(estate)
    await at(estate, await next_at_s(estate, patrol) + 1)
    later = patrol.schedule and patrol.schedule.first_start_local + timedelta(hours=3)
    patrol = await change(estate, patrol, chance=None, first_start_local=later)
    assert await next_at_s(estate, patrol) == 4 * 3600.0
    assert patrol.schedule is not None
    assert start_at(patrol.schedule, START + timedelta(hours=4)).rule_at == START + timedelta(hours=4)


async def test_the_week_view_shows_no_start_that_had_its_turn_as_still_to_come(estate: Range) -> None:
    patrol = await daily(estate)
    begun_s = await next_at_s(estate, patrol)
    await at(estate, begun_s)
    async with estate.database.transaction() as unit:
        spent = await estate.missions.spent_until(unit, patrol.id)
    assert spent is not None

    def week(one: Patrol, spent_until: dict[PatrolId, datetime]) -> list[float]:
        span, now = {"since": START - DAY, "until": START + 3 * DAY}, estate.clock.now()
        starts = starts_ahead([one], **span, most=100, now=now, spent_until=spent_until)
        return [(start.at - START).total_seconds() for start in starts]

    assert begun_s in week(patrol, {patrol.id: spent}), "what took place stays in the week"
    moved = [await change(estate, patrol, chance=Chance(window_s=7000, seed=1))]
    for seed in range(2, 8):
        moved.append(await change(estate, moved[-1], chance=Chance(window_s=7000, seed=seed)))
    again = [one for one in moved if any(begun_s < at_s < 12_000 for at_s in week(one, {}))]
    assert again, "chance would move the start of today to a time that lies ahead"
    for one in again:
        assert not [at_s for at_s in week(one, {patrol.id: spent}) if begun_s < at_s < DAY.total_seconds()]


@pytest.mark.parametrize("is_restarted", [False, True])
@pytest.mark.parametrize("until", ["", ";UNTIL=20260601T000000"])
async def test_a_clock_that_was_years_ahead_for_a_while_keeps_no_patrol_from_starting(
    estate: Range, is_restarted: bool, until: str
) -> None:
    schedule = {"rule": f"FREQ=DAILY{until}", "first_start_local": "2026-03-01T13:00:00", "time_zone": "Asia/Shanghai"}
    patrol = await estate.add_patrol(schedule=schedule)
    await estate.dispatcher.reconcile()
    estate.clock.jump(3650 * 86_400)
    for _ in range(2):
        await estate.dispatcher.reconcile()
        await estate.clock.advance(3 * 86_400)
    estate.clock.jump(-3650 * 86_400)
    await (Range(estate.database, estate.clock) if is_restarted else estate).dispatcher.reconcile()
    assert await next_at_s(estate, patrol) == 6 * 86_400 + 3600
    assert patrol.schedule is not None
    await change(estate, patrol, time_zone="UTC")
    assert await next_at_s(estate, patrol) == 6 * 86_400 + 9 * 3600, "nor from being changed"
