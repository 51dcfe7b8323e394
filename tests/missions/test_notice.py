"""How long something stays unseen, computed and simulated."""

import math
from datetime import UTC, datetime
from random import Random

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from fleet.orders import CameraAction, Leg, LegPurpose
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from missions.notice import Appearing, Notice, Sights
from missions.route_view import View, count_moments, gazes_on_route, grid_of_places, seen_on_route

BEGIN = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
"""Midnight in Shanghai."""
DAY_S = 86_400.0
FRAME = LocalFrame(origin=GeoPosition(lon_deg=121.4, lat_deg=31.32))


def sights(*rows: tuple[int, float, float]) -> Sights:
    """Return sights of place, begin, end."""
    places, begins, ends = zip(*rows, strict=True)
    return Sights(places=np.array(places), begins_s=np.array(begins, float), ends_s=np.array(ends, float))


def simulated(seen: Sights, appearing: Appearing, places: int, moments: int, seed: int) -> list[float]:
    """Return how long things wait that appear at random: Monte Carlo over two spans, one after the other."""
    random, waits = Random(seed), list[float]()
    span_s = appearing.span_s
    weights = appearing.hour_weights or (1.0,) * 24
    while len(waits) < moments:
        at_s = random.uniform(0, span_s)
        hour = int((at_s / 3600) % 24)
        if random.random() * max(weights) > weights[hour]:
            continue
        place = random.randrange(places)
        begins, ends = seen.begins_s[seen.places == place], seen.ends_s[seen.places == place]
        again = [begins + k * span_s for k in range(-2, 4)], [ends + k * span_s for k in range(-2, 4)]
        starts, stops = np.concatenate(again[0]), np.concatenate(again[1])
        if not len(starts):
            waits.append(math.inf)
        elif ((starts <= at_s) & (at_s <= stops)).any():
            waits.append(0.0)
        else:
            waits.append(float((starts[starts > at_s] - at_s).min()))
    return waits


def test_one_look_a_day_is_waited_for_half_a_day() -> None:
    notice = Notice.of(sights((0, 100, 100)), places=1, appearing=Appearing(begin_at=BEGIN, span_s=DAY_S))
    assert notice.worst_s == pytest.approx(DAY_S)
    assert notice.mean_s == pytest.approx(DAY_S / 2)
    assert notice.quantile_s(0.9) == pytest.approx(0.9 * DAY_S)


def test_what_is_seen_all_the_time_is_noticed_at_once() -> None:
    notice = Notice.of(sights((0, 0, DAY_S)), places=1, appearing=Appearing(begin_at=BEGIN, span_s=DAY_S))
    assert (notice.mean_s, notice.worst_s, notice.quantile_s(0.99)) == (0.0, 0.0, 0.0)


def test_places_that_are_never_seen_count() -> None:
    notice = Notice.of(sights((2, 0, 0)), places=4, appearing=Appearing(begin_at=BEGIN, span_s=DAY_S))
    assert notice.never_seen_ratio == 0.75
    assert notice.mean_s == notice.worst_s == notice.quantile_s(0.5) == math.inf
    assert notice.mean_seen_s == pytest.approx(DAY_S / 2)
    assert notice.quantile_s(0.25) == pytest.approx(DAY_S, rel=1e-6)
    nothing = Notice.of(Sights.together([]), places=4, appearing=Appearing(begin_at=BEGIN, span_s=DAY_S))
    assert (nothing.chance(1e9), nothing.mean_seen_s) == (1.0, math.inf)


def test_hours_in_which_more_appears_weigh_more() -> None:
    """A look at noon: what appears just before it is soon noticed."""
    noon = sights((0, 12 * 3600, 12 * 3600))
    morning = tuple(1.0 if hour == 11 else 0.0 for hour in range(24))
    notice = Notice.of(noon, places=1, appearing=Appearing(begin_at=BEGIN, span_s=DAY_S, hour_weights=morning))
    assert notice.mean_s == pytest.approx(1800)
    assert notice.quantile_s(0.5) == pytest.approx(1800)
    afternoon = tuple(1.0 if hour == 12 else 0.0 for hour in range(24))
    later = Notice.of(noon, places=1, appearing=Appearing(begin_at=BEGIN, span_s=DAY_S, hour_weights=afternoon))
    assert later.mean_s == pytest.approx(DAY_S - 1800)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), days=st.sampled_from([1, 2]), is_weighted=st.booleans())
def test_the_distribution_is_what_a_simulation_sees(seed: int, days: int, is_weighted: bool) -> None:
    random = Random(seed)
    weights = (*(random.choice([0.0, 1.0, 3.0]) for _ in range(23)), 1.0)
    appearing = Appearing(begin_at=BEGIN, span_s=days * DAY_S, hour_weights=weights if is_weighted else ())
    rows = []
    for _ in range(12):
        begin_s = random.uniform(0, 1.2 * appearing.span_s)
        rows.append((random.randrange(3), begin_s, begin_s + random.choice([0.0, 60.0, 20_000.0])))
    rows += [(place, 500.0, 600.0) for place in range(3)]
    seen = sights(*rows)
    notice = Notice.of(seen, places=3, appearing=appearing)
    waits = simulated(seen, appearing, places=3, moments=3000, seed=seed)
    assert max(waits) <= notice.worst_s + 1e-6
    assert float(np.mean(waits)) == pytest.approx(notice.mean_s, rel=0.08, abs=300)
    for after_s in (600.0, 7200.0, 20_000.0, 40_000.0):
        assert sum(wait > after_s for wait in waits) / 3000 == pytest.approx(notice.chance(after_s), abs=0.04)


@pytest.mark.parametrize("weights", [(1.0,) * 23, (-1.0,) * 24, (0.0,) * 24, (math.nan,) * 24])
def test_weights_that_mean_nothing_are_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(InvalidInput):
        Appearing(begin_at=BEGIN, span_s=DAY_S, hour_weights=weights)


def leg(east_m: float, north_m: float, *, camera: CameraAction | None, dwell_s: float = 0.0) -> Leg:
    place = FRAME.to_geo(LocalPosition(east_m=east_m, north_m=north_m))
    return Leg(place=place, height_agl_m=20, speed_m_s=5, purpose=LegPurpose.SURVEY, camera=camera, dwell_s=dwell_s)


def places_at(*points: tuple[float, float]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return FRAME.to_geo_array(np.array(points, dtype=np.float64))


def test_a_route_sees_what_lies_under_it_when_it_comes_by() -> None:
    down = CameraAction(pitch_deg=-90.0)
    start = FRAME.to_geo(LocalPosition(east_m=0, north_m=0))
    seen = seen_on_route(
        [leg(100, 0, camera=down), leg(100, 100, camera=None)],
        start=start,
        places=places_at((50, 0), (50, 60), (100, 50), (90, 0)),
        view=View(),
    )
    assert set(seen.places.tolist()) == {0, 3}, "aside, and where nobody looks, nothing is seen"
    middle_s = (seen.begins_s + seen.ends_s)[seen.places == 0] / 2
    assert middle_s == pytest.approx([10.0], abs=2.0), "50 m at 5 m/s, and braking"


def test_staying_at_a_point_is_seeing_it_all_that_time() -> None:
    ahead = CameraAction(pitch_deg=-45.0, yaw_deg=0.0)
    start = FRAME.to_geo(LocalPosition(east_m=0, north_m=0))
    seen = seen_on_route(
        [leg(0, 10, camera=ahead, dwell_s=30)], start=start, places=places_at((0, 30), (0, 200)), view=View()
    )
    assert seen.places.tolist() == [0]
    assert float((seen.ends_s - seen.begins_s)[0]) >= 30


def test_a_place_that_comes_into_view_twice_is_seen_twice_and_how_often_a_route_looks_is_known_before() -> None:
    down, start = CameraAction(pitch_deg=-90.0), FRAME.to_geo(LocalPosition(east_m=0, north_m=0))
    legs = [leg(100, 0, camera=down), leg(0, 0, camera=down, dwell_s=5)]
    seen = seen_on_route(legs, start=start, places=places_at((70, 0), (30, 0), (0, 0)), view=View())
    assert seen.places.tolist() == [0, 0, 1, 1, 2, 2]
    for place in range(3):
        first, second = np.flatnonzero(seen.places == place)
        assert seen.begins_s[first] < seen.ends_s[first] < seen.begins_s[second] < seen.ends_s[second]
    looks = sum(1 for _ in gazes_on_route(legs, start=start))
    assert looks <= count_moments(legs, start=start) <= looks + 2 * len(legs)


def test_places_lie_on_the_ground_and_too_many_are_refused() -> None:
    square = shapely.transform(shapely.box(0, 0, 100, 100), FRAME.to_geo_array)
    assert len(grid_of_places(square, spacing_m=10)) == 100
    assert len(grid_of_places(square, spacing_m=500)) == 1
    with pytest.raises(InvalidInput, match="more than 3000"):
        grid_of_places(square, spacing_m=1)
    with pytest.raises(InvalidInput, match="no ground"):
        grid_of_places(shapely.Polygon(), spacing_m=1)


def test_a_long_thin_area_gets_places_inside_of_it_only() -> None:
    lane = shapely.LineString([(121.4, 31.3), (121.44, 31.335)]).buffer(2e-5)
    places = grid_of_places(lane, spacing_m=5)
    assert 500 < len(places) < 1500
    assert shapely.contains_xy(lane.buffer(5e-6), places[:, 0], places[:, 1]).all()


def test_an_area_too_long_for_its_spacing_is_refused_with_one_that_would_do() -> None:
    hair = shapely.LineString([(100, 31.3), (121.8, 31.3)]).buffer(1e-9)
    with pytest.raises(InvalidInput, match="too long for places every 15 m"):
        grid_of_places(hair, spacing_m=15)
