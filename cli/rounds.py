"""`roundsman rounds`: endless rounds on a road graph, so that no place stays unseen for longer than it must."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cli.interrupts import interrupts
from core.clock import SystemClock
from core.files import check_writable, read_json, write_whole

if TYPE_CHECKING:
    from missions.rounds.planner import RoundsRequest
    from missions.rounds.rounds import Rounds

_STOPPING = "stopping: the best rounds so far are written (again Ctrl-C: nothing is)  正在停止，保存当前最优巡逻"
app = typer.Typer(add_completion=False, help="Endless rounds for several vehicles on a road graph.  循环巡逻")


@app.command()
def rounds(
    graph: Annotated[Path, typer.Argument(metavar="GRAPH.json", help="nodes and edges, see docs/planning.md")],
    vehicles: Annotated[int, typer.Option(help="how many go round  车辆数")],
    out: Annotated[Path, typer.Option(help="where the rounds are written  输出文件")],
    speed_m_s: Annotated[float, typer.Option("--speed-m-s", help="how fast they go  速度")] = 1.0,
    picture: Annotated[Path | None, typer.Option(help="an SVG picture of them as well  图片")] = None,
    time_limit_s: Annotated[float, typer.Option("--time-limit-s", help="look for so long at most  时限")] = 20.0,
    seed: Annotated[int, typer.Option(help="the same seed gives the same rounds  随机种子")] = 1,
    notice: Annotated[bool, typer.Option("--notice", help="print how soon something is noticed  发现时间")] = False,
) -> None:
    """Plan rounds with the least worst idleness; Ctrl-C ends the search with the best so far."""
    with interrupts(_STOPPING) as pressed:  # from here on: what is imported and read first takes a while
        _rounds(graph, vehicles, out, speed_m_s, picture, time_limit_s, seed, pressed, with_notice=notice)


def _rounds(
    graph: Path,
    vehicles: int,
    out: Path,
    speed_m_s: float,
    picture: Path | None,
    time_limit_s: float,
    seed: int,
    pressed: list[int],
    *,
    with_notice: bool,
) -> None:
    from missions.rounds.graph_files import graph_from_json
    from missions.rounds.picture import rounds_svg
    from missions.rounds.planner import RoundsRequest
    from missions.rounds.rounds_files import rounds_to_json

    clock = SystemClock()
    begin_s = clock.monotonic_s()
    request = RoundsRequest(
        graph=graph_from_json(read_json(graph)),
        vehicles=vehicles,
        speed_m_s=speed_m_s,
        time_limit_s=time_limit_s,
        seed=seed,
    )
    check_writable(out, picture, kept=(graph,))
    planned = _plan(request, clock, pressed)
    document = rounds_to_json(planned, runtime_s=clock.monotonic_s() - begin_s)
    write_whole(out, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    if picture is not None:
        write_whole(picture, rounds_svg(planned))
    for line in _summary(planned, with_notice=with_notice):
        typer.echo(line)


def _plan(request: "RoundsRequest", clock: SystemClock, pressed: list[int]) -> "Rounds":
    from missions.rounds.planner import Progress as Told
    from missions.rounds.planner import plan_rounds

    console, columns = Console(stderr=True), (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        print("Ctrl-C takes the best so far  按 Ctrl-C 采用目前最好的结果", file=sys.stderr, flush=True)
        task = progress.add_task("planning 规划中", total=1.0)

        def watch(told: Told) -> bool:
            words = f"worst idleness 最长未见 {told.worst_idleness_s:.1f} s"
            progress.update(task, completed=told.done_ratio, description=words)
            return bool(pressed)

        return plan_rounds(request, clock=clock, watch=watch, is_stopped=lambda: bool(pressed))


def _summary(planned: "Rounds", *, with_notice: bool) -> Iterator[str]:
    worst, mean = (
        f"worst idleness 最长未见 {planned.worst_idleness_s:.1f} s",
        f"mean 平均 {planned.mean_idleness_s:.1f} s",
    )
    yield f"{worst}, {mean}, bound 下界 {planned.lower_bound_s:.1f} s"
    if with_notice:
        unseen = planned.unseen
        quantiles = ", ".join(f"{ratio:.0%} in {unseen.quantile_s(ratio):.1f} s" for ratio in (0.5, 0.9, 0.99))
        yield f"noticed 发现: {quantiles}, all in 最迟 {unseen.worst_s:.1f} s"
    yield from planned.notes
