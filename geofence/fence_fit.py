"""A fence for an autopilot that holds few corners: the keep-in never grows, keep-outs never shrink, the loss is told.

What the flight needs stays free: every shape that it may touch on its legs, turns and ways home. First the outlines are
simplified on the safe side; then ears that the flight does not need are cut off the keep-in, keep-outs become hulls or
rectangles and neighbours are fenced together; last the keep-in becomes a corridor around the flight, which leaves
far keep-outs outside of it, where they need no corners.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

import numpy as np
import shapely
from shapely import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from core.errors import InvalidInput
from geofence.frames import FloatArray
from geofence.overlay import common, united, without
from geofence.prisms import GeometryArray

_TOLERANCES_M = (0.0, 0.25, 0.5, 1.0, 2.0)
_CORRIDORS_M = (200.0, 100.0, 50.0, 25.0, 12.0, 6.0)
_APART_M = (1e-3, 2.0)
"""Nearer than this to the margins the flight has no claim to room; the second only where nothing else fits."""
_TARGETS = (60, 48, 36, 28, 20, 14, 9, 6, 4)
"""Corners that the keep-in may have, tried one after the other; the rest is for the keep-outs."""
_NEIGHBOURS = 8
_MOST_RINGS = 96
"""More keep-outs than these in a keep-in are not fenced together: a corridor with fewer is taken at once."""


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
    if yard := _yard_of_home(wish):
        whole = yard if whole is None else _around(wish.home, common(whole, yard)) or yard
    around = [ring for ring in _solids(whole, wish) if yard is None or not ring.contains(wish.home)]
    solids: GeometryArray = np.array(around, dtype=object)
    for apart_m in _APART_M:
        trimmed = replace(wish, needed=_possible(wish, whole, apart_m))
        for inside in _insides(whole, solids, trimmed):
            outside = _outsides(inside, solids, trimmed)
            if outside is not None:
                return _fence(inside, outside, whole, wish)
    raise FenceTooFine(
        f"the fence needs more than the {wish.most_corners} corners that an autopilot holds",
        remedy="simplify the keep-in and keep-out zones around the patrol",
    )


def _part_of_home(wish: FenceWish) -> Polygon:
    part = _around(wish.home, shapely.buffer(wish.keep_in, -wish.margin_m, join_style="mitre"))
    if part is not None:
        return part
    raise InvalidInput(
        f"the dock lies outside of the keep-in zones (or less than {wish.margin_m:g} m inside)",
        remedy="move the dock or widen the keep-in zone",
    )


def _yard_of_home(wish: FenceWish) -> Polygon | None:
    """Return the yard that home lies in when keep-outs surround it: a fence around all of them would shut it out."""
    grown = [shapely.buffer(zone, wish.margin_m, join_style="mitre", mitre_limit=2.0) for zone in wish.keep_outs]
    yards = (Polygon(ring) for part in _polygons(united(grown)) for ring in part.interiors)
    # Walls may stand around walls: what holds is the innermost.
    return min((yard for yard in yards if yard.contains(wish.home)), key=lambda yard: yard.area, default=None)


def _possible(wish: FenceWish, whole: Polygon | None, apart_m: float) -> BaseGeometry:
    """Return what is needed without what lies nearer than *apart_m* to the margin around zones."""
    grown = [_grown(zone, wish.margin_m + apart_m, wish.home) for zone in wish.keep_outs]
    free = without(wish.needed, united(grown))
    if whole is not None:
        free = common(free, shapely.buffer(whole, -apart_m))
    shapely.prepare(free)
    return free


def _insides(whole: Polygon | None, solids: GeometryArray, wish: FenceWish) -> Iterator[Polygon | None]:
    """Yield ever smaller rings to stay inside of, but for those with far too much in them to be fenced."""
    if whole is None:
        yield None
        return
    for width_m in (None, *_CORRIDORS_M):
        base = whole if width_m is None else _corridor(whole, wish, width_m)
        is_last = width_m == _CORRIDORS_M[-1]
        if base is not None and (is_last or np.count_nonzero(shapely.intersects(solids, base)) <= _MOST_RINGS):
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
    return _around(wish.home, common(whole, near))


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


def _solids(whole: Polygon | None, wish: FenceWish) -> list[Polygon]:
    """Return rings around every keep-out, with its margin, and around every hole of the keep-in."""
    holes = [Polygon(ring) for ring in whole.interiors] if whole else []
    return _solid(united([*holes, *(_grown(zone, wish.margin_m, wish.home) for zone in wish.keep_outs)]))


def _outsides(inside: Polygon | None, solids: GeometryArray, wish: FenceWish) -> list[Polygon] | None:
    """Return rings around all solids that reach into *inside*, within the corners left; or None."""
    left = wish.most_corners - (_corners(inside) if inside else 0)
    rings = list(solids if inside is None else solids[shapely.intersects(solids, inside)])
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
        grown = _filled(ring, tolerance_m).simplify(tolerance_m)
        yield from (plain for plain in _solid(grown) if plain.covers(ring) and not plain.intersects(needed))
    hull = shapely.convex_hull(ring)
    for plain in (hull, shapely.minimum_rotated_rectangle(hull).buffer(1e-6, join_style="mitre")):
        if isinstance(plain, Polygon) and plain.covers(ring) and not plain.intersects(needed):
            yield plain


def _together(rings: list[Polygon], needed: BaseGeometry, most: int) -> list[Polygon]:
    """Return *rings* with neighbours under one hull, where the flight does not need the ground between."""
    alive, newest = dict(enumerate(rings)), len(rings)
    hulls = [hull for number in alive for hull in _hulls(number, alive, needed)]
    heapify(hulls)
    while len(alive) > most and hulls:
        _, one, other, hull = heappop(hulls)
        if one not in alive or other not in alive:
            continue
        touched = [number for number, ring in alive.items() if ring.intersects(hull)]
        merged = _solid(united([hull, *(alive[number] for number in touched)]))
        if shapely.intersects(merged, needed).any():
            continue
        for number in touched:
            del alive[number]
        for ring in merged:
            newest += 1
            alive[newest] = ring
            for pair in _hulls(newest, alive, needed):
                heappush(hulls, pair)
    return list(alive.values())


def _hulls(number: int, alive: dict[int, Polygon], needed: BaseGeometry) -> list[tuple[float, int, int, BaseGeometry]]:
    """Return the ground that a hull of a ring with a near neighbour adds, both their numbers, and the hull."""
    ring = alive[number]
    others = [other for other in alive if other != number]
    rings: GeometryArray = np.array([alive[other] for other in others], dtype=object)
    away_m = shapely.distance(rings, ring)
    near = np.argsort(away_m, kind="stable")[:_NEIGHBOURS]
    near = near[away_m[near] <= 2 * ring.length]
    hulls: GeometryArray = shapely.convex_hull(shapely.union(rings[near], ring))
    added = shapely.area(hulls) - shapely.area(rings[near]) - ring.area
    free = ~shapely.intersects(hulls, needed)
    return [(float(added[i]), others[near[i]], number, hulls[i]) for i in np.flatnonzero(free)]


def _fence(inside: Polygon | None, outside: list[Polygon], whole: Polygon | None, wish: FenceWish) -> Fence:
    if whole is None or inside is None:
        lost_m2, allowed_m2 = sum(ring.area for ring in outside) - united(wish.keep_outs).area, 0.0
    else:
        allowed = without(whole, united(_grown(zone, wish.margin_m, wish.home) for zone in wish.keep_outs))
        held = without(inside, united(outside))
        lost_m2, allowed_m2 = float(allowed.area - held.area), float(allowed.area)
    ratio = lost_m2 / allowed_m2 if allowed_m2 else 0.0
    return Fence(inside=inside, outside=tuple(outside), lost_m2=max(0.0, lost_m2), lost_ratio=max(0.0, ratio))


def _filled(ring: Polygon, by_m: float) -> Polygon:
    return Polygon(ring.exterior).buffer(by_m, join_style="mitre", mitre_limit=2.0)


def _grown(zone: Polygon, by_m: float, home: Point) -> BaseGeometry:
    """Return the zone with its margin; a hole stays only where home lies in it, with what else stands there."""
    is_around = any(Polygon(hole).contains(home) for hole in zone.interiors)
    return zone.buffer(by_m, join_style="mitre", mitre_limit=2.0) if is_around else _filled(zone, by_m)


def _around(home: Point, shape: BaseGeometry) -> Polygon | None:
    return next((part for part in _polygons(shape) if part.contains(home)), None)


def _solid(shape: BaseGeometry) -> list[Polygon]:
    return [Polygon(part.exterior) for part in _polygons(shape)]


def _polygons(shape: BaseGeometry) -> list[Polygon]:
    parts = shape.geoms if isinstance(shape, MultiPolygon) else [shape]
    return [part for part in parts if isinstance(part, Polygon) and not part.is_empty]


def _corners(ring: Polygon) -> int:
    return len(ring.exterior.coords) - 1
