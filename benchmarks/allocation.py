"""Sharing 920 checkpoints out over 30 drones, and over 10 drones with three sorties each, beside PyVRP as it comes.

`python -m benchmarks.allocation [DATA] [--seconds 30] [--seeds 1] [--at-once 2]`: each gets so many seconds of the
processor's time on one core, in a process of its own, and prints its line when it has ended; nobody waits for a table.
PyVRP has no end that is early for all, so it gets durations to make small: plain, and with soft overtime; its sorties
are then packed onto the drones of their docks. Without the data, the benchmark says so and ends.
"""

import argparse
import multiprocessing
import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyvrp

from missions.allocation.packing import pack
from missions.planning.planner import Watch, plan_fleet
from missions.planning.request import FleetRequest, PointsTask
from missions.planning.request_files import read_request

_PER_S = 10
_DATA = Path(__file__).parents[2] / "shared" / "data" / "allocation"
_SOFT_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Makespan and total in seconds, and the bound on the one that is to be small; None: not told."""

    who: str
    makespan_s: float | None = None
    total_s: float | None = None
    bound_s: float | None = None


_PUBLISHED = {
    "dachang_d30_makespan": (
        Figures(who="PyVRP, as published", makespan_s=1139.0),
        Figures(who="OR-Tools, as published", makespan_s=1486.0),
    ),
    "dachang_d10x3_total": (
        Figures(who="PyVRP, as published", makespan_s=4467.0, total_s=29_648.0),
        Figures(who="OR-Tools, as published", total_s=30_409.0),
    ),
}
"""What the peers were measured at before; the first of each is the one that ratios are taken of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One search, to be made in a process of its own: ours with a seed, or the peer's with its soft end."""

    path: Path
    seconds: float
    seed: int | None = None
    soft_s: float | None = None


def main() -> None:
    """Print makespan and total of all, each as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, default=_DATA)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=2)
    options = parser.parse_args()
    if not options.data.is_dir():
        print(f"no requests in {options.data}: give their folder")
        return
    print(f"Sharing out, {options.seconds:g} s of one core each; x: ours to PyVRP's published figure, /: to the bound")
    for name, published in _PUBLISHED.items():
        for figures in published:
            print(_line(name, figures), flush=True)
    runs = [run for name in _PUBLISHED for run in _runs(options.data / f"{name}.json", options.seconds, options.seeds)]
    with ProcessPoolExecutor(options.at_once, multiprocessing.get_context("spawn")) as pool:
        waiting = {pool.submit(measured, run): run for run in runs}
        for number, done in enumerate(as_completed(waiting), 1):
            print(f"{_line(waiting[done].path.stem, done.result())}  [{number} of {len(runs)}]", flush=True)


def _runs(path: Path, seconds: float, seeds: int) -> Iterator[Run]:
    yield Run(path=path, seconds=seconds)
    if read_request(path.read_bytes()).vehicles[0].max_sorties == 1:
        yield Run(path=path, seconds=seconds, soft_s=_SOFT_S)
    for seed in range(seeds):
        yield Run(path=path, seconds=seconds, seed=seed)


def measured(run: Run) -> Figures:
    """Return what one search found within its seconds of the processor's time; refuses a plan with faults."""
    request = read_request(run.path.read_bytes())
    if run.seed is None:
        return _peer(request, run)
    plan = plan_fleet(request, Watch(now_s=time.process_time, time_limit_s=run.seconds), seed=run.seed)
    if plan.violations or any(task.done_ratio < 1.0 for task in plan.tasks):
        raise SystemExit(f"{run.path.stem}, seed {run.seed}: the plan has {len(plan.violations)} violations or gaps")
    return Figures(
        who=f"ours, seed {run.seed}",
        makespan_s=plan.makespan_s,
        total_s=plan.total_duration_s,
        bound_s=plan.lower_bound_s,
    )


def _peer(request: FleetRequest, run: Run) -> Figures:
    durations = peer(request, run.seconds, run.soft_s)
    name = "plain" if run.soft_s is None else f"overtime beyond {run.soft_s:g} s"
    return Figures(
        who=f"PyVRP here, {name}",
        makespan_s=max(_loads_s(request, durations)),
        total_s=sum(duration for own in durations.values() for duration in own),
    )


def _line(name: str, figures: Figures) -> str:
    first, is_total = _PUBLISHED[name][0], name.endswith("total")
    value_s, peer_s = (figures.total_s, first.total_s) if is_total else (figures.makespan_s, first.makespan_s)
    parts = [f"{name:21}{figures.who:31}", _words("makespan", figures.makespan_s), _words("total", figures.total_s)]
    if value_s is not None and peer_s is not None:
        parts.append(f"x {value_s / peer_s:.3f}")
    if value_s is not None and figures.bound_s is not None:
        parts.append(f"/ {value_s / figures.bound_s:.3f} of {figures.bound_s:,.0f} s")
    return "  ".join(parts)


def _words(what: str, seconds: float | None) -> str:
    return f"{what} {'-' if seconds is None else f'{seconds:,.0f} s':>8}"


def peer(request: FleetRequest, seconds: float, soft_s: float | None) -> dict[str, list[float]]:
    """Return the durations of PyVRP's sorties by dock, found within so many seconds of the processor's time."""
    docks = [dock.position for dock in request.docks]
    points = [point for task in request.tasks if isinstance(task, PointsTask) for point in task.points]
    places = np.array([*docks, *(point.position for point in points)])
    metres = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    spans = np.rint(metres / request.vehicles[0].speed_m_s * _PER_S).astype(np.int64)
    data = pyvrp.ProblemData(
        [pyvrp.Location(x, y) for x, y in places],
        [
            pyvrp.Client(location=len(docks) + n, service_duration=round(point.service_s * _PER_S))
            for n, point in enumerate(points)
        ],
        [pyvrp.Depot(location=n) for n in range(len(docks))],
        [_type(request, n, soft_s) for n in range(len(docks))],
        [spans],
        [spans],
    )
    stop_s = time.process_time() + seconds
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = pyvrp.solve(data, lambda _: time.process_time() > stop_s, seed=1, collect_stats=False)
    durations: dict[str, list[float]] = {dock.id: [] for dock in request.docks}
    for route in result.best.routes():
        durations[request.docks[route.start_depot()].id].append(route.duration() / _PER_S)
    return durations


def _type(request: FleetRequest, dock: int, soft_s: float | None) -> pyvrp.VehicleType:
    own = [vehicle for vehicle in request.vehicles if vehicle.dock == request.docks[dock].id]
    endurance = round(own[0].endurance_s * _PER_S)
    shift = endurance if soft_s is None else round(soft_s * _PER_S)
    return pyvrp.VehicleType(
        num_available=sum(vehicle.max_sorties for vehicle in own),
        start_depot=dock,
        end_depot=dock,
        shift_duration=shift,
        max_overtime=endurance - shift,
        unit_overtime_cost=10,
        unit_distance_cost=0,
        unit_duration_cost=1,
    )


def _loads_s(request: FleetRequest, durations: dict[str, list[float]]) -> Sequence[float]:
    loads = []
    for dock, own in durations.items():
        crew = [vehicle for vehicle in request.vehicles if vehicle.dock == dock]
        pause_s = crew[0].turnaround_s
        for pile in pack(own, len(crew), most=crew[0].max_sorties, pause_s=pause_s):
            loads.append(sum(own[n] for n in pile) + pause_s * max(0, len(pile) - 1))
    return loads


if __name__ == "__main__":
    main()
