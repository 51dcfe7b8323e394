"""ED-318 (EUROCAE, 2024): UAS zones as GeoJSON with `layer`, `extent` and periods of validity.

Source: the schema and the examples of the working group (github.com/UASGeoZones/ED-318).
"""

from collections.abc import Iterator, Mapping

from geofence.formats.authority import authority_zone
from geofence.formats.drafts import Circle, Drafts
from geofence.formats.heights import HeightReader, Limit
from geofence.zones import ZoneKind


def is_ed318(document: Mapping[str, object]) -> bool:
    """Say whether a GeoJSON document looks like ED-318."""
    features = document.get("features")
    first = features[0] if isinstance(features, list) and features else None
    properties = first.get("properties") if isinstance(first, dict) else None
    return isinstance(properties, dict) and "identifier" in properties and "kind" not in properties


def read_ed318(document: Mapping[str, object], drafts: Drafts) -> None:
    """Take the zones of an ED-318 collection; one of several layers becomes several zones."""
    features = document.get("features")
    for number, feature in enumerate(features if isinstance(features, list) else []):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(feature, dict) or not isinstance(properties, dict):
            where, remedy = f"feature {number + 1}", "give a GeoJSON Feature with properties"
            drafts.findings.wrong("not_zone", "is not a zone", where=where, remedy=remedy)
            continue
        _read_zone(feature.get("geometry"), properties, number, drafts)


def _read_zone(geometry: object, properties: Mapping[str, object], number: int, drafts: Drafts) -> None:
    identifier = str(properties.get("identifier") or f"zone-{number + 1}")
    shared = authority_zone(
        properties, drafts, identifier=identifier, restriction="type", applicability="limitedApplicability"
    )
    if shared is None:
        return
    layers = list(_layers(geometry))
    for part, layer in enumerate(layers):
        part_id = shared.part_id(part, len(layers))
        shape = _shape(layer, part_id, drafts)
        heights_m = _limits(layer, part_id, shared.kind, drafts)
        if shape is not None:
            drafts.add(shared.draft(part_id, shape, heights_m))


def _layers(geometry: object) -> Iterator[Mapping[str, object]]:
    """Yield every single shape with its layer; the parts of a MultiPolygon share theirs."""
    if not isinstance(geometry, dict):
        yield {}
        return
    inner = geometry.get("geometries")
    parts = geometry.get("coordinates")
    if isinstance(inner, list) and inner:
        for one in inner:
            yield from _layers(one)
    elif geometry.get("type") == "MultiPolygon" and isinstance(parts, list) and parts:
        for rings in parts:
            yield {"type": "Polygon", "coordinates": rings, "layer": geometry.get("layer")}
    else:
        yield geometry


def _shape(layer: Mapping[str, object], where: str, drafts: Drafts) -> Circle | list[object] | None:
    extent, coordinates = layer.get("extent"), layer.get("coordinates")
    if layer.get("type") == "Point" and isinstance(extent, dict):
        return Circle(centre=coordinates, radius_m=extent.get("radius"))
    if layer.get("type") == "Polygon" and isinstance(coordinates, list) and coordinates:
        return coordinates
    remedy = "give a Polygon, or a Point with an extent"
    drafts.findings.wrong("no_shape", "has no circle and no polygon", where=where, remedy=remedy)
    return None


def _limits(
    layer: Mapping[str, object], where: str, kind: ZoneKind, drafts: Drafts
) -> tuple[float | None, float | None]:
    raw = layer.get("layer")
    if not isinstance(raw, dict):
        because = "has no layer; it counts from the ground up without limit"
        drafts.findings.odd("no_layer", because, where=where, remedy="give lower and upper with their references")
        return None, None
    reader = HeightReader(choices=drafts.choices, findings=drafts.findings, kind=kind, where=where)
    unit = raw.get("uom", "m")
    lower = Limit(value=raw.get("lower"), unit=unit, reference=raw.get("lowerReference"))
    upper = Limit(value=raw.get("upper"), unit=unit, reference=raw.get("upperReference"))
    return reader.agl_m(lower), reader.agl_m(upper)
