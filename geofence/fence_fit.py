"""A fence for an autopilot that holds few corners: the keep-in never grows, keep-outs never shrink, the loss is told.

What the flight needs stays free: every shape that it may touch on its legs, turns and ways home. First the outlines are
simplified on the safe side; then ears that the flight does not need are cut off the keep-in, keep-outs become hulls or
rectangles and neighbours are fenced together; last the keep-in becomes a corridor around the flight, which leaves
far keep-outs outside of it, where they need no corners.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from core.errors import InvalidInput
from geofence.frames import FloatArray
from geofence.prisms import GeometryArray

_TOLERANCES_M = (0.0, 0.25, 0.5, 1.0, 2.0)
_CORRIDORS_M = (200.0, 100.0, 50.0, 25.0, 12.0, 6.0)
_APART_M = (1e-3, 2.0)
"""Nearer than this to the margins the flight has no claim to room; the second only where nothing else fits."""
_TARGETS = (60, 48, 36, 28, 20, 14, 9, 6, 4)
"""Corners that the keep-in may have, tried one after the other; the rest is for the keep-outs."""


class FenceTooFine(InvalidInput):
    """No fence of so few corners holds the zones and lets the flight through."""

    code = "fence_too_fine"


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceWish:
    """What to fence, in metres: `needed` lies inside of every keep-in part with `home` and outside of all keep-outs."""

    keep_in: BaseGeometry
    keep_outs: Sequence[Polygon]
    needed: BaseGeometry
    home: Point
    margin_m: float
    most_corners: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """Rings without holes: one to stay inside of, and those to stay outside of."""

    inside: Polygon | None
    outside: tuple[Polygon, ...]
    lost_m2: float
    """Ground that the zones allow (with the margin kept) and the fence does not."""
    lost_ratio: float

    @property
    def corners(self) -> int:
        """Return the corners of all rings."""
        return sum(_corners(ring) for ring in (*((self.inside,) if self.inside else ()), *self.outside))


def fit_fence(wish: FenceWish) -> Fence:
    """Return the largest fence found within the corners; raises FenceTooFine, or InvalidInput where home is outside."""
    whole = _part_of_home(wish) if not wish.keep_in.is_empty else None
    for apart_m in _APART_M:
        trimmed = replace(wish, needed=_possible(wish, whole, apart_m))
        for inside in _insides(whole, trimmed):
            outside = _outsides(inside, whole, trimmed)
            if outside is not None:
                return _fence(inside, outside, whole, wish)
    raise FenceTooFine(
        f"the fence needs more than the {wish.most_corners} corners that an autopilot holds",
        remedy="simplify the keep-in and keep-out zones around the patrol",
    )


def _part_of_home(wish: FenceWish) -> Polygon:
    shrunk = shapely.buffer(wish.keep_in, -wish.margin_m, join_style="mitre")
    for part in _polygons(shrunk):
        if part.contains(wish.home):
            return part
    raise InvalidInput(
        f"the dock lies outside of the keep-in zones (or less than {wish.margin_m:g} m inside)",
        remedy="move the dock or widen the keep-in zone",
    )


def _possible(wish: FenceWish, whole: Polygon | None, apart_m: float) -> BaseGeometry:
    """Return what is needed without what lies nearer than *apart_m* to the margin around zones."""
    grown = [_grown(zone, wish.margin_m + apart_m) for zone in wish.keep_outs]
    free = shapely.difference(wish.needed, shapely.union_all(grown))
    if whole is not None:
        free = shapely.intersection(free, shapely.buffer(whole, -apart_m))
    shapely.prepare(free)
    return free


def _insides(whole: Polygon | None, wish: FenceWish) -> Iterator[Polygon | None]:
    """Yield ever smaller rings to stay inside of."""
    if whole is None:
        yield None
        return
    for base in (whole, *(_corridor(whole, wish, width_m) for width_m in _CORRIDORS_M)):
        if base is None:
            continue
        yield from _simpler(base, wish)


def _simpler(base: Polygon, wish: FenceWish) -> Iterator[Polygon]:
    ring = Polygon(base.exterior)
    if _corners(ring) <= wish.most_corners:
        yield ring
    for tolerance_m in _TOLERANCES_M[1:]:
        eroded = shapely.buffer(ring, -tolerance_m, join_style="mitre").simplify(tolerance_m)
        simple = next((part for part in _polygons(eroded) if part.covers(wish.needed)), None)
        if simple is not None and _corners(simple) < _corners(ring):
            ring = Polygon(simple.exterior)
            break
    for target in _TARGETS:
        ring = _without_ears(ring, wish.needed, target)
        if _corners(ring) <= target:
            yield ring


def _corridor(whole: Polygon, wish: FenceWish, width_m: float) -> Polygon | None:
    near = shapely.buffer(wish.needed, width_m, quad_segs=2)
    parts = _polygons(shapely.intersection(whole, near))
    return next((part for part in parts if part.contains(wish.home)), None)


def _without_ears(ring: Polygon, needed: BaseGeometry, target: int) -> Polygon:
    """Return *ring* with ears cut off that *needed* does not touch, the smallest first, down to *target* corners."""
    places = shapely.get_coordinates(shapely.orient_polygons(ring).exterior)[:-1]
    while len(places) > max(target, 3):
        ear = _smallest_ear(places, needed)
        if ear is None:
            break
        places = np.delete(places, ear, axis=0)
    return Polygon(places)


def _smallest_ear(places: FloatArray, needed: BaseGeometry) -> int | None:
    before, after = np.roll(places, 1, axis=0), np.roll(places, -1, axis=0)
    come, go = places - before, after - places
    turn = come[:, 0] * go[:, 1] - come[:, 1] * go[:, 0]
    order = np.argsort(turn)
    convex = order[turn[order] >= 0]
    triangles: GeometryArray = np.asarray(shapely.polygons(np.stack((before, places, after, before), axis=1)))
    for corner in convex:
        others = np.delete(places, [corner - 1, corner, (corner + 1) % len(places)], axis=0)
        triangle = triangles[corner]
        flat = turn[corner] <= 1e-9
        if flat or not (shapely.intersects(triangle, needed) or shapely.intersects_xy(triangle, *others.T).any()):
            return int(corner)
    return None


def _outsides(inside: Polygon | None, whole: Polygon | None, wish: FenceWish) -> list[Polygon] | None:
    """Return rings around every keep-out (and hole) that reaches into *inside*, within the corners left; or None."""
    left = wish.most_corners - (_corners(inside) if inside else 0)
    holes = [Polygon(ring) for ring in whole.interiors] if whole else []
    grown = [_grown(zone, wish.margin_m) for zone in wish.keep_outs]
    solid = _solid(shapely.union_all([*holes, *grown]))
    rings = [ring for ring in solid if inside is None or ring.intersects(inside)]
    if 3 * len(rings) > 4 * max(left, 0) + 12:
        rings = _together(rings, wish.needed, max(left // 4, 1))
    return _fitted(rings, wish.needed, left)


def _fitted(rings: list[Polygon], needed: BaseGeometry, left: int) -> list[Polygon] | None:
    """Return *rings* made plainer, where that costs least ground for each corner saved, until they fit."""
    options = [sorted(_plainer(ring, needed), key=_corners) for ring in rings]
    chosen = list(rings)
    while sum(map(_corners, chosen)) > left:
        swaps = [
            ((plain.area - now.area) / (_corners(now) - _corners(plain)), number, plain)
            for number, now in enumerate(chosen)
            for plain in options[number]
            if _corners(plain) < _corners(now)
        ]
        if not swaps:
            fewer = _together(chosen, needed, len(chosen) - 1)
            return None if len(fewer) == len(chosen) else _fitted(fewer, needed, left)
        _, number, plain = min(swaps, key=lambda swap: swap[:2])
        chosen[number] = plain
    return chosen


def _plainer(ring: Polygon, needed: BaseGeometry) -> Iterator[Polygon]:
    for tolerance_m in _TOLERANCES_M[1:]:
        grown = _grown(ring, tolerance_m).simplify(tolerance_m)
        yield from (plain for plain in _solid(grown) if plain.covers(ring) and not plain.intersects(needed))
    hull = shapely.convex_hull(ring)
    for plain in (hull, shapely.minimum_rotated_rectangle(hull).buffer(1e-6, join_style="mitre")):
        if isinstance(plain, Polygon) and plain.covers(ring) and not plain.intersects(needed):
            yield plain


def _together(rings: list[Polygon], needed: BaseGeometry, most: int) -> list[Polygon]:
    """Return *rings* with neighbours under one hull, where the flight does not need the ground between."""
    rings = list(rings)
    while len(rings) > most:
        tree = shapely.STRtree(rings)
        best: tuple[float, int, int, BaseGeometry] | None = None
        for one, ring in enumerate(rings):
            near = tree.query(ring, predicate="dwithin", distance=2 * ring.length)
            for other in (int(row) for row in near if row > one):
                hull = shapely.convex_hull(shapely.union(ring, rings[other]))
                added = hull.area - ring.area - rings[other].area
                if (best is None or added < best[0]) and not hull.intersects(needed):
                    best = (added, one, other, hull)
        if best is None:
            break
        rings = [ring for number, ring in enumerate(rings) if number not in best[1:3]]
        rings = _solid(shapely.union_all([*rings, best[3]]))
    return rings


def _fence(inside: Polygon | None, outside: list[Polygon], whole: Polygon | None, wish: FenceWish) -> Fence:
    if whole is None or inside is None:
        lost_m2, allowed_m2 = sum(ring.area for ring in outside) - shapely.union_all(list(wish.keep_outs)).area, 0.0
    else:
        allowed = shapely.difference(whole, shapely.union_all([_grown(zone, wish.margin_m) for zone in wish.keep_outs]))
        held = shapely.difference(inside, shapely.union_all(outside))
        lost_m2, allowed_m2 = float(allowed.area - held.area), float(allowed.area)
    ratio = lost_m2 / allowed_m2 if allowed_m2 else 0.0
    return Fence(inside=inside, outside=tuple(outside), lost_m2=max(0.0, lost_m2), lost_ratio=max(0.0, ratio))


def _grown(zone: Polygon, by_m: float) -> Polygon:
    return Polygon(zone.exterior).buffer(by_m, join_style="mitre", mitre_limit=2.0)


def _solid(shape: BaseGeometry) -> list[Polygon]:
    return [Polygon(part.exterior) for part in _polygons(shape)]


def _polygons(shape: BaseGeometry) -> list[Polygon]:
    parts = shape.geoms if isinstance(shape, MultiPolygon) else [shape]
    return [part for part in parts if isinstance(part, Polygon) and not part.is_empty]


def _corners(ring: Polygon) -> int:
    return len(ring.exterior.coords) - 1
