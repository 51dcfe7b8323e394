"""The uploaded fence as shapes, with PX4's rule: inside every inclusion, outside of every exclusion, points only."""

from collections.abc import Sequence
from dataclasses import dataclass

from shapely.geometry import Point as ShapelyPoint
from shapely.geometry import Polygon

from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from sim.plan import Nav, PlanItem


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceShape:
    """One polygon or circle in site metres."""

    polygon: Polygon
    is_inclusion: bool


class Fence:
    """All shapes of a fence; an empty one allows everything."""

    def __init__(self, *, items: Sequence[PlanItem], frame: LocalFrame) -> None:
        self._shapes = tuple(_shapes(items, frame))

    def allows(self, east_m: float, north_m: float) -> bool:
        """Say whether a point is allowed."""
        point = ShapelyPoint(east_m, north_m)
        return all(shape.polygon.contains(point) == shape.is_inclusion for shape in self._shapes)


def _shapes(items: Sequence[PlanItem], frame: LocalFrame) -> list[FenceShape]:
    shapes: list[FenceShape] = []
    corners: list[tuple[float, float]] = []
    for item in items:
        here = frame.to_local(GeoPosition(lon_deg=item.lon_deg, lat_deg=item.lat_deg))
        is_inclusion = item.command in {Nav.FENCE_INCLUSION, Nav.FENCE_CIRCLE_INCLUSION}
        if item.command in {Nav.FENCE_CIRCLE_INCLUSION, Nav.FENCE_CIRCLE_EXCLUSION}:
            circle = ShapelyPoint(here.east_m, here.north_m).buffer(item.params[0])
            shapes.append(FenceShape(polygon=circle, is_inclusion=is_inclusion))
            continue
        corners.append((here.east_m, here.north_m))
        if len(corners) >= round(item.params[0]):
            shapes.append(FenceShape(polygon=Polygon(corners), is_inclusion=is_inclusion))
            corners = []
    return shapes
