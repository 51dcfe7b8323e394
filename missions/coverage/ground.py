"""The ground that is to be covered, and the room in it where legs may run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from core.errors import InvalidInput
from geofence.frames import FloatArray
from geofence.overlay import united, without
from missions.coverage.rows import reflex_corners

MOST_ROWS = 1500
_MANY_CORNERS = 400
INSET_M = 1e-3
"""Legs keep so far away from borders that rounding never puts them outside."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Ground:
    """One connected piece of ground in metres; its swath and the distance between rows that keeps the overlap."""

    area: Polygon
    swath_m: float
    spacing_m: float

    @cached_property
    def room(self) -> BaseGeometry:
        """Return where corners of the path may lie: the area without the last millimetre."""
        return self.area.buffer(-INSET_M, join_style="mitre")

    @cached_property
    def inner(self) -> BaseGeometry:
        """Return where the overlap is to be kept: further than half a swath from every edge."""
        return self.area.buffer(-self.swath_m / 2)

    @cached_property
    def border(self) -> BaseGeometry:
        """Return the outer border and those of the holes."""
        border = self.area.boundary
        shapely.prepare(border)
        return border

    @cached_property
    def room_polygon(self) -> Polygon:
        """Return the largest part of the room."""
        parts = [part for part in shapely.get_parts(self.room) if isinstance(part, Polygon)]
        return max(parts, key=lambda part: part.area, default=self.area)

    @cached_property
    def corners(self) -> FloatArray:
        """Return the corners round which ways lead, shape (n, 2): fewer, where a border has very many."""
        corners, rough_m = reflex_corners(self.room), self.swath_m / 200
        while len(corners) > _MANY_CORNERS and rough_m < self.swath_m / 5:
            smooth = shapely.simplify(self.area.buffer(-rough_m, join_style="mitre"), 0.9 * rough_m)
            corners = reflex_corners(smooth)
            rough_m *= 2
        return corners[shapely.contains_xy(self.area, *corners.T)] if len(corners) else np.empty((0, 2))

    @classmethod
    def pieces(
        cls, area: Polygon | MultiPolygon, *, swath_m: float, overlap: float, keep_outs: Sequence[Polygon]
    ) -> tuple[Self, ...]:
        """Return what is left of *area* without *keep_outs*, the largest piece first; raises InvalidInput."""
        _check_swath(swath_m, overlap)
        for polygon in (area, *keep_outs):
            _check_valid(polygon)
        _check_count(area, swath_m * (1 - overlap))
        left = without(area, united(keep_outs)) if keep_outs else area
        parts = [part for part in shapely.get_parts(left) if isinstance(part, Polygon) and part.area > 0]
        spacing_m = swath_m * (1 - overlap)
        ordered = sorted(parts, key=lambda part: -part.area)
        return tuple(cls(area=_prepared(part), swath_m=swath_m, spacing_m=spacing_m) for part in ordered)


def _prepared(area: Polygon) -> Polygon:
    shapely.prepare(area)
    return area


def _check_swath(swath_m: float, overlap: float) -> None:
    if not (math.isfinite(swath_m) and swath_m > 0 and 0 <= overlap < 1):
        remedy = "the swath is wider than 0 m, the overlap at least 0 and below 1"
        raise InvalidInput(f"a swath of {swath_m} m with overlap {overlap} covers nothing", where="area", remedy=remedy)


def _check_count(area: BaseGeometry, spacing_m: float) -> None:
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(area))
    if len(corners) < 5:
        return
    rows = math.ceil(float(np.hypot(*(corners[1:3] - corners[:2]).T).min()) / spacing_m)
    if rows > MOST_ROWS:
        remedy = "widen the swath or cut the area into parts"
        raise InvalidInput(f"the area would need {rows:,} rows", where="area", remedy=remedy)


def _check_valid(area: BaseGeometry) -> None:
    if not shapely.is_valid(area):
        reason = shapely.is_valid_reason(area)
        remedy = "draw the border so that it does not cross or touch itself"
        raise InvalidInput(f"the border is not a simple one: {reason}", where="area", remedy=remedy)
    if not all(math.isfinite(value) for value in area.bounds):
        raise InvalidInput("the area is empty", where="area", remedy="give it at least three corners")
