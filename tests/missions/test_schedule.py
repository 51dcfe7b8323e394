"""When patrols start."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from core.errors import InvalidInput
from missions.patrol import Schedule
from missions.schedule import check_schedule, next_start


def schedule(rule: str, first: str = "2026-01-01T06:30:00", time_zone: str = "Asia/Shanghai") -> Schedule:
    """Return a schedule from text."""
    return Schedule(rule=rule, first_start_local=datetime.fromisoformat(first), time_zone=time_zone)


def starts(wanted: Schedule, after: datetime, count: int) -> list[datetime]:
    """Return the next *count* starts."""
    found: list[datetime] = []
    for _ in range(count):
        following = next_start(wanted, after=found[-1] if found else after)
        assert following is not None
        found.append(following)
    return found


def utc(text: str) -> datetime:
    """Return an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_daily_start_is_read_on_the_local_clock() -> None:
    daily = schedule("FREQ=DAILY")

    assert next_start(daily, after=utc("2026-11-21T08:00")) == utc("2026-11-21T22:30")
    assert next_start(daily, after=utc("2026-11-21T22:30")) == utc("2026-11-22T22:30")


def test_nothing_starts_before_the_first_start() -> None:
    assert next_start(schedule("FREQ=MINUTELY"), after=utc("2020-01-01T00:00")) == utc("2025-12-31T22:30")
    assert next_start(schedule("FREQ=DAILY"), after=utc("2020-01-01T00:00")) == utc("2025-12-31T22:30")


def test_missed_starts_are_left_out() -> None:
    assert next_start(schedule("FREQ=SECONDLY;INTERVAL=100"), after=utc("2026-11-21T08:00:07")) == utc(
        "2026-11-21T08:01:40"
    )


def test_a_long_running_short_rule_keeps_its_phase() -> None:
    rule = schedule("FREQ=SECONDLY;INTERVAL=100", "2026-01-01T00:00:30")
    found = starts(rule, utc("2031-07-01T00:00"), 3)
    first = datetime(2026, 1, 1, 0, 0, 30, tzinfo=ZoneInfo("Asia/Shanghai"))

    assert [(start - first) % timedelta(seconds=100) for start in found] == [timedelta(0)] * 3
    assert found[2] - found[0] == timedelta(seconds=200)


def test_weekdays_and_hours_of_the_shop_street() -> None:
    rule = schedule("FREQ=WEEKLY;BYDAY=MO,FR;BYHOUR=7,19;BYMINUTE=0;BYSECOND=0")

    assert starts(rule, utc("2026-11-21T08:00"), 3) == [
        utc("2026-11-22T23:00"),
        utc("2026-11-23T11:00"),
        utc("2026-11-26T23:00"),
    ]


def test_every_seven_minutes_in_the_evening_is_found_at_once_years_later() -> None:
    rule = schedule("FREQ=MINUTELY;INTERVAL=7;BYHOUR=20")
    (start,) = starts(rule, utc("2033-11-21T08:00"), 1)

    assert start.astimezone(ZoneInfo("Asia/Shanghai")).hour == 20


def test_a_start_that_the_change_of_clocks_skips_uses_the_offset_before_it() -> None:
    rule = schedule("FREQ=DAILY", "2026-03-01T02:30:00", "Europe/Berlin")

    assert starts(rule, utc("2026-03-27T12:00"), 3) == [
        utc("2026-03-28T01:30"),
        utc("2026-03-29T01:30"),
        utc("2026-03-30T00:30"),
    ]


def test_a_start_that_exists_twice_takes_place_once() -> None:
    rule = schedule("FREQ=DAILY", "2026-10-01T02:30:00", "Europe/Berlin")

    assert starts(rule, utc("2026-10-24T12:00"), 2) == [utc("2026-10-25T00:30"), utc("2026-10-26T01:30")]


def test_elapsed_rules_do_not_care_for_a_change_of_clocks() -> None:
    rule = schedule("FREQ=MINUTELY;INTERVAL=30", "2026-10-25T00:00:00", "Europe/Berlin")
    found = starts(rule, utc("2026-10-24T23:00"), 8)

    assert {b - a for a, b in pairwise(found)} == {timedelta(minutes=30)}


@pytest.mark.parametrize("rule", ["FREQ=DAILY;COUNT=3", "FREQ=HOURLY;COUNT=49", "FREQ=DAILY;UNTIL=20260103"])
def test_a_rule_comes_to_its_end(rule: str) -> None:
    found = schedule(rule)

    assert next_start(found, after=utc("2026-01-02T12:00")) == utc("2026-01-02T22:30") or "HOURLY" in rule
    assert next_start(found, after=utc("2026-01-03T00:00")) is None


def test_until_with_a_zone_is_an_instant() -> None:
    rule = schedule("FREQ=DAILY;UNTIL=20260102T223000Z")

    assert next_start(rule, after=utc("2026-01-02T12:00")) == utc("2026-01-02T22:30")
    assert next_start(schedule("FREQ=DAILY;UNTIL=20260102T222959Z"), after=utc("2026-01-02T12:00")) is None


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("", "not a part"),
        ("every day", "not a part"),
        ("INTERVAL=2", "FREQ"),
        ("FREQ=FORTNIGHTLY", "FREQ"),
        ("FREQ=DAILY;FREQ=WEEKLY", "twice"),
        ("FREQ=DAILY;DTSTART=20260101", "not a part"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL"),
        ("FREQ=DAILY;COUNT=x", "COUNT"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "exclude"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL"),
        ("FREQ=DAILY;BYHOUR=77", "cannot be read"),
        ("FREQ=WEEKLY;BYDAY=XX", "cannot be read"),
        ("FREQ=SECONDLY", "that often"),
        ("FREQ=SECONDLY;INTERVAL=60;BYHOUR=8", "not supported"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "no such month"),
        ("FREQ=MINUTELY;BYMONTH=2,4;BYMONTHDAY=31", "no such month"),
        ("FREQ=MINUTELY;BYSETPOS=2", "not supported"),
        ("FREQ=DAILY;UNTIL=20250101", "never"),
    ],
)
def test_a_bad_rule_is_refused_with_a_remedy(rule: str, says: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_schedule(schedule(rule))
    assert says in str(caught.value)
    assert caught.value.remedy


def test_a_bad_time_zone_or_an_offset_is_refused() -> None:
    with pytest.raises(InvalidInput, match="Asia/Beijing"):
        check_schedule(schedule("FREQ=DAILY", time_zone="Asia/Beijing"))
    with pytest.raises(InvalidInput, match="local time"):
        check_schedule(schedule("FREQ=DAILY", "2026-01-01T06:30:00+08:00"))


@pytest.mark.parametrize("rule", ["RRULE:FREQ=DAILY", "freq=daily;interval=2", "FREQ=MONTHLY;BYDAY=-1FR"])
def test_rules_as_other_programs_write_them_are_read(rule: str) -> None:
    check_schedule(schedule(rule))
