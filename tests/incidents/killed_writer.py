"""A process that takes sightings and presses and says what is acknowledged, until it is killed.

Run as `python -m tests.incidents.killed_writer FOLDER`; prints "press ID" or "sighting ID" after each commit.
"""

import asyncio
import sys
from pathlib import Path

from core.clock import SystemClock
from core.database import Database
from core.events import InProcessBus
from core.ids import new_id
from tests.incidents.room import Room


async def write(folder: Path) -> None:
    """Write for ever."""
    url = f"sqlite+aiosqlite:///{folder / 'books.sqlite'}"
    async with Database(url=url, bus=InProcessBus(), clock=SystemClock()) as database:
        await database.create_all()
        room = Room(database=database, folder=folder / "evidence")
        for number in range(1_000_000):
            sighting = room.sighting(east_m=10.0 * number, photos=1)
            await room.take(sighting)
            print("sighting", sighting.id, flush=True)
            press_id = new_id()
            async with database.transaction() as unit:
                await room.desk.press(unit, press_id=press_id, panel_id="gate", pressed_at=room.clock.now())
            print("press", press_id, flush=True)


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1])))
