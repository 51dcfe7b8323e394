"""Where a camera sees a place from: at a distance, with nothing in between."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import shapely
from shapely import LineString, Point

from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from geofence.prisms import Prisms
from geofence.ways_around import Waypoint, WaysAround
from geofence.zones import ZoneKind, ZoneSet

_PITCHES_DEG = (-40.0, -55.0, -75.0)
_DIRECTIONS = 24
_EYE_AGL_M = 1.5
"""What is looked at is as high as a person's face."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandOff:
    """A place to hover, and the direction of the camera from it to what is looked at."""

    waypoint: Waypoint
    pitch_deg: float
    yaw_deg: float


def stand_offs(
    place: GeoPosition,
    start: GeoPosition,
    ways: WaysAround,
    zones: ZoneSet,
    heights_agl_m: Sequence[float],
    speed_m_s: float,
) -> Iterator[StandOff]:
    """Yield where *place* can be seen from, low and slanting views first, of those the nearest to *start* first.

    Keep-out zones with a ceiling count as buildings that hide what is behind them, unless the place itself is inside.
    """
    local, near = ways.frame.to_local(place), ways.frame.to_local(start)
    target = Point(local.east_m, local.north_m)
    walls = _walls(zones, ways.frame, target)
    for height_m, pitch_deg in product(heights_agl_m, _PITCHES_DEG):
        away_m = (height_m - _EYE_AGL_M) / math.tan(math.radians(-pitch_deg))
        spots = [_spot(target, away_m, n) for n in range(_DIRECTIONS)]
        for spot in sorted(spots, key=Point(near.east_m, near.north_m).distance):
            geo = ways.frame.to_geo(LocalPosition(east_m=spot.x, north_m=spot.y))
            waypoint = Waypoint(place=geo, height_agl_m=height_m)
            has_room = ways.has_ample_room(waypoint, speed_m_s=speed_m_s)
            if not has_room or _is_hidden(spot, height_m, target, walls):
                continue
            yaw_deg = math.degrees(math.atan2(target.x - spot.x, target.y - spot.y)) % 360
            yield StandOff(waypoint=waypoint, pitch_deg=pitch_deg, yaw_deg=yaw_deg)


def _spot(target: Point, away_m: float, number: int) -> Point:
    angle = 2 * math.pi * number / _DIRECTIONS
    return Point(target.x + away_m * math.sin(angle), target.y + away_m * math.cos(angle))


def _walls(zones: ZoneSet, frame: LocalFrame, target: Point) -> Prisms:
    keep_outs = [zone for zone in zones.of_kind(ZoneKind.KEEP_OUT) if zone.ceiling_agl_m is not None]
    polygons = Prisms.of(keep_outs, frame).polygons
    outside = [zone for zone, polygon in zip(keep_outs, polygons, strict=True) if not polygon.intersects(target)]
    return Prisms.of(outside, frame)


def _is_hidden(spot: Point, height_m: float, target: Point, walls: Prisms) -> bool:
    for row in walls.tree.query(LineString([spot, target]), predicate="intersects"):
        # the sight line is below the top of the wall from this share of its length on
        share = (height_m - float(walls.ceilings_m[row])) / (height_m - _EYE_AGL_M)
        share = min(max(share, 0.0), 1.0)
        top = Point(spot.x + share * (target.x - spot.x), spot.y + share * (target.y - spot.y))
        if shapely.intersects(walls.polygons[row], LineString([top, target])):
            return True
    return False
