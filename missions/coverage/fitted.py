"""Rows of one direction at the heights where they cost least, beside level edges instead of evenly spread.

A level edge needs a row within half a swath, and rows lie at most one distance apart; of all such sets of heights the
one with the least length and the fewest pieces is found by dynamic programming over the heights that matter.
"""

from collections import deque

import numpy as np
import shapely

from geofence.frames import FloatArray
from missions.coverage.cells import pieces_at
from missions.coverage.ground import Ground
from missions.coverage.rows import chords, edges_of, rotation

_LEVEL = 0.05
"""Edges that rise less than this share of their run are level."""
_OFF = 0.02
"""A row lies at least so many swaths off a level edge."""
_STEPS, _MOST_HEIGHTS = 8, 4000
"""Steps for each distance of rows, and how many heights are looked at."""
_SPARE = 1e-3
"""A row may lie so many swaths farther off, so that a hair's breadth costs no row."""
_NEARER = 2e-5
"""By this share rows lie nearer than they may: strips that only touch are hard to unite."""


def fitted_rows(ground: Ground, angle_rad: float, turn_m: float) -> FloatArray:
    """Return rows along *angle_rad*, shape (n, 2 ends, 2), a turn counting as *turn_m*; none where it cannot be."""
    turn = rotation(angle_rad)
    turned = edges_of(shapely.orient_polygons(ground.room_polygon)) @ turn
    windows = _windows(turned, ground.swath_m)
    heights = _heights(turned, windows, ground.spacing_m)
    chosen = _cheapest(heights, _costs(ground, turned, heights, turn_m), windows, ground.spacing_m)
    return pieces_at(ground, turned, heights[chosen], turn) if len(chosen) else np.empty((0, 2, 2))


def slanting_m2(ground: Ground, angles: FloatArray) -> FloatArray:
    """Return roughly what rows along each of *angles* leave unswept as triangles before slanting borders."""
    edges, spacing_m = edges_of(ground.room_polygon), ground.spacing_m
    runs = edges[:, 1] - edges[:, 0]
    along = np.abs(np.outer(np.cos(angles), runs[:, 0]) + np.outer(np.sin(angles), runs[:, 1]))
    across = np.abs(np.outer(np.cos(angles), runs[:, 1]) - np.outer(np.sin(angles), runs[:, 0]))
    bare_m = max(0.0, spacing_m - ground.swath_m / 2)
    slanting_m: FloatArray = (along * np.minimum(1.0, across / spacing_m)).sum(axis=1)
    return bare_m**2 / (2 * spacing_m) * slanting_m


def _windows(turned: FloatArray, swath_m: float) -> FloatArray:
    """Return between which heights a row must lie for each level edge, shape (n, 2), both ends of the ground first."""
    ys, runs = turned[:, :, 1], turned[:, 1] - turned[:, 0]
    low, high, off_m = float(ys.min()), float(ys.max()), _OFF * swath_m
    level = (np.abs(runs[:, 1]) < _LEVEL * np.abs(runs[:, 0])) & (np.abs(runs[:, 0]) > swath_m)
    bottom, top = ys[level].min(axis=1), ys[level].max(axis=1)
    is_below = runs[level, 0] < 0
    reach_m = (0.5 + _SPARE) * swath_m
    begin = np.where(is_below, top - reach_m, top + off_m)
    end = np.where(is_below, bottom - off_m, bottom + reach_m)
    inside = np.column_stack((begin, end))[begin < end]
    return np.vstack(([[low + off_m, low + reach_m], [high - reach_m, high - off_m]], inside))


def _heights(turned: FloatArray, windows: FloatArray, spacing_m: float) -> FloatArray:
    """Return the heights that rows may have: even steps, and whole distances from the ends of windows."""
    low, high = float(turned[:, :, 1].min()), float(turned[:, :, 1].max())
    step_m = spacing_m * (1 - _NEARER)
    even = np.arange(windows[0, 1], windows[1, 0], step_m / _STEPS)
    far = int((high - low) / step_m) + 1
    ends = np.unique(np.round(windows.ravel(), 6))
    fits = len(ends) * (2 * far + 1) < _MOST_HEIGHTS
    exact = (ends[:, None] + step_m * np.arange(-far, far + 1)).ravel() if fits else ends
    heights = np.unique(np.concatenate((even, exact, ends)))
    return heights[(heights > low) & (heights < high)]


def _costs(ground: Ground, turned: FloatArray, heights: FloatArray, turn_m: float) -> FloatArray:
    spans, row = chords(turned, heights)
    each_m = spans[:, 1] - spans[:, 0] + ground.spacing_m + 2 * turn_m
    return np.asarray(np.bincount(row, weights=each_m, minlength=len(heights)), dtype=np.float64)


def _cheapest(heights: FloatArray, costs: FloatArray, windows: FloatArray, spacing_m: float) -> list[int]:
    """Return which *heights* cost least so that each window has one and none lie farther apart than rows may."""
    by_end = windows[np.argsort(windows[:, 1])]
    passed = np.searchsorted(by_end[:, 1], heights, "left")
    last_begin = np.append(-np.inf, np.maximum.accumulate(by_end[:, 0]))[passed]
    least = np.maximum(last_begin, heights - spacing_m * (1 - _NEARER / 2))
    firsts = np.searchsorted(heights, least, "left").tolist()
    best, before = costs.tolist(), [-1] * len(heights)
    near: deque[int] = deque()
    for n, first in enumerate(firsts):
        while near and near[0] < first:
            near.popleft()
        if passed[n]:
            before[n] = near[0] if near else -1
            best[n] = best[n] + best[near[0]] if near else np.inf
        while near and best[near[-1]] >= best[n]:
            near.pop()
        near.append(n)
    ends = np.flatnonzero(heights >= windows[:, 0].max())
    return _traced(int(ends[np.argmin(np.array(best)[ends])]), best, before) if len(ends) else []


def _traced(last: int, best: list[float], before: list[int]) -> list[int]:
    if np.isinf(best[last]):
        return []
    trace = [last]
    while before[trace[-1]] >= 0:
        trace.append(before[trace[-1]])
    return trace[::-1]
