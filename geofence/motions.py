"""Vehicles on their way to a standstill, and what that way breaks: whole fleets at once."""

from dataclasses import dataclass

import numpy as np
import shapely

from geofence.forbidden import ForbiddenSpace
from geofence.frames import FloatArray
from geofence.prisms import IntArray
from geofence.route_shapes import segments
from geofence.verdicts import Breaches

_CLOSING_M = 0.05
"""A vehicle inside of the guard's margin is held only when its way to a standstill brings it this much nearer."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Motions:
    """Where n vehicles are and where they would come to a standstill, shape (n, 2), with heights and speeds (n,)."""

    here: FloatArray
    there: FloatArray
    heights_m: FloatArray
    end_heights_m: FloatArray
    speeds_m_s: FloatArray
    climbs_m_s: FloatArray

    def pick(self, index: IntArray) -> "Motions":
        """Return the motions of *index*, in its order."""
        return Motions(**{name: getattr(self, name)[index] for name in self.__dataclass_fields__})


def breaches(
    space: ForbiddenSpace,
    motions: Motions,
    rows: IntArray,
    prisms: IntArray,
    *,
    margin_m: float,
    height_margin_m: float,
) -> Breaches:
    """Return what k motions do to *prisms*, both of shape (k,) as *rows*, which tells whose motions they are."""
    is_over = np.asarray(shapely.intersects_xy(space.areas[prisms], motions.here[:, 0], motions.here[:, 1]))
    lowest_m, highest_m = space.lowest_m[prisms], space.highest_m[prisms]
    upright_m = _upright_m(motions, lowest_m, highest_m, height_margin_m)
    level_m = np.where(is_over, 0.0, np.inf)
    asked = np.flatnonzero(~is_over & np.isfinite(upright_m))
    level_m[asked] = _level_m(space, motions.pick(asked), prisms[asked], margin_m)
    in_s = np.maximum(_seconds(level_m, motions.speeds_m_s), _seconds(upright_m, np.abs(motions.climbs_m_s)))
    return Breaches(
        rows=rows,
        prisms=prisms,
        in_s=in_s,
        distance_m=np.maximum(level_m, upright_m),
        is_in=np.asarray(is_over & (lowest_m < motions.heights_m) & (motions.heights_m < highest_m)),
    )


def _level_m(space: ForbiddenSpace, motions: Motions, prisms: IntArray, margin_m: float) -> FloatArray:
    """Return the metres over ground to the first contact of each with its area, grown by the margin; inf: none."""
    here_m, level_m = space.borders.approaches_m(motions.here, motions.there, prisms, within_m=margin_m)
    near = np.flatnonzero(np.isfinite(here_m))
    ways = motions.pick(near)
    nearest_m = shapely.distance(space.areas[prisms[near]], segments(ways.here, ways.there))
    level_m[near] = np.where(nearest_m < here_m[near] - _CLOSING_M, 0.0, np.inf)
    return level_m


def _upright_m(motions: Motions, lowest_m: FloatArray, highest_m: FloatArray, margin_m: float) -> FloatArray:
    """Return the metres up or down to the first contact with the prism's heights, grown by the margin; inf: none."""
    here_m = _above_or_below_m(motions.heights_m, lowest_m, highest_m)
    end_m = _above_or_below_m(motions.end_heights_m, lowest_m, highest_m)
    passes = (motions.heights_m > highest_m) & (motions.end_heights_m < lowest_m)
    passes |= (motions.heights_m < lowest_m) & (motions.end_heights_m > highest_m)
    nearest_m = np.where(passes, 0.0, end_m)
    is_closing = nearest_m < here_m - _CLOSING_M
    from_outside = np.where(nearest_m < margin_m, here_m - margin_m, np.inf)
    outside_m = np.where(here_m < margin_m, np.where(is_closing, 0.0, np.inf), from_outside)
    return np.where(here_m == 0, 0.0, outside_m)


def _above_or_below_m(heights_m: FloatArray, lowest_m: FloatArray, highest_m: FloatArray) -> FloatArray:
    return np.maximum(np.maximum(lowest_m - heights_m, heights_m - highest_m), 0.0)


def _seconds(distance_m: FloatArray, speeds_m_s: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(distance_m > 0, distance_m / speeds_m_s, 0.0)
