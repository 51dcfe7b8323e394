"""Posters on walls: placed without a foot on the ground, and reported by their own rule."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from core.events import Json
from core.ids import VehicleId
from geofence.footprint import Gaze
from geofence.positions import LocalPosition
from perception.detections import Detection, Label, PixelBox
from perception.detector import OnnxDetector
from perception.georeference import Georeference, PoseErrors
from perception.on_walls import place_on_wall
from perception.pipeline import Pipeline, Seen
from perception.sighting import Sighting
from tests.perception.eyes import FRAME, LENS, Rules, detection, frame_at, gaze, zones_with

CAMERA = Georeference(camera=LENS, frame=FRAME)
ROBOT = gaze(north_m=0.0, height_agl_m=1.0, pitch_deg=0.0)
"""A ground robot that looks north, level."""
NOISE = np.random.default_rng(0).integers(0, 255, (360, 640, 3)).astype(np.uint8)


def poster_box(
    east_m: float, north_m: float, up_m: float, *, view: Gaze, wide_m: float = 0.3, tall_m: float = 0.42
) -> PixelBox | None:
    """What a poster on a wall that runs from west to east looks like, by its corners; None when not all in view."""
    corners = [
        CAMERA.to_pixel(
            LocalPosition(east_m=east_m + x * wide_m / 2, north_m=north_m, up_m=up_m + z * tall_m / 2), view
        )
        for x in (-1, 1)
        for z in (-1, 1)
    ]
    seen = np.array([one for one in corners if one is not None])
    if len(seen) < 4:
        return None
    return PixelBox(*seen.min(axis=0).tolist(), *seen.max(axis=0).tolist())


def test_a_poster_above_the_robot_s_eye_is_placed_by_its_size() -> None:
    box = poster_box(0.5, 4.0, 1.6, view=ROBOT)
    assert box is not None
    assert CAMERA.to_ground(np.array([box.foot_px]), ROBOT) == [None]

    place = place_on_wall(detection(Label.POSTER, box=box), CAMERA, ROBOT)

    assert place is not None
    assert (place.east_m, place.north_m) == pytest.approx((0.5, 4.0), abs=0.5)
    assert 1.0 < place.major_m < 2.2
    assert place.ellipse.minor_m < 0.7


def test_a_camera_that_looks_down_places_posters_by_their_height() -> None:
    view = gaze(north_m=-20.0, height_agl_m=15.0, pitch_deg=-35.0)
    small = poster_box(1.0, 0.0, 1.4, view=view, wide_m=0.2, tall_m=0.3)

    place = place_on_wall(detection(Label.POSTER, box=small), CAMERA, view)

    assert place is not None
    assert (place.east_m, place.north_m) == pytest.approx((1.0, 0.0), abs=0.6)
    assert place.major_m < 1.3


def test_what_people_do_not_reach_what_is_no_poster_s_size_and_what_is_cut_is_not_placed() -> None:
    upwards = replace(ROBOT, pitch_deg=30.0)
    on_the_third_floor = poster_box(0.0, 14.0, 9.0, view=upwards)
    down = gaze(north_m=-20.0, height_agl_m=15.0, pitch_deg=-35.0)
    hoarding = poster_box(0.0, 0.0, 1.4, view=down, wide_m=3.0, tall_m=2.2)
    cut = PixelBox(300, 0, 340, 60)

    for box, view in ((on_the_third_floor, upwards), (hoarding, down), (cut, ROBOT)):
        assert box is not None
        assert place_on_wall(detection(Label.POSTER, box=box), CAMERA, view) is None


def test_posters_lie_within_their_ellipses() -> None:
    """Posters of all sizes and heights, from robots, masts and drones whose poses are off by what they admit."""
    random, inside, shown = np.random.default_rng(5), 0, 0
    errors = PoseErrors()
    for _ in range(400):
        height_m = float(random.choice([0.6, 1.0, 1.7, 4.0, 15.0]))
        away_m = float(random.uniform(2.0, 6.0)) + 1.2 * height_m
        pitch_deg = -math.degrees(math.atan2(height_m - 1.2, away_m))
        view = gaze(north_m=-away_m, height_agl_m=height_m, pitch_deg=pitch_deg)
        told = gaze(
            east_m=float(random.normal(0, errors.place_m)),
            north_m=-away_m + float(random.normal(0, errors.place_m)),
            height_agl_m=max(0.2, height_m + float(random.normal(0, errors.height_m if height_m > 3 else 0.05))),
            yaw_deg=float(random.normal(0, errors.yaw_deg)),
            pitch_deg=pitch_deg + float(random.normal(0, errors.pitch_deg)),
        )
        tall_m = float(np.clip(0.42 * np.exp(random.normal(0, 0.35)), 0.15, 1.0))
        box = poster_box(0.0, 0.0, float(random.uniform(0.6, 2.1)), view=view, wide_m=0.7 * tall_m, tall_m=tall_m)
        place = None if box is None else place_on_wall(detection(Label.POSTER, box=box), CAMERA, told)
        shown += box is not None
        if place is not None:
            ee, en, nn = place.covariance_m2
            off = np.array([place.east_m, place.north_m])
            inside += bool(off @ np.linalg.inv([[ee, en], [en, nn]]) @ off <= 5.991)

    assert shown > 300
    assert inside >= 0.93 * shown


class Oracle:
    """A detector that says what it is told to."""

    def __init__(self, card: OnnxDetector) -> None:
        self.card = card.card
        self.said: list[Detection] = []

    def detect(self, picture: object) -> list[Detection]:
        return self.said


def pass_by(
    hangs: Sequence[tuple[float, float, float]], rules: Rules, *, label: Label = Label.POSTER
) -> list[Sighting]:
    """Drive along a wall 4 m to the north at 0.5 m/s for six seconds, looking at it."""
    detector = Oracle(OnnxDetector())
    eyes = Pipeline(
        vehicle_id=VehicleId("robot"), detector=detector, reference=CAMERA, zones=zones_with(rules), lowest_agl_m=0.3
    )
    seen: list[Seen] = []
    for i in range(24):
        view = gaze(east_m=-1.5 + 0.125 * i, north_m=0.0, height_agl_m=1.0, pitch_deg=0.0)
        boxes = [poster_box(*where, view=view) for where in hangs]
        detector.said = [detection(label, box=box, score=0.9) for box in boxes if box is not None]
        seen.append(eyes.process(frame_at(0.25 * i, picture=NOISE, view=view, number=i)))
    return [one for frame in seen for one in frame.sightings]


WALL = [(0.2, 4.0, 1.5), (0.6, 4.0, 1.3), (-0.4, 4.0, 1.8)]


def test_posters_on_one_wall_are_one_sighting_that_says_why() -> None:
    found = pass_by(WALL, {"poster": {}})

    assert [(one.kind, one.rule) for one in found] == [("20201", "poster")]
    assert found[0].facts["things"] == 3
    assert "posters did not move" in found[0].because
    here = FRAME.to_local(found[0].place)
    assert math.hypot(here.east_m - 0.1, here.north_m - 4.0) < 1.0
    assert 0.5 < found[0].ellipse.major_m < 3.0


def test_a_notice_board_is_where_posters_belong() -> None:
    origin: list[Json] = [FRAME.origin.lon_deg, FRAME.origin.lat_deg, 9.0]

    assert pass_by(WALL, {"poster": {"baseline": [origin]}}) == []
    assert pass_by(WALL, {"board": {}, "clutter": {}}) == []


def test_nothing_else_is_placed_on_walls() -> None:
    assert pass_by(WALL, {"board": {}}, label=Label.BOARD) == []
