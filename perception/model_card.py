"""Model cards: what a model file is, what it takes and gives, and whether the file really is that."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter, ValidationError

from core.errors import InvalidInput
from core.files import read_file, read_json
from perception.detections import Label

Shape = tuple[int | str, ...]
ANY = -1
"""In a card's output: a number that differs from picture to picture."""
_MOST_BYTES = 2 * 2**30
"""No ONNX file can be larger."""


class Fit(StrEnum):
    """How a picture of another shape is made to fit."""

    PAD = "pad"
    """Made smaller (never larger) as it is, and filled up at right and below."""
    STRETCH = "stretch"
    """Made as wide and as high as the input."""


class ExtraInput(StrEnum):
    """Small inputs beside the picture that some exports have."""

    SIZE_WH = "size_wh"
    """Whole numbers (1, 2): width and height of the input, so that boxes come in its pixels."""
    SIZE_HW = "size_hw"
    """The same, height first."""
    ONES = "ones"
    """Ones (1, 2): a scale that changes nothing."""

    def value_for(self, wanted: "ModelInput") -> NDArray[np.int64] | NDArray[np.float32]:
        """Return what goes in."""
        if self is ExtraInput.ONES:
            return np.ones((1, 2), np.float32)
        size = [wanted.width_px, wanted.height_px]
        return np.array([size if self is ExtraInput.SIZE_WH else size[::-1]], np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInput:
    """What goes in: one picture, channels first, (value − mean) / std a channel; means are those of B, G and R.

    `pad_value` is the grey that fills up (before the mean is taken off); None fills with the mean itself.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    width_px: int
    height_px: int
    mean_bgr: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std_bgr: tuple[float, float, float] = (1.0, 1.0, 1.0)
    colours: Literal["bgr", "rgb"] = "bgr"
    fit: Fit = Fit.PAD
    pad_value: float | None = None
    extra: Mapping[str, ExtraInput] = field(default_factory=dict)


USUAL: Mapping[str, tuple[Fit, float, float]] = {
    "picodet": (Fit.STRETCH, 0.5, 0.6),
    "ppyoloe": (Fit.STRETCH, 0.5, 0.6),
    "nanodet_plus": (Fit.STRETCH, 0.45, 0.6),
    "fastestdet": (Fit.STRETCH, 0.65, 0.45),
    "detr": (Fit.STRETCH, 0.5, 0.6),
}
"""How the families' pictures are made to fit, from which score they are right more often than not, and `same_iou`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Everything one must know to run a model and to judge what it says."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    version: str
    file: str
    """The model's file, beside its card."""
    sha256: str
    licence: str
    origin: str
    decoder: str
    input: ModelInput
    outputs: Mapping[str, tuple[int, ...]]
    labels: tuple[str, ...]
    """The model's own labels, in the order of its numbers."""
    means: Mapping[str, Label]
    """The model's labels that we use, in our words; the others are dropped."""
    min_score: float = 0.4
    min_scores: Mapping[str, float] = field(default_factory=dict)
    """Our labels that need another score than `min_score`."""
    same_iou: float = 0.6
    """Of two boxes of one label that share more than this, only the better one is kept."""
    blends_boxes: bool = False
    """Whether what is kept moves to the mean place of the others that show nearly the same."""
    steepest_pitch_deg: float = -60.0
    """Frames that look down more steeply are not assessed."""
    training: Mapping[str, str | int | float] = field(default_factory=dict)
    ap50: Mapping[str, float] = field(default_factory=dict)
    """Average precision at IoU 0.5 on pictures that it was not trained on, by our label."""

    def score_for(self, label: Label) -> float:
        """Return the score from which a detection of *label* counts."""
        return self.min_scores.get(label, self.min_score)


def read_card(file: Path) -> ModelCard:
    """Return the card in *file*; raises InvalidInput naming what is wrong with it."""
    try:
        card = TypeAdapter(ModelCard).validate_python(_with_usual(read_json(file)))
    except ValidationError as error:
        raise InvalidInput(f"is not a model card: {_told(error)}", where=str(file)) from error
    if faults := _faults(card):
        raise InvalidInput("; ".join(faults), where=str(file), remedy="correct the card")
    return card


def _told(error: ValidationError) -> str:
    """Return every fault of a card with the name of its field."""
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in error.errors())


def _with_usual(document: object) -> object:
    """Return a card's document with what is usual for its family where the card does not say it."""
    if not isinstance(document, dict) or not isinstance(document.get("input"), dict):
        return document
    usual = USUAL.get(str(document.get("decoder")))
    if usual is None:
        return document
    fit, min_score, same_iou = usual
    return {"min_score": min_score, "same_iou": same_iou, **document, "input": {"fit": fit.value, **document["input"]}}


def _faults(card: ModelCard) -> list[str]:
    faults: list[str] = []
    if unknown := sorted(set(card.means) - set(card.labels)):
        faults.append(f"gives a meaning to labels that the model does not have: {', '.join(unknown)}")
    if not card.means:
        faults.append("gives no label a meaning, so nothing would ever be seen")
    if twice := sorted({label for label in card.labels if card.labels.count(label) > 1}):
        faults.append(f"names labels twice: {', '.join(twice)}")
    if foreign := sorted(set(card.min_scores) - {label.value for label in Label}):
        faults.append(f"gives scores to labels that are not ours: {', '.join(foreign)}")
    if min(card.input.width_px, card.input.height_px) < 1 or not all(std > 0.0 for std in card.input.std_bgr):
        faults.append("the input needs a size above 0 and no std of 0 or below")
    if not all(map(math.isfinite, (*card.input.mean_bgr, *card.input.std_bgr, card.input.pad_value or 0.0))):
        faults.append("means, stds and pad_value of the input are finite numbers")
    if not -90.0 <= card.steepest_pitch_deg <= 0.0:
        faults.append("steepest_pitch_deg lies between -90 (straight down) and 0")
    if not card.licence.strip():
        faults.append("names no licence")
    if not all(0.0 < score < 1.0 for score in (card.min_score, *card.min_scores.values())):
        faults.append("scores lie between 0 and 1")
    if not 0.1 < card.same_iou < 1.0:
        faults.append("same_iou lies between 0.1 and 1")
    return faults


def read_model(card: ModelCard, folder: Path) -> bytes:
    """Return the model's bytes; raises InvalidInput unless they are the ones that the card speaks of."""
    file = folder / card.file
    content = read_file(file, most_bytes=_MOST_BYTES)
    found = hashlib.sha256(content).hexdigest()
    if found != card.sha256.strip().lower():
        raise InvalidInput(
            f"the file is not the one of its card: its SHA-256 is {found}, the card says {card.sha256}",
            where=str(file),
            remedy="fetch the file again, or write a card for this file",
        )
    return content


def check_names(card: ModelCard, inputs: Sequence[str]) -> None:
    """Raise InvalidInput when the model takes inputs that the card does not give, or the other way round."""
    given = {card.input.name, *card.input.extra}
    if missing := sorted(set(inputs) - given):
        raise InvalidInput(
            f"the model also takes {', '.join(missing)}",
            where=card.name,
            remedy="name it in the card's input.extra, or export the model with one input",
        )


def check_shapes(card: ModelCard, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]) -> None:
    """Raise InvalidInput when the model takes or gives something else than its card says."""
    wanted: Shape = (1, 3, card.input.height_px, card.input.width_px)
    _compare(card, "input", {card.input.name: wanted}, inputs)
    _compare(card, "output", {name: tuple(shape) for name, shape in card.outputs.items()}, outputs)


def _compare(card: ModelCard, what: str, wanted: Mapping[str, Shape], found: Mapping[str, Shape]) -> None:
    for name, shape in wanted.items():
        if name not in found:
            raise InvalidInput(
                f"the model has no {what} {name!r} (it has {', '.join(found)})",
                where=card.name,
                remedy="correct the card",
            )
        if len(shape) != len(found[name]) or any(
            isinstance(there, int) and there > 0 and here not in {there, ANY}
            for here, there in zip(shape, found[name], strict=True)
        ):
            raise InvalidInput(
                f"{what} {name!r} has the shape {found[name]}, the card says {shape}",
                where=card.name,
                remedy="correct the card",
            )
