"""From weights to a model file with its card."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import onnx
import torch

from perception.detections import Label
from perception.model_card import ModelCard, ModelInput
from perception.training.net import STRIDE, CentrePointNet, Deployed

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


def make_card(
    *,
    file: str,
    sha256: str,
    labels: Sequence[str],
    training: Mapping[str, str | int | float],
    ap50: Mapping[str, float],
) -> ModelCard:
    """Return the card of a model trained on the simulator's pictures."""
    height, width = INPUT.height_px // STRIDE, INPUT.width_px // STRIDE
    return ModelCard(
        name="simulator model",
        version="1",
        file=file,
        sha256=sha256,
        licence="Apache-2.0",
        origin="trained by `make train` on pictures painted by the simulator; of no use on real footage",
        decoder="centre_point",
        input=INPUT,
        outputs={"heat": (1, len(labels), height, width), "distances": (1, 4, height, width)},
        labels=tuple(labels),
        means={label: Label(label) for label in labels},
        min_score=0.4,
        steepest_pitch_deg=-60.0,
        training=training,
        ap50=ap50,
    )


def write_card(card: ModelCard, file: Path) -> None:
    """Write *card* as JSON."""
    file.write_text(json.dumps(asdict(card), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
