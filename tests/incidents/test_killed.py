"""Whatever was acknowledged is there after the process was killed in the middle of its work."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.database import Database
from core.events import InProcessBus
from core.ids import SightingId
from tests.incidents.room import Room


def run_and_kill(folder: Path, *, after: int) -> list[tuple[str, str]]:
    """Return what the writer acknowledged before it was killed, right after its acknowledgement number *after*."""
    command = [sys.executable, "-m", "tests.incidents.killed_writer", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(after)]
        writer.kill()
        lines += writer.stdout.readlines()
    return [(kind, one) for kind, one in (line.split() for line in lines if line.endswith("\n"))]


@pytest.mark.slow
async def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    acknowledged = [line for _ in range(3) for line in run_and_kill(tmp_path, after=random.Random(5).randint(5, 25))]
    url = f"sqlite+aiosqlite:///{tmp_path / 'books.sqlite'}"
    async with Database(url=url, bus=InProcessBus(), clock=SystemClock()) as database:
        room = Room(database=database, folder=tmp_path / "evidence")
        async with database.transaction() as unit:
            for kind, one in acknowledged:
                if kind == "press":
                    assert await room.alarms.by_press(unit, one) is not None
                else:
                    record = await room.sightings.get(unit, SightingId(one))
                    assert record is not None
                    entry = await room.evidence.get(unit, record.photo_ids[0])
                    assert await room.photos.read(entry)
            alarms = await room.alarms.find(unit, limit=10_000)
            incidents = await room.incidents.find(unit, limit=10_000)
    assert sorted(alarm.number for alarm in alarms) == [f"QZ-2026-{i + 1:06d}" for i in range(len(alarms))]
    assert sorted(one.number for one in incidents) == [f"XJ-2026-{i + 1:06d}" for i in range(len(incidents))]
    assert len(alarms) >= sum(kind == "press" for kind, _ in acknowledged)
