"""The margins of a site: more room in wind, never less than everybody keeps."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from core.errors import InvalidInput
from core.events import Json
from core.ids import VehicleId
from fleet.orders import FailsafeChoices
from fleet.vehicle import VehicleCard, VehicleKind
from geofence.zone_files import read_zones
from missions.patrol_files import patrol_from_json
from missions.plan import PlanRequest
from missions.planner import plan_patrol
from missions.site import site_from_json
from tests.missions.dispatch_range import ESTATE, START

SITE = json.loads((ESTATE / "site.json").read_text(encoding="utf-8"))


def test_a_windy_site_keeps_more_room_and_says_where_there_is_too_little() -> None:
    patrol = patrol_from_json(json.loads((ESTATE / "patrols.json").read_text(encoding="utf-8"))[0])
    calm = site_from_json(SITE)
    windy = site_from_json({**SITE, "margins": {"wind_drift_m": 9}})
    card = VehicleCard(
        id=VehicleId("drone-1"), kind=VehicleKind.DRONE, name="", name_zh="", capabilities=frozenset(),
        dock_id="dock-1", speed_m_s=6.0, endurance_s=1200.0,
    )  # fmt: skip
    request = PlanRequest(
        site=calm,
        zones=read_zones((ESTATE / "zones.geojson").read_bytes()),
        card=card,
        dock=calm.docks[0],
        start=None,
        start_height_agl_m=None,
        now=START + timedelta(hours=1),
        failsafes=FailsafeChoices(),
        margins=calm.margins,
    )

    assert plan_patrol(patrol, request).is_flyable
    assert "11.0 m are needed" in plan_patrol(patrol, replace(request, site=windy, margins=windy.margins)).because


@pytest.mark.parametrize("margins", [{"wind_drift_m": 0.5}, {"position_error_m": "2"}, {"rain_m": 3}, ["wide"]])
def test_margins_that_are_less_than_usual_or_none_are_refused(margins: Json) -> None:
    with pytest.raises(InvalidInput, match="site"):
        site_from_json({**SITE, "margins": margins})
