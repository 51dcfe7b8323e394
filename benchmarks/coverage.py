"""Sweeping seven areas beside Fields2Cover, and harder ones of the same families: share swept, overlap, length, turns.

The areas lie in ../shared/data/coverage beside the repository; where that is not, only the harder ones are planned.
The judge is written straight from the definitions with shapely and shares nothing with the planner: *swept* is within
half a swath sideways of a survey leg (flat ends), *kept* the share of the inner area (half a swath from every edge) at
most half the distance of rows from one, length and turns (more than 1 degree) are counted from first to last leg.
"""

import argparse
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import shapely
from rich.console import Console
from rich.table import Table
from shapely import LineString, Polygon, affinity
from shapely.geometry import shape

from missions.coverage import CoveragePath, plan_coverage

_DATA = Path(__file__).parents[2] / "shared" / "data" / "coverage"
_PEERS = {
    "01": (830, 10),
    "03": (6_780, 29),
    "05": (15_475, 86),
    "06": (19_065, 108),
    "07": (31_416, 117),
    "09": (96_976, 182),
    "12": (17_240, 54),
}
"""The best length in metres and the turns of Fields2Cover 2.1, which swept 94 to 100 % of these areas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An area to be swept, and what the best peer needs."""

    name: str
    area: Polygon
    swath_m: float
    overlap: float
    peer: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a path is worth, measured without the planner."""

    swept_ratio: float
    kept_ratio: float
    outside_m: float
    length_m: float
    turns: int


def main() -> None:
    """Print every figure beside its peer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, default=_DATA)
    options = parser.parse_args()
    table = Table(title="Coverage")
    for heading in ("", "swept", "overlap kept", "outside", "length", "peer", "area / spacing", "turns", "peer", "CPU"):
        table.add_column(heading, justify="right" if heading else "left")
    if not options.data.is_dir():
        print(f"no areas in {options.data}: give their folder")
    for case in (*_given(options.data), *harder()):
        _add(table, case)
    Console(width=150).print(table)


def judged(case: Case, path: CoveragePath) -> Verdict:
    """Return what *path* is worth over the area of *case*."""
    legs = [leg for leg in path.legs if leg.start != leg.end]
    lines = [LineString([leg.start, leg.end]) for leg in legs]
    surveys = [line for line, leg in zip(lines, legs, strict=True) if leg.is_survey]
    strips = shapely.buffer(surveys, case.swath_m / 2, cap_style="flat")
    inner = case.area.buffer(-case.swath_m / 2, quad_segs=64)
    near = shapely.union_all(shapely.buffer(surveys, case.swath_m * (1 - case.overlap) / 2, quad_segs=32))
    headings = [math.atan2(leg.end[1] - leg.start[1], leg.end[0] - leg.start[0]) for leg in legs]
    changes = [abs((b - a + math.pi) % math.tau - math.pi) for a, b in pairwise(headings)]
    swept = shapely.union_all(strips).intersection(case.area)
    return Verdict(
        swept_ratio=float(swept.area / case.area.area),
        kept_ratio=float(near.intersection(inner).area / inner.area) if inner.area else 1.0,
        outside_m=float(sum(line.difference(case.area.buffer(1e-6)).length for line in lines)),
        length_m=float(sum(line.length for line in lines)),
        turns=sum(change > math.radians(1) for change in changes),
    )


def harder(seed: int = 4) -> Iterator[Case]:
    """Yield areas that peers fail on: districts, estates, dozens and hundreds of holes, wild borders, many corners."""
    rng = np.random.default_rng(seed)
    yield Case(name="district of 24 blocks", area=_blocks(6, 4, (120, 90), (20, 20)), swath_m=30, overlap=0.1)
    estate = affinity.rotate(_blocks(10, 6, (50, 16), (25, 30)), 17, origin=(0, 0))
    yield Case(name="estate of 60 blocks, turned", area=estate, swath_m=15, overlap=0.2)
    yield Case(name="blob with 12 holes", area=_holed(rng, _blob(rng, 24, 600), 12, 40), swath_m=25, overlap=0.3)
    yield Case(name="16 km2, 5 holes", area=_holed(rng, shapely.box(0, 0, 4000, 4000), 5, 350), swath_m=60, overlap=0.2)
    yield Case(name="blob with 200 holes", area=_holed(rng, _blob(rng, 24, 900), 200, 18), swath_m=25, overlap=0.2)
    yield Case(name="20,000 corners", area=_wavy(rng, 20_000, 700), swath_m=30, overlap=0.2)


def _given(folder: Path) -> Iterator[Case]:
    for file in sorted(folder.glob("case_*.geojson")):
        feature = json.loads(file.read_text())["features"][0]
        values = feature["properties"]
        yield Case(
            name=values["name"],
            area=_polygon(shape(feature["geometry"])),
            swath_m=values["width"],
            overlap=values["overlap"],
            peer=_PEERS.get(values["name"][:2]),
        )


def _add(table: Table, case: Case) -> None:
    begun = time.process_time()
    path = plan_coverage(case.area, swath_m=case.swath_m, overlap=case.overlap)
    took_s = time.process_time() - begun
    verdict = judged(case, path)
    table.add_row(
        case.name,
        f"{verdict.swept_ratio:.2%}",
        f"{verdict.kept_ratio:.2%}",
        f"{verdict.outside_m:g} m",
        f"{verdict.length_m:,.0f} m",
        f"{case.peer[0]:,} m" if case.peer else "",
        f"{case.area.area / case.swath_m / (1 - case.overlap):,.0f} m",
        f"{verdict.turns}",
        f"{case.peer[1]}" if case.peer else "",
        f"{took_s:.2f} s",
    )


def _blocks(columns: int, rows: int, block: tuple[float, float], lane: tuple[float, float]) -> Polygon:
    pitch = (block[0] + lane[0], block[1] + lane[1])
    corners = [(lane[0] + n * pitch[0], lane[1] + m * pitch[1]) for n in range(columns) for m in range(rows)]
    holes = [shapely.box(x, y, x + block[0], y + block[1]) for x, y in corners]
    return _polygon(
        shapely.box(0, 0, columns * pitch[0] + lane[0], rows * pitch[1] + lane[1]).difference(shapely.union_all(holes))
    )


def _blob(rng: np.random.Generator, corners: int, radius: float, at: tuple[float, float] = (0.0, 0.0)) -> Polygon:
    angles = (np.arange(corners) + rng.uniform(0, 0.7, corners)) * (2 * np.pi / corners)
    radii = radius * rng.uniform(0.7, 1.3, corners)
    return Polygon(np.column_stack((at[0] + radii * np.cos(angles), at[1] + radii * np.sin(angles))))


def _holed(rng: np.random.Generator, area: Polygon, count: int, radius: float) -> Polygon:
    holes: list[Polygon] = []
    west, south, east, north = area.bounds
    while len(holes) < count:
        hole = _blob(rng, 7, radius, (rng.uniform(west, east), rng.uniform(south, north)))
        if area.contains(hole.buffer(radius / 2)) and all(hole.distance(other) > radius / 2 for other in holes):
            holes.append(hole)
    return _polygon(area.difference(shapely.union_all(holes)))


def _wavy(rng: np.random.Generator, corners: int, radius: float) -> Polygon:
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    waves = [np.sin(f * angles + rng.uniform(0, 6)) / (n + 1) for n, f in enumerate((3, 7, 40, 200))]
    radii = radius * (1 + 0.12 * np.sum(waves, axis=0))
    return Polygon(np.column_stack((radii * np.cos(angles), radii * np.sin(angles))))


def _polygon(shape_: object) -> Polygon:
    assert isinstance(shape_, Polygon)
    return shape_


if __name__ == "__main__":
    main()
