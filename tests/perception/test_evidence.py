import cv2
import numpy as np
import pytest

from perception.detections import Label, PixelBox
from perception.evidence import Snapshot, make_photos
from perception.frame import Picture
from perception.sighting import Photo, PhotoKind
from tests.perception.eyes import START_AT, detection

STALL = PixelBox(x0_px=300, y0_px=150, x1_px=360, y1_px=200)


def street() -> Picture:
    coarse = np.random.default_rng(4).integers(0, 255, (18, 32, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (640, 360), interpolation=cv2.INTER_CUBIC), np.uint8)


def photos(*, first: bool = False) -> dict[PhotoKind, Photo]:
    found = [detection(Label.CART, box=STALL)]
    best = Snapshot(picture=street(), detections=found, box=STALL, taken_at=START_AT)
    before = Snapshot(picture=street() // 2, detections=found, box=STALL, taken_at=START_AT)
    return {photo.kind: photo for photo in make_photos(best, before if first else None)}


def test_the_near_picture_shows_the_camera_s_own_pixels_around_the_matter() -> None:
    near = photos()[PhotoKind.NEAR]
    shown = np.asarray(cv2.imdecode(np.frombuffer(near.jpeg, np.uint8), cv2.IMREAD_COLOR), np.float64)
    x0, y0 = 330 - 72, 175 - 72

    assert (near.width_px, near.height_px) == (144, 144)
    assert near.box_xyxy_px == pytest.approx((300 - x0, 150 - y0, 360 - x0, 200 - y0))
    assert np.abs(shown - street()[y0 : y0 + 144, x0 : x0 + 144]).mean() < 4


def test_the_reference_is_the_first_view_where_there_was_an_earlier_one() -> None:
    alone, with_first = photos(), photos(first=True)

    assert alone[PhotoKind.REFERENCE].width_px < 640
    assert with_first[PhotoKind.REFERENCE].width_px == 640
    assert with_first[PhotoKind.REFERENCE].sha256 != with_first[PhotoKind.FAR].sha256
