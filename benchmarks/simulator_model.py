"""What the simulator model sees on pictures it was not trained on: AP50 by class, by camera and by weather.

The pictures are the 600 on which `make train` judges; boxes count from 12 px on, at least half visible, up to 50 m from
a drone and 20 m from a ground robot. Who lies counts among the people, and once more alone.
"""

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from perception.detections import Detection, Label
from perception.detector import BUILT_IN_CARD, Detector, OnnxDetector
from perception.frame import Picture
from perception.training.coco import Coco, read_coco
from perception.training.evaluate import Judgement, judge
from sim.dataset import make_dataset

SEED, PICTURES, AIM = 900_001, 600, 0.8
AIMED_AT = ("person", "cart", "bike", "pile")


class _AllPeople:
    """A detector to which who lies is a person like any other."""

    def __init__(self, *, detector: Detector) -> None:
        self._detector = detector
        means = {name: Label.PERSON if label is Label.LYING else label for name, label in detector.card.means.items()}
        self.card = replace(detector.card, means=means)

    def detect(self, picture: Picture) -> Sequence[Detection]:
        found = self._detector.detect(picture)
        return [one._replace(label=Label.PERSON) if one.label is Label.LYING else one for one in found]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulator_model", description=__doc__)
    parser.add_argument("--model", type=Path, default=BUILT_IN_CARD, help="card of the detector")
    parser.add_argument("--pictures", type=int, default=PICTURES)
    chosen = parser.parse_args()
    detector = OnnxDetector(card_file=chosen.model)
    with tempfile.TemporaryDirectory() as folder:
        annotations = make_dataset(Path(folder), pictures=chosen.pictures, seed=SEED)
        show({name: (len(data.pictures), _judged(detector, data)) for name, data in _parts(annotations).items()})


def _judged(detector: Detector, data: Coco) -> Mapping[str, Judgement]:
    alone = {name: one for name, one in judge(detector, data).items() if name == Label.LYING}
    return {**judge(_AllPeople(detector=detector), data), **alone}


def _parts(annotations: Path) -> Mapping[str, Coco]:
    """Return all pictures, and those of each camera and each weather."""
    data = read_coco(annotations)
    images = json.loads(annotations.read_text(encoding="utf-8"))["images"]
    parts = {"all": data}
    for key in ("camera", "weather"):
        for value in sorted({image[key] for image in images}):
            chosen = [one for one, image in zip(data.pictures, images, strict=True) if image[key] == value]
            parts[value] = replace(data, pictures=tuple(chosen))
    return parts


def show(judged: Mapping[str, tuple[int, Mapping[str, Judgement]]]) -> None:
    """Print AP50 of each class for each part, and what was aimed at."""
    labels: Sequence[str] = list(judged["all"][1])
    table = Table(title="Simulator model: AP50 on pictures it was not trained on")
    for heading in ("pictures", "", *labels):
        table.add_column(heading)
    for name, (count, figures) in judged.items():
        table.add_row(str(count), name, *(f"{figures[label].ap50:.2f}" for label in labels))
    Console(width=120).print(table)
    short = [label for label in AIMED_AT if judged["all"][1][label].ap50 < AIM]
    Console().print(
        f"aim {AIM} for {', '.join(AIMED_AT)}: " + (f"not reached by {', '.join(short)}" if short else "reached")
    )


if __name__ == "__main__":
    main()
