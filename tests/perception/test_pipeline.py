import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.ids import IncidentId, OrderId, VehicleId
from geofence.positions import LocalPosition
from perception.detections import Detection, Label
from perception.detector import Detector, OnnxDetector
from perception.frame import Picture
from perception.georeference import Georeference
from perception.look import Question
from perception.model_card import ModelCard
from perception.pipeline import NotAssessed, Pipeline, Seen
from perception.sighting import LookVerdict
from sim.camera import CameraRenderer
from sim.scene import CameraLens, CameraView, GroundArea, GroundKind, Scene, SceneThing, ThingType
from tests.perception.eyes import FRAME, LENS, Rules, frame_at, gaze, shared, zones_with

RULES: Rules = {"vendor": {"dwell_s": 2, "people_within_m": 4}, "clutter": {"unmoved_for_s": 2, "observed_s": 1.5}}
STALL = (
    SceneThing(id="cart", type=ThingType.CART, east_m=2, north_m=3, heading_deg=80, seed=3),
    SceneThing(id="customer", type=ThingType.PERSON, east_m=0.2, north_m=2.2, heading_deg=80, seed=8),
    SceneThing(id="car", type=ThingType.CAR, east_m=-9, north_m=4, heading_deg=10, seed=1),
)
PILE = SceneThing(id="pile", type=ThingType.PILE, east_m=-3, north_m=-2, seed=5)


def scene() -> Scene:
    road = GroundArea(kind=GroundKind.ROAD, ring=((-60, 8), (60, 8), (60, 15), (-60, 15)))
    return Scene(ground=(road,), seed=4)


@pytest.fixture(scope="module")
def detector() -> OnnxDetector:
    return OnnxDetector()


@pytest.fixture(scope="module")
def renderer() -> CameraRenderer:
    return CameraRenderer(scene=scene())


def pipeline(detector: Detector) -> Pipeline:
    reference = Georeference(camera=LENS, frame=FRAME)
    return Pipeline(vehicle_id=VehicleId("drone-1"), detector=detector, reference=reference, zones=zones_with(RULES))


def fly(
    eyes: Pipeline, renderer: CameraRenderer, things: Sequence[SceneThing], *, seconds: float, from_s: float = 0.0
) -> list[Seen]:
    """Fly north at 4 m/s towards the square, looking ahead and down."""
    seen = []
    for i in range(int(seconds / 0.25)):
        north_m = -42 + i * 1.0
        view = CameraView(east_m=0, north_m=north_m, height_agl_m=25, yaw_deg=0, pitch_deg=-38)
        picture = renderer.render(view=view, lens=CameraLens(), things=things)
        seen.append(eyes.process(frame_at(from_s + i * 0.25, picture=picture, view=gaze(north_m=north_m), number=i)))
    return seen


def test_a_flight_over_a_stall_and_a_pile_reports_each_once_at_its_place(
    detector: OnnxDetector, renderer: CameraRenderer
) -> None:
    eyes = pipeline(detector)
    eyes.set_order(OrderId("order"), [], frame_at(0).taken_at)

    sightings = [one for seen in fly(eyes, renderer, (*STALL, PILE), seconds=5) for one in seen.sightings]

    assert sorted(one.kind for one in sightings) == ["20501", "20507"]
    for one in sightings:
        truth = (2.0, 3.0) if one.kind == "20501" else (-3.0, -2.0)
        found = FRAME.to_local(one.place)
        assert (found.east_m, found.north_m) == pytest.approx(truth, abs=1.2)
        assert {photo.kind.value for photo in one.photos} == {"near", "far", "reference"}
        assert one.order_id == "order"
        assert one.model_sha256 == detector.card.sha256
        assert one.because


def test_a_square_with_people_and_a_car_gives_no_sighting(detector: OnnxDetector, renderer: CameraRenderer) -> None:
    eyes = pipeline(detector)

    seen = fly(eyes, renderer, STALL[1:], seconds=5)

    assert [one.sightings for one in seen if one.sightings] == []
    assert {track.label.value for track in seen[-6].tracks} >= {"person"}


def test_a_second_look_sees_that_the_pile_is_gone_and_the_stall_is_not(
    detector: OnnxDetector, renderer: CameraRenderer
) -> None:
    eyes = pipeline(detector)
    asked = [
        Question(
            incident_id=IncidentId(name),
            order_id=OrderId("look"),
            kind=kind,
            place=FRAME.to_geo(LocalPosition(east_m=east_m, north_m=north_m)),
            radius_m=3.0,
        )
        for name, kind, east_m, north_m in (("pile", "20507", -3, -2), ("stall", "20501", 2, 3))
    ]
    eyes.set_order(OrderId("look"), asked, frame_at(0).taken_at)

    answers = [answer for seen in fly(eyes, renderer, STALL, seconds=6) for answer in seen.answers]

    assert {answer.incident_id: answer.verdict for answer in answers} == {
        "pile": LookVerdict.GONE,
        "stall": LookVerdict.STILL_THERE,
    }


def test_questions_left_open_at_the_end_of_an_order_are_not_assessed(detector: OnnxDetector) -> None:
    eyes = pipeline(detector)
    place = FRAME.to_geo(LocalPosition(east_m=0, north_m=0))
    asked = Question(incident_id=IncidentId("i"), order_id=OrderId("o"), kind="20507", place=place, radius_m=3.0)
    eyes.set_order(OrderId("o"), [asked], frame_at(0).taken_at)

    answers = eyes.set_order(None, [], frame_at(9).taken_at)

    assert [answer.verdict for answer in answers] == [LookVerdict.NOT_ASSESSED]


def test_a_real_photo_from_straight_above_is_not_assessed(detector: OnnxDetector) -> None:
    photo = cv2.imread(str(shared("perception/nadir_40m/DJI_0018.JPG")), cv2.IMREAD_REDUCED_COLOR_4)
    eyes = pipeline(detector)

    seen = eyes.process(frame_at(0, picture=np.asarray(photo, np.uint8), view=gaze(height_agl_m=40, pitch_deg=-90)))

    assert seen.not_assessed is NotAssessed.TOO_STEEP
    assert seen.tracks == ()
    assert eyes.counters.not_assessed == {NotAssessed.TOO_STEEP: 1}


def test_frames_without_a_pose_and_on_the_ground_are_counted(detector: OnnxDetector) -> None:
    eyes = pipeline(detector)

    eyes.process(frame_at(0))
    eyes.process(frame_at(1, view=gaze(height_agl_m=0.3)))

    assert eyes.counters.not_assessed == {NotAssessed.NO_POSE: 1, NotAssessed.TOO_LOW: 1}
    assert (eyes.counters.analysed, eyes.counters.not_assessed_total) == (0, 2)


@pytest.mark.parametrize("broken", ["height_agl_m", "yaw_deg", "pitch_deg", "roll_deg"])
def test_a_pose_that_is_no_number_is_a_bad_pose(detector: OnnxDetector, broken: str) -> None:
    eyes = pipeline(detector)

    seen = eyes.process(frame_at(0, view=gaze(**{broken: math.nan})))
    after = eyes.process(frame_at(1, view=gaze()))

    assert seen.not_assessed is NotAssessed.BAD_POSE
    assert (after.not_assessed, eyes.counters.latest) == (None, None)


@pytest.mark.parametrize(("pitch_deg", "roll_deg", "reason"), [(15, 0, NotAssessed.SKY), (5, 0, None), (15, 30, None)])
def test_a_camera_that_shows_no_ground_looks_at_the_sky(
    detector: OnnxDetector, pitch_deg: float, roll_deg: float, reason: NotAssessed | None
) -> None:
    """The lens reaches 16° down from its middle and 27° to its sides; under 6° below the horizon nothing is placed."""
    eyes = pipeline(detector)

    seen = eyes.process(frame_at(0, view=gaze(pitch_deg=pitch_deg, roll_deg=roll_deg)))

    assert seen.not_assessed is reason
    assert eyes.counters.latest is reason


def test_a_stream_that_changes_its_resolution_is_placed_as_before(
    detector: OnnxDetector, renderer: CameraRenderer
) -> None:
    whole, doubled = pipeline(detector), pipeline(detector)
    view = CameraView(east_m=0, north_m=-30, height_agl_m=25, yaw_deg=0, pitch_deg=-38)
    picture = renderer.render(view=view, lens=CameraLens(), things=STALL)
    larger = np.asarray(cv2.resize(picture, (1280, 720), interpolation=cv2.INTER_LINEAR), np.uint8)

    here = [whole.process(frame_at(i * 0.2, picture=picture, view=gaze())) for i in range(6)][-1]
    there = [doubled.process(frame_at(i * 0.2, picture=larger, view=gaze())) for i in range(6)][-1]

    (cart,), (same,) = ([one.place for one in seen.tracks if one.label is Label.CART] for seen in (here, there))
    assert cart is not None
    assert same is not None
    assert (same.east_m, same.north_m) == pytest.approx((cart.east_m, cart.north_m), abs=0.3)


def test_a_picture_of_another_shape_than_the_lens_is_not_assessed(detector: OnnxDetector) -> None:
    eyes = pipeline(detector)

    seen = eyes.process(frame_at(0, picture=np.zeros((480, 640, 3), np.uint8), view=gaze()))

    assert seen.not_assessed is NotAssessed.WRONG_SIZE


class Stumbling:
    """A detector that fails on every second picture."""

    def __init__(self, *, card: ModelCard) -> None:
        self.card = card
        self._calls = 0

    def detect(self, picture: Picture) -> Sequence[Detection]:
        self._calls += 1
        if self._calls % 2:
            raise RuntimeError("the model fell over")
        return []


def test_a_failing_frame_costs_this_frame_only(detector: OnnxDetector) -> None:
    eyes = pipeline(Stumbling(card=detector.card))

    seen = [eyes.process(frame_at(i, view=gaze())) for i in range(4)]

    assert [one.not_assessed for one in seen] == [NotAssessed.FAILED, None, NotAssessed.FAILED, None]
    assert eyes.counters.analysed == 2


def test_the_built_in_model_ships_beside_the_code() -> None:
    assert (Path(__file__).parents[2] / "perception" / "models" / "simulator.onnx").stat().st_size < 2_500_000
