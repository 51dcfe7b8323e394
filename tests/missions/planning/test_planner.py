"""Plans of small requests, checked by sampling, not by what made them."""

import math
from itertools import count
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from missions.planning.jobs import without_specks
from missions.planning.plan_files import plan_to_json
from missions.planning.planner import Watch, plan_fleet
from missions.planning.request_files import request_from_json
from tests.missions.planning.requests import box, brute_faults, drone, legs_of, points, polygon, request, zone

Json = dict[str, Any]
_TOWER = zone("tower", "keep_out", box(100, -40, 160, 40), 0, 60)


def planned(asked: Json, *, readings: int = 300, seed: int = 0) -> Json:
    """Plan with a clock that goes on 1 ms at every reading, so that every run takes the same steps."""
    ticks = count()
    watch = Watch(now_s=lambda: next(ticks) / 1000, time_limit_s=readings / 1000)
    read = request_from_json(asked)
    return plan_to_json(read, plan_fleet(read, watch, seed=seed))


def task(plan: Json, task_id: str) -> Json:
    return next(t for t in plan["tasks"] if t["id"] == task_id)


def assert_sound(asked: Json, plan: Json) -> None:
    assert plan["violations"] == []
    assert brute_faults(asked, plan) == []


def test_points_behind_a_tower_are_reached_around_it() -> None:
    asked = request([points("p", [(200, 0), (220, 30)])], zones=[_TOWER])
    plan = planned(asked)
    assert_sound(asked, plan)
    assert task(plan, "p")["done_ratio"] == 1.0
    assert plan["total_distance_m"] > 2 * math.hypot(220, 30)


def test_a_vehicle_above_the_tower_flies_straight_over_it() -> None:
    asked = request([points("p", [(200, 0)])], zones=[_TOWER], vehicles=[drone(height_agl_m=80.0)])
    plan = planned(asked)
    assert_sound(asked, plan)
    assert plan["total_distance_m"] == pytest.approx(400.0)


def test_a_vehicle_under_a_zone_with_a_floor_flies_straight_under_it() -> None:
    high = zone("lane", "keep_out", box(100, -40, 160, 40), 50, 120)
    plan = planned(request([points("p", [(200, 0)])], zones=[high]))
    assert plan["total_distance_m"] == pytest.approx(400.0)


def test_what_cannot_be_reached_is_named_and_the_rest_is_done() -> None:
    island = zone("moat", "keep_out", {"type": "Polygon", "coordinates": [
        [[300, 300], [400, 300], [400, 400], [300, 400], [300, 300]],
        [[330, 330], [330, 370], [370, 370], [370, 330], [330, 330]],
    ]})  # fmt: skip
    places = [(130, 0), (350, 350), (50, 50), (90_000, 0), (163, 0)]
    asked = request([points("p", places)], zones=[_TOWER, island])
    plan = planned(asked)
    assert_sound(asked, plan)
    assert task(plan, "p")["unreachable"] == ["p0", "p1", "p3", "p4"]
    reasons = " | ".join(task(plan, "p")["because"])
    assert "p0 lies inside the keep-out zone tower" in reasons
    assert "p1 cannot be reached" in reasons
    assert "p3 is out of range of every vehicle" in reasons
    assert "p4 lies 3.00 m from the keep-out zone tower, the margin is 5 m" in reasons


def test_endurance_is_never_overrun_and_what_is_left_is_said() -> None:
    asked = request(
        [points("p", [(400 + 10 * n, 0) for n in range(30)], service_s=60.0)],
        vehicles=[drone(endurance_s=300.0, max_sorties=2)],
    )
    plan = planned(asked)
    assert_sound(asked, plan)
    assert 0 < task(plan, "p")["done_ratio"] < 0.5
    assert len(task(plan, "p")["unreachable"]) == 30 - round(30 * task(plan, "p")["done_ratio"])
    assert "no vehicle has endurance" in task(plan, "p")["because"][0]


def test_an_area_is_shared_out_over_vehicles_and_sorties() -> None:
    asked = request(
        [{"type": "area", "id": "field", "area": box(50, 50, 450, 350), "swath_m": 25, "overlap": 0.2}],
        vehicles=[drone("d1", endurance_s=250.0), drone("d2", endurance_s=250.0)],
    )
    plan = planned(asked)
    assert_sound(asked, plan)
    assert task(plan, "field")["done_ratio"] > 0.999
    assert sum(len(vehicle["sorties"]) for vehicle in plan["vehicles"]) > 2
    assert all(vehicle["sorties"] for vehicle in plan["vehicles"])


def test_ground_inside_a_keep_out_is_named_as_not_swept() -> None:
    field = {"type": "area", "id": "field", "area": box(20, -100, 300, 100), "swath_m": 20, "overlap": 0.0}
    asked = request([field], zones=[_TOWER], vehicles=[drone(endurance_s=2000.0)])
    plan = planned(asked)
    assert_sound(asked, plan)
    left = shapely.union_all([shapely.geometry.shape(part) for part in task(plan, "field")["unreachable"]])
    tower = shapely.box(100, -40, 160, 40)
    assert shapely.covers(tower.buffer(16), left)
    assert task(plan, "field")["done_ratio"] == pytest.approx(1 - left.area / (280 * 200), abs=1e-3)


def test_lines_and_perimeters_are_followed_from_end_to_end() -> None:
    site = zone("site", "keep_in", box(-50, -200, 600, 200), 0, 120)
    line = {
        "type": "line",
        "id": "road",
        "line": {"type": "LineString", "coordinates": [[20, 20], [300, 150], [500, 20]]},
    }
    asked = request([line, {"type": "perimeter", "id": "fence", "zone": "site", "inset_m": 10}], zones=[site])
    asked["vehicles"] = [drone("d1"), drone("d2")]
    plan = planned(asked)
    assert_sound(asked, plan)
    assert {t["done_ratio"] for t in plan["tasks"]} == {1.0}
    assert {leg["purpose"] for leg in legs_of(plan)} == {"transit", "line", "return"}


def test_a_line_through_a_keep_out_is_done_up_to_it_and_the_rest_is_named() -> None:
    line = {"type": "line", "id": "road", "line": {"type": "LineString", "coordinates": [[20, 0], [300, 0]]}}
    asked = request([line], zones=[_TOWER])
    plan = planned(asked)
    assert_sound(asked, plan)
    assert task(plan, "road")["done_ratio"] == pytest.approx(1 - 70 / 280, abs=1e-3)
    assert task(plan, "road")["unreachable"][0]["type"] == "LineString"


def test_windows_and_skills_are_kept() -> None:
    asked = request([points("early", [(300, 0)]), points("late", [(200, 0)]), points("warm", [(0, 100)])])
    asked["tasks"][0]["window_s"] = [0, 60]
    asked["tasks"][1]["window_s"] = [200, 260]
    asked["tasks"][2]["needs"] = ["infrared"]
    asked["vehicles"] = [drone("d1", max_sorties=1), drone("d2", skills=["infrared"])]
    plan = planned(asked)
    assert plan["violations"] == []
    assert {t["done_ratio"] for t in plan["tasks"]} == {1.0}
    d2 = next(vehicle for vehicle in plan["vehicles"] if vehicle["id"] == "d2")
    assert "warm" in {leg["task"] for sortie in d2["sorties"] for leg in sortie["legs"]}


def test_a_window_that_nobody_can_keep_is_said_with_when_it_could_be_done() -> None:
    plan = planned(request([points("far", [(1000, 0)]) | {"window_s": [0, 30]}]))
    assert task(plan, "far")["because"] == [
        "far0 cannot be done in time: the first vehicle would be done with it after 105 s"
    ]


def test_what_is_left_for_one_reason_is_told_in_one_sentence() -> None:
    line = {"type": "LineString", "coordinates": [[20, 20], [4000, 20]]}
    asked = request([{"type": "line", "id": "l", "line": line}], vehicles=[drone(endurance_s=200.0, max_sorties=1)])
    asked["tasks"].append(points("p", [(3000 + n, 0) for n in range(20)]))
    plan = planned(asked)
    assert len(task(plan, "l")["because"]) <= 2
    assert task(plan, "p")["because"] == [
        "p0, p1, p2, p3, p4, p5 and 14 more are out of range of every vehicle: the nearest would need 407 s more"
    ]


def test_who_cannot_leave_its_dock_is_told_though_others_do_the_work() -> None:
    asked = request([points("p", [(200, 0)])], zones=[zone("site", "keep_in", box(-50, -50, 300, 50))])
    asked["docks"].append({"id": "B", "position": [0, 90]})
    asked["vehicles"] = [drone("in"), drone("out", dock="B")]
    plan = planned(asked)
    assert task(plan, "p")["done_ratio"] == 1.0
    assert plan["notes"] == ["out stays where it is: its dock B lies outside of all keep-in zones at 30 m"]


def test_a_need_that_nobody_has_is_said() -> None:
    asked = request([points("p", [(10, 0)]) | {"needs": ["wings"]}])
    plan = planned(asked)
    assert task(plan, "p") == {"id": "p", "done_ratio": 0.0, "unreachable": ["p0"], "because": ["no vehicle has wings"]}


def test_a_dock_under_a_keep_out_cannot_be_left() -> None:
    plan = planned(request([points("p", [(200, 0)])], zones=[zone("roof", "keep_out", box(-9, -9, 9, 9), 10, 20)]))
    assert task(plan, "p")["done_ratio"] == 0.0
    assert "dock A lies under or over the keep-out zone roof" in task(plan, "p")["because"][0]


def test_an_area_smaller_than_the_swath_is_one_leg() -> None:
    asked = request([{"type": "area", "id": "yard", "area": box(50, 50, 60, 58), "swath_m": 30, "overlap": 0}])
    plan = planned(asked)
    assert_sound(asked, plan)
    assert task(plan, "yard")["done_ratio"] > 0.999


def test_an_area_that_crosses_itself_is_planned_and_the_mending_is_told() -> None:
    bow = polygon((20, 20), (120, 120), (120, 20), (20, 120))
    plan = planned(request([{"type": "area", "id": "bow", "area": bow, "swath_m": 20, "overlap": 0.1}]))
    assert plan["violations"] == []
    assert task(plan, "bow")["done_ratio"] > 0.999
    assert "crosses itself" in plan["notes"][0]


def test_degrees_go_in_and_come_out() -> None:
    asked = request(
        [{"type": "points", "id": "p", "points": [{"id": "a", "position": [121.401, 31.3205], "service_s": 1}]}]
    )
    asked |= {"frame": "wgs84", "docks": [{"id": "A", "position": [121.4, 31.32]}]}
    plan = planned(asked)
    assert plan["violations"] == []
    leg = next(leg for leg in legs_of(plan) if leg["purpose"] == "point")
    assert leg["to"] == pytest.approx([121.401, 31.3205], abs=1e-8)
    assert plan["total_distance_m"] == pytest.approx(2 * math.hypot(95.2, 55.4), rel=0.01)


def test_nothing_to_do_is_a_plan_too() -> None:
    plan = planned(request([]))
    assert (plan["makespan_s"], plan["total_distance_m"], plan["violations"]) == (0.0, 0.0, [])


def test_the_same_seed_gives_the_same_plan() -> None:
    asked = request([points("p", [(37 * n % 300, 91 * n % 280) for n in range(25)])], vehicles=[drone("a"), drone("b")])
    first, second = planned(asked, seed=3), planned(asked, seed=3)
    assert first["vehicles"] == second["vehicles"]


_place = st.tuples(st.integers(-300, 300), st.integers(-300, 300))
_block = st.builds(
    lambda x, y, w, h, top: (x, y, x + w, y + h, top),
    st.integers(-280, 240), st.integers(-280, 240), st.integers(10, 120), st.integers(10, 120),
    st.sampled_from([10.0, 90.0]),
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(places=st.lists(_place, max_size=8), blocks=st.lists(_block, max_size=4), endurance_s=st.integers(40, 300),
       vehicles=st.integers(1, 3), objective=st.sampled_from(["makespan", "total"]))  # fmt: skip
def test_no_plan_breaks_anything_and_every_point_that_can_be_served_is(
    places: list[tuple[float, float]],
    blocks: list[tuple[float, float, float, float, float]],
    endurance_s: int,
    vehicles: int,
    objective: str,
) -> None:
    zones = [zone(f"z{n}", "keep_out", box(*block[:4]), 0, block[4]) for n, block in enumerate(blocks)]
    fleet = [drone(f"d{n}", endurance_s=float(endurance_s), max_sorties=9) for n in range(vehicles)]
    asked = request([points("p", places)], zones=[zone("site", "keep_in", box(-320, -320, 320, 320)), *zones])
    asked |= {"vehicles": fleet, "objective": objective}
    plan = planned(asked, readings=40)
    assert_sound(asked, plan)
    near = [shapely.box(*block[:4]) for block in blocks if block[4] >= 30]
    dock = shapely.Point(0, 0)
    if any(shapely.box(*block[:4]).distance(dock) < 5.1 for block in blocks):
        return
    for n, place in enumerate(places):
        line = shapely.LineString([(0, 0), place])
        is_free = all(block.distance(line) > 5.1 for block in near)
        in_range = 2 * line.length / 10 + 5 + 2 < endurance_s
        if is_free and in_range:
            assert f"p{n}" not in task(plan, "p")["unreachable"]
        if any(block.distance(shapely.Point(place)) < 5 - 1e-3 for block in near):
            assert f"p{n}" in task(plan, "p")["unreachable"]


def test_the_bound_is_no_more_than_a_plan_with_a_single_turn() -> None:
    """Around the tower to a point beside its corner and back: two corners fewer than are reckoned with."""
    plan = planned(request([points("p", [(164.0, 50.0)])], zones=[_TOWER], vehicles=[drone(turn_s=30.0)]))
    assert task(plan, "p")["done_ratio"] == 1.0
    assert plan["solver"]["lower_bound"] <= plan["makespan_s"] <= plan["solver"]["lower_bound"] + 90.0


def test_no_bound_is_told_where_something_is_left() -> None:
    places = [(200.0, 0.0), (-200.0, 0.0), (0.0, 200.0)]
    plan = planned(request([points("p", places)], vehicles=[drone(endurance_s=60.0, max_sorties=1)]))
    assert task(plan, "p")["done_ratio"] == pytest.approx(1 / 3, abs=1e-5)
    assert "lower_bound" not in plan["solver"]


def test_a_perimeter_of_which_nothing_is_left_is_named() -> None:
    lane = zone("lane", "keep_in", box(-300, -10, 300, 10))
    plan = planned(request([{"type": "perimeter", "id": "b", "zone": "lane", "inset_m": 12.0}], zones=[lane]))
    assert task(plan, "b")["done_ratio"] == 0.0
    assert shapely.geometry.shape(task(plan, "b")["unreachable"][0]).length == pytest.approx(1240.0)
    assert "nothing is left of the zone lane" in task(plan, "b")["because"][0]


def test_with_more_vehicles_than_needed_the_last_is_home_soon() -> None:
    """The farthest place takes 202 s there and back alone; an even share of all work is a fraction of that."""
    places = [(700.0 + 50 * (n % 7), 80.0 * (n // 7) - 200) for n in range(35)]
    fleet = [drone(f"d{n}") for n in range(40)]
    plan = planned(request([points("p", places)], vehicles=fleet))
    assert task(plan, "p")["done_ratio"] == 1.0
    assert plan["makespan_s"] <= 1.25 * plan["solver"]["lower_bound"]


def test_corners_within_millimetres_are_one() -> None:
    specks = np.array([(0.0, 0.0), (0.001, 0.0), (50.0, 0.0), (50.0, 0.002), (50.0, 30.0), (50.0, 30.001)])
    assert without_specks(specks).tolist() == [[0.0, 0.0], [50.0, 0.0], [50.0, 30.001]]
    assert without_specks(specks[:2]).tolist() == specks[:2].tolist()


def test_no_leg_is_shorter_than_what_a_vehicle_could_follow() -> None:
    """The border of a zone with a corner drawn twice, a millimetre apart."""
    place = polygon((-200, -200), (200, -200), (200, 199.999), (200, 200), (-200, 200))
    plan = planned(
        request([{"type": "perimeter", "id": "b", "zone": "in", "inset_m": 10.0}], zones=[zone("in", "keep_in", place)])
    )
    assert task(plan, "b")["done_ratio"] == pytest.approx(1.0, abs=1e-4)
    assert min(math.dist(leg["from"], leg["to"]) for leg in legs_of(plan)) > 0.1


def test_an_area_of_less_than_a_stone_is_named() -> None:
    asked = request([{"type": "area", "id": "a", "area": box(50, 50, 50.3, 50.2), "swath_m": 30, "overlap": 0}])
    plan = planned(asked)
    assert task(plan, "a")["done_ratio"] == 0.0
    assert len(task(plan, "a")["unreachable"]) == 1
    assert "too little for a swath" in task(plan, "a")["because"][0]
