"""Endless rounds beside the best known worst idleness of each graph and beside a lower bound for any rounds.

The graphs are those of patrolling_sim (D. Portugal, BSD), in ../shared/data/patrol beside the repository; where that
folder is missing, only towns of our own are planned, which nobody else has figures for.
"""

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console
from rich.table import Table

from core.clock import SystemClock
from missions.rounds.graph import RoadGraph
from missions.rounds.graph_files import graph_from_json
from missions.rounds.planner import RoundsRequest, plan_rounds
from missions.rounds.tours import TourBook, shortest_tour

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "patrol"
VEHICLES = (1, 2, 4, 6, 8, 12)
BEST_KNOWN_S = {
    "cumberland": (387.1, 193.5, 96.8, 63.0, 46.1, 30.6),
    "grid": (148.2, 74.1, 37.1, 24.7, 18.5, 12.4),
    "example": (280.8, 140.4, 68.5, 46.5, 31.4, 21.3),
    "DIAG_floor1": (413.5, 206.7, 103.4, 62.9, 49.6, 31.9),
}
LIMIT_S = 30.0


def main() -> None:
    """Print the worst idleness that we find, in seconds at 1 m/s, and how long that took."""
    table = Table(title=f"Endless rounds: worst idleness at 1 m/s, found within {LIMIT_S:.0f} s")
    for heading in (
        "graph",
        "vehicles",
        "ours s",
        "best known s",
        "to it",
        "one rotation s",
        "any rounds ≥ s",
        "CPU s",
    ):
        table.add_column(heading, justify="left" if heading == "graph" else "right")
    for name, graph, known in _graphs():
        for vehicles, best_s in zip(VEHICLES, known, strict=True):
            table.add_row(name, str(vehicles), *_figures(graph, vehicles, best_s))
        table.add_section()
    Console().print(table)


def _figures(graph: RoadGraph, vehicles: int, best_s: float) -> list[str]:
    begin_s = time.process_time()
    request = RoundsRequest(graph=graph, vehicles=vehicles, speed_m_s=1.0, time_limit_s=LIMIT_S)
    found = plan_rounds(request, clock=SystemClock())
    spent_s = time.process_time() - begin_s
    length_m, _ = shortest_tour(TourBook(lengths_m=graph.ways.lengths_m), random=Random(1))
    worst_s = found.worst_idleness_s
    known, ratio = ("–", "–") if math.isnan(best_s) else (f"{best_s:.1f}", f"{worst_s / best_s - 1:+.1%}")
    rotation = f"{length_m / vehicles:.1f}"
    return [f"{worst_s:.2f}", known, ratio, rotation, f"{found.lower_bound_s:.1f}", f"{spent_s:.1f}"]


def _graphs() -> Iterator[tuple[str, RoadGraph, tuple[float, ...]]]:
    nothing = (math.nan,) * len(VEHICLES)
    for name, known in BEST_KNOWN_S.items():
        file = DATA / f"{name}.json"
        if file.exists():
            yield name, graph_from_json(json.loads(file.read_text("utf-8"))), known
        else:
            Console().print(f"{name}: {file} is missing, left out")
    yield "town of 100", graph_from_json(_town(100)), nothing


def _town(count: int) -> dict[str, Any]:
    """Return scattered places, each joined with its nearest earlier one, and a sixth as many ways more."""
    random = Random(9)
    places = [(random.uniform(0, 200), random.uniform(0, 150)) for _ in range(count)]
    pairs = [(n, min(range(n), key=lambda other: math.dist(places[n], places[other]))) for n in range(1, count)]
    for _ in range(count // 6):
        a, b = random.sample(range(count), 2)
        pairs.append((a, b))
    return {
        "nodes": [{"id": number, "x_m": x, "y_m": y} for number, (x, y) in enumerate(places)],
        "edges": [{"a": a, "b": b, "length_m": math.dist(places[a], places[b])} for a, b in pairs],
    }


if __name__ == "__main__":
    main()
