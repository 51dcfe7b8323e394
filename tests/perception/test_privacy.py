from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from perception.detections import Label, PixelBox
from perception.evidence import Snapshot, make_photos
from perception.frame import Picture
from perception.privacy import redact
from perception.sighting import PhotoKind
from tests.perception.eyes import START_AT, detection, shared
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
