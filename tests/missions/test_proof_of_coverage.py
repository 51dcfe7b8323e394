"""What cameras sweep, and the proof of what they really saw."""

import math

import pytest
import shapely
from shapely import Polygon, box

from core.errors import InvalidInput
from geofence.footprint import Gaze
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from missions.coverage import plan_coverage
from missions.coverage.swath import camera_of, swath_of, trigger_m
from missions.proof_of_coverage import CoverageProof, prove_coverage

FRAME = LocalFrame(origin=GeoPosition(lon_deg=121.4, lat_deg=31.3))
CAMERA = camera_of(width_px=1280, height_px=960, view_deg=70)
YARD = box(0, 0, 120, 80)


def proof_of_flight(*, failed_from_m: float = math.inf, pitch_deg: float = -90.0) -> CoverageProof:
    """Return the proof of a flight over the yard with pictures along its legs; the camera failed east of some line."""
    swath = swath_of(CAMERA, height_agl_m=30, pitch_deg=pitch_deg)
    path = plan_coverage(YARD, swath_m=swath.swath_m, overlap=0.2, time_limit_s=0.2)
    gazes = []
    for leg in path.legs:
        count = math.ceil(leg.length_m / trigger_m(swath, forward_overlap=0.3)) + 1
        east, north = (leg.end[n] - leg.start[n] for n in (0, 1))
        for step in range(count):
            share = step / max(count - 1, 1)
            place = LocalPosition(east_m=leg.start[0] + share * east, north_m=leg.start[1] + share * north)
            if place.east_m > failed_from_m:
                continue
            yaw_deg = math.degrees(math.atan2(east, north))
            gazes.append(Gaze(place=FRAME.to_geo(place), height_agl_m=30, yaw_deg=yaw_deg, pitch_deg=pitch_deg))
    return prove_coverage(shapely.transform(YARD, FRAME.to_geo_array), gazes, CAMERA, frame=FRAME)


def test_looking_straight_down_the_swath_is_height_times_view() -> None:
    swath = swath_of(CAMERA, height_agl_m=30)

    assert swath.swath_m == pytest.approx(2 * 30 * math.tan(math.radians(35)), rel=1e-3)
    assert swath.ahead_m == pytest.approx(-swath.behind_m, rel=1e-3)


def test_looking_ahead_widens_the_swath_and_moves_the_picture_ahead() -> None:
    down, ahead = swath_of(CAMERA, height_agl_m=30), swath_of(CAMERA, height_agl_m=30, pitch_deg=-50)

    assert ahead.swath_m > down.swath_m
    assert ahead.ahead_m > down.ahead_m
    assert ahead.behind_m > down.behind_m


def test_a_camera_at_the_sky_sweeps_nothing() -> None:
    with pytest.raises(InvalidInput, match="no ground"):
        swath_of(CAMERA, height_agl_m=30, pitch_deg=60)


def test_a_whole_flight_is_proved_to_have_seen_the_yard() -> None:
    proof = proof_of_flight()

    assert proof.seen_ratio >= 0.999
    assert proof.pictures > 10
    assert sum(hole.area_m2 for hole in proof.holes) <= 0.001 * YARD.area


def test_where_the_camera_failed_there_is_a_hole_with_its_place() -> None:
    proof = proof_of_flight(failed_from_m=60)

    assert proof.seen_ratio < 0.95
    assert proof.holes[0].area_m2 > 100
    outline = shapely.transform(proof.holes[0].outline, FRAME.to_local_array)
    assert YARD.buffer(0.1).covers(outline)
    assert "was not seen" in proof.because


def test_an_area_that_crosses_itself_is_refused() -> None:
    bow = Polygon([(121.4, 31.3), (121.401, 31.301), (121.401, 31.3), (121.4, 31.301)])

    with pytest.raises(InvalidInput, match="Self-intersection"):
        prove_coverage(bow, [], CAMERA, frame=FRAME)
