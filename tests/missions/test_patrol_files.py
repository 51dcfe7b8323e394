import math

import pytest

from core.ids import new_id
from missions.errors import BadPatrol
from missions.patrol import PatrolArea, PatrolLine, PatrolPerimeter, PatrolPoint
from missions.patrol_files import patrol_from_json, patrol_to_json

RING = [[121.4, 31.32], [121.401, 31.32], [121.401, 31.321], [121.4, 31.32]]
LANE = [[121.4, 31.32], [121.401, 31.32]]
DOCUMENT = {
    "id": new_id(),
    "name": "Street",
    "name_zh": "沿街",
    "parts": [
        {"type": "point", "name": "Gate", "name_zh": "门", "place": [121.4, 31.32], "camera": {"pitch_deg": -40}},
        {"type": "line", "name": "Lane", "line": LANE, "camera": {"pitch_deg": -35, "yaw_deg": 90}},
        {
            "type": "area",
            "name": "Yard",
            "area": {"type": "Polygon", "coordinates": [RING]},
            "swath_m": 20,
            "overlap": 0.3,
        },
    ],
    "height_agl_m": 25,
    "speed_m_s": 5,
    "vehicle_ids": ["drone-1"],
    "schedule": {"rule": "FREQ=DAILY", "first_start_local": "2026-01-01T20:00:00", "time_zone": "Asia/Shanghai"},
}  # fmt: skip


def test_a_patrol_goes_out_and_in_unchanged() -> None:
    patrol = patrol_from_json(DOCUMENT)
    assert [type(part) for part in patrol.parts] == [PatrolPoint, PatrolLine, PatrolArea]
    assert patrol_from_json(patrol_to_json(patrol)) == patrol


def test_the_border_of_a_zone_goes_out_and_in_unchanged() -> None:
    border = {"type": "perimeter", "zone": "school", "inset_m": 12, "clockwise": False, "camera": {"pitch_deg": -40}}
    patrol = patrol_from_json(DOCUMENT | {"parts": [border]})
    assert [type(part) for part in patrol.parts] == [PatrolPerimeter]
    assert patrol_from_json(patrol_to_json(patrol)) == patrol
    with pytest.raises(BadPatrol) as refused:
        patrol_from_json(DOCUMENT | {"parts": [border | {"zone": "", "inset_m": -3}]})
    assert {problem.where for problem in refused.value.problems} == {
        "patrol.parts[0].zone",
        "patrol.parts[0].inset_m",
    }


def test_every_mistake_is_told_at_once_with_its_place() -> None:
    wrong = {
        "name": "",
        "parts": [
            {"type": "point", "place": [31.32, 121.4]},
            {"type": "circle"},
            {"type": "line", "line": [[121.4, 31.32]]},
            {"type": "area", "area": {"type": "Polygon", "coordinates": []}, "swath_m": math.nan},
        ],
        "height_agl_m": "high",
        "speed_m_s": -1,
        "colour": "red",
        "schedule": {"rule": "FREQ=SOMETIMES", "first_start_local": "2026-01-01T20:00:00", "time_zone": "Mars/Base"},
    }
    with pytest.raises(BadPatrol) as refused:
        patrol_from_json(wrong)
    places = {problem.where for problem in refused.value.problems}
    assert places >= {
        "patrol.name",
        "patrol.parts[0].place",
        "patrol.parts[1].type",
        "patrol.parts[2].line",
        "patrol.parts[3].swath_m",
        "patrol.height_agl_m",
        "patrol.speed_m_s",
        "patrol.colour",
        "patrol.schedule.time_zone",
    }


@pytest.mark.parametrize("document", [None, [], "patrol", 3])
def test_what_is_no_object_is_no_patrol(document: object) -> None:
    with pytest.raises(BadPatrol):
        patrol_from_json(document)


def test_the_choices_of_a_schedule_go_out_and_in_unchanged() -> None:
    chance = {"window_s": 300, "reverses": True, "at_most_unseen_s": 7200, "route_s": 600, "seed": 7}
    schedule = {
        "rule": "FREQ=HOURLY",
        "first_start_local": "2026-01-01T20:00:00",
        "time_zone": "Asia/Shanghai",
        "blackouts": [{"first_day": "2026-03-02", "last_day": "2026-03-04", "because": "the fair"}],
        "days": "working_days",
        "country": "CN",
        "on_overlap": "wait",
        "on_missed": "once",
        "chance": chance,
    }
    patrol = patrol_from_json({**DOCUMENT, "schedule": schedule})
    assert patrol_to_json(patrol)["schedule"] == schedule
    assert patrol_from_json(patrol_to_json(patrol)) == patrol


def test_every_mistake_of_a_schedule_is_told_at_once() -> None:
    schedule = {
        "rule": "FREQ=HOURLY",
        "first_start_local": "2026-01-01T20:00:00",
        "blackouts": [{"first_day": "soon", "last_day": "2026-03-04"}, 3],
        "days": "sundays",
        "on_overlap": 4,
        "chance": {"window_s": "long", "odds": 3},
        "colour": "red",
    }
    with pytest.raises(BadPatrol) as refused:
        patrol_from_json({**DOCUMENT, "schedule": schedule})
    places = {problem.where.removeprefix("patrol.schedule.") for problem in refused.value.problems}
    assert places >= {
        "blackouts[0].first_day", "blackouts[1]", "days", "on_overlap", "chance.window_s", "chance.odds", "colour",
    }  # fmt: skip


def test_a_patrol_turned_round_is_flown_from_its_end() -> None:
    patrol = patrol_from_json(DOCUMENT)
    turned = patrol.turned_round()
    assert [part.name for part in turned.parts] == ["Yard", "Lane", "Gate"]
    lane, before = turned.parts[1], patrol.parts[1]
    assert isinstance(lane, PatrolLine)
    assert isinstance(before, PatrolLine)
    assert list(lane.line.coords) == list(before.line.coords)[::-1]
    assert turned.turned_round() == patrol


def test_more_parts_than_a_run_can_fly_are_refused_in_one_word() -> None:
    parts = [{"type": "point", "place": [121.4, 31.32]}] * 501
    with pytest.raises(BadPatrol) as refused:
        patrol_from_json({**DOCUMENT, "parts": parts})
    assert "501 parts" in refused.value.problems[0].what
