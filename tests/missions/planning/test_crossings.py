"""Ways over and under keep-outs in plans, checked by sampling the whole flight in space and adding up its seconds."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from missions.planning.errors import BadRequest
from missions.planning.plan_files import plan_to_json, read_plan
from missions.planning.proof import prove_plan
from missions.planning.replan import replan
from missions.planning.request_files import request_from_json
from tests.missions.planning.requests import box, drone, legs_of, points, request, zone
from tests.missions.planning.test_planner import planned, task
from tests.missions.planning.test_replan import watch

Json = dict[str, Any]
_SITE = zone("site", "keep_in", box(-300, -300, 600, 300), 0, 100)
_WALL = zone("wall", "keep_out", box(100, -300, 110, 300), 0, 40)
_BRIDGE = zone("bridge", "keep_out", box(100, -300, 110, 300), 20, None)


def _climber(**changes: object) -> Json:
    return drone(lowest_agl_m=5.0, highest_agl_m=90.0) | changes


def _flight(sortie: Json, own_m: float) -> list[tuple[np.ndarray, float]]:
    """Return places (east, north, up) every 20 cm of a sortie, and the height to keep to zones at each."""
    at = [*((leg["from"], leg["to"], leg["height_agl_m"]) for leg in sortie["legs"])]
    stops = [np.array([*at[0][0], own_m])]
    for start, end, up_m in at:
        stops += [np.array([*start, up_m]), np.array([*end, up_m])]
    stops.append(np.array([*at[-1][1], own_m]))
    found = []
    for a, b in pairwise(stops):
        count = 2 + int(np.linalg.norm(b - a) / 0.2)
        is_own = a[2] == b[2] == own_m
        found += [(a + t * (b - a), 0.0 if is_own else 5.0 - 2e-3) for t in np.linspace(0, 1, count)]
    return found


def _faults(asked: Json, plan: Json) -> list[str]:
    found = []
    for vehicle, own in zip(asked["vehicles"], plan["vehicles"], strict=True):
        for sortie in own["sorties"]:
            samples = _flight(sortie, vehicle["height_agl_m"])
            places = np.array(shapely.points([place[:2] for place, _ in samples]))
            ups, clear = np.array([place[2] for place, _ in samples]), np.array([clear for _, clear in samples])
            own_m = vehicle["height_agl_m"]
            low = np.where(clear > 0, np.where(ups < own_m, np.maximum(0, ups - clear), ups), ups)
            high = np.where((clear > 0) & (ups > own_m), ups + clear, ups)
            # over and under by 5 m, but a column has to come through its own height as it is
            top = max(leg["height_agl_m"] for leg in sortie["legs"])
            high = np.where((ups < top) & (ups >= own_m), np.minimum(high, top + 5 - 2e-3), high)
            for feature in asked["zones"]["features"]:
                found += _broken(feature, places, low, high)
            seconds = _seconds(sortie["legs"], vehicle)
            if abs(seconds - sortie["duration_s"]) > 1e-2 or seconds > vehicle["endurance_s"] + 1e-2:
                found.append(f"{vehicle['id']} says {sortie['duration_s']} s and takes {seconds} s")
    return found


def _broken(feature: Json, places: np.ndarray, low: np.ndarray, high: np.ndarray) -> list[str]:
    properties, shape = feature["properties"], shapely.geometry.shape(feature["geometry"])
    floor = -np.inf if properties["floor_agl_m"] is None else properties["floor_agl_m"]
    ceiling = np.inf if properties["ceiling_agl_m"] is None else properties["ceiling_agl_m"]
    if properties["kind"] == "keep_out":
        is_bad = (shapely.distance(shape, places) < 5 - 1e-3) & (floor <= high) & (low <= ceiling)
    else:
        is_bad = ~shapely.covers(shape, places) | (shape.boundary.distance(places) < 5 - 1e-3)
        is_bad |= (low < floor) | (high > ceiling)
    return [f"{properties['id']} at {places[np.argmax(is_bad)]}"] if is_bad.any() else []


def _seconds(legs: list[Json], vehicle: Json) -> float:
    own_m = vehicle["height_agl_m"]
    rises = np.diff([own_m, *(leg["height_agl_m"] for leg in legs), own_m])
    upright = rises.clip(0).sum() / 2.0 + (-rises).clip(0).sum() / 1.5
    runs = np.array([np.subtract(leg["to"], leg["from"]) for leg in legs])
    service = sum(leg.get("service_s", 0.0) + leg.get("wait_s", 0.0) for leg in legs)
    moving = runs[np.hypot(*runs.T) > 1e-4]
    turns = np.abs(np.angle(np.exp(1j * np.diff(np.arctan2(moving[:, 1], moving[:, 0]))))) > 1e-3
    return float(np.hypot(*runs.T).sum() / vehicle["speed_m_s"] + service + turns.sum() * vehicle["turn_s"] + upright)


def test_a_wall_that_cannot_be_gone_round_is_flown_over() -> None:
    asked = request([points("p", [(200, 0)])], zones=[_SITE, _WALL], vehicles=[_climber()])
    plan = planned(asked)
    assert plan["violations"] == []
    assert _faults(asked, plan) == []
    assert [(leg["height_agl_m"], leg["purpose"]) for leg in legs_of(plan)] == [
        (45.0, "transit"), (30.0, "point"), (45.0, "return"),
    ]  # fmt: skip
    # 400 m at 10 m/s, 5 s of service, a turn, and 15 m up and down on either way
    assert plan["makespan_s"] == pytest.approx(40 + 5 + 2 + 2 * (15 / 2.0 + 15 / 1.5))


def test_a_bridge_is_flown_under() -> None:
    asked = request([points("p", [(200, 0)])], zones=[_SITE, _BRIDGE], vehicles=[_climber()])
    plan = planned(asked)
    assert plan["violations"] == []
    assert _faults(asked, plan) == []
    assert {leg["height_agl_m"] for leg in legs_of(plan)} == {15.0, 30.0}


def test_without_a_word_about_other_heights_a_vehicle_keeps_its_own() -> None:
    asked = request([points("p", [(200, 0)])], zones=[_SITE, _WALL])
    plan = planned(asked)
    assert task(plan, "p")["unreachable"] == ["p0"]
    assert "over what is in the way at 45 m, where d1 had a highest_agl_m of 45" in task(plan, "p")["because"][0]


def test_a_way_round_that_is_quicker_is_taken() -> None:
    short = zone("hut", "keep_out", box(100, -10, 110, 10), 0, 40)
    asked = request([points("p", [(200, 0)])], zones=[_SITE, short], vehicles=[_climber()])
    assert {leg["height_agl_m"] for leg in legs_of(planned(asked))} == {30.0}


def test_nobody_climbs_into_what_lies_over_the_place() -> None:
    roof = zone("roof", "keep_out", box(190, -10, 210, 10), 42, 60)
    asked = request([points("p", [(200, 0), (250, 0)])], zones=[_SITE, _WALL, roof], vehicles=[_climber()])
    plan = planned(asked)
    assert plan["violations"] == []
    assert _faults(asked, plan) == []
    # the roof leaves no room over the first place: the vehicle comes down beside it, 5 m from its border
    assert task(plan, "p")["done_ratio"] == 1.0
    sunk = [b["from"] for a, b in pairwise(legs_of(plan)) if a["height_agl_m"] > b["height_agl_m"]]
    assert min(shapely.distance(shapely.box(190, -10, 210, 10), shapely.points(sunk))) >= 5.0


def test_the_ceiling_of_the_site_is_kept() -> None:
    asked = request([points("p", [(200, 0)])], zones=[_SITE, _WALL], vehicles=[_climber(highest_agl_m=44.0)])
    assert task(planned(asked), "p")["unreachable"] == ["p0"]
    low = zone("site", "keep_in", box(-300, -300, 600, 300), 0, 49)
    asked = request([points("p", [(200, 0)])], zones=[low, _WALL], vehicles=[_climber()])
    assert task(planned(asked), "p")["unreachable"] == ["p0"]


def test_a_robot_cannot_be_given_other_heights() -> None:
    with pytest.raises(BadRequest, match="stays on the ground"):
        request_from_json(request([], vehicles=[_climber(kind="robot")]))
    with pytest.raises(BadRequest, match=r"highest_agl_m: is 20 \(allowed is at least 30"):
        request_from_json(request([], vehicles=[_climber(highest_agl_m=20.0)]))


def test_the_proof_finds_a_climb_inside_a_zone() -> None:
    asked = request([points("p", [(200, 0)])], zones=[_SITE, _WALL], vehicles=[_climber()])
    plan = planned(asked)
    first = legs_of(plan)[0]
    assert first["height_agl_m"] == 45.0
    tower = zone("mast", "keep_out", box(-20, -20, 20, 20), 44, 60)
    read = request_from_json(asked | {"zones": {"type": "FeatureCollection", "features": [_SITE, _WALL, tower]}})
    found = prove_plan(read, read_plan(read, json.dumps(plan)).vehicles)
    assert {violation.zone for violation in found} == {"mast"}
    first["height_agl_m"] = 43.0
    read = request_from_json(asked)
    found = prove_plan(read, read_plan(read, json.dumps(plan)).vehicles)
    assert "wall" in {violation.zone for violation in found}


@pytest.mark.parametrize("at_s", [2.0, 12.0, 25.0, 50.0])
def test_who_is_over_the_wall_when_another_drops_out_flies_on_before_it_takes_over(at_s: float) -> None:
    fleet = [_climber(id=vehicle, max_sorties=1) for vehicle in ("d1", "d2")]
    places = [(200.0, 100.0), (230, 130), (260, 100), (200, -100), (230, -130), (260, -100)]
    asked = request([points("p", places)], zones=[_SITE, _WALL], vehicles=fleet)
    read = request_from_json(asked)
    again = replan(read, read_plan(read, json.dumps(planned(asked))), watch(), lost="d1", at_s=at_s)
    assert again.violations == ()
    assert again.tasks[0].done_ratio == 1.0
    left: Any = plan_to_json(read, again)
    left["vehicles"] = [vehicle for vehicle in left["vehicles"] if vehicle["id"] == "d2"]
    assert _faults(asked | {"vehicles": fleet[1:]}, left) == []


_place = st.tuples(st.integers(-300, 300), st.integers(-300, 300))
_block = st.builds(
    lambda x, y, w, h, heights: (box(x, y, x + w, y + h), *heights),
    st.integers(-280, 240), st.integers(-280, 240), st.integers(10, 300), st.integers(10, 300),
    st.sampled_from([(0.0, 10.0), (0.0, 40.0), (0.0, 70.0), (20.0, None), (20.0, 50.0), (50.0, 60.0), (None, None)]),
)  # fmt: skip


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(places=st.lists(_place, min_size=1, max_size=6), blocks=st.lists(_block, min_size=1, max_size=5))
def test_with_other_heights_nothing_is_broken_and_no_less_is_done(
    places: list[tuple[float, float]], blocks: list[tuple[Json, float | None, float | None]]
) -> None:
    zones = [zone(f"z{n}", "keep_out", *block) for n, block in enumerate(blocks)]
    asked = request([points("p", places)], zones=[_SITE, *zones], vehicles=[_climber(endurance_s=3000.0)])
    plan = planned(asked, readings=40)
    assert plan["violations"] == []
    assert _faults(asked, plan) == []
    level = planned(asked | {"vehicles": [drone(endurance_s=3000.0)]}, readings=40)
    assert set(task(plan, "p")["unreachable"]) <= set(task(level, "p")["unreachable"])
    if task(plan, "p") == task(level, "p"):
        assert plan["makespan_s"] <= level["makespan_s"] + 4 * 2.0  # turns are known once ways are made
