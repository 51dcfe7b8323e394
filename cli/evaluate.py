"""`roundsman evaluate`: what was seen in a recording against what was there."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from core.errors import InvalidInput
from core.files import check_writable, write_whole

if TYPE_CHECKING:
    from perception.evaluation.judgement import Judgement
    from perception.evaluation.precision import PrecisionCurve

app = typer.Typer(add_completion=False, help="Judge tracks and sightings against the truth.  评测")


@app.command()
def evaluate(  # noqa: PLR0913  one for each option
    tracks: Annotated[Path | None, typer.Option(help="tracks.jsonl of `roundsman look`.  轨迹")] = None,
    detections: Annotated[Path | None, typer.Option(help="detections.jsonl: AP of the model alone.  检测")] = None,
    truth: Annotated[Path | None, typer.Option(help="true boxes, as the MOT Challenge writes them.  真值框")] = None,
    places: Annotated[Path | None, typer.Option(help="true places: frame,id,east_m,north_m.  真值位置")] = None,
    sightings: Annotated[Path | None, typer.Option(help="sightings.jsonl of `roundsman look`.  发现")] = None,
    expected: Annotated[Path | None, typer.Option(help="what should be reported (JSON lines).  应报")] = None,
    label: Annotated[str, typer.Option(help="the class to judge.  类别")] = "person",
    first_frame: Annotated[
        int | None, typer.Option(help="number of the truth's first frame; default: 0 if it has a frame 0, else 1")
    ] = None,
    truth_every: Annotated[int, typer.Option(min=1, help="only every so-manieth frame has truth.  真值间隔")] = 1,
    least_visibility: Annotated[float, typer.Option(min=0.0, max=1.0, help="less visible does not count")] = 0.0,
    near_m: Annotated[float, typer.Option(min=0.0, help="a report is right within so much.  容差")] = 5.0,
    out: Annotated[Path | None, typer.Option(help="write the figures here (JSON).  结果")] = None,
    pictures: Annotated[Path | None, typer.Option(help="folder for the pictures (SVG).  图")] = None,
) -> None:
    """Print AP50, MOTA, IDF1, errors of places, and precision and recall of the rules; write JSON and pictures."""
    from perception.detections import Label
    from perception.evaluation.judgement import Evidence, judge

    if label not in set(Label):
        raise InvalidInput(f"there is no class {label!r}", where="--label", remedy=f"known are {', '.join(Label)}")
    given = (tracks, detections, truth, places, sightings, expected)
    check_writable(out, kept=tuple(one for one in given if one is not None))
    judgement = judge(
        Evidence(
            tracks=tracks, detections=detections, boxes=truth, places=places, sightings=sightings, expected=expected
        ),
        label=Label(label),
        first_frame=first_frame,
        truth_every=truth_every,
        least_visibility=least_visibility,
        near_m=near_m,
    )
    _show(judgement, label)
    if out is not None:
        write_whole(out, judgement.to_json())
    if pictures is not None:
        _draw(judgement, pictures, label)


def _show(judgement: "Judgement", label: str) -> None:
    console = Console()
    rows = [*_box_rows(judgement), *_place_rows(judgement), *_rule_rows(judgement)]
    if not rows:
        raise InvalidInput(
            "there is no truth to compare with",
            remedy="give --truth or --places for --tracks, --expected for --sightings",
        )
    table = Table(title=label, show_header=False)
    for name, value in rows:
        table.add_row(name, value)
    console.print(table)
    for note in judgement.notes:
        console.print(f"note 提示: {note}", soft_wrap=True, markup=False)


def _box_rows(judgement: "Judgement") -> list[tuple[str, str]]:
    curve, who, alone = judgement.curve, judgement.identities, judgement.detector
    model = [] if alone is None else [("AP50, model alone 仅模型", f"{alone.ap50:.3f}  {_best(alone)}")]
    if curve is None or who is None:
        return model
    return [
        *model,
        ("AP50 平均精度", f"{curve.ap50:.3f}  {_best(curve)}"),
        ("MOTA 跟踪准确度", f"{who.mota:.3f}  ({who.things} things, {who.missed} missed, {who.false} false)"),
        ("IDF1 身份一致性", f"{who.idf1:.3f}  ({who.switches} switches, {who.fragments} fragments)"),
        (
            "precision, recall 精确率、召回率",
            f"{who.precision:.3f}, {who.recall:.3f}  (mean overlap {who.motp_iou:.2f})",
        ),
    ]


def _best(curve: "PrecisionCurve") -> str:
    return f"(best F1 {curve.best_f1:.3f} at score {curve.best_score:.2f})"


def _place_rows(judgement: "Judgement") -> list[tuple[str, str]]:
    places = judgement.places
    if places is None:
        return []
    inside = "" if places.inside_95 is None else f", {places.inside_95:.1%} of truths in their 95 % ellipses"
    off = f"mean error {places.mean_east_m:+.2f} m east, {places.mean_north_m:+.2f} m north"
    return [
        (
            "place error 位置误差",
            f"median {places.median_m:.2f} m, p90 {places.p90_m:.2f} m  ({places.count} places, {off})",
        ),
        ("ellipses 误差椭圆", f"worst {places.worst_m:.2f} m{inside}"),
    ]


def _rule_rows(judgement: "Judgement") -> list[tuple[str, str]]:
    return [
        (
            f"rule 规则 {name}",
            f"precision {_share(one.precision)}, recall {_share(one.recall)}  "
            f"({one.right} right, {one.false} false, {one.missed} missed)",
        )
        for name, one in (judgement.rules or {}).items()
    ]


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _draw(judgement: "Judgement", folder: Path, label: str) -> None:
    from perception.evaluation.drawings import errors_svg, precision_svg

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"the folder cannot be made: {error.strerror}", where=str(folder)) from error
    if judgement.curve is not None:
        write_whole(folder / "precision.svg", precision_svg(judgement.curve, title=label))
    if judgement.errors:
        write_whole(folder / "places.svg", errors_svg(judgement.errors, title=f"{label}: errors of places"))
