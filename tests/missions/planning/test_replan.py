"""A vehicle drops out in mid-flight: the others take over, and nobody is turned round for nothing."""

import math
from itertools import count
from typing import Any

import pytest

from core.errors import InvalidInput
from missions.planning.plan import FleetPlan, VehiclePlan
from missions.planning.plan_files import plan_to_json, read_plan, write_plan
from missions.planning.planner import Watch, plan_fleet
from missions.planning.replan import replan
from missions.planning.request import FleetRequest
from missions.planning.request_files import request_from_json
from tests.missions.planning.requests import box, brute_faults, drone, points, request, zone

Json = dict[str, Any]


def watch() -> Watch:
    ticks = count()
    return Watch(now_s=lambda: float(next(ticks)), time_limit_s=600.0)


def patrol(max_sorties: int, endurance_s: float = 900.0) -> tuple[Json, FleetRequest, FleetPlan]:
    places = [(60.0 * n - 300, 80.0 * (n % 5) + 100) for n in range(18)]
    tower = zone("tower", "keep_out", box(-20, 30, 20, 90), 0, 60)
    fleet = [drone(f"d{n}", max_sorties=max_sorties, endurance_s=endurance_s) for n in range(3)]
    asked = request([points("p", places, service_s=10.0)], zones=[tower], vehicles=fleet)
    read = request_from_json(asked)
    return asked, read, plan_fleet(read, watch())


def flown(plan: VehiclePlan, at_s: float) -> set[str | None]:
    """The points served by then."""
    served: set[str | None] = set()
    for sortie in plan.sorties:
        now_s = sortie.start_s
        for leg in sortie.legs:
            now_s += math.dist(leg.start, leg.end) / leg.speed_m_s + leg.service_s + 2.0
            if now_s <= at_s:
                served.add(leg.point)
    return served - {None}


@pytest.mark.parametrize(("max_sorties", "at_s"), [(1, 60.0), (1, 0.0), (3, 60.0), (3, 1e6)])
def test_the_others_take_over_what_was_not_done(max_sorties: int, at_s: float) -> None:
    asked, read, plan = patrol(max_sorties)
    again = replan(read, plan, watch(), lost="d1", at_s=at_s)
    assert again.violations == ()
    assert again.tasks[0].done_ratio == 1.0
    document = plan_to_json(read, again)
    asked["vehicles"] = [vehicle for vehicle in asked["vehicles"] if vehicle["id"] != "d1"]
    assert brute_faults(asked, document) == []


def test_what_was_flown_stays_and_nothing_is_done_twice() -> None:
    _, read, plan = patrol(1)
    again = replan(read, plan, watch(), lost="d1", at_s=60.0)
    visits = [leg.point for v in again.vehicles for sortie in v.sorties for leg in sortie.legs if leg.point]
    assert sorted(visits) == sorted(set(visits))
    for vehicle in plan.vehicles:
        assert flown(vehicle, 60.0) <= flown(again.by_vehicle()[vehicle.id], 60.0)


def test_those_under_way_keep_the_order_of_their_points() -> None:
    _, read, plan = patrol(1)
    at_once = Watch(now_s=lambda: 0.0, is_stopped=lambda: True)
    again = replan(read, plan, at_once, lost="d1", at_s=0.6 * plan.makespan_s)
    assert again.tasks[0].done_ratio == 1.0
    for vehicle in ("d0", "d2"):
        before = [leg.point for sortie in plan.by_vehicle()[vehicle].sorties for leg in sortie.legs if leg.point]
        after = [leg.point for sortie in again.by_vehicle()[vehicle].sorties for leg in sortie.legs if leg.point]
        assert [point for point in after if point in before] == before


def test_nothing_changes_when_the_lost_vehicle_was_home() -> None:
    _, read, plan = patrol(1)
    again = replan(read, plan, watch(), lost="d1", at_s=plan.by_vehicle()["d1"].end_s)
    assert again.makespan_s == pytest.approx(plan.makespan_s)
    assert again.total_distance_m == pytest.approx(plan.total_distance_m)


def test_reasons_from_before_are_still_told() -> None:
    asked, read, _ = patrol(2)
    asked["tasks"][0]["points"][3]["position"] = [0.0, 60.0]
    read = request_from_json(asked)
    plan = read_plan(read, write_plan(read, plan_fleet(read, watch())))
    again = replan(read, plan, watch(), lost="d1", at_s=30.0)
    assert again.tasks[0].unreachable == ("p3",)
    assert "p3 lies inside the keep-out zone tower" in again.tasks[0].because


def test_what_the_others_cannot_take_is_named() -> None:
    _, read, plan = patrol(1, endurance_s=plan_length_s())
    again = replan(read, plan, watch(), lost="d1", at_s=30.0)
    assert again.violations == ()
    assert again.tasks[0].done_ratio < 1.0
    assert "no vehicle has endurance" in " ".join(again.tasks[0].because)


def plan_length_s() -> float:
    return patrol(1)[2].makespan_s + 1.0


def test_a_plan_read_back_is_the_same_plan() -> None:
    _, read, plan = patrol(2)
    back = read_plan(read, write_plan(read, plan))
    assert [len(v.sorties) for v in back.vehicles] == [len(v.sorties) for v in plan.vehicles]
    assert back.makespan_s == pytest.approx(plan.makespan_s, abs=0.01)


def test_an_unknown_vehicle_or_the_only_one_cannot_be_lost() -> None:
    _, read, plan = patrol(1)
    with pytest.raises(InvalidInput, match="not one of several"):
        replan(read, plan, watch(), lost="d9", at_s=0.0)
