"""An agent's processor time and memory for 1, 4 and 12 MAVLink vehicles, beside bare MAVSDK subscriptions.

Bare means: one MAVSDK with nine telemetry subscriptions a vehicle, each read and dropped. The agent does all
that it does on the ground without cameras: driver, guard, executor, outbox, and the link to a controller that counts.
"""

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.controller_telemetry import serving_ours
from core.clock import SystemClock
from core.logs import set_up_logs
from fleet.link.certificates import CertificateAuthority

COUNTS = (1, 4, 12)
WARM_UP_S, MEASURED_S, ROUNDS = 8.0, 8.0, 2
AIM = 1.5
_KINDS = (
    "position", "attitude_euler", "battery", "flight_mode", "armed", "landed_state", "gps_info", "health", "home"
)  # fmt: skip
_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A process's share of one core and its memory."""

    cpu: float
    memory_mb: float


def main() -> None:
    """Print processor time and memory of both, and their ratios."""
    set_up_logs(process="bench", level="ERROR")
    table = Table(title="Agent: load of MAVLink vehicles, beside bare MAVSDK subscriptions")
    for heading in ("vehicles", "bare CPU", "agent CPU", "ratio", "bare MB", "agent MB", "ratio"):
        table.add_column(heading, justify="right")
    for count in COUNTS:
        rounds = [asyncio.run(measure_both(count)) for _ in range(ROUNDS)]
        bare, ours = (min(loads, key=lambda load: load.cpu) for loads in zip(*rounds, strict=True))
        table.add_row(
            str(count), f"{bare.cpu:.1%}", f"{ours.cpu:.1%}", f"{ours.cpu / bare.cpu:.2f}",
            f"{bare.memory_mb:.0f}", f"{ours.memory_mb:.0f}", f"{ours.memory_mb / bare.memory_mb:.2f}",
        )  # fmt: skip
    table.caption = f"one core = 100 %, best of {ROUNDS} rounds; at most {AIM} is the aim"
    Console().print(table)


async def measure_both(count: int) -> tuple[Load, Load]:
    """Return the loads of the bare subscriptions and of the agent for *count* vehicles."""
    port = _free_port()
    with ExitStack() as stack:
        stack.enter_context(_process("benchmarks.mavlink_talkers", str(port), str(count)))
        with _process("benchmarks.agent_load", "bare", str(port), str(count)) as pid:
            bare = await _measure(pid)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        authority = CertificateAuthority.open(folder, now=_CLOCK.now())
        authority.enroll("bench", ["*"], now=_CLOCK.now()).write(folder / "credentials")
        async with serving_ours(authority.server(now=_CLOCK.now()), folder) as link_port:
            options = ("--controller", f"127.0.0.1:{link_port}", "--credentials", str(folder / "credentials"))
            places = ("--state-dir", str(folder / "agent"), "--vehicle", f"mavlink:udpin://127.0.0.1:{port}")
            with _process("benchmarks.agent_load", "agent", *options, *places) as pid:
                ours = await _measure(pid)
        _check_linked(folder / "books.sqlite", count)
        return bare, ours


def _check_linked(books: Path, count: int) -> None:
    """Make sure that the agent really looked after all vehicles while it was measured."""
    with closing(sqlite3.connect(books)) as connection:
        (linked,) = connection.execute("SELECT count(*) FROM vehicles").fetchone()
    if linked != count:
        raise SystemExit(f"the agent linked {linked} of {count} vehicles")


async def _measure(pid: int) -> Load:
    process = psutil.Process(pid)
    await asyncio.sleep(WARM_UP_S)
    before = process.cpu_times()
    await asyncio.sleep(MEASURED_S)
    after = process.cpu_times()
    spent_s = after.user + after.system - before.user - before.system
    return Load(cpu=spent_s / MEASURED_S, memory_mb=process.memory_full_info().uss / 1e6)


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
    """Subscribe to nine kinds of telemetry of every vehicle and drop what comes."""
    from mavsdk.asyncio import ComponentType, Configuration, Mavsdk
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
