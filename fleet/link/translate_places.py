"""Places, times and zones ↔ protobuf."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta

from roundsman.v1 import link_pb2 as pb
from shapely.geometry import Polygon

from core.errors import InvalidInput
from core.ids import ZoneId
from geofence.positions import ErrorEllipse, GeoPosition
from geofence.zones import WeeklyWindow, Zone, ZoneKind, ZoneSet

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(moment: datetime) -> int:
    """Return an aware time as microseconds since 1970, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def from_us(moment_us: int) -> datetime:
    """Return the aware UTC time of *moment_us* microseconds since 1970; raises InvalidInput far outside of it."""
    try:
        return _EPOCH + timedelta(microseconds=moment_us)
    except OverflowError as error:
        raise InvalidInput(f"{moment_us} µs since 1970 is no time") from error


def position_to_pb(place: GeoPosition) -> pb.Position:
    """Return *place* as protobuf."""
    return pb.Position(lon_deg=place.lon_deg, lat_deg=place.lat_deg)


def position_from_pb(place: pb.Position) -> GeoPosition:
    """Return *place* as a value; raises InvalidInput when it is not on the earth."""
    return GeoPosition(lon_deg=place.lon_deg, lat_deg=place.lat_deg)


def ellipse_to_pb(ellipse: ErrorEllipse) -> pb.ErrorEllipse:
    """Return *ellipse* as protobuf."""
    return pb.ErrorEllipse(major_m=ellipse.major_m, minor_m=ellipse.minor_m, heading_deg=ellipse.heading_deg)


def ellipse_from_pb(ellipse: pb.ErrorEllipse) -> ErrorEllipse:
    """Return *ellipse* as a value."""
    return ErrorEllipse(major_m=ellipse.major_m, minor_m=ellipse.minor_m, heading_deg=ellipse.heading_deg)


def flatten(places: Iterable[GeoPosition]) -> list[float]:
    """Return lon, lat, lon, lat, … of *places*."""
    return [number for place in places for number in (place.lon_deg, place.lat_deg)]


def unflatten(numbers: Sequence[float]) -> tuple[GeoPosition, ...]:
    """Return the places of lon, lat, lon, lat, …; raises InvalidInput for an odd count."""
    if len(numbers) % 2:
        raise InvalidInput("longitudes and latitudes do not come in pairs")
    return tuple(GeoPosition(lon_deg=lon, lat_deg=lat) for lon, lat in zip(numbers[::2], numbers[1::2], strict=True))


def zones_to_pb(zones: ZoneSet) -> pb.ZoneSet:
    """Return *zones* as protobuf, with their hash."""
    return pb.ZoneSet(zones=[_zone_to_pb(zone) for zone in zones.zones], hash=zones.hash)


def zones_from_pb(message: pb.ZoneSet) -> ZoneSet:
    """Return the zones of *message*; raises InvalidInput when they are not the ones that were hashed."""
    zones = ZoneSet(zones=tuple(_zone_from_pb(zone) for zone in message.zones))
    if zones.hash != message.hash:
        raise InvalidInput(
            "the zones are not the ones that the order was proved against",
            where=f"zones with hash {message.hash}",
            remedy="run controller and agent of one version",
        )
    return zones


def _zone_to_pb(zone: Zone) -> pb.Zone:
    rings = [zone.polygon.exterior, *zone.polygon.interiors] if not zone.polygon.is_empty else []
    return pb.Zone(
        id=zone.id,
        kind=zone.kind.value,
        rings=[pb.Ring(lon_lat_deg=[n for lon, lat in _flat(ring.coords) for n in (lon, lat)]) for ring in rings],
        name=zone.name,
        name_zh=zone.name_zh,
        floor_agl_m=zone.floor_agl_m,
        ceiling_agl_m=zone.ceiling_agl_m,
        times=[_window_to_pb(window) for window in zone.times],
        time_zone=zone.time_zone,
        rules_json=json.dumps({name: dict(values) for name, values in zone.rules.items()}, ensure_ascii=False),
        grid_json=json.dumps(dict(zone.grid), ensure_ascii=False),
    )


def _flat(coords: Iterable[Sequence[float]]) -> Iterable[tuple[float, float]]:
    return ((point[0], point[1]) for point in coords)


def _zone_from_pb(zone: pb.Zone) -> Zone:
    rings = [list(zip(r.lon_lat_deg[::2], r.lon_lat_deg[1::2], strict=True)) for r in zone.rings]
    return Zone(
        id=ZoneId(zone.id),
        kind=ZoneKind(zone.kind),
        polygon=Polygon(rings[0], rings[1:]) if rings else Polygon(),
        name=zone.name,
        name_zh=zone.name_zh,
        floor_agl_m=zone.floor_agl_m if zone.HasField("floor_agl_m") else None,
        ceiling_agl_m=zone.ceiling_agl_m if zone.HasField("ceiling_agl_m") else None,
        times=tuple(_window_from_pb(window) for window in zone.times),
        time_zone=zone.time_zone,
        rules=json.loads(zone.rules_json),
        grid=json.loads(zone.grid_json),
    )


def _window_to_pb(window: WeeklyWindow) -> pb.WeeklyWindow:
    return pb.WeeklyWindow(days=sorted(window.days), start_s=_seconds(window.start), end_s=_seconds(window.end))


def _window_from_pb(window: pb.WeeklyWindow) -> WeeklyWindow:
    return WeeklyWindow(days=frozenset(window.days), start=_clock(window.start_s), end=_clock(window.end_s))


def _seconds(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second


def _clock(seconds_s: int) -> time:
    return time(seconds_s // 3600, seconds_s // 60 % 60, seconds_s % 60)
