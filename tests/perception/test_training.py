from pathlib import Path

import numpy as np
import pytest

from core.errors import InvalidInput
from perception.detections import Detection, PixelBox
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
            if not is_ignored and (missing_every == 0 or i % missing_every)
        ]

    def detect(self, picture: Picture) -> list[Detection]:
        return next(self._answers)


@pytest.fixture(scope="module")
def annotations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_dataset(tmp_path_factory.mktemp("data"), pictures=6, seed=77)


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


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning")  # PyTorch uses its own deprecated names
def test_a_short_training_writes_a_model_that_its_card_describes(annotations: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is only in the extra `train`")
    from perception.training.run import train_model

    card = train_model(data=annotations, held_out=annotations, folder=tmp_path, share_of_steps=0.001)

    detector = OnnxDetector(card_file=card)
    assert set(detector.card.ap50) == {label.value for label in detector.card.means.values()}
    assert detector.card.training["data"] == "6 pictures of random scenes painted by sim.dataset"
    assert (tmp_path / detector.card.file).stat().st_size < 2_000_000
