"""Shortest ways around keep-outs: 150 of them in 1 km², and an 8 km diagonal over a district of 1,000.

The peer is extremitypathfinder 2.7 (MIT), which finds ways of the same length. Where it is installed beside us it runs
on the same places in the same run; else its figures of the same machine are printed (marked as recorded).
"""

import importlib
import time
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from shapely.geometry.base import BaseGeometry

from geofence.sight_graph import Ways

PAIRS = 20
_RECORDED_PREPARE_S, _RECORDED_QUERY_MS = 20.4, 98.0
Places = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Processor seconds to prepare, milliseconds a query (mean), and the lengths found."""

    prepare_s: float
    query_ms: float
    lengths_m: list[float]


def main() -> None:
    """Print how long preparation and queries take, beside the peer, and whether the ways are as short."""
    towers = field_of_towers(150, size_m=1000.0)
    free = shapely.difference(shapely.box(0, 0, 1000, 1000), shapely.union_all(towers))
    places = places_in(free, 1000.0)
    mine = ours(free, places)
    table = Table(title=f"Ways around {len(towers)} keep-outs ({len(Ways(free).corners)} corners)")
    for heading in ("", "preparation", "query", "bound", "longest difference"):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row("ours", f"{mine.prepare_s:.2f} s", f"{mine.query_ms:.2f} ms", "≤ 1 s, ≤ 20 ms", "")
    peer = peers(towers, places)
    if peer is None:
        table.add_row("extremitypathfinder (recorded)", f"{_RECORDED_PREPARE_S} s", f"{_RECORDED_QUERY_MS} ms", "", "")
    else:
        worst_m = max(abs(a - b) for a, b in zip(mine.lengths_m, peer.lengths_m, strict=True))
        table.add_row(
            "extremitypathfinder", f"{peer.prepare_s:.1f} s", f"{peer.query_ms:.0f} ms", "", f"{worst_m * 1e3:.2f} mm"
        )
    Console().print(table)
    _print_matrix(free)
    _print_district()


def field_of_towers(count: int, *, size_m: float, seed: int = 1) -> list[shapely.Polygon]:
    """Return *count* towers of 8 to 14 corners that lie at least 1 m from each other."""
    rng = np.random.default_rng(seed)
    towers: list[shapely.Polygon] = []
    while len(towers) < count:
        corners, radius_m = int(rng.integers(8, 15)), rng.uniform(8, 25)
        angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
        radii = radius_m * rng.uniform(0.5, 1, corners)
        middle = rng.uniform(25, size_m - 25, 2)
        tower = shapely.Polygon(middle + np.column_stack((radii * np.cos(angles), radii * np.sin(angles))))
        if tower.is_valid and tower.area > 20 and all(tower.distance(other) > 1 for other in towers):
            towers.append(tower)
    return towers


def places_in(free: BaseGeometry, size_m: float, count: int = 2 * PAIRS) -> Places:
    """Return places in *free*, shape (count, 2)."""
    places = np.random.default_rng(5).uniform(0, size_m, (count * 4, 2))
    return np.asarray(places[shapely.intersects_xy(free, *places.T)][:count])


def ours(free: BaseGeometry, places: Places) -> Figures:
    """Return our figures over consecutive pairs of *places*."""
    start_s = time.process_time()
    ways = Ways(free)
    ways.prepare()
    prepare_s = time.process_time() - start_s
    start_s = time.process_time()
    found = [ways.shortest(*places[n : n + 2]) for n in range(0, len(places), 2)]
    query_ms = (time.process_time() - start_s) / len(found) * 1e3
    return Figures(prepare_s=prepare_s, query_ms=query_ms, lengths_m=[way.length_m if way else np.inf for way in found])


def peers(towers: list[shapely.Polygon], places: Places) -> Figures | None:
    """Return the peer's figures; None where it is not installed."""
    try:
        module = importlib.import_module("extremitypathfinder")
    except ImportError:
        return None
    start_s = time.process_time()
    environment = module.PolygonEnvironment()
    holes = [shapely.get_coordinates(shapely.orient_polygons(tower).exterior)[-2::-1].tolist() for tower in towers]
    environment.store([(0, 0), (1000, 0), (1000, 1000), (0, 1000)], holes, validate=False)
    prepare_s = time.process_time() - start_s
    start_s = time.process_time()
    pairs = [(tuple(places[n]), tuple(places[n + 1])) for n in range(0, len(places), 2)]
    lengths = [environment.find_shortest_path(*pair)[1] for pair in pairs]
    query_ms = (time.process_time() - start_s) / len(pairs) * 1e3
    return Figures(prepare_s=prepare_s, query_ms=query_ms, lengths_m=lengths)


def _print_matrix(free: BaseGeometry) -> None:
    places = places_in(free, 1000.0, 920)
    start_s = time.process_time()
    lengths = Ways(free).distances(places)
    print(f"{len(places)} × {len(places)} shortest ways: {time.process_time() - start_s:.1f} s", flush=True)
    assert np.isfinite(lengths).all()


def _print_district() -> None:
    towers = field_of_towers(1000, size_m=5700.0)
    free = shapely.difference(shapely.box(0, 0, 5700, 5700), shapely.union_all(towers))
    start_s = time.process_time()
    way = Ways(free).shortest(np.array([1.0, 1.0]), np.array([5699.0, 5699.0]))
    assert way is not None
    took_ms = (time.process_time() - start_s) * 1e3
    print(f"a diagonal of {way.length_m / 1e3:.2f} km over {len(towers)} towers, unprepared: {took_ms:.0f} ms")


if __name__ == "__main__":
    main()
