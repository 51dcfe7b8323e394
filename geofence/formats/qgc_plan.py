"""QGroundControl plans: fences in and out; what else they hold (mission, rally points, home) is read beside them.

Source: docs.qgroundcontrol.com, Plan File Format (positions are [lat, lon] there).
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from shapely import LinearRing

from geofence.formats.drafts import Circle, Draft, Drafts
from geofence.formats.plan_versions import odd_fence_versions
from geofence.positions import GeoPosition
from geofence.zone_document import Findings
from geofence.zones import Zone, ZoneKind, ZoneSet

_WAYPOINT, _SPLINE = 16, 82
_RELATIVE_FRAMES = frozenset({3, 6})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPoint:
    """A place of a plan with its height above the plan's home; None where the plan measures it otherwise."""

    place: GeoPosition
    height_above_home_m: float | None
    hold_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightPlan:
    """What a plan holds besides its fence."""

    home: GeoPosition | None
    waypoints: tuple[PlanPoint, ...]
    rally_points: tuple[PlanPoint, ...]
    items_left_out: int
    """Mission items that are no waypoints (take-off, landing, surveys, camera commands)."""


def is_plan(document: Mapping[str, object]) -> bool:
    """Say whether a JSON document is a QGroundControl plan."""
    return document.get("fileType") == "Plan"


def read_fences(document: Mapping[str, object], drafts: Drafts) -> None:
    """Take the fences of a plan as zones; notes what it holds besides."""
    _tell_versions(document, drafts)
    fence = document.get("geoFence")
    fence = fence if isinstance(fence, dict) else {}
    shapes: list[tuple[Mapping[str, object], Circle | list[object]]] = []
    for polygon in _fence_objects(fence.get("polygons"), drafts.findings):
        shapes.append((polygon, [_swapped(polygon.get("polygon"))]))
    for circle in _fence_objects(fence.get("circles"), drafts.findings):
        inner = circle.get("circle")
        inner = inner if isinstance(inner, dict) else {}
        centre = _swapped([inner.get("center")])
        shapes.append(
            (circle, Circle(centre=centre[0] if isinstance(centre, list) else None, radius_m=inner.get("radius")))
        )
    if isinstance(fence.get("polygon"), list) and fence["polygon"]:
        because = "has one fence in the form of version 1; it was taken as a keep-in zone"
        drafts.once("older_member", because, "nothing is lost", about="geoFence.polygon")
        shapes.append(({"inclusion": True}, [_swapped(fence["polygon"])]))
    for number, (raw, shape) in enumerate(shapes):
        _add_fence(raw, shape, number, drafts)
    if not shapes:
        drafts.findings.wrong("no_fence", "the plan has no fence", remedy="draw a GeoFence in QGroundControl")
    _tell_rest(read_flight_plan(document), drafts.findings)


def _tell_versions(document: Mapping[str, object], drafts: Drafts) -> None:
    """Refuse fences of a version that nobody here knows: they may keep out where these shapes do not say it."""
    for odd in odd_fence_versions(document):
        if odd.named is None:
            drafts.once("version_missing", odd.because, "check what was read", where=odd.where)
        else:
            params = {"version": odd.named, "known": ", ".join(map(str, odd.known))}
            remedy = "save the plan again with QGroundControl 4 or 5"
            drafts.findings.wrong("version_unknown", odd.because, where=odd.where, remedy=remedy, params=params)


def read_flight_plan(document: Mapping[str, object]) -> FlightPlan:
    """Return the waypoints, rally points and home of a plan."""
    mission, rally = document.get("mission"), document.get("rallyPoints")
    mission = mission if isinstance(mission, dict) else {}
    rally = rally if isinstance(rally, dict) else {}
    items = _objects(mission.get("items"))
    waypoints = [point for item in items if (point := _waypoint(item))]
    points = rally.get("points")
    rallies = [_lat_lon_height(point) for point in (points if isinstance(points, list) else [])]
    home = _lat_lon_height(mission.get("plannedHomePosition"))
    return FlightPlan(
        home=home.place if home else None,
        waypoints=tuple(waypoints),
        rally_points=tuple(point for point in rallies if point),
        items_left_out=len(items) - len(waypoints),
    )


def read_surveys(document: Mapping[str, object]) -> list[tuple[tuple[GeoPosition, ...], float]]:
    """Return the corners of every survey of a plan with the metres between its rows."""
    mission = document.get("mission")
    items = _objects(mission.get("items")) if isinstance(mission, dict) else []
    return [survey for item in items if (survey := _survey(item))]


def _survey(item: Mapping[str, object]) -> tuple[tuple[GeoPosition, ...], float] | None:
    if item.get("complexItemType") != "survey":
        return None
    places = item.get("polygon")
    corners = [_lat_lon_height(place) for place in (places if isinstance(places, list) else [])]
    style = item.get("TransectStyleComplexItem")
    camera = style.get("CameraCalc") if isinstance(style, dict) else None
    spacing = camera.get("AdjustedFootprintSide") if isinstance(camera, dict) else None
    if len(corners) < 3 or None in corners or not _is_number(spacing):
        return None
    return tuple(corner.place for corner in corners if corner), float(str(spacing))


def _add_fence(raw: Mapping[str, object], shape: Circle | list[object], number: int, drafts: Drafts) -> None:
    inclusion = raw.get("inclusion")
    identifier = f"fence-{number + 1}"
    if not isinstance(inclusion, bool):
        because = "does not say whether it includes or excludes"
        drafts.findings.wrong("kind_unknown", because, where=identifier, remedy='give "inclusion": true or false')
        return
    kind = ZoneKind.KEEP_IN if inclusion else ZoneKind.KEEP_OUT
    drafts.add(Draft(identifier=identifier, kind=kind, shape=shape))


def _tell_rest(plan: FlightPlan, findings: Findings) -> None:
    counts = {"waypoints": len(plan.waypoints), "rally": len(plan.rally_points), "others": plan.items_left_out}
    if any(counts.values()):
        because = (
            f"holds a mission too ({counts['waypoints']} waypoints, {counts['others']} other items, "
            f"{counts['rally']} rally points), which makes no zones"
        )
        findings.odd("mission_beside", because, remedy="make a patrol of it (roundsman patrol convert)", params=counts)


def _waypoint(item: Mapping[str, object]) -> PlanPoint | None:
    params = item.get("params")
    if item.get("command") not in {_WAYPOINT, _SPLINE} or not isinstance(params, list) or len(params) < 7:
        return None
    point = _lat_lon_height(params[4:7])
    if point is None:
        return None
    is_relative = item.get("frame") in _RELATIVE_FRAMES
    hold = params[0] if _is_number(params[0]) else 0.0
    height_m = point.height_above_home_m if is_relative else None
    return PlanPoint(place=point.place, height_above_home_m=height_m, hold_s=float(hold))


def _lat_lon_height(raw: object) -> PlanPoint | None:
    if not isinstance(raw, list) or len(raw) < 2 or not all(_is_number(number) for number in raw[:2]):
        return None
    lat, lon = raw[:2]
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return None
    height_m = float(raw[2]) if len(raw) > 2 and _is_number(raw[2]) else None
    return PlanPoint(place=GeoPosition(lon_deg=float(lon), lat_deg=float(lat)), height_above_home_m=height_m)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _fence_objects(raw: object, findings: Findings) -> list[Mapping[str, object]]:
    """Return the fences of a list; one that cannot be read makes the file unusable, since it may keep something out."""
    listed = raw if isinstance(raw, list) else [] if raw is None else [raw]
    for number, entry in enumerate(listed):
        if not isinstance(entry, dict):
            remedy = "write every zone as an object"
            findings.wrong("not_zone", "is no fence", where=f"geoFence[{number}]", remedy=remedy)
    return _objects(listed)


def _objects(raw: object) -> list[Mapping[str, object]]:
    return [entry for entry in raw if isinstance(entry, dict)] if isinstance(raw, list) else []


def _swapped(raw: object) -> object:
    """Return [[lat, lon], …] as [[lon, lat], …]; anything else as it is, to be refused with its place."""
    if not isinstance(raw, list):
        return raw
    return [[place[1], place[0]] if isinstance(place, list) and len(place) > 1 else place for place in raw]


def write_plan(zones: ZoneSet, findings: Findings) -> str:
    """Return the keep-in and keep-out zones as the fence of a plan; notes what a fence cannot hold."""
    polygons = [fence for zone in zones.zones for fence in _fences(zone, findings)]
    if polygons:
        because = "a fence of a plan has no name; ids, names and rules stay behind"
        findings.odd("names_dropped", because, remedy="keep our own file too")
    document = {
        "fileType": "Plan",
        "geoFence": {"circles": [], "polygons": polygons, "version": 2},
        "groundStation": "QGroundControl",
        "mission": {
            "cruiseSpeed": 15,
            "firmwareType": 12,
            "hoverSpeed": 5,
            "items": [],
            "plannedHomePosition": _home(zones),
            "vehicleType": 2,
            "version": 2,
        },
        "rallyPoints": {"points": [], "version": 2},
        "version": 1,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _fences(zone: Zone, findings: Findings) -> list[dict[str, object]]:
    if zone.kind not in {ZoneKind.KEEP_IN, ZoneKind.KEEP_OUT}:
        findings.odd(
            "kind_left_out",
            f"a {zone.kind} zone has no counterpart there and was left out",
            where=zone.id,
            remedy="keep our own file too",
            params={"kind": zone.kind.value},
        )
        return []
    inclusion = zone.kind is ZoneKind.KEEP_IN
    if zone.times and inclusion:
        because = "holds at certain times only, which a fence cannot say, and was left out"
        findings.odd("times_left_out", because, where=zone.id, remedy="fly by our own guard at those times")
        return []
    if zone.times or zone.floor_agl_m is not None or zone.ceiling_agl_m is not None:
        because = "a fence of a plan has neither heights nor times; it holds at every height and hour"
        findings.odd("heights_and_times_dropped", because, where=zone.id, remedy="set the autopilot's own ceiling")
    fences = [_fence(zone.polygon.exterior, inclusion=inclusion)]
    if not zone.polygon.interiors:
        return fences
    if inclusion:
        return [*fences, *(_fence(ring, inclusion=False) for ring in zone.polygon.interiors)]
    findings.odd("holes_filled", "its holes were filled, which makes it larger", where=zone.id, remedy="split the zone")
    return fences


def _fence(ring: LinearRing, *, inclusion: bool) -> dict[str, object]:
    return {"inclusion": inclusion, "polygon": [[lat, lon] for lon, lat in list(ring.coords)[:-1]], "version": 1}


def _home(zones: ZoneSet) -> list[float]:
    inside = next(iter(zones.of_kind(ZoneKind.KEEP_IN)), None) or next(iter(zones.zones), None)
    if inside is None:
        return [0.0, 0.0, 0.0]
    point = inside.polygon.representative_point()
    return [point.y, point.x, 0.0]
