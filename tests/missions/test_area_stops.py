"""Areas beside keep-out zones: seen as far as the margins allow, from legs that are proved."""

import numpy as np
import pytest
import shapely
from shapely import Polygon

from geofence.ways_around import WaysAround
from missions.area_stops import area_path
from missions.plan import order_end, route_of
from missions.planner import plan_patrol
from tests.geofence.places import box, geo, keep_in, keep_out, zone_set
from tests.missions.plan_range import area, line, patrol, request

LANE = zone_set(keep_in(), keep_out(box(-100, 30, 100, 50)), keep_out(box(-100, 72, 100, 92)))
"""A lane of 22 m between two rows of houses."""
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
