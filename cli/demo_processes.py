"""The demo's processes: each with its own log, started again when it dies, stopped in the reverse order."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import structlog

from core.clock import Clock
from core.errors import Fault
from core.tasks import RestartPolicy, TaskSupervisor

_STOP_WITHIN_S = 15.0
_STEADY_S = 20.0
_AGAIN = RestartPolicy(first_s=0.5, most_s=5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessPlan:
    """One `roundsman` sub-command that the demo keeps running."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def roundsman() -> tuple[str, ...]:
    """Return the command line that runs this very installation of `roundsman`."""
    return (sys.executable, "-m", "cli.demo_child")


async def run_to_end(*arguments: str, given: str = "") -> str:
    """Run a short `roundsman` sub-command and return what it printed; raises Fault with its own words."""
    process = await asyncio.create_subprocess_exec(
        *roundsman(), *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, complaint = await process.communicate(given.encode())
    if process.returncode != 0:
        raise Fault(
            f"ended with {process.returncode}: {complaint.decode(errors='replace').strip()[-2000:]}",
            where=f"roundsman {' '.join(arguments[:3])}",
        )
    return printed.decode()


class DemoProcesses:
    """Runs processes until the block is left; a dead one is started again after a pause and counted."""

    def __init__(self, *, logs_dir: Path, clock: Clock) -> None:
        self.restarts = 0
        self.peak_memory_bytes = 0
        self._logs_dir = logs_dir
        self._clock = clock
        self._log = structlog.get_logger("demo")
        self._tasks = TaskSupervisor(clock=clock)
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._order: list[str] = []

    async def __aenter__(self) -> Self:
        self._logs_dir.mkdir(parents=True, exist_ok=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in reversed(self._order):
            await self.stop(name)

    def start(self, plan: ProcessPlan) -> None:
        """Keep the process of *plan* running."""
        self._order.append(plan.name)
        self._tasks.run(plan.name, lambda: self._keep(plan))

    async def stop(self, name: str) -> None:
        """Stop the process *name*: ask first, then end it; it is not started again."""
        process = self._running.get(name)
        await self._tasks.stop_one(name)
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_WITHIN_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    def pids(self) -> dict[str, int]:
        """Return the process ids by name."""
        return {name: process.pid for name, process in self._running.items() if process.returncode is None}

    def note_memory(self) -> None:
        """Remember the most memory that all processes together ever held (proportional set size where known)."""
        held = sum(_memory_bytes(pid) for pid in [os.getpid(), *self.pids().values()])
        self.peak_memory_bytes = max(self.peak_memory_bytes, held)

    async def _keep(self, plan: ProcessPlan) -> None:
        """Run the process again whenever it ends, with a pause that grows while it keeps failing."""
        failures = 0
        while True:
            started_s = self._clock.monotonic_s()
            status = await self._run_once(plan)
            self.restarts += 1
            failures = 1 if self._clock.monotonic_s() - started_s > _STEADY_S else failures + 1
            log = self._logs_dir / f"{plan.name}.log"
            self._log.warning("process ended, it is started again", name=plan.name, status=status, log=str(log))
            await self._clock.sleep(_AGAIN.pause_s(failures))

    async def _run_once(self, plan: ProcessPlan) -> int:
        with (self._logs_dir / f"{plan.name}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *roundsman(), *plan.arguments, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **plan.environment}, start_new_session=True,
            )  # fmt: skip
        self._running[plan.name] = process
        return await process.wait()


def _memory_bytes(pid: int) -> int:
    try:
        family = [psutil.Process(pid), *(psutil.Process(pid).children(recursive=True) if pid != os.getpid() else [])]
        return sum(_own_bytes(process) for process in family)
    except psutil.Error:
        return 0


def _own_bytes(process: psutil.Process) -> int:
    full = process.memory_full_info()
    return int(getattr(full, "pss", 0) or full.rss)


def last_lines(file: Path, *, count: int = 15) -> Sequence[str]:
    """Return the end of a log, for people who have to see why something does not run."""
    if not file.exists():
        return []
    return file.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
