"""`roundsman train`: a detector from labelled pictures, yours (COCO) or those that the simulator's camera paints."""

import importlib.util
import tempfile
from collections.abc import Callable, Mapping
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from core.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from perception.detections import Label

app = typer.Typer(add_completion=False, help="Train a detector.  训练检测模型")
_HELD_OUT_SEED = 900_001
_HELD_OUT_SHARE = 0.1


@app.command()
def train(
    annotations: Annotated[Path | None, typer.Option(help="COCO file of your own pictures.  自有标注 (COCO)")] = None,
    images: Annotated[Path | None, typer.Option(help="Their folder; default: images/ beside it.  图片目录")] = None,
    held_out_file: Annotated[
        Path | None, typer.Option("--held-out-annotations", help="COCO file to judge on.  评测标注")
    ] = None,
    means: Annotated[
        list[str] | None, typer.Option(help="theirs=ours, for class names that differ.  类别对应，可重复")
    ] = None,
    name: Annotated[str, typer.Option(help="The model's name.  模型名称")] = "own model",
    licence: Annotated[str, typer.Option(help="Licence of your model.  许可")] = "proprietary",
    pictures: Annotated[int, typer.Option(min=1, help="Pictures to paint and learn from.  训练图片数")] = 25_000,
    held_out: Annotated[int, typer.Option(min=1, help="Pictures to judge on.  评测图片数")] = 600,
    share_of_steps: Annotated[float, typer.Option(min=0.0, help="Less than 1 for a quick try.  训练步数比例")] = 1.0,
    out: Annotated[Path | None, typer.Option(help="Folder for model and card.  输出目录")] = None,
    data: Annotated[Path | None, typer.Option(help="Keep the painted data sets here.  数据集目录")] = None,
) -> None:
    """Train on your own labelled pictures, or paint some and train the simulator model; write model and card."""
    if annotations is not None:
        if out is None:
            raise InvalidInput("there is no folder for the model", where="--out", remedy="name one: --out models/mine")
        _train_own(annotations, images, held_out_file, means or [], name, licence, out, share_of_steps)
    elif data is not None:
        _train_simulator(data, out, pictures=pictures, held_out=held_out, share_of_steps=share_of_steps)
    else:
        with tempfile.TemporaryDirectory() as folder:
            _train_simulator(Path(folder), out, pictures=pictures, held_out=held_out, share_of_steps=share_of_steps)


def _train_own(
    annotations: Path,
    images: Path | None,
    held_out: Path | None,
    means: list[str],
    name: str,
    licence: str,
    out: Path,
    share_of_steps: float,
) -> None:
    _need_torch()
    from perception.training.coco import read_coco
    from perception.training.export import About
    from perception.training.run import train_model

    everything = read_coco(annotations, images=images)
    if held_out is None:
        seen, unseen = everything.split(_HELD_OUT_SHARE)
    else:
        seen, unseen = everything, read_coco(held_out, images=images)
    about = About(
        name=name,
        file="".join(letter if letter.isalnum() else "_" for letter in name.lower()),
        licence=licence,
        origin=f"trained by `roundsman train` on {annotations.name}",
        means=_meanings(seen.labels, means),
    )
    _tell_meanings(about.means, seen.labels)
    data = f"{annotations.name}, labelled by its owner"
    card = train_model(about, seen=seen, unseen=unseen, folder=out, data=data, share_of_steps=share_of_steps)
    _tell_of(card)


def _meanings(labels: tuple[str, ...], means: list[str]) -> "dict[str, Label]":
    """Return what each of their class names is to us: what they say, else the same word if we know it."""
    from perception.detections import Label

    known = {label.value: label for label in Label}
    said = {label: known[label.lower()] for label in labels if label.lower() in known}
    for pair in means:
        theirs, _, ours = pair.partition("=")
        if theirs not in labels or ours not in known:
            raise InvalidInput(
                f"{pair!r} does not name one of their classes and one of ours",
                where="--means",
                remedy=f"theirs are {', '.join(labels)}; ours are {', '.join(known)}",
            )
        said[theirs] = known[ours]
    return said


def _tell_meanings(means: "Mapping[str, Label]", labels: tuple[str, ...]) -> None:
    """Say before hours of training what the model will tell of, and what not."""
    told = ", ".join(theirs if theirs == ours else f"{theirs} = {ours}" for theirs, ours in means.items())
    typer.echo(f"the model will tell of: {told}", err=True)
    if silent := [label for label in labels if label not in means]:
        typer.echo(f"learnt, but never told of: {', '.join(silent)} (to change that: --means theirs=ours)", err=True)


def _train_simulator(data: Path, out: Path | None, *, pictures: int, held_out: int, share_of_steps: float) -> None:
    _need_torch()
    from perception.detector import BUILT_IN_CARD
    from perception.training.coco import Coco, read_coco
    from perception.training.export import simulator_model
    from perception.training.run import train_model
    from sim.dataset import make_dataset, make_training_sets

    files = make_training_sets(data / "train", pictures=pictures, on_progress=_teller("train", pictures))
    seen = reduce(Coco.with_more, (read_coco(file) for file in files))
    unseen = read_coco(
        make_dataset(
            data / "held_out", pictures=held_out, seed=_HELD_OUT_SEED, on_progress=_teller("held_out", held_out)
        )
    )
    card = train_model(
        simulator_model(seen.labels),
        seen=seen,
        unseen=unseen,
        folder=out or BUILT_IN_CARD.parent,
        data="random scenes painted by sim.dataset",
        share_of_steps=share_of_steps,
    )
    _tell_of(card)


def _tell_of(file: Path) -> None:
    """Print where the card is, and what it says of each class."""
    from perception.model_card import read_card

    card = read_card(file)
    table = Table(
        "class", "AP50", "counts from score", title=f"{card.name}: {card.training['held_out']} unseen pictures"
    )
    for label in sorted(set(card.means.values())):
        found = f"{card.ap50[label]:.2f}" if label in card.ap50 else "none there to judge"
        table.add_row(label, found, f"{card.score_for(label):.2f}")
    Console().print(table)
    typer.echo(file)


def _need_torch() -> None:
    missing = [name for name in ("torch", "onnx") if importlib.util.find_spec(name) is None]
    if missing:
        raise Unavailable(
            f"training needs {' and '.join(missing)}", remedy="install the extra: pip install 'roundsman[train]'"
        )


def _teller(name: str, pictures: int) -> Callable[[int], None]:
    def tell(done: int) -> None:
        if done % 600 == 0 or done == pictures:
            typer.echo(f"{name}: {done} of {pictures} pictures", err=True)

    return tell
