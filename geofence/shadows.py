"""What ground buildings hide from a camera: their shadows, with the camera in the place of the lamp."""

from collections.abc import Iterator

import numpy as np
import shapely
from shapely import MultiPoint, Polygon
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray, LocalFrame
from geofence.overlay import united, without
from geofence.positions import LocalPosition
from geofence.prisms import Prisms
from geofence.zones import ZoneKind, ZoneSet

_DRAWN_ROUND_M = 4.0
"""A volume is drawn so much larger than its building: ground so deep inside of it may lie in the open."""
_LONGEST = 1e3
"""The shadow of what is as high as the camera ends so many times farther away than the thing is."""


class Shadows:
    """Keep-out volumes with a ceiling stand for buildings, solid from the ground up; trees are not known."""

    def __init__(self, *, zones: ZoneSet, frame: LocalFrame) -> None:
        solid = [zone for zone in zones.of_kind(ZoneKind.KEEP_OUT) if zone.ceiling_agl_m is not None]
        self._prisms = Prisms.of(solid, frame)
        self._cores = [_core(polygon) for polygon in self._prisms.polygons]

    @property
    def buildings(self) -> BaseGeometry:
        """Return where there certainly is no ground to be seen, in metres of the frame."""
        return united(core for core in self._cores if not core.is_empty)

    def visible(self, ground: Polygon, camera: LocalPosition) -> BaseGeometry:
        """Return what of *ground* (metres of the frame) no building hides from *camera* over it."""
        if not self._cores or camera.up_m <= 0:
            return ground
        eye = shapely.Point(camera.east_m, camera.north_m)
        between = shapely.convex_hull(shapely.union(ground, eye))
        rows = self._prisms.tree.query(between, predicate="intersects")
        hidden = [shade for row in rows for shade in self._hidden(int(row), camera)]
        return without(ground, united(hidden)) if hidden else ground

    def _hidden(self, row: int, camera: LocalPosition) -> Iterator[BaseGeometry]:
        volume, core = self._prisms.polygons[row], self._cores[row]
        factor = _factor(camera.up_m, float(self._prisms.ceilings_m[row]))
        yield without(_shade(volume, camera, factor), volume)
        if not core.is_empty:
            yield _shade(core, camera, factor)


def _core(volume: Polygon) -> BaseGeometry:
    return shapely.buffer(volume, -_DRAWN_ROUND_M, join_style="mitre")


def _factor(camera_m: float, ceiling_m: float) -> float:
    """Return how many times farther away than a wall the shadow of its top lies."""
    return _LONGEST if ceiling_m >= camera_m * (1 - 1 / _LONGEST) else camera_m / (camera_m - ceiling_m)


def _shade(solid: BaseGeometry, camera: LocalPosition, factor: float) -> BaseGeometry:
    """Return the ground below *solid* and behind it; between each wall and its image there is a shadow."""
    eye = np.array([camera.east_m, camera.north_m])
    if shapely.area(shapely.convex_hull(solid)) <= shapely.area(solid) * (1 + 1e-9):
        places = shapely.get_coordinates(solid)
        return MultiPoint(np.vstack((places, eye + (places - eye) * factor))).convex_hull
    walls = [_between(ring, eye, factor) for ring in _rings(solid)]
    return united([solid, *(quad for quads in walls for quad in quads)])


def _rings(solid: BaseGeometry) -> Iterator[FloatArray]:
    for part in shapely.get_parts(solid):
        for ring in shapely.get_rings(part):
            yield shapely.get_coordinates(ring)


def _between(ring: FloatArray, eye: FloatArray, factor: float) -> list[BaseGeometry]:
    far = eye + (ring - eye) * factor
    corners = np.stack((ring[:-1], ring[1:], far[1:], far[:-1]), axis=1)
    return [MultiPoint(quad).convex_hull for quad in corners]
