"""Model cards: what a model file is, what it takes and gives, and whether the file really is that."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from core.errors import InvalidInput
from perception.detections import Label

Shape = tuple[int | str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInput:
    """What goes in: one picture, BGR, channels first, (value − mean) / std a channel, padded at right and below."""

    name: str
    width_px: int
    height_px: int
    mean_bgr: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std_bgr: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Everything one must know to run a model and to judge what it says."""

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
        card = TypeAdapter(ModelCard).validate_python(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise InvalidInput(f"the model card cannot be read: {error.strerror}", where=str(file)) from error
    except (ValueError, ValidationError) as error:
        raise InvalidInput(f"is not a model card: {error}", where=str(file)) from error
    if unknown := sorted(set(card.means) - set(card.labels)):
        raise InvalidInput(
            f"gives a meaning to labels that the model does not have: {', '.join(unknown)}", where=str(file)
        )
    return card


def read_model(card: ModelCard, folder: Path) -> bytes:
    """Return the model's bytes; raises InvalidInput unless they are the ones that the card speaks of."""
    file = folder / card.file
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"the model cannot be read: {error.strerror}", where=str(file)) from error
    found = hashlib.sha256(content).hexdigest()
    if found != card.sha256:
        raise InvalidInput(
            f"the file is not the one of its card: its SHA-256 is {found}, the card says {card.sha256}",
            where=str(file),
            remedy="fetch the file again, or write a card for this file",
        )
    return content


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
            isinstance(there, int) and there != here for here, there in zip(shape, found[name], strict=True)
        ):
            raise InvalidInput(
                f"{what} {name!r} has the shape {found[name]}, the card says {shape}",
                where=card.name,
                remedy="correct the card",
            )
