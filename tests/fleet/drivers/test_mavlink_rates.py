"""The rates that a vehicle is asked for: no attitude unless a camera looks, and all again after a loss."""

import asyncio

from core.clock import ManualClock
from fleet.drivers.mavlink_rates import Rates

ATTITUDE, POSITION = 30, 33


class Notebook:
    """A link that writes down the intervals that it is told (µs by message id; -1 is off)."""

    def __init__(self) -> None:
        self.intervals_us: dict[int, float] = {}

    async def command(self, command: int, *params: float) -> None:
        if command == 511:
            self.intervals_us[int(params[0])] = params[1]


async def test_attitude_is_asked_for_only_while_a_camera_looks() -> None:
    clock, link, cameras = ManualClock(), Notebook(), [False]
    rates = Rates(
        link=link,  # type: ignore[arg-type]  # only command is used
        clock=clock,
        is_heard=lambda: True,
        with_poses=lambda: cameras[0],
    )
    task = asyncio.create_task(rates.keep_asking())
    await clock.advance(1.0)
    assert (link.intervals_us[POSITION], link.intervals_us[ATTITUDE]) == (100_000.0, -1.0)
    cameras[0] = True
    rates.forget()
    await clock.advance(1.0)
    assert link.intervals_us[ATTITUDE] == 100_000.0
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
