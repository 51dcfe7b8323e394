"""Planning requests as JSON: read whole, with everything that is wrong told at once."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from geofence.frames import LocalFrame
from missions.errors import Problem
from missions.planning.errors import BadRequest
from missions.planning.fields import Fields
from missions.planning.request import (
    ALWAYS,
    CLIMB_M_S,
    SINK_M_S,
    AreaTask,
    FleetRequest,
    LineTask,
    Objective,
    PerimeterTask,
    PlanDock,
    PlanVehicle,
    PlanZone,
    PointsTask,
    Task,
    TaskPoint,
    Terms,
    VehicleKind,
    Window,
)
from missions.planning.shapes import Mending, ShapeReader, frame_of
from missions.planning.unknown_fields import unknown_fields


class _Frame(StrEnum):
    LOCAL_M = "local_m"
    WGS84 = "wgs84"


class _ZoneKind(StrEnum):
    KEEP_IN = "keep_in"
    KEEP_OUT = "keep_out"


def read_request(content: bytes | str) -> FleetRequest:
    """Return the request of a JSON file; raises BadRequest with every problem."""
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest(
            [Problem(where="request", what=f"is not JSON: {error}", remedy="give one JSON object")]
        ) from error
    return request_from_json(document)


def request_from_json(document: object) -> FleetRequest:
    """Return the request of a JSON document; raises BadRequest with every problem."""
    problems: list[Problem] = []
    fields = Fields(document, where="request", problems=problems)
    if problems:
        raise BadRequest(problems)
    request = _Reading(fields).request()
    if problems:
        raise BadRequest(problems)
    return request


class _Reading:
    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._notes: list[str] = []
        is_wgs84 = fields.choice("frame", _Frame) == _Frame.WGS84
        docks = fields.values.get("docks")
        self._frame: LocalFrame | None = frame_of(docks if isinstance(docks, list) else []) if is_wgs84 else None
        self._shapes = ShapeReader(self._frame)

    def request(self) -> FleetRequest:
        fields = self._fields
        zones = self._zones()
        docks = tuple(
            PlanDock(id=f.text("id"), position=self._shapes.place(f, "position")) for f in self._list("docks")
        )
        vehicles = tuple(self._vehicle(f) for f in self._list("vehicles"))
        tasks = tuple(task for f in self._list("tasks") if (task := self._task(f)) is not None)
        request = FleetRequest(
            frame=self._frame,
            zones=zones,
            docks=docks,
            vehicles=vehicles,
            tasks=tasks,
            margin_m=fields.number("margin_m", low=0.0, high=1e4, default=0.0),
            objective=Objective(fields.choice("objective", Objective, default=Objective.MAKESPAN)),
            makespan_limit_s=fields.number("makespan_limit_s", above=0.0, default=math.inf),
            notes=(*self._notes, *unknown_fields(fields.values)),
        )
        self._check_together(request)
        return request

    def _list(self, name: str) -> Iterable[Fields]:
        return self._fields.objects(name, name=name)

    def _zones(self) -> tuple[PlanZone, ...]:
        collection = self._fields.values.get("zones", {"features": []})
        features = Fields(collection, where="zones", problems=self._fields.problems)
        if not isinstance(collection, dict):
            return ()
        return tuple(zone for f in features.objects("features") if (zone := self._zone(f)) is not None)

    def _zone(self, feature: Fields) -> PlanZone | None:
        fields = Fields(
            feature.values.get("properties"), where=f"{feature.where}.properties", problems=feature.problems
        )
        kind = fields.choice("kind", _ZoneKind)
        floor_m, ceiling_m = self._height(fields, "floor_agl_m"), self._height(fields, "ceiling_agl_m")
        if floor_m is not None and ceiling_m is not None and floor_m > ceiling_m:
            fields.wrong("ceiling_agl_m", f"({ceiling_m:g} m) lies below the floor ({floor_m:g} m)", "exchange the two")
        is_keep_in = kind == _ZoneKind.KEEP_IN
        mending = Mending.REFUSE if is_keep_in else Mending.FILL
        shape = self._shapes.polygon(feature, "geometry", mending, self._notes)
        if shape is None:
            return None
        return PlanZone(
            id=fields.text("id"), is_keep_in=is_keep_in, shape=shape, floor_agl_m=floor_m, ceiling_agl_m=ceiling_m
        )

    @staticmethod
    def _height(fields: Fields, name: str) -> float | None:
        return fields.number(name, low=-2e4, high=2e4) if fields.has(name) else None

    def _vehicle(self, fields: Fields) -> PlanVehicle:
        kind = VehicleKind(fields.choice("kind", VehicleKind, default=VehicleKind.DRONE))
        height_m = fields.number("height_agl_m", low=0.0, high=2e4, default=0.0)
        return PlanVehicle(
            id=fields.text("id"),
            kind=kind,
            dock=fields.text("dock"),
            speed_m_s=fields.number("speed_m_s", above=0.0, high=1e3),
            endurance_s=fields.number("endurance_s", above=0.0, high=1e8),
            turn_s=fields.number("turn_s", low=0.0, high=1e4, default=0.0),
            turnaround_s=fields.number("turnaround_s", low=0.0, high=1e7, default=0.0),
            height_agl_m=height_m,
            lowest_agl_m=self._other_height(fields, "lowest_agl_m", kind, low_m=0.0, high_m=height_m),
            highest_agl_m=self._other_height(fields, "highest_agl_m", kind, low_m=height_m, high_m=2e4),
            climb_m_s=fields.number("climb_m_s", above=0.0, high=1e3, default=CLIMB_M_S),
            sink_m_s=fields.number("sink_m_s", above=0.0, high=1e3, default=SINK_M_S),
            max_sorties=fields.whole("max_sorties", low=1, default=1),
            skills=fields.texts("skills"),
            window=self._window(fields),
        )

    @staticmethod
    def _other_height(fields: Fields, name: str, kind: VehicleKind, *, low_m: float, high_m: float) -> float | None:
        if not fields.has(name):
            return None
        if kind is VehicleKind.ROBOT:
            fields.wrong(name, "is given for a robot, which stays on the ground", "leave it out")
            return None
        return fields.number(name, low=low_m, high=high_m)

    def _task(self, fields: Fields) -> Task | None:
        readers: Mapping[str, Callable[[Fields, Terms], Task | None]] = {
            "area": self._area,
            "points": self._points,
            "line": self._line,
            "perimeter": self._perimeter,
        }
        kind = fields.values.get("type")
        if not isinstance(kind, str) or kind not in readers:
            fields.wrong("type", f"is {kind!r:.40}", f"it is one of {', '.join(readers)}")
            return None
        return readers[kind](fields, self._terms(fields))

    def _terms(self, fields: Fields) -> Terms:
        return Terms(window=self._window(fields), needs=fields.texts("needs"))

    def _window(self, fields: Fields) -> Window:
        if not fields.has("window_s"):
            return ALWAYS
        pair = fields.values["window_s"]
        if not isinstance(pair, list) or len(pair) != 2:
            fields.wrong("window_s", f"is {pair!r:.40}", "give [from, to] in seconds after the start")
            return ALWAYS
        ends = Fields(
            dict(zip(("from", "to"), pair, strict=True)), where=f"{fields.where}.window_s", problems=fields.problems
        )
        window = Window(from_s=ends.number("from", low=0.0, default=0.0), to_s=ends.number("to", default=math.inf))
        if window.from_s > window.to_s:
            fields.wrong(
                "window_s", f"ends ({window.to_s:g} s) before it begins ({window.from_s:g} s)", "exchange the two"
            )
        return window

    def _area(self, fields: Fields, terms: Terms) -> Task | None:
        swath_m = fields.number("swath_m", above=0.0, high=1e5)
        overlap = fields.number("overlap", low=0.0, high=0.99, default=0.0)
        area = self._shapes.polygon(fields, "area", Mending.ODD, self._notes)
        if area is None:
            return None
        return AreaTask(id=fields.text("id"), area=area, swath_m=swath_m, overlap=overlap, terms=terms)

    def _points(self, fields: Fields, terms: Terms) -> Task:
        points = tuple(self._point(f) for f in fields.objects("points"))
        for point_id, count in Counter(point.id for point in points).items():
            if count > 1 and point_id:
                fields.wrong("points", f"{count} points have the id {point_id!r}", "give every point an id of its own")
        return PointsTask(id=fields.text("id"), points=points, terms=terms)

    def _point(self, fields: Fields) -> TaskPoint:
        return TaskPoint(
            id=fields.text("id"),
            position=self._shapes.place(fields, "position"),
            service_s=fields.number("service_s", low=0.0, high=1e7, default=0.0),
            terms=self._terms(fields),
        )

    def _line(self, fields: Fields, terms: Terms) -> Task | None:
        line = self._shapes.line(fields, "line")
        return None if line is None else LineTask(id=fields.text("id"), line=line, terms=terms)

    def _perimeter(self, fields: Fields, terms: Terms) -> Task:
        inset_m = fields.number("inset_m", low=0.0, high=1e5, default=0.0)
        return PerimeterTask(id=fields.text("id"), zone=fields.text("zone"), inset_m=inset_m, terms=terms)

    def _check_together(self, request: FleetRequest) -> None:
        for name in ("docks", "vehicles", "tasks", "zones"):
            self._check_ids(name, [item.id for item in getattr(request, name)])
        if not request.vehicles:
            self._fields.wrong("vehicles", "is empty", "give at least one vehicle")
        docks = {dock.id for dock in request.docks}
        for index, vehicle in enumerate(request.vehicles):
            if vehicle.dock and vehicle.dock not in docks:
                self._fields.wrong(
                    f"vehicles[{index}].dock", f"names {vehicle.dock!r}, which is no dock", "add that dock"
                )
        zones = {zone.id for zone in request.zones}
        for task in request.tasks:
            if isinstance(task, PerimeterTask) and task.zone and task.zone not in zones:
                self._fields.wrong(f"tasks ({task.id}).zone", f"names {task.zone!r}, which is no zone", "add that zone")

    def _check_ids(self, name: str, ids: list[str]) -> None:
        for same, count in Counter(ids).items():
            if count > 1 and same:
                self._fields.wrong(name, f"{count} of them have the id {same!r}", "give each an id of its own")
