"""The route proof against a brute-force sampler that knows nothing of segments, hulls or trees."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import Polygon, affinity

from geofence.frames import FloatArray
from geofence.margins import Margins
from geofence.route_proof import prove_order
from geofence.zones import Zone
from tests.geofence.places import FRAME, box, keep_in, keep_out, route, zone_set

SPEED_M_S = 5.0
RETURN_M = 75.0
TAKEOFF_M = 20.0
MARGINS = Margins()
STEPS = 60
Point3 = tuple[float, float, float]
Place = tuple[float, float]


@dataclass(frozen=True)
class Sampled:
    """Points of the flight, shape (n, 3), and the step between neighbours in metres over ground and upwards."""

    points: FloatArray
    coarse_m: float


def sample(points: list[Point3], rally: Sequence[Place] = ()) -> Sampled:
    """Return the flight over *points* from the origin, point by point, with its ways home."""
    corners = [np.array([0.0, 0.0, TAKEOFF_M]), *(np.array(point) for point in points)]
    legs = [np.linspace(a, b, STEPS) for a, b in pairwise(corners)]
    flown = [np.linspace(np.zeros(3), corners[0], STEPS), *legs, *turns(corners)]
    homes = [(0.0, 0.0), *rally]
    at_height = np.vstack([with_way_home(point, home) for home in homes for part in flown for point in part[::3]])
    landing = np.linspace([0.0, 0.0, max(RETURN_M, points[-1][2])], np.zeros(3), STEPS)
    rallying = [np.linspace([*home, RETURN_M], [*home, 0.0], STEPS) for home in rally]
    longest_m = max(float(np.linalg.norm(b - a)) for a, b in pairwise(corners))
    coarse_m = 3 * max(longest_m, 280.0 if rally else 140.0) / STEPS
    return Sampled(points=np.vstack((*flown, at_height, landing, *rallying)), coarse_m=coarse_m)


def turns(corners: list[FloatArray]) -> Iterator[FloatArray]:
    """Yield the overshoot behind every point, and the corner cut before it."""
    for n in range(1, len(corners)):
        run = corners[n] - corners[n - 1]
        length_m = float(np.hypot(run[0], run[1]))
        if length_m == 0:
            continue
        direction = np.array([run[0], run[1], 0.0]) / length_m
        tip = corners[n] + direction * MARGINS.stopping.distance_m(SPEED_M_S)
        yield np.linspace(corners[n], tip, STEPS // 3)
        if n + 1 < len(corners) and (ahead := np.hypot(*(corners[n + 1] - corners[n])[:2])) > 0:
            further = np.append((corners[n + 1] - corners[n])[:2], 0.0) / ahead
            come = corners[n] - direction * min(MARGINS.corner_radius_m, length_m)
            go = corners[n] + further * min(MARGINS.corner_radius_m, float(ahead))
            yield np.linspace(come, go, STEPS // 3)


def with_way_home(point: FloatArray, home: Place) -> FloatArray:
    """Return the column to the return height and the line to *home* at it."""
    top = np.array([point[0], point[1], RETURN_M])
    return np.vstack((np.linspace(point, top, 20), np.linspace(top, [*home, RETURN_M], 40)))


def touches(zone: Zone, flight: Sampled, *, slack_m: float) -> bool:
    """Say whether a sample comes nearer to *zone* than the margins less *slack_m* (which may be negative)."""
    polygon = shapely.transform(zone.polygon, FRAME.to_local_array)
    near = shapely.distance(shapely.points(flight.points[:, :2]), polygon) < MARGINS.sideways_m - slack_m
    up_m = MARGINS.height_error_m - slack_m
    floor_m = -np.inf if zone.floor_agl_m is None else zone.floor_agl_m
    ceiling_m = np.inf if zone.ceiling_agl_m is None else zone.ceiling_agl_m
    heights = flight.points[:, 2]
    return bool(np.any(near & (heights > floor_m - up_m) & (heights < ceiling_m + up_m)))


places_m = st.floats(-90, 90).map(lambda metres: round(metres, 1))
heights_m = st.sampled_from([12.0, 20.0, 25.0, 25.0, 40.0, 70.0, 85.0])
flights = st.lists(st.tuples(places_m, places_m, heights_m), min_size=1, max_size=4)


@st.composite
def polygons(draw: st.DrawFn) -> Polygon:
    """Return a turned box or triangle somewhere around."""
    wide, deep = draw(st.floats(2, 40)), draw(st.floats(2, 40))
    shape = box(0, 0, wide, deep) if draw(st.booleans()) else Polygon([(0, 0), (wide, 0), (0, deep)])
    turned = affinity.rotate(shape, draw(st.floats(0, 360)))
    return affinity.translate(turned, draw(places_m), draw(places_m))


@st.composite
def keep_outs(draw: st.DrawFn) -> Zone:
    """Return a keep-out zone with any mixture of floor and ceiling."""
    floor_m = draw(st.sampled_from([None, 10.0, 30.0, 50.0]))
    ceiling_m = draw(st.sampled_from([None, 60.0, 64.0, 80.0]))
    return keep_out(draw(polygons()), floor_m=floor_m, ceiling_m=ceiling_m)


rallies = st.lists(st.tuples(places_m, places_m), max_size=2)


@given(zone=keep_outs(), points=flights, rally=rallies)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_the_sampler_touches_the_proof_finds_and_nothing_else(
    zone: Zone, points: list[Point3], rally: list[Place]
) -> None:
    world = keep_in(box(-1000, -1000, 1000, 1000), ceiling_m=None)
    proof = prove_order(route(zone_set(world, zone), *points, speed_m_s=SPEED_M_S, rally=rally))
    flight = sample(points, rally)

    if touches(zone, flight, slack_m=1e-3):
        assert any(found.zone_id == zone.id for found in proof.violations)
    if proof.violations:
        assert touches(zone, flight, slack_m=-flight.coarse_m)
    for found in proof.violations:
        assert found.place is not None
        place = FRAME.to_local(found.place)
        polygon = shapely.transform(zone.polygon, FRAME.to_local_array)
        assert polygon.distance(shapely.Point(place.east_m, place.north_m)) <= MARGINS.sideways_m + 1e-3
        assert 0 < found.amount_m < 200


ELL = Polygon([(-95, -95), (95, -95), (95, 10), (20, 10), (20, 95), (-95, 95)])


@given(points=flights, ceiling_m=st.sampled_from([None, 72.0, 78.0, 90.0]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_sample_outside_of_the_keep_in_zone_is_found_and_nothing_else(
    points: list[Point3], ceiling_m: float | None
) -> None:
    proof = prove_order(route(zone_set(keep_in(ELL, ceiling_m=ceiling_m)), *points, speed_m_s=SPEED_M_S))
    flight = sample(points)

    def strays(slack_m: float) -> bool:
        here = shapely.points(flight.points[:, :2])
        safe = shapely.covers(ELL, here) & (shapely.distance(here, ELL.boundary) >= MARGINS.sideways_m - slack_m)
        limit_m = np.inf if ceiling_m is None else ceiling_m - MARGINS.height_error_m + slack_m
        return bool(np.any(~safe | (flight.points[:, 2] > limit_m)))

    if strays(1e-3):
        assert proof.violations
    if proof.violations:
        assert strays(-flight.coarse_m)
