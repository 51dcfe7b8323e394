"""`roundsman train`: paint data sets with the simulator's camera, train the simulator model on them, write its card."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from core.errors import Unavailable

app = typer.Typer(add_completion=False, help="Train the simulator model.  训练仿真模型")
_TRAIN_SEED, _HELD_OUT_SEED = 1, 900_001


@app.command()
def train(
    pictures: Annotated[int, typer.Option(min=1, help="Pictures to learn from.  训练图片数")] = 9000,
    held_out: Annotated[int, typer.Option(min=1, help="Pictures to judge on.  评测图片数")] = 600,
    share_of_steps: Annotated[float, typer.Option(min=0.0, help="Less than 1 for a quick try.  训练步数比例")] = 1.0,
    out: Annotated[Path | None, typer.Option(help="Folder for model and card.  输出目录")] = None,
    data: Annotated[Path | None, typer.Option(help="Keep the data sets here.  数据集目录")] = None,
) -> None:
    """Paint the data sets, train, judge, and write model and card."""
    if data is not None:
        _train(data, out, pictures=pictures, held_out=held_out, share_of_steps=share_of_steps)
        return
    with tempfile.TemporaryDirectory() as folder:
        _train(Path(folder), out, pictures=pictures, held_out=held_out, share_of_steps=share_of_steps)


def _train(data: Path, out: Path | None, *, pictures: int, held_out: int, share_of_steps: float) -> None:
    from perception.detector import BUILT_IN_CARD

    try:
        from perception.training.run import train_model
    except ModuleNotFoundError as error:
        raise Unavailable(
            f"training needs {error.name}", remedy="install the extra: pip install 'roundsman[train]'"
        ) from error
    seen = _paint(data / "train", pictures, _TRAIN_SEED)
    unseen = _paint(data / "held_out", held_out, _HELD_OUT_SEED)
    folder = out or BUILT_IN_CARD.parent
    card = train_model(data=seen, held_out=unseen, folder=folder, share_of_steps=share_of_steps)
    typer.echo(f"{card}\n{card.read_text(encoding='utf-8')}")


def _paint(folder: Path, pictures: int, seed: int) -> Path:
    from sim.dataset import make_dataset

    def tell(done: int) -> None:
        if done % 600 == 0 or done == pictures:
            typer.echo(f"{folder.name}: {done} of {pictures} pictures", err=True)

    return make_dataset(folder, pictures=pictures, seed=seed, on_progress=tell)
