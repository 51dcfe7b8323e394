"""The simulator process: one world with its vehicles, cameras and control service, put together here."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import grpc
import structlog
from roundsman.v1 import sim_pb2_grpc

from core.clock import Clock, SystemClock
from core.errors import InvalidInput, Unavailable
from core.files import held_folder
from core.tasks import TaskSupervisor
from sim.autopilot import Autopilot
from sim.control import SimControl
from sim.film import CameraSite, Film
from sim.living_world import LivingWorld
from sim.peers.mavlink import MavlinkPeer
from sim.pulse import Pulse


@dataclass(frozen=True, slots=True, kw_only=True)
class SimSettings:
    """What the process needs to know; a control port of 0 is any free one."""

    world: Path
    state_dir: Path
    control_port: int = 50151
    mavlink: str | None = None
    """"udpout:HOST:PORT"; the world file's port on loopback when not given."""
    video_port: int | None = None
    """The first vehicle's; the next ones follow. The world file's ports when not given."""
    speed: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sim:
    """A running world and the port of its control service."""

    world: LivingWorld
    control_port: int


async def run_sim(settings: SimSettings) -> None:
    """Run until the process is told to stop (SIGINT, SIGTERM)."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with open_sim(settings, clock=SystemClock()) as sim:
        vehicles = [pilot.airframe.vehicle_id for pilot in sim.world.pilots]
        log = structlog.get_logger("sim").bind(world=sim.world.plan.name, vehicles=vehicles)
        log.info("the world runs", world_s=round(sim.world.time.now_s, 1), control_port=sim.control_port)
        await stopped.wait()


@asynccontextmanager
async def open_sim(settings: SimSettings, *, clock: Clock) -> AsyncIterator[Sim]:
    """Yield a running world; it is written down every second and when the block is left."""
    world = LivingWorld(folder=settings.world, state_dir=settings.state_dir, clock=clock)
    async with AsyncExitStack() as stack:
        stack.enter_context(held_folder(settings.state_dir, by="simulator", option="--state-dir"))
        stack.callback(world.write)
        peers = await _open_peers(stack, settings, world)
        film = stack.enter_context(_film(settings, world, clock))
        control = SimControl(world=world, film=film, speed=settings.speed)
        port = await _serve(stack, control, settings.control_port)
        tasks = await stack.enter_async_context(TaskSupervisor(clock=clock))
        tasks.run("pulse", Pulse(time=world.time, peers=peers, speed=settings.speed, after_step=world.look).run)
        tasks.run("film", film.run)
        tasks.run("snapshots", world.keep_writing)
        yield Sim(world=world, control_port=port)


def ground_station(text: str | None, default_port: int) -> tuple[str, int]:
    """Return host and port of "udpout:HOST:PORT" (slashes allowed); raises InvalidInput for anything else."""
    if text is None:
        return "127.0.0.1", default_port
    kind, _, rest = text.partition(":")
    host, _, port = rest.removeprefix("//").rpartition(":")
    if kind != "udpout" or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise InvalidInput("is not an address to send MAVLink to", where=text, remedy="write udpout:127.0.0.1:14550")
    return host, int(port)


async def _open_peers(stack: AsyncExitStack, settings: SimSettings, world: LivingWorld) -> list[MavlinkPeer]:
    address = ground_station(settings.mavlink, world.plan.mavlink.port)
    peers = []
    for pilot in world.pilots:
        moment = world.vehicle_time(pilot)
        peer = MavlinkPeer(pilot=pilot, ground_station=address, now=time.monotonic, moment=moment)
        await peer.open()
        stack.callback(peer.close)
        peers.append(peer)
    return peers


def _film(settings: SimSettings, world: LivingWorld, clock: Clock) -> Film:
    sites = []
    for number, (site, pilot) in enumerate(zip(world.plan.vehicles, world.pilots, strict=True)):
        port = site.video_port if settings.video_port is None else settings.video_port + number
        now_s = _seconds(world, pilot)
        sites.append(CameraSite(pilot=pilot, lens=site.camera, url=f"udp://127.0.0.1:{port}", now_s=now_s))
    return Film(town=world.town, sites=sites, world_s=lambda: world.time.now_s, seen=world.referee.state, clock=clock)


def _seconds(world: LivingWorld, pilot: Autopilot) -> Callable[[], float]:
    moment = world.vehicle_time(pilot)
    return lambda: moment().boot_s


async def _serve(stack: AsyncExitStack, control: SimControl, port: int) -> int:
    # Without this a second simulator would share the port in silence.
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    sim_pb2_grpc.add_SimControlServicer_to_server(control, server)
    try:
        bound = server.add_insecure_port(f"127.0.0.1:{port}")
    except RuntimeError as error:
        raise Unavailable(f"port {port} is taken", remedy="give another --control-port") from error
    await server.start()
    stack.push_async_callback(partial(server.stop, 0.5))
    return bound
