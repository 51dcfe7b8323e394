"""One feature of a zone file, read into a zone or into problems."""

import math
from collections.abc import Iterable, Mapping
from datetime import time
from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shapely import Polygon

from core.events import Json
from core.ids import ZoneId
from geofence.zone_document import Findings, check_reference
from geofence.zone_rings import read_polygon
from geofence.zones import WeeklyWindow, Zone, ZoneKind

_KNOWN = frozenset(
    {"id", "kind", "name", "name_zh", "floor_agl_m", "ceiling_agl_m", "times", "time_zone", "rules", "grid"}
)
_RULES = frozenset({"vendor", "crowd", "clutter", "parking"})
_HEIGHT_LIMIT_M = 20_000.0
_MIDNIGHT = "24:00"


def read_feature(feature: object, number: int, findings: Findings) -> Zone | None:
    """Return the zone of feature *number* (from 0), or None with what is wrong noted in *findings*."""
    where = f"feature {number + 1}"
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        findings.wrong("not_feature", "is not a GeoJSON Feature", where=where, remedy='give {"type": "Feature", …}')
        return None
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        remedy = "give at least the properties id and kind"
        findings.wrong("no_properties", "has no properties", where=where, remedy=remedy)
        return None
    return _Reader(feature, properties, where, findings).zone()


class _Reader:
    """Reads the properties of one feature; every method notes what is wrong and returns a harmless value."""

    def __init__(
        self, feature: Mapping[str, object], properties: Mapping[str, object], where: str, findings: Findings
    ) -> None:
        zone_id = properties.get("id", feature.get("id"))
        self._feature = feature
        self._properties = properties
        self._id = zone_id if isinstance(zone_id, str) else ""
        self._where = f"{where} ({self._id})" if self._id else where
        self._findings = findings

    def zone(self) -> Zone | None:
        """Return the zone, or None when anything was wrong."""
        before = len(self._findings.problems)
        self._check_id()
        kind = self._kind()
        floor_m, ceiling_m = self._height("floor_agl_m"), self._height("ceiling_agl_m")
        self._check_heights(floor_m, ceiling_m)
        times, time_zone = self._times(), self._time_zone()
        rules, grid = self._rules(kind), self._mapping("grid")
        self._check_unknown()
        polygon = self._polygon()
        if len(self._findings.problems) > before or kind is None or polygon is None:
            return None
        return Zone(
            id=ZoneId(self._id),
            kind=kind,
            polygon=polygon,
            name=self._text("name"),
            name_zh=self._text("name_zh"),
            floor_agl_m=floor_m,
            ceiling_agl_m=ceiling_m,
            times=times,
            time_zone=time_zone,
            rules=cast(Mapping[str, Mapping[str, Json]], rules),
            grid=cast(Mapping[str, Json], grid),
        )

    def _wrong(self, code: str, because: str, remedy: str, **params: str | float | None) -> None:
        self._findings.wrong(code, because, where=self._where, remedy=remedy, params=params)

    def _polygon(self) -> Polygon | None:
        check_reference(self._feature, self._findings, where=self._where)
        geometry = self._feature.get("geometry")
        if not isinstance(geometry, dict):
            self._wrong("no_geometry", "has no geometry", "draw the zone as a Polygon")
            return None
        check_reference(geometry, self._findings, where=self._where)
        return read_polygon(geometry, self._where, self._findings)

    def _check_id(self) -> None:
        if not self._id.strip():
            self._wrong("no_id", "has no id", "give every zone a short id of its own (text)")
        elif self._id in self._findings.ids:
            self._wrong(
                "double_id", f"the id {self._id!r} is used twice", "give every zone an id of its own", id=self._id
            )
        self._findings.ids.add(self._id)

    def _kind(self) -> ZoneKind | None:
        kind = self._properties.get("kind")
        if isinstance(kind, str) and kind in frozenset(ZoneKind):
            return ZoneKind(kind)
        known = ", ".join(ZoneKind)
        self._wrong("unknown_kind", f"the kind {kind!r:.40} is not known", f"use one of {known}", kind=str(kind)[:40])
        return None

    def _text(self, name: str) -> str:
        value = self._properties.get(name)
        return value if isinstance(value, str) else ""

    def _height(self, name: str) -> float | None:
        value = self._properties.get(name)
        if value is None:
            return None
        if _is_number(value) and abs(cast(float, value)) <= _HEIGHT_LIMIT_M:
            return float(cast(float, value))
        remedy = "give metres above the ground, or null for no limit"
        self._wrong(
            "bad_height", f"{name} is {value!r:.40}, not a height in metres", remedy, field=name, value=str(value)[:40]
        )
        return None

    def _check_heights(self, floor_m: float | None, ceiling_m: float | None) -> None:
        if floor_m is not None and ceiling_m is not None and floor_m >= ceiling_m:
            because = f"is upside down: the floor ({floor_m:g} m) is not below the ceiling ({ceiling_m:g} m)"
            self._wrong("upside_down", because, "exchange floor and ceiling", floor_m=floor_m, ceiling_m=ceiling_m)

    def _time_zone(self) -> str:
        name = self._properties.get("time_zone") or "Asia/Shanghai"
        try:
            ZoneInfo(str(name))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            remedy = "use a name such as Asia/Shanghai"
            self._wrong(
                "unknown_time_zone", f"the time zone {name!r:.40} is not known", remedy, time_zone=str(name)[:40]
            )
        return str(name)

    def _times(self) -> tuple[WeeklyWindow, ...]:
        times = self._properties.get("times")
        if times is None:
            return ()
        if not isinstance(times, list):
            self._wrong("bad_times", "times is not a list", 'give [{"days": [1, 2], "start": "08:00", "end": "18:00"}]')
            return ()
        return tuple(window for n, entry in enumerate(times) if (window := self._window(entry, n)))

    def _window(self, entry: object, number: int) -> WeeklyWindow | None:
        days, start, end = (
            (entry.get(name) for name in ("days", "start", "end")) if isinstance(entry, dict) else (None,) * 3
        )
        start_time, end_time = _time_of_day(start), _time_of_day(end)
        if not _are_days(days) or start_time is None or end_time is None or start == _MIDNIGHT:
            because = f"times[{number}] cannot be read: {entry!r:.80}"
            remedy = 'days are numbers 1 (Monday) to 7, start and end "HH:MM"'
            self._wrong("bad_window", because, remedy, number=number)
            return None
        return WeeklyWindow(days=frozenset(cast(Iterable[int], days)), start=start_time, end=end_time)

    def _mapping(self, name: str) -> Mapping[str, object]:
        value = self._properties.get(name)
        if value is None or (isinstance(value, dict) and not _has_nan(value)):
            return value or {}
        self._wrong("bad_mapping", f"{name} is not an object of plain values", f"give {name} as an object", field=name)
        return {}

    def _rules(self, kind: ZoneKind | None) -> Mapping[str, object]:
        rules = self._mapping("rules")
        for name, parameters in rules.items():
            self._check_rule(name, parameters)
        if kind is ZoneKind.RULE and not self._properties.get("rules"):
            self._wrong("no_rules", "is a rule zone without rules", f"name one of {', '.join(sorted(_RULES))}")
        if rules and kind not in (ZoneKind.RULE, None):
            self._odd("rules_unused", "has rules but is not a rule zone, so they do nothing", "use the kind rule")
        return rules

    def _check_rule(self, name: str, parameters: object) -> None:
        if name not in _RULES:
            known = ", ".join(sorted(_RULES))
            self._odd("unknown_rule", f"the rule {name!r} is not known here", f"known rules are {known}", rule=name)
        if not isinstance(parameters, dict):
            self._wrong(
                "bad_rule", f"the rule {name!r} has no parameters", "give its parameters as an object", rule=name
            )
            return
        for parameter, value in parameters.items():
            if isinstance(value, int | float) and value < 0:
                because = f"{parameter} of the rule {name!r} is negative"
                self._wrong("bad_rule_number", because, "give a number of at least 0", rule=name, parameter=parameter)

    def _odd(self, code: str, because: str, remedy: str, **params: str) -> None:
        self._findings.odd(code, because, where=self._where, remedy=remedy, params=params)

    def _check_unknown(self) -> None:
        for name in sorted(set(self._properties) - _KNOWN):
            remedy = f"known properties are {', '.join(sorted(_KNOWN))}"
            self._odd(
                "unknown_property",
                f"the property {name!r:.40} is not known and does nothing",
                remedy,
                property=name[:40],
            )


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return not isinstance(value, float) or math.isfinite(value)


def _has_nan(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_nan(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_nan(item) for item in value)
    return isinstance(value, float) and not math.isfinite(value)


def _are_days(days: object) -> bool:
    return isinstance(days, list) and bool(days) and all(type(day) is int and 1 <= day <= 7 for day in days)


def _time_of_day(text: object) -> time | None:
    if text == _MIDNIGHT:
        return time(0)
    if not isinstance(text, str) or len(text) != 5 or text[2] != ":":
        return None
    try:
        return time.fromisoformat(text)
    except ValueError:
        return None
