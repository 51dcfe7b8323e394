"""Ways around and over keep-out zones."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box, union_all

from geofence.errors import NoWayAround
from geofence.route_proof import prove_order
from geofence.ways_around import Waypoint, WaysAround
from geofence.zones import ZoneSet
from tests.geofence.places import FRAME, at, keep_in, keep_out, route, zone_set

TOWER = keep_out(box(40, -10, 60, 10))


def point(east_m: float, north_m: float, height_m: float = 25.0) -> Waypoint:
    """Return a place in the air."""
    return Waypoint(place=at(east_m, north_m), height_agl_m=height_m)


def metres(points: tuple[Waypoint, ...]) -> list[tuple[float, float, float]]:
    """Return places in metres, rounded."""
    found = []
    for waypoint in points:
        local = FRAME.to_local(waypoint.place)
        found.append((round(local.east_m, 1), round(local.north_m, 1), waypoint.height_agl_m))
    return found


def ways(zones: ZoneSet) -> WaysAround:
    """Return a finder for flights from the origin."""
    return WaysAround(route(zones, (0, 0, 20)))


def test_a_free_way_is_straight() -> None:
    assert ways(zone_set(keep_in(), TOWER)).find(point(0, 0), point(0, 100), speed_m_s=5) == ()


def test_a_way_around_bends_at_the_nearer_corners_and_is_proved() -> None:
    zones = zone_set(keep_in(), TOWER)
    found = metres(ways(zones).find(point(0, 4), point(100, 4), speed_m_s=5))

    assert [(x < 40, x > 60, y) for x, y, _ in found] == [(True, False, 16.1), (False, True, 16.1)]
    assert prove_order(route(zones, (0, 4, 25), *found, (100, 4, 25), takeoff_m=25)).is_safe


def test_there_and_back_are_equally_long() -> None:
    finder = ways(zone_set(keep_in(), TOWER, keep_out(box(70, 0, 90, 60), name="other")))
    there, back = point(-20, 0), point(120, 20)
    out = (there, *finder.find(there, back, speed_m_s=5), back)
    home = (back, *finder.find(back, there, speed_m_s=5), there)

    assert finder.length_m(out) == pytest.approx(finder.length_m(home))


def test_a_wide_tower_is_flown_over_when_that_is_quicker() -> None:
    wide = keep_out(box(40, -190, 60, 190), ceiling_m=30)
    finder = ways(zone_set(keep_in(), wide))
    found = finder.find(point(0, 0), point(100, 0), speed_m_s=5, over_agl_m=40)

    assert metres(found) == [(0.0, 0.0, 32.05), (100.0, 0.0, 32.05)]
    assert prove_order(route(zone_set(keep_in(), wide), *metres(found), (100, 0, 25), takeoff_m=25)).is_safe


def test_a_high_tower_is_flown_over_at_the_height_that_is_free_for_sure() -> None:
    wide = keep_out(box(40, -190, 60, 190), ceiling_m=39)
    finder = ways(zone_set(keep_in(), wide))
    found = finder.find(point(0, 0), point(100, 0), speed_m_s=5, over_agl_m=42)

    assert {height for _, _, height in metres(found)} == {41.05}


def test_a_line_over_the_street_is_passed_below_when_the_way_home_is_below_it_too() -> None:
    wire = keep_out(box(40, -190, 60, 190), name="wire", floor_m=28, ceiling_m=None)
    flight = route(zone_set(keep_in(), wire), (0, 0, 20), return_m=24, takeoff_m=15)
    found = WaysAround(flight).find(point(0, 0, 27), point(100, 0, 27), speed_m_s=5, over_agl_m=60)

    assert metres(found) == [(0.0, 0.0, 25.95), (100.0, 0.0, 25.95)]


def test_nothing_is_passed_below_where_the_way_home_leads_through_it() -> None:
    wire = keep_out(box(40, -250, 60, 250), name="wire", floor_m=28, ceiling_m=35)
    finder = ways(zone_set(keep_in(), wire))

    found = finder.find(point(0, 0, 29), point(100, 0, 29), speed_m_s=5, over_agl_m=60)

    assert {height for _, _, height in metres(found)} == {37.05}


def test_a_place_between_the_corner_of_a_tower_and_the_corner_of_its_margin_is_flown_from() -> None:
    finder = ways(zone_set(keep_in(), TOWER))
    near_corner = point(37.5, 12.5)

    found = metres(finder.find(near_corner, point(62.5, -12.5), speed_m_s=2))

    line = LineString([(37.5, 12.5), *(place[:2] for place in found), (62.5, -12.5)])
    assert line.distance(box(40, -10, 60, 10)) >= 3.04


def test_a_district_of_hundreds_of_towers_is_crossed_from_end_to_end() -> None:
    towers = [
        keep_out(box(x, y, x + 60, y + 60), name=f"t{x}-{y}", ceiling_m=None)
        for x in range(-2900, 2900, 200)
        for y in range(-2900, 2900, 200)
    ]
    finder = ways(zone_set(keep_in(box(-3000, -3000, 3000, 3000)), *towers))
    start, end = point(-2950, -2950), point(2950, 2950)

    way = (start, *finder.find(start, end, speed_m_s=5), end)

    assert finder.length_m(way) < 1.07 * 5900 * 2**0.5
    line = LineString([place[:2] for place in metres(way)])
    assert (
        union_all(
            [box(x, y, x + 60, y + 60) for x in range(-2900, 2900, 200) for y in range(-2900, 2900, 200)]
        ).distance(line)
        > 2.9
    )


def test_a_small_tower_is_flown_around_though_flying_over_is_allowed() -> None:
    found = ways(zone_set(keep_in(), TOWER)).find(point(0, 0), point(100, 0), speed_m_s=5, over_agl_m=75)

    assert {height for _, _, height in metres(found)} == {25.0}


def test_a_walled_off_place_has_no_way_and_the_reason_names_the_wall() -> None:
    wall = keep_out(box(40, -250, 60, 250), name="wall", ceiling_m=None)

    with pytest.raises(NoWayAround) as caught:
        ways(zone_set(keep_in(), wall)).find(point(0, 0), point(100, 0), speed_m_s=5, over_agl_m=75)
    assert "wall" in str(caught.value)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (point(50, 0), "inside the keep-out zone tower"),
        (point(38, 0), "2.0 m from the keep-out zone tower"),
        (point(300, 0), "outside of the keep-in zones"),
        (point(0, 0, 99.5), "nothing may fly"),
    ],
)
def test_a_place_that_may_not_be_flown_to_is_refused_with_the_reason(end: Waypoint, reason: str) -> None:
    with pytest.raises(NoWayAround) as caught:
        ways(zone_set(keep_in(), TOWER)).find(point(0, 0, end.height_agl_m), end, speed_m_s=5)
    assert reason in str(caught.value)


def test_a_vehicle_that_was_blown_near_a_wall_first_steps_away_from_it() -> None:
    found = metres(ways(zone_set(keep_in(), TOWER)).find(point(38.5, 0), point(0, 100), speed_m_s=5))

    assert found[0][0] < 37
    assert found[0][1] == pytest.approx(0, abs=0.1)


def test_a_start_deep_inside_a_zone_is_refused() -> None:
    large = keep_out(box(20, -100, 120, 100))

    with pytest.raises(NoWayAround, match="start"):
        ways(zone_set(keep_in(), large)).find(point(70, 0), point(0, 0), speed_m_s=5)


boxes = st.tuples(st.floats(-110, 90), st.floats(-110, 90), st.floats(5, 50), st.floats(5, 50)).map(
    lambda b: box(b[0], b[1], b[0] + b[2], b[1] + b[3])
)
corners = st.tuples(st.floats(-140, 140), st.floats(-140, 140))


@given(towers=st.lists(boxes, min_size=1, max_size=6), start=corners, end=corners)
@settings(max_examples=40, deadline=None)
def test_ways_keep_clear_of_every_tower_and_of_the_border(
    towers: list[Polygon], start: tuple[float, float], end: tuple[float, float]
) -> None:
    zones = zone_set(keep_in(), *(keep_out(tower, name=f"t{n}") for n, tower in enumerate(towers)))
    assume(start != end and union_all(towers).distance(Point(start)) > 3.1)
    try:
        between = ways(zones).find(point(*start), point(*end), speed_m_s=2)
    except NoWayAround:
        return
    line = LineString([start, *(place[:2] for place in metres(between)), end])
    assert union_all(towers).distance(line) >= 2.9
    assert box(-197, -197, 197, 197).covers(line)
    assert line.length >= np.hypot(*np.subtract(end, start)) - 0.2
    for a, b in pairwise([point(*start), *between]):
        assert a != b
