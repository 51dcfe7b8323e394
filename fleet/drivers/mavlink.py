"""A PX4 vehicle over MAVLink behind the `Vehicle` protocol: what counts is what it shows, not what a call returns."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

from core.clock import Clock
from core.errors import Conflict, Unavailable
from core.ids import VehicleId
from fleet.drivers.mavlink_commands import VerifiedCommands
from fleet.drivers.mavlink_connection import MavlinkPort
from fleet.drivers.mavlink_failsafes import failsafe_parameters
from fleet.drivers.mavlink_link import MavlinkLink
from fleet.drivers.mavlink_plans import WirePlans
from fleet.drivers.mavlink_rates import Rates
from fleet.drivers.mavlink_start import check_start, flies_mission
from fleet.drivers.mavlink_streams import Fanout, until_beat_s
from fleet.drivers.mavlink_telemetry import (
    POSE_MESSAGES,
    PROMPT_MESSAGES,
    STATE_MESSAGES,
    CameraMount,
    MavlinkTelemetry,
)
from fleet.drivers.mavlink_transfers import Transfers
from fleet.drivers.mavlink_wire import Item, MissionKind, digest_of
from fleet.errors import DuplicateVehicle, NotSupported
from fleet.orders import Order
from fleet.telemetry import CameraPose, FlightMode, VehicleMessage, VehicleState
from fleet.vehicle import Capability, Loaded, Plan, VehicleKind

_LIFT_OFF_S = 15.0
_CHANGE_PERIOD_S, _QUIET_PERIOD_S = 0.1, 0.5


class MavlinkVehicle:
    """One PX4 vehicle; make it with `connect`."""

    def __init__(
        self,
        *,
        vehicle_id: VehicleId,
        link: MavlinkLink,
        clock: Clock,
        capabilities: frozenset[Capability] | None = None,
        mount: CameraMount | None = None,
        explain: Callable[[], str] = lambda: "",
    ) -> None:
        self.id = vehicle_id
        self.kind = VehicleKind.DRONE
        self.capabilities = _CAPABILITIES if capabilities is None else capabilities
        self._link = link
        self._clock = clock
        self._explain = explain
        self._lock = asyncio.Lock()
        self._poses: Fanout[CameraPose] = Fanout(most_waiting=5)
        self._messages: Fanout[VehicleMessage] = Fanout()
        self._words: deque[tuple[float, str]] = deque(maxlen=50)
        self._plans = WirePlans()
        self._with_poses = False
        self._rates = Rates(
            link=link, clock=clock, is_heard=lambda: self._telemetry.is_heard, with_poses=lambda: self._with_poses
        )
        self._telemetry = MavlinkTelemetry(
            vehicle_id=vehicle_id,
            clock=clock,
            mount=mount,
            waiting=link.taken,
            on_pose=self._poses.put,
            on_message=self._hear,
            on_reboot=self._rates.forget,
        )
        self._transfers = Transfers(
            link=link, clock=clock, vehicle_id=vehicle_id, words_since=self._words_since, check_link=self._check_link
        )
        self._commands = VerifiedCommands(
            link=link,
            clock=clock,
            vehicle_id=vehicle_id,
            state=self._telemetry.state,
            words_since=self._words_since,
            check_link=self._check_link,
        )
        link.collect(STATE_MESSAGES)
        link.subscribe(PROMPT_MESSAGES, self._telemetry.handle)

    # ------------------------------------------------------------------------------- what it says

    def state(self) -> VehicleState:
        """Return the newest known state, at once."""
        state = self._telemetry.state()
        return state if state.link_up else replace(state, because=self._explain() or "nothing heard from the vehicle")

    async def states(self) -> AsyncIterator[VehicleState]:
        """Yield the state on change, at most 10 Hz, at least every 0.5 s.

        In step with all other readers of all vehicles of this process: one waking for all of them.
        """
        while True:
            state, heard, from_s = self.state(), self._telemetry.heard_count, self._clock.monotonic_s()
            yield state
            await self._next_beat()
            while not self._has_news(heard) and self._clock.monotonic_s() - from_s < _QUIET_PERIOD_S:
                await self._next_beat()

    async def _next_beat(self) -> None:
        await self._clock.sleep(until_beat_s(self._clock.monotonic_s(), _CHANGE_PERIOD_S))

    def _has_news(self, heard: int) -> bool:
        self._telemetry.catch_up()
        return self._telemetry.heard_count != heard

    async def camera_poses(self) -> AsyncIterator[CameraPose]:
        """Yield where the camera is and looks, as often as the vehicle says so (10 Hz are asked for)."""
        if not self._with_poses:
            self._with_poses = True
            self._link.subscribe(POSE_MESSAGES, self._telemetry.handle)
            self._rates.forget()
        async for pose in self._poses.values():
            yield pose

    async def messages(self) -> AsyncIterator[VehicleMessage]:
        """Yield the vehicle's own words as they come."""
        async for message in self._messages.values():
            yield message

    async def run(self) -> None:
        """Ask for the rates we need, again after every restart or loss of the link; runs until cancelled."""
        await self._rates.keep_asking()

    # --------------------------------------------------------------------------- what it is given

    async def digest(self, plan: Plan) -> str:
        """Return the digest that `load(plan)` would return, without talking to the vehicle."""
        return (await self._plans.wire(plan)).digest

    def legs_done(self, plan: Plan) -> int | None:
        """Return how many legs of the order are done if the vehicle holds *plan*; None while it does not say."""
        state, mission = self._telemetry.state(), self._plans.mission(plan)
        if state.mission_item is None or state.mission_items != len(mission.items):
            return None
        return mission.legs_done(current_item=state.mission_item)

    async def load(self, plan: Plan) -> Loaded:
        """Upload failsafes, fence, safe points and mission, read all back and compare."""
        wire = await self._plans.wire(plan)
        parameters = failsafe_parameters(plan.order)
        async with self._lock:
            self._check_link()
            check_start(plan, self.state())
            for parameter in parameters:
                await self._transfers.put_parameter(parameter)
            await self._transfers.put(MissionKind.FENCE, wire.fence)
            await self._transfers.put(MissionKind.RALLY, wire.rally)
            await self._transfers.put(MissionKind.MISSION, wire.mission)
            self._telemetry.forget_mission()
            await self._commands.wait(
                lambda s: s.mission_items == len(wire.mission), 3.0, "take the mission as its own"
            )
        return _loaded(wire.digest, wire.mission, wire.fence)

    async def held_plan(self) -> Loaded:
        """Read back what the vehicle holds now; this also wakes its mission progress after our restart."""
        async with self._lock:
            self._check_link()
            mission, fence, rally = [await self._transfers.get(kind) for kind in MissionKind]
        return _loaded(digest_of(mission=mission, fence=fence, rally=rally), mission, fence)

    async def held_parameters(self, order: Order) -> dict[str, int | float]:
        """Read back the failsafe parameters that *order* is about, by name, as the vehicle holds them."""
        wanted = failsafe_parameters(order)
        return {parameter.name: await self._transfers.parameter(parameter) for parameter in wanted}

    # ---------------------------------------------------------------------------- what it is told

    async def start(self) -> None:
        """Switch to the mission, arm when on the ground, and return when the vehicle really flies it."""
        wish, started_s = self._commands.new_wish(), self._clock.monotonic_s()
        await self._commands.switch(FlightMode.MISSION, wish)
        if not self.state().is_armed:
            await self._commands.arm(started_s, wish)
        await self._commands.wait(flies_mission, _LIFT_OFF_S, "take off", since_s=started_s, wish=wish)

    async def hold(self) -> None:
        """Stop and hover here."""
        await self._commands.switch(FlightMode.HOLD, self._commands.new_wish())

    async def resume(self) -> None:
        """Go on with the loaded mission from where it was left."""
        if not self.state().is_airborne:
            raise Conflict("the vehicle is on the ground; start the mission instead", where=self.id)
        await self._commands.switch(FlightMode.MISSION, self._commands.new_wish())

    async def return_home(self) -> None:
        """Fly home and land; returns when the vehicle is on its way, at once when it is on the ground."""
        wish = self._commands.new_wish()
        if self.state().is_airborne:
            await self._commands.switch(FlightMode.RETURN, wish)

    async def land(self) -> None:
        """Land here; returns when the vehicle is descending, at once when it is on the ground."""
        wish = self._commands.new_wish()
        if self.state().is_airborne:
            await self._commands.switch(FlightMode.LAND, wish)

    # ------------------------------------------------------------------------------------ inside

    def _hear(self, message: VehicleMessage) -> None:
        self._words.append((self._clock.monotonic_s(), message.text))
        self._messages.put(message)

    def _words_since(self, since_s: float) -> list[str]:
        return list(dict.fromkeys(text for at_s, text in self._words if at_s >= since_s))

    def _check_link(self) -> None:
        self._telemetry.catch_up()
        if self._telemetry.identity.is_ambiguous(self._clock.monotonic_s()):
            raise DuplicateVehicle(
                f"two vehicles answer to system id {self._link.system_id}",
                where=self.id,
                remedy="give one of them another MAV_SYS_ID; neither is commanded until then",
            )
        if foreign := self._telemetry.foreign:
            raise NotSupported(foreign, where=self.id, remedy="fly it with PX4, or take it out of the agent's vehicles")
        if not self._telemetry.is_heard:
            raise Unavailable("nothing heard from the vehicle", where=self.id, remedy=self._explain() or None)


_CAPABILITIES = frozenset(
    {
        Capability.FENCE,
        Capability.RALLY,
        Capability.GIMBAL_PITCH,
        Capability.DWELL,
        Capability.START_IN_MOTION,
    }
)


def _loaded(digest: str, mission: Sequence[Item], fence: Sequence[Item]) -> Loaded:
    return Loaded(digest=digest, mission_items=len(mission), fence_vertices=len(fence))


async def connect(
    *,
    port: MavlinkPort,
    system_id: int,
    vehicle_id: VehicleId,
    clock: Clock,
    capabilities: frozenset[Capability] | None = None,
    mount: CameraMount | None = None,
    timeout_s: float = 10.0,
) -> MavlinkVehicle:
    """Return the vehicle with *system_id* on *port*; its `run()` must be run. Raises Unavailable when it is silent."""
    link = await port.link(system_id, timeout_s=timeout_s)
    return MavlinkVehicle(
        vehicle_id=vehicle_id,
        link=link,
        clock=clock,
        capabilities=capabilities,
        mount=mount,
        explain=port.listeners_remark,
    )
