"""Zones: where and when vehicles may be, and what is not allowed on the ground there."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from shapely.geometry import Polygon, mapping

from core.events import Json
from core.ids import ZoneId


class ZoneKind(StrEnum):
    """What a zone is for."""

    KEEP_IN = "keep_in"
    """Vehicles stay inside the union of these."""
    KEEP_OUT = "keep_out"
    """No vehicle enters, between floor and ceiling, while its times hold."""
    RULE = "rule"
    """Perception's rules with their parameters hold here."""
    GRID = "grid"
    """A unit grid cell with its responsible grid worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyWindow:
    """Days (1 = Monday … 7) and local times of day; an end before or at the start runs into the next day."""

    days: frozenset[int]
    start: time
    end: time

    def contains(self, moment: datetime) -> bool:
        """Say whether *moment* (aware, in the zone's own time zone) lies in the window."""
        clock = moment.time().replace(tzinfo=None)
        if self.start < self.end:
            return moment.isoweekday() in self.days and self.start <= clock < self.end
        day_before = (moment.isoweekday() - 2) % 7 + 1
        return (moment.isoweekday() in self.days and clock >= self.start) or (
            day_before in self.days and clock < self.end
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A polygon in WGS-84 with a floor, a ceiling and times; none of them given means without limit."""

    id: ZoneId
    kind: ZoneKind
    polygon: Polygon
    name: str = ""
    name_zh: str = ""
    floor_agl_m: float | None = None
    ceiling_agl_m: float | None = None
    times: tuple[WeeklyWindow, ...] = ()
    time_zone: str = "Asia/Shanghai"
    rules: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """Rule name ("vendor", "crowd", "clutter") to its parameters, for `RULE` zones."""
    grid: Mapping[str, Json] = field(default_factory=dict)
    """Responsible unit and worker ("unit", "worker" = user name), for `GRID` zones."""

    def is_in_force(self, moment: datetime) -> bool:
        """Say whether the zone holds at *moment* (aware)."""
        if not self.times:
            return True
        local = moment.astimezone(ZoneInfo(self.time_zone))
        return any(window.contains(local) for window in self.times)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneSet:
    """All zones of a site; immutable, known by the hash of its canonical text."""

    zones: tuple[Zone, ...]
    _hash: list[str] = field(default_factory=list, init=False, repr=False, compare=False)
    """Holds the hash once it was asked for."""

    def of_kind(self, kind: ZoneKind) -> Iterator[Zone]:
        """Yield the zones of one kind, in file order."""
        return (zone for zone in self.zones if zone.kind is kind)

    @property
    def hash(self) -> str:
        """Return the SHA-256 of the canonical GeoJSON, in hexadecimal."""
        if not self._hash:
            self._hash.append(hashlib.sha256(canonical_text(self).encode()).hexdigest())
        return self._hash[0]


def canonical_text(zones: ZoneSet) -> str:
    """Return the zones as GeoJSON text that is equal for equal zones."""
    collection = {"type": "FeatureCollection", "features": [to_feature(zone) for zone in zones.zones]}
    return json.dumps(collection, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def to_feature(zone: Zone) -> dict[str, object]:
    """Return the GeoJSON feature of *zone*; `geofence.zone_files` reads it back."""
    properties: dict[str, object] = {
        "id": zone.id,
        "kind": zone.kind.value,
        "name": zone.name,
        "name_zh": zone.name_zh,
        "floor_agl_m": zone.floor_agl_m,
        "ceiling_agl_m": zone.ceiling_agl_m,
        "times": [
            {"days": sorted(w.days), "start": w.start.strftime("%H:%M"), "end": w.end.strftime("%H:%M")}
            for w in zone.times
        ],
        "time_zone": zone.time_zone,
        "rules": {name: dict(parameters) for name, parameters in zone.rules.items()},
        "grid": dict(zone.grid),
    }
    return {"type": "Feature", "geometry": mapping(zone.polygon), "properties": properties}
