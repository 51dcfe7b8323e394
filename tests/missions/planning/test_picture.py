"""The picture of a plan: what a person must find in it."""

import re
from xml.etree import ElementTree

from missions.planning.picture import draw_plan
from missions.planning.plan import FleetPlan
from missions.planning.planner import plan_fleet
from missions.planning.request import FleetRequest
from missions.planning.request_files import request_from_json
from tests.missions.planning.requests import Json, box, drone, points, request, zone
from tests.missions.planning.test_replan import watch

_SVG = "{http://www.w3.org/2000/svg}"


def _drawn(asked: Json) -> tuple[FleetRequest, FleetPlan, ElementTree.Element]:
    read = request_from_json(asked)
    plan = plan_fleet(read, watch())
    return read, plan, ElementTree.fromstring(draw_plan(read, plan))


def _words(svg: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in svg.iter(f"{_SVG}text")]


def test_a_picture_has_scale_north_heights_and_a_legend_in_both_languages() -> None:
    wall = zone("厂房", "keep_out", box(80, -300, 120, 300), 0, 40)
    site = zone("site", "keep_in", box(-300, -300, 600, 300), 0, 100)
    asked = request([points("箱", [(200, 0), (100, 0)])], zones=[site, wall], vehicles=[drone(highest_agl_m=90.0)])
    _, _, svg = _drawn(asked)
    words = _words(svg)
    assert {"N 北", "200 m", "厂房", "0–40 m", "45 m", "30 m", "箱: 50.0% 完成 done", "未完成 not done"} <= set(words)
    assert "爬升、下降 climb, sink" in words


def test_long_names_and_signs_of_the_markup_stay_inside_of_the_picture() -> None:
    long = 'a-vehicle-with-a-registration-of-more-than-forty-letters <&"'
    _, _, svg = _drawn(request([points("p", [(100, 100)])], vehicles=[drone(long)]))
    width = float(svg.attrib["width"])
    for text in svg.iter(f"{_SVG}text"):
        assert float(text.attrib.get("x", 0)) + 6.8 * len(text.text or "") < width + 12
    assert any(re.fullmatch(r"a-vehicle-with-.*…: 1 次 sorties, \d+ s", words) for words in _words(svg))


def test_a_place_far_beyond_all_that_is_flown_does_not_make_the_map_small() -> None:
    _, plan, svg = _drawn(request([points("p", [(100, 100), (900_000, 0)])]))
    assert plan.tasks[0].unreachable == ("p1",)
    longest = max(abs(float(line.attrib["x2"]) - float(line.attrib["x1"])) for line in svg.iter(f"{_SVG}line"))
    assert longest > 500
    assert "1 处在图外 places beyond the map" in _words(svg)


def test_every_vehicle_of_a_large_fleet_has_a_colour_of_its_own() -> None:
    _, _, svg = _drawn(request([points("p", [(100, 100)])], vehicles=[drone(f"d{n}") for n in range(30)]))
    boxes = {box.attrib["fill"] for box in svg.iter(f"{_SVG}rect") if box.attrib.get("width") == "26"}
    assert len(boxes) == 30


def test_a_plan_without_any_leg_has_a_picture_too() -> None:
    _, _, svg = _drawn(request([]))
    assert "d1: 未用 not used" in _words(svg)
