"""The proof of coverage: what of an area was really seen, from the footprints of the pictures taken."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from core.errors import InvalidInput
from geofence.footprint import Gaze, Intrinsics, local_footprint
from geofence.frames import FloatArray, LocalFrame
from geofence.positions import LocalPosition
from geofence.shadows import Shadows

_FINE_M = 1e-3
_AT_ONCE = 64
"""Neighbours in time lie on top of each other: put together in handfuls, they stay simple."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """Ground that no picture shows: its outline (WGS-84) and size."""

    outline: Polygon
    area_m2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageProof:
    """What was seen of an area; outlines are WGS-84, the largest hole first."""

    seen_ratio: float
    seen: MultiPolygon
    holes: tuple[Hole, ...]
    pictures: int
    """How many pictures showed ground."""

    @property
    def because(self) -> str:
        """Return why the area does not count as seen (empty: it does)."""
        if not self.holes:
            return ""
        place = self.holes[0].outline.representative_point()
        return (
            f"{1 - self.seen_ratio:.2%} of the area was not seen, in {len(self.holes)} places, "
            f"the largest ({self.holes[0].area_m2:.0f} m2) at {place.x:.6f}, {place.y:.6f}"
        )


def prove_coverage(
    area: Polygon | MultiPolygon,
    gazes: Iterable[Gaze],
    camera: Intrinsics,
    *,
    frame: LocalFrame,
    max_range_m: float = 150.0,
    least_hole_m2: float = 1.0,
) -> CoverageProof:
    """Return what of *area* (WGS-84) the pictures taken at *gazes* show; holes under *least_hole_m2* are not listed.

    The ground is flat; *frame* lies near the area. Raises InvalidInput for an area whose border crosses itself.
    """
    if not area.is_valid:
        raise InvalidInput(shapely.is_valid_reason(area), where="area", remedy="draw the border without crossings")
    shown = [local_footprint(gaze, camera, max_range_m=max_range_m, frame=frame) for gaze in gazes]
    prints = [each for each in shown if each is not None]
    ground = shapely.transform(area, frame.to_local_array)
    seen = shapely.intersection(union_of(prints), ground)
    holes = [part for part in polygons_of(shapely.difference(ground, seen)) if part.area >= least_hole_m2]
    holes.sort(key=lambda hole: -hole.area)
    return CoverageProof(
        seen_ratio=float(seen.area / ground.area) if ground.area else 0.0,
        seen=MultiPolygon([to_geo(part, frame) for part in polygons_of(seen)]),
        holes=tuple(Hole(outline=to_geo(hole, frame), area_m2=float(hole.area)) for hole in holes),
        pictures=len(prints),
    )


def ground_shown(
    gazes: Iterable[Gaze], camera: Intrinsics, *, frame: LocalFrame, max_range_m: float, shadows: Shadows
) -> BaseGeometry:
    """Return the ground (metres of *frame*) that pictures taken at *gazes* show and no building hides."""
    visible = []
    for gaze in gazes:
        ground = local_footprint(gaze, camera, max_range_m=max_range_m, frame=frame)
        if ground is not None:
            here = frame.to_local(gaze.place)
            camera_m = LocalPosition(east_m=here.east_m, north_m=here.north_m, up_m=gaze.height_agl_m)
            visible.append(shadows.visible(ground, camera_m))
    return union_of(visible)


def union_of(shapes: Sequence[BaseGeometry]) -> BaseGeometry:
    """Return the union of shapes in metres, exact to a millimetre; neighbours in the sequence should overlap."""
    joined = list(shapes)
    while len(joined) > _AT_ONCE:
        handfuls = (joined[at : at + _AT_ONCE] for at in range(0, len(joined), _AT_ONCE))
        joined = [shapely.union_all(handful, grid_size=_FINE_M) for handful in handfuls]
    return shapely.union_all(joined, grid_size=_FINE_M)


def polygons_of(shape: BaseGeometry) -> list[Polygon]:
    """Return the polygons that *shape* consists of."""
    return [part for part in np.atleast_1d(shapely.get_parts(shape)) if isinstance(part, Polygon) and not part.is_empty]


def to_geo(polygon: Polygon, frame: LocalFrame) -> Polygon:
    """Return a polygon in metres of *frame* as WGS-84."""

    def in_degrees(places: FloatArray) -> FloatArray:
        return frame.to_geo_array(places)

    return shapely.transform(polygon, in_degrees)
