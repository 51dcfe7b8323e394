"""KML 2.2 (OGC 07-147r2): polygons of placemarks, with our properties as ExtendedData; out again without loss."""

import json
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree

from shapely import Polygon

from geofence.formats.drafts import Draft, Drafts
from geofence.formats.heights import HeightReader, Limit
from geofence.formats.kml_text import tree_of
from geofence.zones import Zone, ZoneKind, ZoneSet, to_feature

_WORDS = {
    ZoneKind.KEEP_OUT: ("keep_out", "keep-out", "keep out", "no-fly", "no fly", "nofly", "禁飞", "禁入"),
    ZoneKind.KEEP_IN: ("keep_in", "keep-in", "keep in", "允许区", "适飞", "允许飞行"),
}
_NUMBERS = ("floor_agl_m", "ceiling_agl_m")
_OBJECTS = ("times", "rules", "grid")
_TEXTS = ("name_zh", "time_zone")
_Element = ElementTree.Element


def read_kml(content: bytes, drafts: Drafts) -> None:
    """Take the polygons of a KML document."""
    root = tree_of(content, drafts.findings)
    if root is None:
        return
    if root.tag not in {"kml", "Document", "Folder", "Placemark"}:
        because = f"is XML but not KML (its root is {root.tag})"
        drafts.findings.wrong("not_kml", because, remedy="export it as KML", params={"root": root.tag})
        return
    if root.find(".//NetworkLink") is not None:
        because = "links to other documents, which are not fetched"
        drafts.once("network_link", because, "save what they hold into the file")
    for number, (placemark, folders) in enumerate(_placemarks(root, ())):
        _read_placemark(placemark, folders, number, drafts)


def _placemarks(element: _Element, folders: tuple[str, ...]) -> Iterator[tuple[_Element, tuple[str, ...]]]:
    if element.tag == "Placemark":
        yield element, folders
        return
    name = element.findtext("name") or ""
    for child in element:
        yield from _placemarks(child, (*folders, name))


def _read_placemark(placemark: _Element, folders: tuple[str, ...], number: int, drafts: Drafts) -> None:
    name = (placemark.findtext("name") or "").strip()
    data = dict(_data(placemark))
    identifier = data.get("id") or placemark.get("id") or name or f"placemark-{number + 1}"
    polygons = list(placemark.iter("Polygon"))
    if not polygons:
        because = "has no polygon and was left out"
        drafts.findings.odd("not_an_area", because, where=identifier, remedy="draw areas as polygons")
        return
    kind = _kind(data, name, folders, identifier, drafts)
    if kind is None:
        return
    for part, polygon in enumerate(polygons):
        part_id = identifier if len(polygons) == 1 else f"{identifier}-{part + 1}"
        _add(polygon, part_id, kind, name, data, drafts)


def _add(
    polygon: _Element, identifier: str, kind: ZoneKind, name: str, data: Mapping[str, str], drafts: Drafts
) -> None:
    rings = [_ring(ring, identifier, drafts) for ring in _ring_texts(polygon)]
    more = _more(data, identifier, drafts)
    floor_m, ceiling_m = _heights(polygon, kind, data, identifier, drafts)
    drafts.add(
        Draft(
            identifier=identifier,
            kind=kind,
            shape=rings,
            name=data.get("name", name),
            floor_agl_m=floor_m,
            ceiling_agl_m=ceiling_m,
            more=more,
        )
    )


def _data(placemark: _Element) -> Iterator[tuple[str, str]]:
    for entry in placemark.iter("Data"):
        yield entry.get("name", ""), (entry.findtext("value") or "").strip()
    for entry in placemark.iter("SimpleData"):
        yield entry.get("name", ""), (entry.text or "").strip()


def _kind(data: Mapping[str, str], name: str, folders: tuple[str, ...], where: str, drafts: Drafts) -> ZoneKind | None:
    stated = data.get("kind", "")
    if stated in frozenset(ZoneKind):
        return ZoneKind(stated)
    if drafts.choices.kind is not None:
        return drafts.choices.kind
    said = " ".join((name, *folders)).lower()
    found = [kind for kind, words in _WORDS.items() if any(word in said for word in words)]
    if len(found) == 1 and not stated:
        because = f"was taken as {found[0]} for its name or folder"
        params = {"kind": found[0].value}
        drafts.findings.odd("kind_by_name", because, where=where, remedy="check that", params=params)
        return found[0]
    because = "does not say whether it is a keep-in or a keep-out zone"
    remedy = "add the ExtendedData kind = keep_in or keep_out, or say it for the whole file (--kind)"
    drafts.findings.wrong("kind_unknown", because, where=where, remedy=remedy)
    return None


def _ring_texts(polygon: _Element) -> Iterator[str]:
    for border in ("outerBoundaryIs", "innerBoundaryIs"):
        for element in polygon.findall(border):
            for ring in element.iter("coordinates"):
                yield ring.text or ""


def _ring(text: str, where: str, drafts: Drafts) -> object:
    try:
        ring = [[float(number) for number in place.split(",")] for place in text.split()]
    except ValueError:
        because = f"its coordinates cannot be read: {text.strip()!r:.60}"
        drafts.findings.wrong(
            "bad_coordinates", because, where=where, remedy="write lon,lat[,altitude] with spaces between"
        )
        return []
    return ring


def _altitudes(polygon: _Element) -> set[float]:
    texts = [text for ring in polygon.iter("coordinates") for text in (ring.text or "").split()]
    found = set()
    for text in texts:
        _, _, last = text.partition(",")[2].partition(",")
        if last:
            try:
                found.add(float(last))
            except ValueError:
                continue
    return found


def _heights(
    polygon: _Element, kind: ZoneKind, data: Mapping[str, str], where: str, drafts: Drafts
) -> tuple[float | None, float | None]:
    """Return floor and ceiling: stated ones, or those of a body that stands on the ground."""
    if any(data.get(name) for name in _NUMBERS):
        floor_m, ceiling_m = (_number(data, name, where, drafts) for name in _NUMBERS)
        return floor_m, ceiling_m
    mode = polygon.findtext("altitudeMode") or "clampToGround"
    altitudes = _altitudes(polygon) - {0.0}
    if mode == "clampToGround" or not altitudes:
        return None, None
    stands = (polygon.findtext("extrude") or "0").strip() in {"1", "true"}
    if not stands or len(altitudes) > 1:
        return _unclear(kind, where, drafts)
    reader = HeightReader(choices=drafts.choices, findings=drafts.findings, kind=kind, where=where)
    reference = {"relativeToGround": "AGL", "absolute": "AMSL"}.get(mode, mode)
    return None, reader.agl_m(Limit(value=altitudes.pop(), unit="M", reference=reference))


def _unclear(kind: ZoneKind, where: str, drafts: Drafts) -> tuple[None, None]:
    because = "has altitudes that are neither a floor nor a ceiling (it is not extruded, or they differ)"
    remedy = "add the ExtendedData floor_agl_m and ceiling_agl_m"
    if kind is ZoneKind.KEEP_IN:
        drafts.findings.wrong("unclear_altitudes", because, where=where, remedy=remedy)
    else:
        because = f"{because}; it counts from the ground up without limit"
        drafts.findings.odd("altitudes_left_open", because, where=where, remedy=remedy)
    return None, None


def _number(data: Mapping[str, str], name: str, where: str, drafts: Drafts) -> float | None:
    text = data.get(name, "")
    if not text or text == "null":
        return None
    try:
        return float(text)
    except ValueError:
        params = {"value": text[:40]}
        drafts.findings.wrong(
            "bad_limit", f"{name} is not a number: {text!r:.40}", where=where, remedy="give metres", params=params
        )
        return None


def _more(data: Mapping[str, str], where: str, drafts: Drafts) -> dict[str, object]:
    more: dict[str, object] = {name: data[name] for name in _TEXTS if data.get(name)}
    for name in _OBJECTS:
        if not data.get(name):
            continue
        try:
            more[name] = json.loads(data[name])
        except (ValueError, RecursionError):
            because, remedy = f"{name} is not JSON: {data[name]!r:.40}", "write it as in our GeoJSON"
            drafts.findings.wrong("bad_data", because, where=where, remedy=remedy, params={"field": name})
    return more


def write_kml(zones: ZoneSet) -> str:
    """Return *zones* as KML; `read_kml` gives the same zones back."""
    root = ElementTree.Element("kml", xmlns="http://www.opengis.net/kml/2.2")
    document = ElementTree.SubElement(root, "Document")
    _child(document, "name", "Roundsman zones")
    for zone in zones.zones:
        _write_placemark(ElementTree.SubElement(document, "Placemark"), zone)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _write_placemark(placemark: _Element, zone: Zone) -> None:
    _child(placemark, "name", zone.name or zone.name_zh or zone.id)
    extended = ElementTree.SubElement(placemark, "ExtendedData")
    properties = to_feature(zone)["properties"]
    assert isinstance(properties, dict)
    for name, value in properties.items():
        entry = ElementTree.SubElement(extended, "Data", name=name)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        _child(entry, "value", text)
    polygon = ElementTree.SubElement(placemark, "Polygon")
    if zone.ceiling_agl_m is not None:
        _child(polygon, "extrude", "1")
        _child(polygon, "altitudeMode", "relativeToGround")
    _write_rings(polygon, zone.polygon, zone.ceiling_agl_m)


def _write_rings(polygon: _Element, shape: Polygon, top_m: float | None) -> None:
    borders = [("outerBoundaryIs", shape.exterior), *(("innerBoundaryIs", ring) for ring in shape.interiors)]
    for tag, ring in borders:
        linear = ElementTree.SubElement(ElementTree.SubElement(polygon, tag), "LinearRing")
        ends = "" if top_m is None else f",{top_m:g}"
        _child(linear, "coordinates", " ".join(f"{lon!r},{lat!r}{ends}" for lon, lat in ring.coords))


def _child(parent: _Element, tag: str, text: str) -> None:
    ElementTree.SubElement(parent, tag).text = text
