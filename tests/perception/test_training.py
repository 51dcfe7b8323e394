import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from cli.train import app
from core.errors import InvalidInput
from perception.detections import Detection, Label, PixelBox
from perception.detector import BUILT_IN_CARD, OnnxDetector
from perception.frame import Picture
from perception.model_card import ModelCard, read_card
from perception.training.coco import Coco, Labelled, random_crop, read_coco
from perception.training.evaluate import judge
from sim.dataset import make_dataset


class Oracle:
    """Gives back the truth of a data set, with some of it missing."""

    def __init__(self, *, card: ModelCard, data: Coco, missing_every: int) -> None:
        self.card = card
        self._answers = iter([self._answer(item, data, missing_every) for item in data.pictures])

    def _answer(self, item: Labelled, data: Coco, missing_every: int) -> list[Detection]:
        rows = zip(item.boxes.tolist(), item.classes.tolist(), item.ignored.tolist(), strict=True)
        return [
            Detection(
                label=self.card.means[data.labels[number]],
                score=0.9,
                box=PixelBox(x0_px=x0, y0_px=y0, x1_px=x1, y1_px=y1),
            )
            for i, ((x0, y0, x1, y1), number, is_ignored) in enumerate(rows)
            if not is_ignored and data.labels[number] in self.card.means and (missing_every == 0 or i % missing_every)
        ]

    def detect(self, picture: Picture) -> list[Detection]:
        return next(self._answers)


@pytest.fixture(scope="module")
def annotations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_dataset(tmp_path_factory.mktemp("data"), pictures=6, seed=78)


def test_a_perfect_detector_has_a_precision_of_one_and_a_forgetful_one_less(annotations: Path) -> None:
    data, card = read_coco(annotations), read_card(BUILT_IN_CARD)

    perfect = judge(Oracle(card=card, data=data, missing_every=0), data)
    forgetful = judge(Oracle(card=card, data=data, missing_every=2), data)

    assert {one.ap50 for one in perfect.values()} == {1.0}
    assert 0.3 < forgetful["person"].ap50 < 0.7


def test_the_built_in_model_keeps_its_promise_on_scenes_it_never_saw(annotations: Path) -> None:
    detector = OnnxDetector()

    judged = judge(detector, read_coco(annotations))

    assert judged["person"].ap50 > detector.card.ap50["person"] - 0.2


def test_boxes_stay_on_their_things_when_a_picture_is_cut(annotations: Path) -> None:
    item = max(read_coco(annotations).pictures, key=lambda one: len(one.boxes))
    marked = np.zeros((360, 640, 3), np.uint8)
    x0, y0, x1, y1 = np.rint(item.boxes[0]).astype(int)
    marked[y0:y1, x0:x1] = 200
    alone = Labelled(file=item.file, boxes=item.boxes[:1], classes=item.classes[:1], ignored=np.zeros(1, bool))
    random = np.random.default_rng(1)

    shares = []
    for _ in range(20):
        crop = random_crop(alone, marked, 256, random)
        for box in crop.boxes[~crop.ignored]:
            cx0, cy0, cx1, cy1 = np.rint(box).astype(int)
            inside = (crop.picture[cy0:cy1, cx0:cx1] > 60).mean()
            shares.append(float(inside))

    assert len(shares) > 8
    assert min(shares) > 0.75


def test_a_file_that_is_no_data_set_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "annotations.json"
    wrong.write_text('{"images": []}')

    with pytest.raises(InvalidInput, match="COCO"):
        read_coco(wrong)


def test_what_is_wrong_with_annotations_is_named_before_any_training(tmp_path: Path) -> None:
    wrong = tmp_path / "annotations.json"
    rows = [
        {"image_id": 1, "category_id": 7, "bbox": [0, 0, 5, 5]},
        {"image_id": 2, "category_id": 1, "bbox": [0, 0, 0, 5]},
    ]
    images = [{"id": 1, "file_name": "a.jpg", "width": 5}]
    wrong.write_text(json.dumps({"images": images, "annotations": rows, "categories": [{"id": 1, "name": "cart"}]}))

    with pytest.raises(InvalidInput) as refused:
        read_coco(wrong)

    for word in ("category 7", "image 2", "without an area", "1 pictures are not in images/", "a.jpg"):
        assert word in refused.value.message


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {
                "categories": [{"id": 1, "name": "cart"}, {"id": 2, "name": "cart"}],
                "annotations": [{"image_id": 1, "category_id": n, "bbox": [0, 0, 5, 5]} for n in (1, 2)],
            },
            "categories lists cart more than once",
        ),
        ({"categories": [{"id": 1, "name": "cart"}, {"id": 1, "name": "bin"}]}, "categories lists 1 more than once"),
        ({"images": [{"id": 1, "file_name": "a.png"}, {"id": 1, "file_name": "a.png"}]}, "images lists 1 more than"),
        ({"annotations": []}, "nothing to learn"),
        ({"annotations": [{"image_id": 1, "category_id": 1, "bbox": [math.nan, 0, 5, 5]}]}, "no number"),
        ({"annotations": [{"image_id": 1, "category_id": 1, "bbox": [900, 0, 5, 5]}]}, "outside of its picture"),
        ({"images": [{"id": 1, "file_name": "b.png"}]}, "1 files are no pictures, the first is b.png"),
    ],
)
def test_what_would_waste_hours_of_training_is_refused_first(
    tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images" / "a.png"), np.zeros((40, 60, 3), np.uint8))
    (tmp_path / "images" / "b.png").write_bytes(b"no picture")
    document = {
        "images": [{"id": 1, "file_name": "a.png", "width": 60, "height": 40}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [-5, 30, 20, 30], "iscrowd": 0}],
        "categories": [{"id": 1, "name": "cart"}],
    }
    file = tmp_path / "annotations.json"
    file.write_text(json.dumps(document))
    assert read_coco(file).pictures[0].boxes.tolist() == [[0, 30, 15, 40]]

    file.write_text(json.dumps({**document, **changes}))

    with pytest.raises(InvalidInput, match=told):
        read_coco(file)


def test_a_class_that_is_listed_twice_and_used_once_is_one_class(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images" / "a.png"), np.zeros((40, 60, 3), np.uint8))
    document = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "annotations": [{"image_id": 1, "category_id": 2, "bbox": [5, 5, 20, 30]}],
        "categories": [{"id": 0, "name": "cart"}, {"id": 2, "name": "cart"}, {"id": 1, "name": "bin"}],
    }
    (tmp_path / "annotations.json").write_text(json.dumps(document))

    data = read_coco(tmp_path / "annotations.json")

    assert data.labels == ("bin", "cart")
    assert data.pictures[0].classes.tolist() == [1]


@pytest.mark.parametrize("size", [None, 0])
def test_a_picture_whose_size_is_not_told_keeps_its_boxes(tmp_path: Path, size: int | None) -> None:
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images" / "a.png"), np.zeros((40, 60, 3), np.uint8))
    document = {
        "images": [{"id": 1, "file_name": "a.png", "width": size, "height": size}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [5, 5, 20, 30]}],
        "categories": [{"id": 1, "name": "cart"}],
    }
    (tmp_path / "annotations.json").write_text(json.dumps(document))

    assert read_coco(tmp_path / "annotations.json").pictures[0].boxes.tolist() == [[5, 5, 25, 35]]


def test_large_pictures_are_learnt_from_as_the_detector_sees_them(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "large.png"), np.zeros((1080, 1920, 3), np.uint8))
    boxes = np.array([[600, 300, 900, 600]], np.float32)
    item = Labelled(file=tmp_path / "large.png", boxes=boxes, classes=np.zeros(1, np.int64), ignored=np.zeros(1, bool))

    picture, fitted = item.read_fitted(640, 384)

    assert picture.shape == (360, 640, 3)
    assert fitted.boxes.tolist() == [[200, 100, 300, 200]]


def test_every_so_many_pictures_are_kept_for_judging(annotations: Path) -> None:
    data = read_coco(annotations)

    kept, held = data.split(0.5)

    assert [len(kept.pictures), len(held.pictures)] == [3, 3]
    with pytest.raises(InvalidInput, match="too few"):
        data.split(0.1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning")  # PyTorch uses its own deprecated names
def test_a_customer_s_annotations_become_a_model_that_its_card_describes(annotations: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is only in the extra `train`")
    own = json.loads(annotations.read_text())
    for category in own["categories"]:
        category["id"] += 40
        category["name"] = {"cart": "sanlunche", "tree": "shu"}.get(category["name"], category["name"].title())
    for row in own["annotations"]:
        row["category_id"] += 40
    own["categories"].append({"id": 1, "name": "stray dog"})
    names = {category["id"]: category["name"] for category in own["categories"]}
    there = {names[row["category_id"]] for row in own["annotations"] if not row["ignore"]}
    file = tmp_path / "own.json"
    file.write_text(json.dumps(own))
    options = ["--annotations", str(file), "--images", str(annotations.parent / "images"), "--out", str(tmp_path)]
    options += ["--held-out-annotations", str(file), "--share-of-steps", "0.0001", "--name", "Our square"]

    refused = CliRunner().invoke(app, [*options, "--means", "sanlunche=tricycle"])
    made = CliRunner().invoke(app, [*options, "--means", "sanlunche=cart"])

    assert isinstance(refused.exception, InvalidInput)
    assert made.exit_code == 0, made.output
    detector = OnnxDetector(card_file=tmp_path / "our_square.json")
    assert detector.card.name == "Our square"
    assert detector.card.means["sanlunche"] is Label.CART
    assert set(detector.card.ap50) == {label.value for name, label in detector.card.means.items() if name in there}
    assert "sanlunche = cart" in made.output
    assert "never told of: stray dog" in made.output
    assert "about 0 min left" in made.output
    content = (tmp_path / detector.card.file).read_bytes()
    assert len(content) < 2_500_000
    assert b"stack_trace" not in content
    assert str(Path(__file__).parents[2]).encode() not in content
