"""The proof of coverage after a flight: what of an area was really seen, from the footprints of the pictures taken."""

from collections.abc import Iterable
from dataclasses import dataclass

import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from core.errors import InvalidInput
from geofence.footprint import Gaze, Intrinsics, footprint
from geofence.frames import FloatArray, LocalFrame

_FINE_M = 1e-3


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
    prints = [footprint(gaze, camera, max_range_m=max_range_m, frame=frame) for gaze in gazes]
    shown = [shapely.transform(each, frame.to_local_array) for each in prints if each is not None]
    ground = shapely.transform(area, frame.to_local_array)
    seen = shapely.intersection(shapely.union_all(shown, grid_size=_FINE_M), ground)
    holes = [part for part in _polygons(shapely.difference(ground, seen)) if part.area >= least_hole_m2]
    holes.sort(key=lambda hole: -hole.area)
    return CoverageProof(
        seen_ratio=float(seen.area / ground.area) if ground.area else 0.0,
        seen=MultiPolygon([_to_geo(part, frame) for part in _polygons(seen)]),
        holes=tuple(Hole(outline=_to_geo(hole, frame), area_m2=float(hole.area)) for hole in holes),
        pictures=len(shown),
    )


def _polygons(shape: BaseGeometry) -> list[Polygon]:
    return [part for part in shapely.get_parts(shape) if isinstance(part, Polygon) and not part.is_empty]


def _to_geo(polygon: Polygon, frame: LocalFrame) -> Polygon:
    def to_geo(places: FloatArray) -> FloatArray:
        return frame.to_geo_array(places)

    return shapely.transform(polygon, to_geo)
