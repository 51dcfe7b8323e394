"""Orders, commands and cards for the tests of the fleet."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from shapely.geometry import Polygon

from core.ids import CommandId, IncidentId, OrderId, RunId, VehicleId, ZoneId, new_id
from fleet.orders import (
    Authorisation,
    CameraAction,
    Check,
    Command,
    CommandKind,
    Dock,
    FailsafeChoices,
    Leg,
    LegPurpose,
    Order,
    OrderPurpose,
)
from fleet.telemetry import FlightMode, LandedState, VehicleState
from fleet.vehicle import Capability, VehicleCard, VehicleKind
from geofence.positions import GeoPosition
from geofence.zones import WeeklyWindow, Zone, ZoneKind, ZoneSet

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
DOCK = Dock(id="dock-1", place=GeoPosition(lon_deg=121.4, lat_deg=31.32))


def zones() -> ZoneSet:
    """A keep-in with a hole-less ring and a school yard with hours, a hole and rules."""
    outer = [(121.39, 31.31), (121.41, 31.31), (121.41, 31.33), (121.39, 31.33)]
    hole = [(121.3951, 31.3151), (121.3952, 31.3151), (121.3952, 31.3152)]
    school = Zone(
        id=ZoneId("school"),
        kind=ZoneKind.KEEP_OUT,
        polygon=Polygon(outer, [hole]),
        name="School yard",
        name_zh="校园",
        floor_agl_m=0.0,
        ceiling_agl_m=54.25,
        times=(WeeklyWindow(days=frozenset({1, 2, 5}), start=time(22, 0), end=time(6, 30)),),
        rules={"vendor": {"dwell_s": 6, "people_within_m": 4.5}},
        grid={"worker": "grid1"},
    )
    return ZoneSet(zones=(Zone(id=ZoneId("estate"), kind=ZoneKind.KEEP_IN, polygon=Polygon(outer)), school))


def card(vehicle_id: str = "drone-1") -> VehicleCard:
    """A drone with a camera."""
    return VehicleCard(
        id=VehicleId(vehicle_id),
        kind=VehicleKind.DRONE,
        name="Drone 1",
        name_zh="一号机",
        capabilities=frozenset({Capability.FENCE, Capability.DWELL}),
        dock_id="dock-1",
        camera={"width_px": 640.0, "fx_px": 512.5},
    )


def order(vehicle_id: str = "drone-1", *, run_id: str | None = None, made_after_s: float = 0.0) -> Order:
    """An order with two legs, one of them with a camera, and one check."""
    leg = Leg(
        place=GeoPosition(lon_deg=121.4001, lat_deg=31.3203),
        height_agl_m=25.0,
        speed_m_s=5.5,
        purpose=LegPurpose.SURVEY,
    )
    made_at = NOW + timedelta(seconds=made_after_s, microseconds=7)
    return Order(
        id=OrderId(new_id()),
        vehicle_id=VehicleId(vehicle_id),
        run_id=None if run_id is None else RunId(run_id),
        purpose=OrderPurpose.PATROL,
        legs=(leg, replace(leg, camera=CameraAction(pitch_deg=-40.0, yaw_deg=None), dwell_s=3.0, name="gate")),
        zones=zones(),
        dock=DOCK,
        ground_amsl_m=4.25,
        return_height_agl_m=75.0,
        takeoff_height_agl_m=25.0,
        failsafes=FailsafeChoices(link_lost_after_s=12.0),
        authorisation=Authorisation(
            number="A-1", ceiling_agl_m=110.0, not_before_at=NOW, not_after_at=NOW + timedelta(hours=9)
        ),
        not_before_at=NOW,
        not_after_at=NOW + timedelta(hours=1),
        checks=(Check(incident_id=IncidentId(new_id()), kind="20501", place=DOCK.place, radius_m=6.0),),
        supersedes=OrderId(new_id()),
        because="planned",
        made_at=made_at,
    )


def command(vehicle_id: str = "drone-1", *, lasts_s: float = 30.0) -> Command:
    """A hold."""
    return Command(
        id=CommandId(new_id()),
        vehicle_id=VehicleId(vehicle_id),
        kind=CommandKind.HOLD,
        because="a person asked",
        made_at=NOW,
        expires_at=NOW + timedelta(seconds=lasts_s),
        order_id=OrderId(new_id()),
    )


def ready_state(*, now_s: float, vehicle_id: str = "drone-1") -> VehicleState:
    """A healthy drone in its dock."""
    return VehicleState(
        vehicle_id=VehicleId(vehicle_id),
        received_s=now_s,
        received_at=NOW,
        vehicle_time_s=12.5,
        position=DOCK.place,
        altitude_amsl_m=4.1,
        height_above_home_m=-0.02,
        heading_deg=91.0,
        home=DOCK.place,
        home_altitude_amsl_m=4.2,
        battery_ratio=0.9,
        mode=FlightMode.READY,
        is_armed=False,
        landed=LandedState.ON_GROUND,
        gps_ok=True,
        health_ok=True,
        mission_item=0,
        mission_items=12,
        link_up=True,
    )
