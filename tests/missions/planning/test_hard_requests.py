"""What generated requests brought to light: cut lines, places beside corners, work far out of range, many corners."""

import math

import pytest
import shapely

from missions.planning.crossings import airspace_of
from missions.planning.request_files import request_from_json
from tests.missions.planning.requests import box, drone, legs_of, points, polygon, request, zone
from tests.missions.planning.test_planner import Json, assert_sound, planned, task


def line(task_id: str, *places: tuple[float, float]) -> Json:
    return {"type": "line", "id": task_id, "line": {"type": "LineString", "coordinates": [list(p) for p in places]}}


def test_what_blocks_leave_of_slanting_lines_is_followed() -> None:
    blocks = [
        zone(f"b{n}", "keep_out", polygon((x, y), (x + 31.7, y + 3.3), (x + 30.1, y + 29.9), (x - 2.9, y + 27.1)))
        for n, (x, y) in enumerate((90.0 * i + 17.3, 80.0 * j + 11.9) for i in range(4) for j in range(3))
    ]
    lines = [line(f"l{n}", (-20, 40 * n), (380, 231.3 - 57.7 * n)) for n in range(4)]
    asked = request(lines, zones=blocks, vehicles=[drone(endurance_s=1e5)], margin_m=0.0)
    plan = planned(asked, readings=100)
    assert_sound(asked, plan)
    taken = shapely.union_all([shapely.geometry.shape(block["geometry"]) for block in blocks])
    for given in lines:
        shape = shapely.geometry.shape(given["line"])
        free = shape.difference(taken.buffer(0.01, join_style="mitre")).length / shape.length
        assert task(plan, given["id"])["done_ratio"] == pytest.approx(free, abs=2e-3)


def test_a_place_that_keeps_the_margin_beside_a_sharp_corner_is_reached() -> None:
    wedge = zone("wedge", "keep_out", polygon((100, 0), (200, -40), (200, 40)))
    asked = request([points("p", [(89, 0), (90.5, 0)])], zones=[wedge], margin_m=10.0)
    plan = planned(asked)
    assert_sound(asked, plan)
    assert task(plan, "p")["unreachable"] == ["p1"]
    assert task(plan, "p")["because"] == ["p1 lies 9.50 m from the keep-out zone wedge, the margin is 10 m"]


def test_a_place_in_a_reflex_corner_of_a_keep_in_is_reached() -> None:
    yard = zone("yard", "keep_in", polygon((-50, -50), (300, -50), (300, 300), (100, 20), (-50, 300)))
    plan = planned(asked := request([points("p", [(100, 9)])], zones=[yard], margin_m=10.0))
    assert plan["violations"] == []
    assert task(plan, "p")["done_ratio"] == 1.0
    assert shapely.Point(legs_of(plan)[0]["to"]).distance(shapely.Point(100, 20)) == pytest.approx(11)
    assert asked["margin_m"] == 10.0


@pytest.mark.parametrize("margin_m", [0.0, 5.0, 10.0])
@pytest.mark.parametrize(("zone_id", "zones"), [
    ("site", [zone("site", "keep_in", box(-50, -50, 250, 150))]),
    ("tower", [zone("tower", "keep_out", polygon((100, 50), (180, 60), (170, 120)))]),
])  # fmt: skip
def test_a_perimeter_right_on_the_margin_is_followed(margin_m: float, zone_id: str, zones: list[Json]) -> None:
    fence = {"type": "perimeter", "id": "fence", "zone": zone_id, "inset_m": margin_m}
    plan = planned(asked := request([fence], zones=zones, margin_m=margin_m))
    assert_sound(asked, plan)
    assert task(plan, "fence")["done_ratio"] == pytest.approx(1.0, abs=1e-3)


def test_a_long_way_that_hardly_bends_still_bends_at_its_corner() -> None:
    wall = zone("wall", "keep_out", polygon((1400, 0.1), (1600, 0.1), (1600, -500), (1400, -500)))
    asked = request([points("p", [(3000, 0)])], zones=[wall], margin_m=0.0, vehicles=[drone(endurance_s=1e3)])
    plan = planned(asked)
    assert plan["violations"] == []
    ways = shapely.linestrings([[leg["from"], leg["to"]] for leg in legs_of(plan)])
    assert shapely.distance(ways, shapely.geometry.shape(wall["geometry"])).min() > 0.003


def test_work_far_out_of_range_is_left_in_few_pieces() -> None:
    rows = [line(f"l{n}", (0, 100 * n), (9000, 100 * n + 400)) for n in range(4)]
    asked = request(rows, vehicles=[drone(endurance_s=100.0, max_sorties=3) | {"id": f"d{n}"} for n in range(3)])
    plan = planned(asked, readings=100)
    assert_sound(asked, plan)
    for row in rows:
        (far,) = (because for because in task(plan, row["id"])["because"] if "out of range" in because)
        assert "pieces" not in far or int(far.split(" pieces")[0].split()[-1]) <= 60
    reached = math.fsum(math.dist(leg["from"], leg["to"]) for leg in legs_of(plan) if leg["purpose"] == "line")
    assert reached > 1000


def test_endurance_holds_where_ways_have_more_corners_than_were_reckoned() -> None:
    walls = [
        zone(f"w{n}", "keep_out", box(40 * n + 20, -200 if n % 2 else -10, 40 * n + 25, 10 if n % 2 else 200))
        for n in range(12)
    ]
    field = points("p", [(500 + 7 * n, 40 * math.sin(n)) for n in range(12)], service_s=1.0)
    asked = request([field], zones=walls, margin_m=1.0)
    asked["vehicles"] = [drone(turn_s=12.0, endurance_s=700.0)]
    plan = planned(asked)
    assert_sound(asked, plan)
    assert task(plan, "p")["done_ratio"] > 0


def test_a_window_holds_where_ways_have_more_corners_than_were_reckoned() -> None:
    walls = [
        zone(f"w{n}", "keep_out", box(40 * n + 20, -200 if n % 2 else -10, 40 * n + 25, 10 if n % 2 else 200))
        for n in range(12)
    ]
    asked = request([points("p", [(520, 0)]) | {"window_s": [0, 130]}], zones=walls, margin_m=1.0)
    asked["vehicles"] = [drone(turn_s=6.0)]
    plan = planned(asked)
    assert plan["violations"] == []
    assert task(plan, "p")["done_ratio"] == 0.0


def test_heights_with_the_same_zones_share_their_ways() -> None:
    tower = zone("tower", "keep_out", box(100, -40, 160, 40), 0, 60)
    low, mid, high = (drone(f"d{n}", height_agl_m=h) for n, h in enumerate((10.0, 30.0, 90.0)))
    levels = airspace_of(request_from_json(request([], zones=[tower], vehicles=[low, mid, high]))).levels
    assert levels[10.0].ways is levels[30.0].ways
    assert levels[30.0].ways is not levels[90.0].ways
