"""What a schedule leaves out, and what it leaves to chance."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from missions.patrol import Blackout, Chance, Days, OnMissed, OnOverlap, Schedule
from missions.schedule import PlannedStart, check_schedule, next_start, planned_starts, start_at, starts_between
from missions.work_days import day_name, is_working_day

SHANGHAI = ZoneInfo("Asia/Shanghai")


def schedule(rule: str = "FREQ=DAILY", first: str = "2026-01-01T20:00:00", **choices: Any) -> Schedule:
    """Return a schedule in Shanghai."""
    return Schedule(rule=rule, first_start_local=datetime.fromisoformat(first), time_zone="Asia/Shanghai", **choices)


def local_days(wanted: Schedule, since: str, until: str) -> list[str]:
    """Return the local days of the starts between two local days."""
    times = (datetime.fromisoformat(day).replace(tzinfo=SHANGHAI) for day in (since, until))
    return [f"{at.astimezone(SHANGHAI):%m-%d}" for at in starts_between(wanted, *times)]


def test_the_spring_festival_and_its_make_up_days_are_known() -> None:
    assert is_working_day(date(2026, 2, 14)), "a Saturday that makes up for the festival"
    assert not is_working_day(date(2026, 2, 17))
    assert not is_working_day(date(2026, 2, 21))
    assert is_working_day(date(2026, 2, 24))
    assert day_name(date(2026, 10, 1)) == "国庆节"
    with pytest.raises(InvalidInput, match="XX"):
        is_working_day(date(2026, 1, 1), country="XX")


def test_working_days_and_days_off_share_the_week_between_them() -> None:
    working, off = schedule(days=Days.WORKING_DAYS), schedule(days=Days.DAYS_OFF)
    assert local_days(working, "2026-02-12", "2026-02-27") == ["02-12", "02-13", "02-14", "02-24", "02-25", "02-26"]
    both = local_days(working, "2026-01-01", "2027-01-01") + local_days(off, "2026-01-01", "2027-01-01")
    assert sorted(both) == sorted(local_days(schedule(), "2026-01-01", "2027-01-01"))
    assert len(both) == 365


def test_nothing_starts_on_a_blacked_out_day_and_the_last_one_counts() -> None:
    fair = Blackout(first_day=date(2026, 3, 2), last_day=date(2026, 3, 4), because="the street fair")
    assert local_days(schedule(blackouts=(fair,)), "2026-03-01", "2026-03-07") == ["03-01", "03-05", "03-06"]


def test_a_schedule_that_no_day_is_left_of_is_refused() -> None:
    always = Blackout(first_day=date(2000, 1, 1), last_day=date(2200, 1, 1), because="closed")
    with pytest.raises(InvalidInput, match="no start is left"):
        check_schedule(schedule(blackouts=(always,)))
    upside_down = Blackout(first_day=date(2026, 3, 4), last_day=date(2026, 3, 2), because="")
    with pytest.raises(InvalidInput, match="before it begins"):
        check_schedule(schedule(blackouts=(upside_down,)))


@pytest.mark.parametrize(
    ("chance", "says"),
    [
        (Chance(window_s=-1), "window_s"),
        (Chance(window_s=90_000), "window_s"),
        (Chance(window_s=60, at_most_unseen_s=0), "at_most_unseen_s"),
        (Chance(window_s=60, at_most_unseen_s=7200, reverses=True), "needs the length of a run"),
    ],
)
def test_chance_that_cannot_be_taken_is_refused(chance: Chance, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        check_schedule(schedule(chance=chance))


def drawn(wanted: Schedule, count: int, *, after: str = "2026-03-01T00:00") -> list[PlannedStart]:
    """Return the next planned starts."""
    return list(islice(planned_starts(wanted, after=datetime.fromisoformat(after).replace(tzinfo=UTC)), count))


RULES = ("FREQ=MINUTELY;INTERVAL=20", "FREQ=HOURLY", "FREQ=DAILY;BYHOUR=8,9,13,20", "FREQ=SECONDLY;INTERVAL=100")


@settings(max_examples=40, deadline=None)
@given(
    rule=st.sampled_from(RULES),
    seed=st.integers(1, 2**31 - 1),
    window_s=st.floats(0, 7200),
    spare=st.floats(0.2, 4.0),
    route_s=st.floats(30, 1800),
    reverses=st.booleans(),
)
def test_chance_never_lets_a_place_wait_longer_than_the_bound(
    rule: str, seed: int, window_s: float, spare: float, route_s: float, reverses: bool
) -> None:
    bound_s = spare * 3600
    chance = Chance(window_s=window_s, reverses=reverses, at_most_unseen_s=bound_s, route_s=route_s, seed=seed)
    wanted = schedule(rule, chance=chance)
    starts = drawn(wanted, 40)
    for place_s in (0.0, 0.3 * route_s, route_s):
        seen = [start.at + timedelta(seconds=route_s - place_s if start.is_reversed else place_s) for start in starts]
        for (a, b), (first, second) in zip(pairwise(starts), pairwise(seen), strict=True):
            planned_s = (b.rule_at - a.rule_at).total_seconds()
            assert (second - first).total_seconds() <= max(bound_s, planned_s) + 0.01


@settings(max_examples=25, deadline=None)
@given(rule=st.sampled_from(RULES), seed=st.integers(1, 10**6), minutes=st.integers(0, 3000))
def test_starts_are_the_same_whenever_one_asks(rule: str, seed: int, minutes: int) -> None:
    wanted = schedule(rule, chance=Chance(window_s=1800, reverses=True, at_most_unseen_s=5400, route_s=600, seed=seed))
    starts = drawn(wanted, 60)
    assert all(a.at < b.at for a, b in pairwise(starts))
    assert all(start.rule_at <= start.at < start.rule_at + timedelta(seconds=1800) for start in starts)
    after = starts[0].at + timedelta(minutes=minutes) % (starts[-1].at - starts[0].at)
    expected = next(start for start in starts if start.at > after)
    assert next(planned_starts(wanted, after=after)) == expected
    assert next_start(wanted, after=after) == expected.at
    assert start_at(wanted, expected.at) == expected


def test_chance_uses_its_whole_window_and_both_directions() -> None:
    wanted = schedule("FREQ=HOURLY", chance=Chance(window_s=1200, reverses=True, seed=5))
    starts = drawn(wanted, 400)
    late_s = [(start.at - start.rule_at).total_seconds() for start in starts]
    assert max(late_s) > 1150
    assert min(late_s) < 50
    assert sum(late_s) / len(late_s) == pytest.approx(600, abs=60)
    assert 150 < sum(start.is_reversed for start in starts) < 250
    assert len({start.seed for start in starts}) == 400
    other = drawn(schedule("FREQ=HOURLY", chance=Chance(window_s=1200, reverses=True, seed=6)), 400)
    assert [start.at for start in other] != [start.at for start in starts]


def test_chance_moves_no_start_into_a_blackout() -> None:
    fair = Blackout(first_day=date(2026, 3, 3), last_day=date(2026, 3, 3), because="the fair")
    wanted = schedule("FREQ=DAILY;BYHOUR=23", blackouts=(fair,), chance=Chance(window_s=7200, seed=3))
    days = [start.at.astimezone(SHANGHAI).date() for start in drawn(wanted, 40)]
    assert date(2026, 3, 3) not in days
    assert len(days) == 40


def test_what_is_not_chosen_is_what_it_always_was() -> None:
    plain = schedule()
    assert (plain.days, plain.on_overlap, plain.on_missed) == (Days.EVERY_DAY, OnOverlap.SKIP, OnMissed.SKIP)
    assert plain.chance is None
    assert all(start.seed is None and start.at == start.rule_at for start in drawn(plain, 3))


def test_starts_between_are_bounded() -> None:
    since = datetime(2026, 3, 1, tzinfo=UTC)
    assert len(starts_between(schedule("FREQ=MINUTELY"), since, since + timedelta(hours=2))) == 120
    assert len(starts_between(schedule("FREQ=MINUTELY"), since, since + timedelta(days=90), most=50)) == 50
