from typing import Any

import pytest

from cli.demo_report import Happened, make_report, why_not


def happened(**changes: Any) -> Happened:
    thing = {"id": "cart-1", "kind": "20501", "lon_deg": 121.4, "lat_deg": 31.32}
    lawful = {"id": "cart-2", "kind": "", "lon_deg": 121.41, "lat_deg": 31.32}
    figures: dict[str, Any] = {
        "missions": {
            "planned": 0, "running": 1, "interrupted": 0, "done": 2, "failed": 0, "aborted": 1, "legs_done": 9,
        },
        "incidents": {
            "sightings": 3, "filed": 2, "closed": 1, "reworks": 0, "by_kind": {"20501": 2},
            "sighting_to_incident_p99_s": 0.5, "alarms_raised": 1, "alarms_answered": 1, "alarms_resolved": 1,
            "press_to_ring_p99_s": 0.4,
        },
        "perception": {"frames_analysed": 100, "frame_to_sighting_p50_s": 0.3},
        "reports": {"sent": 9, "committed": 9, "lost": 0, "duplicated": 0},
    }  # fmt: skip
    values: dict[str, Any] = {
        "duration_s": 240.0,
        "figures": figures,
        "incidents": [{"id": "1", "kind": "20501", "place": [121.40001, 31.32]}],
        "runs": [],
        "truth": {"vehicles": ["a", "b"], "things": [thing, lawful], "fence_breaches": 0, "min_separation_m": 20.0},
        "restarts": 0,
        "peak_memory_bytes": 7e8,
    }
    return Happened(**(values | changes))


def test_incidents_are_held_against_what_really_stood_there() -> None:
    truth = make_report(happened())["truth"]
    assert (truth["objects"], truth["found"], truth["false_incidents"]) == (1, 1, 0)
    assert truth["median_place_error_m"] == pytest.approx(0.95, abs=0.01)


def test_an_incident_of_another_kind_or_far_away_is_false() -> None:
    incidents = [
        {"id": "1", "kind": "20507", "place": [121.4, 31.32]},
        {"id": "2", "kind": "20501", "place": [121.402, 31.32]},
    ]
    truth = make_report(happened(incidents=incidents))["truth"]
    assert (truth["found"], truth["false_incidents"], truth["median_place_error_m"]) == (0, 2, None)


def test_a_demo_in_which_everything_came_true_has_nothing_to_complain_of() -> None:
    assert why_not(make_report(happened())) == []


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("missions.done", 0, "no patrol was completed"),
        ("incidents.filed", 0, "no incident was filed from pixels"),
        ("perception.frames_analysed", 0, "no incident was filed from pixels"),
        ("incidents.closed", 0, "no incident was closed after a second look"),
        ("incidents.alarms_resolved", 0, "no alarm was rung, answered and resolved"),
        ("incidents.press_to_ring_p99_s", None, "no alarm was rung, answered and resolved"),
        ("reports.lost", 1, "a report was lost"),
        ("reports.duplicated", 1, "a report was committed twice"),
    ],
)
def test_whatever_is_missing_is_said(path: str, value: object, complaint: str) -> None:
    missing = happened()
    domain, name = path.split(".")
    missing.figures[domain][name] = value
    assert why_not(make_report(missing)) == [complaint]


def test_a_broken_fence_is_said() -> None:
    truth = {**happened().truth, "fence_breaches": 1}
    assert why_not(make_report(happened(truth=truth))) == ["a fence was broken"]
