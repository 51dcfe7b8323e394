"""Rally points: proved to, carried by orders, put on the vehicle."""

import json
from dataclasses import replace

import pytest

from core.errors import InvalidInput
from core.events import Json
from fleet.drivers.mavlink_wire import wire_plan
from fleet.orders import Dock
from fleet.vehicle import Plan
from geofence.frames import LocalFrame
from geofence.positions import LocalPosition
from missions.site import read_site, site_from_json
from tests.fleet.drivers.orders import HOME, make_order
from tests.missions.dispatch_range import ESTATE

SITE = json.loads((ESTATE / "site.json").read_text(encoding="utf-8"))


def beside(east_m: float, north_m: float) -> Dock:
    """Return a rally point near the home of the orders."""
    place = LocalFrame(origin=HOME).to_geo(LocalPosition(east_m=east_m, north_m=north_m))
    return Dock(id="roof", place=place)


def test_a_site_names_its_rally_points() -> None:
    roof: Json = {"id": "roof", "lon_deg": 121.4, "lat_deg": 31.32}

    assert [rally.id for rally in site_from_json({**SITE, "rally_points": [roof]}).rally_points] == ["roof"]
    assert read_site(ESTATE / "site.json").rally_points == ()


def test_more_rally_points_than_an_autopilot_holds_are_refused() -> None:
    roofs: list[Json] = [{"id": f"roof-{n}", "lon_deg": 121.4, "lat_deg": 31.32} for n in range(32)]

    with pytest.raises(InvalidInput, match="31 beside the dock"):
        site_from_json({**SITE, "rally_points": roofs})


def test_the_vehicle_holds_its_dock_and_every_rally_point() -> None:
    order = replace(make_order(), rally_points=(beside(20, 20), beside(-20, 20)))

    wire = wire_plan(Plan(order=order))

    assert len(wire.rally) == 3
    assert (wire.rally[1].x, wire.rally[1].y) != (wire.rally[0].x, wire.rally[0].y)
