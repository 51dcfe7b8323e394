"""What ground a camera sees, against projecting points into the picture."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geofence.footprint import Gaze, Intrinsics, axes, footprint
from tests.geofence.places import FRAME, ORIGIN

CAMERA = Intrinsics(width_px=640, height_px=360, fx_px=500, fy_px=510, cx_px=330, cy_px=170)


def metres(gaze: Gaze, max_range_m: float = 150.0) -> shapely.Polygon | None:
    """Return the footprint in metres around the camera."""
    seen = footprint(gaze, CAMERA, max_range_m=max_range_m)
    return None if seen is None else shapely.transform(seen, FRAME.to_local_array)


def test_straight_down_it_is_the_picture_scaled_to_the_ground() -> None:
    seen = metres(Gaze(place=ORIGIN, height_agl_m=50, yaw_deg=0, pitch_deg=-90))

    assert seen is not None
    assert seen.area == pytest.approx((640 / 500 * 50) * (360 / 510 * 50), rel=1e-6)
    assert seen.bounds == pytest.approx((-33, -190 / 510 * 50, 31, 170 / 510 * 50), abs=1e-4)


def test_looking_east_it_lies_in_the_east() -> None:
    seen = metres(Gaze(place=ORIGIN, height_agl_m=25, yaw_deg=90, pitch_deg=-40))

    assert seen is not None
    assert seen.bounds[0] > 10
    assert abs(seen.centroid.y) < 3


def test_above_the_horizon_nothing_is_seen() -> None:
    assert metres(Gaze(place=ORIGIN, height_agl_m=25, yaw_deg=90, pitch_deg=45)) is None
    assert metres(Gaze(place=ORIGIN, height_agl_m=0, yaw_deg=90, pitch_deg=-45)) is None


def test_towards_the_horizon_it_ends_at_the_greatest_range() -> None:
    seen = metres(Gaze(place=ORIGIN, height_agl_m=25, yaw_deg=0, pitch_deg=-5), max_range_m=80)

    assert seen is not None
    assert np.hypot(*shapely.get_coordinates(seen).T).max() == pytest.approx(80, abs=0.01)


@given(
    yaw_deg=st.floats(0, 360),
    pitch_deg=st.floats(-90, 10),
    roll_deg=st.floats(-20, 20),
    away_m=st.floats(0, 79),
    bearing=st.floats(0, 2 * math.pi),
)
@settings(max_examples=100, deadline=None)
def test_a_point_on_the_ground_is_in_the_footprint_when_it_is_in_the_picture(
    yaw_deg: float, pitch_deg: float, roll_deg: float, away_m: float, bearing: float
) -> None:
    gaze = Gaze(place=ORIGIN, height_agl_m=30, yaw_deg=yaw_deg, pitch_deg=pitch_deg, roll_deg=roll_deg)
    seen = metres(gaze, max_range_m=80)
    ray = np.array([away_m * math.sin(bearing), away_m * math.cos(bearing), -30.0])
    right, down, forward = axes(gaze) @ ray
    assume(abs(forward) > 0.1)
    u, v = 500 * right / forward + 330, 510 * down / forward + 170
    depth = min(u, 640 - u, v, 360 - v) if forward > 0 else -math.inf
    spot = shapely.Point(ray[0], ray[1])

    if depth > 2 and away_m < 78:
        assert seen is not None
        assert seen.intersects(spot)
    if depth < -2:
        assert seen is None or not seen.contains(spot)


def test_the_axes_are_a_right_handed_frame() -> None:
    frame = axes(Gaze(place=ORIGIN, height_agl_m=30, yaw_deg=33, pitch_deg=-20, roll_deg=11))

    assert frame @ frame.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(frame) == pytest.approx(1.0)
