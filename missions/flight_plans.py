"""Patrols from the missions of QGroundControl plans, and out as such; what cannot be said there is told.

Source: docs.qgroundcontrol.com, Plan File Format; heights there are above home, ours above the site's ground.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from core.errors import InvalidInput
from core.events import Json
from geofence.formats.plan_versions import MISSION, PLAN, OddVersion, odd_version
from geofence.formats.qgc_plan import PlanPoint, read_flight_plan, read_surveys
from geofence.positions import GeoPosition
from missions.patrol import Patrol, PatrolArea, PatrolLine, PatrolPerimeter, PatrolPoint

_TAKEOFF, _WAYPOINT, _RETURN, _SPEED = 22, 16, 20, 178
_ABOVE_HOME, _MISSION = 3, 2
_PITCH_DEG = -40.0


def patrol_of_plan(content: bytes, *, name: str, speed_m_s: float) -> tuple[dict[str, Json], list[str]]:
    """Return the patrol document of a plan's mission, with notes; raises InvalidInput where there is none to fly."""
    document = _plan(content)
    unversioned = _unversioned(document)
    plan, surveys = read_flight_plan(document), read_surveys(document)
    points = [point for point in plan.waypoints if point.height_above_home_m is not None]
    parts = [*(_point(point, number) for number, point in enumerate(points, start=1)), *map(_area, surveys)]
    if not parts:
        raise InvalidInput("the plan has no waypoints above home and no surveys", remedy="draw a mission in it")
    height_m, notes = _height_m([point.height_above_home_m or 0.0 for point in points])
    notes += [f"{odd.where} {odd.because}" for odd in unversioned]
    if len(points) < len(plan.waypoints):
        left = len(plan.waypoints) - len(points)
        notes.append(f"{left} waypoints have heights that are not above home and were left out")
    others = plan.items_left_out - len(surveys)
    if others > 0:
        notes.append(f"{others} items (take-off, landing, camera, jumps) were left out: the patrol has its own")
    patrol: dict[str, Json] = {"name": name, "parts": list(parts), "height_agl_m": height_m, "speed_m_s": speed_m_s}
    return patrol, notes


def plan_of_patrol(patrol: Patrol, home: GeoPosition) -> tuple[str, list[str]]:
    """Return a plan that flies the points and lines of *patrol*, not proved by anybody; with notes."""
    notes = ["nothing in the plan is proved: zones, ways home and other vehicles are not looked at"]
    items = [_item(_TAKEOFF, home, patrol.height_agl_m), _speed(patrol.speed_m_s)]
    for part in patrol.parts:
        if isinstance(part, PatrolArea):
            notes.append(f"the area {part.name} was left out: draw it as a survey")
            continue
        if isinstance(part, PatrolPerimeter):
            notes.append(f"the border of {part.zone_id} was left out: draw it as a line")
            continue
        items.extend(_items(part, patrol.height_agl_m))
    items.append(
        {"autoContinue": True, "command": _RETURN, "frame": _MISSION, "params": [0.0] * 7, "type": "SimpleItem"}
    )
    mission = {
        "cruiseSpeed": patrol.speed_m_s,
        "firmwareType": 12,
        "hoverSpeed": patrol.speed_m_s,
        "items": [item | {"doJumpId": number} for number, item in enumerate(items, start=1)],
        "plannedHomePosition": [home.lat_deg, home.lon_deg, 0.0],
        "vehicleType": 2,
        "version": 2,
    }
    document = {
        "fileType": "Plan",
        "geoFence": {"circles": [], "polygons": [], "version": 2},
        "groundStation": "QGroundControl",
        "mission": mission,
        "rallyPoints": {"points": [], "version": 2},
        "version": 1,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n", notes


def _plan(content: bytes) -> Mapping[str, object]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"is not JSON: {error}", remedy="save the plan again") from error
    if not isinstance(document, dict) or document.get("fileType") != "Plan":
        raise InvalidInput("is not a QGroundControl plan", remedy="give a .plan file")
    return document


def _unversioned(document: Mapping[str, object]) -> list[OddVersion]:
    """Return the parts that name no version; raises InvalidInput for versions whose meaning is not known."""
    mission = document.get("mission")
    odd = [*odd_version(document, "plan", PLAN)]
    odd += odd_version(mission, "mission", MISSION) if isinstance(mission, dict) else []
    if unknown := [f"{one.where} {one.because}" for one in odd if one.named is not None]:
        raise InvalidInput("; ".join(unknown), remedy="save the plan again with QGroundControl 4 or 5")
    return odd


def _point(point: PlanPoint, number: int) -> Json:
    return {
        "type": "point",
        "name": f"waypoint {number}",
        "place": [point.place.lon_deg, point.place.lat_deg],
        "dwell_s": max(point.hold_s, 1.0),
        "camera": {"pitch_deg": _PITCH_DEG},
    }


def _area(survey: tuple[Sequence[GeoPosition], float]) -> Json:
    corners, spacing_m = survey
    ring: list[Json] = [[corner.lon_deg, corner.lat_deg] for corner in (*corners, corners[0])]
    area: dict[str, Json] = {"type": "Polygon", "coordinates": [ring]}
    return {
        "type": "area",
        "name": "survey",
        "area": area,
        "swath_m": spacing_m,
        "overlap": 0.0,
        "camera": {"pitch_deg": -90.0},
    }


def _height_m(heights_m: Sequence[float]) -> tuple[float, list[str]]:
    if not heights_m:
        return 40.0, ["the plan gives no height above home; 40 m were taken"]
    highest_m = max(heights_m)
    if len(Counter(heights_m)) == 1:
        return highest_m, []
    return highest_m, [f"the waypoints have heights from {min(heights_m):g} to {highest_m:g} m; the highest was taken"]


def _items(part: PatrolPoint | PatrolLine, height_m: float) -> Iterator[dict[str, object]]:
    if isinstance(part, PatrolPoint):
        yield _item(_WAYPOINT, part.place, height_m, hold_s=part.dwell_s)
        return
    for lon, lat, *_ in part.line.coords:
        yield _item(_WAYPOINT, GeoPosition(lon_deg=lon, lat_deg=lat), height_m)


def _item(command: int, place: GeoPosition, height_m: float, *, hold_s: float = 0.0) -> dict[str, object]:
    return {
        "AMSLAltAboveTerrain": None,
        "Altitude": height_m,
        "AltitudeMode": 1,
        "autoContinue": True,
        "command": command,
        "frame": _ABOVE_HOME,
        "params": [hold_s, 0, 0, None, place.lat_deg, place.lon_deg, height_m],
        "type": "SimpleItem",
    }


def _speed(speed_m_s: float) -> dict[str, object]:
    params = [1, speed_m_s, -1, 0, 0, 0, 0]
    return {"autoContinue": True, "command": _SPEED, "frame": _MISSION, "params": params, "type": "SimpleItem"}
