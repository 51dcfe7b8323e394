"""A PX4 vehicle over MAVLink behind the `Vehicle` protocol: what counts is what it shows, not what a call returns."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from functools import partial

import structlog

from core.clock import Clock
from core.errors import Conflict, Fault, TimedOut, Unavailable
from core.ids import VehicleId
from core.tasks import run_blocking
from fleet.drivers.mavlink_connection import MavlinkPort
from fleet.drivers.mavlink_failsafes import failsafe_parameters
from fleet.drivers.mavlink_link import MavlinkLink
from fleet.drivers.mavlink_modes import set_mode_params
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
from fleet.drivers.mavlink_wire import Item, MissionKind, WirePlan, digest_of, wire_plan
from fleet.errors import DuplicateVehicle, NotSupported, VehicleRefused
from fleet.orders import Order
from fleet.telemetry import CameraPose, FlightMode, VehicleMessage, VehicleState
from fleet.vehicle import Capability, Loaded, Plan, VehicleKind

_ARM, _SET_MODE = 400, 176
_SWITCH_TRIES = 4
_SHOWN_WITHIN_S = 1.5
_LIFT_OFF_S = 15.0
_CHANGE_PERIOD_S, _QUIET_PERIOD_S, _POLL_S = 0.1, 0.5, 0.05


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
        self._log = structlog.get_logger("mavlink").bind(vehicle_id=vehicle_id)
        self._lock = asyncio.Lock()
        self._wish = 0
        self._poses: Fanout[CameraPose] = Fanout(most_waiting=5)
        self._messages: Fanout[VehicleMessage] = Fanout()
        self._words: deque[tuple[float, str]] = deque(maxlen=50)
        self._planned: tuple[Plan, WirePlan] | None = None
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

    def digest(self, plan: Plan) -> str:
        """Return the digest that `load(plan)` would return, without talking to the vehicle."""
        return self._wire(plan).digest

    def legs_done(self, plan: Plan) -> int | None:
        """Return how many legs of the order are done if the vehicle holds *plan*; None while it does not say."""
        state, wire = self._telemetry.state(), self._wire(plan)
        if state.mission_item is None or state.mission_items != len(wire.mission):
            return None
        return wire.legs_done(current_item=state.mission_item)

    async def load(self, plan: Plan) -> Loaded:
        """Upload failsafes, fence, safe points and mission, read all back and compare."""
        # A fence among many zones takes a while: in the loop it would keep every other vehicle's guard waiting.
        wire = await run_blocking(partial(self._wire, plan))
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
            await self._wait(lambda s: s.mission_items == len(wire.mission), 3.0, "take the mission as its own")
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
        wish, started_s = self._new_wish(), self._clock.monotonic_s()
        await self._switch(FlightMode.MISSION, wish)
        if not self.state().is_armed:
            await self._arm(started_s)
        await self._wait(flies_mission, _LIFT_OFF_S, "take off", since_s=started_s, wish=wish)

    async def hold(self) -> None:
        """Stop and hover here."""
        await self._switch(FlightMode.HOLD, self._new_wish())

    async def resume(self) -> None:
        """Go on with the loaded mission from where it was left."""
        if not self.state().is_airborne:
            raise Conflict("the vehicle is on the ground; start the mission instead", where=self.id)
        await self._switch(FlightMode.MISSION, self._new_wish())

    async def return_home(self) -> None:
        """Fly home and land; returns when the vehicle is on its way, at once when it is on the ground."""
        wish = self._new_wish()
        if self.state().is_airborne:
            await self._switch(FlightMode.RETURN, wish)

    async def land(self) -> None:
        """Land here; returns when the vehicle is descending, at once when it is on the ground."""
        wish = self._new_wish()
        if self.state().is_airborne:
            await self._switch(FlightMode.LAND, wish)

    # ------------------------------------------------------------------------------------ inside

    def _new_wish(self) -> int:
        """Make every older command that is still being repeated give up."""
        self._wish += 1
        return self._wish

    async def _switch(self, mode: FlightMode, wish: int) -> None:
        """Bring the vehicle into *mode*, verified by its own heartbeat."""
        started_s = self._clock.monotonic_s()
        for _ in range(_SWITCH_TRIES):
            self._check_link()
            if self.state().mode is not mode:
                await self._try_command(_SET_MODE, *set_mode_params(mode))
            if await self._shows(lambda s: s.mode is mode, _SHOWN_WITHIN_S, wish):
                return
        raise self._not_shown(f"switch to {mode}", started_s)

    async def _try_command(self, command: int, *params: float) -> None:
        """Send a command whose fate the caller reads from the vehicle's state, not from the answer."""
        try:
            await self._link.command(command, *params)
        except (VehicleRefused, TimedOut) as error:
            self._log.info("no clear answer, looking at the vehicle instead", command=command, error=str(error))

    async def _arm(self, started_s: float) -> None:
        for _ in range(_SWITCH_TRIES):
            self._check_link()
            await self._try_command(_ARM, 1.0)
            if await self._shows(lambda s: s.is_armed is True, _SHOWN_WITHIN_S, self._wish):
                return
        raise self._not_shown("arm", started_s)

    async def _wait(
        self,
        claim: Callable[[VehicleState], bool],
        timeout_s: float,
        what: str,
        *,
        since_s: float | None = None,
        wish: int | None = None,
    ) -> None:
        started_s = self._clock.monotonic_s() if since_s is None else since_s
        if not await self._shows(claim, timeout_s, wish):
            raise self._not_shown(what, started_s)

    async def _shows(self, claim: Callable[[VehicleState], bool], timeout_s: float, wish: int | None) -> bool:
        deadline_s = self._clock.monotonic_s() + timeout_s
        while not claim(self._telemetry.state()):
            if wish is not None and wish != self._wish:
                raise Conflict("a newer command has taken over", where=self.id)
            if self._clock.monotonic_s() > deadline_s:
                return False
            await self._clock.sleep(_POLL_S)
        return True

    def _not_shown(self, what: str, since_s: float) -> Fault:
        state, words = self._telemetry.state(), self._words_since(since_s)
        if not state.link_up:
            return Unavailable(f"the link was lost on the way: could not {what}", where=self.id)
        if words:
            return VehicleRefused(f"did not {what}: {'; '.join(words)}", where=self.id)
        return TimedOut(f"did not {what} in time, it is in mode {state.mode}", where=self.id)

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

    def _wire(self, plan: Plan) -> WirePlan:
        planned = self._planned
        if planned is None or planned[0] is not plan:
            self._planned = planned = (plan, wire_plan(plan))
        return planned[1]


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
