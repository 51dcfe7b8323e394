from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from core.errors import InvalidInput
from core.ids import VehicleId
from geofence.positions import LocalPosition
from geofence.zones import ZoneSet
from perception.detections import Detection, Label, PixelBox
from perception.detector import BUILT_IN_CARD
from perception.evidence import Snapshot, make_photos
from perception.faces import FaceFinder, FaceHidingDetector
from perception.following import Follower
from perception.frame import Picture
from perception.georeference import Georeference
from perception.model_card import ModelCard, read_card
from perception.offline.examination import Looked
from perception.offline.film import Film, annotate
from perception.pipeline import NotAssessed, Pipeline, Seen
from perception.privacy import redact
from perception.sighting import PhotoKind
from tests.perception.eyes import FRAME, LENS, START_AT, detection, frame_at, gaze, shared, track
from tests.perception.test_detector import city_detector


def face_finder(width: int, height: int) -> Callable[[Picture], int]:
    model = str(shared("perception/yunet_n_640_640.onnx"))
    finder = cv2.FaceDetectorYN.create(model, "", (width, height), 0.6)

    def count(picture: Picture) -> int:
        finder.setInputSize((picture.shape[1], picture.shape[0]))
        faces: object = finder.detect(picture)[1]
        return len(faces) if isinstance(faces, np.ndarray) else 0

    return count


def city() -> Picture:
    return np.asarray(cv2.imread(str(shared("perception/city.jpg"))), np.uint8)


def test_no_face_of_a_real_street_is_left(tmp_path: Path) -> None:
    picture = city()
    faces = face_finder(picture.shape[1], picture.shape[0])

    hidden = redact(picture, city_detector(tmp_path).detect(picture))

    assert faces(picture) >= 15
    assert faces(hidden) == 0


def test_no_photo_of_a_sighting_shows_a_face(tmp_path: Path) -> None:
    picture = city()
    faces = face_finder(picture.shape[1], picture.shape[0])
    found = tuple(city_detector(tmp_path).detect(picture))
    stall = PixelBox(x0_px=250, y0_px=120, x1_px=450, y1_px=420)
    shot = Snapshot(picture=picture, detections=found, box=stall, taken_at=START_AT)

    photos = make_photos(shot, None)

    assert {photo.kind for photo in photos} == set(PhotoKind)
    for photo in photos:
        shown = cv2.imdecode(np.frombuffer(photo.jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert faces(np.asarray(shown, np.uint8)) == 0, photo.kind
        assert photo.box_xyxy_px is not None


def test_the_picture_itself_is_left_alone() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (120, 160, 3)).astype(np.uint8)
    before = picture.copy()

    hidden = redact(picture, [detection(Label.PERSON, box=PixelBox(x0_px=40, y0_px=20, x1_px=70, y1_px=110))])

    assert np.array_equal(picture, before)
    assert not np.array_equal(hidden[25:45, 45:65], before[25:45, 45:65])
    assert np.array_equal(hidden[60:], before[60:])


def test_a_person_who_is_hardly_believed_is_hidden_too() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (120, 160, 3)).astype(np.uint8)
    box = PixelBox(x0_px=40, y0_px=20, x1_px=70, y1_px=110)

    hidden = redact(picture, [detection(Label.PERSON, score=0.12, box=box)])

    assert len(np.unique(hidden[20:48, 42:68].reshape(-1, 3), axis=0)) <= 9


def test_who_lies_is_hidden_from_end_to_end() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (120, 160, 3)).astype(np.uint8)
    box = PixelBox(x0_px=30, y0_px=60, x1_px=120, y1_px=90)

    hidden = redact(picture, [detection(Label.LYING, score=0.12, box=box)])

    assert len(np.unique(hidden[60:90, 30:120].reshape(-1, 3), axis=0)) <= 9
    assert np.array_equal(hidden[:50], picture[:50])


def test_the_plate_area_of_a_car_is_hidden() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (120, 160, 3)).astype(np.uint8)
    box = PixelBox(x0_px=30, y0_px=30, x1_px=130, y1_px=100)

    hidden = redact(picture, [detection(Label.CAR, box=box)])

    assert len(np.unique(hidden[64:99, 31:129].reshape(-1, 3), axis=0)) <= 9
    assert np.array_equal(hidden[30:55], picture[30:55])


def test_a_box_over_the_edge_is_hidden_up_to_the_edge() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (60, 60, 3)).astype(np.uint8)

    hidden = redact(picture, [detection(Label.PERSON, box=PixelBox(x0_px=-9, y0_px=-20, x1_px=14, y1_px=70))])

    assert len(np.unique(hidden[:8, :12].reshape(-1, 3), axis=0)) <= 9


def plate() -> Picture:
    """A white car from behind, with a plate that can be read."""
    picture = np.full((240, 320, 3), 200, np.uint8)
    cv2.rectangle(picture, (60, 40), (260, 210), (90, 90, 90), -1)
    cv2.rectangle(picture, (105, 150), (215, 185), (255, 255, 255), -1)
    cv2.putText(picture, "A 8K27", (108, 178), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (0, 0, 0), 2)
    return picture


def test_a_plate_cannot_be_read_any_more() -> None:
    picture = plate()
    car = detection(Label.CAR, score=0.3, box=PixelBox(x0_px=60, y0_px=40, x1_px=260, y1_px=210))

    hidden = redact(picture, [car])

    before, after = (cv2.cvtColor(one[150:185, 105:215], cv2.COLOR_BGR2GRAY) for one in (picture, hidden))
    alike = float(cv2.matchTemplate(after, before, cv2.TM_CCOEFF_NORMED)[0, 0])
    assert cv2.Laplacian(after, cv2.CV_64F).var() < 0.02 * cv2.Laplacian(before, cv2.CV_64F).var()
    assert abs(alike) < 0.3


class SeesNothing:
    """A detector that misses everybody."""

    def __init__(self, card: ModelCard) -> None:
        self.card = card

    def detect(self, picture: Picture) -> list[Detection]:
        return []


def test_faces_of_people_whom_the_detector_missed_are_hidden_too() -> None:
    picture = city()
    faces = face_finder(picture.shape[1], picture.shape[0])
    finder = FaceFinder(model=shared("perception/yunet_n_640_640.onnx"))
    eyes = FaceHidingDetector(detector=SeesNothing(read_card(BUILT_IN_CARD)), faces=finder)

    found = eyes.detect(picture)

    assert faces(redact(picture, found)) == 0
    assert all(one.score < eyes.card.score_for(one.label) * 0.6 for one in found)


def test_a_file_that_finds_no_faces_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.onnx").write_bytes(b"nothing")

    for file in (tmp_path / "no.onnx", tmp_path / "missing.onnx"):
        with pytest.raises(InvalidInput):
            FaceFinder(model=file)


def test_nobody_can_be_recognised_in_the_annotated_film(tmp_path: Path) -> None:
    picture = city()
    faces = face_finder(picture.shape[1], picture.shape[0])
    frame = frame_at(0.0, picture=picture)
    looked = Looked(number=0, seen=Seen(frame=frame, detections=city_detector(tmp_path).detect(picture)), lines=())

    with Film(file=tmp_path / "film.mp4") as film:
        for i in range(5):
            film.add(looked, i / 5)

    with av.open(str(tmp_path / "film.mp4")) as container:
        shown = [np.asarray(one.to_ndarray(format="bgr24"), np.uint8) for one in container.decode(video=0)]
    assert len(shown) == 5
    assert [faces(one) for one in shown] == [0] * 5


def faces_of(picture: Picture) -> list[tuple[int, int, int, int]]:
    """Return the faces (x, y, width, height) that can surely be seen."""
    finder = cv2.FaceDetectorYN.create(str(shared("perception/yunet_n_640_640.onnx")), "", picture.shape[1::-1], 0.8)
    found: object = finder.detect(picture)[1]
    rows = found[:, :4].round().astype(int).tolist() if isinstance(found, np.ndarray) else []
    return [(max(x, 0), max(y, 0), w, h) for x, y, w, h in rows]


def test_nobody_is_found_again_by_comparing_faces(tmp_path: Path) -> None:
    picture = city()
    hidden = redact(picture, city_detector(tmp_path).detect(picture))

    faces = faces_of(picture)
    alike = []
    for x, y, w, h in faces:
        around = hidden[max(0, y - h) : y + 2 * h, max(0, x - w) : x + 2 * w]
        alike.append(float(cv2.matchTemplate(around, picture[y : y + h, x : x + w], cv2.TM_CCOEFF_NORMED).max()))

    assert len(faces) >= 8
    assert max(alike) < 0.75
    assert np.median(alike) < 0.6


@pytest.mark.parametrize("face", range(6))
def test_somebody_whom_the_lower_edge_cuts_off_below_the_chin_is_hidden_too(tmp_path: Path, face: int) -> None:
    picture = city()
    x, y, w, h = sorted(faces_of(picture), key=lambda one: -one[2] * one[3])[face]
    close = np.ascontiguousarray(picture[: y + round(1.8 * h)])
    box = PixelBox(max(0.0, x - 0.9 * w), y - 0.35 * h, x + 1.9 * w, float(close.shape[0]))

    hidden = redact(close, [detection(Label.PERSON, box=box)])

    part = slice(max(0, y), y + h), slice(max(0, x), x + w)
    assert len(np.unique(hidden[part].reshape(-1, 3), axis=0)) <= 9


def test_a_picture_that_nobody_looked_at_is_hidden_wholly_in_the_film(tmp_path: Path) -> None:
    picture = city()
    faces = face_finder(picture.shape[1], picture.shape[0])
    seen = Seen(frame=frame_at(0.0, picture=picture), not_assessed=NotAssessed.WRONG_SIZE, was_searched=False)

    shown = annotate(Looked(number=0, seen=seen, lines=()), [], 0.0)

    assert faces(shown) == 0
    assert max(float(np.abs(np.diff(shown[300:330].astype(int), axis=1)).mean()), 0) < 4


class SeesSomebodyFor:
    """Says that somebody hardly sure stands in the middle, in so many pictures."""

    def __init__(self, *, box: PixelBox, pictures: int) -> None:
        self.card = read_card(BUILT_IN_CARD)
        self._box, self._left = box, pictures

    def detect(self, _: Picture) -> list[Detection]:
        self._left -= 1
        return [detection(Label.PERSON, score=0.55, box=self._box)] if self._left >= 0 else []


@pytest.mark.parametrize(("label", "is_later", "is_numbered"), [
    (Label.PERSON, True, False), (Label.PERSON, False, True), (Label.BIN, True, True),
])  # fmt: skip
def test_people_who_are_named_in_hindsight_have_no_numbers_in_the_film(
    label: Label, is_later: bool, is_numbered: bool
) -> None:
    def shown(number: int) -> Picture:
        seen = Seen(frame=frame_at(0.0), tracks=(track(label, 0.0, 0.0, number=number),))
        return annotate(Looked(number=0, seen=seen, lines=(), are_people_named_later=is_later), [], 0.0)

    assert shown(4).any()
    assert bool((shown(4) != shown(5)).any()) is is_numbered


def test_somebody_who_is_not_believed_yet_stays_hidden_in_the_film_when_unseen() -> None:
    reference = Georeference(camera=LENS, frame=FRAME)
    foot, head = (reference.to_pixel(LocalPosition(east_m=0, north_m=0, up_m=up_m), gaze()) for up_m in (0.0, 1.7))
    assert foot is not None
    assert head is not None
    box = PixelBox(x0_px=foot[0] - 6, y0_px=head[1], x1_px=foot[0] + 6, y1_px=foot[1])
    picture = np.random.default_rng(0).integers(0, 255, (360, 640, 3)).astype(np.uint8)
    eyes = Pipeline(
        vehicle_id=VehicleId("v"),
        detector=SeesSomebodyFor(box=box, pictures=2),
        reference=reference,
        zones=ZoneSet(zones=()),
        tracker=(followed := Follower(threshold_for=lambda _: 0.5)),
    )

    told = [eyes.process(frame_at(i / 5, picture=picture, view=gaze(), number=i)) for i in range(3)]

    assert [one.is_believed for one in followed.tracks] == [False]
    assert not told[-1].detections
    shown = annotate(Looked(number=2, seen=told[-1], lines=()), [], 0.4)
    part = slice(round(head[1]), round(head[1]) + 6), slice(round(foot[0]) - 5, round(foot[0]) + 5)
    assert len(np.unique(shown[part].reshape(-1, 3), axis=0)) <= 9
