"""Whole fleets at once: what the grid finds is what looking at every vehicle alone finds."""

from datetime import timedelta

import numpy as np
import pytest
import shapely

from core.ids import ZoneId
from geofence.frames import FloatArray
from geofence.live_guard import LiveGuard
from geofence.zones import ZoneSet
from tests.geofence.places import FRAME, NOW, box, keep_in, keep_out, zone_set
from tests.geofence.test_free_room import TOWN

FLEET = 300


def blocks(rng: np.random.Generator) -> ZoneSet:
    """Return sixty keep-out zones of all sizes and heights over a few kilometres, some of them over others."""
    rings = (shapely.Point(*rng.uniform(-2500, 2500, 2)).buffer(rng.uniform(3, 400), quad_segs=3) for _ in range(60))
    return zone_set(
        keep_in(box(-2400, -2400, 2600, 2000), name="district", ceiling_m=100),
        *(
            keep_out(
                ring, name=f"block-{n}", floor_m=20.0 if rng.random() < 0.5 else None, ceiling_m=rng.uniform(21, 90)
            )
            for n, ring in enumerate(rings)
        ),
    )


def fleet(rng: np.random.Generator, reach_m: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return places, heights and velocities of vehicles, some far away and some too fast for the grid."""
    places = rng.uniform(-reach_m, reach_m, (FLEET, 2))
    places[:10] *= 30
    velocities = rng.uniform(-9, 9, (FLEET, 3))
    velocities[10:20] *= 4
    return FRAME.to_geo_array(places), rng.uniform(0, 110, FLEET), velocities


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_fleet_gets_the_verdicts_that_each_vehicle_would_get_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    zones, (places, heights, velocities) = blocks(rng), fleet(rng, 2700)
    guard = LiveGuard(zones, FRAME)

    together = guard.check_many(places, heights, velocities, NOW)
    alone = [
        guard.check_many(places[n : n + 1], heights[n : n + 1], velocities[n : n + 1], NOW)[0] for n in range(FLEET)
    ]
    assert together == alone
    assert sum(verdict.breach is None for verdict in together) > 20
    assert sum(verdict.is_inside for verdict in together) > 20


@pytest.mark.parametrize("seed", [4, 5])
def test_whereabouts_agree_with_the_verdicts_and_name_the_zone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    zones, (places, heights, velocities) = blocks(rng), fleet(rng, 2700)
    guard = LiveGuard(zones, FRAME)

    where = guard.whereabouts(places, heights, NOW)
    verdicts = guard.check_many(places, heights, velocities, NOW)
    assert where.is_inside.tolist() == [verdict.is_inside for verdict in verdicts]
    for row in np.flatnonzero(~where.is_inside):
        assert where.because(int(row))
    assert all(where.because(int(row)) == "" for row in np.flatnonzero(where.is_inside))


def test_whereabouts_know_hours_heights_and_the_seam_of_two_zones() -> None:
    guard = LiveGuard(TOWN, FRAME)
    places = FRAME.to_geo_array(np.array([(50, 0), (50, 0), (-55, 25), (60, 100), (100, 100), (9000, 0)], dtype=float))
    heights = np.array([30.0, 70.0, 30.0, 30.0, 70.0, 30.0])

    at_four = guard.whereabouts(places, heights, NOW)
    in_lesson = guard.whereabouts(places, heights, NOW + timedelta(seconds=11))
    assert at_four.is_inside.tolist() == [False, True, True, True, False, False]
    assert in_lesson.is_inside.tolist() == [False, True, False, True, False, False]
    assert at_four.zone_id(0) == ZoneId("tower")
    assert at_four.because(0) == "is inside the keep-out zone tower"
    assert in_lesson.zone_id(2) == ZoneId("school")
    assert in_lesson.zone_id(3) is None
    assert "keep-in" in at_four.because(5)
