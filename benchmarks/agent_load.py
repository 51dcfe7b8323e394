"""An agent's processor time and memory for 1, 4 and 12 MAVLink vehicles, beside bare MAVSDK subscriptions.

Both hear the same vehicles at the same rates, those that the agent asks for: position with velocity and heading 10 Hz,
heartbeat and mission 4 Hz, landed 2 Hz, battery, health and satellites 1 Hz, home 0.5 Hz. Bare means: one MAVSDK with
subscriptions to all that the agent learns from these, each read and dropped. The agent does all that it does without
cameras: driver, guard, executor, outbox and the link to a controller, to which it sends on 1 Hz a vehicle on the ground
and 4 Hz in flight. In flight every vehicle is on its way home from an order that the agent has found in its books: the
guard judges, and the executor follows, each sample (10 Hz).
"""

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.agent_flights import keep_flight
from benchmarks.controller_telemetry import serving_ours
from core.clock import SystemClock
from core.logs import set_up_logs
from fleet.link.certificates import CertificateAuthority

CASES = ((1, "ground"), (4, "ground"), (12, "ground"), (1, "air"), (12, "air"))
WARM_UP_S, MEASURED_S, ROUNDS = 8.0, 10.0, 3
LINKED_WITHIN_S = 60.0
AIM = 1.5
_KINDS = (
    "position", "velocity_ned", "heading", "battery", "flight_mode", "armed", "landed_state", "gps_info", "health",
    "home", "status_text",
)  # fmt: skip
_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A process's share of one core and its memory."""

    cpu: float
    memory_mb: float


def main() -> None:
    """Print processor time and memory of both, and their ratios."""
    set_up_logs(process="bench", level="CRITICAL")
    table = Table(title="Agent: load of MAVLink vehicles, beside bare MAVSDK subscriptions")
    for heading in ("vehicles", "on", "bare CPU", "agent CPU", "ratio", "bare MB", "agent MB", "ratio"):
        table.add_column(heading, justify="right")
    for count, where in CASES:
        rounds = [asyncio.run(measure_both(count, where)) for _ in range(ROUNDS)]
        bare, ours = sorted(rounds, key=lambda both: both[1].cpu / both[0].cpu)[ROUNDS // 2]
        table.add_row(
            str(count), where, f"{bare.cpu:.1%}", f"{ours.cpu:.1%}", f"{ours.cpu / bare.cpu:.2f}",
            f"{bare.memory_mb:.0f}", f"{ours.memory_mb:.0f}", f"{ours.memory_mb / bare.memory_mb:.2f}",
        )  # fmt: skip
    table.caption = (
        f"one core = 100 %, middle of {ROUNDS} rounds, both at one time; at most {AIM} is the aim; both hear"
        f" {len(_KINDS) + 1} kinds of telemetry at the same rates: bare drops them, the agent keeps and sends them on,"
        " and guards in flight"
    )
    Console().print(table)


async def measure_both(count: int, where: str) -> tuple[Load, Load]:
    """Return the loads of the bare subscriptions and of the agent for *count* vehicles on the "ground" or in "air".

    Both run at the same time, each with vehicles of its own, so that a busy machine slows both alike.
    """
    ports = [_free_port(), _free_port()]
    with ExitStack() as stack:
        for port in ports:
            stack.enter_context(_process("benchmarks.mavlink_talkers", str(port), str(count), where))
        bare_pid = stack.enter_context(_process("benchmarks.agent_load", "bare", str(ports[0]), str(count)))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        authority = CertificateAuthority.open(folder, now=_CLOCK.now())
        authority.enroll("bench", ["*"], now=_CLOCK.now()).write(folder / "credentials")
        (folder / "agent").mkdir()
        if where == "air":
            for number in range(1, count + 1):
                await keep_flight(folder / "agent", system_id=number)
        async with serving_ours(authority.server(now=_CLOCK.now()), folder) as link_port:
            options = ("--controller", f"127.0.0.1:{link_port}", "--credentials", str(folder / "credentials"))
            places = ("--state-dir", str(folder / "agent"), "--vehicle", f"mavlink:udpin://127.0.0.1:{ports[1]}")
            with _process("benchmarks.agent_load", "agent", *options, *places) as pid:
                await _wait_until_linked(folder / "books.sqlite", count)
                loads = await asyncio.gather(_measure(bare_pid), _measure(pid))
        return loads


async def _wait_until_linked(books: Path, count: int) -> None:
    """Wait until the agent looks after all vehicles: on a busy machine its start takes long, and is not its load."""
    deadline_s = time.monotonic() + LINKED_WITHIN_S
    while (linked := _linked(books)) < count:
        if time.monotonic() > deadline_s:
            raise SystemExit(f"the agent linked {linked} of {count} vehicles")
        await asyncio.sleep(0.5)


def _linked(books: Path) -> int:
    with closing(sqlite3.connect(books)) as connection:
        return int(connection.execute("SELECT count(*) FROM vehicles").fetchone()[0])


async def _measure(pid: int) -> Load:
    process = psutil.Process(pid)
    await asyncio.sleep(WARM_UP_S)
    clock = _processor_clock(pid)
    before_s = time.clock_gettime(clock)
    await asyncio.sleep(MEASURED_S)
    spent_s = time.clock_gettime(clock) - before_s
    return Load(cpu=spent_s / MEASURED_S, memory_mb=process.memory_full_info().uss / 1e6)


def _processor_clock(pid: int) -> int:
    """Return Linux's clock of a process's processor time (clock_getcpuclockid): finer than the ticks of /proc."""
    return ~pid << 3 | 2


@contextmanager
def _process(*arguments: str) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ
    )
    try:
        yield process.pid
        if process.poll() is not None:
            raise SystemExit(f"{' '.join(arguments[:2])} ended with {process.returncode}")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def subscribe(port: int, count: int) -> None:
    """Subscribe to all that the agent learns of every vehicle and drop what comes."""
    from mavsdk.asyncio import ComponentType, Configuration, Mavsdk
    from mavsdk.asyncio.plugins.mission_raw import MissionRawAsync as MissionRaw
    from mavsdk.asyncio.plugins.telemetry import TelemetryAsync as Telemetry

    mavsdk = Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION))
    await mavsdk.add_any_connection(f"udpin://127.0.0.1:{port}")
    systems: list[Any] = []
    while len(systems) < count:
        await asyncio.sleep(0.1)
        systems = [system for system in await mavsdk.get_systems() if await system.has_autopilot()]
    async with asyncio.TaskGroup() as group:
        for system in systems:
            telemetry = Telemetry(system)
            for name in _KINDS:
                group.create_task(_drop(getattr(telemetry, f"subscribe_{name}")()))
            group.create_task(_drop(MissionRaw(system).subscribe_mission_progress()))


async def _drop(stream: object) -> None:
    async for _ in stream:  # type: ignore[attr-defined]
        pass


def run_agent() -> None:
    """Run `roundsman agent` in this process."""
    from cli.main import main as roundsman

    roundsman(sys.argv[1:])


if __name__ == "__main__":
    if sys.argv[1:2] == ["bare"]:
        asyncio.run(subscribe(int(sys.argv[2]), int(sys.argv[3])))
    elif sys.argv[1:2] == ["agent"]:
        run_agent()
    else:
        main()
