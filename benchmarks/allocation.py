"""Sharing 920 checkpoints out over 30 drones, and over 10 drones with three sorties each, beside PyVRP as it comes.

`python -m benchmarks.allocation [DATA] [--seconds 30]`: both get so many seconds of the processor's time on one core.
PyVRP has no end that is early for all, so it gets durations to make small: plain, and with soft overtime; its sorties
are then packed onto the drones of their docks. Without the data, the benchmark says so and ends.
"""

import argparse
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyvrp
from rich.console import Console
from rich.table import Table

from missions.allocation.packing import pack
from missions.planning.planner import Watch, plan_fleet
from missions.planning.request import FleetRequest, PointsTask
from missions.planning.request_files import read_request

_PER_S = 10
_DATA = Path(__file__).parents[2] / "shared" / "data" / "allocation"
_PUBLISHED = {"dachang_d30_makespan": (1139.0, None), "dachang_d10x3_total": (4467.0, 29_648.0)}
"""What the peer was measured at before (makespan, total), in seconds."""


def main() -> None:
    """Print makespan and total of both, beside the bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, default=_DATA)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    if not options.data.is_dir():
        print(f"no requests in {options.data}: give their folder")
        return
    table = Table(title=f"Sharing out, {options.seconds:g} s of one core")
    for heading in ("", "makespan", "total", "bound"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, (makespan_s, total_s) in _PUBLISHED.items():
        request = read_request((options.data / f"{name}.json").read_bytes())
        table.add_row(f"{name}: PyVRP, as published", _words(makespan_s), _words(total_s), "")
        _add_peer(table, request, options.seconds)
        for seed in range(options.seeds):
            _add_ours(table, request, options.seconds, seed)
    Console().print(table)


def _words(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:,.0f} s"


def _add_ours(table: Table, request: FleetRequest, seconds: float, seed: int) -> None:
    plan = plan_fleet(request, Watch(now_s=time.process_time, time_limit_s=seconds), seed=seed)
    assert not plan.violations
    assert all(task.done_ratio == 1.0 for task in plan.tasks)
    row = (f"  ours, seed {seed}", _words(plan.makespan_s), _words(plan.total_duration_s), _words(plan.lower_bound_s))
    table.add_row(*row, style="bold")


def _add_peer(table: Table, request: FleetRequest, seconds: float) -> None:
    overtimes = (None,) if request.vehicles[0].max_sorties > 1 else (None, 900.0)
    for soft_s in overtimes:
        durations = peer(request, seconds, soft_s)
        loads = _loads_s(request, durations)
        name = "plain" if soft_s is None else f"overtime beyond {soft_s:g} s"
        total_s = sum(duration for own in durations.values() for duration in own)
        table.add_row(f"  PyVRP here, {name}", _words(max(loads)), _words(total_s), "")


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
