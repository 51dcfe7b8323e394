"""Whole fleets at once: what the grid finds is what looking at every vehicle alone finds."""

from datetime import timedelta

import numpy as np
import pytest
import shapely

from core.ids import ZoneId
from geofence.forbidden import ForbiddenSpace
from geofence.frames import FloatArray
from geofence.live_guard import GuardSettings, LiveGuard
from geofence.zones import ZoneSet
from tests.geofence.places import FRAME, NOW, box, keep_in, keep_out, zone_set
from tests.geofence.slow_guard import said_of
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
    assert list(together) == alone
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


@pytest.mark.parametrize("seed", [6, 7, 8])
def test_the_verdicts_are_those_of_looking_at_every_zone_with_shapely_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    zones, (places, heights, velocities) = blocks(rng), fleet(rng, 2700)
    velocities[20:25, :2] = 0.0
    space = ForbiddenSpace.of(zones, (True,) * len(zones.zones), FRAME)

    verdicts = LiveGuard(zones, FRAME).check_many(places, heights, velocities, NOW)
    local = FRAME.to_local_array(places)
    breaks = 0
    for row, verdict in enumerate(verdicts):
        said = said_of(space, GuardSettings(), (*local[row],), float(heights[row]), (*velocities[row],))
        assert verdict.is_inside == said.is_inside == verdict.is_inside == verdicts.is_inside[row]
        assert (verdict.breach is None) == (said.breach is None) == np.isinf(verdicts.in_s[row])
        if verdict.breach is not None and said.breach is not None:
            prism, in_s, distance_m = said.breach
            breaks += in_s > 0
            assert verdict.breach.zone_id == prism.zone_id
            assert verdict.breach.in_s == pytest.approx(in_s, abs=0.01)
            assert verdict.breach.distance_m == pytest.approx(distance_m, abs=0.01)
            assert verdict.breach == verdict.breach
    assert breaks > 5


def test_verdicts_are_a_sequence_in_the_order_of_the_vehicles() -> None:
    rng = np.random.default_rng(9)
    verdicts = LiveGuard(blocks(rng), FRAME).check_many(*fleet(rng, 2700), NOW)

    assert len(verdicts) == FLEET
    assert verdicts[-1] == verdicts[FLEET - 1]
    assert verdicts[5:20:3] == list(verdicts)[5:20:3]
    with pytest.raises(IndexError):
        verdicts[FLEET]
