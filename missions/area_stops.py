"""Where a vehicle flies so that an area is seen, and how much of it: near keep-out zones along their margin, too."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray
from geofence.overlay import common, united, without
from missions.coverage import CoverageLeg, Place, plan_coverage, swept_ratio

Strand = tuple[Place, ...]
_COVERAGE_S = 0.2
"""Of the processor's time for each area of a patrol."""
_OFF_BORDER_M = 0.3
"""Legs along the border of the ground keep so far inside of it, so that it may be simplified."""
_WORTH = 0.2
"""A leg along the border is flown where this share of half a swath beyond it is wanted ground."""
_STRAIGHT_M = 0.01
_THIN = 0.06
"""Of a swath: what is thinner and not seen from the border is left out."""
_SEES_MORE = 0.01
"""Share of the area that legs along the border must add."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaPath:
    """Strands of legs in the order of flight, in metres; any way will do between them."""

    strands: tuple[Strand, ...]
    seen_ratio: float
    area: Polygon
    swath_m: float

    def seen_without(self, left_out: Collection[int]) -> float:
        """Return the share of the area that is seen when the strands of these numbers are not flown."""
        if not left_out:
            return self.seen_ratio
        flown = [strand for number, strand in enumerate(self.strands) if number not in left_out]
        return _seen_ratio(self.area, flown, self.swath_m)


def area_path(area: Polygon, ground: BaseGeometry, *, swath_m: float, overlap: float, start: Place) -> AreaPath:
    """Return a path over *ground*, where the vehicle may be, that sees what it can of *area*.

    What lies beyond the border of the ground is seen from legs along it, where that shows clearly more.
    """
    flown = common(area, ground)
    inside = _path(area, [], flown, swath_m, overlap, start)
    edges = _in_order(_edges(area, ground, swath_m), start)
    if not edges:
        return inside
    left = _without_slivers(without(flown, united(list(_strips(edges, swath_m)))), swath_m)
    with_edges = _path(area, edges, left, swath_m, overlap, edges[-1][-1])
    return with_edges if with_edges.seen_ratio > inside.seen_ratio + _SEES_MORE else inside


def _path(
    area: Polygon, before: Sequence[Strand], rest: BaseGeometry, swath_m: float, overlap: float, start: Place
) -> AreaPath:
    parts = [part for part in shapely.get_parts(rest) if isinstance(part, Polygon) and part.area > 0]
    legs: tuple[CoverageLeg, ...] = ()
    if parts:
        ground = MultiPolygon(parts)
        legs = plan_coverage(ground, swath_m=swath_m, overlap=overlap, start=start, time_limit_s=_COVERAGE_S).legs
    strands = (*before, *_strands(legs))
    return AreaPath(strands=strands, seen_ratio=_seen_ratio(area, strands, swath_m), area=area, swath_m=swath_m)


def _seen_ratio(area: Polygon, strands: Sequence[Strand], swath_m: float) -> float:
    flown = [pair for strand in strands for pair in pairwise(strand)]
    return swept_ratio(area, flown, swath_m=swath_m) if flown else 0.0


def _strands(legs: Sequence[CoverageLeg]) -> Iterator[Strand]:
    """Yield the places of legs that join."""
    strand: list[Place] = []
    for leg in legs:
        if strand and strand[-1] != leg.start:
            yield tuple(strand)
            strand = []
        strand = [*(strand or [leg.start]), leg.end]
    if strand:
        yield tuple(strand)


def _edges(area: Polygon, ground: BaseGeometry, swath_m: float) -> list[Strand]:
    """Return the lines along the border of *ground*, also outside of *area*, from which what is beyond it is seen."""
    beyond = without(area, ground)
    if beyond.is_empty:
        return []
    inside = shapely.simplify(ground.buffer(-_OFF_BORDER_M, join_style="mitre"), 0.8 * _OFF_BORDER_M)
    shapely.prepare(beyond)
    found: list[Strand] = []
    near = shapely.intersection(inside.boundary, area.buffer(swath_m / 2, join_style="mitre"))
    for line in shapely.get_parts(shapely.line_merge(near)):
        if isinstance(line, LineString):
            pieces = shapely.get_coordinates(shapely.segmentize(line, swath_m / 4))
            found.extend(_worth_flying(pieces, beyond, swath_m))
    return found


def _worth_flying(places: FloatArray, beyond: BaseGeometry, swath_m: float) -> Iterator[Strand]:
    """Yield the runs of a line, cut into short pieces, from which enough of *beyond* is seen."""
    run: list[Place] = []
    for start, end in pairwise([(float(east), float(north)) for east, north in places]):
        leg = LineString([start, end])
        seen_m2 = shapely.intersection(leg.buffer(swath_m / 2, cap_style="flat"), beyond).area
        if seen_m2 >= _WORTH * leg.length * swath_m / 2:
            run = [*(run or [start]), end]
        elif run:
            yield _straightened(run)
            run = []
    if run:
        yield _straightened(run)


def _straightened(run: Sequence[Place]) -> Strand:
    corners = shapely.get_coordinates(shapely.simplify(LineString(run), _STRAIGHT_M))
    return tuple((float(east), float(north)) for east, north in corners)


def _in_order(strands: Sequence[Strand], start: Place) -> list[Strand]:
    """Return the strands one after the other, each begun at its nearer end, the nearest first."""
    left, here, ordered = list(strands), start, list[Strand]()
    while left:
        options = [one for strand in left for one in (strand, strand[::-1])]
        best = min(options, key=lambda one: float(np.hypot(one[0][0] - here[0], one[0][1] - here[1])))
        left = [strand for strand in left if strand not in (best, best[::-1])]
        ordered.append(best)
        here = best[-1]
    return ordered


def _strips(strands: Sequence[Strand], swath_m: float) -> Iterator[BaseGeometry]:
    for strand in strands:
        for pair in pairwise(strand):
            yield LineString(pair).buffer(swath_m / 2, cap_style="flat")


def _without_slivers(shape: BaseGeometry, swath_m: float) -> BaseGeometry:
    half_m = _THIN * swath_m / 2
    return shapely.buffer(shapely.buffer(shape, -half_m, join_style="mitre"), half_m, join_style="mitre")
