"""Train a detector on a COCO data set in rounds, judge it, and write it with its card."""

import sys
from dataclasses import replace
from pathlib import Path

from perception.detector import OnnxDetector
from perception.training.coco import Coco, read_coco
from perception.training.evaluate import judge
from perception.training.export import export_model, make_card, write_card
from perception.training.net import CentrePointNet
from perception.training.trainer import Step, TrainingSettings, train

_SCORES = (0.25, 0.5)
"""Between these the score from which a class counts is the one with its best F1 on unseen pictures."""
ROUNDS = (
    TrainingSettings(steps=2600, learning_rate=3e-3, seed=1),
    TrainingSettings(steps=900, learning_rate=1.5e-3, seed=2),
)


def train_model(*, data: Path, held_out: Path, folder: Path, share_of_steps: float = 1.0) -> Path:
    """Train on the COCO file *data*, judge on *held_out*, write both into *folder*; return the card's path."""
    seen, unseen = read_coco(data), read_coco(held_out)
    net: CentrePointNet | None = None
    for settings in ROUNDS:
        shortened = replace(settings, steps=max(2, round(settings.steps * share_of_steps)))
        net = train(seen, shortened, on_step=_tell, start=net)
    assert net is not None
    return publish(net, seen=seen, unseen=unseen, folder=folder, share_of_steps=share_of_steps)


def publish(net: CentrePointNet, *, seen: Coco, unseen: Coco, folder: Path, share_of_steps: float = 1.0) -> Path:
    """Write the model and a card with its precision on *unseen* into *folder*; return the card's path."""
    folder.mkdir(parents=True, exist_ok=True)
    sha256 = export_model(net, folder / "simulator.onnx")
    card = make_card(
        file="simulator.onnx",
        sha256=sha256,
        labels=seen.labels,
        training={
            "data": f"{len(seen.pictures)} pictures of random scenes painted by sim.dataset",
            "held_out": f"{len(unseen.pictures)} pictures of other random scenes",
            "steps": sum(max(2, round(settings.steps * share_of_steps)) for settings in ROUNDS),
            "parameters": sum(parameter.numel() for parameter in net.parameters()),
        },
        ap50={},
    )
    file = folder / "simulator.json"
    write_card(card, file)
    judged = judge(OnnxDetector(card_file=file), unseen)
    scores = {label: min(max(one.best_score, _SCORES[0]), _SCORES[1]) for label, one in judged.items()}
    write_card(replace(card, ap50={label: one.ap50 for label, one in judged.items()}, min_scores=scores), file)
    return file


def _tell(step: Step, _: CentrePointNet) -> None:
    if step.number % 50 == 0:
        line = f"step {step.number}: heat {step.heat_loss:.3f}, boxes {step.box_loss:.3f}\n"
        sys.stderr.write(line)
