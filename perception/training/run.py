"""Train a detector on a COCO data set in rounds, judge it, and write it with its card."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from core.clock import SystemClock
from core.errors import InvalidInput
from perception.detections import Label
from perception.detector import OnnxDetector
from perception.training.coco import Coco
from perception.training.evaluate import judge
from perception.training.export import About, export_model, make_card, write_card
from perception.training.net import CentrePointNet
from perception.training.trainer import Step, TrainingSettings, train

_SCORES = (0.25, 0.5)
"""Between these the score from which a class counts is the one with its best F1 on unseen pictures."""
ROUNDS = (
    TrainingSettings(steps=2600, learning_rate=3e-3, box_weight=2.0, learns_wide_kernels=True, seed=1),
    TrainingSettings(steps=1500, learning_rate=2e-3, box_weight=2.0, seed=31),
    TrainingSettings(steps=800, learning_rate=2e-3, seed=51),
    TrainingSettings(steps=2150, learning_rate=1.8e-3, averaging=0.997, seed=52),
    TrainingSettings(steps=1100, learning_rate=1.2e-3, averaging=0.997, seed=53),
    TrainingSettings(steps=7000, learning_rate=2.5e-3, seed=61),
    TrainingSettings(steps=6000, learning_rate=2e-3, favours_rare=True, seed=71),
)


def train_model(
    about: About, *, seen: Coco, unseen: Coco, folder: Path, data: str, share_of_steps: float = 1.0
) -> Path:
    """Train on *seen*, judge on *unseen*, write model and card into *folder*; return the card's path.

    *data* is a sentence about the pictures for the card; classes that none of *unseen* shows are not judged on it.
    Raises InvalidInput, before any training, where no class means anything to us, there is no licence, or the folder
    cannot be made.
    """
    if not about.means:
        raise InvalidInput(
            f"none of the classes is known here: {', '.join(seen.labels)}",
            where="categories",
            remedy=f"say what they mean (--means theirs=ours); known are {', '.join(Label)}",
        )
    if not about.licence.strip():
        raise InvalidInput("the model has no licence", where="--licence", remedy="name one: --licence proprietary")
    _make_folder(folder)
    rounds = [replace(one, steps=max(2, round(one.steps * share_of_steps))) for one in ROUNDS]
    steps = sum(one.steps for one in rounds)
    teller = _Teller(steps=steps)
    net: CentrePointNet | None = None
    for settings in rounds:
        net = train(seen, settings, on_step=teller.tell, start=net)
    assert net is not None
    training: dict[str, str | int | float] = {
        "data": data,
        "pictures": len(seen.pictures),
        "held_out": len(unseen.pictures),
        "steps": steps,
    }
    return publish(net, about, labels=seen.labels, unseen=unseen, folder=folder, training=training)


def publish(
    net: CentrePointNet,
    about: About,
    *,
    labels: tuple[str, ...],
    unseen: Coco,
    folder: Path,
    training: Mapping[str, str | int | float],
) -> Path:
    """Write the model and a card with its precision on *unseen* into *folder*; return the card's path."""
    _make_folder(folder)
    sha256 = export_model(net, folder / f"{about.file}.onnx")
    parameters = sum(parameter.numel() for parameter in net.parameters())
    card = make_card(about, sha256=sha256, labels=labels, training={**training, "parameters": parameters})
    file = folder / f"{about.file}.json"
    write_card(card, file)
    judged = {label: one for label, one in judge(OnnxDetector(card_file=file), unseen).items() if one.things}
    scores = {label: min(max(one.best_score, _SCORES[0]), _SCORES[1]) for label, one in judged.items()}
    ap50 = {label: one.ap50 for label, one in judged.items()}
    write_card(replace(card, ap50=ap50, min_scores={**scores, **about.scores}), file)
    return file


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"the folder cannot be made: {error.strerror}", where=str(folder)) from error


class _Teller:
    """Tells on standard error how far all rounds are, and how long they may still take."""

    def __init__(self, *, steps: int) -> None:
        self._steps = steps
        self._every = max(1, min(50, steps // 10))
        self._done = 0
        self._clock = SystemClock()
        self._start_s = self._clock.monotonic_s()

    def tell(self, step: Step, _: CentrePointNet) -> None:
        self._done += 1
        if self._done % self._every and self._done != self._steps:
            return
        taken_s = self._clock.monotonic_s() - self._start_s
        left_min = taken_s / self._done * (self._steps - self._done) / 60
        losses = f"heat {step.heat_loss:.3f}, boxes {step.box_loss:.3f}"
        sys.stderr.write(f"step {self._done} of {self._steps}: {losses}; about {left_min:.0f} min left\n")
