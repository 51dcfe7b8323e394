"""Flights at the same time keep apart: sideways, in height, in time; and on their ways home."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.ids import VehicleId
from fleet.orders import Dock, Leg, LegPurpose
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from missions.separation import Distances, conflict, least_delay_s
from missions.tubes import Flight

FRAME = LocalFrame(origin=GeoPosition(lon_deg=121.4, lat_deg=31.32))
SPACE = Distances(time_s=None)
Place = tuple[float, float]


def place(east_m: float, north_m: float) -> GeoPosition:
    return FRAME.to_geo(LocalPosition(east_m=east_m, north_m=north_m))


def flight(
    name: str, *points: Place, height_m: float = 25.0, dock: Place, home_m: float | None = 75.0, speed_m_s: float = 5.0
) -> Flight:
    """Return a flight that is about to leave its dock."""
    legs = tuple(
        Leg(place=place(*point), height_agl_m=height_m, speed_m_s=speed_m_s, purpose=LegPurpose.SURVEY)
        for point in points
    )
    return Flight(
        vehicle_id=VehicleId(name),
        start=place(*dock),
        legs=legs,
        dock=Dock(id=name, place=place(*dock)),
        start_height_agl_m=height_m,
        return_height_agl_m=home_m,
        is_on_ground=True,
    )


def test_routes_far_apart_do_not_meet() -> None:
    west, east = flight("a", (0, 100), dock=(0, 0)), flight("b", (80, 100), dock=(80, 0))
    assert conflict(west, east, distances=SPACE) == ""


@pytest.mark.parametrize(("lift_m", "meets"), [(0.0, True), (5.0, True), (8.0, False)])
def test_crossing_routes_need_a_level_between_them(lift_m: float, meets: bool) -> None:
    along = flight("a", (0, 50), (200, 50), dock=(0, 0))
    across = flight("b", (100, 200), (100, 20), height_m=25 + lift_m, dock=(200, 200), home_m=83)
    assert bool(conflict(along, across, distances=SPACE)) is meets


def test_nobody_flies_over_anothers_dock_at_any_height() -> None:
    climbing = flight("a", (0, 100), dock=(0, 0))
    over = flight("b", (-50, 5), (50, 5), height_m=60, dock=(100, 100), home_m=91)
    assert "the dock of a" in conflict(climbing, over, distances=SPACE)


def test_two_that_both_come_home_early_do_not_cross_at_the_same_height() -> None:
    east = flight("a", (200, 0), dock=(0, 0))
    west = flight("b", (100, 60), (100, -60), height_m=40, dock=(200, 100))

    assert "the way home of a" in conflict(east, west, distances=SPACE)
    assert conflict(east, replace(west, return_height_agl_m=83.0), distances=SPACE) == ""


def test_nobody_flies_a_leg_at_the_height_that_another_comes_home_at() -> None:
    low = flight("a", (200, 0), dock=(0, 0))
    high = flight("b", (100, 60), (100, -60), height_m=72, dock=(200, 100), home_m=91)

    assert "the way home of a" in conflict(low, high, distances=SPACE)


def test_one_that_comes_home_at_an_unknown_height_has_all_of_them() -> None:
    homing = replace(flight("a", dock=(0, 0), home_m=None), start=place(200, 0), is_on_ground=False)
    crossing = flight("b", (100, 60), (100, -60), height_m=72, dock=(200, 100), home_m=91)

    assert "the way home of a" in conflict(crossing, homing, distances=Distances())


def test_a_crossing_is_free_once_the_other_has_passed_and_the_delay_says_when() -> None:
    passing = replace(flight("a", (60, 0), (400, 0), dock=(0, 0)), is_on_ground=False)
    crossing = flight("b", (60, 300), (60, -300), dock=(120, 400), home_m=83)

    assert "leg 2 of b" in conflict(crossing, passing, distances=SPACE)
    assert conflict(crossing, replace(passing, is_held=True), distances=Distances()) != ""
    assert math.isinf(least_delay_s(crossing, [replace(passing, is_held=True)], distances=Distances()))
    delay_s = least_delay_s(crossing, [passing], distances=Distances())
    assert 0 < delay_s < 300
    later = replace(passing, start=place(390, 0), legs=passing.legs[1:])
    assert conflict(crossing, later, distances=Distances()) == ""


def _sampled(flight: Flight, begins_s: float, shares: list[float], until_s: float) -> NDArray[np.float64]:
    """Return where a vehicle is every half second, (n, 3), if each leg takes its share of the planned time."""
    times, places = [0.0, begins_s], [_at(flight.start, flight.start_height_agl_m)] * 2
    for leg, share in zip(flight.legs, shares, strict=False):
        there = _at(leg.place, leg.height_agl_m)
        level_s = float(np.hypot(*(there - places[-1])[:2])) / leg.speed_m_s
        rise_m = float(there[2] - places[-1][2])
        moving_s = max(level_s, rise_m / 2.0, -rise_m / 1.5)
        times += [times[-1] + share * moving_s, times[-1] + share * (moving_s + leg.speed_m_s / 1.5 + leg.dwell_s)]
        places += [there, there]
    moments = np.arange(0.0, until_s, 0.5)
    return np.column_stack([np.interp(moments, times, np.array(places)[:, axis]) for axis in range(3)])


def _at(geo: GeoPosition, height_m: float) -> NDArray[np.float64]:
    local = FRAME.to_local(geo)
    return np.array([local.east_m, local.north_m, height_m])


spots = st.tuples(st.integers(-150, 150), st.integers(-150, 150))
shares = st.lists(st.floats(0.8, 1.4), min_size=4, max_size=4)


@given(
    ours=st.lists(spots, min_size=1, max_size=4),
    theirs=st.lists(spots, min_size=1, max_size=4),
    level_m=st.sampled_from([0, 4, 8]),
    our_shares=shares,
    their_shares=shares,
    waits_s=st.tuples(st.floats(5, 75), st.floats(5, 75)),
)
@settings(max_examples=80, deadline=None)
def test_flights_that_may_take_place_together_never_come_near_whatever_the_wind(
    ours: list[Place],
    theirs: list[Place],
    level_m: int,
    our_shares: list[float],
    their_shares: list[float],
    waits_s: tuple[float, float],
) -> None:
    first = flight("a", *ours, dock=(-180, -180))
    second = flight("b", *theirs, height_m=25.0 + level_m, dock=(180, 180), home_m=83)
    distances = Distances()
    delay_s = least_delay_s(first, [second], distances=distances)
    if math.isinf(delay_s):
        assert conflict(first, second, distances=distances)
        return
    assert (delay_s == 0) == (conflict(first, second, distances=distances) == "")
    # the vehicle stands in its dock until it leaves and after it has come back: only its legs are sampled
    one = _sampled(first, delay_s + waits_s[0], our_shares, 1200)
    other = _sampled(second, waits_s[1], their_shares, 1200)
    moving = (np.abs(np.diff(one, axis=0)).sum(axis=1) > 0) & (np.abs(np.diff(other, axis=0)).sum(axis=1) > 0)
    apart = one[1:][moving] - other[1:][moving]
    near = (np.hypot(apart[:, 0], apart[:, 1]) < distances.sideways_m - 0.01) & (
        np.abs(apart[:, 2]) < distances.height_m - 0.01
    )
    assert not near.any()
