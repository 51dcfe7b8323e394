"""What a demo does before it runs: what cannot be one is refused, and what is cut off is begun anew."""

import asyncio
import json
import os
import signal
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli import demo, demo_plan
from cli.demo_plan import DemoPlan, Ports, prepare
from cli.main import main
from core.clock import SystemClock
from core.errors import Fault, InvalidInput

PORTS = Ports(http=1, grpc=2, control=3, mavlink=4, video=5)


def plan_in(folder: Path) -> DemoPlan:
    return DemoPlan(world_dir=demo.WORLDS / "estate", data_dir=folder, ports=PORTS, headless=True)


class Commands:
    """Leaves a file for each command, as the real ones do, and may be ended at one of them."""

    def __init__(self, *, ended_at: str = "") -> None:
        self._ended_at = ended_at

    async def run(self, *arguments: str, given: str = "") -> str:
        if arguments[1] == self._ended_at:
            raise Fault("ended with 130")
        folder = Path(arguments[arguments.index("--data-dir") + 1])
        (folder / f"{arguments[1]}-{arguments[2]}").write_text(given)
        return "token\n"


def made(folder: Path) -> set[str]:
    return {one.name for one in (folder / "controller").iterdir()}


@pytest.mark.parametrize("ended_at", ["add", "add-device", "enroll"])
def test_a_demo_that_was_ended_while_it_prepared_is_begun_anew(
    ended_at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_plan, "run_to_end", Commands(ended_at=ended_at).run)
    with pytest.raises(Fault):
        asyncio.run(prepare(plan_in(tmp_path), clock=SystemClock()))
    monkeypatch.setattr(demo_plan, "run_to_end", Commands().run)
    accounts = asyncio.run(prepare(plan_in(tmp_path), clock=SystemClock()))
    assert made(tmp_path) == {"add-supervisor", "add-grid1", "add-device-gate", "enroll-demo"}
    assert (tmp_path / "controller" / "add-supervisor").read_text() == accounts.supervisor
    assert stat.S_IMODE((tmp_path / "accounts.json").stat().st_mode) == 0o600


def test_a_demo_that_is_killed_before_its_books_are_in_place_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_plan, "run_to_end", Commands().run)
    first = asyncio.run(prepare(plan_in(tmp_path), clock=SystemClock()))
    (tmp_path / "controller").rename(tmp_path / "controller.part")
    again = asyncio.run(prepare(plan_in(tmp_path), clock=SystemClock()))
    assert again != first
    assert (tmp_path / "controller" / "add-supervisor").read_text() == again.supervisor
    assert asyncio.run(prepare(plan_in(tmp_path), clock=SystemClock())) == again


@pytest.mark.parametrize("content", [None, "", "[]", '{"supervisor": "x"}'])
def test_books_without_the_accounts_of_a_demo_are_left_alone(content: str | None, tmp_path: Path) -> None:
    (tmp_path / "controller").mkdir()
    if content is not None:
        (tmp_path / "accounts.json").write_text(content)
    with pytest.raises(InvalidInput, match=r"accounts\.json.*--data-dir"):
        asyncio.run(prepare(plan_in(tmp_path), clock=SystemClock()))
    assert made(tmp_path) == set()


@pytest.mark.parametrize(
    ("world", "words"),
    [
        (None, "there is no world"),
        ("[", "is not JSON"),
        ("{}", "lists no vehicles"),
        ('{"vehicles": []}', "lists no vehicles"),
        ('{"vehicles": [{"id": "a"}]}', "each with id, system_id, dock, camera"),
    ],
)
def test_what_is_no_world_is_refused_before_anything_is_made(
    world: str | None, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if world is not None:
        (tmp_path / "world.json").write_text(world)
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--world", str(tmp_path), "--data-dir", str(tmp_path / "data")])
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert words in told
    assert "estate" in told
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_demo_that_is_ended_while_it_prepares_says_by_what(
    number: int, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def ended(*_: object, **__: object) -> None:
        os.kill(os.getpid(), number)
        for _turn in range(3):  # the loop hears of it
            await asyncio.sleep(0)
        raise Fault("ended with 130", where="roundsman users add")

    monkeypatch.setattr(demo, "prepare", ended)
    with pytest.raises(SystemExit) as end:
        main(["demo", "--headless", "--data-dir", str(tmp_path)])
    assert end.value.code == status
    assert "ended with" not in capsys.readouterr().err


def test_the_first_patrol_of_a_world_begins_soon_on_the_site_s_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_plan, "run_to_end", Commands().run)

    class Clock(SystemClock):
        def now(self) -> datetime:
            return datetime(2026, 5, 1, 15, 59, 40, tzinfo=UTC)

    asyncio.run(prepare(plan_in(tmp_path), clock=Clock()))
    patrols = json.loads((tmp_path / "patrols.json").read_text("utf-8"))
    starts = [one["schedule"]["first_start_local"] for one in patrols if one["schedule"]]
    assert min(starts) == "2026-05-02T00:00:10"
