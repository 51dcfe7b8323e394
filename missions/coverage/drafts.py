"""First drafts of a line: sets of rows in the most promising directions, each strung together by a short tour."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Polygon

from geofence.frames import FloatArray
from geofence.prisms import BoolArray, IntArray
from missions.coverage import measure
from missions.coverage.cells import band_cells, cell_along, cut_cells, directions, rows_along
from missions.coverage.effort import Effort
from missions.coverage.ground import Ground
from missions.coverage.headlands import with_headlands
from missions.coverage.line import Line
from missions.coverage.path import Place, turns
from missions.coverage.repair import MISSED_RATIO
from missions.coverage.roads import Roads
from missions.coverage.rows import edges_of
from missions.coverage.tour import Tour

_SINGLES = 4
_WITH_HEADLANDS = 2
_LEAST_ROWS = 6
"""So many rows end at a border that is worth a headland."""
_TRYING, _CUTTING = 0.7, 0.15
"""Shares of the steps for trying row sets, and of these for cutting the ground."""
_FIRSTS, _KICKS = 3, 100
_STEPS_PER_ROW, _STEPS_PER_PAIR, _STEPS_PER_CORNER = 350, 1.5, 20
_FAN, _LONGEST = 12, 24
_MISSED_PRICE = 15
"""What a swath squared counts that is missed and may not be, in swaths of way."""
_MANY_HOLES = 6
_CHOICE = 0.6
"""What turns count when drafts are compared: later changes save turns, but not rows."""


@dataclass(slots=True, kw_only=True)
class _Draft:
    """Rows with the ways between them and their order so far."""

    ends: FloatArray
    roads: Roads
    tour: Tour
    order: IntArray
    cost_m: float = 0.0

    def strung(self, order: IntArray) -> Line:
        """Return the rows strung together in *order*."""
        parts = list(_parts(self.ends, self.roads, order.tolist()))
        return Line(
            points=np.vstack([points for points, _ in parts]),
            is_row=np.concatenate([is_row for _, is_row in parts])[1:],
        )


class Drafts:
    """Makes drafts over one ground; a turn counts as much as *turn_m* of way."""

    def __init__(self, ground: Ground, *, start: Place | None, turn_m: float, rng: np.random.Generator) -> None:
        self._ground, self._start, self._turn_m, self._rng = ground, start, turn_m, rng

    def best(self, effort: Effort) -> Line:
        """Return the best draft found with *effort*; at least one is always made."""
        trying = effort.part(_TRYING)
        best: _Draft | None = None
        for rows in self._row_sets(trying):
            draft = self._draft(rows, trying)
            if best is None or draft.cost_m < best.cost_m:
                best = draft
            if trying.is_over():
                break
        assert best is not None
        effort.give_back(trying)
        return self._ordered(best, effort)

    def _ordered(self, draft: _Draft, effort: Effort) -> Line:
        """Return *draft* with its rows in the best order found: most kicks go to the best of several orders."""
        pieces = len(draft.ends) // 2
        kicks = int(max(0.0, effort.left) / _steps_per_kick(pieces) / 2)
        orders = [draft.order, *(draft.tour.improved(draft.order, self._rng, kicks // 4) for _ in range(4))]
        best = draft.tour.improved(min(orders, key=draft.tour.length), self._rng, kicks)
        effort.spend(2 * kicks * _steps_per_kick(pieces))
        return draft.strung(best)

    def cost_m(self, line: Line) -> float:
        """Return what *line* costs: its length, its turns and what it leaves unswept and may not, in metres."""
        unswept_m2 = measure.unswept(self._ground, line.starts, line.ends).area
        missed_m2 = max(0.0, unswept_m2 - MISSED_RATIO * self._ground.area.area)
        return (
            line.length_m
            + _CHOICE * self._turn_m * turns(line.points)
            + _MISSED_PRICE * missed_m2 / self._ground.swath_m
        )

    def _row_sets(self, effort: Effort) -> Iterator[FloatArray]:
        ground, polygon = self._ground, self._ground.room_polygon
        angles = directions(polygon, ground.swath_m, fan=_FAN, most=_LONGEST)
        cells = [cell_along(ground, polygon, float(angle), self._turn_m) for angle in angles]
        cells = sorted((cell for cell in cells if len(cell.rows)), key=lambda cell: cell.cost_m)
        if not cells:
            yield _single(polygon)
            return
        has_many_holes = len(polygon.interiors) > _MANY_HOLES
        if has_many_holes:
            yield from self._bands()
        yield cells[0].rows
        if not has_many_holes:
            cutting = effort.part(_CUTTING)
            cut = cut_cells(ground, self._turn_m, cutting)
            effort.give_back(cutting)
            if len(cut) > 1:
                yield np.concatenate([cell.rows for cell in cut])
        if not has_many_holes:
            yield from self._bands()
        for cell in cells[:_WITH_HEADLANDS]:
            yield from self._with_headlands(cell.angle_rad)
        yield from (cell.rows for cell in cells[1:_SINGLES])

    def _with_headlands(self, angle_rad: float) -> Iterator[FloatArray]:
        headlands, field = with_headlands(self._ground, angle_rad, _LEAST_ROWS)
        if len(headlands):
            yield np.concatenate((headlands, rows_along(self._ground, field, angle_rad)))

    def _bands(self) -> Iterator[FloatArray]:
        ground = self._ground
        for angle in directions(ground.room_polygon, ground.swath_m, fan=0, most=1):
            if bands := band_cells(ground, float(angle), self._turn_m):
                yield np.concatenate([cell.rows for cell in bands])

    def _draft(self, rows: FloatArray, effort: Effort) -> _Draft:
        ends = rows.reshape(-1, 2)
        roads = Roads(self._ground, ends, self._turn_m)
        tour = Tour(_costs(ends, roads, self._start))
        firsts = self._rng.choice(len(ends), size=min(_FIRSTS, len(ends)), replace=False)
        orders = [tour.better(tour.nearest_first(int(first))) for first in firsts]
        order = tour.improved(min(orders, key=tour.length), self._rng, _KICKS)
        draft = _Draft(ends=ends, roads=roads, tour=tour, order=order)
        draft.cost_m = self.cost_m(draft.strung(draft.order))
        effort.spend(_KICKS * _steps_per_kick(len(rows)) + (_STEPS_PER_ROW + _STEPS_PER_PAIR * len(rows)) * len(rows))
        effort.spend(_STEPS_PER_CORNER * int(shapely.get_num_coordinates(self._ground.area)))
        return draft


def _steps_per_kick(pieces: int) -> float:
    return 100 + 1.5 * pieces


def _single(polygon: Polygon) -> FloatArray:
    """Return one row along the longest side of a piece that is too small for rows, shape (1, 2 ends, 2)."""
    edges = edges_of(polygon)
    return edges[[int(np.argmax(np.hypot(*(edges[:, 1] - edges[:, 0]).T)))]]


def _costs(ends: FloatArray, roads: Roads, start: Place | None) -> FloatArray:
    lengths = roads.between()
    straight = np.hypot(*(ends[:, None] - ends[None]).transpose(2, 0, 1))
    cost = np.zeros((len(ends) + 1, len(ends) + 1))
    cost[:-1, :-1] = np.where(np.isinf(lengths), 10 * straight, lengths)
    if start is not None:
        cost[-1, :-1] = np.hypot(*(ends - start).T)
    return cost


def _parts(ends: FloatArray, roads: Roads, order: list[int]) -> Iterator[tuple[FloatArray, BoolArray]]:
    """Yield the points of each row and of the way to it, with what the leg to each point is (a row or not)."""
    yield ends[order[:2]], np.array([False, True])
    for n in range(2, len(order), 2):
        way = roads.way(order[n - 1], order[n])[1:]
        yield np.vstack((way, ends[order[n + 1]])), np.append(np.zeros(len(way), dtype=bool), True)
