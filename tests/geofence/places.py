"""Places in metres around one origin, and zones and routes made of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import shapely
from shapely import Polygon

from core.ids import ZoneId
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from geofence.route import OrderRoute, RoutePoint, RouteWindow
from geofence.zones import WeeklyWindow, Zone, ZoneKind, ZoneSet

ORIGIN = GeoPosition(lon_deg=121.4, lat_deg=31.32)
FRAME = LocalFrame(origin=ORIGIN)
NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
"""A Monday, 16:00 in Shanghai."""


def at(east_m: float, north_m: float) -> GeoPosition:
    """Return the place *east_m* and *north_m* of the origin."""
    return FRAME.to_geo(LocalPosition(east_m=east_m, north_m=north_m))


def geo(polygon: Polygon) -> Polygon:
    """Return a polygon in metres as WGS-84."""
    return shapely.transform(polygon, FRAME.to_geo_array)


def box(west_m: float, south_m: float, east_m: float, north_m: float) -> Polygon:
    """Return a box in metres."""
    return shapely.box(west_m, south_m, east_m, north_m)


def keep_in(polygon: Polygon | None = None, *, name: str = "estate", ceiling_m: float | None = 100.0) -> Zone:
    """Return a keep-in zone, 400 m square unless told otherwise."""
    area = geo(polygon or box(-200, -200, 200, 200))
    return Zone(id=ZoneId(name), kind=ZoneKind.KEEP_IN, polygon=area, ceiling_agl_m=ceiling_m)


def keep_out(
    polygon: Polygon,
    *,
    name: str = "tower",
    floor_m: float | None = None,
    ceiling_m: float | None = 64.0,
    times: tuple[WeeklyWindow, ...] = (),
) -> Zone:
    """Return a keep-out zone from metres."""
    return Zone(
        id=ZoneId(name),
        kind=ZoneKind.KEEP_OUT,
        polygon=geo(polygon),
        floor_agl_m=floor_m,
        ceiling_agl_m=ceiling_m,
        times=times,
    )


def zone_set(*zones: Zone) -> ZoneSet:
    """Return the zones as a set."""
    return ZoneSet(zones=zones)


def route(
    zones: ZoneSet,
    *points: tuple[float, float, float],
    speed_m_s: float = 5.0,
    start: tuple[float, float, float] | None = None,
    return_m: float = 75.0,
    takeoff_m: float = 20.0,
    ceiling_m: float | None = None,
    span: timedelta = timedelta(hours=1),
    rally: Sequence[tuple[float, float]] = (),
) -> OrderRoute:
    """Return the route from the dock at the origin (or from *start*) over (east, north, height) *points*."""
    window = None
    if ceiling_m is not None:
        window = RouteWindow(ceiling_agl_m=ceiling_m, not_before_at=NOW, not_after_at=NOW + span, number="A-1")
    return OrderRoute(
        points=route_points(points, speed_m_s),
        dock=ORIGIN,
        takeoff_height_agl_m=takeoff_m,
        return_height_agl_m=return_m,
        zones=zones,
        not_before_at=NOW,
        not_after_at=NOW + span,
        start=at(start[0], start[1]) if start else None,
        start_height_agl_m=start[2] if start else 0.0,
        authorisation=window,
        rally_points=tuple(at(*place) for place in rally),
    )


def route_points(points: Sequence[tuple[float, float, float]], speed_m_s: float = 5.0) -> tuple[RoutePoint, ...]:
    """Return (east, north, height) as points of a route."""
    return tuple(
        RoutePoint(place=at(east_m, north_m), height_agl_m=height_m, speed_m_s=speed_m_s)
        for east_m, north_m, height_m in points
    )
