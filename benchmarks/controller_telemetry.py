"""Streamed telemetry at the controller: decode, registry and fan-out, beside a bare grpcio handler in the same run.

Both serve the same streams over the same mutual TLS, sent by another process as fast as it can. Bare means: receive
and count. Ours means: `Downlink` with its books, and two screens that read every change and pack it.
Counted is the processor time of the serving process, so that a busy machine does not blur the ratio.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import msgpack
from rich.console import Console
from rich.table import Table
from roundsman.v1 import link_pb2 as pb
from roundsman.v1 import link_pb2_grpc

from api.grpc.link import serving_links
from core.clock import SystemClock
from core.database import Database
from core.events import InProcessBus
from core.ids import VehicleId, new_id
from core.logs import set_up_logs
from core.tasks import TaskSupervisor
from fleet.link.certificates import CertificateAuthority, TlsFiles
from fleet.link.channel import new_server, open_channel, server_credentials
from fleet.link.downlink import Downlink
from fleet.link.intake import Intake
from fleet.link.translate_live import telemetry_to_pb
from fleet.registry import FleetRegistry
from fleet.store_sql import SqlFleetStore
from fleet.telemetry import FlightMode, LandedState, VehicleState
from geofence.positions import GeoPosition

VEHICLES, MESSAGES, ROUNDS, SCREENS = 8, 4000, 3, 2
AIM = 0.5
_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How many messages one second of processor time, and one second, took in."""

    per_cpu_s: float
    per_s: float


def main() -> None:
    """Print messages a second of both, and their ratio."""
    set_up_logs(process="bench", level="ERROR")
    bare, ours = asyncio.run(measure_both())
    table = Table(title=f"Controller: telemetry of {VEHICLES} vehicles, {VEHICLES * MESSAGES} messages")
    for heading in ("", "messages a CPU second", "messages a second", "ratio to bare"):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row("bare grpcio handler", f"{bare.per_cpu_s:,.0f}", f"{bare.per_s:,.0f}", "1.00")
    ratio = ours.per_cpu_s / bare.per_cpu_s
    table.add_row("decode, registry, fan-out", f"{ours.per_cpu_s:,.0f}", f"{ours.per_s:,.0f}", f"{ratio:.2f}")
    table.caption = f"best of {ROUNDS} rounds in turns; at least {AIM} is the aim"
    Console().print(table)


async def measure_both() -> tuple[Measured, Measured]:
    """Return the best round of the bare handler and of ours."""
    bare: list[Measured] = []
    ours: list[Measured] = []
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        authority = CertificateAuthority.open(data_dir, now=_CLOCK.now())
        authority.enroll("bench", ["*"], now=_CLOCK.now()).write(data_dir / "credentials")
        tls = authority.server(now=_CLOCK.now())
        for _ in range(ROUNDS):
            async with serving_bare(tls) as port:
                bare.append(await _measure(port, data_dir / "credentials"))
            async with serving_ours(tls, data_dir) as port:
                ours.append(await _measure(port, data_dir / "credentials"))
    return max(bare, key=lambda one: one.per_cpu_s), max(ours, key=lambda one: one.per_cpu_s)


async def _measure(port: int, credentials: Path) -> Measured:
    sender = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __spec__.name, "send", str(port), str(credentials), stdout=subprocess.PIPE
    )  # fmt: skip
    assert sender.stdout is not None
    await sender.stdout.readline()
    start_s, start_cpu_s = time.perf_counter(), time.process_time()
    if await sender.wait():
        raise SystemExit("the sender failed")
    cpu_s, span_s = time.process_time() - start_cpu_s, time.perf_counter() - start_s
    return Measured(per_cpu_s=VEHICLES * MESSAGES / cpu_s, per_s=VEHICLES * MESSAGES / span_s)


class _BareLink(link_pb2_grpc.LinkServicer):
    async def Connect(  # type: ignore[override]  # noqa: N802
        self,
        request_iterator: AsyncIterator[pb.AgentMessage],
        context: grpc.aio.ServicerContext[pb.AgentMessage, pb.ControllerMessage],
    ) -> None:
        count = 0
        async for _ in request_iterator:
            count += 1
        assert count == MESSAGES + 1


@asynccontextmanager
async def serving_bare(tls: TlsFiles) -> AsyncIterator[int]:
    """Serve streams that are only counted."""
    server = new_server()
    link_pb2_grpc.add_LinkServicer_to_server(_BareLink(), server)
    port = server.add_secure_port("127.0.0.1:0", server_credentials(tls))
    await server.start()
    try:
        yield port
    finally:
        await server.stop(0)


@asynccontextmanager
async def serving_ours(tls: TlsFiles, data_dir: Path) -> AsyncIterator[int]:
    """Serve streams as a controller does, with screens that look."""
    bus = InProcessBus()
    url = f"sqlite+aiosqlite:///{data_dir / 'books.sqlite'}"
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database(url=url, bus=bus, clock=_CLOCK))
        await database.create_all()
        store, registry = SqlFleetStore(), FleetRegistry(clock=_CLOCK)
        intake = Intake(database=database, store=store, routes={}, clock=_CLOCK)
        downlink = Downlink(
            database=database, store=store, intake=intake, registry=registry, bus=bus, clock=_CLOCK, software="bench"
        )
        tasks = await stack.enter_async_context(TaskSupervisor(clock=_CLOCK))
        tasks.run("downlink", downlink.run)
        for number in range(SCREENS):
            tasks.run(f"screen {number}", lambda: _look(registry))
        yield await stack.enter_async_context(serving_links(downlink=downlink, address="127.0.0.1:0", tls=tls))


async def _look(registry: FleetRegistry) -> None:
    """Read and pack every change, as a screen's socket does."""
    async for changes in registry.changes(at_most_hz=4.0):
        states = (registry.state(vehicle_id) for vehicle_id in changes)
        msgpack.packb([(s.vehicle_id, s.position.lon_deg, s.heading_deg) for s in states if s and s.position])


async def send(port: int, credentials: Path) -> None:
    """Send every vehicle's telemetry as fast as it goes."""
    async with open_channel(f"127.0.0.1:{port}", TlsFiles.read(credentials)) as channel:
        await channel.channel_ready()
        print("ready", flush=True)
        async with asyncio.TaskGroup() as group:
            for number in range(VEHICLES):
                group.create_task(_send_one(channel, f"drone-{number}"))


async def _send_one(channel: grpc.aio.Channel, vehicle_id: str) -> None:
    stream = link_pb2_grpc.LinkStub(channel).Connect()
    card = pb.VehicleCard(id=vehicle_id, kind="drone")
    await stream.write(pb.AgentMessage(hello=pb.Hello(card=card, boot_id=new_id())))
    place = GeoPosition(lon_deg=121.4, lat_deg=31.32)
    state = VehicleState(
        vehicle_id=VehicleId(vehicle_id), received_s=0.0, received_at=_CLOCK.now(), vehicle_time_s=1.0,
        position=place, altitude_amsl_m=30.0, height_above_home_m=25.0, east_m_s=5.0, heading_deg=90.0, home=place,
        home_altitude_amsl_m=5.0, battery_ratio=0.8, mode=FlightMode.MISSION, is_armed=True,
        landed=LandedState.IN_AIR, gps_ok=True, health_ok=True, mission_item=3, mission_items=20, link_up=True,
    )  # fmt: skip
    message = pb.AgentMessage(telemetry=telemetry_to_pb(state, now_s=0.1))
    for _ in range(MESSAGES):
        await stream.write(message)
    await stream.done_writing()
    while isinstance(await stream.read(), pb.ControllerMessage):
        pass  # the status comes behind what the controller said
    if await stream.code() is not grpc.StatusCode.OK:
        raise SystemExit(await stream.details())


if __name__ == "__main__":
    if sys.argv[1:2] == ["send"]:
        asyncio.run(send(int(sys.argv[2]), Path(sys.argv[3])))
    else:
        main()
