"""A zone file as a whole: its format and its coordinate reference; and the list of what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.errors import Detail
from geofence.errors import ZoneProblem
from geofence.positions import GeoPosition

_WGS84 = frozenset({"WGS84", "WGS-84", "CGCS2000", "CRS84", "EPSG:4326", "EPSG:4490", "OGC:CRS84"})
_SHIFTED = ("GCJ", "BD-09", "BD09", "BAIDU", "MARS")
_REFERENCE_MEMBERS = ("crs", "coordinate_system", "coordinateSystem", "reference")


@dataclass(slots=True, kw_only=True)
class Findings:
    """What was found so far: wrong things and odd things."""

    near: GeoPosition | None = None
    problems: list[ZoneProblem] = field(default_factory=list)
    warnings: list[ZoneProblem] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def wrong(
        self,
        code: str,
        because: str,
        *,
        where: str = "",
        remedy: str = "",
        at: tuple[float, float] | None = None,
        params: Mapping[str, Detail] | None = None,
    ) -> None:
        """Note something that makes the file unusable, once; *at* is longitude, latitude."""
        problem = _problem(code, because, where, remedy, at, params)
        if not self.problems or self.problems[-1] != problem:
            self.problems.append(problem)

    def keep_first_of_each(self, start: int) -> None:
        """Keep the first of every code since *start*: a projected ring is wrong once, not at every position."""
        firsts = {problem.code: problem for problem in reversed(self.problems[start:])}
        self.problems[start:] = [problem for problem in self.problems[start:] if firsts[problem.code] is problem]

    def odd(
        self,
        code: str,
        because: str,
        *,
        where: str = "",
        remedy: str = "",
        at: tuple[float, float] | None = None,
        params: Mapping[str, Detail] | None = None,
    ) -> None:
        """Note something doubtful or assumed."""
        self.warnings.append(_problem(code, because, where, remedy, at, params))


def _problem(
    code: str,
    because: str,
    where: str,
    remedy: str,
    at: tuple[float, float] | None,
    params: Mapping[str, Detail] | None,
) -> ZoneProblem:
    lon_deg, lat_deg = at or (None, None)
    return ZoneProblem(
        code=code,
        because=because,
        where=where,
        remedy=remedy,
        lon_deg=lon_deg,
        lat_deg=lat_deg,
        params=dict(params or {}),
    )


def features_of(document: dict[str, object] | None, findings: Findings) -> list[object]:
    """Return the features of a collection; notes what it is instead when it is not one."""
    if document is None:
        return []
    other = _other_format(document)
    if other == "TopoJSON":
        remedy = "save it as GeoJSON, with longitudes and latitudes in degrees"
        findings.wrong("topojson", "is TopoJSON, which is not read", remedy=remedy)
        return []
    if other:
        because = f"is {other}; only zones in our own form are taken here"
        remedy = "look at it first with `roundsman zones check`, and convert it (roundsman zones convert)"
        findings.wrong("other_format", because, remedy=remedy, params={"format": other})
        return []
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        remedy = 'give {"type": "FeatureCollection", "features": […]}'
        findings.wrong("not_collection", "is not a GeoJSON FeatureCollection", remedy=remedy)
        return []
    if not features:
        findings.wrong("no_features", "has no features", remedy="draw at least one zone")
    return features


def _other_format(document: Mapping[str, object]) -> str:
    features = document.get("features")
    first = features[0] if isinstance(features, list) and features else None
    if document.get("fileType") == "Plan":
        return "a QGroundControl plan"
    if document.get("type") == "Topology":
        return "TopoJSON"
    if isinstance(first, dict) and "geometry" in first and isinstance(first["geometry"], list):
        return "an ED-269 file"
    return "an ED-269 file" if "UASZoneList" in document else ""


def check_reference(holder: Mapping[str, object], findings: Findings, *, where: str) -> None:
    """Note a coordinate reference that is not WGS-84 (or CGCS2000, which is equal for our purpose)."""
    for member in _REFERENCE_MEMBERS:
        if member not in holder:
            continue
        name = _reference_name(holder[member])
        if _is_wgs84(name):
            continue
        if any(mark in name.upper() for mark in _SHIFTED):
            because = f"is in shifted web-map coordinates ({name}), about 500 m off"
            remedy = "convert it to WGS-84 first (an iterated inverse, two rounds); a fence is never converted silently"
            findings.wrong("shifted_reference", because, where=where, remedy=remedy, params={"reference": name})
        else:
            because = f"is in the coordinate reference {name!r}, not WGS-84"
            remedy = "reproject it to WGS-84 (EPSG:4326) or CGCS2000 (EPSG:4490)"
            findings.wrong("wrong_reference", because, where=where, remedy=remedy, params={"reference": name})


def _reference_name(value: object) -> str:
    if isinstance(value, dict):
        properties = value.get("properties")
        named = properties.get("name") if isinstance(properties, dict) else value.get("name")
        return str(named if named is not None else value)[:80]
    return str(value)[:80]


def _is_wgs84(name: str) -> bool:
    plain = name.upper().replace(" ", "")
    if plain.startswith("URN:OGC:DEF:CRS:"):
        authority, _, code = plain.removeprefix("URN:OGC:DEF:CRS:").partition(":")
        plain = f"{authority}:{code.rpartition(':')[2]}"
    return plain in _WGS84
