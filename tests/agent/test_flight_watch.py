"""What a vehicle does by itself, in words."""

from dataclasses import replace

import pytest

from agent.flight_watch import FlightWatch
from core.ids import VehicleId
from fleet.telemetry import FlightMode, LandedState, VehicleState
from tests.fleet.drivers.orders import make_order

FLYING = VehicleState(
    vehicle_id=VehicleId("drone-1"),
    link_up=True,
    mode=FlightMode.MISSION,
    landed=LandedState.IN_AIR,
    is_armed=True,
    received_s=100.0,
)
SILENT = replace(FLYING, link_up=False)


@pytest.mark.parametrize("heard", [[], [replace(FLYING, received_s=151.0)]])
def test_a_way_home_after_a_silence_is_put_down_to_the_lost_link(heard: list[VehicleState]) -> None:
    watch = FlightWatch(make_order())
    home = replace(FLYING, received_s=151.0, mode=FlightMode.RETURN)
    told = [text for state in (FLYING, SILENT, FLYING, *heard, home) for _, text in watch.events(state)]

    assert told[-1] == "the vehicle switched to return by itself; its link was lost for 51 s"


def test_a_mode_that_is_heard_before_a_position_has_the_same_cause() -> None:
    watch = FlightWatch(make_order())
    home = replace(FLYING, mode=FlightMode.RETURN)
    told = [text for state in (FLYING, SILENT, home) for _, text in watch.events(state)]

    assert told[-1] == "the vehicle switched to return by itself; its link was lost before"


def test_a_silence_long_ago_is_no_cause() -> None:
    watch = FlightWatch(make_order())
    later = [replace(FLYING, received_s=at_s) for at_s in (110.0, 140.0)]
    home = replace(FLYING, received_s=141.0, mode=FlightMode.RETURN)
    told = [text for state in (FLYING, SILENT, *later, home) for _, text in watch.events(state)]

    assert told[-1] == "the vehicle switched to return by itself; it gives no reason"
