"""When a rule gives a start: RFC 5545 recurrence in a named time zone, before anything else is asked.

Rules of days and longer are read on the wall clock of the zone: a start at 02:30 that does not exist in the night of
the change is taken with the offset before the change, one that exists twice is its first (RFC 5545, 3.3.5). Rules of
hours, minutes and seconds without BY parts count elapsed time, so a change of clocks neither doubles nor drops starts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import count
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrule, rrulestr

from core.errors import InvalidInput
from missions.patrol import Schedule

_STEPS = {"SECONDLY": timedelta(seconds=1), "MINUTELY": timedelta(minutes=1), "HOURLY": timedelta(hours=1)}
_FREQUENCIES = (*_STEPS, "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_BY_TIMES = frozenset({"BYSECOND", "BYMINUTE", "BYHOUR"})
_BY_PARTS = _BY_TIMES | {"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS"}
_PARTS = _BY_PARTS | {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SHORTEST = timedelta(seconds=10)
_FARTHEST = timedelta(days=366 * 30)
"""A rule that gives no start for this long never will (29 February on a Monday comes every 28 years)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    parts: Mapping[str, str]
    first: datetime
    """Local, without zone."""
    zone: ZoneInfo
    until: datetime | None
    """Aware."""

    @property
    def step(self) -> timedelta | None:
        """Return the time between two starts, for rules that count elapsed time."""
        unit = _STEPS.get(self.parts["FREQ"])
        return None if unit is None or _BY_PARTS & self.parts.keys() else unit * int(self.parts.get("INTERVAL", "1"))


def check_rule(schedule: Schedule) -> None:
    """Raise InvalidInput, naming the part and the remedy, unless the rule can be read and gives some start."""
    rule = _read(schedule.rule, schedule.first_start_local, schedule.time_zone)
    before = rule.first.replace(tzinfo=rule.zone) - timedelta(days=1)
    if next_by_rule(schedule, after=before) is None:
        raise InvalidInput("the rule never gives a start", where="rule", remedy="check UNTIL and the BY parts")


def next_by_rule(schedule: Schedule, *, after: datetime) -> datetime | None:
    """Return the first start later than *after* (aware), in UTC; None when there is none. Raises InvalidInput."""
    return next(starts_by_rule(schedule, after=after), None)


def starts_by_rule(schedule: Schedule, *, after: datetime) -> Iterator[datetime]:
    """Yield the starts later than *after* (aware), in UTC and in order. Raises InvalidInput."""
    rule = _read(schedule.rule, schedule.first_start_local, schedule.time_zone)
    for start in _elapsed(rule, rule.step, after) if rule.step else _local(rule, after):
        if rule.until is not None and start > rule.until:
            return
        yield start.astimezone(UTC)


def _elapsed(rule: _Rule, step: timedelta, after: datetime) -> Iterator[datetime]:
    first = rule.first.replace(tzinfo=rule.zone).astimezone(UTC)
    begin = max(0, (after - first) // step + 1)
    numbers = range(begin, int(rule.parts["COUNT"])) if "COUNT" in rule.parts else count(begin)
    for number in numbers:
        try:
            yield first + number * step
        except OverflowError:  # the year 9999 is over
            return


def _local(rule: _Rule, after: datetime) -> Iterator[datetime]:
    first = rule.first.replace(tzinfo=rule.zone)
    for local in _local_starts(rule, after):
        start = local.replace(tzinfo=rule.zone).astimezone(UTC)
        if start > max(after, first) + _FARTHEST:
            return
        if start > after:
            after = start
            yield start


def _local_starts(rule: _Rule, after: datetime) -> Iterator[datetime]:
    parsed = rrulestr(_without_until(rule.parts), dtstart=_late_first(rule, after))
    assert isinstance(parsed, rrule)
    earliest = after.astimezone(rule.zone).replace(tzinfo=None) - timedelta(hours=3)
    return parsed.xafter(earliest, inc=True)


def _late_first(rule: _Rule, after: datetime) -> datetime:
    """Return a start of the same series not long before *after*, so that short rules are not counted from the first."""
    unit = _STEPS.get(rule.parts["FREQ"])
    if unit is None or "COUNT" in rule.parts:
        return rule.first
    step = unit * int(rule.parts.get("INTERVAL", "1"))
    passed = (after.astimezone(rule.zone).replace(tzinfo=None) - timedelta(days=1) - rule.first) // step
    return rule.first + max(0, passed) * step


@lru_cache(maxsize=1024)
def _read(text: str, first: datetime, time_zone: str) -> _Rule:
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        remedy = "use a name such as Asia/Shanghai"
        raise InvalidInput(f"unknown time zone {time_zone!r}", where="time_zone", remedy=remedy) from error
    if first.tzinfo is not None:
        raise InvalidInput("must be local time without an offset", where="first_start_local", remedy="leave it out")
    parts = _parts(text)
    _check_numbers(parts)
    _check_combination(parts)
    try:
        rrulestr(_without_until(parts), dtstart=first)
    except (ValueError, TypeError, KeyError) as error:
        remedy = "write it as in RFC 5545, such as FREQ=WEEKLY;BYDAY=MO,FR"
        raise InvalidInput(f"cannot be read: {error}", where="rule", remedy=remedy) from error
    return _Rule(parts=parts, first=first, zone=zone, until=_until(parts, zone))


def _without_until(parts: Mapping[str, str]) -> str:
    return ";".join(f"{name}={value}" for name, value in parts.items() if name != "UNTIL")


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for piece in text.strip().upper().removeprefix("RRULE:").split(";"):
        name, equals, value = piece.partition("=")
        if not equals or not value or name not in _PARTS:
            known = ", ".join(sorted(_PARTS))
            raise InvalidInput(
                f"{piece!r:.60} is not a part of a recurrence rule", where="rule", remedy=f"parts: {known}"
            )
        if name in parts:
            raise InvalidInput(f"{name} is given twice", where="rule", remedy="give every part once")
        parts[name] = value
    if parts.get("FREQ") not in _FREQUENCIES:
        raise InvalidInput("FREQ is missing or unknown", where="rule", remedy=f"use one of {', '.join(_FREQUENCIES)}")
    return parts


def _check_numbers(parts: Mapping[str, str]) -> None:
    for name in ("INTERVAL", "COUNT"):
        value = parts.get(name, "1")
        if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 10_000_000:
            raise InvalidInput(f"{name} is {value!r:.40}", where="rule", remedy=f"{name} is a whole number from 1 on")


def _check_combination(parts: Mapping[str, str]) -> None:
    if "COUNT" in parts and "UNTIL" in parts:
        raise InvalidInput("COUNT and UNTIL exclude each other", where="rule", remedy="give one of them")
    by_parts = _BY_PARTS & parts.keys()
    if parts["FREQ"] == "SECONDLY" and by_parts:
        remedy = "use MINUTELY or a longer frequency with it"
        raise InvalidInput(f"{', '.join(sorted(by_parts))} with SECONDLY is not supported", where="rule", remedy=remedy)
    if "BYSETPOS" in parts and parts["FREQ"] not in {"WEEKLY", "MONTHLY", "YEARLY"}:
        remedy = "use it with WEEKLY, MONTHLY or YEARLY"
        raise InvalidInput(f"BYSETPOS with {parts['FREQ']} is not supported", where="rule", remedy=remedy)
    _check_days(parts)
    if parts["FREQ"] == "SECONDLY" and int(parts.get("INTERVAL", "1")) * _STEPS["SECONDLY"] < _SHORTEST:
        remedy = f"give an INTERVAL of at least {_SHORTEST.seconds}"
        raise InvalidInput("a patrol cannot start that often", where="rule", remedy=remedy)


def _check_days(parts: Mapping[str, str]) -> None:
    """Refuse days that no month has: the search for them would not end."""
    months = [int(month) for month in parts.get("BYMONTH", "").split(",") if month.isdigit()]
    days = [abs(int(day)) for day in parts.get("BYMONTHDAY", "").split(",") if day.lstrip("+-").isdigit()]
    longest = max((_LONGEST_MONTHS[month - 1] for month in months if 1 <= month <= 12), default=31)
    if days and min(days) > longest:
        remedy = "give a day that the month has"
        raise InvalidInput(f"no such month has a day {min(days)}", where="rule", remedy=remedy)


def _until(parts: Mapping[str, str], zone: ZoneInfo) -> datetime | None:
    text = parts.get("UNTIL")
    if text is None:
        return None
    try:
        if text.endswith("Z"):
            return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if "T" in text:
            return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=zone)
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=zone) + timedelta(days=1, microseconds=-1)
    except ValueError as error:
        remedy = "write UNTIL=20261231T155959Z"
        raise InvalidInput(f"UNTIL is {text!r:.40}", where="rule", remedy=remedy) from error
