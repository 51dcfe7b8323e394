"""Everything that one vehicle needs in an agent, put together once the vehicle is heard."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import structlog

from agent.executor import OrderExecutor
from agent.executor_store import SqliteExecutorStore
from agent.guard import Guard
from agent.order_book import ORDERS_TOLD
from agent.outbox import Outbox, OutboxFile
from agent.settings import OnStop, VehicleSettings
from core.clock import Clock
from core.errors import RoundsmanError
from core.tasks import Service, TaskSupervisor, within
from fleet.drivers.mavlink import MavlinkVehicle
from fleet.link.live_slots import LiveSlots
from fleet.link.uplink import Uplink
from fleet.live import LivePicture, LiveTracks
from fleet.orders import OrderProgress, VehicleEvent
from fleet.telemetry import FlightMode
from fleet.vehicle import VehicleCard
from perception.sighting import PerceptionState
from perception.wire import eyes_to_pb

if TYPE_CHECKING:
    from agent.camera import Eyes
    from agent.camera_settings import CameraSettings
    from agent.eyes_worker import EyesWorker

SAFE_WITHIN_S = 8.0
_LENS = ("width_px", "height_px", "fx_px", "fy_px", "cx_px", "cy_px")
_OURS_IN_AIR = frozenset({FlightMode.MISSION, FlightMode.HOLD, FlightMode.TAKEOFF, FlightMode.OFFBOARD})
_TOLD = frozenset({"warning", "error", "critical", "alert", "emergency"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentGround:
    """What all vehicles of one agent share."""

    channel: grpc.aio.Channel
    outbox_file: OutboxFile
    state_dir: Path
    software: str
    boot_id: str
    clock: Clock
    eyes: "EyesWorker | None" = None


class _EyesSink:
    """What the eyes show, on its way up."""

    def __init__(self, *, slots: LiveSlots) -> None:
        self._slots = slots

    def tracks(self, tracks: LiveTracks) -> None:
        self._slots.tracks(tracks)

    def picture(self, picture: LivePicture) -> None:
        self._slots.picture(picture)

    def perception(self, state: PerceptionState) -> None:
        self._slots.eyes(eyes_to_pb(state))


class VehicleParts:
    """One vehicle with its executor, guard, eyes, outbox and uplink; `start` runs them all."""

    def __init__(
        self,
        *,
        vehicle: MavlinkVehicle,
        settings: VehicleSettings,
        ground: AgentGround,
        store: SqliteExecutorStore,
        camera: "CameraSettings | None",
    ) -> None:
        self.vehicle = vehicle
        self._clock = ground.clock
        self._store = store
        self._live = LiveSlots(clock=ground.clock, newest_state=vehicle.state)
        self.outbox = Outbox(file=ground.outbox_file, vehicle_id=vehicle.id, clock=ground.clock)
        self._guard = Guard(vehicle=vehicle, reports=self.outbox, clock=ground.clock)
        self._eyes = _open_eyes(vehicle, camera, ground, self.outbox, self._live)
        self._executor = OrderExecutor(
            vehicle=vehicle,
            store=store,
            reports=self.outbox,
            guard=self._guard,
            clock=ground.clock,
            watchers=() if self._eyes is None else (self._eyes.set_order,),
        )
        self._uplink = Uplink(
            card=_card(vehicle, settings, camera),
            channel=ground.channel,
            live=self._live,
            reports=self.outbox,
            taker=self._executor,
            held_orders=self._held_orders,
            software=ground.software,
            boot_id=ground.boot_id,
            clock=ground.clock,
        )
        self._log = structlog.get_logger("agent").bind(vehicle_id=vehicle.id)

    def start(self, tasks: TaskSupervisor) -> None:
        """Run every part under *tasks*; the guard first, the link last."""
        services: dict[str, Service] = {
            "driver": self.vehicle.run,
            "guard": self._guard.run,
            "executor": self._executor.run,
            "messages": self._tell_messages,
            "uplink": self._uplink.run,
        }
        if self._eyes is not None:
            services["eyes"] = self._eyes.run
        for name, service in services.items():
            tasks.run(f"{name} of {self.vehicle.id}", service)

    @property
    def is_linked(self) -> bool:
        """Say whether the controller is there for this vehicle."""
        return self._uplink.is_connected

    async def make_safe(self, on_stop: OnStop) -> None:
        """Bring a vehicle that we keep in the air on its way home, because nobody will watch over it any more."""
        state = self.vehicle.state()
        if not (state.is_airborne and state.link_up and state.mode in _OURS_IN_AIR):
            return
        try:
            text = "left flying, as the settings of its agent say"
            if on_stop is OnStop.RETURN:
                is_sent = await within(SAFE_WITHIN_S, self._executor.bring_home("its agent was stopped"))
                text = "sent home" if is_sent else "left where a person holds it"
            await self._tell("agent_stopped", f"the agent was stopped in flight; the vehicle was {text}")
        except (RoundsmanError, TimeoutError) as error:
            self._log.exception("the vehicle could not be sent home before the agent stopped")
            await self._tell("agent_stopped", f"the agent was stopped; sending the vehicle home failed: {error}")

    async def _held_orders(self) -> list[OrderProgress]:
        return await self._store.newest(limit=ORDERS_TOLD)

    async def _tell_messages(self) -> None:
        """Report the vehicle's own warnings; chatter stays here."""
        async for message in self.vehicle.messages():
            if message.severity in _TOLD:
                await self._tell("status_text", message.text)

    async def _tell(self, kind: str, text: str) -> None:
        event = VehicleEvent(vehicle_id=self.vehicle.id, kind=kind, text=text, at=self._clock.now())
        await self.outbox.put(event)


def _open_eyes(
    vehicle: MavlinkVehicle, camera: "CameraSettings | None", ground: AgentGround, outbox: Outbox, live: LiveSlots
) -> "Eyes | None":
    if camera is None or ground.eyes is None:
        return None
    from agent.camera import Eyes

    return Eyes(
        vehicle=vehicle,
        settings=camera,
        worker=ground.eyes,
        reports=outbox,
        live=_EyesSink(slots=live),
        clock=ground.clock,
    )


def _card(vehicle: MavlinkVehicle, settings: VehicleSettings, camera: "CameraSettings | None") -> VehicleCard:
    return VehicleCard(
        id=vehicle.id,
        kind=vehicle.kind,
        name=settings.name or vehicle.id,
        name_zh=settings.name_zh or settings.name or vehicle.id,
        capabilities=vehicle.capabilities,
        dock_id=settings.dock,
        speed_m_s=settings.speed_m_s,
        endurance_s=settings.endurance_s,
        camera={} if camera is None else {name: float(getattr(camera, name)) for name in _LENS},
    )
