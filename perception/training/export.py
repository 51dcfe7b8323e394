"""From weights to a model file with its card."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import onnx
import torch

from perception.detections import Label
from perception.model_card import ModelCard, ModelInput
from perception.training.net import STRIDE, CentrePointNet, Deployed

_SCENE_SCORES = {
    "person": 0.42,
    "cart": 0.42,
    "pile": 0.44,
    "bike": 0.54,
    "board": 0.45,
    "bin": 0.45,
    "full_bin": 0.43,
    "lying": 0.42,
}
"""Chosen on the street scenes 0 to 112, which are not among those of the benchmark."""
_SAME_IOU = 0.5
"""Cells beside a peak answer too (see `Deployed`), so that what shows one thing twice has to go here."""
INPUT = ModelInput(name="picture", width_px=640, height_px=384)


def export_model(net: CentrePointNet, file: Path) -> str:
    """Write *net* as ONNX with a fixed input of 640 × 384 and return the file's SHA-256."""
    deployed = Deployed(net).eval().to(memory_format=torch.contiguous_format)
    example = torch.zeros(1, 3, INPUT.height_px, INPUT.width_px)
    torch.onnx.export(
        deployed,
        (example,),
        str(file),
        input_names=[INPUT.name],
        output_names=["heat", "distances"],
        opset_version=18,
        external_data=False,
        verbose=False,
    )
    _forget_where(file)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _forget_where(file: Path) -> None:
    """Take out what the exporter notes about its own source files: paths of this machine, that differ on the next."""
    model = onnx.load(str(file))
    model.doc_string = ""
    del model.metadata_props[:]
    graph = model.graph
    graph.doc_string = ""
    for part in (graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]
    onnx.save(model, str(file))


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Who a model is: what its card says beside what was measured; `file` is its name without an ending."""

    name: str
    file: str
    licence: str
    origin: str
    means: Mapping[str, Label]
    version: str = "1"
    scores: Mapping[str, float] = field(default_factory=dict)
    """Our labels whose score was chosen on whole scenes; the others get the one with the best F1."""


def make_card(
    about: About, *, sha256: str, labels: Sequence[str], training: Mapping[str, str | int | float]
) -> ModelCard:
    """Return the card of a model; what was judged of it comes later."""
    height, width = INPUT.height_px // STRIDE, INPUT.width_px // STRIDE
    return ModelCard(
        name=about.name,
        version=about.version,
        file=f"{about.file}.onnx",
        sha256=sha256,
        licence=about.licence,
        origin=about.origin,
        decoder="centre_point",
        input=INPUT,
        outputs={"heat": (1, len(labels), height, width), "distances": (1, 4, height, width)},
        labels=tuple(labels),
        means=dict(about.means),
        min_score=0.4,
        same_iou=_SAME_IOU,
        blends_boxes=True,
        steepest_pitch_deg=-60.0,
        training=training,
    )


def simulator_model(labels: Sequence[str]) -> About:
    """Return what the simulator model's card says."""
    return About(
        name="simulator model",
        version="5",
        file="simulator",
        licence="Apache-2.0",
        origin="trained by `make train` on pictures painted by the simulator; of no use on real footage",
        means={label: Label(label) for label in labels},
        scores=_SCENE_SCORES,
    )


def write_card(card: ModelCard, file: Path) -> None:
    """Write *card* as JSON."""
    file.write_text(json.dumps(asdict(card), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
