"""Commands that a newer one has taken over."""

from typing import cast

import pytest

from core.clock import SystemClock
from core.errors import Conflict
from core.ids import VehicleId
from fleet.drivers.mavlink_commands import VerifiedCommands
from fleet.drivers.mavlink_link import MavlinkLink
from fleet.telemetry import VehicleState

DRONE = VehicleId("drone-1")


class Wire:
    """A link that notes what is sent."""

    def __init__(self) -> None:
        self.sent: list[int] = []

    async def command(self, command: int, *params: float) -> None:
        self.sent.append(command)


async def test_nothing_is_armed_for_a_command_that_a_newer_one_has_taken_over() -> None:
    wire = Wire()
    commands = VerifiedCommands(
        link=cast(MavlinkLink, wire),
        clock=SystemClock(),
        vehicle_id=DRONE,
        state=lambda: VehicleState(vehicle_id=DRONE, link_up=True),
        words_since=lambda _: [],
        check_link=lambda: None,
    )
    start = commands.new_wish()
    commands.new_wish()
    with pytest.raises(Conflict, match="newer command"):
        await commands.arm(0.0, start)
    assert wire.sent == []
