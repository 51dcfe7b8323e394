"""Touches: short legs put into a line where it leaves ground unswept."""

from collections.abc import Iterator

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray
from geofence.prisms import BoolArray
from missions.coverage import measure
from missions.coverage.ground import Ground
from missions.coverage.line import Line
from missions.coverage.roads import Roads

MISSED_RATIO = 0.001
"""Share of the ground that may stay unswept."""
_ROUNDS = 40
_PLAIN = 0.4
"""A gap that fills less of its rectangle than this is taken in parts."""
_TRIED = 24
_INTO = 1e-3
_SIDES = 4
_SHORTEST_M = 1e-5


def mended(ground: Ground, line: Line) -> Line:
    """Return *line* with touches wherever too much is unswept."""
    for _ in range(_ROUNDS):
        gaps = too_much(ground, measure.unswept(ground, line.starts, line.ends))
        if not gaps:
            break
        for gap in gaps:
            line = _touched(ground, line, gap)
    return line


def too_much(ground: Ground, unswept: BaseGeometry) -> list[Polygon]:
    """Return the largest gaps, so many that what is left of *unswept* may stay."""
    gaps = [part for gap in shapely.get_parts(unswept) for part in _plain_parts(gap, ground.swath_m)]
    gaps.sort(key=lambda part: -part.area)
    left_m2 = float(sum(gap.area for gap in gaps))
    chosen = []
    for gap in gaps:
        if left_m2 <= 0.99 * MISSED_RATIO * ground.area.area:
            break
        chosen.append(gap)
        left_m2 -= gap.area
    return chosen


def _plain_parts(gap: BaseGeometry, swath_m: float) -> Iterator[Polygon]:
    """Yield *gap*, or its parts if it has branches or holes, so that each has a middle line through most of it."""
    if not isinstance(gap, Polygon) or gap.area <= 0:
        return
    west, south, east, north = gap.bounds
    is_small = max(east - west, north - south) <= swath_m
    if is_small or gap.area > _PLAIN * shapely.minimum_rotated_rectangle(gap).area:
        yield gap
        return
    middle = ((west + east) / 2, (south + north) / 2)
    wide = east - west > north - south
    halves = (
        (west, south, middle[0] if wide else east, north if wide else middle[1]),
        (middle[0] if wide else west, south if wide else middle[1], east, north),
    )
    for half in halves:
        for part in shapely.get_parts(shapely.intersection(gap, shapely.box(*half))):
            yield from _plain_parts(part, swath_m)


def _touched(ground: Ground, line: Line, gap: Polygon) -> Line:
    touch = touch_of(ground.room, gap, ground.swath_m / 2)
    if touch is None:
        return line
    for leg, inner, is_row in _places(line, touch):
        if _is_clear(ground, np.vstack((line.points[leg], inner, line.points[leg + 1]))):
            return line.with_leg(leg, inner, is_row)
    return _by_road(ground, line, touch)


def touch_of(room: BaseGeometry, gap: Polygon, half_m: float) -> FloatArray | None:
    """Return both ends of the leg in *room* that sweeps most of *gap*, shape (2, 2).

    Tried are the middle lines of its rectangle, those through a place surely inside, and its longest sides.
    """
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(gap))
    if len(corners) < 5:
        return None
    middles = (corners[1:] + corners[:-1]) / 2
    place = shapely.get_coordinates(shapely.point_on_surface(gap))[0]
    west, south, east, north = gap.bounds
    room = shapely.clip_by_rect(room, west - half_m, south - half_m, east + half_m, north + half_m)
    across = [middles[[1, 3]], middles[[0, 2]]]
    through = [line - line.mean(axis=0) + place for line in across]
    sides = [_pulled(room, side) for side in _longest_sides(gap)]
    inside = [
        line for line in (_longest_inside(room, ends) for ends in (*across, *through, *sides)) if line is not None
    ]
    if not inside:
        return None
    lines = np.array(inside)
    swept_m2 = shapely.area(shapely.intersection(measure.strips(lines[:, 0], lines[:, 1], half_m), gap))
    return np.asarray(lines[np.argmax(swept_m2)])


def _longest_inside(room: BaseGeometry, ends: FloatArray) -> FloatArray | None:
    """Return the longest part in *room* of the line between *ends*."""
    inside = shapely.intersection(LineString(ends), room)
    lines = [part for part in shapely.get_parts(inside) if isinstance(part, LineString) and part.length > _SHORTEST_M]
    if not lines:
        return None
    return np.asarray(shapely.get_coordinates(max(lines, key=lambda part: part.length))[[0, -1]])


def _longest_sides(gap: Polygon) -> list[FloatArray]:
    ring = shapely.get_coordinates(gap.exterior)
    longest = np.argsort(-np.hypot(*np.diff(ring, axis=0).T))[:_SIDES]
    return [np.asarray(ring[at : at + 2]) for at in longest.tolist()]


def _pulled(room: BaseGeometry, places: FloatArray) -> FloatArray:
    """Return *places*, those outside *room* moved a little further in than its nearest border."""
    nearest = shapely.get_coordinates(shapely.shortest_line(room, shapely.points(places)))[::2]
    return np.asarray(nearest + _INTO * (nearest - places))


def _places(line: Line, touch: FloatArray) -> Iterator[tuple[int, FloatArray, BoolArray]]:
    """Yield the cheapest places for a touch: the leg to change, its new inner points, and which legs then are rows."""
    for leg, is_turned in _cheapest(line, touch):
        ends = touch[::-1] if is_turned else touch
        if line.is_row[leg]:
            foot = nearest_on(line.starts[[leg]], line.ends[[leg]], ends[0])
            yield leg, np.vstack((foot, ends, foot)), np.array([True, False, True, False, True])
        else:
            yield leg, ends, np.array([False, True, False])


def _cheapest(line: Line, touch: FloatArray) -> Iterator[tuple[int, bool]]:
    long_m = np.hypot(*(touch[1] - touch[0]))
    straight_m = np.hypot(*(line.ends - line.starts).T)
    costs = []
    for ends in (touch, touch[::-1]):
        foot = nearest_on(line.starts, line.ends, ends[0])
        spur = np.hypot(*(foot - ends[0]).T) + long_m + np.hypot(*(foot - ends[1]).T)
        through = np.hypot(*(line.starts - ends[0]).T) + long_m + np.hypot(*(line.ends - ends[1]).T) - straight_m
        costs.append(np.where(line.is_row, spur, through))
    both = np.concatenate(costs)
    for at in np.argsort(both)[:_TRIED]:
        yield int(at) % len(straight_m), bool(at >= len(straight_m))


def nearest_on(starts: FloatArray, ends: FloatArray, place: FloatArray) -> FloatArray:
    """Return the point of each leg that is nearest to *place*."""
    runs = ends - starts
    share = np.einsum("ij,ij->i", place - starts, runs) / np.maximum(np.einsum("ij,ij->i", runs, runs), 1e-12)
    return np.asarray(starts + np.clip(share, 0, 1)[:, None] * runs)


def _by_road(ground: Ground, line: Line, touch: FloatArray) -> Line:
    near = int(np.argmin(np.hypot(*(line.starts - touch[0]).T)))
    there = Roads(ground, np.vstack((line.points[near], touch))).way(0, 1)
    inner = np.vstack((there, touch[1:], there[::-1]))
    is_row = np.zeros(len(inner) + 1, dtype=bool)
    is_row[len(there)] = True
    is_row[-1] = line.is_row[near]
    return line.with_leg(near, inner, is_row)


def _is_clear(ground: Ground, line: FloatArray) -> bool:
    return bool(shapely.covers(ground.area, LineString(line)))
