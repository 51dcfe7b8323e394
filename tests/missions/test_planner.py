"""What routes come out of patrols, looks and remainders, and what is said when there is none."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from shapely import LinearRing

from fleet.orders import Leg, LegPurpose
from geofence.route_proof import prove_order
from geofence.zone_files import read_zones
from missions.plan import order_end, route_of
from missions.planner import PlannedRoute, plan_look, plan_patrol, plan_remainder
from missions.site import read_site
from tests.geofence.places import FRAME, NOW, at, box, keep_in, keep_out, zone_set
from tests.missions.plan_range import CAMERA, SITE, ZONES, area, line, patrol, perimeter, point, request

P = LegPurpose
ESTATE = Path(__file__).parents[2] / "sim" / "worlds" / "estate"


def metres(legs: Sequence[Leg]) -> list[tuple[float, float, float]]:
    """Return the places of legs in metres."""
    found = []
    for leg in legs:
        local = FRAME.to_local(leg.place)
        found.append((round(local.east_m, 1) + 0.0, round(local.north_m, 1) + 0.0, leg.height_agl_m))
    return found


def purposes(route: PlannedRoute) -> list[LegPurpose]:
    """Return what the legs are for."""
    return [leg.purpose for leg in route.legs]


def test_points_are_flown_in_order_and_the_way_ends_over_the_dock() -> None:
    route = plan_patrol(patrol(point(0, 80), point(-80, 0, dwell_s=7)), request())

    assert route.is_flyable
    assert route.because == ""
    assert purposes(route) == [P.POINT, P.POINT, P.RETURN]
    assert metres(route.legs) == [(0, 80, 25), (-80, 0, 25), (0, 0, 25)]
    assert [leg.dwell_s for leg in route.legs] == [4, 7, 0]
    assert route.legs[0].camera == CAMERA


def test_duration_and_distance_add_up() -> None:
    route = plan_patrol(patrol(point(0, 100), speed_m_s=4), request())

    assert route.distance_m == pytest.approx(math.hypot(100, 5) + 100, abs=0.1)
    flown_s, hover_s = 200 / 4, 4
    assert flown_s + hover_s < route.duration_s < flown_s + hover_s + 70


def test_the_border_of_a_keep_in_is_flown_inside_of_it_and_the_other_way_when_turned_round() -> None:
    wanted = patrol(perimeter("estate", 20))
    route, back = (plan_patrol(one, request()) for one in (wanted, wanted.turned_round()))

    corners = [(east_m, north_m) for east_m, north_m, _ in metres(route.legs[:-1])]
    assert route.is_flyable
    assert purposes(route) == [P.TRANSIT, *[P.LINE] * 4, P.RETURN]
    assert {(abs(east_m), abs(north_m)) for east_m, north_m in corners} == {(180.0, 180.0)}
    assert corners[0] == corners[-1]
    assert LinearRing(corners).is_ccw is False
    assert LinearRing([(east_m, north_m) for east_m, north_m, _ in metres(back.legs[:-1])]).is_ccw is True


def test_the_border_of_a_keep_out_is_flown_around_it() -> None:
    route = plan_patrol(patrol(perimeter("tower", 15)), request())

    assert route.is_flyable
    corners = {metres([leg])[0][:2] for leg in route.legs if leg.purpose is P.LINE}
    assert corners == {(25.0, -25.0), (25.0, 25.0), (75.0, -25.0), (75.0, 25.0)}


@pytest.mark.parametrize(("zone", "inset_m", "what"), [("pond", 5, "no zone pond"), ("estate", 300, "nothing is left")])
def test_a_border_that_is_not_there_is_told(zone: str, inset_m: float, what: str) -> None:
    route = plan_patrol(patrol(perimeter(zone, inset_m)), request())
    assert [what in problem.what and problem.remedy != "" for problem in route.problems] == [True]


def test_a_tower_between_two_points_is_flown_around() -> None:
    route = plan_patrol(patrol(point(100, 0)), request())

    assert route.is_flyable
    assert purposes(route) == [P.TRANSIT, P.TRANSIT, P.POINT, P.TRANSIT, P.TRANSIT, P.RETURN]


def test_a_line_is_flown_straight_from_its_first_corner_to_its_last() -> None:
    route = plan_patrol(patrol(line((-50, 50), (50, 50), (50, 80))), request())

    assert route.is_flyable
    assert purposes(route) == [P.TRANSIT, P.LINE, P.LINE, P.RETURN]
    assert metres(route.legs)[:3] == [(-50, 50, 25), (50, 50, 25), (50, 80, 25)]


def test_an_area_is_flown_in_strips_around_the_tower_in_it() -> None:
    route = plan_patrol(patrol(area(20, -40, 120, 40)), request())

    assert route.is_flyable, route.because
    assert P.SURVEY in purposes(route)
    assert route.covered_ratio is not None
    assert route.covered_ratio > 0.98


def test_no_vehicle_is_asked_to_fly_faster_than_it_can() -> None:
    route = plan_patrol(patrol(point(0, 80), speed_m_s=50), request())

    assert {leg.speed_m_s for leg in route.legs} == {6.0}


def test_a_point_inside_a_keep_out_zone_and_one_outside_of_everything_are_both_told() -> None:
    route = plan_patrol(patrol(point(50, 0, name="roof"), point(0, 80), point(900, 0, name="afar")), request())

    assert [problem.where.split()[0] for problem in route.problems] == ["roof", "afar"]
    assert "tower" in route.problems[0].what
    assert "keep-in" in route.problems[1].what
    assert all(problem.remedy for problem in route.problems)
    assert not route.is_flyable


def test_a_line_across_a_keep_out_zone_is_a_violation_with_its_leg_and_zone() -> None:
    route = plan_patrol(patrol(line((0, 0), (100, 0))), request())

    (found,) = route.violations
    assert (found.zone_id, route.legs[found.leg or 0].purpose) == ("tower", P.LINE)
    assert "tower" in route.because


def test_too_high_for_the_zone_and_for_the_authorisation() -> None:
    route = plan_patrol(patrol(point(0, 80), height_m=130), request())

    assert [problem.where for problem in route.problems] == ["height_agl_m", "height_agl_m"]
    assert "highest ceiling of all keep-in zones, 100 m" in route.because
    assert "authorisation A-1, 100 m" in route.because


def test_too_high_does_not_hide_what_else_is_wrong() -> None:
    route = plan_patrol(patrol(point(0, 80), point(0, 900), height_m=130), request())

    assert [problem.where.partition(" ")[0] for problem in route.problems] == ["height_agl_m", "height_agl_m", "gate"]
    assert "outside of the keep-in zones" in route.because


def test_too_long_for_the_battery() -> None:
    route = plan_patrol(patrol(point(0, 80, dwell_s=100)), request(endurance_s=150))

    assert [problem.where for problem in route.problems] == ["duration"]
    assert "flies 112 s" in route.because


def test_without_an_authorisation_or_with_one_that_has_ended_nothing_flies() -> None:
    none = plan_patrol(patrol(point(0, 80)), request(site=replace(SITE, authorisation=None)))
    assert SITE.authorisation is not None
    ended = replace(SITE.authorisation, not_after_at=NOW - timedelta(minutes=1))
    past = plan_patrol(patrol(point(0, 80)), request(site=replace(SITE, authorisation=ended)))

    assert "there is no authorisation" in none.because
    assert "ended" in past.because


def test_a_flight_that_would_end_after_the_authorisation_is_refused() -> None:
    assert SITE.authorisation is not None
    short = replace(SITE.authorisation, not_after_at=NOW + timedelta(seconds=60))
    route = plan_patrol(patrol(point(0, 80)), request(site=replace(SITE, authorisation=short)))

    assert "would land after" in route.because
    assert order_end(request(site=replace(SITE, authorisation=short)), 1000) == short.not_after_at


def test_without_a_keep_in_zone_nothing_flies() -> None:
    route = plan_patrol(patrol(point(0, 80)), request(zones=zone_set()))

    assert not route.is_flyable
    assert "no keep-in zone" in route.because


@pytest.mark.parametrize(
    ("height_m", "speed_m_s"), [(0, 5), (-3, 5), (math.nan, 5), (25, 0), (25, -1), (25, math.nan), (25, math.inf)]
)
def test_heights_and_speeds_that_are_none_are_refused(height_m: float, speed_m_s: float) -> None:
    route = plan_patrol(patrol(point(0, 80), height_m=height_m, speed_m_s=speed_m_s), request())

    assert len(route.problems) == 1
    assert route.legs == ()


def test_a_patrol_without_parts_is_refused() -> None:
    assert not plan_patrol(patrol(), request()).is_flyable


def test_a_look_ends_with_a_look_and_a_wait_at_a_place_that_sees_the_target() -> None:
    target = at(80, 0)
    route = plan_look(target, request(), dwell_s=12)

    assert route.is_flyable, route.because
    look, wait = route.legs[-2:]
    assert (look.purpose, look.dwell_s) == (P.LOOK, 12)
    assert (wait.purpose, wait.name, wait.dwell_s, wait.place) == (P.LOOK, "waiting", 25, look.place)
    east_m, north_m, height_m = metres([look])[0]
    assert look.camera is not None
    assert look.camera.yaw_deg == pytest.approx(math.degrees(math.atan2(80 - east_m, -north_m)) % 360, abs=0.2)
    away_m = math.hypot(80 - east_m, north_m)
    assert -math.degrees(math.atan2(height_m - 1.5, away_m)) == pytest.approx(look.camera.pitch_deg, abs=0.2)


def test_a_look_does_not_look_through_the_tower() -> None:
    route = plan_look(at(62, 0), request(), dwell_s=5)
    east_m, north_m, _ = metres(route.legs[-1:])[0]

    assert east_m > 60 or abs(north_m) > 10


def test_a_lifted_look_is_higher() -> None:
    route = plan_look(at(0, 80), request(), dwell_s=5, lift_m=8)

    assert {leg.height_agl_m for leg in route.legs} == {33}


def test_a_look_at_a_place_that_no_camera_can_see_says_so() -> None:
    route = plan_look(at(2000, 0), request(), dwell_s=5)

    assert not route.is_flyable
    assert "no place near it" in route.because


def test_a_look_from_the_air_begins_where_the_vehicle_hovers() -> None:
    route = plan_look(at(-80, 0), request(start=(100, 0, 25.0)), dwell_s=5)

    assert route.is_flyable, route.because
    assert metres(route.legs)[0][0] > 60


def test_the_remainder_begins_the_interrupted_line_again_from_its_start() -> None:
    whole = plan_patrol(patrol(line((-50, 50), (50, 50)), point(0, 80)), request())
    rest = plan_remainder(whole.legs, 1, request(start=(20, 50, 25.0)))

    assert rest.is_flyable, rest.because
    assert metres(rest.legs) == [(-50, 50, 25), (50, 50, 25), (0, 80, 25), (0, 0, 25)]
    assert purposes(rest) == [P.TRANSIT, P.LINE, P.POINT, P.RETURN]


def test_the_remainder_plans_its_transits_anew() -> None:
    whole = plan_patrol(patrol(point(-80, 0), point(100, 0)), request())
    rest = plan_remainder(whole.legs, 1, request(start=(150, 0, 25.0)))

    assert purposes(rest)[0] == P.POINT
    assert metres(rest.legs)[0] == (100, 0, 25)
    assert rest.legs[-1].purpose is P.RETURN


def test_the_remainder_of_a_line_goes_on_through_its_corners() -> None:
    whole = plan_patrol(patrol(line((-50, 50), (50, 50), (50, 80), (-50, 80))), request())
    rest = plan_remainder(whole.legs, 2, request(start=(0, 0, 25.0)))

    assert metres(rest.legs) == [(50, 50, 25), (50, 80, 25), (-50, 80, 25), (0, 0, 25)]


def test_the_remainder_of_nothing_is_nothing() -> None:
    whole = plan_patrol(patrol(point(0, 80)), request())

    assert "nothing is left" in plan_remainder(whole.legs, 1, request()).because


def test_a_point_near_the_border_is_come_to_slowly_instead_of_refused() -> None:
    route = plan_patrol(patrol(point(0, 194)), request())

    assert route.is_flyable, route.because
    assert [leg.speed_m_s for leg in route.legs] == [5.0, 1.25, 5.0]
    assert purposes(route) == [P.TRANSIT, P.POINT, P.RETURN]


def test_a_line_that_ends_near_a_border_is_slowed_down_only_at_its_end() -> None:
    route = plan_patrol(patrol(line((0, 100), (0, 194))), request())

    assert route.is_flyable, route.because
    assert purposes(route) == [P.TRANSIT, P.LINE, P.LINE, P.RETURN]
    slow = route.legs[2]
    assert slow.speed_m_s < 5
    assert metres([slow])[0] == (0, 194, 25)


def test_a_vehicle_that_hovers_near_a_wall_is_led_away_from_it() -> None:
    route = plan_look(at(0, 80), request(start=(38.3, 0, 25.0)), dwell_s=5)

    assert route.is_flyable, route.because


def test_what_is_planned_is_proved_for_the_window_that_its_order_gets() -> None:
    asked = request()
    route = plan_patrol(patrol(point(100, 0), line((100, 50), (-50, 50))), asked)
    flight = route_of(route.legs, asked, order_end(asked, route.duration_s))

    assert route.is_flyable
    assert prove_order(flight).is_safe
    assert flight.not_after_at > NOW + timedelta(seconds=route.duration_s)


def test_a_way_home_over_a_tower_higher_than_the_return_height_is_refused() -> None:
    spire = keep_out(box(40, -190, 60, 190), name="spire", ceiling_m=90)
    route = plan_patrol(patrol(point(100, 0)), request(zones=zone_set(keep_in(), spire)))

    assert not route.is_flyable
    assert "spire" in route.because


def test_the_estate_of_the_demo_can_be_patrolled_and_looked_at() -> None:
    site, zones = read_site(ESTATE / "site.json"), read_zones((ESTATE / "zones.geojson").read_bytes())
    for dock in site.docks:
        asked = replace(request(zones=zones, site=site), dock=dock)
        for panel in site.panels:
            route = plan_look(panel.place, asked, dwell_s=10)
            assert route.is_flyable, route.because


def test_zones_of_the_range_are_what_the_tests_take_them_for() -> None:
    assert [zone.id for zone in ZONES.zones] == ["estate", "tower"]
