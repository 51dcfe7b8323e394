"""Weekly times over a span of time, against asking every minute."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.windows import is_always_in_force, is_ever_in_force
from geofence.zones import WeeklyWindow, Zone
from tests.geofence.places import box, keep_out

ZONE = keep_out(box(0, 0, 10, 10))
times_of_day = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
windows = st.builds(
    WeeklyWindow, days=st.frozensets(st.integers(1, 7), min_size=1), start=times_of_day, end=times_of_day
)


def asked(zone: Zone, start: datetime, minutes: int) -> list[bool]:
    """Return the zone's own answer for every minute."""
    return [zone.is_in_force(start + timedelta(minutes=n)) for n in range(minutes + 1)]


@given(
    zone_windows=st.lists(windows, min_size=1, max_size=3),
    start_min=st.integers(0, 14 * 24 * 60),
    minutes=st.integers(0, 300),
    time_zone=st.sampled_from(["Asia/Shanghai", "UTC", "Asia/Kathmandu"]),
)
@settings(max_examples=150, deadline=None)
def test_spans_agree_with_asking_every_minute(
    zone_windows: list[WeeklyWindow], start_min: int, minutes: int, time_zone: str
) -> None:
    zone = replace(ZONE, times=tuple(zone_windows), time_zone=time_zone)
    start = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=start_min)
    end = start + timedelta(minutes=minutes)
    answers = asked(zone, start, minutes)

    assert is_ever_in_force(zone, start, end) == any(answers)
    assert is_always_in_force(zone, start, end) == all(answers)


@given(window=windows, start_min=st.integers(-24 * 60, 24 * 60), minutes=st.integers(0, 240))
@settings(max_examples=80, deadline=None)
def test_around_a_change_of_clocks_keep_outs_hold_too_long_rather_than_too_short(
    window: WeeklyWindow, start_min: int, minutes: int
) -> None:
    zone = replace(ZONE, times=(window,), time_zone="Europe/Berlin")
    for change in (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)):
        start = change + timedelta(minutes=start_min)
        answers = asked(zone, start, minutes)
        assert is_ever_in_force(zone, start, start + timedelta(minutes=minutes)) or not any(answers)
        assert all(answers) or not is_always_in_force(zone, start, start + timedelta(minutes=minutes))


def test_a_zone_without_times_always_holds() -> None:
    start = datetime(2026, 1, 5, tzinfo=UTC)

    assert is_ever_in_force(ZONE, start, start)
    assert is_always_in_force(ZONE, start, start + timedelta(days=400))


def test_a_window_over_midnight_belongs_to_the_day_it_begins_on() -> None:
    night = replace(ZONE, times=(WeeklyWindow(days=frozenset({5}), start=time(22), end=time(6)),))
    saturday_5_am = datetime(2026, 1, 9, 21, tzinfo=UTC)

    assert is_ever_in_force(night, saturday_5_am, saturday_5_am)
    assert not is_ever_in_force(night, saturday_5_am + timedelta(days=1), saturday_5_am + timedelta(days=1))
