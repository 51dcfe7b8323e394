"""The guard speaks before a fence is broken, and keeps still on a proved route."""

from dataclasses import replace
from datetime import time, timedelta
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.ids import ZoneId
from geofence.live_guard import GuardSettings, LiveGuard
from geofence.margins import Stopping
from geofence.route_proof import prove_order
from geofence.verdicts import GuardVerdict
from geofence.zones import WeeklyWindow, ZoneSet
from tests.geofence.places import FRAME, NOW, at, box, keep_in, keep_out, route, zone_set

TOWER = keep_out(box(40, -10, 60, 10))
SITE = zone_set(keep_in(), TOWER)
CHECK_EVERY_S = 0.1
"""Part of the reaction time."""


def look(
    east_m: float,
    north_m: float,
    height_m: float,
    velocity_m_s: tuple[float, float, float] = (0, 0, 0),
    zones: ZoneSet = SITE,
) -> GuardVerdict:
    """Return the verdict on one vehicle."""
    return LiveGuard(zones, FRAME).check(at(east_m, north_m), height_m, *velocity_m_s, NOW)


def test_a_vehicle_far_from_every_border_is_left_alone() -> None:
    assert look(0, 0, 25, (5, 5, 1)) == GuardVerdict(is_inside=True, breach=None)


def test_a_breach_is_predicted_within_the_stopping_distance_and_not_before() -> None:
    stopping_m = Stopping().distance_m(5.0)
    near = look(40 - stopping_m - 0.5, 0, 25, (5, 0, 0)).breach

    assert near is not None
    assert near.zone_id == ZoneId("tower")
    assert near.in_s == pytest.approx((stopping_m - 0.5) / 5, abs=0.01)
    assert near.distance_m == pytest.approx(stopping_m - 0.5, abs=0.05)
    assert "tower" in near.because
    assert look(40 - stopping_m - 1.5, 0, 25, (5, 0, 0)).breach is None


def test_flying_away_from_or_along_a_wall_is_no_breach() -> None:
    assert look(39.5, 0, 25, (-5, 0, 0)).breach is None
    assert look(39.5, 0, 25, (0, 3, 0)).breach is None
    assert look(39.5, 0, 25, (0, 0, 0)).breach is None


def test_drifting_into_a_wall_is_a_breach_even_when_slow() -> None:
    breach = look(39.5, 0, 25, (0.3, 0, 0)).breach

    assert breach is not None
    assert breach.in_s == 0


def test_inside_a_zone_is_said_to_be_inside() -> None:
    verdict = look(50, 0, 25)

    assert not verdict.is_inside
    assert verdict.breach is not None
    assert verdict.breach.because == "is inside the keep-out zone tower"


def test_flying_over_a_roof_is_allowed_and_sinking_onto_it_is_not() -> None:
    assert look(50, 0, 75, (5, 0, 0)) == GuardVerdict(is_inside=True, breach=None)
    sinking = look(50, 0, 66.5, (0, 0, -2)).breach
    assert sinking is not None
    assert sinking.zone_id == ZoneId("tower")


def test_climbing_into_a_zone_overhead_is_predicted() -> None:
    bridge = keep_out(box(-5, -5, 5, 5), name="bridge", floor_m=30, ceiling_m=40)

    assert look(0, 0, 20, (0, 0, 2), zone_set(keep_in(), bridge)).breach is None
    assert look(0, 0, 28, (0, 0, 2), zone_set(keep_in(), bridge)).breach is not None


def test_leaving_the_keep_in_zone_is_predicted_sideways_and_upwards() -> None:
    sideways, upwards = look(195, 0, 25, (5, 0, 0)).breach, look(0, 0, 97, (0, 0, 3)).breach

    assert sideways is not None
    assert sideways.zone_id == ZoneId("estate")
    assert upwards is not None
    assert upwards.distance_m == pytest.approx(2.0)
    assert not look(300, 0, 25).is_inside
    assert not look(0, 0, 101).is_inside


def test_the_seam_of_two_keep_in_zones_is_no_border() -> None:
    west, east = keep_in(box(-200, -50, 50, 50), name="west"), keep_in(box(50, -50, 200, 50), name="east")

    assert look(49, 0, 25, (5, 0, 0), zone_set(west, east)) == GuardVerdict(is_inside=True, breach=None)


def test_standing_on_the_ground_is_no_breach_of_a_floor_at_the_ground() -> None:
    assert look(0, 0, -0.4) == GuardVerdict(is_inside=True, breach=None)


def test_zones_count_only_while_they_are_in_force_and_shortly_before() -> None:
    lesson = WeeklyWindow(days=frozenset({1}), start=time(16, 30), end=time(17))
    zones = zone_set(keep_in(), keep_out(box(40, -10, 60, 10), times=(lesson,)))
    guard = LiveGuard(zones, FRAME)

    def breaks(minutes: float) -> bool:
        return guard.check(at(38, 0), 25, 5, 0, 0, NOW + timedelta(minutes=minutes)).breach is not None

    assert [breaks(0), breaks(29.9), breaks(29.95), breaks(30), breaks(59.9), breaks(60)] == [
        False,
        False,
        True,
        True,
        True,
        False,
    ]


def test_many_vehicles_get_the_verdicts_that_each_would_get_alone() -> None:
    rng = np.random.default_rng(7)
    local = rng.uniform(-220, 220, (200, 2))
    heights, velocities = rng.uniform(0, 110, 200), rng.uniform(-8, 8, (200, 3))
    guard = LiveGuard(SITE, FRAME)

    together = guard.check_many(FRAME.to_geo_array(local), heights, velocities, NOW)
    alone = [
        guard.check(at(*place), float(height), east, north, up, NOW)
        for place, height, (east, north, up) in zip(local, heights, velocities.tolist(), strict=True)
    ]
    assert list(together) == alone
    assert {verdict.is_inside for verdict in together} == {True, False}


@given(
    east_m=st.floats(-150, 150, allow_subnormal=False),
    north_m=st.floats(-150, 150, allow_subnormal=False),
    heading_rad=st.floats(0, 6.28, allow_subnormal=False),
    speed_m_s=st.floats(0.5, 12, allow_subnormal=False),
)
@settings(max_examples=60, deadline=None)
def test_a_vehicle_that_brakes_when_told_never_enters(
    east_m: float, north_m: float, heading_rad: float, speed_m_s: float
) -> None:
    guard, tower = LiveGuard(SITE, FRAME), box(40, -10, 60, 10)
    velocity = speed_m_s * np.array([np.sin(heading_rad), np.cos(heading_rad)])
    place = np.array([east_m, north_m])
    assume(tower.distance(shapely.Point(place)) > 1.0)
    path = place + np.outer(np.arange(400), velocity * CHECK_EVERY_S)
    path = path[: int(np.argmax(np.abs(path).max(axis=1) > 210)) or None]
    verdicts = guard.check_many(
        FRAME.to_geo_array(path), np.full(len(path), 25.0), np.tile([*velocity, 0.0], (len(path), 1)), NOW
    )
    assume(verdicts[0].breach is None)
    place = path[next((n for n, verdict in enumerate(verdicts) if verdict.breach), -1)]
    stopping = replace(GuardSettings().stopping, reaction_s=GuardSettings().stopping.reaction_s - CHECK_EVERY_S)
    stopping_m = stopping.distance_m(speed_m_s)
    stop = shapely.LineString([place, place + velocity / speed_m_s * stopping_m])

    assert not stop.intersects(tower)
    assert box(-200, -200, 200, 200).covers(stop)


@given(points=st.lists(st.tuples(st.floats(-150, 150), st.floats(-150, 150)), min_size=2, max_size=4))
@settings(max_examples=40, deadline=None)
def test_a_proved_route_does_not_set_the_guard_off(points: list[tuple[float, float]]) -> None:
    flight = route(SITE, *((east_m, north_m, 25.0) for east_m, north_m in points), takeoff_m=25.0)
    assume(prove_order(flight).is_safe)
    guard = LiveGuard(SITE, FRAME)
    for start, end in pairwise([(0.0, 0.0), *points]):
        run = np.subtract(end, start)
        length_m = float(np.hypot(*run))
        assume(length_m > 0.1)
        places = np.linspace(start, end, 40)
        velocities = np.tile([*(run / length_m * 5.0), 0.0], (40, 1))
        verdicts = guard.check_many(FRAME.to_geo_array(places), np.full(40, 25.0), velocities, NOW)
        assert all(verdict == GuardVerdict(is_inside=True, breach=None) for verdict in verdicts)
