"""When zones are in force over a span of time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from geofence.zones import WeeklyWindow, Zone, ZoneKind, ZoneSet

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


def is_ever_in_force(zone: Zone, start_at: datetime, end_at: datetime) -> bool:
    """Say whether *zone* holds at any moment from *start_at* to *end_at* (aware, both included).

    In the hours around a change of clocks a window counts by the old and by the new clock: too often, never too rarely.
    """
    if not zone.times or end_at - start_at >= _WEEK:
        return True
    offsets = _offsets(zone, start_at, end_at)
    return any(
        begin - offset <= _naive_utc(end_at) and _naive_utc(start_at) < end - offset
        for begin, end in _local_spans(zone, start_at, end_at)
        for offset in offsets
    )


def is_always_in_force(zone: Zone, start_at: datetime, end_at: datetime) -> bool:
    """Say whether *zone* holds without a gap from *start_at* to *end_at* (aware, both included)."""
    if not zone.times:
        return True
    offsets = _offsets(zone, start_at, end_at)
    spans = list(_local_spans(zone, start_at, end_at))
    return all(_covers(spans, _naive_utc(start_at) + o, _naive_utc(end_at) + o) for o in offsets)


class ZoneHours:
    """Which zones hold now (keep-outs: or soon); the same answer is the same object, found once a second at most."""

    def __init__(self, zones: ZoneSet, *, lookahead_s: float) -> None:
        self._zones = zones.zones
        self._lookahead = timedelta(seconds=lookahead_s)
        edges = [edge for zone in self._zones for window in zone.times for edge in (window.start, window.end)]
        self._is_for_ever = not edges
        self._is_for_a_second = lookahead_s % 1 == 0 and not any(edge.microsecond for edge in edges)
        self._second: datetime | None = None
        self._answer: tuple[bool, ...] = tuple(True for _ in self._zones)

    def in_force(self, now: datetime) -> tuple[bool, ...]:
        """Return for each zone whether it counts at *now* (aware)."""
        if self._is_for_ever:
            return self._answer
        second = now.replace(microsecond=0)
        if not (self._is_for_a_second and second == self._second):
            self._second = second
            answer = self._find(now)
            self._answer = self._answer if answer == self._answer else answer
        return self._answer

    def _find(self, now: datetime) -> tuple[bool, ...]:
        soon = now + self._lookahead
        return tuple(
            not zone.times or zone.is_in_force(now) or (zone.kind is ZoneKind.KEEP_OUT and zone.is_in_force(soon))
            for zone in self._zones
        )


def _covers(spans: list[tuple[datetime, datetime]], start: datetime, end: datetime) -> bool:
    reached = start
    for begin, stop in sorted(spans):
        if begin > reached:
            break
        reached = max(reached, stop)
    return reached > end


def _local_spans(zone: Zone, start_at: datetime, end_at: datetime) -> Iterator[tuple[datetime, datetime]]:
    local_zone = ZoneInfo(zone.time_zone)
    day = start_at.astimezone(local_zone).replace(tzinfo=None) - 2 * _DAY
    last = end_at.astimezone(local_zone).replace(tzinfo=None) + 2 * _DAY
    while day <= last:
        for window in zone.times:
            if day.isoweekday() in window.days:
                yield _span(window, day)
        day += _DAY


def _span(window: WeeklyWindow, day: datetime) -> tuple[datetime, datetime]:
    begin = datetime.combine(day.date(), window.start)
    end = datetime.combine(day.date(), window.end)
    return begin, end if begin < end else end + _DAY


def _offsets(zone: Zone, start_at: datetime, end_at: datetime) -> set[timedelta]:
    local_zone = ZoneInfo(zone.time_zone)
    count = int((end_at - start_at) / _DAY) + 3
    moments = [start_at + (n - 1) * _DAY for n in range(count)] + [end_at + _DAY]
    return {moment.astimezone(local_zone).utcoffset() or timedelta() for moment in moments}


def _naive_utc(moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
