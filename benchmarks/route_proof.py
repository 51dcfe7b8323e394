"""The route proof over a district: 200 legs against 2,000 zones, beside bare shapely.

*Bare, the legs alone* means: the zones projected and indexed before, one query for the legs as lines and a distance; no
heights, turns, ways home, keep-in. *Bare, all that a proof needs*: the zones that hold projected and indexed, one query
for all shapes of the route, the distances of what it found, and the containment in the keep-in union; no heights,
times, phases, places. Ours is always the whole proof (`prove_order`): with zones, dock and window of the proof before,
as in planning; with a window not seen before; among towers as tall as the flight, where many legs are refused.
"""

import itertools
import math
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day

import numpy as np
import shapely
from rich.console import Console
from rich.table import Table

from core.ids import ZoneId
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from geofence.route import OrderRoute, RoutePoint
from geofence.route_proof import prove_order
from geofence.route_shapes import Shapes, route_shapes
from geofence.zones import WeeklyWindow, Zone, ZoneKind, ZoneSet

LEGS, ZONES, ROUNDS = 200, 2000, 9
AIM, PEER = 1500, 2125
_ORIGIN = GeoPosition(lon_deg=121.4, lat_deg=31.32)
_FRAME = LocalFrame(origin=_ORIGIN)
_NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
_SCHOOL_DAYS = WeeklyWindow(days=frozenset(range(1, 6)), start=time_of_day(7), end=time_of_day(18))


def main() -> None:
    """Print how many routes a second are proved, and the ratio to the bare calls."""
    flight, among = district_flight(), district_flight(tallest_m=90.0)
    shapes = route_shapes(flight, _FRAME)
    works: dict[str, Callable[[], object]] = {
        "bare, the legs alone": bare_legs(flight),
        "bare, all that a proof needs": lambda: bare_calls(flight, shapes),
        "proof": lambda: prove_order(flight),
        "proof, a window not seen before": lambda: prove_order(_later(flight)),
        "proof, among tall towers": lambda: prove_order(among),
    }
    best_s = dict(zip(works, side_by_side_s(*works.values()), strict=True))
    table = Table(title=f"Route proof: {LEGS} legs against {ZONES} zones")
    for heading in ("", "best", "routes a second", "ratio to the legs alone"):
        table.add_column(heading, justify="right" if heading else "left")
    bare_s = best_s["bare, the legs alone"]
    for name, took_s in best_s.items():
        table.add_row(name, f"{took_s * 1e3:.2f} ms", f"{1 / took_s:.0f}", f"{bare_s / took_s:.2f}")
    table.caption = (
        f"{len(prove_order(flight).violations)} violations, {len(prove_order(among).violations)} among tall towers;"
        f" at least {AIM} where the legs alone do {PEER} is the aim: a ratio of {AIM / PEER:.2f}; CPU time"
    )
    Console().print(table)


_windows = itertools.count(1)


def _later(flight: OrderRoute) -> OrderRoute:
    later = timedelta(seconds=next(_windows))
    return replace(flight, not_before_at=flight.not_before_at + later, not_after_at=flight.not_after_at + later)


def bare_legs(flight: OrderRoute) -> Callable[[], object]:
    """Return the work of finding the zones near the legs, with everything made ready before."""
    outs = np.array([zone.polygon for zone in flight.zones.of_kind(ZoneKind.KEEP_OUT)], dtype=object)
    tree = shapely.STRtree(shapely.transform(outs, _FRAME.to_local_array))
    places = [_FRAME.to_local(place) for place in (flight.dock, *(point.place for point in flight.points))]
    corners = np.array([(place.east_m, place.north_m) for place in places])

    def work() -> int:
        legs = shapely.linestrings(np.stack((corners[:-1], corners[1:]), axis=1))
        return len(tree.query(legs, predicate="dwithin", distance=flight.margins.sideways_m)[0])

    return work


def district_flight(*, tallest_m: float = 57.0) -> OrderRoute:
    """Return a meandering route over a district of towers, schools in their hours, and cells for the keep-in."""
    rng = np.random.default_rng(11)
    places = rng.uniform(-3000, 3000, (LEGS, 2))
    places = places[np.lexsort((places[:, 0] * np.where(places[:, 1] // 300 % 2, -1, 1), places[:, 1] // 300))]
    heights = rng.choice([60.0, 60.0, 60.0, 70.0], LEGS)
    return OrderRoute(
        points=tuple(
            RoutePoint(place=_geo(*place), height_agl_m=float(height), speed_m_s=6.0)
            for place, height in zip(places, heights, strict=True)
        ),
        dock=_ORIGIN,
        takeoff_height_agl_m=60.0,
        return_height_agl_m=75.0,
        zones=district_zones(rng, tallest_m=tallest_m),
        not_before_at=_NOW,
        not_after_at=_NOW + timedelta(hours=1),
    )


def district_zones(rng: np.random.Generator, *, tallest_m: float) -> ZoneSet:
    """Return keep-in cells and towers of 8 to 20 corners; a tenth of them only at certain hours."""
    cells = [
        Zone(
            id=ZoneId(f"cell-{column}-{row}"),
            kind=ZoneKind.KEEP_IN,
            polygon=_geo_polygon(shapely.box(column * 700, row * 700, column * 700 + 700, row * 700 + 700)),
            ceiling_agl_m=100.0,
        )
        for column in range(-5, 5)
        for row in range(-5, 5)
    ]
    towers = [_tower(rng, number, tallest_m=tallest_m) for number in range(ZONES - len(cells))]
    return ZoneSet(zones=(*cells, *towers))


def _tower(rng: np.random.Generator, number: int, *, tallest_m: float) -> Zone:
    east_m, north_m = rng.uniform(-3400, 3400, 2)
    corners = int(rng.integers(8, 21))
    angles = 2 * math.pi * (np.arange(corners) + rng.uniform(0, 0.8, corners)) / corners
    radii = rng.uniform(8, 20, corners)
    ring = np.column_stack((east_m + radii * np.cos(angles), north_m + radii * np.sin(angles)))
    return Zone(
        id=ZoneId(f"tower-{number}"),
        kind=ZoneKind.KEEP_OUT,
        polygon=_geo_polygon(shapely.Polygon(ring)),
        ceiling_agl_m=float(rng.uniform(20, tallest_m)),
        times=(_SCHOOL_DAYS,) if number % 10 == 0 else (),
    )


def bare_calls(flight: OrderRoute, shapes: Shapes) -> int:
    """Do the geometry that the proof needs with nothing around it; returns the number of pairs near each other."""
    outs = np.array([zone.polygon for zone in flight.zones.of_kind(ZoneKind.KEEP_OUT)], dtype=object)
    ins = np.array([zone.polygon for zone in flight.zones.of_kind(ZoneKind.KEEP_IN)], dtype=object)
    outs = shapely.transform(outs, _FRAME.to_local_array)
    region = shapely.union_all(shapely.transform(ins, _FRAME.to_local_array))
    near_m = flight.margins.sideways_m
    rows, hits = shapely.STRtree(outs).query(shapes.geometries, predicate="dwithin", distance=near_m)
    near = shapely.distance(shapes.geometries[rows], outs[hits]) < near_m
    border = region.boundary
    shapely.prepare(region)
    shapely.prepare(border)
    inside = shapely.covers(region, shapes.geometries) & ~shapely.dwithin(shapes.geometries, border, near_m)
    return int(near.sum()) + int((~inside).sum())


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


def _geo(east_m: float, north_m: float) -> GeoPosition:
    return _FRAME.to_geo(LocalPosition(east_m=east_m, north_m=north_m))


def _geo_polygon(polygon: shapely.Polygon) -> shapely.Polygon:
    return shapely.transform(polygon, _FRAME.to_geo_array)


if __name__ == "__main__":
    main()
