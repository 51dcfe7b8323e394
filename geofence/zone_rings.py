"""The rings of a zone: every position looked at before a polygon is made of them."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import shapely
from shapely import Point, Polygon

from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from geofence.zone_document import Findings

Ring = list[tuple[float, float]]
_FAR_M = 100_000.0
_SMALLEST_M2 = 1.0
_LARGEST = 10**300


def read_polygon(geometry: dict[str, object], where: str, findings: Findings) -> Polygon | None:
    """Return the polygon of a GeoJSON geometry, outer ring counter-clockwise; notes what is wrong with it."""
    rings = _rings_of(geometry, where, findings)
    read = [ring for n, raw in enumerate(rings) if (ring := _ring(raw, f"{where}, ring {n + 1}", findings))]
    if not rings or len(read) < len(rings):
        return None
    polygon = Polygon(read[0], read[1:])
    if not polygon.is_valid:
        _note_invalid(polygon, where, findings)
        return None
    if not _is_sensible(polygon, where, findings):
        return None
    if not shapely.is_ccw(polygon.exterior):
        remedy = "GeoJSON (RFC 7946) runs outer rings counter-clockwise"
        findings.odd("clockwise", "the outer ring runs clockwise and was turned round", where=where, remedy=remedy)
    return shapely.orient_polygons(polygon)


def _rings_of(geometry: dict[str, object], where: str, findings: Findings) -> Sequence[object]:
    kind, rings = geometry.get("type"), geometry.get("coordinates")
    if kind == "MultiPolygon" and isinstance(rings, list) and len(rings) == 1:
        kind, rings = "Polygon", rings[0]
    if kind != "Polygon":
        remedy = "draw one Polygon a zone; give each part of a MultiPolygon an id of its own"
        findings.wrong(
            "not_polygon", f"is a {kind}, not a Polygon", where=where, remedy=remedy, params={"type": str(kind)}
        )
        return []
    if not isinstance(rings, list) or not rings:
        findings.wrong("no_rings", "has no coordinates", where=where, remedy="draw the outline of the zone")
        return []
    return rings


def _ring(raw: object, where: str, findings: Findings) -> Ring | None:
    if not isinstance(raw, list) or not raw:
        findings.wrong("no_positions", "has no positions", where=where, remedy="give at least four positions")
        return None
    before = len(findings.problems)
    places = [_place(item, f"{where}, position {n + 1}", findings) for n, item in enumerate(raw)]
    findings.keep_first_of_each(before)
    if any(place is None for place in places):
        return None
    ring = cast(Ring, places)
    if ring[0] != ring[-1]:
        remedy = "repeat the first position at the end"
        findings.wrong("unclosed", "the ring is not closed", where=where, remedy=remedy, at=ring[-1])
        return None
    if len(set(ring)) < 3:
        remedy = "give at least three different positions and the first one again"
        findings.wrong("too_few", "the ring has fewer than three corners", where=where, remedy=remedy, at=ring[0])
        return None
    return None if _crosses_antimeridian(ring, where, findings) else ring


def _place(item: object, where: str, findings: Findings) -> tuple[float, float] | None:
    if not isinstance(item, list) or len(item) < 2 or not all(_is_plain_number(value) for value in item[:2]):
        because = f"is not a position: {item!r:.60}"
        findings.wrong("not_position", because, where=where, remedy="give [longitude, latitude]")
        return None
    lon, lat = float(item[0]), float(item[1])
    if not (math.isfinite(lon) and math.isfinite(lat)):
        because = f"holds NaN or Infinity: {item!r:.60}"
        findings.wrong("not_finite", because, where=where, remedy="give finite numbers")
        return None
    if abs(lon) <= 180 and abs(lat) <= 90:
        return lon, lat
    _note_outside(lon, lat, where, findings)
    return None


def _note_outside(lon: float, lat: float, where: str, findings: Findings) -> None:
    if abs(lon) <= 90 and abs(lat) <= 180:
        because, remedy = "longitude and latitude look exchanged", "longitude comes first"
        findings.wrong("exchanged", because, where=where, remedy=remedy, at=(lon, lat))
    elif abs(lon) > 360 or abs(lat) > 360:
        because, remedy = "looks like projected metres, not degrees", "reproject the file to WGS-84 (EPSG:4326)"
        findings.wrong("projected", because, where=where, remedy=remedy, at=(lon, lat))
    else:
        remedy = "longitude lies in -180..180, latitude in -90..90"
        findings.wrong("off_earth", "lies outside of the earth", where=where, remedy=remedy, at=(lon, lat))


def _crosses_antimeridian(ring: Ring, where: str, findings: Findings) -> bool:
    for here, there in pairwise(ring):
        if abs(here[0] - there[0]) > 180:
            remedy = "cut the zone at 180° into two zones (RFC 7946, 3.1.9)"
            findings.wrong("antimeridian", "crosses the antimeridian", where=where, remedy=remedy, at=here)
            return True
    return False


def _note_invalid(polygon: Polygon, where: str, findings: Findings) -> None:
    reason, _, place = shapely.is_valid_reason(polygon).partition("[")
    lon, lat = (float(number) for number in place.rstrip("]").split()[:2]) if place else polygon.exterior.coords[0][:2]
    crosses = "Self-intersection" in reason
    code = "self_crossing" if crosses else "bad_rings"
    because = "the outline crosses itself" if crosses else f"the rings do not make an area: {reason.lower()}"
    remedy = "move the corners so that edges do not cross" if crosses else "keep holes inside and apart from each other"
    findings.wrong(code, because, where=where, remedy=remedy, at=(lon, lat), params={"reason": reason})


def _is_sensible(polygon: Polygon, where: str, findings: Findings) -> bool:
    lon, lat = polygon.exterior.coords[0][:2]
    frame = LocalFrame(origin=GeoPosition(lon_deg=lon, lat_deg=lat))
    local = shapely.transform(polygon, frame.to_local_array)
    if local.area < _SMALLEST_M2:
        remedy = "draw an area of at least 1 m²"
        findings.wrong("no_area", "has no area to speak of", where=where, remedy=remedy, at=(lon, lat))
        return False
    return findings.near is None or _is_near(polygon, findings.near, where, findings)


def _is_near(polygon: Polygon, site: GeoPosition, where: str, findings: Findings) -> bool:
    centre = polygon.centroid
    if _distance_m(site, centre.x, centre.y) < _FAR_M:
        return True
    swapped = abs(centre.x) <= 90 and _distance_m(site, centre.y, centre.x) < _FAR_M
    code, because = (
        ("exchanged", "longitude and latitude look exchanged") if swapped else ("far", "lies far from the site")
    )
    remedy = "longitude comes first" if swapped else "check the coordinates and their reference"
    findings.wrong(code, because, where=where, remedy=remedy, at=(centre.x, centre.y))
    return False


def _distance_m(site: GeoPosition, lon_deg: float, lat_deg: float) -> float:
    local = LocalFrame(origin=site).to_local(GeoPosition(lon_deg=lon_deg, lat_deg=lat_deg))
    return Point(local.east_m, local.north_m).distance(Point(0, 0))


def _is_plain_number(value: object) -> bool:
    """Say whether *value* is a number that a float can hold, or NaN or Infinity."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and (isinstance(value, float) or abs(cast(int, value)) < _LARGEST)
