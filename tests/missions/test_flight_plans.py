"""Missions of QGroundControl plans as patrols, and patrols as plans."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.patrol import app
from core.errors import InvalidInput
from geofence.positions import GeoPosition
from missions.flight_plans import patrol_of_plan, plan_of_patrol
from missions.patrol import PatrolArea, PatrolPoint
from missions.patrol_files import patrol_from_json

HOME = GeoPosition(lon_deg=121.4, lat_deg=31.32)
SURVEY = {
    "type": "ComplexItem",
    "complexItemType": "survey",
    "polygon": [[31.32, 121.4], [31.32, 121.401], [31.321, 121.401]],
    "TransectStyleComplexItem": {"CameraCalc": {"AdjustedFootprintSide": 18.5}},
}


def item(command: int, frame: int, height_m: float, hold_s: float = 0.0) -> dict[str, object]:
    """Return a simple item of a plan."""
    return {"command": command, "frame": frame, "params": [hold_s, 0, 0, None, 31.3203, 121.4002, height_m]}


def plan(*items: Mapping[str, object]) -> bytes:
    """Return a plan with a mission."""
    return json.dumps({"fileType": "Plan", "mission": {"items": list(items), "version": 2}, "version": 1}).encode()


def test_waypoints_and_surveys_become_a_patrol_and_what_is_left_out_is_told() -> None:
    content = plan(item(22, 3, 20), item(16, 3, 25, 4), item(16, 3, 30), item(16, 0, 430), SURVEY)
    document, notes = patrol_of_plan(content, name="box", speed_m_s=5)
    patrol = patrol_from_json(document)

    point, _, area = patrol.parts
    assert isinstance(point, PatrolPoint)
    assert (point.dwell_s, point.place) == (4, GeoPosition(lon_deg=121.4002, lat_deg=31.3203))
    assert isinstance(area, PatrolArea)
    assert area.swath_m == 18.5
    assert patrol.height_agl_m == 30
    assert len(notes) == 3


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", plan(), plan(item(22, 3, 20)), plan({"command": 16, "params": "x"})]
)
def test_what_holds_no_mission_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInput):
        patrol_of_plan(content, name="box", speed_m_s=5)


def test_a_patrol_goes_out_and_comes_back_at_the_same_places_and_height() -> None:
    document, _ = patrol_of_plan(plan(item(16, 3, 25, 4), item(16, 3, 25)), name="box", speed_m_s=5)
    patrol = patrol_from_json(document)
    text, notes = plan_of_patrol(patrol, HOME)
    again, _ = patrol_of_plan(text.encode(), name="box", speed_m_s=5)

    assert again == document
    assert "proved" in notes[0]


def test_the_command_writes_a_patrol_that_can_be_started(tmp_path: Path) -> None:
    source, out = tmp_path / "box.plan", tmp_path / "box.json"
    source.write_bytes(plan(item(16, 3, 25, 4)))

    result = CliRunner().invoke(app, ["convert", str(source), str(out)])

    assert result.exit_code == 0, result.output
    assert patrol_from_json(json.loads(out.read_text(encoding="utf-8"))).name == "box"


@pytest.mark.parametrize("where", ["plan", "mission"])
def test_a_mission_of_a_version_that_nobody_knows_is_refused_and_one_without_is_told(where: str) -> None:
    document = json.loads(plan(item(16, 3, 25)))
    part = document if where == "plan" else document["mission"]
    part["version"] = 3
    with pytest.raises(InvalidInput, match=f"{where} has version 3; what is known is"):
        patrol_of_plan(json.dumps(document).encode(), name="x", speed_m_s=5.0)
    del part["version"]
    _, notes = patrol_of_plan(json.dumps(document).encode(), name="x", speed_m_s=5.0)
    assert [note for note in notes if "names no version" in note] == [
        f"{where} names no version and was read as version {1 if where == 'plan' else 2}"
    ]
