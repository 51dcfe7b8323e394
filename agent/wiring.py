"""Puts an agent together; the only place that knows which driver is used."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING

import structlog
from pydantic import TypeAdapter, ValidationError

from agent.executor_store import SqliteExecutorStore
from agent.outbox import OutboxFile
from agent.settings import AgentSettings, VehicleSettings
from agent.vehicle_parts import AgentGround, VehicleParts
from core.clock import Clock
from core.errors import InvalidInput, Unavailable
from core.files import held_folder
from core.ids import VehicleId, new_id
from core.tasks import RestartPolicy, TaskSupervisor, run_blocking
from fleet.drivers.mavlink import MavlinkVehicle, connect
from fleet.drivers.mavlink_connection import MavlinkPort
from fleet.drivers.mavlink_telemetry import CameraMount
from fleet.link.certificates import TlsFiles
from fleet.link.channel import open_channel
from fleet.vehicle import VehicleKind

if TYPE_CHECKING:
    from agent.camera_settings import CameraSettings
    from agent.eyes_worker import EyesWorker

HEARD_WITHIN_S = 10.0
LAST_WORDS_S = 2.0
_TRY_AGAIN = RestartPolicy(first_s=0.5, most_s=10.0)
_MOUNT = "mount_pitch_deg"


class Agent:
    """Looks for its vehicles and runs what each needs; vehicles are added as they are heard."""

    def __init__(self, *, settings: AgentSettings, ground: AgentGround, tasks: TaskSupervisor) -> None:
        self._settings = settings
        self._ground = ground
        self._tasks = tasks
        self._stack = AsyncExitStack()
        self._vehicles: dict[str, VehicleParts] = {}
        self._log = structlog.get_logger("agent")

    async def start(self, stack: AsyncExitStack) -> None:
        """Open the ports and look for the vehicles; raises when a port cannot be opened or a setting is wrong."""
        self._stack = stack
        cameras = [read_camera(vehicle) for vehicle in self._settings.vehicles]
        urls = dict.fromkeys(vehicle.url for vehicle in self._settings.vehicles)
        ports = {url: await stack.enter_async_context(MavlinkPort(url=url, clock=self._ground.clock)) for url in urls}
        for vehicle, (camera, mount) in zip(self._settings.vehicles, cameras, strict=True):
            self._look_for(vehicle, ports[vehicle.url], camera, mount)

    async def make_safe(self) -> None:
        """Bring every vehicle in the air into a safe state, before anything is stopped; then let the last words out."""
        for parts in list(self._vehicles.values()):
            await parts.make_safe(self._settings.on_stop)
        until_s = self._ground.clock.monotonic_s() + LAST_WORDS_S
        while self._ground.clock.monotonic_s() < until_s and await self._has_news():
            await self._ground.clock.sleep(0.1)

    async def _has_news(self) -> bool:
        return any([parts.is_linked and await parts.outbox.count() for parts in self._vehicles.values()])

    def _look_for(
        self,
        settings: VehicleSettings,
        port: MavlinkPort,
        camera: "CameraSettings | None",
        mount: CameraMount | None,
    ) -> None:
        name = f"look for {settings.id or settings.connection}"
        if settings.system_id is None:
            self._tasks.run(name, lambda: self._discover(settings, port, camera, mount))
            self._tasks.run_once(f"silence on {port.url}", lambda: self._tell_silence(port))
        else:
            self._tasks.run(name, lambda: self._attach(settings, port, camera, mount))

    async def _discover(
        self,
        settings: VehicleSettings,
        port: MavlinkPort,
        camera: "CameraSettings | None",
        mount: CameraMount | None,
    ) -> None:
        """Make a vehicle of every autopilot that nobody else was told to take; of the first, when it has an id."""
        taken = {one.system_id for one in self._settings.vehicles if one.url == settings.url}
        async for system_id in port.discovered():
            if system_id in taken:
                continue
            found = replace(settings, system_id=system_id, id=settings.id or f"mav-{system_id}")
            self._log.info("autopilot found", system_id=system_id, vehicle_id=found.id, port=port.url)
            await self._attach(found, port, camera, mount)
            if settings.id:
                return

    async def _attach(
        self,
        settings: VehicleSettings,
        port: MavlinkPort,
        camera: "CameraSettings | None",
        mount: CameraMount | None,
    ) -> None:
        if settings.system_id is None or settings.id in self._vehicles:
            return
        vehicle_id = VehicleId(settings.id or f"mav-{settings.system_id}")
        vehicle = await self._connected(port, settings.system_id, vehicle_id, mount)
        file = self._ground.state_dir / f"orders-{vehicle_id}.db"
        store = await self._stack.enter_async_context(SqliteExecutorStore(file=file))
        parts = VehicleParts(vehicle=vehicle, settings=settings, ground=self._ground, store=store, camera=camera)
        self._vehicles[vehicle_id] = parts
        parts.start(self._tasks)
        self._log.info("vehicle heard", vehicle_id=vehicle_id, system_id=settings.system_id)

    async def _connected(
        self, port: MavlinkPort, system_id: int, vehicle_id: VehicleId, mount: CameraMount | None
    ) -> MavlinkVehicle:
        """Return the vehicle as soon as it is heard, however late; the first silence is told."""
        clock = self._ground.clock
        is_told = False
        while True:
            try:
                return await connect(
                    port=port,
                    system_id=system_id,
                    vehicle_id=vehicle_id,
                    clock=clock,
                    mount=mount,
                    timeout_s=HEARD_WITHIN_S,
                )
            except Unavailable as error:
                if not is_told:
                    self._log.warning("vehicle not heard yet, listening on", vehicle_id=vehicle_id, because=str(error))
                    is_told = True

    async def _tell_silence(self, port: MavlinkPort) -> None:
        await self._ground.clock.sleep(HEARD_WITHIN_S)
        if not self._vehicles:
            remedy = port.listeners_remark() or "is a vehicle switched on and sending to this port?"
            self._log.warning("no autopilot heard yet, listening on", port=port.url, remedy=remedy)


@asynccontextmanager
async def running_agent(settings: AgentSettings, *, clock: Clock) -> AsyncIterator[Agent]:
    """Yield a running agent; when the block is left its vehicles are made safe first, then everything stops."""
    tls = await run_blocking(lambda: TlsFiles.read(settings.credentials))
    async with AsyncExitStack() as stack:
        stack.enter_context(held_folder(settings.state_dir, by="agent", option="--state-dir"))
        ground = AgentGround(
            outbox_file=await stack.enter_async_context(OutboxFile(file=settings.state_dir / "outbox.db")),
            channel=await stack.enter_async_context(open_channel(settings.controller, tls)),
            eyes=await _open_eyes_worker(settings, stack),
            state_dir=settings.state_dir,
            software=f"roundsman {version('roundsman')}",
            boot_id=new_id(),
            clock=clock,
        )
        # The vehicles' stores and ports are closed after their tasks have ended, the tasks after the vehicles are safe.
        vehicles = await stack.enter_async_context(AsyncExitStack())
        tasks = await stack.enter_async_context(TaskSupervisor(clock=clock, policy=_TRY_AGAIN))
        agent = Agent(settings=settings, ground=ground, tasks=tasks)
        stack.push_async_callback(agent.make_safe)
        await agent.start(vehicles)
        yield agent


def read_camera(vehicle: VehicleSettings) -> "tuple[CameraSettings | None, CameraMount | None]":
    """Return the camera of *vehicle* and how it is mounted; raises InvalidInput naming the wrong field."""
    if vehicle.camera is None:
        return None, None
    from agent.camera_settings import ROBOTS_LOWEST_AGL_M, CameraSettings

    fields = {name: value for name, value in vehicle.camera.items() if name != _MOUNT}
    if vehicle.kind is VehicleKind.ROBOT:
        fields.setdefault("lowest_agl_m", ROBOTS_LOWEST_AGL_M)
    try:
        camera = TypeAdapter(CameraSettings).validate_python(fields)
        pitch_deg = TypeAdapter(float | None).validate_python(vehicle.camera.get(_MOUNT))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise InvalidInput(wrong, where=f"camera of vehicle {vehicle.id or vehicle.connection}") from error
    return camera, None if pitch_deg is None else CameraMount(pitch_deg=pitch_deg)


async def _open_eyes_worker(settings: AgentSettings, stack: AsyncExitStack) -> "EyesWorker | None":
    """Return the one model for all cameras; an agent without cameras loads none of the heavy libraries."""
    cameras = [camera for vehicle in settings.vehicles if (camera := read_camera(vehicle)[0]) is not None]
    if not cameras:
        return None
    models = {camera.model for camera in cameras}
    if len(models) > 1:
        raise InvalidInput("one agent looks with one model", where=", ".join(sorted(map(str, models))))
    from agent.eyes_worker import EyesWorker

    faces = {camera.faces for camera in cameras if camera.faces is not None}
    worker = await run_blocking(lambda: EyesWorker(card_file=models.pop(), faces=faces))
    return stack.enter_context(worker)
