import pytest

from core.ids import VehicleId
from fleet.orders import Dock, Leg, LegPurpose
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from missions.separation import Distances, Flight, conflict

FRAME = LocalFrame(origin=GeoPosition(lon_deg=121.4, lat_deg=31.32))


def place(east_m: float, north_m: float) -> GeoPosition:
    return FRAME.to_geo(LocalPosition(east_m=east_m, north_m=north_m))


def flight(name: str, *points: tuple[float, float], height_m: float = 25.0, dock: tuple[float, float]) -> Flight:
    legs = tuple(
        Leg(place=place(*point), height_agl_m=height_m, speed_m_s=5, purpose=LegPurpose.SURVEY) for point in points
    )
    return Flight(vehicle_id=VehicleId(name), start=place(*dock), legs=legs, dock=Dock(id=name, place=place(*dock)))


def test_routes_far_apart_do_not_meet() -> None:
    west, east = flight("a", (0, 100), dock=(0, 0)), flight("b", (80, 100), dock=(80, 0))
    assert conflict(west, east, distances=Distances()) == ""


@pytest.mark.parametrize(("lift_m", "meets"), [(0.0, True), (5.0, True), (8.0, False)])
def test_crossing_routes_need_a_level_between_them(lift_m: float, meets: bool) -> None:
    along = flight("a", (0, 50), (200, 50), dock=(0, 0))
    across = flight("b", (100, 200), (100, 20), height_m=25 + lift_m, dock=(200, 200))
    assert bool(conflict(along, across, distances=Distances())) is meets


def test_nobody_flies_over_anothers_dock_at_any_height() -> None:
    climbing = flight("a", (0, 100), dock=(0, 0))
    over = flight("b", (-50, 5), (50, 5), height_m=70, dock=(100, 100))
    assert "the dock of a" in conflict(climbing, over, distances=Distances())
