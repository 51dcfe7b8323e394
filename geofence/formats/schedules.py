"""Weekly times of ED-269 and ED-318, read tolerantly: `00:00Z`, `00:00:00.00Z`, offsets, days by name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from geofence.formats.choices import ImportChoices
from geofence.zone_document import Findings
from geofence.zones import WeeklyWindow

DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_TIME = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:\.\d*)?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_DAY_MIN = 24 * 60
Times = list[dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clock:
    """A time of day in whole minutes, the seconds beyond them, and minutes east of UTC where they are given."""

    minutes: int
    seconds: int
    offset_min: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleReader:
    """Turns daily periods into weekly windows; a keep-out never holds for a shorter time than the file says."""

    choices: ImportChoices
    findings: Findings
    where: str

    def weekly(self, periods: Sequence[object]) -> tuple[Times, str] | None:
        """Return windows with their time zone; None: always (also where daylight decides)."""
        if any(_has_event(period) for period in periods):
            because = "holds by sunrise or sunset, which weekly times cannot say; it counts always"
            self.findings.odd("daylight", because, where=self.where, remedy="give fixed times where that matters")
            return None
        read = [self._period(period) for period in periods]
        if any(window is None for window in read):
            return None
        windows = [window for window in read if window is not None]
        offsets = {start.offset_min is None for _, start, _ in windows} | {
            end.offset_min is None for _, _, end in windows
        }
        if offsets == {True}:
            return self._in_named_zone(windows)
        if offsets == {False}:
            return [_utc_window(*window) for window in windows], "UTC"
        self._wrong("mixed_zones", "some times name their zone and some do not", "give every time as hh:mmZ")
        return None

    def _in_named_zone(self, windows: list[tuple[frozenset[int], _Clock, _Clock]]) -> tuple[Times, str] | None:
        if self.choices.time_zone is None:
            remedy = "say in which zone (--time-zone Asia/Shanghai), or give times as hh:mmZ"
            self._wrong("time_without_zone", "the times of day name no time zone", remedy)
            return None
        because = f"the times of day were taken in {self.choices.time_zone}"
        params = {"time_zone": self.choices.time_zone}
        self.findings.odd("time_zone_assumed", because, where=self.where, remedy="check the zone", params=params)
        return [_window(days, start.minutes, _end_minutes(end)) for days, start, end in windows], self.choices.time_zone

    def _period(self, period: object) -> tuple[frozenset[int], _Clock, _Clock] | None:
        raw = period if isinstance(period, dict) else {}
        days = self._days(raw.get("day", raw.get("days")))
        start, end = _clock(raw.get("startTime")), _clock(raw.get("endTime"))
        if days and start and end:
            return days, start, end
        remedy = 'give {"day": ["MON"], "startTime": "08:00Z", "endTime": "18:00Z"}'
        self._wrong("bad_schedule", f"a daily period cannot be read: {period!r:.80}", remedy)
        return None

    def _days(self, raw: object) -> frozenset[int]:
        names = [raw] if isinstance(raw, str) else raw
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            return frozenset()
        if any(name.upper() == "ANY" for name in names):
            return frozenset(range(1, 8))
        known = [DAYS.index(name.upper()[:3]) + 1 for name in names if name.upper()[:3] in DAYS]
        return frozenset(known) if len(known) == len(names) else frozenset()

    def _wrong(self, code: str, because: str, remedy: str) -> None:
        self.findings.wrong(code, because, where=self.where, remedy=remedy)


def utc_period(window: WeeklyWindow, offset_min: int) -> dict[str, object]:
    """Return *window*, whose clock runs *offset_min* east of UTC, as a daily period of ED-269 and ED-318."""
    start = window.start.hour * 60 + window.start.minute - offset_min
    end = window.end.hour * 60 + window.end.minute - offset_min
    days = sorted((day - 1 + start // _DAY_MIN) % 7 for day in window.days)
    return {"day": [DAYS[day] for day in days], "startTime": _told(start), "endTime": _told(end)}


def _told(minutes: int) -> str:
    return f"{minutes % _DAY_MIN // 60:02d}:{minutes % 60:02d}:00.00Z"


def _has_event(period: object) -> bool:
    return isinstance(period, dict) and bool(period.get("startEvent") or period.get("endEvent"))


def _clock(text: object) -> _Clock | None:
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3] or 0)
    if hours > 24 or minutes > 59 or seconds > 59 or hours * 60 + minutes > _DAY_MIN:
        return None
    return _Clock(minutes=hours * 60 + minutes, seconds=seconds, offset_min=_offset_min(found[4]))


def _offset_min(text: str | None) -> int | None:
    if text is None:
        return None
    if text == "Z":
        return 0
    sign = -1 if text[0] == "-" else 1
    return sign * (int(text[1:3]) * 60 + int(text[-2:]))


def _end_minutes(end: _Clock) -> int:
    return end.minutes + (1 if end.seconds else 0)


def _utc_window(days: frozenset[int], start: _Clock, end: _Clock) -> dict[str, object]:
    begin = start.minutes - (start.offset_min or 0)
    shift = begin // _DAY_MIN
    shifted = frozenset((day - 1 + shift) % 7 + 1 for day in days)
    return _window(shifted, begin % _DAY_MIN, (_end_minutes(end) - (end.offset_min or 0)) % _DAY_MIN)


def _window(days: frozenset[int], start_min: int, end_min: int) -> dict[str, object]:
    return {"days": sorted(days), "start": _hours(start_min % _DAY_MIN), "end": _hours(end_min % _DAY_MIN)}


def _hours(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
