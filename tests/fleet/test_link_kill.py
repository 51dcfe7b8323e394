"""Both ends of the link are killed (-9) again and again; every report is in the books exactly once."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.fleet.link_ends import CLOCK, running_controller, until

ROOT = Path(__file__).parents[2]
COUNT = 800
DEATHS = 6


class EndProcess:
    """One end as a process that is started again after each death."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'proto/generated'}"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fleet.link_process", *self._arguments],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.communicate()


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def ends(tmp_path: Path, port: int) -> Iterator[dict[str, EndProcess]]:
    ends = {
        "controller": EndProcess("controller", str(tmp_path / "c"), str(port)),
        "agent": EndProcess("agent", str(tmp_path / "a"), str(port), str(tmp_path / "creds"), str(COUNT)),
    }
    yield ends
    for end in ends.values():
        end.kill()


def committed(data_dir: Path) -> list[str]:
    """Return the numbers in the books, in the order of their commits."""
    with closing(sqlite3.connect(f"file:{data_dir / 'books.sqlite'}?mode=ro", uri=True)) as books:
        rows = books.execute(
            "SELECT json_extract(body, '$.text') FROM events WHERE subject = 'vehicles.event'"
            " AND json_extract(body, '$.kind') = 'note' ORDER BY cursor"
        )
        return [str(text) for (text,) in rows]


@pytest.mark.slow
async def test_kills_lose_nothing_and_double_nothing(tmp_path: Path, ends: dict[str, EndProcess]) -> None:
    async with running_controller(tmp_path / "c") as controller:
        controller.enroll("tower", "drone-1").write(tmp_path / "creds")
    ends["controller"].start()
    ends["agent"].start()
    for death in range(DEATHS):
        threshold = (death + 1) * COUNT // (2 * DEATHS)

        async def far_enough(threshold: int = threshold) -> bool:
            return len(committed(tmp_path / "c")) >= threshold

        await until(far_enough, tries=6000)
        victim = ends["controller" if death % 2 else "agent"]
        victim.kill()
        victim.start()

    async def complete() -> bool:
        await CLOCK.sleep(0.05)
        return len(committed(tmp_path / "c")) >= COUNT

    await until(complete, tries=6000)
    assert committed(tmp_path / "c") == [str(number) for number in range(COUNT)]
