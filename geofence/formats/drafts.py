"""Zones in the making, from any format: features in our own form, which are then read like those of our own files."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from geofence.formats.choices import ImportChoices
from geofence.formats.circles import circle_ring
from geofence.positions import GeoPosition
from geofence.zone_document import Findings
from geofence.zones import ZoneKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """A circle as a file gives it: [lon, lat] and metres."""

    centre: object
    radius_m: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One zone as read: its shape is a circle, or rings of positions (the first is the outer one)."""

    identifier: str
    kind: ZoneKind
    shape: Circle | Sequence[object]
    name: str = ""
    name_zh: str = ""
    floor_agl_m: float | None = None
    ceiling_agl_m: float | None = None
    times: Sequence[dict[str, object]] = ()
    time_zone: str = "Asia/Shanghai"
    more: dict[str, object] = field(default_factory=dict)
    """Other properties of our own form, as they are."""


@dataclass(slots=True, kw_only=True)
class Drafts:
    """Collects the drafts of one file."""

    findings: Findings
    choices: ImportChoices
    features: list[object] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)
    _next_numbers: dict[str, int] = field(default_factory=dict)
    _told: set[tuple[str, str]] = field(default_factory=set)

    def add(self, draft: Draft) -> None:
        """Take a draft; one with no height left is left out, and that is told."""
        where = draft.identifier
        if draft.ceiling_agl_m is not None and draft.ceiling_agl_m <= 0:
            because = f"ends {-draft.ceiling_agl_m:g} m below the ground and was left out"
            self.findings.odd("below_ground", because, where=where, remedy="check the altitude of the ground")
            return
        rings = self._rings(draft, where)
        if rings is None:
            return
        properties: dict[str, object] = {
            "id": self._unique(draft.identifier),
            "kind": draft.kind.value,
            "name": draft.name,
            "name_zh": draft.name_zh,
            "floor_agl_m": None if draft.floor_agl_m is None else max(0.0, draft.floor_agl_m),
            "ceiling_agl_m": draft.ceiling_agl_m,
            "times": list(draft.times),
            "time_zone": draft.time_zone,
        }
        geometry = {"type": "Polygon", "coordinates": rings}
        self.features.append({"type": "Feature", "properties": properties | draft.more, "geometry": geometry})

    def once(self, code: str, because: str, remedy: str, *, about: str = "", where: str = "") -> None:
        """Note something odd once for the whole file."""
        if (code, about) not in self._told:
            self._told.add((code, about))
            self.findings.odd(code, because, where=where, remedy=remedy, params={"about": about})

    def _unique(self, identifier: str) -> str:
        plain = identifier.strip() or "zone"
        name, number = plain, self._next_numbers.get(plain, 1)
        while name in self._ids:
            number += 1
            name = f"{plain}-{number}"
        self._next_numbers[plain] = number
        if name != plain:
            because = f"the identifier {plain!r} is used more than once; this one became {name!r}"
            self.findings.odd("id_made_unique", because, where=name, remedy="nothing is lost", params={"id": name})
        self._ids.add(name)
        return name

    def _rings(self, draft: Draft, where: str) -> list[object] | None:
        if not isinstance(draft.shape, Circle):
            return [self._closed(ring, where) for ring in draft.shape]
        centre, radius_m = _position(draft.shape.centre), draft.shape.radius_m
        if centre is None or isinstance(radius_m, bool) or not isinstance(radius_m, int | float):
            because = f"is a circle without a centre or a radius: {draft.shape.centre!r:.40}, {radius_m!r:.20}"
            self.findings.wrong("bad_circle", because, where=where, remedy="give [lon, lat] and a radius in metres")
            return None
        if not 0 < radius_m <= 1e6:
            because = f"is a circle with a radius of {radius_m:g} m"
            self.findings.wrong("bad_circle", because, where=where, remedy="give a radius of up to 1,000 km in metres")
            return None
        return [circle_ring(centre, float(radius_m), around=draft.kind is not ZoneKind.KEEP_IN)]

    def _closed(self, ring: object, where: str) -> object:
        if isinstance(ring, list) and len(ring) > 1 and isinstance(ring[0], list) and ring[0][:2] != ring[-1][:2]:
            self.once("ring_closed", "rings were closed by their first position", "nothing is lost", where=where)
            return [*ring, ring[0]]
        return ring


def _position(value: object) -> GeoPosition | None:
    if not isinstance(value, list) or len(value) < 2:
        return None
    lon, lat = value[:2]
    numbers = all(isinstance(number, int | float) and not isinstance(number, bool) for number in (lon, lat))
    if not numbers or not (-180 <= lon <= 180 and -90 <= lat <= 90):
        return None
    return GeoPosition(lon_deg=float(lon), lat_deg=float(lat))
