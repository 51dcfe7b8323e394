"""The whole chain, as a user starts it; and the same while its processes are killed."""

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest

from tests.chain.demo_run import start_demo

pytestmark = [pytest.mark.chain, pytest.mark.timeout(600)]


async def test_a_patrol_flies_sees_and_ends_in_a_closed_case(tmp_path: Path) -> None:
    demo = await start_demo(tmp_path, for_s=240)
    status, report, told = await demo.finish()
    assert status == 0, told[-6000:]
    assert report["fence_breaches"] == 0
    assert report["patrols"]["completed"] >= 1
    assert report["incidents"]["closed"] >= 1
    assert report["alarms"]["resolved"] >= 1
    assert report["reports"]["lost"] == report["reports"]["duplicated"] == 0
    assert report["truth"]["found"] >= 1
    completed = [run["seen_ratio"] for run in report["runs"] if (run["kind"], run["state"]) == ("patrol", "done")]
    assert completed
    assert min(completed) > 0.95, "what was flown whole was seen"


async def test_killing_processes_at_random_loses_no_report_and_leaves_no_run_without_a_because(tmp_path: Path) -> None:
    demo = await start_demo(tmp_path, for_s=240)
    random_kills = random.Random(20261121)
    while not demo.pids():
        assert demo.process.returncode is None
        await asyncio.sleep(0.05)
    killed: list[str] = []
    while len(killed) < 10 and demo.process.returncode is None:
        await asyncio.sleep(random_kills.uniform(4.0, 14.0))
        name = random_kills.choice(["controller", "agent", "sim"])
        if name in demo.pids():
            os.kill(demo.pids()[name], signal.SIGKILL)
            killed.append(name)
    _, report, told = await demo.finish()
    assert len(killed) == 10, told[-6000:]
    assert report["process_restarts"] >= 10
    assert report["reports"]["sent"] > 0
    assert report["reports"]["lost"] == report["reports"]["duplicated"] == 0
    assert report["reports"]["waiting"] == 0
    assert report["fence_breaches"] == 0
    assert all(run["because"] for run in report["runs"])
    assert any(run["state"] in {"done", "failed", "aborted"} for run in report["runs"]), told[-6000:]
