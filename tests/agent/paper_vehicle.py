"""A vehicle on paper: it does what it is told at once, and else what the test writes down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

from core.clock import Clock
from core.errors import RoundsmanError
from core.ids import VehicleId
from core.tasks import within
from fleet.drivers.mavlink_wire import wire_plan
from fleet.telemetry import CameraPose, FlightMode, LandedState, VehicleMessage, VehicleState
from fleet.vehicle import Capability, Loaded, Plan, VehicleKind
from tests.fleet.drivers.orders import HOME


class PaperVehicle:
    """Keeps to the `Vehicle` protocol; `calls` lists what it was told, `troubles` what it raises next by call."""

    def __init__(self, *, clock: Clock, name: str = "drone-1") -> None:
        self.id = VehicleId(name)
        self.kind = VehicleKind.DRONE
        self.capabilities = frozenset(Capability)
        self.calls: list[str] = []
        self.troubles: dict[str, RoundsmanError] = {}
        self.on_board: Plan | None = None
        self.legs = 0
        self.returns_late_s = 0.0
        """How long after its effect is seen a mode call comes back."""
        self.samples = 0
        """How many states were taken from it."""
        self._clock = clock
        self._news = asyncio.Event()
        self._state = VehicleState(
            vehicle_id=self.id,
            position=HOME,
            height_above_home_m=0.0,
            is_armed=False,
            landed=LandedState.ON_GROUND,
            mode=FlightMode.HOLD,
            link_up=True,
        )

    # ------------------------------------------------------------------------- what the test writes

    def shows(self, *, legs: int | None = None, **changes: object) -> None:
        """Change the state, as the vehicle would by itself."""
        self.legs = self.legs if legs is None else legs
        self._state = replace(self._state, **changes)  # type: ignore[arg-type]
        self._news.set()

    def flies(self, mode: FlightMode = FlightMode.MISSION, *, height_m: float = 15.0) -> None:
        """Be in the air."""
        self.shows(mode=mode, is_armed=True, landed=LandedState.IN_AIR, height_above_home_m=height_m)

    def lands(self, because: str = "") -> None:
        """Be on the ground and disarmed."""
        self.shows(is_armed=False, landed=LandedState.ON_GROUND, height_above_home_m=0.0, because=because)

    # ------------------------------------------------------------------------------------- protocol

    def state(self) -> VehicleState:
        return replace(self._state, received_s=self._clock.monotonic_s())

    async def states(self) -> AsyncIterator[VehicleState]:
        while True:
            yield self.state()
            self.samples += 1
            with suppress(TimeoutError):
                await within(0.1, self._news.wait())
            self._news.clear()

    async def camera_poses(self) -> AsyncIterator[CameraPose]:
        return
        yield

    async def messages(self) -> AsyncIterator[VehicleMessage]:
        return
        yield

    async def digest(self, plan: Plan) -> str:
        return wire_plan(plan).digest

    def legs_done(self, plan: Plan) -> int | None:
        return self.legs if self.on_board is not None else None

    async def load(self, plan: Plan) -> Loaded:
        self._told("load")
        self.on_board, self.legs = plan, plan.first_leg
        return self._holds()

    async def held_plan(self) -> Loaded:
        self._told("held_plan")
        return self._holds()

    def _holds(self) -> Loaded:
        digest = "nothing" if self.on_board is None else wire_plan(self.on_board).digest
        return Loaded(digest=digest, mission_items=1, fence_vertices=4)

    async def start(self) -> None:
        self._told("start")
        self.flies()

    async def hold(self) -> None:
        await self._switched("hold", FlightMode.HOLD)

    async def resume(self) -> None:
        await self._switched("resume", FlightMode.MISSION)

    async def return_home(self) -> None:
        await self._switched("return_home", FlightMode.RETURN)

    async def land(self) -> None:
        await self._switched("land", FlightMode.LAND)

    async def _switched(self, call: str, mode: FlightMode) -> None:
        self._told(call)
        self.shows(mode=mode)
        await self._clock.sleep(self.returns_late_s)

    def _told(self, call: str) -> None:
        self.calls.append(call)
        if call in self.troubles:
            raise self.troubles.pop(call)
