import json
import math
import shutil
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import InvalidInput
from perception.detections import WEAK_SHARE, Label
from perception.detector import BUILT_IN_CARD, OnnxDetector
from perception.model_card import read_card
from perception.privacy import LEAST_SCORES
from sim.camera import CameraRenderer
from sim.scene import CameraLens, CameraView, Scene, SceneThing, ThingType
from tests.perception.eyes import shared

CITY_CARD = Path(__file__).parent / "picodet_s_416.json"


def city_detector(folder: Path) -> OnnxDetector:
    """A published detector of COCO's classes, as a customer would plug it in."""
    (folder / "picodet_s_416_coco.onnx").symlink_to(shared("perception/picodet_s_416_coco.onnx"))
    shutil.copy(CITY_CARD, folder / "card.json")
    return OnnxDetector(card_file=folder / "card.json")


def card_with(folder: Path, **changes: object) -> Path:
    card = read_card(BUILT_IN_CARD)
    shutil.copy(BUILT_IN_CARD.parent / card.file, folder / card.file)
    file = folder / "card.json"
    file.write_text(json.dumps(asdict(card) | changes), encoding="utf-8")
    return file


def test_the_built_in_model_sees_what_the_simulator_paints() -> None:
    things = (
        SceneThing(id="c", type=ThingType.CART, east_m=-4, north_m=2, heading_deg=70, seed=3),
        SceneThing(id="p", type=ThingType.PILE, east_m=4, north_m=0, seed=5),
        SceneThing(id="w", type=ThingType.PERSON, east_m=-1, north_m=-2, heading_deg=20, seed=8),
    )
    renderer = CameraRenderer(scene=Scene(ground=(), things=things, seed=4))
    view = CameraView(east_m=0, north_m=-32, height_agl_m=25, yaw_deg=0, pitch_deg=-38)
    picture, truth = renderer.render_with_boxes(view=view, lens=CameraLens())

    found = OnnxDetector().detect(picture)

    for item in truth:
        mine = [one for one in found if one.label.value == item.thing.type.value and one.score > 0.4]
        x0, _, _, y1 = item.box_xyxy_px
        assert any(abs(one.box.x0_px - x0) < 8 and abs(one.box.y1_px - y1) < 8 for one in mine), item.thing.type
    assert len([one for one in found if one.score > 0.4]) == 3


def test_the_built_in_card_tells_how_good_the_model_is() -> None:
    card = read_card(BUILT_IN_CARD)

    assert card.name == "simulator model"
    assert {label.value for label in card.means.values()} == set(card.ap50)
    assert min(card.ap50[label] for label in ("person", "cart", "pile")) > 0.7


def test_a_published_detector_finds_people_in_a_real_street(tmp_path: Path) -> None:
    picture = np.asarray(cv2.imread(str(shared("perception/city.jpg"))), np.uint8)

    people = [one for one in city_detector(tmp_path).detect(picture) if one.score > 0.6]

    assert len(people) >= 6
    assert {one.label for one in people} == {Label.PERSON}
    walker = max(people, key=lambda one: one.score).box
    assert walker.height_px > 2 * walker.width_px


def test_a_file_that_is_not_the_card_s_is_refused(tmp_path: Path) -> None:
    file = card_with(tmp_path)
    with (tmp_path / read_card(BUILT_IN_CARD).file).open("ab") as model:
        model.write(b"\0")

    with pytest.raises(InvalidInput, match="SHA-256"):
        OnnxDetector(card_file=file)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"input": {"name": "image", "width_px": 640, "height_px": 384}}, "no input 'image'"),
        ({"input": {"name": "picture", "width_px": 416, "height_px": 416}}, "has the shape"),
        ({"outputs": {"heat": [1, 7, 52, 52], "distances": [1, 4, 52, 52]}}, "has the shape"),
        ({"decoder": "yolo"}, "known are"),
        ({"decoder": "picodet"}, "PicoDet"),
        ({"means": {"stall": "cart"}}, "stall"),
        ({"licence": None}, "licence"),
        ({"licence": " "}, "names no licence"),
        ({"steepest_pitch_deg": 50}, "steepest_pitch_deg"),
        ({"steepest_pitch_deg": math.nan}, "steepest_pitch_deg"),
        ({"min_scor": 0.4}, "min_scor"),
        ({"min_score": 2}, "between 0 and 1"),
        ({"input": {"name": "picture", "width_px": 640, "height_px": 384, "means": [1, 2, 3]}}, "input.means"),
        ({"input": {"name": "picture", "width_px": 640, "height_px": 384, "std_bgr": [math.nan, 1, 1]}}, "finite"),
    ],
)
def test_a_wrong_card_is_refused_with_the_reason(tmp_path: Path, changes: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        OnnxDetector(card_file=card_with(tmp_path, **changes))


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    file = card_with(tmp_path)
    (tmp_path / read_card(BUILT_IN_CARD).file).unlink()

    with pytest.raises(InvalidInput, match="cannot be read"):
        OnnxDetector(card_file=file)


def test_a_larger_picture_gives_boxes_in_its_own_pixels() -> None:
    things = (SceneThing(id="c", type=ThingType.CAR, east_m=0, north_m=0, heading_deg=60, seed=2),)
    renderer = CameraRenderer(scene=Scene(ground=(), things=things, seed=4))
    view = CameraView(east_m=0, north_m=-30, height_agl_m=25, yaw_deg=0, pitch_deg=-38)
    lens = CameraLens(width_px=1280, height_px=720, fx_px=1280, fy_px=1280, cx_px=640, cy_px=360)
    picture, truth = renderer.render_with_boxes(view=view, lens=lens)

    best = max(OnnxDetector().detect(picture), key=lambda one: one.score)

    assert best.label is Label.CAR
    assert best.box.xyxy == pytest.approx(truth[0].box_xyxy_px, abs=14)


def test_a_thrifty_detector_gives_what_tracks_and_privacy_need_and_nothing_else() -> None:
    picture = CameraRenderer(scene=Scene(ground=(), seed=4)).render(
        view=CameraView(east_m=0, north_m=-30, height_agl_m=25, yaw_deg=0, pitch_deg=-38),
        lens=CameraLens(),
        things=tuple(
            SceneThing(id=str(i), type=kind, east_m=3.0 * i - 12, north_m=2.0 * (i % 4), seed=i)
            for i, kind in enumerate([ThingType.PERSON, ThingType.CART, ThingType.BIKE, ThingType.PILE] * 2)
        ),
    )
    whole, thrifty = OnnxDetector(), OnnxDetector(is_thrifty=True)
    needed = {one: min(WEAK_SHARE * whole.card.score_for(one), LEAST_SCORES.get(one, math.inf)) for one in Label}

    everything, useful = whole.detect(picture), thrifty.detect(picture)

    assert len(useful) < len(everything)
    expected = [one for one in everything if one.score >= needed[one.label]]
    assert [(one.label, one.score) for one in useful] == [(one.label, one.score) for one in expected]
    for one, same in zip(useful, expected, strict=True):
        assert one.box.xyxy == pytest.approx(same.box.xyxy, abs=0.001)
