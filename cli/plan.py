"""`roundsman plan`: who flies or drives what, from a request file, proved before it is written."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.interrupts import interrupts
from cli.status import Status
from core.files import check_writable, read_file, write_whole

if TYPE_CHECKING:
    from missions.allocation.run_books import Progress
    from missions.planning.plan import FleetPlan
    from missions.planning.planner import Watch
    from missions.planning.request import FleetRequest

app = typer.Typer(add_completion=False, help="Plan areas, points, lines and perimeters for a fleet.  机队任务规划")
_STOPPING = "stopping: the best plan so far is written (again Ctrl-C: nothing is)  正在停止，保存当前最优规划"
_LARGEST_SEED = 2**32 - 1


@app.command()
def plan(
    request: Annotated[
        Path, typer.Argument(help="A planning request (docs/planning.md).  规划请求", metavar="REQUEST.json")
    ],
    out: Annotated[Path, typer.Option(help="Write the plan here.  输出规划")],
    picture: Annotated[Path | None, typer.Option(help="Draw the plan here, as SVG.  输出图")] = None,
    time_limit_s: Annotated[float, typer.Option(min=0.1, help="Seconds to think at most.  限时（秒）")] = 30.0,
    seed: Annotated[int, typer.Option(min=0, max=_LARGEST_SEED, help="Another number, another search.  随机种子")] = 0,
    earlier: Annotated[
        Path | None, typer.Option("--from", help="A plan under way, to be made again.  执行中的规划")
    ] = None,
    lost: Annotated[str | None, typer.Option(help="With --from: the vehicle that dropped out.  退出的载具")] = None,
    at_s: Annotated[float, typer.Option(min=0.0, help="With --from: seconds after its start.  已执行秒数")] = 0.0,
) -> None:
    """Read REQUEST.json, plan, prove, write; exits 2 with every reason when the request cannot be read or written.

    Ctrl-C ends the search and writes the best plan so far. What cannot be done is named in the plan and on standard
    error, and the rest is done. With --from PLAN.json --lost VEHICLE --at-s T the others take over in mid-flight.
    """
    if (earlier is None) != (lost is None):
        _complain("--from and --lost belong together: the plan under way, and who dropped out")
        raise typer.Exit(Status.COULD_NOT)
    with interrupts(_STOPPING) as pressed:  # from here on: what is imported and read first takes a while
        asked, under_way = _read(request, earlier, out, picture)
        with _watch(time_limit_s, pressed) as watch:
            made = _planned(asked, under_way, lost, at_s, watch, seed)
    _write(asked, made, out, picture)
    _tell(made, out)
    if made.violations:
        raise typer.Exit(Status.NOT_SO)


def _read(
    request: Path, earlier: Path | None, out: Path, picture: Path | None
) -> "tuple[FleetRequest, FleetPlan | None]":
    from missions.planning.errors import BadRequest
    from missions.planning.plan_files import read_plan
    from missions.planning.request_files import read_request

    try:
        check_writable(out, picture, kept=(request,))
        asked = read_request(read_file(request))
        under_way = None if earlier is None else read_plan(asked, read_file(earlier))
    except BadRequest as error:
        _complain(f"{request}: {len(error.problems)} thing(s) wrong  请求或规划有误")
        for problem in error.problems:
            _complain(f"  {problem}")
        raise typer.Exit(Status.COULD_NOT) from error
    return asked, under_way


def _planned(
    asked: "FleetRequest", under_way: "FleetPlan | None", lost: str | None, at_s: float, watch: "Watch", seed: int
) -> "FleetPlan":
    from missions.planning.planner import plan_fleet
    from missions.planning.replan import replan

    if under_way is None or lost is None:
        return plan_fleet(asked, watch, seed=seed)
    return replan(asked, under_way, watch, lost=lost, at_s=at_s, seed=seed)


@contextmanager
def _watch(time_limit_s: float, pressed: list[int]) -> "Iterator[Watch]":
    from core.clock import SystemClock
    from missions.planning.planner import Watch

    with _bar() as tell:
        yield Watch(
            now_s=SystemClock().monotonic_s,
            time_limit_s=time_limit_s,
            is_by_wall=True,
            on_progress=tell,
            is_stopped=lambda: bool(pressed),
        )


class _Bar:
    """The progress bar, on standard error, where that is a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        columns = (TextColumn("planning  规划"), BarColumn(), TextColumn("{task.percentage:>3.0f}% {task.description}"))
        self._shown = Progress(
            *columns, TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal
        )
        self._task = self._shown.add_task("", total=1.0)

    def start(self) -> None:
        """Show the bar; where there is no terminal, a line instead."""
        if not self._shown.console.is_terminal:
            _complain("planning; Ctrl-C writes the best plan so far  规划中")
        self._shown.start()

    def stop(self) -> None:
        """Take the bar away."""
        self._shown.stop()

    def __call__(self, progress: "Progress") -> None:
        best = progress.best
        words = f"last home {best.makespan_s:.0f} s, in all {best.total_s:.0f} s"
        self._shown.update(self._task, completed=min(1.0, progress.share), description=words)


@contextmanager
def _bar() -> Iterator[_Bar]:
    bar = _Bar()
    bar.start()
    try:
        yield bar
    finally:
        bar.stop()


def _write(asked: "FleetRequest", made: "FleetPlan", out: Path, picture: Path | None) -> None:
    from missions.planning.picture import draw_plan
    from missions.planning.plan_files import write_plan

    write_whole(out, write_plan(asked, made))
    if picture is not None:
        write_whole(picture, draw_plan(asked, made))


def _tell(made: "FleetPlan", out: Path) -> None:
    for note in made.notes:
        _complain(f"note: {note}")
    for task in made.tasks:
        for reason in task.because:
            _complain(f"{task.id}: {reason}")
    for violation in made.violations:
        _complain(
            f"violation: {violation.vehicle}, sortie {violation.sortie}, leg {violation.leg}: {violation.because}"
        )
    sorties = sum(len(vehicle.sorties) for vehicle in made.vehicles)
    done = ", ".join(f"{task.id} {task.done_ratio:.1%}" for task in made.tasks)
    typer.echo(
        f"{out}: {sorties} sorties, last home after {made.makespan_s:.0f} s, {made.total_distance_m / 1000:.2f} km, "
        f"{made.total_duration_s:.0f} s in all; done: {done or 'nothing was asked'}"
    )


def _complain(text: str) -> None:
    print(text, file=sys.stderr)
