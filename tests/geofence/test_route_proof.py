"""What the route proof finds, and where it says that it is."""

from dataclasses import replace
from datetime import time, timedelta

import pytest
from shapely import Polygon

from geofence.route import RoutePhase
from geofence.route_proof import prove_order
from geofence.zones import WeeklyWindow
from tests.geofence.places import FRAME, NOW, at, box, keep_in, keep_out, route, zone_set

TOWER = keep_out(box(40, -10, 60, 10))


def test_a_route_clear_of_everything_is_safe() -> None:
    proof = prove_order(route(zone_set(keep_in(), TOWER), (0, 100, 25), (100, 100, 25), (0, 0, 25)))

    assert proof.is_safe
    assert proof.zones_hash == zone_set(keep_in(), TOWER).hash


def test_a_leg_between_two_good_points_is_not_flown_through_a_tower() -> None:
    (found,) = prove_order(route(zone_set(keep_in(), TOWER), (100, 0, 25))).violations

    assert (found.leg, found.phase, found.zone_id) == (0, RoutePhase.LEG, "tower")
    assert found.place is not None
    place = FRAME.to_local(found.place)
    assert 40 <= place.east_m <= 60
    assert abs(place.north_m) < 1e-3
    assert found.because
    assert found.remedy


def test_passing_too_near_says_how_many_metres_are_missing() -> None:
    violations = prove_order(route(zone_set(keep_in(), TOWER), (0, 11, 25), (30, 11, 25), (100, 11, 25))).violations

    (passing,) = [one for one in violations if one.leg == 2]
    assert passing.code == "near_keep_out"
    assert passing.amount_m == pytest.approx(2.0, abs=1e-3)


def test_a_tower_is_flown_over_only_with_the_height_margin() -> None:
    zones = zone_set(keep_in(), TOWER)

    assert prove_order(route(zones, (0, 0, 66.5), (100, 0, 66.5), takeoff_m=66.5)).is_safe
    assert not prove_order(route(zones, (0, 0, 65.5), (100, 0, 65.5), takeoff_m=65.5)).is_safe


def test_a_climbing_leg_is_proved_as_a_line_in_space() -> None:
    zones = zone_set(keep_in(), TOWER)

    assert prove_order(route(zones, (0, 0, 70), (37, 0, 70), (-100, 0, 20))).is_safe
    (found, *_) = prove_order(route(zones, (0, 0, 30), (100, 0, 80))).violations
    assert (found.leg, found.phase) == (1, RoutePhase.LEG)


def test_a_zone_above_the_route_is_in_the_way_home_only() -> None:
    bridge = keep_out(box(80, 80, 120, 120), name="bridge", floor_m=40, ceiling_m=60)
    violations = prove_order(route(zone_set(keep_in(), bridge), (0, 100, 25), (150, 100, 25))).violations

    assert {found.phase for found in violations} == {RoutePhase.WAY_HOME}
    assert {found.leg for found in violations} == {1}


def test_the_way_home_is_proved_from_every_point_of_a_leg_and_not_only_from_its_ends() -> None:
    needle = keep_out(box(-1, 48, 1, 52), name="needle", ceiling_m=120, floor_m=60)
    violations = prove_order(route(zone_set(keep_in(), needle), (-100, 100, 25), (100, 100, 25))).violations

    assert [(found.leg, found.phase) for found in violations] == [(1, RoutePhase.WAY_HOME)]


def test_overshoot_behind_a_sharp_turn_is_proved() -> None:
    wall = keep_out(box(105, 50, 110, 150), name="wall")
    slow = prove_order(route(zone_set(keep_in(), wall), (0, 100, 25), (100, 100, 25), (0, 0, 25), speed_m_s=1))
    fast = prove_order(route(zone_set(keep_in(), wall), (0, 100, 25), (100, 100, 25), (0, 0, 25), speed_m_s=8))

    assert slow.is_safe
    assert [(found.leg, found.phase) for found in fast.violations] == [(1, RoutePhase.TURN)]


def test_a_corner_that_is_cut_is_proved() -> None:
    inside = keep_out(box(93.9, 93.9, 96.5, 96.5), name="inside")
    proof = prove_order(route(zone_set(keep_in(), inside), (100, 0, 25), (100, 100, 25), (0, 100, 25)))

    assert [(found.leg, found.phase) for found in proof.violations] == [(1, RoutePhase.TURN)]


def test_take_off_and_landing_columns_are_proved() -> None:
    canopy = keep_out(box(-2, -2, 2, 2), name="canopy", floor_m=10, ceiling_m=15)
    violations = prove_order(route(zone_set(keep_in(), canopy), (50, 50, 25))).violations

    assert RoutePhase.TAKEOFF in {found.phase for found in violations}
    from_air = prove_order(route(zone_set(keep_in(), canopy), (50, 50, 25), start=(50, 0, 25))).violations
    assert [found.phase for found in from_air] == [RoutePhase.LANDING]


def test_leaving_the_keep_in_zone_says_where_and_by_how_much() -> None:
    (found,) = prove_order(route(zone_set(keep_in()), (230, 0, 25), speed_m_s=1)).violations

    assert (found.code, found.zone_id) == ("leaves_keep_in", "estate")
    assert found.amount_m == pytest.approx(33.0, abs=0.01)
    assert found.place is not None
    assert FRAME.to_local(found.place).east_m == pytest.approx(230, abs=0.01)


def test_neighbouring_keep_in_zones_are_one_area() -> None:
    west, east = keep_in(box(-200, -50, 50, 50), name="west"), keep_in(box(50, -50, 200, 50), name="east")

    assert prove_order(route(zone_set(west, east), (150, 0, 25))).is_safe


def test_a_low_ceiling_beside_a_high_one_counts_only_below_itself() -> None:
    low = keep_in(box(20, -50, 200, 50), name="low", ceiling_m=30)
    high = keep_in(box(-200, -50, 30, 50), name="high", ceiling_m=120)
    crossing = route(zone_set(low, high), (150, 0, 25), return_m=28, takeoff_m=25)

    assert prove_order(crossing).is_safe
    assert not prove_order(replace(crossing, return_height_agl_m=29)).is_safe
    assert not prove_order(route(zone_set(low, high), (150, 0, 60))).is_safe


def test_a_hole_in_a_keep_in_zone_is_not_flown_over() -> None:
    holed = keep_in(Polygon(box(-200, -200, 200, 200).exterior, [box(40, -10, 60, 10).exterior]))
    violations = prove_order(route(zone_set(holed), (100, 0, 25))).violations

    assert [found.code for found in violations] == ["leaves_keep_in"]


def test_without_a_keep_in_zone_nothing_flies() -> None:
    (found,) = prove_order(route(zone_set(TOWER), (0, 100, 25))).violations

    assert (found.code, found.phase) == ("no_keep_in", RoutePhase.ORDER)


def test_a_keep_in_zone_must_hold_for_the_whole_window() -> None:
    evenings = replace(keep_in(), times=(WeeklyWindow(days=frozenset({1}), start=time(15), end=time(16, 30)),))

    assert prove_order(route(zone_set(evenings), (0, 100, 25), span=timedelta(minutes=29))).is_safe
    (found,) = prove_order(route(zone_set(evenings), (0, 100, 25), span=timedelta(minutes=31))).violations
    assert found.code == "keep_in_not_in_force"


def test_a_keep_out_zone_counts_when_it_holds_at_any_moment_of_the_window() -> None:
    school = keep_out(
        box(40, -10, 60, 10), times=(WeeklyWindow(days=frozenset({1}), start=time(16, 30), end=time(17)),)
    )
    zones = zone_set(keep_in(), school)

    assert prove_order(route(zones, (100, 0, 25), span=timedelta(minutes=29))).is_safe
    assert not prove_order(route(zones, (100, 0, 25), span=timedelta(minutes=31))).is_safe


def test_the_authorised_ceiling_and_window_bound_the_flight() -> None:
    flight = route(zone_set(keep_in()), (0, 100, 59), return_m=50, ceiling_m=60)
    late = replace(flight, not_after_at=NOW + timedelta(hours=2), not_before_at=NOW - timedelta(hours=1))
    codes = [found.code for found in prove_order(late).violations]

    assert codes == ["before_authorisation", "after_authorisation", "above_authorised_ceiling"]
    assert prove_order(flight).violations[0].amount_m == pytest.approx(1.0)


def test_a_return_height_above_the_ceiling_is_said_once() -> None:
    flight = route(zone_set(keep_in(ceiling_m=60)), (0, 100, 25), (100, 100, 25), (0, 0, 25))
    codes = [found.code for found in prove_order(flight).violations if found.phase is RoutePhase.WAY_HOME]

    assert codes == ["above_keep_in_ceiling"]


def test_an_empty_window_is_refused() -> None:
    flight = route(zone_set(keep_in()), (0, 100, 25), span=timedelta(0))

    assert [found.code for found in prove_order(flight).violations] == ["empty_window"]


def test_a_vehicle_blown_near_a_wall_may_leave_it_but_not_come_nearer() -> None:
    zones = zone_set(keep_in(), TOWER)

    assert prove_order(route(zones, (20, 0, 25), start=(38, 0, 25))).is_safe
    (nearer,) = prove_order(route(zones, (38.5, 50, 25), (0, 0, 25), start=(37.5, 0, 25), speed_m_s=1)).violations
    assert nearer.leg == 0
    assert nearer.amount_m == pytest.approx(0.15, abs=0.05)
    assert not prove_order(route(zones, (20, 0, 25), start=(39.5, 0, 25))).is_safe


def test_the_second_leg_keeps_the_full_margin_though_the_first_began_near_a_wall() -> None:
    violations = prove_order(
        route(zone_set(keep_in(), TOWER), (20, 0, 25), (37.5, 0, 25), start=(38, 0, 25))
    ).violations

    assert 1 in {found.leg for found in violations}


def test_a_sliver_of_a_turn_inside_a_zone_has_a_place() -> None:
    tower = keep_out(box(-20, -20, 20, 20), ceiling_m=None)
    found = prove_order(route(zone_set(keep_in(), tower), (4, 0, 12), takeoff_m=12)).violations

    assert found
    assert all(violation.place is not None for violation in found)


def test_violations_name_the_place_in_words() -> None:
    (found,) = prove_order(route(zone_set(keep_in(), TOWER), (100, 0, 25))).violations

    assert "leg 0" in str(found)
    assert "tower" in str(found)
    assert f"{at(50, 0).lat_deg:.4f}" in str(found)


def test_the_way_to_every_rally_point_is_proved_and_the_landing_there() -> None:
    zones = zone_set(keep_in(), keep_out(box(-60, -5, -50, 5), ceiling_m=None))
    flown = (80.0, 0.0, 25.0)

    assert prove_order(route(zones, flown, rally=[(80, 60)])).is_safe
    behind = prove_order(route(zones, flown, rally=[(80, 60), (-100, 0)])).violations
    assert {found.phase for found in behind} == {RoutePhase.WAY_HOME}
    low = zone_set(keep_in(), keep_out(box(-60, -5, -50, 5), ceiling_m=40))
    onto = prove_order(route(low, flown, rally=[(-55, 0)])).violations
    assert {found.phase for found in onto} == {RoutePhase.LANDING}
