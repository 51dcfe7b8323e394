"""Two schedules compared by how soon they notice something."""

import asyncio
import json
import threading
from typing import Any

import httpx
import pytest

from core.errors import NotFound, Unavailable
from core.ids import PatrolId, RunId, VehicleId
from fleet.telemetry import FlightMode, LandedState, VehicleState
from fleet.vehicle import VehicleCard, VehicleKind
from missions.notice import Appearing
from missions.notice_planner import NamedPlan, Question
from missions.route_view import View, grid_of_places
from tests.api.controller import ESTATE, ZONES, Controller


async def the_estate(controller: Controller) -> httpx.AsyncClient:
    """Return a supervisor's client where the estate's zones hold."""
    desk = await controller.sign_in("supervisor")
    answer = await desk.put("zones?because=first", content=ZONES.read_bytes())
    assert answer.status_code == 200, answer.text
    return desk


async def a_drone(controller: Controller) -> None:
    """Let a drone stand in its dock."""
    services = controller.services
    card = VehicleCard(
        id=VehicleId("drone-1"), kind=VehicleKind.DRONE, name="drone-1", name_zh="一号", capabilities=frozenset(),
        dock_id="dock-1", speed_m_s=6.0, endurance_s=1200.0,
    )  # fmt: skip
    async with services.database.transaction() as unit:
        now = services.clock.now()
        await services.fleet.put_vehicle(unit, card, agent="test", software="test", boot_id="1", at=now)
    dock = services.site.docks[0].place
    services.registry.update(
        VehicleState(
            vehicle_id=card.id,
            received_s=services.clock.monotonic_s(),
            received_at=now,
            position=dock,
            home=dock,
            height_above_home_m=0.0,
            battery_ratio=0.9,
            mode=FlightMode.READY,
            is_armed=False,
            landed=LandedState.ON_GROUND,
            gps_ok=True,
            health_ok=True,
            link_up=True,
        )
    )


def patrol(rule: str, **choices: Any) -> dict[str, Any]:
    """Return the estate's street patrol with another schedule."""
    document = json.loads((ESTATE / "patrols.json").read_text("utf-8"))[0]
    document.pop("id", None)
    schedule = {"rule": rule, "first_start_local": "2026-01-01T00:00:00", "time_zone": "Asia/Shanghai", **choices}
    return {**document, "schedule": schedule}


async def test_twice_as_many_runs_notice_twice_as_soon(controller: Controller) -> None:
    await a_drone(controller)
    desk = await the_estate(controller)
    stored = (await desk.post("patrols", json=patrol("FREQ=HOURLY;INTERVAL=2"))).json()
    plans = [
        {"name": "every two hours", "patrol_ids": [stored["id"]]},
        {"name": "every hour", "patrols": [patrol("FREQ=HOURLY")]},
        {"name": "every hour, by chance", "patrols": [patrol("FREQ=HOURLY", chance={"window_s": 900, "seed": 4})]},
    ]
    answer = await desk.post("patrols/notice", json={"plans": plans, "days": 2, "spacing_m": 12})
    assert answer.status_code == 200, answer.text
    seldom, often, by_chance = answer.json()["plans"]
    assert (seldom["starts"], often["starts"], by_chance["starts"]) == (24, 48, 48)
    assert 0 < often["never_seen_ratio"] == seldom["never_seen_ratio"] < 1
    assert 1500 < often["mean_seen_s"] < 1800
    assert 3300 < seldom["mean_seen_s"] < 3600
    assert 3500 < often["worst_seen_s"] <= 3600 < by_chance["worst_seen_s"] <= 4500
    assert often["worst_s"] is None, "some places are never seen"
    assert often["curve"][0]["unseen_ratio"] <= 1
    assert often["curve"][-1]["unseen_ratio"] == often["never_seen_ratio"]


async def test_a_plan_without_runs_never_notices_anything(controller: Controller) -> None:
    desk = await the_estate(controller)
    answer = await desk.post("patrols/notice", json={"plans": [{"name": "nothing"}]})
    assert answer.json()["plans"][0] | {"curve": []} == {
        "name": "nothing", "starts": 0, "never_seen_ratio": 1.0, "mean_s": None, "mean_seen_s": None,
        "median_s": None, "p90_s": None, "p99_s": None, "worst_s": None, "worst_seen_s": 0.0, "curve": [],
        "problems": [], "problems_said": [],
    }  # fmt: skip


async def test_a_question_that_means_nothing_is_refused(controller: Controller) -> None:
    desk = await the_estate(controller)
    plan = [{"name": "nothing"}]
    crossing = {
        "type": "Polygon",
        "coordinates": [[[121.4, 31.3], [121.5, 31.4], [121.5, 31.3], [121.4, 31.4], [121.4, 31.3]]],
    }
    for wrong in (
        {"area": {"type": "Point"}},
        {"area": crossing},
        {"hour_weights": [1.0]},
        {"spacing_m": 1},
        {"days": 0},
    ):
        answer = await desk.post("patrols/notice", json={"plans": plan, **wrong})
        assert answer.status_code in {400, 422}, (wrong, answer.text)


async def test_too_many_patrols_at_once_are_refused_before_anything_is_planned(controller: Controller) -> None:
    desk = await the_estate(controller)
    plans = [{"name": f"plan {number}", "patrol_ids": [f"p{number}"] * 60} for number in range(2)]
    answer = await desk.post("patrols/notice", json={"plans": plans})
    assert answer.status_code == 422, answer.text
    assert "120 patrols" in answer.json()["detail"]


async def test_places_and_proofs_are_read_while_somebody_writes(controller: Controller) -> None:
    services = controller.services
    await the_estate(controller)
    async with asyncio.timeout(10), services.database.transaction():
        assert await services.idleness.read(since=services.clock.now(), runs=10) == ()
        with pytest.raises(NotFound):
            await services.coverage.prove(RunId("nobody"))


async def test_starts_every_minute_of_a_month_are_refused_before_they_fill_the_memory(controller: Controller) -> None:
    await a_drone(controller)
    desk = await the_estate(controller)
    plans = [{"name": "every minute", "patrols": [patrol("FREQ=MINUTELY")]}]
    answer = await desk.post("patrols/notice", json={"plans": plans, "days": 31, "spacing_m": 12})
    assert answer.status_code == 422, answer.text
    assert answer.json()["where"] == "plans"
    assert "seldomer" in answer.text


async def test_the_plans_of_a_request_are_counted_together(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("missions.notice_planner._MOST_SIGHTS", 8_000)
    await a_drone(controller)
    desk = await the_estate(controller)
    plan = {"name": "every hour", "patrols": [patrol("FREQ=HOURLY")]}
    for count, status in ((1, 200), (3, 422)):
        asked = {"plans": [plan] * count, "days": 2, "spacing_m": 12}
        assert (await desk.post("patrols/notice", json=asked)).status_code == status


async def test_a_huge_patrol_is_refused_before_its_places_are_looked_for(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("missions.notice_planner._MOST_LOOKS", 5_000)
    monkeypatch.setattr("missions.notice_planner.seen_on_route", None)
    await a_drone(controller)
    desk = await the_estate(controller)
    asked = {"plans": [{"name": "every hour", "patrols": [patrol("FREQ=HOURLY")]}], "days": 1, "spacing_m": 12}
    answer = await desk.post("patrols/notice", json=asked)
    assert (answer.status_code, answer.json()["where"]) == (422, "plans"), answer.text
    assert "would be looked for from more than" in answer.text


async def test_a_crowd_that_compares_is_served_in_turn_or_sent_away(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await the_estate(controller)
    may_go_on, at_once, most_at_once = threading.Event(), list[int](), list[int]()

    def held_up(*ground: Any, **choices: Any) -> Any:
        at_once.append(1)
        most_at_once.append(len(at_once))
        assert may_go_on.wait(20)
        at_once.pop()
        return grid_of_places(*ground, **choices)

    monkeypatch.setattr("missions.notice_planner.grid_of_places", held_up)
    asked = {"plans": [{"name": "nothing"}]}
    crowd = [asyncio.ensure_future(desk.post("patrols/notice", json=asked)) for _ in range(6)]
    try:
        done, _ = await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    finally:
        may_go_on.set()
    assert [answer.result().status_code for answer in done] == [503]
    assert sorted(answer.status_code for answer in await asyncio.gather(*crowd)) == [200] * 5 + [503]
    assert max(most_at_once) == 1


async def test_a_comparison_that_nobody_waits_for_ends(controller: Controller) -> None:
    await a_drone(controller)
    desk = await the_estate(controller)
    services = controller.services
    stored = (await desk.post("patrols", json=patrol("FREQ=HOURLY"))).json()
    async with services.database.reading() as unit:
        plan = NamedPlan(name="every hour", patrols=(await services.missions.patrol(unit, PatrolId(stored["id"])),))
    appearing = Appearing(begin_at=services.clock.now(), span_s=86_400.0)

    async def is_wanted() -> bool:
        return False

    question = Question(appearing=appearing, area=None, spacing_m=12.0, view=View())
    with pytest.raises(Unavailable, match="nobody waits"):
        await services.notice.compare([plan], question, is_wanted=is_wanted)
