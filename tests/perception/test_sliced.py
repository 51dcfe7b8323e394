import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from perception.detections import Detection, Detections, Label, PixelBox
from perception.detector import OnnxDetector
from perception.frame import Picture
from perception.model_card import ModelCard, read_card
from perception.privacy import redact
from perception.sliced import SlicedDetector
from sim.camera import CameraRenderer
from sim.scene import CameraLens, CameraView, Scene, SceneThing, ThingType
from tests.perception.eyes import shared

LENS = CameraLens(width_px=1920, height_px=1080, fx_px=1920, fy_px=1920, cx_px=960, cy_px=540)


@pytest.fixture(scope="module")
def whole() -> OnnxDetector:
    return OnnxDetector()


def street() -> tuple[Picture, list[tuple[float, float, float, float]]]:
    """People who are 20 px tall in a large picture, and where they are."""
    things = tuple(
        SceneThing(id=str(i), type=ThingType.PERSON, east_m=-30.0 + 10 * i, north_m=1.0 * (i % 3), seed=i)
        for i in range(7)
    )
    renderer = CameraRenderer(scene=Scene(ground=(), things=things, seed=4))
    view = CameraView(east_m=0, north_m=-112, height_agl_m=87, yaw_deg=0, pitch_deg=-38)
    picture, seen = renderer.render_with_boxes(view=view, lens=LENS)
    return picture, [one.box_xyxy_px for one in seen]


def hits(found: list[Detection], truth: list[tuple[float, float, float, float]]) -> list[int]:
    """Return how many detections each true box has."""
    middles = [((a + c) / 2, (b + d) / 2) for a, b, c, d in truth]
    people = [one.box for one in found if one.label is Label.PERSON and one.score >= 0.3]
    return [sum(b.x0_px < x < b.x1_px and b.y0_px < y < b.y1_px for b in people) for x, y in middles]


def test_cuts_show_people_who_are_too_small_in_the_whole_picture_each_once(whole: OnnxDetector) -> None:
    picture, truth = street()

    coarse = hits(list(whole.detect(picture)), truth)
    fine = hits(list(SlicedDetector(whole=whole).detect(picture)), truth)

    assert sum(count > 0 for count in fine) > sum(count > 0 for count in coarse)
    assert sum(count > 0 for count in fine) >= 5
    assert max(fine) == 1


def test_a_picture_of_the_model_s_own_size_is_not_cut(whole: OnnxDetector) -> None:
    size = whole.card.input
    picture = np.random.default_rng(2).integers(0, 255, (size.height_px, size.width_px, 3)).astype(np.uint8)

    assert list(SlicedDetector(whole=whole).detect(picture)) == list(whole.detect(picture))


def test_a_thing_that_fills_the_picture_is_not_found_again_in_parts(whole: OnnxDetector) -> None:
    things = (SceneThing(id="c", type=ThingType.CAR, east_m=0, north_m=0, heading_deg=60, seed=2),)
    renderer = CameraRenderer(scene=Scene(ground=(), things=things, seed=4))
    view = CameraView(east_m=0, north_m=-16, height_agl_m=12, yaw_deg=0, pitch_deg=-37)
    picture = renderer.render(view=view, lens=LENS)

    cars = [one for one in SlicedDetector(whole=whole).detect(picture) if one.label is Label.CAR and one.score > 0.4]

    assert len(cars) == 1


def test_cuts_for_a_stretching_model_are_as_small_as_cover_the_picture(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parent / "fastestdet_coco_352.json", tmp_path / "card.json")
    (tmp_path / "fastestdet_coco_352.onnx").symlink_to(shared("perception/fastestdet_coco_352.onnx"))
    whole = Watched(card_file=tmp_path / "card.json")

    SlicedDetector(whole=whole).detect(np.zeros((576, 768, 3), np.uint8))

    picture, *cuts = whole.seen
    assert picture == (576, 768)
    assert len(cuts) == 6
    assert all(height <= 352 and width <= 352 for height, width in cuts)
    assert sum(height * width for height, width in cuts) < 1.6 * 576 * 768


class Watched(OnnxDetector):
    """Remembers the sizes of what it was shown."""

    def __init__(self, *, card_file: Path) -> None:
        super().__init__(card_file=card_file)
        self.seen: list[tuple[int, int]] = []

    def detect(self, picture: Picture) -> Detections:
        self.seen.append((picture.shape[0], picture.shape[1]))
        return super().detect(picture)


Shown = Callable[[bool, int, int], list[tuple[float, tuple[float, float, float, float]]]]


class Tells:
    """A detector that tells what it is told to: for the whole picture, and for each bright spot in a cut."""

    def __init__(self, *, shown: Shown) -> None:
        self.card: ModelCard = read_card(Path(__file__).parent / "picodet_s_416.json")
        self._shown = shown

    def detect(self, picture: Picture) -> list[Detection]:
        spots = np.argwhere(picture[:, :, 0] == 255).tolist()
        is_whole = picture.shape[1] == 768
        boxes = [one for y, x in spots for one in self._shown(is_whole, x, y)]
        return [Detection(Label.PERSON, score, PixelBox(*box)) for score, box in dict.fromkeys(boxes)]


def look_at(spots: list[tuple[int, int]], shown: Shown) -> list[tuple[int, int, int, int]]:
    picture = np.zeros((576, 768, 3), np.uint8)
    for x, y in spots:
        picture[y, x] = 255
    found = SlicedDetector(whole=Tells(shown=shown)).detect(picture)
    boxes = [one.box for one in found if one.score >= 0.4]
    return sorted((round(x0), round(y0), round(x1), round(y1)) for x0, y0, x1, y1 in boxes)


def test_two_who_are_one_rough_box_in_the_whole_picture_are_two_in_the_cuts() -> None:
    """A rough box that the whole picture shows is no reason to leave out what cuts show better."""

    def shown(is_whole: bool, x: int, y: int) -> list[tuple[float, tuple[float, float, float, float]]]:
        if is_whole:
            return [(0.6, (140, 110, 200, 190))]
        return [(0.8, (x - 12, y - 35, x + 12, y + 35))]

    assert look_at([(155, 150), (185, 150)], shown) == [(143, 115, 167, 185), (173, 115, 197, 185)]


def test_a_better_box_of_the_same_person_takes_the_place_of_the_rough_one() -> None:
    def shown(is_whole: bool, x: int, y: int) -> list[tuple[float, tuple[float, float, float, float]]]:
        if is_whole:
            return [(0.7, (138, 108, 182, 192))]
        return [(0.8, (x - 12, y - 35, x + 12, y + 35))]

    assert look_at([(160, 150)], shown) == [(148, 115, 172, 185)]


def test_legs_in_a_better_box_of_the_whole_person_are_no_second_one() -> None:
    def shown(is_whole: bool, x: int, y: int) -> list[tuple[float, tuple[float, float, float, float]]]:
        whole = (0.8, (x - 12.0, y - 35.0, x + 12.0, y + 35.0))
        return [whole] if is_whole else [whole, (0.6, (x - 11.0, y + 5.0, x + 11.0, y + 34.0))]

    assert look_at([(160, 150)], shown) == [(148, 115, 172, 185)]


def test_a_child_before_a_grown_up_is_hidden_though_not_followed() -> None:
    """What is left out as a part of somebody may be somebody: a picture that leaves hides the head there too."""

    def shown(is_whole: bool, x: int, y: int) -> list[tuple[float, tuple[float, float, float, float]]]:
        return [(0.8, (x - 14.0, y - 40.0, x + 14.0, y + 40.0)), (0.6, (x - 10.0, y, x + 12.0, y + 40.0))]

    picture = np.random.default_rng(3).integers(0, 250, (576, 768, 3)).astype(np.uint8)
    picture[150, 160] = 255
    found = SlicedDetector(whole=Tells(shown=shown)).detect(picture)

    assert [one.score >= 0.4 for one in found] == [True, False]
    hidden, head = redact(picture, found), (slice(152, 162), slice(151, 171))
    assert len(np.unique(hidden[head].reshape(-1, 3), axis=0)) <= 9
