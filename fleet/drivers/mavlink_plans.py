"""The plan at hand as it goes over the wire, made once; its fence is fitted beside the event loop."""

import asyncio
from functools import partial

from core.tasks import run_blocking
from fleet.drivers.mavlink_wire import WireMission, WirePlan, wire_mission, wire_plan
from fleet.vehicle import Plan


class WirePlans:
    """Keeps the newest plan in its wire form."""

    def __init__(self) -> None:
        self._mission: tuple[Plan, WireMission] | None = None
        self._wire: tuple[Plan, WirePlan] | None = None
        self._fitting = asyncio.Lock()

    def mission(self, plan: Plan) -> WireMission:
        """Return the mission of *plan*, at once."""
        if self._mission is None or self._mission[0] is not plan:
            self._mission = (plan, wire_mission(plan))
        return self._mission[1]

    async def wire(self, plan: Plan) -> WirePlan:
        """Return everything of *plan*; a fence among many zones takes a while, and every guard goes on meanwhile."""
        async with self._fitting:
            if self._wire is None or self._wire[0] is not plan:
                self._wire = (plan, await run_blocking(partial(wire_plan, plan)))
            return self._wire[1]
