"""Walls: what of the ground a camera cannot see because a building stands in between, as far as the zones tell."""

import shapely
from shapely import LineString, Point

from geofence.frames import LocalFrame
from geofence.positions import LocalPosition
from geofence.prisms import Prisms
from geofence.zones import ZoneKind, ZoneSet

_AROUND_M = 1.5
"""So far to both sides of a place the sight must be free too: a thing is wide, and its place is not exact."""
_DRAWN_ROUND_M = 4.0
"""A volume is drawn so much larger than its building: what stands at a facade may lie inside of the volume."""


class Walls:
    """Keep-out volumes with a ceiling stand for buildings, solid from the ground up to their ceilings.

    Trees, and buildings over which no volume is drawn, are not known.
    """

    def __init__(self, *, zones: ZoneSet, frame: LocalFrame) -> None:
        solid = [zone for zone in zones.of_kind(ZoneKind.KEEP_OUT) if zone.ceiling_agl_m is not None]
        self._prisms = Prisms.of(solid, frame)

    def hide(self, place: LocalPosition, camera: LocalPosition) -> bool:
        """Say whether any part of what stands at *place* on the ground is hidden from *camera*."""
        if not self._prisms.zones:
            return False
        target = Point(place.east_m, place.north_m)
        return self._cut(target, camera) or any(
            self._cut(side, camera) for side in _sides(target, camera) if not self._are_over(side)
        )

    def _are_over(self, spot: Point) -> bool:
        return bool(self._prisms.tree.query(spot, predicate="intersects").size)

    def _cut(self, spot: Point, camera: LocalPosition) -> bool:
        sight = LineString([(camera.east_m, camera.north_m), (spot.x, spot.y)])
        for row in self._prisms.tree.query(sight, predicate="intersects"):
            wall = self._prisms.polygons[row]
            low = _part_below(sight, camera.up_m, float(self._prisms.ceilings_m[row]))
            through_m = shapely.length(shapely.intersection(wall, low))
            if through_m > (_DRAWN_ROUND_M if shapely.intersects(wall, spot) else 0.0):
                return True
        return False


def _part_below(sight: LineString, from_m: float, ceiling_m: float) -> LineString:
    """Return the part of a sight line, sinking from *from_m* to the ground, that is below *ceiling_m*."""
    (x0, y0), (x1, y1) = sight.coords
    share = min(max(1.0 - ceiling_m / from_m, 0.0), 1.0) if from_m > 0 else 0.0
    return LineString([(x0 + share * (x1 - x0), y0 + share * (y1 - y0)), (x1, y1)])


def _sides(target: Point, camera: LocalPosition) -> list[Point]:
    east, north = target.x - camera.east_m, target.y - camera.north_m
    scale = _AROUND_M / max((east * east + north * north) ** 0.5, _AROUND_M)
    return [Point(target.x + side * north * scale, target.y - side * east * scale) for side in (-1, 1)]
