"""Strips over an area: back and forth like an ox that ploughs (boustrophedon), across its narrow side."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, MultiPoint, Point, Polygon, affinity
from shapely.geometry.base import BaseGeometry

from core.errors import InvalidInput

_SHORTEST_M = 0.5
_MOST_STRIPS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Strips in the order and direction of flight, in metres, and the share of the area that their swath covers."""

    strips: tuple[LineString, ...]
    covered_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Strip:
    row: int
    line: LineString


def cover(area: Polygon, *, flyable: BaseGeometry, swath_m: float, overlap: float, start: Point) -> Coverage:
    """Return strips that lie in *flyable* and cover *area* (both in metres, holes allowed), from near *start* on.

    Raises InvalidInput for a swath or an overlap that cannot be flown.
    """
    if not (math.isfinite(swath_m) and swath_m > 0 and 0 <= overlap < 1):
        remedy = "the swath is wider than 0 m, the overlap at least 0 and below 1"
        raise InvalidInput(f"a swath of {swath_m} m with overlap {overlap} covers nothing", where="area", remedy=remedy)
    spacing_m = swath_m * (1 - overlap)
    strips = _ordered(_strips(shapely.intersection(area, flyable), area, spacing_m), start)
    seen = shapely.union_all([strip.buffer(swath_m / 2, cap_style="flat") for strip in strips])
    return Coverage(strips=tuple(strips), covered_ratio=float(shapely.intersection(seen, area).area / area.area))


def _strips(ground: BaseGeometry, area: Polygon, spacing_m: float) -> list[_Strip]:
    if ground.is_empty:
        return []
    angle_deg = _long_side_deg(area)
    level = affinity.rotate(ground, -angle_deg, origin=(0, 0))
    west, south, east, north = affinity.rotate(area, -angle_deg, origin=(0, 0)).bounds
    rows = max(1, math.ceil((north - south) / spacing_m - 1e-9))
    if rows > _MOST_STRIPS:
        remedy = "widen the swath or cut the area into parts"
        raise InvalidInput(f"the area would need {rows} strips", where="area", remedy=remedy)
    heights = south + (np.arange(rows) + 0.5) * (north - south) / rows
    return [
        _Strip(row=row, line=affinity.rotate(part, angle_deg, origin=(0, 0)))
        for row, height in enumerate(heights)
        for part in _parts(shapely.intersection(level, LineString([(west - 1, height), (east + 1, height)])))
    ]


def _parts(geometry: BaseGeometry) -> list[LineString]:
    lines = [part for part in shapely.get_parts(geometry) if isinstance(part, LineString)]
    return [line for line in lines if line.length >= _SHORTEST_M]


def _long_side_deg(area: Polygon) -> float:
    """Return the direction of the hull's edge across which the area is narrowest, counter-clockwise from east."""
    hull = shapely.get_coordinates(MultiPoint(shapely.get_coordinates(area)).convex_hull)
    return min(_edge_angles(hull), key=lambda angle: _width_m(hull, angle))


def _edge_angles(hull: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[float]:
    return [math.degrees(math.atan2(b[1] - a[1], b[0] - a[0])) for a, b in pairwise(hull)]


def _width_m(hull: np.ndarray[tuple[int, ...], np.dtype[np.float64]], angle_deg: float) -> float:
    angle = math.radians(angle_deg)
    across = hull @ np.array([-math.sin(angle), math.cos(angle)])
    return float(np.ptp(across))


def _ordered(strips: list[_Strip], start: Point) -> list[LineString]:
    """Return the strips chained: the next row's strip beside the last one first, else the nearest end."""
    left, place, last, way = list(strips), start, None, list[LineString]()
    while left:
        if last is None:
            rows = (min(s.row for s in left), max(s.row for s in left))
            candidates = [s for s in left if s.row in rows]
        else:
            candidates = [s for s in left if _is_beside(s, last)] or left
        following = min(candidates, key=lambda s: _reach_m(s.line, place))
        left.remove(following)
        line = following.line if _first_is_nearer(following.line, place) else following.line.reverse()
        way.append(line)
        place, last = Point(line.coords[-1]), following
    return way


def _is_beside(strip: _Strip, last: _Strip) -> bool:
    if abs(strip.row - last.row) != 1:
        return False
    here, there = last.line.coords, strip.line.coords
    run = np.subtract(here[-1], here[0])
    ends = sorted(float(np.dot(np.subtract(end, here[0]), run)) for end in (there[0], there[-1]))
    return ends[0] < float(np.dot(run, run)) and ends[1] > 0


def _reach_m(line: LineString, place: Point) -> float:
    return min(place.distance(Point(line.coords[0])), place.distance(Point(line.coords[-1])))


def _first_is_nearer(line: LineString, place: Point) -> bool:
    return place.distance(Point(line.coords[0])) <= place.distance(Point(line.coords[-1]))
