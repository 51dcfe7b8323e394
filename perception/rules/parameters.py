"""Parameters of rules: read from a zone, different by hour, with places and times that are exempt."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from core.errors import InvalidInput
from core.events import Json
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from geofence.zones import WeeklyWindow, Zone
from perception.georeference import GroundPlace
from perception.tracker import Track

P = TypeVar("P")
Q = TypeVar("Q")
_EVERY_DAY = frozenset(range(1, 8))
_READERS: dict[Any, TypeAdapter[Any]] = {}
"""What reads a rule's parameters; each takes a millisecond to make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Times of day (HH:MM, in the zone's time zone) on some days; an end before the start runs into the next day."""

    start: str
    end: str
    days: frozenset[int] = _EVERY_DAY

    def window(self) -> WeeklyWindow:
        """Return the same as a window; raises ValueError for wrong times."""
        start, end = time.fromisoformat(self.start), time.fromisoformat(self.end)
        if not self.days <= _EVERY_DAY:
            raise ValueError("days are 1 (Monday) to 7")
        return WeeklyWindow(days=self.days, start=start, end=end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """Somebody may stand within a radius of a place at certain hours: a licensed breakfast cart."""

    lon_deg: float
    lat_deg: float
    radius_m: float
    hours: tuple[Hours, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LawfulEvent:
    """An event of the calendar, between two moments (ISO 8601 with offset), in the zone or near a place of it."""

    start: datetime
    end: datetime
    name: str = ""
    lon_deg: float | None = None
    lat_deg: float | None = None
    radius_m: float = 50.0
    people_at_most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed(Generic[P]):
    """Parameters of a zone: those that hold always, and others (None: the rule is off) for certain hours."""

    always: P
    by_hour: tuple[tuple[WeeklyWindow, P | None], ...] = ()
    time_zone: str = "Asia/Shanghai"

    def at(self, moment: datetime) -> P | None:
        """Return what holds at *moment* (aware); None when the rule is off."""
        if not self.by_hour:
            return self.always
        local = moment.astimezone(ZoneInfo(self.time_zone))
        return next((values for window, values in self.by_hour if window.contains(local)), self.always)

    def map(self, change: Callable[[P], Q]) -> "Timed[Q]":
        """Return the same with every parameter set changed."""
        by_hour = tuple((window, None if values is None else change(values)) for window, values in self.by_hour)
        return Timed(always=change(self.always), by_hour=by_hour, time_zone=self.time_zone)


def read_parameters(kind: type[P], values: Mapping[str, Json], *, zone: Zone, rule: str) -> Timed[P]:
    """Return a zone's parameters of a rule as *kind*; raises InvalidInput naming the wrong ones.

    `hours` lists what differs: [{"start": "17:00", "end": "21:00", "days": [5, 6], "off": false, …parameters}].
    """
    own = {name: value for name, value in values.items() if name != "hours"}
    always = _read(kind, own, zone=zone, rule=rule)
    by_hour = tuple(_read_row(kind, own, row, zone=zone, rule=rule) for row in _rows(values, zone=zone, rule=rule))
    return Timed(always=always, by_hour=by_hour, time_zone=zone.time_zone)


def _rows(values: Mapping[str, Json], *, zone: Zone, rule: str) -> list[dict[str, Json]]:
    rows = values.get("hours", [])
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        return [row for row in rows if isinstance(row, dict)]
    raise InvalidInput(f"rule {rule!r}: hours is a list of rows", where=f"zone {zone.id}", remedy=_HOURS_REMEDY)


_HOURS_REMEDY = 'write [{"start": "17:00", "end": "21:00", "days": [1, 2], …parameters that differ, or "off": true}]'


def _read_row(
    kind: type[P], own: Mapping[str, Json], row: dict[str, Json], *, zone: Zone, rule: str
) -> tuple[WeeklyWindow, P | None]:
    times = {name: row[name] for name in ("start", "end", "days") if name in row}
    try:
        window: WeeklyWindow = _reader(Hours).validate_python(times).window()
    except (ValidationError, ValueError) as error:
        raise InvalidInput(f"rule {rule!r}: hours: {error}", where=f"zone {zone.id}", remedy=_HOURS_REMEDY) from error
    if row.get("off") is True:
        return window, None
    changed = {name: value for name, value in row.items() if name not in {"start", "end", "days", "off"}}
    return window, _read(kind, {**own, **changed}, zone=zone, rule=rule)


def _read(kind: type[P], values: Mapping[str, Json], *, zone: Zone, rule: str) -> P:
    known = set(getattr(kind, "__dataclass_fields__", {}))
    if unknown := sorted(set(values) - known):
        raise InvalidInput(
            f"rule {rule!r} has no parameters {', '.join(unknown)}",
            where=f"zone {zone.id}",
            remedy=f"known are {', '.join(sorted(known | {'hours'}))}",
        )
    try:
        parameters: P = _reader(kind).validate_python(dict(values))
        return parameters
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InvalidInput(f"rule {rule!r}: {wrong}", where=f"zone {zone.id}") from error


def _reader(kind: type[P]) -> TypeAdapter[P]:
    if kind not in _READERS:
        _READERS[kind] = TypeAdapter(kind)
    return _READERS[kind]


Row = tuple[float, float, float, tuple[WeeklyWindow, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spots:
    """Discs on the ground in local metres, each with the hours for which it holds (none: always)."""

    rows: tuple[Row, ...] = ()
    time_zone: str = "Asia/Shanghai"

    def holds(self, place: GroundPlace, at: datetime) -> bool:
        """Say whether *place* lies in one of them at that moment."""
        return any(self._is_at(row, place) and self._is_open(row, at) for row in self.rows)

    def by_spot(self, tracks: Sequence[Track], at: datetime) -> list[list[Track]]:
        """Return those of *tracks* that lie in each of them, for the ones that hold at that moment."""
        return [
            [one for one in tracks if one.place is not None and self._is_at(row, one.place)]
            for row in self.rows
            if self._is_open(row, at)
        ]

    @staticmethod
    def _is_at(row: Row, place: GroundPlace) -> bool:
        east_m, north_m, radius_m, _ = row
        return math.hypot(place.east_m - east_m, place.north_m - north_m) <= radius_m

    def _is_open(self, row: Row, at: datetime) -> bool:
        windows = row[3]
        return not windows or any(window.contains(at.astimezone(ZoneInfo(self.time_zone))) for window in windows)


def spots_of(licences: tuple[Licence, ...], *, zone: Zone, frame: LocalFrame) -> Spots:
    """Return the discs of *licences*; raises InvalidInput for wrong hours."""
    try:
        rows = tuple(
            (*local_m(frame, one.lon_deg, one.lat_deg), one.radius_m, tuple(hours.window() for hours in one.hours))
            for one in licences
        )
    except ValueError as error:
        raise InvalidInput(f"a licence's hours are wrong: {error}", where=f"zone {zone.id}") from error
    return Spots(rows=rows, time_zone=zone.time_zone)


def local_m(frame: LocalFrame, lon_deg: float, lat_deg: float) -> tuple[float, float]:
    """Return metres east and north of the frame's origin."""
    place = frame.to_local(GeoPosition(lon_deg=lon_deg, lat_deg=lat_deg))
    return place.east_m, place.north_m
