"""One end of the link as a process, to be killed: `python -m tests.fleet.link_process controller|agent …`."""

import asyncio
import sys
from pathlib import Path

from agent.outbox import outbox_figures
from core.ids import VehicleId
from fleet.link.certificates import TlsFiles
from fleet.orders import VehicleEvent
from tests.fleet.link_ends import CLOCK, running_agent, running_controller


async def run_controller(data_dir: Path, port: int) -> None:
    """Serve until killed."""
    async with running_controller(data_dir, port=port):
        print("ready", flush=True)
        await asyncio.Event().wait()


async def run_agent(state_dir: Path, port: int, credentials: Path, count: int) -> None:
    """Put events numbered 0 … count - 1, each once over all lives of this process, and stay."""
    async with running_agent(state_dir, address=f"127.0.0.1:{port}", tls=TlsFiles.read(credentials)) as agent:
        print("ready", flush=True)
        begin = (await outbox_figures(state_dir / "outbox.sqlite")).put
        for number in range(begin, count):
            await agent.outbox.put(
                VehicleEvent(vehicle_id=VehicleId("drone-1"), kind="note", text=str(number), at=CLOCK.now())
            )
        await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "controller":
        asyncio.run(run_controller(Path(sys.argv[2]), int(sys.argv[3])))
    else:
        asyncio.run(run_agent(Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), int(sys.argv[5])))
