"""Requests that are wrong, in every way that was thought of: all reasons are told at once."""

import json
import math
from typing import Any

import pytest

from missions.planning.errors import BadRequest
from missions.planning.plan_files import plan_to_json
from missions.planning.planner import Watch, plan_fleet
from missions.planning.request_files import read_request, request_from_json
from tests.missions.planning.requests import box, drone, legs_of, points, polygon, request, zone

Json = dict[str, Any]
_LINE_OF_NO_LENGTH = {"type": "LineString", "coordinates": [[1, 1], [1, 1]]}


def problems_of(document: object) -> str:
    with pytest.raises(BadRequest) as caught:
        request_from_json(document)
    return "\n".join(map(str, caught.value.problems))


def test_everything_wrong_is_told_at_once() -> None:
    asked = request([{"type": "area", "id": "a", "area": {"type": "Polygon", "coordinates": []}, "swath_m": 0}])
    asked |= {"frame": "moon", "vehicles": [drone(speed_m_s=-1, dock="Z", endurance_s=None)], "margin_m": -2}
    asked["tasks"].append({"type": "perimeter", "id": "p", "zone": "nowhere", "inset_m": "wide"})
    told = problems_of(asked)
    for what in (
        "request.frame: is 'moon'",
        "vehicles[0] (d1).speed_m_s: is -1",
        "vehicles[0] (d1).endurance_s: is missing",
        "names 'Z', which is no dock",
        "tasks[0] (a).swath_m: is 0",
        "tasks[0] (a).area",
        "request.margin_m: is -2",
        "names 'nowhere', which is no zone",
        "tasks[1] (p).inset_m: is 'wide', not a number",
    ):
        assert what in told


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"vehicles": []}, "vehicles: is empty"),
        ({"vehicles": [drone(), drone()]}, "2 of them have the id 'd1'"),
        ({"vehicles": [drone(max_sorties=0)]}, "max_sorties: is 0"),
        ({"vehicles": [drone(max_sorties=1.5)]}, "give a whole number"),
        ({"vehicles": [drone(endurance_s=float("nan"))]}, "endurance_s: is nan, not a number"),
        ({"docks": [{"id": "A", "position": ["x", 1]}]}, "not a place"),
        ({"docks": [{"id": "A", "position": [1e9, 1]}]}, "more than 1,000 km from the origin"),
        ({"docks": [{"id": "A", "position": [10**400, 1]}]}, "not a place"),
        ({"vehicles": [drone(endurance_s=10**400)]}, "not a number"),
        ({"docks": 7}, "docks: is 7, not a list"),
        ({"objective": "speed"}, "objective: is 'speed'"),
        ({"tasks": [points("p", [(1, 2)]) | {"window_s": [50, 10]}]}, "ends (10 s) before it begins (50 s)"),
        ({"tasks": [{"type": "dance", "id": "x"}]}, "it is one of area, points, line, perimeter"),
        ({"tasks": [points("p", [(1, 2)]), points("p", [(3, 4)])]}, "2 of them have the id 'p'"),
        ({"tasks": [{"type": "line", "id": "l", "line": _LINE_OF_NO_LENGTH}]}, "no length"),
        ({"zones": {"features": [zone("k", "keep_in", polygon((0, 0), (9, 9), (9, 0), (0, 9)))]}}, "crosses itself"),
        ({"zones": {"features": [zone("k", "keep_out", box(0, 0, 9, 9), 50, 10)]}}, "lies below the floor"),
        ({"zones": {"features": [zone("k", "wall", box(0, 0, 9, 9))]}}, "it is one of keep_in, keep_out"),
        ({"frame": "wgs84", "docks": [{"id": "A", "position": [4000.0, 2000.0]}]}, "not in degrees"),
    ],
)  # fmt: skip
def test_each_fault_is_named(change: Json, what: str) -> None:
    assert what in problems_of(request([]) | change)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"null", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(content: bytes) -> None:
    with pytest.raises(BadRequest):
        read_request(content)


def test_a_keep_out_that_crosses_itself_is_filled_and_told() -> None:
    bow = polygon((0, 0), (100, 100), (100, 0), (0, 100))
    asked = request_from_json(request([], zones=[zone("bow", "keep_out", bow)]))
    assert asked.zones[0].shape.area == pytest.approx(5000)
    assert "crosses itself" in asked.notes[0]


def test_a_full_request_is_read_with_its_defaults() -> None:
    document = request([points("p", [(1, 2)])])
    document["vehicles"] = [{"id": "r", "kind": "robot", "dock": "A", "speed_m_s": 1, "endurance_s": 60}]
    read = read_request(json.dumps(document))
    assert (read.vehicles[0].max_sorties, read.vehicles[0].height_agl_m, read.vehicles[0].turn_s) == (1, 0.0, 0.0)
    assert read.frame is None


def test_places_on_both_sides_of_the_antimeridian_lie_near_each_other() -> None:
    docks = [{"id": "A", "position": [179.999, -17.0]}, {"id": "B", "position": [-179.998, -17.0]}]
    asked = request([points("p", [(-179.9995, -17.0)])], frame="wgs84", docks=docks)
    read = request_from_json(asked)
    assert math.dist(read.docks[0].position, read.docks[1].position) == pytest.approx(319.5, abs=0.5)
    written = plan_to_json(read, plan_fleet(read, Watch(now_s=lambda: 0.0, is_stopped=lambda: True)))
    assert written["tasks"] == [{"id": "p", "done_ratio": 1.0, "unreachable": [], "because": []}]
    leg = legs_of(written)[0]
    assert (leg["from"], leg["to"]) == (docks[0]["position"], [-179.9995, -17.0])


def test_fields_that_nothing_reads_are_told_with_what_may_be_meant() -> None:
    site = zone("site", "keep_in", box(-50, -50, 300, 50))
    site["properties"]["celing_agl_m"] = 60
    asked = request(
        [points("p", [(200, 0)])], zones=[site], vehicles=[drone("a", higest_agl_m=90), drone("b", higest_agl_m=90)]
    )
    asked["comment"] = "no"
    assert request_from_json(asked).notes == (
        "request: the field 'comment' is not known and does nothing",
        "vehicles: the field 'higest_agl_m' is not known and does nothing (2 times); highest_agl_m may be meant",
        "zones: the field 'celing_agl_m' is not known and does nothing; ceiling_agl_m may be meant",
    )
