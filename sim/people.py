"""The people of the town, put together: they use the controller's real interface and the town's things."""

import asyncio
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from core.clock import Clock, SystemClock
from core.tasks import TaskSupervisor
from sim.grid_worker import GridWorker
from sim.people_memory import PeopleMemory
from sim.person_api import PersonApi
from sim.resident import Resident
from sim.supervisor import Supervisor
from sim.town_hands import TownHands

WORKER, SUPERVISOR = "grid1", "supervisor"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleSettings:
    """Where the controller and the simulator are, and everybody's secrets."""

    api: str
    control: str
    state_dir: Path
    worker_password: str
    supervisor_password: str = ""
    panel_token: str = ""
    headless: bool = False
    press_after_s: float = 70.0
    seed: int = 7


async def run_people(settings: PeopleSettings) -> None:
    """Let people act until the process is told to stop (SIGINT, SIGTERM)."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    clock, memory = SystemClock(), PeopleMemory(folder=settings.state_dir)
    async with AsyncExitStack() as stack:
        tasks = TaskSupervisor(clock=clock)
        await _start_worker(stack, tasks, settings, memory, clock)
        if settings.headless:
            await _start_others(stack, tasks, settings, memory, clock)
        await stack.enter_async_context(tasks)
        await stopped.wait()


async def _start_worker(
    stack: AsyncExitStack, tasks: TaskSupervisor, settings: PeopleSettings, memory: PeopleMemory, clock: Clock
) -> None:
    api = PersonApi(address=settings.api, clock=clock, user=WORKER, password=settings.worker_password)
    hands = TownHands(address=settings.control, clock=clock)
    worker = GridWorker(
        api=await stack.enter_async_context(api),
        hands=await stack.enter_async_context(hands),
        memory=memory,
        clock=clock,
        seed=settings.seed,
    )
    tasks.run("grid worker", worker.run)


async def _start_others(
    stack: AsyncExitStack, tasks: TaskSupervisor, settings: PeopleSettings, memory: PeopleMemory, clock: Clock
) -> None:
    desk = PersonApi(address=settings.api, clock=clock, user=SUPERVISOR, password=settings.supervisor_password)
    panel = PersonApi(address=settings.api, clock=clock, token=settings.panel_token)
    supervisor = Supervisor(api=await stack.enter_async_context(desk), clock=clock, seed=settings.seed + 1)
    resident = Resident(
        api=await stack.enter_async_context(panel), memory=memory, clock=clock, press_after_s=settings.press_after_s
    )
    tasks.run("supervisor", supervisor.run)
    tasks.run("resident", resident.run)
