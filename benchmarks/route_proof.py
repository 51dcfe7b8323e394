"""The route proof over a district: 200 legs against 2,000 zones, beside the bare shapely calls that it needs.

Bare means: the polygons of the zones that hold, projected and indexed, one query with the distance for all shapes of
the route, the distances of what it found, and the containment in the keep-in union; no heights, times, phases, places.
"""

import math
import time
from collections.abc import Callable
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

LEGS, ZONES, ROUNDS = 200, 2000, 7
_ORIGIN = GeoPosition(lon_deg=121.4, lat_deg=31.32)
_FRAME = LocalFrame(origin=_ORIGIN)
_NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
_SCHOOL_DAYS = WeeklyWindow(days=frozenset(range(1, 6)), start=time_of_day(7), end=time_of_day(18))


def main() -> None:
    """Print how long the proof takes, and how many times as long as the bare calls."""
    flight = district_flight()
    shapes = route_shapes(flight, _FRAME)
    bare_s, proof_s = side_by_side_s(lambda: bare_calls(flight, shapes), lambda: prove_order(flight))
    table = Table(title=f"Route proof: {LEGS} legs against {ZONES} zones")
    for heading in ("", "best", "ratio to bare"):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row("bare shapely calls", f"{bare_s * 1e3:.1f} ms", "1.00")
    table.add_row("proof", f"{proof_s * 1e3:.1f} ms", f"{proof_s / bare_s:.2f}")
    table.caption = f"{len(prove_order(flight).violations)} violations found; at most 2 times the bare calls is the aim"
    Console().print(table)


def district_flight() -> OrderRoute:
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
        zones=district_zones(rng),
        not_before_at=_NOW,
        not_after_at=_NOW + timedelta(hours=1),
    )


def district_zones(rng: np.random.Generator) -> ZoneSet:
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
    towers = [_tower(rng, number) for number in range(ZONES - len(cells))]
    return ZoneSet(zones=(*cells, *towers))


def _tower(rng: np.random.Generator, number: int) -> Zone:
    east_m, north_m = rng.uniform(-3400, 3400, 2)
    corners = int(rng.integers(8, 21))
    angles = np.sort(rng.uniform(0, 2 * math.pi, corners))
    radii = rng.uniform(8, 20, corners)
    ring = np.column_stack((east_m + radii * np.cos(angles), north_m + radii * np.sin(angles)))
    return Zone(
        id=ZoneId(f"tower-{number}"),
        kind=ZoneKind.KEEP_OUT,
        polygon=_geo_polygon(shapely.Polygon(ring)),
        ceiling_agl_m=float(rng.uniform(20, 57)),
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
