"""Each decoder against outputs whose boxes are known, and whole models made of nothing but such outputs."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from core.errors import InvalidInput
from perception.decoders.boxes import RawBoxes, blended, keep_best
from perception.decoders.centre_point import CentrePointDecoder
from perception.decoders.detr import DetrDecoder
from perception.decoders.fastestdet import FastestDetDecoder
from perception.decoders.nanodet import NanoDetPlusDecoder
from perception.decoders.picodet import PicoDetDecoder
from perception.decoders.ppyoloe import PpYoloeDecoder
from perception.decoders.yolox import YoloxDecoder
from perception.detections import Label
from perception.detector import OnnxDetector
from perception.frame import Picture
from perception.model_card import Fit, read_card
from tests.perception.eyes import shared

Array = NDArray[np.float32]
SIZE = {"width_px": 64, "height_px": 64}
BOX = (8.0, 12.0, 24.0, 44.0)
"""What every one of the made outputs shows, with the class 1 of 2 and the score 0.81."""
LABELS = ("dog", "man")


def logit(value: float) -> float:
    return float(np.log(value / (1 - value)))


def yolox() -> Array:
    out = np.zeros((1, 64 + 16 + 4, 5 + 2), np.float32)
    # stride 16: cell (1, 1) of the 4 × 4 grid; middle (16, 28), size 16 × 32
    out[0, 64 + 5] = [0.0, 0.75, np.log(1.0), np.log(2.0), 0.9, 0.1, 0.9]
    return out


def spread(values: tuple[float, ...]) -> list[float]:
    """Distributions over eight bins whose means are *values* (between two bins)."""
    bins: list[float] = []
    for value in values:
        low = int(value)
        shares = np.full(8, 1e-9)
        shares[low] += 1 - (value - low)
        shares[min(low + 1, 7)] += value - low
        bins += np.log(shares).tolist()
    return bins


def nanodet() -> Array:
    out = np.zeros((1, 64 + 16 + 4 + 1, 2 + 32), np.float32)
    # stride 16: point (16, 16): 8 left, 4 up, 8 right, 28 down
    out[0, 64 + 5] = [0.0, 0.81, *spread((0.5, 0.25, 0.5, 1.75))]
    return out


def picodet() -> dict[str, Array]:
    cells = (64, 16, 4, 1)
    out = {f"s{n}": np.zeros((1, n, 2), np.float32) for n in cells}
    out |= {f"b{n}": np.zeros((1, n, 32), np.float32) for n in cells}
    out["s16"][0, 5, 1] = 0.81
    # stride 16: point (24, 24): 16 left, 12 up, 0 right, 20 down
    out["b16"][0, 5] = spread((1.0, 0.75, 0.0, 1.25))
    return out


def fastestdet() -> Array:
    out = np.zeros((1, 5 + 2, 4, 4), np.float32)
    # the middle (16, 28) is 0.75 of a cell below the corner of cell (1, 1)
    out[0, :, 1, 1] = [0.81, 0.0, np.arctanh(0.75), logit(0.25), logit(0.5), 0.0, 0.81]
    return out


def ppyoloe() -> dict[str, Array]:
    boxes, scores = np.zeros((1, 5, 4), np.float32), np.zeros((1, 2, 5), np.float32)
    boxes[0, 3], scores[0, 1, 3] = BOX, 0.81
    return {"boxes": boxes, "scores": scores}


def ppyoloe_finished() -> dict[str, Array]:
    return {"rows": np.array([[1, 0.81, *BOX], [-1, 0.0, 0, 0, 0, 0]], np.float32)}


def detr() -> dict[str, Array]:
    logits, boxes = np.full((1, 3, 2), -9.0, np.float32), np.zeros((1, 3, 4), np.float32)
    logits[0, 2, 1] = logit(0.81)
    boxes[0, 2] = (16 / 64, 28 / 64, 16 / 64, 32 / 64)
    return {"pred_logits": logits, "pred_boxes": boxes}


def detr_finished() -> dict[str, Array]:
    return {
        "labels": np.array([[0, 1]], np.float32),
        "boxes": np.array([[[0, 0, 1, 1], BOX]], np.float32),
        "scores": np.array([[0.02, 0.81]], np.float32),
    }


MADE: dict[str, tuple[str, dict[str, Array]]] = {
    "yolox": ("yolox", {"out": yolox()}),
    "nanodet": ("nanodet_plus", {"out": nanodet()}),
    "picodet": ("picodet", picodet()),
    "fastestdet": ("fastestdet", {"out": fastestdet()}),
    "ppyoloe": ("ppyoloe", ppyoloe()),
    "ppyoloe after suppression": ("ppyoloe", ppyoloe_finished()),
    "detr": ("detr", detr()),
    "detr with its own last step": ("detr", detr_finished()),
}


def write_model(
    folder: Path, outputs: Mapping[str, Array], *, extra: str | None = None, kind: int = onnx.TensorProto.INT64
) -> str:
    """Write a model that says the same of every picture; returns its hash."""
    helper, kinds = onnx.helper, onnx.TensorProto
    inputs = [helper.make_tensor_value_info("picture", kinds.FLOAT, [1, 3, 64, 64])]
    if extra is not None:
        inputs.append(helper.make_tensor_value_info(extra, kind, [1, 2]))
    nodes = [
        helper.make_node("Constant", [], [name], value=onnx.numpy_helper.from_array(value))
        for name, value in outputs.items()
    ]
    results = [helper.make_tensor_value_info(name, kinds.FLOAT, value.shape) for name, value in outputs.items()]
    graph = helper.make_graph(nodes, "said", inputs, results)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    content = model.SerializeToString()
    (folder / "model.onnx").write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def write_card(folder: Path, decoder: str, outputs: Mapping[str, Array], sha256: str, **changes: object) -> Path:
    card: dict[str, object] = {
        "name": "made",
        "version": "1",
        "file": "model.onnx",
        "sha256": sha256,
        "licence": "CC0-1.0",
        "origin": "this test",
        "decoder": decoder,
        "input": {"name": "picture", **SIZE},
        "outputs": {name: list(value.shape) for name, value in outputs.items()},
        "labels": list(LABELS),
        "means": {"man": "person"},
    }
    file = folder / "card.json"
    file.write_text(json.dumps(card | changes), encoding="utf-8")
    return file


def blank(width_px: int = 64, height_px: int = 64) -> Picture:
    return np.zeros((height_px, width_px, 3), np.uint8)


@pytest.mark.parametrize("family", MADE)
def test_a_card_makes_any_family_s_model_see(tmp_path: Path, family: str) -> None:
    decoder, outputs = MADE[family]
    card = write_card(tmp_path, decoder, outputs, write_model(tmp_path, outputs))

    found = OnnxDetector(card_file=card).detect(blank())

    assert [one.label for one in found] == [Label.PERSON]
    assert found[0].box.xyxy == pytest.approx(BOX, abs=0.01)
    assert found[0].score == pytest.approx(0.81, abs=0.001)


@pytest.mark.parametrize("family", MADE)
def test_boxes_come_back_in_the_pixels_of_a_larger_picture(tmp_path: Path, family: str) -> None:
    decoder, outputs = MADE[family]
    sha256 = write_model(tmp_path, outputs)
    padded = write_card(tmp_path, decoder, outputs, sha256, input={"name": "picture", **SIZE, "fit": "pad"})
    whole = OnnxDetector(card_file=padded).detect(blank(128, 96))
    stretched = write_card(tmp_path, decoder, outputs, sha256, input={"name": "picture", **SIZE, "fit": "stretch"})

    pulled = OnnxDetector(card_file=stretched).detect(blank(128, 96))

    assert whole[0].box.xyxy == pytest.approx([2 * value for value in BOX], abs=0.05)
    assert pulled[0].box.xyxy == pytest.approx((16, 18, 48, 66), abs=0.05)


@pytest.mark.parametrize("family", [name for name, (_, out) in MADE.items() if not {"rows", "labels"} & set(out)])
def test_another_number_of_labels_than_the_model_has_is_refused(tmp_path: Path, family: str) -> None:
    decoder, outputs = MADE[family]
    card = write_card(tmp_path, decoder, outputs, write_model(tmp_path, outputs), labels=["dog", "man", "cat"])

    with pytest.raises(InvalidInput, match="3"):
        OnnxDetector(card_file=card)


def test_a_card_that_names_another_decoder_is_refused(tmp_path: Path) -> None:
    outputs = {"out": yolox()}
    card = write_card(tmp_path, "nanodet_plus", outputs, write_model(tmp_path, outputs))

    with pytest.raises(InvalidInput, match="NanoDet-Plus"):
        OnnxDetector(card_file=card)


def test_a_model_with_a_second_input_runs_only_when_the_card_gives_it(tmp_path: Path) -> None:
    outputs = detr_finished()
    sha256 = write_model(tmp_path, outputs, extra="orig_target_sizes")
    without = write_card(tmp_path, "detr", outputs, sha256)
    with pytest.raises(InvalidInput, match="orig_target_sizes"):
        OnnxDetector(card_file=without)

    given = {"name": "picture", **SIZE, "extra": {"orig_target_sizes": "size_wh"}}
    card = write_card(tmp_path, "detr", outputs, sha256, input=given)

    assert len(OnnxDetector(card_file=card).detect(blank())) == 1


@pytest.mark.parametrize("kind", [onnx.TensorProto.FLOAT, onnx.TensorProto.INT32])
def test_a_second_input_gets_the_numbers_that_the_model_wants(tmp_path: Path, kind: int) -> None:
    outputs = ppyoloe_finished()
    sha256 = write_model(tmp_path, outputs, extra="im_shape", kind=kind)
    given = {"name": "picture", **SIZE, "extra": {"im_shape": "size_hw"}}
    card = write_card(tmp_path, "ppyoloe", outputs, sha256, input=given)

    assert len(OnnxDetector(card_file=card).detect(blank())) == 1


def test_a_second_input_that_the_model_does_not_have_is_refused(tmp_path: Path) -> None:
    outputs = {"out": yolox()}
    given = {"name": "picture", **SIZE, "extra": {"scale_factor": "ones"}}
    card = write_card(tmp_path, "yolox", outputs, write_model(tmp_path, outputs), input=given)

    with pytest.raises(InvalidInput, match="scale_factor"):
        OnnxDetector(card_file=card)


def test_a_model_whose_boxes_are_decoded_already_is_refused(tmp_path: Path) -> None:
    decoded = yolox()
    decoded[0, :, 2:4] = (40.0, 120.0)

    with pytest.raises(InvalidInput, match="decoded already"):
        OnnxDetector(card_file=write_card(tmp_path, "yolox", {"o": decoded}, write_model(tmp_path, {"o": decoded})))


def test_a_model_that_computes_no_numbers_is_refused(tmp_path: Path) -> None:
    broken = yolox()
    broken[0, 3, 6] = np.nan

    with pytest.raises(InvalidInput, match="NaN"):
        OnnxDetector(card_file=write_card(tmp_path, "yolox", {"o": broken}, write_model(tmp_path, {"o": broken})))


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no model")
    sha256 = hashlib.sha256(b"no model").hexdigest()

    with pytest.raises(InvalidInput, match="cannot be loaded"):
        OnnxDetector(card_file=write_card(tmp_path, "yolox", {"out": yolox()}, sha256))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"means": {}}, "nothing would ever be seen"),
        ({"labels": ["man", "man"]}, "names labels twice"),
        ({"min_scores": {"tram": 0.3}}, "tram"),
        ({"same_iou": 0.0}, "same_iou"),
        ({"same_iou": 7.0}, "same_iou"),
        ({"min_score": 40}, "between 0 and 1"),
        ({"input": {"name": "picture", **SIZE, "std_bgr": [0, 1, 1]}}, "std of 0"),
        ({"input": {"name": "picture", **SIZE, "fit": "crop"}}, "fit"),
    ],
)
def test_a_card_that_cannot_be_right_is_refused(tmp_path: Path, changes: dict[str, object], reason: str) -> None:
    outputs = {"out": yolox()}

    with pytest.raises(InvalidInput, match=reason):
        OnnxDetector(card_file=write_card(tmp_path, "yolox", outputs, write_model(tmp_path, outputs), **changes))


def test_a_card_that_does_not_say_gets_what_is_usual_for_its_family(tmp_path: Path) -> None:
    outputs = {"out": yolox()}
    sha256 = write_model(tmp_path, outputs)

    usual = {name: read_card(write_card(tmp_path, name, outputs, sha256)) for name in ("yolox", "picodet")}
    said = read_card(write_card(tmp_path, "picodet", outputs, sha256, min_score=0.3))

    assert {name: (card.input.fit, card.min_score) for name, card in usual.items()} == {
        "yolox": (Fit.PAD, 0.4),
        "picodet": (Fit.STRETCH, 0.5),
    }
    assert said.min_score == 0.3


def test_two_of_the_model_s_labels_that_mean_one_thing_give_one_detection(tmp_path: Path) -> None:
    outputs = {"out": yolox()}
    outputs["out"][0, 64 + 5, 5:] = [0.85, 0.9]
    means = {"dog": "person", "man": "person"}
    card = write_card(tmp_path, "yolox", outputs, write_model(tmp_path, outputs), means=means)

    assert len(OnnxDetector(card_file=card).detect(blank())) == 1


def test_decoders_name_the_shapes_that_they_want() -> None:
    wrong = {"out": (1, 7, 7)}

    for maker in (YoloxDecoder, NanoDetPlusDecoder, FastestDetDecoder, DetrDecoder):
        with pytest.raises(InvalidInput, match="80 labels"):
            maker(outputs=wrong, labels=80, width_px=416, height_px=416)
    with pytest.raises(InvalidInput, match="80"):
        PpYoloeDecoder(outputs=wrong, labels=80)
    with pytest.raises(InvalidInput, match="416"):
        PicoDetDecoder(outputs=wrong, labels=80, side_px=416)


def test_the_tiny_published_detector_finds_people_in_a_real_street(tmp_path: Path) -> None:
    name = "fastestdet_coco_352"
    (tmp_path / f"{name}.onnx").symlink_to(shared(f"perception/{name}.onnx"))
    (tmp_path / "card.json").write_bytes((Path(__file__).parent / f"{name}.json").read_bytes())
    picture = np.asarray(cv2.imread(str(shared("perception/city.jpg"))), np.uint8)

    people = [one for one in OnnxDetector(card_file=tmp_path / "card.json").detect(picture) if one.score > 0.6]

    assert len(people) >= 6
    assert {one.label for one in people} == {Label.PERSON}
    best = max(people, key=lambda one: one.score).box
    assert best.xyxy == pytest.approx((531, 155, 695, 519), abs=12)


def test_what_is_kept_moves_to_the_mean_of_what_shows_nearly_the_same() -> None:
    corners = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 10], [5, 0, 15, 10]], np.float32)
    boxes = RawBoxes(
        corners_px=corners, scores=np.array([0.8, 0.4, 0.7, 0.3], np.float32), classes=np.array([0, 0, 1, 0])
    )

    kept = keep_best(boxes, same_iou=0.5)
    moved = blended(kept, boxes)

    share = 0.4 * (90 / 110) / (0.8 + 0.4 * (90 / 110))
    assert [box for box, _, _ in moved] == [
        pytest.approx([share, 0, 10 + share, 10], abs=1e-4),
        [0, 0, 10, 10],
        pytest.approx([5, 0, 15, 10]),
    ]
    assert [(score, number) for _, score, number in moved] == [(score, number) for _, score, number in kept]
    assert blended([], boxes) == []


def test_beside_a_peak_only_cells_of_larger_things_answer() -> None:
    heat = np.zeros((1, 1, 4, 8), np.float32)
    heat[0, 0, 1, [1, 2, 5, 6]] = [0.8, 0.7, 0.6, 0.5]
    distances = np.full((1, 4, 4, 8), 10.0, np.float32)
    distances[..., 5:] = 3.0
    decoder = CentrePointDecoder(outputs={"heat": heat.shape, "distances": distances.shape}, labels=1)

    boxes = decoder.decode({"heat": heat, "distances": distances}, 0.1)

    assert boxes.scores.tolist() == pytest.approx([0.8, 0.7, 0.6])
    assert boxes.corners_px[2].tolist() == [19, 3, 25, 9]


def test_in_a_crowd_faint_peaks_are_kept_and_cells_beside_strong_ones_are_not() -> None:
    heat, distances = np.zeros((1, 1, 96, 160), np.float32), np.full((1, 4, 96, 160), 20.0, np.float32)
    for y in range(2, 60, 6):
        for x in range(2, 158, 6):
            heat[0, 0, y - 1 : y + 2, x - 1 : x + 2] = 0.6
            heat[0, 0, y, x] = 0.8
    heat[0, 0, 70:95:4, 2:158:4] = 0.15
    faint = int((heat == np.float32(0.15)).sum())
    decoder = CentrePointDecoder(outputs={"heat": heat.shape, "distances": distances.shape}, labels=1)

    scores = decoder.decode({"heat": heat, "distances": distances}, 0.1).scores

    assert len(scores) == 600
    assert (scores > 0.7).sum() == 260
    assert ((scores > 0.1) & (scores < 0.2)).sum() == faint
