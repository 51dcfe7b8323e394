"""Patrols as JSON documents, in and out: the form of the files, of the REST interface and of the stored rows."""

from datetime import datetime

from shapely.geometry import LineString, Polygon, mapping, shape

from core.errors import InvalidInput
from core.events import Json
from core.ids import PatrolId, VehicleId, ZoneId, new_id
from fleet.orders import CameraAction
from geofence.positions import GeoPosition
from missions.document import DocumentReader
from missions.errors import BadPatrol, Problem
from missions.patrol import Patrol, PatrolArea, PatrolLine, PatrolPart, PatrolPerimeter, PatrolPoint, Run
from missions.schedule_files import read_schedule, schedule_to_json

_MOST_PARTS = 500
_KNOWN = frozenset(Patrol.__dataclass_fields__)


def patrol_from_json(document: object, *, patrol_id: PatrolId | None = None) -> Patrol:
    """Return the patrol of a JSON document; raises BadPatrol with every problem at once."""
    problems: list[Problem] = []
    read = DocumentReader(document, where="patrol", problems=problems)
    for name in sorted(set(read.fields) - _KNOWN):
        read.wrong(name, "is not a field of a patrol", f"fields are {', '.join(sorted(_KNOWN))}")
    parts = _read_parts(read)
    patrol = Patrol(
        id=patrol_id or PatrolId(read.text("id", default=new_id())),
        name=read.text("name"),
        name_zh=read.text("name_zh", default=""),
        parts=parts,
        height_agl_m=read.number("height_agl_m", low=2, high=500),
        speed_m_s=read.number("speed_m_s", low=0.2, high=30),
        vehicle_ids=tuple(VehicleId(str(vehicle)) for vehicle in read.items("vehicle_ids")),
        schedule=read_schedule(read),
        is_active=read.flag("is_active", default=True),
        revision=int(read.number("revision", low=0, high=2**31, default=0)),
    )
    if problems:
        raise BadPatrol(problems)
    return patrol


def _read_parts(read: DocumentReader) -> tuple[PatrolPart, ...]:
    items = read.items("parts")
    if len(items) > _MOST_PARTS:
        read.wrong(
            "parts", f"has {len(items)} parts, at most {_MOST_PARTS} are flown in one run", "make several patrols"
        )
        return ()
    parts = [
        _read_part(DocumentReader(item, where=f"patrol.parts[{index}]", problems=read.problems))
        for index, item in enumerate(items)
    ]
    if not parts:
        read.wrong("parts", "is empty", "draw at least one point, line, area or border")
    return tuple(part for part in parts if part is not None)


def _read_part(read: DocumentReader) -> PatrolPart | None:
    kinds = {"point": _read_point, "line": _read_line, "area": _read_area, "perimeter": _read_perimeter}
    kind = read.fields.get("type")
    if kind not in kinds:
        read.wrong("type", f"is {kind!r}", "it must be point, line, area or perimeter")
        return None
    return kinds[str(kind)](read)


def _name_zh(read: DocumentReader) -> str:
    return read.text("name_zh", default="")


def _read_camera(read: DocumentReader) -> CameraAction:
    inner = DocumentReader(
        read.fields.get("camera", {"pitch_deg": -40}), where=f"{read.where}.camera", problems=read.problems
    )
    pitch_deg = inner.number("pitch_deg", low=-90, high=30, default=-40)
    if inner.fields.get("yaw_deg") is None:
        return CameraAction(pitch_deg=pitch_deg)
    return CameraAction(pitch_deg=pitch_deg, yaw_deg=inner.number("yaw_deg", low=-180, high=360))


def _position(pair: object) -> GeoPosition:
    if not isinstance(pair, list | tuple) or len(pair) < 2 or not all(isinstance(n, int | float) for n in pair):
        raise InvalidInput("must be [longitude, latitude] in degrees")
    return GeoPosition(lon_deg=float(pair[0]), lat_deg=float(pair[1]))


def _read_point(read: DocumentReader) -> PatrolPoint | None:
    camera = _read_camera(read)
    dwell_s = read.number("dwell_s", low=0, high=3600, default=5)
    place = read.attempt("place", lambda: _position(read.fields.get("place")))
    name = read.text("name", default="")
    if place is None:
        return None
    return PatrolPoint(name=name, name_zh=_name_zh(read), place=place, dwell_s=dwell_s, camera=camera)


def _read_line(read: DocumentReader) -> PatrolLine | None:
    camera = _read_camera(read)
    name = read.text("name", default="")
    places = [
        read.attempt(f"line[{index}]", lambda pair=pair: _position(pair))  # type: ignore[misc]
        for index, pair in enumerate(read.items("line"))
    ]
    known = [(place.lon_deg, place.lat_deg) for place in places if place]
    if len(known) < 2:
        read.wrong("line", "has fewer than two places")
        return None
    return PatrolLine(name=name, name_zh=_name_zh(read), line=LineString(known), camera=camera)


def _read_area(read: DocumentReader) -> PatrolArea | None:
    camera = _read_camera(read)
    area = read.attempt("area", lambda: _polygon(read.fields["area"]))
    swath_m = read.number("swath_m", low=1, high=500)
    overlap = read.number("overlap", low=0, high=0.95, default=0.2)
    name = read.text("name", default="")
    if area is None:
        return None
    return PatrolArea(name=name, name_zh=_name_zh(read), area=area, swath_m=swath_m, overlap=overlap, camera=camera)


def _read_perimeter(read: DocumentReader) -> PatrolPerimeter:
    return PatrolPerimeter(
        name=read.text("name", default=""),
        name_zh=_name_zh(read),
        zone_id=ZoneId(read.text("zone")),
        inset_m=read.number("inset_m", low=0, high=500),
        clockwise=read.flag("clockwise", default=True),
        camera=_read_camera(read),
    )


def _polygon(geometry: object) -> Polygon:
    if not isinstance(geometry, dict):
        raise InvalidInput("must be a GeoJSON Polygon")
    polygon = shape(geometry)
    if not isinstance(polygon, Polygon) or polygon.is_empty:
        raise InvalidInput("must be a GeoJSON Polygon that is not empty")
    for lon_deg, lat_deg, *_ in polygon.exterior.coords:
        GeoPosition(lon_deg=lon_deg, lat_deg=lat_deg)
    if not polygon.is_valid:
        raise InvalidInput("crosses itself", remedy="draw the outline without crossing lines")
    return polygon


def patrol_to_json(patrol: Patrol) -> dict[str, Json]:
    """Return the document of *patrol*; `patrol_from_json` reads it back to an equal patrol."""
    schedule = patrol.schedule
    return {
        "id": patrol.id,
        "name": patrol.name,
        "name_zh": patrol.name_zh,
        "parts": [_part_to_json(part) for part in patrol.parts],
        "height_agl_m": patrol.height_agl_m,
        "speed_m_s": patrol.speed_m_s,
        "vehicle_ids": list(patrol.vehicle_ids),
        "schedule": None if schedule is None else schedule_to_json(schedule),
        "is_active": patrol.is_active,
        "revision": patrol.revision,
    }


def _part_to_json(part: PatrolPart) -> dict[str, Json]:
    camera: dict[str, Json] = {"pitch_deg": part.camera.pitch_deg, "yaw_deg": part.camera.yaw_deg}
    common: dict[str, Json] = {"name": part.name, "name_zh": part.name_zh, "camera": camera}
    match part:
        case PatrolPoint():
            place: list[Json] = [part.place.lon_deg, part.place.lat_deg]
            return {"type": "point", "place": place, "dwell_s": part.dwell_s, **common}
        case PatrolLine():
            return {"type": "line", "line": [[x, y] for x, y in part.line.coords], **common}
        case PatrolArea():
            area: dict[str, Json] = {"type": "Polygon", "coordinates": _rings(part.area)}
            return {"type": "area", "area": area, "swath_m": part.swath_m, "overlap": part.overlap, **common}
        case PatrolPerimeter():
            border: dict[str, Json] = {"zone": part.zone_id, "inset_m": part.inset_m, "clockwise": part.clockwise}
            return {"type": "perimeter", **border, **common}


def _rings(polygon: Polygon) -> list[Json]:
    return [[[x, y] for x, y, *_ in ring] for ring in mapping(polygon)["coordinates"]]


def run_to_json(run: Run) -> dict[str, Json]:
    """Return the document of *run* as the REST interface and the events show it."""
    return {
        "id": run.id,
        "kind": run.kind.value,
        "patrol_id": run.patrol_id,
        "alarm_id": run.alarm_id,
        "name": run.name,
        "state": run.state.value,
        "vehicle_id": run.vehicle_id,
        "wanted_vehicle_id": run.wanted_vehicle_id,
        "asked_by": run.asked_by,
        "planned_at": _moment(run.planned_at),
        "started_at": _moment(run.started_at),
        "ended_at": _moment(run.ended_at),
        "place": None if run.place is None else [run.place.lon_deg, run.place.lat_deg],
        "order_id": run.order_id,
        "legs_total": run.legs_total,
        "legs_done": run.legs_done,
        "because": run.because,
        "is_reversed": run.is_reversed,
        "seed": run.seed,
        "revision": run.revision,
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
