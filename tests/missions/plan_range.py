"""A site with one tower to plan patrols on."""

from dataclasses import replace
from datetime import timedelta

from shapely.geometry import LineString

from core.ids import PatrolId, VehicleId, ZoneId
from fleet.orders import Authorisation, CameraAction, Dock, FailsafeChoices
from fleet.vehicle import VehicleCard, VehicleKind
from geofence.zones import ZoneSet
from missions.patrol import Patrol, PatrolArea, PatrolLine, PatrolPart, PatrolPerimeter, PatrolPoint
from missions.planner import PlanRequest
from missions.site import Site
from tests.geofence.places import NOW, ORIGIN, at, box, geo, keep_in, keep_out, zone_set

DOCK = Dock(id="dock-1", place=ORIGIN)
CAMERA = CameraAction(pitch_deg=-38.0)
ZONES = zone_set(keep_in(), keep_out(box(40, -10, 60, 10)))
SITE = Site(
    name="Range",
    name_zh="靶场",
    time_zone="Asia/Shanghai",
    origin=ORIGIN,
    ground_amsl_m=4.0,
    return_height_agl_m=75.0,
    takeoff_height_agl_m=20.0,
    docks=(DOCK,),
    authorisation=Authorisation(
        number="A-1",
        ceiling_agl_m=100.0,
        not_before_at=NOW - timedelta(hours=1),
        not_after_at=NOW + timedelta(hours=8),
    ),
)
CARD = VehicleCard(
    id=VehicleId("drone-1"),
    kind=VehicleKind.DRONE,
    name="One",
    name_zh="一号",
    capabilities=frozenset(),
    dock_id="dock-1",
    speed_m_s=6.0,
)


def request(
    *,
    zones: ZoneSet = ZONES,
    site: Site = SITE,
    start: tuple[float, float, float] | None = None,
    endurance_s: float = 1200.0,
) -> PlanRequest:
    """Return a request to plan from the dock, or from (east, north, height) in the air."""
    return PlanRequest(
        site=site,
        zones=zones,
        card=replace(CARD, endurance_s=endurance_s),
        dock=DOCK,
        start=at(start[0], start[1]) if start else None,
        start_height_agl_m=start[2] if start else None,
        now=NOW,
        failsafes=FailsafeChoices(),
    )


def patrol(*parts: PatrolPart, height_m: float = 25.0, speed_m_s: float = 5.0) -> Patrol:
    """Return a patrol over *parts*."""
    return Patrol(
        id=PatrolId("p"),
        name="Round",
        name_zh="巡",
        parts=parts,
        height_agl_m=height_m,
        speed_m_s=speed_m_s,
        vehicle_ids=(),
        schedule=None,
        is_active=True,
        revision=1,
    )


def point(east_m: float, north_m: float, *, name: str = "gate", dwell_s: float = 4.0) -> PatrolPoint:
    """Return a patrol point in metres."""
    return PatrolPoint(name=name, place=at(east_m, north_m), dwell_s=dwell_s, camera=CAMERA)


def line(*corners: tuple[float, float], name: str = "street") -> PatrolLine:
    """Return a patrol line in metres."""
    places = [at(*corner) for corner in corners]
    return PatrolLine(name=name, line=LineString([(p.lon_deg, p.lat_deg) for p in places]), camera=CAMERA)


def area(west_m: float, south_m: float, east_m: float, north_m: float, *, swath_m: float = 20.0) -> PatrolArea:
    """Return a patrol area in metres."""
    polygon = geo(box(west_m, south_m, east_m, north_m))
    return PatrolArea(name="yard", area=polygon, swath_m=swath_m, overlap=0.0, camera=CAMERA)


def perimeter(zone: str, inset_m: float) -> PatrolPerimeter:
    """Return the border of a zone."""
    return PatrolPerimeter(name="Border", zone_id=ZoneId(zone), inset_m=inset_m, camera=CAMERA)
