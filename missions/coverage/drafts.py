"""First drafts of a line: sets of rows in the most promising directions, each strung together by a short tour."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Polygon

from geofence.frames import FloatArray
from geofence.prisms import BoolArray, IntArray
from missions.coverage import measure
from missions.coverage.cells import Cell, band_cells, cell_along, cut_cells, directions, rows_along
from missions.coverage.effort import Effort
from missions.coverage.fitted import fitted_rows, slanting_m2
from missions.coverage.ground import Ground
from missions.coverage.headlands import with_headlands
from missions.coverage.line import Line
from missions.coverage.path import Place, turns
from missions.coverage.repair import MISSED_RATIO, mended
from missions.coverage.roads import Roads
from missions.coverage.rows import edges_of
from missions.coverage.tour import Tour

_SINGLES = 4
_FITTED = 2
_ALIKE = 0.05
"""Rows that differ by less than so many swaths everywhere are tried once only."""
_WITH_HEADLANDS = 2
_LEAST_ROWS = 6
"""So many rows end at a border that is worth a headland."""
_TRYING, _CUTTING = 0.7, 0.15
"""Shares of the steps for trying row sets, and of these for cutting the ground."""
_FIRSTS, _KICKS = 3, 100
_STEPS_PER_ROW, _STEPS_PER_PAIR, _STEPS_PER_CORNER = 350, 1.5, 20
_FAN, _LONGEST = 12, 24
_MISSED_PRICE, _ALONG = 15, 1.5
"""What a swath squared counts that is missed and may not be, in swaths of way; or a long gap, in lengths of it."""
_LONG_GAP, _CORE = 4.0, 0.3
"""Gaps with a border of more swaths may be strips, and their core lies so many of their mean widths inside."""
_ORDERED, _CLOSE, _TRIED_FIRST = 3, 1.005, 0.5
"""So many drafts, if they cost hardly more than the best, have their order searched with this share of the effort."""
_FEW_ROWS, _LIKELY, _ALMOST = 30, 5, 1.01
"""Of up to so many rows, so many drafts have their gaps filled, and those that then cost at most this much are left."""
_STEPS_PER_FILLING, _STEPS_PER_TOUCH_POINT = 2000, 600
_SAME = 1e-3
_NEXT = 0.9
"""From row to row it is hardly less than this share of their distance."""
_MANY_HOLES = 6
_CHOICE = 0.375
"""What turns count when drafts are compared: later changes save turns, but not rows."""


@dataclass(slots=True, eq=False, kw_only=True)
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

    def best(self, effort: Effort) -> list[Line]:
        """Return the best drafts found with *effort*, the best first; among them the best with one direction only."""
        trying = effort.part(_TRYING)
        drafts: list[_Draft] = []
        for rows in self._row_sets(trying):
            if drafts and self._least_m(rows) > min(draft.cost_m for draft in drafts):
                continue
            drafts.append(self._draft(rows, trying))
            if trying.is_over():
                break
        effort.give_back(trying)
        drafts.sort(key=lambda draft: draft.cost_m)
        plain = next((draft for draft in drafts if _is_plain(draft.ends)), drafts[0])
        likely, filling = drafts, effort.part(0.0)
        if len(drafts[0].ends) <= 2 * _FEW_ROWS:
            likely = self._promising(drafts[:_LIKELY], filling)
        self._order([draft for draft in likely[:_ORDERED] if draft.cost_m <= _CLOSE * likely[0].cost_m], effort)
        effort.give_back(filling)
        best = sorted(likely[:_ORDERED], key=lambda draft: draft.cost_m)
        best = best if plain in best else [*best, plain]
        return [draft.strung(draft.order) for draft in best]

    def _promising(self, drafts: Sequence[_Draft], effort: Effort) -> list[_Draft]:
        """Return those of *drafts* that cost hardly more than the best once there are touches in all their gaps."""
        mended_m = [self._mended_m(draft.strung(draft.order), effort) for draft in drafts]
        most_m = _ALMOST * min(mended_m)
        return [draft for draft, cost_m in zip(drafts, mended_m, strict=True) if cost_m <= most_m]

    def _mended_m(self, line: Line, effort: Effort) -> float:
        whole = mended(self._ground, line)
        more = len(whole.points) - len(line.points)
        effort.spend(_STEPS_PER_FILLING + _STEPS_PER_TOUCH_POINT * more)
        return whole.length_m + self._ground.swath_m * turns(whole.points)

    def _least_m(self, rows: FloatArray) -> float:
        """Return about what *rows* cost at least, in any order and with all gaps closed by the ways between them."""
        rows_m = float(np.hypot(*(rows[:, 1] - rows[:, 0]).T).sum())
        return rows_m + (len(rows) - 1) * (_NEXT * self._ground.spacing_m + 2 * _CHOICE * self._turn_m)

    def _order(self, drafts: Sequence[_Draft], effort: Effort) -> None:
        """Search the order of each of *drafts*, most of all that of the best."""
        for draft in drafts:
            self._reorder(draft, effort, effort.left * _TRIED_FIRST / len(drafts) / 4, 4)
        self._reorder(min(drafts, key=lambda draft: draft.cost_m), effort, max(0.0, effort.left), 1)

    def _reorder(self, draft: _Draft, effort: Effort, steps: float, times: int) -> None:
        """Take the best of so many searches of *steps* each for the order of *draft*."""
        per_kick = _steps_per_kick(len(draft.ends) // 2)
        kicks = int(max(0.0, steps) / per_kick)
        orders = [draft.order, *(draft.tour.improved(draft.order, self._rng, kicks) for _ in range(times))]
        effort.spend(times * kicks * per_kick)
        order = min(orders, key=draft.tour.length)
        draft.cost_m += draft.tour.length(order) - draft.tour.length(draft.order)
        draft.order = order

    def cost_m(self, line: Line) -> float:
        """Return what *line* costs: its length, its turns and what it leaves unswept and may not, in metres."""
        turn_m = _CHOICE * self._turn_m * turns(line.points)
        return line.length_m + turn_m + filling_m(self._ground, line)

    def _row_sets(self, effort: Effort) -> Iterator[FloatArray]:
        ground, polygon = self._ground, self._ground.room_polygon
        angles = directions(polygon, ground.swath_m, fan=_FAN, most=_LONGEST)
        cells = [cell_along(ground, polygon, float(angle), self._turn_m) for angle in angles]
        missed_m2 = np.maximum(0.0, slanting_m2(ground, angles) - MISSED_RATIO * ground.area.area)
        dearer_m = dict(zip(angles.tolist(), (_MISSED_PRICE * missed_m2 / ground.swath_m).tolist(), strict=True))
        cells = sorted(
            (cell for cell in cells if len(cell.rows)), key=lambda cell: cell.cost_m + dearer_m[cell.angle_rad]
        )
        if not cells:
            yield _single(polygon)
            return
        has_many_holes = len(polygon.interiors) > _MANY_HOLES
        if has_many_holes:
            yield from self._bands()
        yield cells[0].rows
        yield from self._fitted(cells[:1])
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
        yield from self._fitted(cells[1:_FITTED])
        yield from (cell.rows for cell in cells[1:_SINGLES])

    def _fitted(self, cells: Sequence[Cell]) -> Iterator[FloatArray]:
        """Yield the rows of *cells*, which are the whole ground each, at other heights where these differ."""
        for cell in cells:
            rows = fitted_rows(self._ground, cell.angle_rad, self._turn_m)
            if len(rows) and not _are_alike(rows, cell.rows, _ALIKE * self._ground.swath_m):
                yield rows

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


def _are_alike(rows: FloatArray, others: FloatArray, near_m: float) -> bool:
    return rows.shape == others.shape and bool(np.abs(rows - others).max() < near_m)


def filling_m(ground: Ground, line: Line) -> float:
    """Return roughly how much longer *line* gets when so much more is swept that the rest may stay."""
    gaps = shapely.get_parts(measure.unswept(ground, line.starts, line.ends))
    areas = shapely.area(gaps)
    order = np.argsort(areas)
    stays = np.cumsum(areas[order]) <= MISSED_RATIO * ground.area.area
    filled = order[~stays]
    plain_m = _MISSED_PRICE * areas[filled] / ground.swath_m
    return float(np.maximum(plain_m, _ALONG * _strips_m(gaps[filled], ground.swath_m)).sum())


def _strips_m(gaps: np.ndarray, swath_m: float) -> FloatArray:
    """Return how long each of *gaps* is where it is about evenly wide, less a swath for each such strip."""
    found_m = np.zeros(len(gaps))
    long = np.flatnonzero(shapely.length(gaps) > _LONG_GAP * swath_m)
    even_m = 2 * shapely.area(gaps[long]) / shapely.length(gaps[long])
    cores, gap = shapely.get_parts(shapely.buffer(gaps[long], -_CORE * even_m, join_style="mitre"), return_index=True)
    np.add.at(found_m, long[gap], np.maximum(0.0, shapely.length(cores) / 2 - swath_m))
    return found_m


def _is_plain(ends: FloatArray) -> bool:
    """Say whether rows with these *ends*, shape (2n, 2), have all the same direction."""
    runs = ends[1::2] - ends[::2]
    headings = np.arctan2(runs[:, 1], runs[:, 0])
    return bool(np.abs(np.sin(headings - headings[0])).max() < _SAME)


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
