"""Endless rounds, planned over the network."""

import asyncio
import time
from typing import Any

import pytest

from core.clock import SystemClock
from core.errors import InvalidInput, Unavailable
from missions.rounds.graph_files import graph_from_json
from missions.rounds.planner import RoundsRequest
from missions.rounds.rounds import Rounds
from missions.rounds_desk import RoundsDesk
from tests.api.controller import Controller


def ring(count: int) -> dict[str, Any]:
    nodes = [{"id": number, "x_m": 10 * number, "y_m": 0} for number in range(count)]
    edges = [{"a": number, "b": (number + 1) % count, "length_m": 10} for number in range(count)]
    return {"nodes": nodes, "edges": edges}


def grid(side: int) -> dict[str, Any]:
    names = [(x, y) for x in range(side) for y in range(side)]
    nodes = [{"id": f"{x}-{y}", "x_m": 10 * x, "y_m": 10 * y} for x, y in names]
    edges = [
        {"a": f"{x}-{y}", "b": f"{x + east}-{y + 1 - east}", "length_m": 10}
        for x, y in names
        for east in (0, 1)
        if x + east < side and y + 1 - east < side
    ]
    return {"nodes": nodes, "edges": edges}


def wanted(side: int = 12, *, time_limit_s: float = 30.0) -> RoundsRequest:
    graph = graph_from_json(grid(side))
    return RoundsRequest(graph=graph, vehicles=5, speed_m_s=1.0, time_limit_s=time_limit_s)


def told(rounds: Rounds, _runtime_s: float) -> Rounds:
    return rounds


async def test_two_vehicles_see_every_node_of_a_ring_twice_as_often(controller: Controller) -> None:
    desk = await controller.sign_in("supervisor")
    for vehicles, worst_s in ((1, 120), (2, 60)):
        answer = await desk.post("rounds", json={"graph": ring(12), "vehicles": vehicles, "time_limit_s": 0.5})
        assert answer.status_code == 200, answer.text
        rounds = answer.json()
        assert rounds["worst_idleness_s"] == pytest.approx(worst_s)
        assert len(rounds["vehicles"]) == vehicles
        assert rounds["vehicles"][0]["walk"][0] == rounds["vehicles"][0]["walk"][-1]


async def test_what_cannot_be_planned_is_refused_with_every_fault(controller: Controller) -> None:
    desk = await controller.sign_in("supervisor")
    apart = {"nodes": ring(4)["nodes"], "edges": []}
    for given, words in (
        ({"graph": {"nodes": [{"id": 1}], "edges": [{"a": 1, "b": 2}]}, "vehicles": 1}, ("x_m", "no node 2")),
        ({"graph": ring(301), "vehicles": 1}, ("301", "roundsman rounds")),
        ({"graph": ring(12), "vehicles": 101}, ("101",)),
        ({"graph": ring(12), "vehicles": 1, "time_limit_s": 31}, ("31",)),
        ({"graph": apart, "vehicles": 1}, ("4 parts",)),
    ):
        answer = await desk.post("rounds", json=given)
        assert answer.status_code == 422, answer.text
        for word in words:
            assert word in answer.text


async def test_only_planners_may_ask(controller: Controller) -> None:
    worker = await controller.sign_in("grid_worker")
    assert (await worker.post("rounds", json={"graph": ring(4), "vehicles": 1})).status_code == 403


async def test_a_search_that_nobody_waits_for_ends() -> None:
    desk, began_s = RoundsDesk(clock=SystemClock()), time.process_time()

    async def is_wanted() -> bool:
        return False

    await desk.plan(wanted(), is_wanted=is_wanted, tell=told)
    assert time.process_time() - began_s < 10, "of thirty seconds"


async def test_a_cancelled_request_ends_its_search_and_lets_the_next_one_begin() -> None:
    desk = RoundsDesk(clock=SystemClock())

    async def is_wanted() -> bool:
        return True

    first = asyncio.ensure_future(desk.plan(wanted(), is_wanted=is_wanted, tell=told))
    await asyncio.sleep(0.05)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    second = await desk.plan(wanted(4, time_limit_s=0.2), is_wanted=is_wanted, tell=told)
    assert len(second.walks) == 5


async def test_a_crowd_is_sent_away_and_a_fault_reaches_its_caller() -> None:
    desk = RoundsDesk(clock=SystemClock())

    async def is_wanted() -> bool:
        return True

    crowd = [
        asyncio.ensure_future(desk.plan(wanted(4, time_limit_s=0.1), is_wanted=is_wanted, tell=told)) for _ in range(5)
    ]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await desk.plan(wanted(4), is_wanted=is_wanted, tell=told)
    assert len(await asyncio.gather(*crowd)) == 5
    request = RoundsRequest(graph=graph_from_json({**ring(4), "edges": []}), vehicles=1, speed_m_s=1.0)
    with pytest.raises(InvalidInput):
        await desk.plan(request, is_wanted=is_wanted, tell=told)
