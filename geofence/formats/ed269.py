"""ED-269 (EUROCAE, Minimum Operational Performance Standard for UAS Geo-Fencing, 2020): its own JSON of UAS zones."""

from collections.abc import Mapping

from geofence.formats.authority import authority_zone
from geofence.formats.drafts import Circle, Drafts
from geofence.formats.heights import HeightReader, Limit
from geofence.zones import ZoneKind


def is_ed269(document: Mapping[str, object]) -> bool:
    """Say whether a JSON document looks like ED-269: its geometries are lists of volumes."""
    features = _features(document)
    first = features[0] if features else None
    return "UASZoneList" in document or (isinstance(first, dict) and isinstance(first.get("geometry"), list))


def read_ed269(document: Mapping[str, object], drafts: Drafts) -> None:
    """Take the zones of an ED-269 document; one of several volumes becomes several zones."""
    if "UASZoneList" in document:
        because = "the list is called UASZoneList, as older files do"
        drafts.once("older_member", because, "nothing is lost", about="UASZoneList")
    for number, feature in enumerate(_features(document)):
        if not isinstance(feature, dict):
            where, remedy = f"feature {number + 1}", "give an object for every zone"
            drafts.findings.wrong("not_zone", "is not a zone", where=where, remedy=remedy)
            continue
        _read_zone(feature, number, drafts)


def _features(document: Mapping[str, object]) -> list[object]:
    features = document.get("features", document.get("UASZoneList"))
    return features if isinstance(features, list) else []


def _read_zone(zone: Mapping[str, object], number: int, drafts: Drafts) -> None:
    identifier = str(zone.get("identifier") or f"zone-{number + 1}")
    if "reasons" in zone and "reason" not in zone:
        because = "the reason is called reasons, as many files do"
        drafts.once("older_member", because, "nothing is lost", about="reasons", where=identifier)
    shared = authority_zone(
        zone, drafts, identifier=identifier, restriction="restriction", applicability="applicability"
    )
    if shared is None:
        return
    volumes = zone.get("geometry")
    volumes = volumes if isinstance(volumes, list) and volumes else [volumes]
    for part, volume in enumerate(volumes):
        part_id = shared.part_id(part, len(volumes))
        shape, heights_m = _volume(volume, part_id, shared.kind, drafts)
        if shape is not None:
            drafts.add(shared.draft(part_id, shape, heights_m))


def _volume(
    volume: object, where: str, kind: ZoneKind, drafts: Drafts
) -> tuple[Circle | list[object] | None, tuple[float | None, float | None]]:
    raw = volume if isinstance(volume, dict) else {}
    reader = HeightReader(choices=drafts.choices, findings=drafts.findings, kind=kind, where=where)
    unit = raw.get("uomDimensions", "M")
    lower = Limit(value=raw.get("lowerLimit"), unit=unit, reference=raw.get("lowerVerticalReference", "AGL"))
    upper = Limit(value=raw.get("upperLimit"), unit=unit, reference=raw.get("upperVerticalReference"))
    return _shape(raw.get("horizontalProjection"), where, drafts), (reader.agl_m(lower), reader.agl_m(upper))


def _shape(projection: object, where: str, drafts: Drafts) -> Circle | list[object] | None:
    raw = projection if isinstance(projection, dict) else {}
    if raw.get("type") == "Circle":
        return Circle(centre=raw.get("center", raw.get("centre")), radius_m=raw.get("radius"))
    rings = raw.get("coordinates")
    if raw.get("type") == "Polygon" and isinstance(rings, list) and rings:
        return rings
    remedy = "give a Circle with center and radius, or a Polygon with coordinates"
    drafts.findings.wrong("no_shape", "has no circle and no polygon", where=where, remedy=remedy)
    return None
