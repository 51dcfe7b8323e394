"""What can be seen from a place: an angular depth buffer first, exact tests for what it leaves.

Around the eye the circle is cut into bins; every edge that spans a bin hides what lies farther in it (the z-buffer of
Catmull 1974, turned to angles). Only targets in front of that are tested against the edges that touch their bin.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray
from geofence.prisms import BoolArray, IntArray

PULL_M = 1e-5
"""Corners are pulled off the border by so much, so that ways along aligned walls touch nothing."""
_EPS_M = 1e-8
_EPS_BINS = 1e-6
_BINS = ((2500, 512), (5000, 1024))
_MOST_BINS = 2048
"""Bins for regions of up to so many walls: finer ones hide far and small things, and cost more for near ones."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Corners:
    """The corners that a shortest way may bend at, pulled off the border; `before` and `after` go to neighbours."""

    places: FloatArray
    before: FloatArray
    after: FloatArray

    @classmethod
    def of(cls, region: BaseGeometry) -> Self:
        """Return the corners of *region* at which it is not convex, arrays of shape (n, 2)."""
        parts = [_reflex(ring) for ring in _rings(region)]
        columns = [np.vstack([np.empty((0, 2)), *(part[n] for part in parts)]) for n in range(3)]
        return cls(places=columns[0], before=columns[1], after=columns[2])

    def pick(self, index: IntArray | BoolArray) -> Self:
        """Return the corners of *index*."""
        return type(self)(places=self.places[index], before=self.before[index], after=self.after[index])

    def touch(self, runs: FloatArray, at: int | slice = slice(None)) -> BoolArray:
        """Say along which *runs*, shape (n, 2), a line through the corners *at* leaves both neighbours on one side."""
        lengths = np.hypot(runs[:, 0], runs[:, 1])
        near = PULL_M * 10 * lengths
        one, other = _cross(runs, self.before[at]), _cross(runs, self.after[at])
        return np.asarray((one * other >= 0) | (np.abs(one) < near) | (np.abs(other) < near))


class Sights:
    """The edges of a region (its outer borders and the borders of its holes) as walls that hide what is behind."""

    def __init__(self, region: BaseGeometry) -> None:
        rings = list(_rings(region))
        self._from = np.vstack([np.empty((0, 2)), *rings])
        self._to = np.vstack([np.empty((0, 2)), *(np.roll(ring, -1, axis=0) for ring in rings)])
        self._length_m = np.hypot(*(self._to - self._from).T)
        self._bins = next((bins for walls, bins in _BINS if len(self._from) <= walls), _MOST_BINS)
        angles = np.arange(self._bins + 1) * 2 * np.pi / self._bins
        self._rays = np.column_stack((np.cos(angles), np.sin(angles)))

    def seen(self, eye: FloatArray, targets: FloatArray) -> BoolArray:
        """Say which *targets*, shape (n, 2), the straight line from *eye* reaches without crossing a wall."""
        runs = targets - eye
        if not len(self._from) or not len(runs):
            return np.ones(len(runs), dtype=bool)
        seen = np.zeros(len(runs), dtype=bool)
        starts, ends = self._from - eye, self._to - eye
        # a line that goes behind a wall goes in through its front first: the backs need not be looked at
        front = np.flatnonzero(_cross(starts, ends) > 0)
        view = _View.of(starts[front], ends[front], self._length_m[front], self._rays)
        bins = np.minimum(_angle(runs, self._bins).astype(np.intp), self._bins - 1)
        open_ = np.flatnonzero(np.hypot(runs[:, 0], runs[:, 1]) <= view.depth_m[bins])
        seen[open_] = ~view.hides(runs[open_], bins[open_])
        return seen


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _View:
    """The walls as seen from the eye: rows of (wall, bin that it touches) sorted by bin, and the depth of every bin."""

    starts: FloatArray
    ends: FloatArray
    lengths_m: FloatArray
    walls: IntArray
    first_of_bin: IntArray
    depth_m: FloatArray

    @classmethod
    def of(cls, starts: FloatArray, ends: FloatArray, lengths_m: FloatArray, rays: FloatArray) -> Self:
        """Return the view of walls that run anticlockwise around the origin.

        *rays* are the borders of the bins, the last one is the first.
        """
        count_of_bins = len(rays) - 1
        low = _angle(starts, count_of_bins)
        span = np.mod(_angle(ends, count_of_bins) - low, count_of_bins)
        first = np.floor(low - _EPS_BINS).astype(np.intp)
        count = np.floor(low + span + _EPS_BINS).astype(np.intp) - first + 1
        walls = np.repeat(np.arange(len(starts)), count)
        step = np.arange(len(walls)) - np.repeat(np.cumsum(count) - count, count)
        bins = np.mod(first[walls] + step, count_of_bins)
        inner = np.flatnonzero((step > 0) & (step < count[walls] - 1))
        depth = np.full(count_of_bins, np.inf)
        near, in_bin = walls[inner], bins[inner]
        np.minimum.at(depth, in_bin, _depths(starts[near], ends[near], rays[in_bin], rays[in_bin + 1]))
        order = np.argsort(bins.astype(np.int16), kind="stable")
        return cls(
            starts=starts,
            ends=ends,
            lengths_m=lengths_m,
            walls=walls[order],
            first_of_bin=np.searchsorted(bins[order], np.arange(count_of_bins + 1)),
            depth_m=depth * (1 + 1e-9),
        )

    def hides(self, runs: FloatArray, bins: IntArray) -> BoolArray:
        """Say which targets, *runs* away from the eye and in *bins*, lie behind a wall."""
        count = self.first_of_bin[bins + 1] - self.first_of_bin[bins]
        target = np.repeat(np.arange(len(runs)), count)
        step = np.arange(len(target)) - np.repeat(np.cumsum(count) - count, count)
        wall = self.walls[self.first_of_bin[bins[target]] + step]
        hidden = np.ones(len(runs), dtype=bool)
        for is_hit in self._crossings(runs[target], wall):
            behind = np.zeros(len(runs), dtype=bool)
            behind[target[is_hit]] = True
            hidden &= behind
        return hidden

    def _crossings(self, runs: FloatArray, wall: IntArray) -> tuple[BoolArray, BoolArray]:
        """Say which walls the lines cross if they ran a hair to the right of where they do, and a hair to the left.

        Only who is hidden both times is hidden: a line through a corner may touch it, or go into the wall there.
        """
        starts, ends, room = self.starts[wall], self.ends[wall], self.lengths_m[wall] * _EPS_M
        eye_side, target_side = _cross(starts, ends), _cross(starts - runs, ends - runs)
        divides = ((eye_side > room) & (target_side < -room)) | ((eye_side < -room) & (target_side > room))
        start_side, end_side = _cross(runs, starts), _cross(runs, ends)
        right = np.asarray(divides & ((start_side >= 0) != (end_side >= 0)))
        left = np.asarray(divides & ((start_side > 0) != (end_side > 0)))
        return right, left


def _depths(starts: FloatArray, ends: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Return how far the farther end of each wall's part between two rays is, for walls that span both."""
    area, along = np.abs(_cross(starts, ends)), ends - starts
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.maximum(area / np.abs(_cross(low, along)), area / np.abs(_cross(high, along)))
    return np.nan_to_num(far, nan=np.inf, posinf=np.inf)


def _angle(vectors: FloatArray, bins: int) -> FloatArray:
    """Return the directions of *vectors* in bins, 0 … *bins*."""
    return np.mod(np.arctan2(vectors[:, 1], vectors[:, 0]) * (bins / (2 * np.pi)), bins)


def _cross(one: FloatArray, other: FloatArray) -> FloatArray:
    return np.asarray(one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0])


def _rings(region: BaseGeometry) -> list[FloatArray]:
    polygons = [part for part in shapely.get_parts(region) if isinstance(part, Polygon) and not part.is_empty]
    rings = shapely.get_rings(shapely.orient_polygons(np.array(polygons, dtype=object)))
    return [_plain(shapely.get_coordinates(ring)[:-1]) for ring in rings]


def _plain(ring: FloatArray) -> FloatArray:
    return ring[np.any(ring != np.roll(ring, 1, axis=0), axis=1)]


def _reflex(ring: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the corners of *ring* (the region on its left) that stick into the region, and the ways to neighbours."""
    before, after = np.roll(ring, 1, axis=0) - ring, np.roll(ring, -1, axis=0) - ring
    come = -before / np.hypot(*before.T)[:, None]
    go = after / np.hypot(*after.T)[:, None]
    bends = _cross(come, go) < 0
    out = come - go + np.column_stack((-(come + go)[:, 1], (come + go)[:, 0]))
    places = ring + PULL_M * out / np.maximum(np.hypot(*out.T), 1e-300)[:, None]
    return places[bends], before[bends], after[bends]
