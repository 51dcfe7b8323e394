"""When people work: hours of the day on the working days of a country, in the site's own time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from core.errors import InvalidInput
from missions.work_days import is_working_day

_LONGEST_DAYS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A stretch of a working day in local time."""

    start: time
    end: time


USUAL = (Shift(start=time(8, 30), end=time(12)), Shift(start=time(13, 30), end=time(18)))
"""Eight hours with a break at noon: an example, like the limits of the kinds; a site names its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkHours:
    """The working day of a site: whose calendar of holidays and make-up days counts, and the hours of a day.

    Raises InvalidInput for an unknown country, no hours, or hours that overlap, go backwards or cross midnight.
    """

    country: str = "CN"
    shifts: tuple[Shift, ...] = USUAL

    def __post_init__(self) -> None:
        is_working_day(date(2026, 1, 1), country=self.country)
        edges = [edge for shift in self.shifts for edge in (shift.start, shift.end)]
        if not edges or any(early >= late for early, late in pairwise(edges)):
            raise InvalidInput(
                "must be stretches of one day, in order and apart",
                where="work.hours",
                remedy='for example [["08:30", "12:00"], ["13:30", "18:00"]]; cut a night shift at midnight',
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCalendar:
    """Counts working time and calendar days in one time zone."""

    time_zone: str
    hours: WorkHours

    @property
    def day(self) -> timedelta:
        """Return how long a working day is."""
        some = date(2026, 1, 1)
        shifts = self.hours.shifts
        lengths = (datetime.combine(some, one.end) - datetime.combine(some, one.start) for one in shifts)
        return sum(lengths, timedelta())

    def after_work(self, start_at: datetime, work: timedelta) -> datetime:
        """Return when *work* has been worked since *start_at* (UTC); time outside of working hours does not count."""
        left = work
        for begins_at, ends_at in self._shifts(start_at):
            from_at = max(begins_at, start_at)
            if ends_at - from_at >= left:
                return from_at + left
            left -= max(ends_at - from_at, timedelta())
        raise InvalidInput(f"there is no end to it within {_LONGEST_DAYS} days", where="limit", remedy="shorten it")

    def after_days(self, start_at: datetime, days: float) -> datetime:
        """Return the same time of day so many calendar days later (UTC), whatever the clocks did between."""
        local = start_at.astimezone(ZoneInfo(self.time_zone)) + timedelta(days=days)
        return local.astimezone(UTC)

    def _shifts(self, start_at: datetime) -> Iterator[tuple[datetime, datetime]]:
        zone = ZoneInfo(self.time_zone)
        first = start_at.astimezone(zone).date()
        for number in range(_LONGEST_DAYS):
            day = first + timedelta(days=number)
            if is_working_day(day, country=self.hours.country):
                for shift in self.hours.shifts:
                    yield _moment(day, shift.start, zone), _moment(day, shift.end, zone)


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
