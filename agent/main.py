"""Runs an agent until it is told to stop."""

import asyncio
import signal

from agent.settings import AgentSettings
from agent.wiring import running_agent
from core.clock import Clock, SystemClock


async def run_agent(settings: AgentSettings, *, clock: Clock | None = None) -> None:
    """Run until SIGTERM or SIGINT; vehicles in the air are made safe before anything else stops."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running_agent(settings, clock=clock or SystemClock()):
        await stop.wait()
