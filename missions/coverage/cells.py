"""Cells with a direction of their own: the ground cut along its edges wherever that saves rows.

Greedy: of all cuts along the edges at corners that stick in, the one that saves most is made, as long as one saves
(after the minimal sum of altitudes of Huang 2001, with straight cuts in place of sweep cells).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray
from geofence.overlay import united
from missions.coverage.effort import Effort
from missions.coverage.ground import INSET_M, Ground
from missions.coverage.rows import chords, edges_of, levels, rotation

_MOST_CUTS = 48
_MOST_CELLS = 12
_MOST_BANDS = 60
_LEVEL = 0.002
_SLIVER = 0.5
_SHORTEST_ROW = 0.02
_STEPS_PER_CUT, _STEPS_PER_CORNER = 1500, 8
"""What trying a cut costs."""
_SAME_RAD = 2e-3
_ON_BORDER_M = 0.01


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Cell:
    """A part of the ground that is covered by rows of one direction, and what they roughly cost in metres."""

    polygon: Polygon
    angle_rad: float
    rows: FloatArray
    """Shape (n, 2 ends, 2)."""
    cost_m: float


def best_cell(ground: Ground, polygon: Polygon, turn_m: float, angles: FloatArray | None = None) -> Cell:
    """Return *polygon* with the best of *angles* (the directions of its long edges if there are none)."""
    tried = directions(polygon, ground.swath_m, fan=0, most=4) if angles is None else angles
    cells = (cell_along(ground, polygon, float(angle), turn_m) for angle in tried)
    return min(cells, key=lambda cell: cell.cost_m)


def cell_along(ground: Ground, polygon: Polygon, angle_rad: float, turn_m: float) -> Cell:
    """Return *polygon* with rows along *angle_rad*."""
    rows = rows_along(ground, polygon, angle_rad)
    length_m = float(np.hypot(*(rows[:, 1] - rows[:, 0]).T).sum())
    cost_m = length_m + len(rows) * (ground.spacing_m + 2 * turn_m) if len(rows) else math.inf
    return Cell(polygon=polygon, angle_rad=angle_rad, rows=rows, cost_m=cost_m)


def cut_cells(ground: Ground, turn_m: float, effort: Effort) -> tuple[Cell, ...]:
    """Return the ground cut into cells, one or more, as long as a cut saves and *effort* is left."""
    todo = [best_cell(ground, ground.room_polygon, turn_m)]
    done: list[Cell] = []
    while todo:
        cell = todo.pop()
        parts = _cut(ground, cell, turn_m, effort) if len(todo) + len(done) < _MOST_CELLS else None
        if parts is None:
            done.append(cell)
        else:
            todo.extend(parts)
    return tuple(done)


def band_cells(ground: Ground, angle_rad: float, turn_m: float) -> tuple[Cell, ...]:
    """Return the ground cut right across along all its long edges of direction *angle_rad*: lanes, and what is between.

    Each cell has rows along that direction or across it. Empty, where there is nothing to cut, or far too much.
    """
    polygon, turn = ground.room_polygon, rotation(angle_rad)
    turned = edges_of(polygon) @ turn
    heights = _edge_heights(turned, 2 * ground.swath_m)
    if not 1 <= len(heights) <= _MOST_BANDS:
        return ()
    west, east = float(turned[:, :, 0].min()) - 1, float(turned[:, :, 0].max()) + 1
    places = np.stack([np.column_stack((np.full(len(heights), x), heights)) for x in (west, east)], axis=1)
    parts = _split(polygon, shapely.union_all(shapely.linestrings(places @ turn.T)))
    angles = np.array([angle_rad, angle_rad + math.pi / 2])
    return tuple(best_cell(ground, part, turn_m, angles) for part in parts if part.area > _ON_BORDER_M * ground.swath_m)


def _edge_heights(turned: FloatArray, least_m: float) -> FloatArray:
    """Return at which heights edges lie level, together at least *least_m* long, apart from the outermost."""
    runs = turned[:, 1] - turned[:, 0]
    level = np.abs(runs[:, 1]) < _LEVEL * np.abs(runs[:, 0])
    ys, lengths = turned[level].mean(axis=1)[:, 1], np.abs(runs[level, 0])
    order = np.argsort(ys)
    ys, lengths = ys[order], lengths[order]
    groups = np.split(np.arange(len(ys)), np.flatnonzero(np.diff(ys) > 10 * _ON_BORDER_M) + 1)
    heights = [float(ys[group].mean()) for group in groups if lengths[group].sum() >= least_m]
    low, high = turned[:, :, 1].min(), turned[:, :, 1].max()
    return np.array([height for height in heights if low + 0.1 < height < high - 0.1])


def directions(polygon: Polygon, swath_m: float, *, fan: int, most: int) -> FloatArray:
    """Return the directions of the *most* longest edges, those across, and *fan* more, in radians from 0 to pi."""
    edges = edges_of(polygon.simplify(swath_m / 10))
    runs = edges[:, 1] - edges[:, 0]
    longest = np.argsort(-np.hypot(*runs.T))[:most]
    angles = np.arctan2(runs[longest, 1], runs[longest, 0])
    evenly = np.linspace(0, np.pi, fan, endpoint=False)
    exact = np.mod(np.concatenate((angles, angles + np.pi / 2, evenly)), np.pi)
    _, first = np.unique(np.mod(np.round(exact / _SAME_RAD), round(np.pi / _SAME_RAD)), return_index=True)
    return np.asarray(exact[np.sort(first)])


def rows_along(ground: Ground, polygon: BaseGeometry, angle_rad: float) -> FloatArray:
    """Return rows along *angle_rad* over *polygon*, shape (n, 2 ends, 2)."""
    if polygon.is_empty:
        return np.empty((0, 2, 2))
    turn = rotation(angle_rad)
    turned = edges_of(polygon) @ turn
    ys = turned[:, :, 1]
    low, high = float(ys.min()), float(ys.max())
    first_m, last_m = (_edge_m(ground, turned, level, turn) for level in (low, high))
    heights = levels(low, high, spacing_m=ground.spacing_m, first_m=first_m, last_m=last_m)
    return pieces_at(ground, turned, heights, turn)


def pieces_at(ground: Ground, turned: FloatArray, heights: FloatArray, turn: FloatArray) -> FloatArray:
    """Return the rows at *heights* of the region with the edges *turned*, turned back, shape (n, 2 ends, 2)."""
    spans, row = chords(turned, heights)
    long = spans[:, 1] - spans[:, 0] > _SHORTEST_ROW * ground.swath_m
    places = np.column_stack((spans[long].ravel(), np.repeat(heights[row[long]], 2)))
    return (places @ turn.T).reshape(-1, 2, 2)


def _edge_m(ground: Ground, turned: FloatArray, level: float, turn: FloatArray) -> float:
    """Return how far from its edge at *level* the first row may lie: less, where more rows are needed behind a cut."""
    flat = turned[(np.abs(turned[:, :, 1] - level) < _ON_BORDER_M).all(axis=1)]
    if not len(flat):
        return ground.swath_m / 2
    middles = shapely.points(flat.mean(axis=1) @ turn.T)
    are_border = shapely.dwithin(ground.border, middles, _ON_BORDER_M + 2 * INSET_M)
    return ground.swath_m / 2 if are_border.all() else ground.spacing_m / 2


def _cut(ground: Ground, cell: Cell, turn_m: float, effort: Effort) -> list[Cell] | None:
    best: list[Cell] | None = None
    best_m = cell.cost_m - turn_m
    for line in _cuts(cell.polygon):
        if effort.is_over():
            break
        effort.spend(_STEPS_PER_CUT + _STEPS_PER_CORNER * int(shapely.get_num_coordinates(cell.polygon)))
        parts = _split(cell.polygon, line)
        if len(parts) < 2 or any(part.area < _SLIVER * ground.swath_m**2 for part in parts):
            continue
        cells = [best_cell(ground, part, turn_m) for part in parts]
        cost_m = sum(part.cost_m for part in cells)
        if cost_m < best_m:
            best, best_m = cells, cost_m
    return best


def _cuts(polygon: Polygon) -> Iterator[BaseGeometry]:
    """Yield lines through the edges at the corners that stick in: right across, and to the next border only."""
    far = 2 * math.hypot(polygon.bounds[2] - polygon.bounds[0], polygon.bounds[3] - polygon.bounds[1])
    seen: set[tuple[float, float]] = set()
    for corner, run in _edges_at_corners(polygon)[:_MOST_CUTS]:
        key = (
            round(math.atan2(run[1], run[0]) % math.pi, 2) % 3.14,
            round(abs(corner[0] * run[1] - corner[1] * run[0]), 1),
        )
        if key in seen:
            continue
        seen.add(key)
        whole = LineString([corner - far * run, corner + far * run])
        yield whole
        pieces = [piece for piece in shapely.get_parts(shapely.intersection(whole, polygon)) if piece.length > 0]
        near = [piece for piece in pieces if piece.distance(Point(corner)) < 1e-6]
        if 0 < len(near) < len(pieces):
            yield shapely.union_all(near)


def _edges_at_corners(polygon: Polygon) -> list[tuple[FloatArray, FloatArray]]:
    found = []
    for ring in shapely.get_rings(shapely.orient_polygons(polygon)):
        points = shapely.get_coordinates(ring)[:-1]
        come = points - np.roll(points, 1, axis=0)
        go = np.roll(points, -1, axis=0) - points
        for n in np.flatnonzero(come[:, 0] * go[:, 1] - come[:, 1] * go[:, 0] < 0).tolist():
            for run in (come[n], go[n]):
                length = float(np.hypot(*run))
                found.append((length, points[n], run / length))
    found.sort(key=lambda item: -item[0])
    return [(corner, run) for _, corner, run in found]


def _split(polygon: Polygon, line: BaseGeometry) -> list[Polygon]:
    edges = united([polygon.boundary, shapely.intersection(line, polygon)])
    faces = shapely.get_parts(shapely.polygonize([edges]))
    inside = shapely.covers(polygon.buffer(1e-5), shapely.point_on_surface(faces))
    return [face for face, is_inside in zip(faces, inside, strict=True) if is_inside]
