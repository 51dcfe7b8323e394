"""Whole fleets against a district's zones: 10,000 vehicles and 2,000 zones of 50 vertices, beside bare shapely.

Bare means: places already in metres, an index over the zones, prepared polygons, one query and one containment for what
it found; no heights, hours, projection or reasons. Ours begins with longitude and latitude. *Where* says for every
vehicle whether it is where it may be (`LiveGuard.whereabouts`); *ahead* predicts for every vehicle whether its way to a
standstill breaks a fence (`LiveGuard.check_many`), for vehicles anywhere (7 % of them inside of zones) and for a fleet
that keeps out of the zones; *put into words* asks for every verdict with zone and reason.
"""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import shapely
from rich.console import Console
from rich.table import Table

from core.ids import ZoneId
from geofence.frames import FloatArray, LocalFrame
from geofence.live_guard import LiveGuard
from geofence.positions import GeoPosition
from geofence.zones import Zone, ZoneKind, ZoneSet

VEHICLES, ZONES, VERTICES, ROUNDS = 10_000, 2_000, 50, 15
HALF_WIDTH_M, AIM, PEER = 10_000.0, 2.0, 3.7
_FRAME = LocalFrame(origin=GeoPosition(lon_deg=121.4, lat_deg=31.32))
_NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)


def main() -> None:
    """Print positions a second of CPU time and their ratio to bare shapely."""
    rng = np.random.default_rng(3)
    rings = _rings(rng)
    outs, estate = _zones(rings), _estate()
    anywhere = rng.uniform(-HALF_WIDTH_M, HALF_WIDTH_M, (VEHICLES, 2))
    outside = _outside_of(rings, rng)
    heights, velocities = rng.uniform(10, 110, VEHICLES), rng.uniform(-6, 6, (VEHICLES, 3)) * (1, 1, 0.3)
    guard, fenced = LiveGuard(ZoneSet(zones=outs), _FRAME), LiveGuard(ZoneSet(zones=(*outs, estate)), _FRAME)
    places, away = _FRAME.to_geo_array(anywhere), _FRAME.to_geo_array(outside)
    works: dict[str, Callable[[], object]] = {
        "bare shapely: in which zones": _bare(rings, anywhere),
        "where, keep-out zones": lambda: guard.whereabouts(places, heights, _NOW),
        "where, keep-in zone as well": lambda: fenced.whereabouts(places, heights, _NOW),
        "ahead, vehicles anywhere": lambda: fenced.check_many(places, heights, velocities, _NOW),
        "ahead, anywhere, all put into words": lambda: list(fenced.check_many(places, heights, velocities, _NOW)),
        "ahead, a fleet that keeps out": lambda: fenced.check_many(away, heights, velocities, _NOW),
    }
    print_table(works, dict(zip(works, side_by_side_s(*works.values()), strict=True)))


def print_table(works: dict[str, Callable[[], object]], best_s: dict[str, float]) -> None:
    """Print the table of *works* with their shortest times."""
    table = Table(title=f"Live check: {VEHICLES:,} vehicles, {ZONES:,} zones of {VERTICES} vertices")
    for heading in ("", "positions a second", "ratio to bare"):
        table.add_column(heading, justify="right" if heading else "left")
    bare_s = next(iter(best_s.values()))
    for name in works:
        table.add_row(name, f"{VEHICLES / best_s[name] / 1e6:.2f} M", f"{bare_s / best_s[name]:.2f}")
    table.caption = f"at least {AIM} M where bare does {PEER} M is the aim: a ratio of {AIM / PEER:.2f}; CPU time"
    Console().print(table)


def side_by_side_s(*works: Callable[[], object]) -> list[float]:
    """Return the shortest processor time of each, run in turns after one round to warm up."""
    best = [math.inf] * len(works)
    for round_number in range(ROUNDS + 1):
        for number, work in enumerate(works):
            start_s = time.process_time()
            work()
            if round_number:
                best[number] = min(best[number], time.process_time() - start_s)
    return best


def _bare(rings: list[shapely.Polygon], places: FloatArray) -> Callable[[], object]:
    polygons = np.array(rings, dtype=object)
    shapely.prepare(polygons)
    tree = shapely.STRtree(polygons)

    def work() -> int:
        rows, hits = tree.query(shapely.points(places))
        return int(shapely.contains_xy(polygons[hits], places[rows, 0], places[rows, 1]).sum())

    return work


def _rings(rng: np.random.Generator) -> list[shapely.Polygon]:
    return [_ring(rng, rng.uniform(-HALF_WIDTH_M, HALF_WIDTH_M, 2), rng.uniform(20, 100)) for _ in range(ZONES)]


def _ring(rng: np.random.Generator, middle: FloatArray, radius_m: float) -> shapely.Polygon:
    angles = np.sort(rng.uniform(0, 2 * math.pi, VERTICES))
    radii = radius_m * rng.uniform(0.7, 1.3, VERTICES)
    return shapely.Polygon(np.column_stack((middle[0] + radii * np.cos(angles), middle[1] + radii * np.sin(angles))))


def _outside_of(rings: list[shapely.Polygon], rng: np.random.Generator) -> FloatArray:
    """Return places that keep 30 m away from every zone and from the border."""
    tree, half_m = shapely.STRtree(rings), HALF_WIDTH_M - 100
    places = rng.uniform(-half_m, half_m, (2 * VEHICLES, 2))
    near = tree.query(shapely.points(places), predicate="dwithin", distance=30.0)[0]
    return np.delete(places, near, axis=0)[:VEHICLES]


def _zones(rings: list[shapely.Polygon]) -> tuple[Zone, ...]:
    return tuple(
        Zone(
            id=ZoneId(f"out-{number}"),
            kind=ZoneKind.KEEP_OUT,
            polygon=shapely.transform(ring, _FRAME.to_geo_array),
            ceiling_agl_m=None if number % 2 else 60.0,
        )
        for number, ring in enumerate(rings)
    )


def _estate() -> Zone:
    half_m = HALF_WIDTH_M - 50
    border = shapely.segmentize(shapely.box(-half_m, -half_m, half_m, half_m), 500.0)
    area = shapely.transform(border, _FRAME.to_geo_array)
    return Zone(id=ZoneId("in"), kind=ZoneKind.KEEP_IN, polygon=area, ceiling_agl_m=120.0)


if __name__ == "__main__":
    main()
