"""The border of a zone as lines to be flown: around a keep-out zone, inside of the border of any other."""

from collections.abc import Sequence

import numpy as np
import shapely
from shapely import LinearRing, LineString, Polygon

from core.errors import InvalidInput
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from geofence.zones import Zone, ZoneKind, ZoneSet
from missions.patrol import PatrolLine, PatrolPerimeter

_SIMPLE_M = 0.3
"""A border may be flown this much off its drawn corners."""
_MITRE_LIMIT = 2.0


def lines_of(part: PatrolPerimeter, zones: ZoneSet, frame: LocalFrame, start: GeoPosition) -> tuple[PatrolLine, ...]:
    """Return the closed lines of a perimeter, each begun where it is nearest to *start*, the outer one first.

    Raises InvalidInput when there is no such zone, or nothing is left of it so far inside.
    """
    zone = next((one for one in zones.zones if one.id == part.zone_id), None)
    if zone is None:
        raise InvalidInput(f"there is no zone {part.zone_id}", remedy="choose one of the zones in force")
    rings = _rings(zone, part.inset_m, frame)
    if not rings:
        what = f"nothing is left of the zone {zone.id} {part.inset_m:g} m inside of its border"
        raise InvalidInput(what, remedy="fly nearer to its border")
    here = frame.to_local(start)
    return tuple(_line(ring, part, frame, (here.east_m, here.north_m)) for ring in rings)


def _rings(zone: Zone, inset_m: float, frame: LocalFrame) -> Sequence[LinearRing]:
    aside_m = inset_m if zone.kind is ZoneKind.KEEP_OUT else -inset_m
    shape = shapely.transform(zone.polygon, frame.to_local_array)
    aside = shapely.buffer(shape, aside_m, join_style="mitre", mitre_limit=_MITRE_LIMIT)
    simple = shapely.simplify(aside, _SIMPLE_M)
    polygons = [one for one in shapely.get_parts(simple) if isinstance(one, Polygon) and not one.is_empty]
    return [ring for polygon in polygons for ring in (polygon.exterior, *polygon.interiors)]


def _line(ring: LinearRing, part: PatrolPerimeter, frame: LocalFrame, start: tuple[float, float]) -> PatrolLine:
    corners = np.asarray(ring.coords)[:-1]
    if LinearRing(corners).is_ccw is part.clockwise:
        corners = corners[::-1]
    first = int(np.hypot(*(corners - start).T).argmin())
    closed = np.concatenate([corners[first:], corners[: first + 1]])
    line = shapely.transform(LineString(closed), frame.to_geo_array)
    return PatrolLine(name=part.name, name_zh=part.name_zh, line=line, camera=part.camera)
