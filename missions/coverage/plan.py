"""From an area to a path that sweeps all of it."""

import time
from collections.abc import Iterator, Sequence

import numpy as np
from shapely import MultiPolygon, Polygon

from geofence.frames import FloatArray
from missions.coverage import measure
from missions.coverage.ground import Ground
from missions.coverage.line import Line
from missions.coverage.path import CoverageLeg, CoveragePath, Place, legs_of, turns
from missions.coverage.repair import mended
from missions.coverage.roads import Roads
from missions.coverage.rows import chords, edges_of, levels, rotation
from missions.coverage.tour import Tour

_TRIED = 4
_TOUR_S = 0.1
_SHORTEST_ROW = 0.02
_LONGEST_DIRECTIONS = 24
_FAN = 12


def plan_coverage(
    area: Polygon | MultiPolygon,
    *,
    swath_m: float,
    overlap: float,
    keep_outs: Sequence[Polygon] = (),
    start: Place | None = None,
    time_limit_s: float = 1.0,
    seed: int = 0,
) -> CoveragePath:
    """Return a path that sweeps *area* without *keep_outs*, all in local metres, begun near *start*.

    Legs never leave the area. Where it falls apart, each piece has a path of its own, one after the other, and the
    first leg of a piece does not begin where the last one of the piece before ended: the way there leads outside.
    *time_limit_s* is of the processor's time. Raises InvalidInput for a border that crosses itself or a wrong swath.
    """
    grounds = Ground.pieces(area, swath_m=swath_m, overlap=overlap, keep_outs=keep_outs)
    rng, until = np.random.default_rng(seed), time.process_time() + time_limit_s
    legs: list[CoverageLeg] = []
    swept_m2, kept_m2, inner_m2 = 0.0, 0.0, 0.0
    for ground in grounds:
        here = legs[-1].end if legs else start
        line = _best_line(ground, here, rng, until)
        legs.extend(legs_of(line.points, [True] * len(line.is_row)))
        swept_m2 += ground.area.area - measure.unswept(ground, line.starts, line.ends).area
        inner = ground.area.buffer(-swath_m / 2).area
        kept_m2 += inner * measure.kept_ratio(ground, line.starts, line.ends)
        inner_m2 += inner
    area_m2 = sum(ground.area.area for ground in grounds)
    return CoveragePath(
        legs=tuple(legs),
        swath_m=swath_m,
        swept_ratio=swept_m2 / area_m2 if area_m2 else 0.0,
        kept_ratio=kept_m2 / inner_m2 if inner_m2 else 1.0,
    )


def _best_line(ground: Ground, start: Place | None, rng: np.random.Generator, until: float) -> Line:
    edges = edges_of(ground.room)
    lines: list[Line] = []
    for angle in _ranked(ground, edges)[:_TRIED]:
        if not lines or time.process_time() < until:
            lines.append(_line_over(ground, _rows(edges, ground, angle), start, rng))
    return mended(ground, min(lines, key=lambda line: line.length_m + ground.swath_m * turns(line.points)))


def _directions(ground: Ground) -> FloatArray:
    edges = edges_of(ground.area.simplify(ground.swath_m / 10))
    runs = edges[:, 1] - edges[:, 0]
    longest = np.argsort(-np.hypot(*runs.T))[:_LONGEST_DIRECTIONS]
    angles = np.arctan2(runs[longest, 1], runs[longest, 0])
    fan = np.linspace(0, np.pi, _FAN, endpoint=False)
    return np.unique(np.round(np.mod(np.concatenate((angles, angles + np.pi / 2, fan)), np.pi), 3))


def _ranked(ground: Ground, edges: FloatArray) -> list[float]:
    return sorted((float(angle) for angle in _directions(ground)), key=lambda angle: _guess_m(edges, ground, angle))


def _guess_m(edges: FloatArray, ground: Ground, angle: float) -> float:
    rows = _rows(edges, ground, angle)
    return float(np.hypot(*(rows[:, 1] - rows[:, 0]).T).sum() + len(rows) * 2 * ground.swath_m)


def _rows(edges: FloatArray, ground: Ground, angle: float) -> FloatArray:
    """Return rows along *angle*, shape (n, 2 ends, 2)."""
    turned = edges @ rotation(angle)
    low, high = turned[:, :, 1].min(), turned[:, :, 1].max()
    edge_m = ground.swath_m / 2
    heights = levels(low, high, spacing_m=ground.spacing_m, first_m=edge_m, last_m=edge_m)
    spans, row = chords(turned, heights)
    long = spans[:, 1] - spans[:, 0] > _SHORTEST_ROW * ground.swath_m
    ys = np.repeat(heights[row[long]], 2)
    return (np.column_stack((spans[long].ravel(), ys)) @ rotation(angle).T).reshape(-1, 2, 2)


def _line_over(ground: Ground, rows: FloatArray, start: Place | None, rng: np.random.Generator) -> Line:
    ends = rows.reshape(-1, 2)
    roads = Roads(ground, ends)
    tour = Tour(_costs(ends, roads, start))
    until = time.process_time() + _TOUR_S
    firsts = rng.choice(len(ends), size=min(4, len(ends)), replace=False)
    orders = [tour.better(tour.nearest_first(int(first)), lambda: time.process_time() < until) for first in firsts]
    best = min(orders, key=tour.length)
    parts = list(_parts(ends, roads, best.tolist()))
    return Line(points=np.vstack([part for part, _ in parts]), is_row=np.concatenate([rows for _, rows in parts])[1:])


def _costs(ends: FloatArray, roads: Roads, start: Place | None) -> FloatArray:
    lengths = roads.between()
    straight = np.hypot(*(ends[:, None] - ends[None]).transpose(2, 0, 1))
    cost = np.zeros((len(ends) + 1, len(ends) + 1))
    cost[:-1, :-1] = np.where(np.isinf(lengths), 10 * straight, lengths)
    if start is not None:
        cost[-1, :-1] = np.hypot(*(ends - start).T)
    return cost


def _parts(ends: FloatArray, roads: Roads, order: list[int]) -> Iterator[tuple[FloatArray, np.ndarray]]:
    """Yield the points of each row and of the way to it, with what the leg to each point is (a row or not)."""
    yield ends[order[:2]], np.array([False, True])
    for n in range(2, len(order), 2):
        way = roads.way(order[n - 1], order[n])[1:]
        yield np.vstack((way, ends[order[n + 1]])), np.append(np.zeros(len(way), dtype=bool), True)
