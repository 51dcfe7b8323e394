"""Working time over nights, weekends, holidays, make-up days and the change of clocks."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.errors import InvalidInput
from core.events import Json
from missions.site import site_from_json
from missions.work_calendar import Shift, WorkCalendar, WorkHours

CHINA = WorkCalendar(time_zone="Asia/Shanghai", hours=WorkHours())


def local(text: str, zone: str = "Asia/Shanghai") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-05T09:00", 2, "2026-03-05T11:00"),
        ("2026-03-05T03:00", 2, "2026-03-05T10:30"),
        ("2026-03-05T11:30", 1, "2026-03-05T14:00"),
        ("2026-03-05T12:30", 0.5, "2026-03-05T14:00"),
        ("2026-03-05T17:00", 1, "2026-03-05T18:00"),
        ("2026-03-05T18:00", 1, "2026-03-06T09:30"),
        ("2026-03-06T16:00", 4, "2026-03-09T10:30"),  # a weekend between
        ("2026-02-13T17:00", 4, "2026-02-14T11:30"),  # Saturday makes up for the Spring Festival
        ("2026-02-14T17:00", 2, "2026-02-24T09:30"),  # and then nine days are off
        ("2026-04-03T17:00", 2, "2026-04-07T09:30"),  # Qingming falls on a Sunday, Monday is off for it
        ("2026-12-31T17:00", 2, "2027-01-04T09:30"),  # the year ends
        ("2026-09-30T17:00", 8, "2026-10-08T17:00"),  # the National Day week
        ("2026-10-10T17:30", 1, "2026-10-12T09:00"),  # a Saturday that is worked, a Sunday that is not
    ],
)
def test_working_hours_run_while_people_work(start: str, hours: float, end: str) -> None:
    assert CHINA.after_work(local(start), timedelta(hours=hours)) == local(end)


def test_a_working_day_ends_at_its_hour_of_the_next_one() -> None:
    assert CHINA.day == timedelta(hours=8)
    assert CHINA.after_work(local("2026-03-06T10:00"), CHINA.day) == local("2026-03-09T10:00")
    assert CHINA.after_work(local("2026-03-07T22:00"), CHINA.day) == local("2026-03-09T18:00")


def test_calendar_days_keep_the_time_of_day_when_the_clocks_change() -> None:
    berlin = WorkCalendar(time_zone="Europe/Berlin", hours=WorkHours(country="DE"))
    start = local("2026-03-28T12:00", "Europe/Berlin")
    end = berlin.after_days(start, 2)
    assert end == local("2026-03-30T12:00", "Europe/Berlin")
    assert end - start == timedelta(hours=47)


def test_another_country_has_its_own_holidays_and_hours() -> None:
    long_day = WorkHours(country="US", shifts=(Shift(start=time(7), end=time(19)),))
    new_york = WorkCalendar(time_zone="America/New_York", hours=long_day)
    # Independence Day is a Saturday: Friday is off for it. The night is over five hours later than in UTC.
    assert new_york.after_work(local("2026-07-02T18:00", "America/New_York"), timedelta(hours=2)) == local(
        "2026-07-06T08:00", "America/New_York"
    )


def test_the_zone_decides_which_day_it_is() -> None:
    # 23:00 UTC on a Sunday is Monday morning in Shanghai.
    sunday_utc = datetime(2026, 3, 8, 23, tzinfo=ZoneInfo("UTC"))
    assert CHINA.after_work(sunday_utc, timedelta(hours=1)) == local("2026-03-09T09:30")


@pytest.mark.parametrize(
    ("work", "word"),
    [
        ({"hours": []}, "stretches"),
        ({"hours": [["18:00", "08:30"]]}, "stretches"),
        ({"hours": [["08:30", "12:30"], ["12:00", "18:00"]]}, "stretches"),
        ({"hours": [["08:30", "half past"]]}, "half past"),
        ({"hours": ["08:30"]}, "must be a list"),
        ({"country": "XX"}, "XX"),
        ({"hour": []}, "hour"),
    ],
)
def test_wrong_working_hours_of_a_site_are_refused(work: dict[str, Json], word: str) -> None:
    with pytest.raises(InvalidInput, match=word):
        site_from_json(site_document() | {"work": work})


def test_a_site_names_its_working_day() -> None:
    site = site_from_json(site_document() | {"work": {"hours": [["08:00", "16:00"]]}})
    assert site.work_calendar.after_work(local("2026-03-05T15:00"), timedelta(hours=2)) == local("2026-03-06T09:00")
    assert site_from_json(site_document()).work == WorkHours()


def site_document() -> dict[str, Json]:
    place: Json = {"lon_deg": 121.4, "lat_deg": 31.3}
    heights: dict[str, Json] = {"ground_amsl_m": 4.0, "return_height_agl_m": 45.0, "takeoff_height_agl_m": 25.0}
    return {"name": "x", "time_zone": "Asia/Shanghai", "origin": place, **heights}


def test_make_up_days_of_the_years_to_come_are_weekends_until_they_are_announced() -> None:
    assert date(2031, 1, 4).weekday() == 5
    assert CHINA.after_work(local("2031-01-03T17:00"), timedelta(hours=2)) == local("2031-01-06T09:30")
