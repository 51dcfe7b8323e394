"""Areas beside keep-out zones: seen as far as the margins allow, from legs that are proved."""

from collections.abc import Callable

import numpy as np
import pytest
import shapely
from shapely import Polygon

from geofence.ways_around import WaysAround
from missions.area_stops import area_path
from missions.patrol import PatrolArea
from missions.plan import order_end, route_of
from missions.plan_stops import MOST_WARY
from missions.plan_tries import Caution
from missions.planner import plan_patrol, plan_remainder
from tests.geofence.places import box, geo, keep_in, keep_out, zone_set
from tests.missions.plan_range import area, line, patrol, request

LANE = zone_set(keep_in(), keep_out(box(-100, 30, 100, 50)), keep_out(box(-100, 72, 100, 92)))
"""A lane of 22 m between two rows of houses."""
MIDDLE = keep_out(box(-60, -45, -30, -10))
TOWERS = zone_set(keep_in(), *(keep_out(box(x, y, x + 22, y + 14)) for x in (-60, -20, 20) for y in (20, 60)))


def seen_by_lines(norths_m: list[float], swath_m: float) -> float:
    """Return the share of the lane that lines drawn by hand along it see, where they can be flown."""
    drawn = patrol(*(line((-50, north), (50, north)) for north in norths_m))
    assert plan_patrol(drawn, request(zones=LANE)).is_flyable
    strips = [shapely.LineString([(-50, n), (50, n)]).buffer(swath_m / 2, cap_style="flat") for n in norths_m]
    lane = box(-50, 50, 50, 72)
    return shapely.union_all(strips).intersection(lane).area / lane.area


@pytest.mark.parametrize("swath_m", [20.0, 12.0, 8.0])
def test_nobody_sees_more_of_a_lane_between_houses_by_lines_drawn_by_hand(swath_m: float) -> None:
    route = plan_patrol(patrol(area(-50, 50, 50, 72, swath_m=swath_m)), request(zones=LANE))
    assert route.is_flyable, route.because
    assert route.covered_ratio is not None
    by_hand = max(seen_by_lines([54.5, 67.5], swath_m), seen_by_lines([54.5, 61.0, 67.5], swath_m))
    assert route.covered_ratio >= by_hand - 0.005


def test_what_can_be_seen_from_beside_it_only_is_seen_from_there() -> None:
    strip = box(-20, 43, 20, 46)
    ground = box(-100, -100, 100, 40)
    path = area_path(strip, ground, swath_m=20.0, overlap=0.0, start=(0.0, 0.0))
    assert path.seen_ratio > 0.99
    assert all(shapely.covers(ground, shapely.LineString(strand)) for strand in path.strands)


def test_an_area_that_nothing_comes_near_to_is_not_seen() -> None:
    path = area_path(box(0, 200, 40, 240), box(-100, -100, 100, 100), swath_m=20.0, overlap=0.0, start=(0.0, 0.0))
    assert path.strands == ()
    assert path.seen_ratio == 0.0


def test_open_ground_is_flown_as_before_without_legs_along_borders() -> None:
    open_ground, wanted = box(-500, -500, 500, 500), box(0, 0, 100, 60)
    path = area_path(wanted, open_ground, swath_m=20.0, overlap=0.0, start=(0.0, 0.0))
    assert len(path.strands) == 1
    assert path.seen_ratio == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("seed", range(8))
def test_areas_among_towers_are_proved_and_seen_nearly_as_far_as_margins_allow(seed: int) -> None:
    rng = np.random.default_rng(seed)
    west, south = rng.uniform(-70, 20), rng.uniform(0, 60)
    east, north = west + rng.uniform(20, 80), south + rng.uniform(15, 50)
    swath_m = float(rng.choice([10.0, 15.0, 20.0]))
    asked = request(zones=TOWERS)
    route = plan_patrol(patrol(area(west, south, east, north, swath_m=swath_m)), asked)
    assert route.is_flyable, route.because
    assert route.covered_ratio is not None
    ways = WaysAround(route_of((), asked, order_end(asked, 0.0)))
    wanted = shapely.transform(geo(box(west, south, east, north)), ways.frame.to_local_array)
    assert isinstance(wanted, Polygon)
    ground = ways.ground_to_stop_in(25.0, 1.25, wanted, corners=0.0)
    best = shapely.intersection(wanted, ground.buffer(swath_m / 2)).area / wanted.area
    assert route.covered_ratio > 0.8 * best


@pytest.mark.parametrize("half_m", [5, 12])
def test_a_courtyard_that_no_way_leads_to_is_not_seen_and_the_rest_is_flown(half_m: int) -> None:
    far = 30 + 2 * half_m
    walls = (box(-40, 20, 40, 30), box(-40, far, 40, far + 10), box(-40, 30, -half_m, far), box(half_m, 30, 40, far))
    zones = zone_set(keep_in(), *(keep_out(wall, ceiling_m=None) for wall in walls))
    route = plan_patrol(patrol(area(-35, -40, 35, far, swath_m=15.0)), request(zones=zones))
    assert route.is_flyable, route.because
    wanted, seen = 70 * (far + 40), 70 * (56.5 + 7.5)
    assert route.covered_ratio == pytest.approx(seen / wanted, abs=0.05)


def test_an_area_that_nothing_leads_to_is_refused_with_the_reason() -> None:
    walls = (box(-60, 20, 60, 30), box(-60, 90, 60, 100), box(-60, 30, -40, 90), box(40, 30, 60, 90))
    zones = zone_set(keep_in(), *(keep_out(wall, ceiling_m=None) for wall in walls))
    route = plan_patrol(patrol(area(-30, 40, 30, 80)), request(zones=zones))
    assert not route.is_flyable
    assert "there is no way" in route.because
    assert route.covered_ratio == 0.0


def test_what_takes_too_long_near_borders_is_flown_further_away_from_them_instead_of_refused() -> None:
    wanted = patrol(area(-80, 50, 80, 72, swath_m=8.0))
    longest = plan_patrol(wanted, request(zones=LANE, endurance_s=1e5))
    failsafes = request().failsafes
    endurance_s = 0.97 * longest.duration_s / (1 - failsafes.battery_low_ratio)
    route = plan_patrol(wanted, request(zones=LANE, endurance_s=endurance_s))
    assert route.is_flyable, route.because
    assert longest.covered_ratio is not None
    assert route.covered_ratio is not None
    assert route.covered_ratio < longest.covered_ratio


@pytest.mark.parametrize("start", [(120.0, 50.0, 25.0), (-120.0, 40.0, 35.0)])
@pytest.mark.parametrize(
    "wanted", [area(0, 22, 50, 52, swath_m=10.0), area(-47, 4, -13, 27, swath_m=10.0)], ids=["between", "beside"]
)
def test_what_is_left_of_an_area_is_flown_from_wherever_the_vehicle_hovers(
    start: tuple[float, float, float], wanted: PatrolArea
) -> None:
    route = plan_patrol(patrol(wanted), request(zones=TOWERS))
    assert route.is_flyable, route.because
    for done in range(1, len(route.legs) - 1):
        left = plan_remainder(route.legs, done, request(zones=TOWERS, start=start))
        assert left.is_flyable, (done, left.because)
        assert left.covered_ratio is None


@pytest.mark.parametrize("new", [(-90, -80, -80, -70), (-30, -80, -20, -70), (-30, -35, -20, -30)])
def test_of_a_remainder_that_a_new_zone_lies_in_the_rest_is_flown_and_its_share_told(
    new: tuple[float, float, float, float],
) -> None:
    wanted = patrol(area(-90, -90, -10, -20, swath_m=10.0))
    route = plan_patrol(wanted, request(zones=zone_set(keep_in(), MIDDLE)))
    assert route.is_flyable, route.because
    now = zone_set(keep_in(), MIDDLE, keep_out(box(*new)))
    left = plan_remainder(route.legs, 1, request(zones=now, start=(0.0, 0.0, 25.0)))
    assert left.is_flyable, left.because
    assert left.covered_ratio is not None
    assert 0.4 < left.covered_ratio < 0.95


@pytest.mark.parametrize("areas", [1, 3, 12])
@pytest.mark.parametrize("tight", [lambda n, k: {n % k}, lambda n, k: set(range(k)), lambda n, k: set()])
def test_a_few_plans_at_most_are_made_and_the_last_keeps_away_as_far_as_ever(
    areas: int, tight: Callable[[int, int], set[int]]
) -> None:
    caution, plans = Caution(areas=range(areas)), 1
    while caution.raised(tight(plans, areas)):
        plans += 1
    assert plans <= 5
    assert set(caution.levels.values()) == {MOST_WARY}
