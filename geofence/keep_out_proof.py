"""Where a route comes too near to keep-out zones."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, Point
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray, LocalFrame
from geofence.margins import Margins
from geofence.positions import GeoPosition, LocalPosition
from geofence.prisms import GeometryArray, IntArray
from geofence.proof_ground import ProofGround
from geofence.route import RoutePhase, Violation
from geofence.route_shapes import NO_LEG, Shapes, leg_or_none
from geofence.zones import Zone

_CLOSE_M = 1e-6


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Pairs:
    """Shapes that may come too near to a zone, row by row."""

    shapes: Shapes
    zones: IntArray
    polygons: GeometryArray
    lowest_m: FloatArray
    highest_m: FloatArray


def keep_out_violations(ground: ProofGround, margins: Margins, shapes: Shapes) -> Iterator[Violation]:
    """Yield a violation for every shape that comes nearer to a keep-out zone than the margins allow."""
    prisms, frame = ground.keep_out, ground.frame
    pairs = _pairs(ground, shapes, margins)
    near_m = pairs.shapes.room_m - _CLOSE_M
    own = pairs.shapes.within(pairs.lowest_m, pairs.highest_m, with_way_home=False)
    home = pairs.shapes.within(pairs.lowest_m, pairs.highest_m, with_way_home=True)
    is_own = shapely.distance(own, pairs.polygons) < near_m
    is_home = shapely.distance(home, pairs.polygons) < near_m
    for row in np.flatnonzero(is_own | is_home):
        phase = pairs.shapes.phases[row] if is_own[row] else RoutePhase.WAY_HOME
        part = own[row] if is_own[row] else home[row]
        zone = prisms.zones[pairs.zones[row]]
        leg, room_m = int(pairs.shapes.legs[row]), float(pairs.shapes.room_m[row])
        yield _entry(zone, pairs.polygons[row], part, leg, phase, room_m, frame)


def _pairs(ground: ProofGround, shapes: Shapes, margins: Margins) -> _Pairs:
    prisms = ground.keep_out
    top = np.maximum(shapes.high_m, shapes.home_m) + margins.height_error_m
    bottom = np.minimum(shapes.low_m, shapes.home_m) - margins.height_error_m
    rows, hits = _near(ground, shapes, bottom, top)
    meets = (top[rows] > prisms.floors_m[hits]) & (bottom[rows] < prisms.ceilings_m[hits])
    rows, hits = rows[meets], hits[meets]
    return _Pairs(
        shapes=shapes.pick(rows),
        zones=hits,
        polygons=prisms.polygons[hits],
        lowest_m=prisms.floors_m[hits] - margins.height_error_m,
        highest_m=prisms.ceilings_m[hits] + margins.height_error_m,
    )


def _near(ground: ProofGround, shapes: Shapes, bottom: FloatArray, top: FloatArray) -> tuple[IntArray, IntArray]:
    """Return pairs of shapes and zones near each other over ground, without zones that the shapes pass over or under.

    Columns reach down to the ground and would meet every zone in height, so they are looked up by themselves.
    """
    is_column = shapes.legs == NO_LEG
    found = [_near_some(ground, shapes, bottom, top, np.flatnonzero(part)) for part in (is_column, ~is_column)]
    rows, hits = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((hits, rows))
    return rows[order], hits[order]


def _near_some(
    ground: ProofGround, shapes: Shapes, bottom: FloatArray, top: FloatArray, rows: IntArray
) -> tuple[IntArray, IntArray]:
    if not rows.size:
        return rows, rows
    zones, tree = ground.keep_outs_between(float(bottom[rows].min()), float(top[rows].max()))
    near, hits = tree.query(shapes.geometries[rows], predicate="dwithin", distance=shapes.room_m[rows] - _CLOSE_M)
    return rows[near], zones[hits]


def _entry(
    zone: Zone,
    polygon: BaseGeometry,
    part: BaseGeometry,
    leg: int,
    phase: RoutePhase,
    room_m: float,
    frame: LocalFrame,
) -> Violation:
    distance_m = float(shapely.distance(part, polygon))
    missing_m = room_m - distance_m + (_depth_m(part, polygon) if distance_m == 0 else 0.0)
    name = zone.name or zone.id
    what = f"passes {distance_m:.1f} m from" if distance_m > 0 else "enters"
    code = "near_keep_out" if distance_m > 0 else "enters_keep_out"
    return Violation(
        code=code,
        leg=leg_or_none(leg),
        phase=phase,
        zone_id=zone.id,
        place=_nearest_place(part, polygon, frame),
        amount_m=missing_m,
        because=f"{what} the keep-out zone {name} ({_heights(zone)}), {room_m:.1f} m are needed",
        remedy=_remedy(phase, zone),
        params={"zone": name, "distance_m": round(distance_m, 1), "needed_m": round(room_m, 1)},
    )


def _remedy(phase: RoutePhase, zone: Zone) -> str:
    if phase is RoutePhase.WAY_HOME and zone.ceiling_agl_m is not None:
        return f"raise the return height well above {zone.ceiling_agl_m:g} m, or stay where the way home is free"
    if phase is RoutePhase.WAY_HOME:
        return "stay where the straight way to the dock is free, or use another dock"
    return "move the point away from the zone, or fly above or below it"


def _heights(zone: Zone) -> str:
    floor = "the ground" if zone.floor_agl_m is None else f"{zone.floor_agl_m:g} m"
    ceiling = "no limit" if zone.ceiling_agl_m is None else f"{zone.ceiling_agl_m:g} m"
    return f"{floor} to {ceiling}"


def _depth_m(part: BaseGeometry, polygon: BaseGeometry) -> float:
    inside = shapely.intersection(part, polygon)
    places = np.vstack((shapely.get_coordinates(inside), shapely.get_coordinates(inside.centroid)))
    corners: GeometryArray = np.array([Point(place) for place in places], dtype=object)
    corners = corners[shapely.intersects(corners, polygon)]
    return float(np.max(shapely.distance(corners, polygon.boundary), initial=0.0))


def _nearest_place(part: BaseGeometry, polygon: BaseGeometry, frame: LocalFrame) -> GeoPosition:
    inside = shapely.intersection(part, polygon)
    if not inside.is_empty:
        point = _middle(inside)
        return frame.to_geo(LocalPosition(east_m=point.x, north_m=point.y))
    east_m, north_m = shapely.get_coordinates(shapely.shortest_line(part, polygon))[0]
    return frame.to_geo(LocalPosition(east_m=float(east_m), north_m=float(north_m)))


def _middle(inside: BaseGeometry) -> Point:
    longest = max(shapely.get_parts(inside), key=lambda part: part.length)
    if not isinstance(longest, LineString):
        return inside.representative_point()
    middle: Point = longest.interpolate(0.5, normalized=True)
    return middle
