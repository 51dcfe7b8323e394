"""Orders to fly in tests: a square beside a dock, inside one keep-in zone."""

from dataclasses import replace
from datetime import datetime, timedelta

from shapely import Polygon, box, transform

from core.clock import SystemClock
from core.ids import OrderId, VehicleId, ZoneId, new_id
from fleet.orders import CameraAction, Dock, FailsafeChoices, Leg, LegPurpose, Order, OrderPurpose
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from geofence.zones import Zone, ZoneKind, ZoneSet

HOME = GeoPosition(lon_deg=121.4, lat_deg=31.32)
GROUND_AMSL_M = 4.0


def place(east_m: float, north_m: float, *, home: GeoPosition = HOME) -> GeoPosition:
    """Return the place *east_m*, *north_m* from *home*."""
    return LocalFrame(origin=home).to_geo(LocalPosition(east_m=east_m, north_m=north_m))


def area(west_m: float, south_m: float, east_m: float, north_m: float, *, home: GeoPosition = HOME) -> Polygon:
    """Return a rectangle around *home* in longitude and latitude."""
    return transform(box(west_m, south_m, east_m, north_m), LocalFrame(origin=home).to_geo_array)


def leg(
    east_m: float,
    north_m: float,
    *,
    height_m: float = 15.0,
    speed_m_s: float = 5.0,
    dwell_s: float = 0.0,
    yaw_deg: float | None = None,
    home: GeoPosition = HOME,
) -> Leg:
    """Return a leg to a place near *home*, looking down by 35 degrees."""
    return Leg(
        place=place(east_m, north_m, home=home),
        height_agl_m=height_m,
        speed_m_s=speed_m_s,
        purpose=LegPurpose.POINT,
        camera=CameraAction(pitch_deg=-35.0, yaw_deg=yaw_deg),
        dwell_s=dwell_s,
    )


def keep_in(*, reach_m: float = 150.0, ceiling_m: float | None = 60.0, home: GeoPosition = HOME) -> Zone:
    """Return a square keep-in zone around *home*."""
    polygon = area(-reach_m, -reach_m, reach_m, reach_m, home=home)
    return Zone(id=ZoneId("estate"), kind=ZoneKind.KEEP_IN, polygon=polygon, ceiling_agl_m=ceiling_m)


def keep_out(polygon: Polygon, **changes: object) -> Zone:
    """Return a keep-out zone."""
    zone = Zone(id=ZoneId("school"), kind=ZoneKind.KEEP_OUT, polygon=polygon)
    return replace(zone, **changes)  # type: ignore[arg-type]


def make_order(
    *legs: Leg,
    vehicle_id: str = "drone-1",
    zones: tuple[Zone, ...] | None = None,
    home: GeoPosition = HOME,
    failsafes: FailsafeChoices | None = None,
    return_height_m: float = 20.0,
    lasts_s: float = 3600.0,
    made_at: datetime | None = None,
    supersedes: OrderId | None = None,
) -> Order:
    """Return an order over *legs*, valid from now."""
    now = made_at or SystemClock().now()
    return Order(
        id=OrderId(new_id()),
        vehicle_id=VehicleId(vehicle_id),
        run_id=None,
        purpose=OrderPurpose.PATROL,
        legs=legs or (leg(30.0, 0.0, home=home), leg(30.0, 30.0, home=home), leg(0.0, 30.0, home=home)),
        zones=ZoneSet(zones=zones if zones is not None else (keep_in(home=home),)),
        dock=Dock(id="dock-1", place=home),
        ground_amsl_m=GROUND_AMSL_M,
        return_height_agl_m=return_height_m,
        takeoff_height_agl_m=10.0,
        failsafes=failsafes or FailsafeChoices(),
        authorisation=None,
        not_before_at=now,
        not_after_at=now + timedelta(seconds=lasts_s),
        supersedes=supersedes,
        made_at=now,
    )
