"""Zone files: GeoJSON in WGS-84 with our properties, read strictly, with every problem found at once."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from geofence.errors import BadZoneFile, ZoneProblem
from geofence.positions import GeoPosition
from geofence.zone_document import Findings, check_reference, features_of
from geofence.zone_feature import read_feature
from geofence.zones import Zone, ZoneKind, ZoneSet, canonical_text, to_feature

LONGEST_NAME = 80
"""Characters of a zone's id and of its worker that every book has room for."""
_SAVE_AGAIN = "save the file again as GeoJSON, KML, ED-269, ED-318 or a QGroundControl plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneFileReport:
    """What a zone file holds: the zones that could be read, what is wrong, and what was assumed or looks odd."""

    zones: ZoneSet
    problems: tuple[ZoneProblem, ...]
    warnings: tuple[ZoneProblem, ...]

    @property
    def is_usable(self) -> bool:
        """Say whether nothing is wrong with the file (warnings do not count)."""
        return not self.problems


def check_zones(content: bytes | str, *, near: GeoPosition | None = None) -> ZoneFileReport:
    """Return everything that is right and wrong with a zone file; zones far from *near* are wrong when it is given."""
    findings = Findings(near=near)
    document = parsed(content, findings)
    if document is not None:
        check_reference(document, findings, where="")
    return check_features(features_of(document, findings), findings)


def check_features(features: Sequence[object], findings: Findings) -> ZoneFileReport:
    """Return what features in our own form hold, with all that is in *findings* by then."""
    zones = [zone for n, feature in enumerate(features) if (zone := read_feature(feature, n, findings))]
    _check_together(zones, findings)
    return ZoneFileReport(
        zones=ZoneSet(zones=tuple(zones)), problems=tuple(findings.problems), warnings=tuple(findings.warnings)
    )


def read_zones(content: bytes | str, *, near: GeoPosition | None = None) -> ZoneSet:
    """Return the zones of a zone file; raises BadZoneFile with every problem."""
    report = check_zones(content, near=near)
    if report.problems:
        raise BadZoneFile(report.problems)
    return report.zones


def check_names(zones: ZoneSet) -> tuple[ZoneProblem, ...]:
    """Return which zones have an id, or the name of a worker, that is longer than what the books have room for."""
    named = [(zone, words) for zone in zones.zones for words in (zone.id, zone.grid.get("worker"))]
    return tuple(
        ZoneProblem(
            code="long_name",
            because=f"{words[:20]}… has {len(words)} characters, there is room for {LONGEST_NAME}",
            where=zone.id[:LONGEST_NAME],
            remedy="give zones and workers short names",
            params={"name": words[:20], "length": len(words), "room": LONGEST_NAME},
        )
        for zone, words in named
        if isinstance(words, str) and len(words) > LONGEST_NAME
    )


def write_zones(zones: ZoneSet) -> str:
    """Return the zone file of *zones*, indented for people; `read_zones` gives the same zones back."""
    collection = {"type": "FeatureCollection", "features": [to_feature(zone) for zone in zones.zones]}
    return json.dumps(collection, ensure_ascii=False, indent=1) + "\n"


def parsed(content: bytes | str, findings: Findings) -> dict[str, object] | None:
    """Return the JSON object of a file; None, with what is wrong noted, when it is none."""
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        findings.wrong("not_utf8", f"is not UTF-8 text (byte {error.start})", remedy="save the file as UTF-8")
        return None
    if not text.strip():
        findings.wrong("empty", "the file is empty", remedy="give a GeoJSON FeatureCollection with at least one zone")
        return None
    try:
        document = json.loads(text)
        json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        params = {"line": error.lineno, "column": error.colno}
        where = f"line {error.lineno}, column {error.colno}"
        findings.wrong("not_json", f"breaks off, or is no zone file, at {where}", remedy=_SAVE_AGAIN, params=params)
        return None
    except (ValueError, RecursionError) as error:
        findings.wrong("not_text", f"cannot be read: {error}", remedy=_SAVE_AGAIN, params={"detail": str(error)})
        return None
    if not isinstance(document, dict):
        findings.wrong("not_collection", "is not a GeoJSON FeatureCollection", remedy="give a FeatureCollection")
        return None
    return document


def _check_together(zones: list[Zone], findings: Findings) -> None:
    if zones and not any(zone.kind is ZoneKind.KEEP_IN for zone in zones):
        findings.odd(
            "no_keep_in",
            "there is no keep-in zone, so no vehicle will fly",
            remedy="draw the area in which vehicles may fly as a zone of kind keep_in",
        )


__all__ = ["ZoneFileReport", "canonical_text", "check_names", "check_zones", "read_zones", "write_zones"]
