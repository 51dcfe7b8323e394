import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from geofence.footprint import Gaze, Intrinsics
from geofence.positions import LocalPosition
from perception.georeference import Georeference, PoseErrors
from sim.camera_geometry import Projection
from sim.scene import CameraLens, CameraView
from tests.perception.eyes import FRAME, LENS, gaze

REFERENCE = Georeference(camera=LENS, frame=FRAME)
NONE = PoseErrors(place_m=0, height_m=0, yaw_deg=0, pitch_deg=0, roll_deg=0, pixel_px=0)


@pytest.mark.parametrize(("yaw_deg", "pitch_deg", "roll_deg"), [(0, -38, 0), (135, -30, 4), (290, -55, -7)])
def test_a_pixel_falls_where_the_simulated_camera_saw_the_place(
    yaw_deg: float, pitch_deg: float, roll_deg: float
) -> None:
    view = CameraView(east_m=12, north_m=-40, height_agl_m=25, yaw_deg=yaw_deg, pitch_deg=pitch_deg, roll_deg=roll_deg)
    projection = Projection(view=view, lens=CameraLens())
    ahead_m = 25 / math.tan(math.radians(-pitch_deg))
    spot = np.array(
        [12 + ahead_m * math.sin(math.radians(yaw_deg)) + 2, -40 + ahead_m * math.cos(math.radians(yaw_deg)) - 1, 0]
    )
    pixel = projection.to_px(projection.to_camera(spot))

    seen = gaze(east_m=12, north_m=-40, yaw_deg=yaw_deg, pitch_deg=pitch_deg, roll_deg=roll_deg)
    found = REFERENCE.to_ground(pixel.reshape(1, 2), seen)[0]

    assert found is not None
    assert (found.east_m, found.north_m) == pytest.approx((spot[0], spot[1]), abs=0.02)
    assert REFERENCE.to_pixel(LocalPosition(east_m=spot[0], north_m=spot[1]), seen) == pytest.approx(
        tuple(pixel), abs=0.5
    )


@pytest.mark.parametrize(
    ("errors", "across_m", "along_m"),
    [
        (PoseErrors(place_m=0, height_m=0, yaw_deg=0, pitch_deg=1, roll_deg=0, pixel_px=0), 0.0, 1.4),
        (PoseErrors(place_m=0, height_m=0, yaw_deg=1, pitch_deg=0, roll_deg=0, pixel_px=0), 0.7, 0.0),
        (PoseErrors(place_m=0, height_m=1, yaw_deg=0, pitch_deg=0, roll_deg=0, pixel_px=0), 0.0, 1.0),
    ],
)
def test_the_error_budget_at_40_m_and_45_degrees_is_the_measured_one(
    errors: PoseErrors, across_m: float, along_m: float
) -> None:
    reference = Georeference(camera=LENS, frame=FRAME, errors=errors)

    centre = reference.to_ground(np.array([[320.0, 180.0]]), gaze(height_agl_m=40, pitch_deg=-45))[0]

    assert centre is not None
    assert centre.error_m(1, 0) == pytest.approx(across_m, abs=0.1)
    assert centre.error_m(0, 1) == pytest.approx(along_m, abs=0.1)


@pytest.mark.parametrize("cause", ["yaw_deg", "pitch_deg", "roll_deg", "height_m"])
def test_each_error_moves_a_place_as_a_small_change_of_its_cause_does(cause: str) -> None:
    only = replace(NONE, **{cause: 0.2})
    pixels = np.array([[80.0, 90.0], [600.0, 300.0]])
    name = "height_agl_m" if cause == "height_m" else cause
    view = gaze(yaw_deg=70, pitch_deg=-35, roll_deg=8)

    places = Georeference(camera=LENS, frame=FRAME, errors=only).to_ground(pixels, view)
    moved = REFERENCE.to_ground(pixels, replace(view, **{name: getattr(view, name) + 0.2}))

    for here, there in zip(places, moved, strict=True):
        assert here is not None
        assert there is not None
        east, north = there.east_m - here.east_m, there.north_m - here.north_m
        assert here.covariance_m2 == pytest.approx((east**2, east * north, north**2), rel=0.05, abs=1e-4)


def test_the_ellipse_points_away_from_the_camera() -> None:
    reference = Georeference(camera=LENS, frame=FRAME)

    centre = reference.to_ground(np.array([[320.0, 180.0]]), gaze(yaw_deg=30))[0]

    assert centre is not None
    assert centre.ellipse.heading_deg == pytest.approx(30, abs=2)
    assert centre.ellipse.major_m > centre.ellipse.minor_m


def test_the_sky_has_no_place() -> None:
    sky, ground = REFERENCE.to_ground(np.array([[320.0, 10.0], [320.0, 350.0]]), gaze(pitch_deg=-5))

    assert sky is None
    assert ground is not None


def test_a_place_behind_the_camera_has_no_pixel() -> None:
    assert REFERENCE.to_pixel(LocalPosition(east_m=0, north_m=-90), gaze(north_m=-30)) is None


def test_lens_distortion_is_undone() -> None:
    bent = Georeference(camera=LENS, frame=FRAME, distortion=(-0.25, 0.08, 0.001, -0.001), errors=NONE)
    spot = LocalPosition(east_m=15, north_m=12)

    pixel = bent.to_pixel(spot, gaze())
    straight = REFERENCE.to_pixel(spot, gaze())
    assert pixel is not None
    assert straight is not None
    found = bent.to_ground(np.array([pixel]), gaze())[0]

    assert math.dist(pixel, straight) > 3
    assert found is not None
    assert (found.east_m, found.north_m) == pytest.approx((15, 12), abs=0.05)


def test_a_flight_of_a_kilometre_is_placed_as_exactly_as_the_local_frame_itself() -> None:
    reference = Georeference(camera=LENS, frame=FRAME)

    for east_m in range(0, 1000, 7):
        east, north = reference.camera_m(gaze(east_m=east_m, north_m=-0.6 * east_m))

        assert (east, north) == pytest.approx((east_m, -0.6 * east_m), abs=0.001)


BENT = (-0.34, 0.09, 0.002, -0.001, -0.004)


def turned(view: Gaze) -> NDArray[np.float64]:
    """Return the camera's axes (right, down, ahead) in east, north, up, from the words of the camera file alone."""
    yaw, pitch, roll = (math.radians(angle) for angle in (view.yaw_deg, view.pitch_deg, view.roll_deg))
    ahead = np.array(
        [math.sin(yaw) * math.cos(pitch), math.cos(yaw) * math.cos(pitch), math.sin(pitch)],
    )
    level = np.array([math.cos(yaw), -math.sin(yaw), 0.0])
    below = np.cross(ahead, level)
    return np.array(
        [
            math.cos(roll) * level + math.sin(roll) * below,
            math.cos(roll) * below - math.sin(roll) * level,
            ahead,
        ]
    )


def any_camera(random: np.random.Generator) -> tuple[Intrinsics, tuple[float, ...], Gaze]:
    lens = Intrinsics(
        width_px=1280,
        height_px=720,
        fx_px=random.uniform(700, 1500),
        fy_px=random.uniform(700, 1500),
        cx_px=random.uniform(600, 680),
        cy_px=random.uniform(330, 390),
    )
    bends = (random.uniform(-0.4, 0.1), random.uniform(-0.05, 0.1), *random.normal(0, 0.002, 2), 0.0)
    view = gaze(
        height_agl_m=random.uniform(3, 40),
        yaw_deg=random.uniform(0, 360),
        pitch_deg=random.uniform(-60, -15),
        roll_deg=random.uniform(-30, 30),
    )
    return lens, tuple(map(float, bends)), view


def test_places_are_where_opencv_projects_to_the_pixel_for_any_lens_and_attitude() -> None:
    random = np.random.default_rng(3)
    checked = 0
    for _ in range(60):
        lens, bends, view = any_camera(random)
        pixels = random.uniform((20, 20), (1260, 700), (30, 2))
        matrix = np.array([[lens.fx_px, 0, lens.cx_px], [0, lens.fy_px, lens.cy_px], [0, 0, 1.0]])
        reference = Georeference(camera=lens, frame=FRAME, distortion=bends)

        for pixel, spot in zip(pixels, reference.to_ground(pixels, view), strict=True):
            if spot is None:
                continue
            east, north = reference.camera_m(view)
            seen = turned(view) @ np.array([spot.east_m - east, spot.north_m - north, -view.height_agl_m])
            back = cv2.projectPoints(seen.reshape(1, 1, 3), np.zeros(3), np.zeros(3), matrix, np.array(bends))[0]
            assert back.ravel() == pytest.approx(pixel, abs=0.2)
            checked += 1

    assert checked > 1000


def test_a_pixel_that_the_lens_bends_no_ray_to_has_no_place_and_nothing_beside_the_picture_folds_into_it() -> None:
    wide = Intrinsics(width_px=1280, height_px=720, fx_px=560, fy_px=560, cx_px=640, cy_px=360)
    reference = Georeference(camera=wide, frame=FRAME, distortion=(-0.34, 0.0, 0.0, 0.0, 0.0))
    down = gaze(pitch_deg=-60, height_agl_m=10)

    corner, centre = reference.to_ground(np.array([[1275.0, 715.0], [640.0, 360.0]]), down)
    beside = reference.to_pixel(LocalPosition(east_m=22, north_m=-24), down)

    assert corner is None
    assert centre is not None
    assert beside is None


def test_nine_errors_of_ten_lie_in_the_ellipse_also_where_a_lens_bends_most() -> None:
    random = np.random.default_rng(8)
    errors = PoseErrors(place_m=0.05, height_m=0.05, yaw_deg=0.1, pitch_deg=0.1, roll_deg=0.1, pixel_px=4)
    reference = Georeference(camera=LENS, frame=FRAME, distortion=BENT, errors=errors)
    inside = []
    for _ in range(1500):
        view = gaze(height_agl_m=7, pitch_deg=-30, yaw_deg=float(random.uniform(0, 360)), roll_deg=10)
        pixel = random.choice([[25.0, 335.0], [615.0, 335.0], [320.0, 300.0]])
        really = replace(
            view,
            yaw_deg=view.yaw_deg + random.normal(0, 0.1),
            pitch_deg=view.pitch_deg + random.normal(0, 0.1),
            roll_deg=view.roll_deg + random.normal(0, 0.1),
            height_agl_m=view.height_agl_m + random.normal(0, 0.05),
        )
        found = reference.to_ground(np.array([pixel]), view)[0]
        (there,) = reference.to_ground(np.array([pixel + random.normal(0, 4, 2)]), really)
        if found is None or there is None:
            continue
        ee, en, nn = found.covariance_m2
        off = np.array([there.east_m - found.east_m, there.north_m - found.north_m]) + random.normal(0, 0.05, 2)
        inside.append(off @ np.linalg.solve([[ee, en], [en, nn]], off) <= 4.605)

    assert len(inside) > 1300
    assert np.mean(inside) == pytest.approx(0.9, abs=0.03)
