"""The simulated autopilot, stepped by hand: fast, exact, without a network."""

import math
from collections.abc import Callable

import pytest

from sim.autopilot import Autopilot, Result
from sim.film import view_of
from sim.flight import Action, Landed, Mode, Point
from sim.mission_flight import point_gimbal
from sim.plan import Nav, PlanItem, PlanType
from tests.sim.sky import lat_lon, pilot

STEP_S = 0.02


def fly(
    flyer: Autopilot, *, for_s: float = 120.0, until: Callable[[], bool] | None = None, link_age_s: float = 0.0
) -> None:
    """Step until *until* holds (fail when it does not within *for_s*), or without one for *for_s*."""
    end_s = flyer.cockpit.now_s + for_s
    while flyer.cockpit.now_s < end_s:
        flyer.step(flyer.cockpit.now_s + STEP_S, STEP_S, link_age_s=link_age_s)
        if until is not None and until():
            return
    assert until is None, f"not within {for_s} s"


def hovering(**parameters: float | int) -> Autopilot:
    flyer = pilot(1, **parameters)
    fly(flyer, for_s=0.1)
    assert flyer.arm() is Result.ACCEPTED
    flyer.take_off()
    fly(flyer, until=lambda: flyer.record.mode is Mode.HOLD and flyer.record.body.up_m > 9)
    return flyer


def waypoint(east_m: float, north_m: float, up_m: float, *, stay_s: float = 0.0, yaw_deg: float = math.nan) -> PlanItem:
    lat_deg, lon_deg = lat_lon(east_m, north_m)
    return PlanItem(
        frame=6,
        command=Nav.WAYPOINT,
        autocontinue=1,
        params=(stay_s, 0.0, 0.0, yaw_deg),
        x=round(lat_deg * 1e7),
        y=round(lon_deg * 1e7),
        z=up_m,
    )


def on_mission(*items: PlanItem, **parameters: float | int) -> Autopilot:
    flyer = hovering(**parameters)
    flyer.record.plan.replace(PlanType.MISSION, items)
    flyer.plan_changed(PlanType.MISSION, first_item=0)
    fly(flyer, until=lambda: flyer.record.mission_valid)
    flyer.set_mode(Mode.MISSION)
    return flyer


def test_it_stays_at_a_point_as_long_as_it_is_told() -> None:
    flyer = on_mission(waypoint(0, 30, 10, stay_s=5), waypoint(0, 60, 10))
    fly(flyer, until=lambda: flyer.record.item_arrived_s is not None)
    arrived_s = flyer.cockpit.now_s
    fly(flyer, until=lambda: flyer.record.item == 1)
    assert flyer.cockpit.now_s - arrived_s == pytest.approx(5, abs=0.1)


def test_it_passes_straight_on_but_slows_for_a_corner() -> None:
    slowest = {}
    for name, last in {"straight": (0.0, 120.0), "corner": (60.0, 60.0)}.items():
        flyer = on_mission(
            waypoint(0, 60, 10), waypoint(*last, 10), waypoint(last[0], last[1] + 90, 10), MPC_XY_CRUISE=6.0
        )
        fly(flyer, until=lambda flyer=flyer: flyer.record.body.north_m > 50)  # type: ignore[misc]
        speeds = []
        for _ in range(300):
            fly(flyer, for_s=STEP_S)
            speeds.append(flyer.record.body.speed_m_s)
        slowest[name] = min(speeds)
    assert slowest["straight"] > 5
    assert slowest["corner"] < 4


def test_a_leg_is_flown_straight_also_in_wind() -> None:
    flyer = on_mission(waypoint(0, 150, 10))
    flyer.faults.wind_m_s, flyer.faults.wind_from_deg = 6.0, 270.0
    worst_m = 0.0
    while flyer.record.body.north_m < 130:
        fly(flyer, for_s=STEP_S)
        worst_m = max(worst_m, abs(flyer.record.body.east_m))
    assert worst_m < 5


def test_the_nose_follows_the_leg_unless_a_yaw_is_given() -> None:
    flyer = on_mission(waypoint(60, 0, 10), waypoint(60, 60, 10, yaw_deg=200.0))
    fly(flyer, until=lambda: flyer.record.body.east_m > 30)
    assert flyer.record.body.yaw_deg == pytest.approx(90, abs=3)
    fly(flyer, until=lambda: flyer.record.body.north_m > 40)
    assert flyer.record.body.yaw_deg == pytest.approx(200, abs=3)


def test_the_cone_keeps_a_short_way_home_low() -> None:
    heights = {}
    for cone_deg in (0, 45):
        flyer = hovering(RTL_CONE_ANG=cone_deg, RTL_RETURN_ALT=60.0, RTL_DESCEND_ALT=12.0)
        flyer.reposition(Point(east_m=5.0, north_m=0.0, up_m=10.0))
        fly(flyer, for_s=10)
        flyer.set_mode(Mode.RETURN)
        assert flyer.record.target is not None
        heights[cone_deg] = flyer.record.target.up_m
    assert heights == {0: pytest.approx(60), 45: pytest.approx(12)}


def test_a_weak_motor_lets_it_slide_away() -> None:
    flyer = hovering()
    flyer.faults.hold_drift_m_s = 2.0
    fly(flyer, for_s=10)
    assert flyer.record.body.east_m > 1.0


def test_a_gimbal_that_lies_points_elsewhere_than_it_says() -> None:
    flyer = hovering()
    point_gimbal(flyer.cockpit, pitch_deg=-40, yaw_deg=10, flags=0)
    fly(flyer, for_s=3)
    honest = view_of(flyer)
    flyer.faults.gimbal_yaw_offset_deg = 180.0
    assert view_of(flyer).yaw_deg == pytest.approx((honest.yaw_deg + 180) % 360)
    assert flyer.record.gimbal_yaw_deg == pytest.approx(10)
    assert honest.pitch_deg == pytest.approx(-40)


def test_a_gimbal_locked_to_north_keeps_its_direction_while_the_nose_turns() -> None:
    flyer = on_mission(waypoint(60, 0, 10))
    point_gimbal(flyer.cockpit, pitch_deg=-40, yaw_deg=0, flags=16)
    fly(flyer, until=lambda: flyer.record.body.east_m > 30)
    assert view_of(flyer).yaw_deg % 360 == pytest.approx(0, abs=5) or view_of(flyer).yaw_deg > 355


def test_without_a_reaction_to_a_lost_link_it_flies_on() -> None:
    flyer = on_mission(waypoint(0, 100, 10), NAV_DLL_ACT=0)
    fly(flyer, for_s=20, link_age_s=100)
    assert flyer.record.action is Action.NONE
    assert flyer.record.body.north_m > 50


def test_a_fence_broken_in_flight_stops_it() -> None:
    flyer = hovering(GF_ACTION=2, MPC_XY_CRUISE=8.0)
    corners = [lat_lon(x, y) for x, y in ((-40, -40), (40, -40), (40, 40), (-40, 40))]
    items = [
        PlanItem(
            frame=0,
            command=Nav.FENCE_INCLUSION,
            autocontinue=1,
            params=(4, 0, 0, 0),
            x=round(lat_deg * 1e7),
            y=round(lon_deg * 1e7),
            z=0,
        )
        for lat_deg, lon_deg in corners
    ]
    flyer.reposition(Point(east_m=0.0, north_m=100.0, up_m=10.0))
    flyer.record.plan.replace(PlanType.FENCE, items)
    flyer.plan_changed(PlanType.FENCE, first_item=0)
    fly(flyer, until=lambda: flyer.record.action_cause == "fence")
    fly(flyer, for_s=8)
    assert flyer.record.mode is Mode.HOLD
    assert 40 < flyer.record.body.north_m < 65


def test_it_cannot_be_disarmed_in_the_air_but_by_force() -> None:
    flyer = hovering()
    assert flyer.disarm() is Result.TEMPORARILY_REJECTED
    assert flyer.record.is_armed
    assert flyer.disarm(force=True) is Result.ACCEPTED


def test_after_landing_it_disarms_by_itself_and_falls_back_to_its_last_mode() -> None:
    flyer = on_mission(waypoint(0, 20, 10))
    fly(flyer, for_s=2)
    flyer.set_mode(Mode.LAND)
    fly(flyer, until=lambda: flyer.record.landed is Landed.ON_GROUND)
    landed_s = flyer.cockpit.now_s
    fly(flyer, until=lambda: not flyer.record.is_armed)
    assert flyer.cockpit.now_s - landed_s == pytest.approx(2, abs=0.1)
    assert flyer.record.mode is Mode.MISSION


def test_the_same_seed_flies_the_same_way() -> None:
    paths = []
    for _ in range(2):
        flyer = hovering()
        flyer.faults.wind_m_s = 5.0
        fly(flyer, for_s=5)
        paths.append((flyer.record.body.east_m, flyer.record.body.north_m, flyer.record.noise_east_m))
    assert paths[0] == paths[1]
