"""What the live guard says of one vehicle, by looking at every prism with shapely alone: slow, and shares no code."""

import math
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from geofence.forbidden import Forbidden, ForbiddenSpace
from geofence.live_guard import GuardSettings

_CLOSING_M = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Whether it is where it may be, and its next breach: prism, seconds, metres (None: no breach)."""

    is_inside: bool
    breach: tuple[Forbidden, float, float] | None


def said_of(
    space: ForbiddenSpace,
    settings: GuardSettings,
    here: tuple[float, float],
    height_m: float,
    velocity: tuple[float, float, float],
) -> Said:
    """Return what there is to say of a vehicle at *here* (metres) and *height_m* with a *velocity* east, north, up."""
    stopping, (east, north, up) = settings.stopping, velocity
    speed = math.hypot(east, north)
    stop_s = stopping.reaction_s + speed / (2 * stopping.deceleration_m_s2)
    level_s = stopping.reaction_s + abs(up) / (2 * stopping.vertical_deceleration_m_s2)
    there = (here[0] + east * stop_s, here[1] + north * stop_s)
    is_inside, first = True, None
    for prism in space.prisms:
        inside = prism.area.intersects(shapely.Point(here))
        is_inside &= not (inside and prism.lowest_m < height_m < prism.highest_m)
        upright_m = _upright_m(height_m, height_m + up * level_s, prism, settings.height_margin_m)
        level_m = _level_m(here, there, prism.area, settings.margin_m)
        if upright_m is None or level_m is None:
            continue
        in_s = max(level_m / speed if level_m else 0.0, upright_m / abs(up) if upright_m else 0.0)
        if first is None or in_s < first[1]:
            first = (prism, in_s, max(level_m, upright_m))
    return Said(is_inside=is_inside, breach=first)


def _level_m(
    here: tuple[float, float], there: tuple[float, float], area: BaseGeometry, margin_m: float
) -> float | None:
    point, end = shapely.Point(here), shapely.Point(there)
    path = shapely.LineString([here, there])
    here_m = area.distance(point)
    if here_m == 0:
        return 0.0
    if here_m < margin_m:
        return 0.0 if min(area.distance(end), area.distance(path)) < here_m - _CLOSING_M else None
    contact = path.intersection(area.buffer(margin_m, quad_segs=64))
    return None if contact.is_empty else float(point.distance(contact))


def _upright_m(height_m: float, end_m: float, prism: Forbidden, margin_m: float) -> float | None:
    here_gap_m, end_gap_m = _gap_m(height_m, prism), _gap_m(end_m, prism)
    passes = min(height_m, end_m) < prism.lowest_m and prism.highest_m < max(height_m, end_m)
    nearest_m = 0.0 if passes else end_gap_m
    if here_gap_m == 0:
        return 0.0
    if here_gap_m < margin_m:
        return 0.0 if nearest_m < here_gap_m - _CLOSING_M else None
    return here_gap_m - margin_m if nearest_m < margin_m else None


def _gap_m(height_m: float, prism: Forbidden) -> float:
    return max(prism.lowest_m - height_m, height_m - prism.highest_m, 0.0)
