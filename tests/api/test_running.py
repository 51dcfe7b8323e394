"""The controller as a process: its command line, its start, its stop, and that it may be killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.api.controller import ESTATE, SITE, ZONES

REPOSITORY = Path(__file__).parents[2]
ROUNDSMAN = [sys.executable, "-c", "from cli.main import main; main()"]
pytestmark = pytest.mark.slow


def _roundsman(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ROUNDSMAN, *arguments], cwd=REPOSITORY, input=given, capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def _process(data: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """Run a controller on any port; yields it when it says that it is up."""
    files = ["--site", str(SITE), "--zones", str(ZONES), "--patrols", str(ESTATE / "patrols.json")]
    ports = ["--port", "0", "--grpc-port", "0"]
    with subprocess.Popen(
        [*ROUNDSMAN, "controller", "--data-dir", str(data), *files, *ports],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            with httpx.Client(base_url=_address(process), headers={"Idempotency-Key": "1"}) as client:
                yield process, client
        finally:
            process.kill()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        told = json.loads(line) if line.startswith("{") else {}
        if told.get("event") == "controller is up":
            return str(told["address"])
    raise AssertionError("".join(lines))


def test_a_controller_starts_stops_is_killed_and_remembers(tmp_path: Path) -> None:
    data = tmp_path / "data"
    added = _roundsman(
        "users",
        "add",
        "chief",
        "--role",
        "supervisor",
        "--password-stdin",
        "--data-dir",
        str(data),
        given="long enough 1\n",
    )
    assert added.returncode == 0, added.stderr
    with _process(data) as (process, client):
        told = client.post("/api/v1/session", json={"user": "chief", "password": "long enough 1"}).json()
        client.headers["Authorization"] = f"Bearer {told['token']}"
        patrols = client.get("/api/v1/patrols").json()["patrols"]
        assert patrols, "the first start imports patrols"
        assert client.get("/healthz").json()["status"] == "up"
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=10)
    with _process(data) as (process, client):
        client.headers["Authorization"] = f"Bearer {told['token']}"
        assert [one["id"] for one in client.get("/api/v1/patrols").json()["patrols"]] == [one["id"] for one in patrols]
        assert client.get("/api/v1/zones").json()["revision"] == 1
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        assert process.stderr is not None
        rest = process.stderr.read()
        assert "Traceback" not in rest, rest


def test_a_missing_site_and_a_bad_zone_file_are_told_with_their_remedy(tmp_path: Path) -> None:
    without = _roundsman("controller", "--data-dir", str(tmp_path / "a"), "--port", "0", "--grpc-port", "0")
    assert without.returncode == 2
    assert "--site FILE" in without.stderr
    bad = tmp_path / "zones.geojson"
    bad.write_text("{}", encoding="utf-8")
    told = _roundsman(
        *("controller", "--data-dir", str(tmp_path / "b"), "--port", "0", "--grpc-port", "0"),
        *("--site", str(SITE), "--zones", str(bad)),
    )
    assert told.returncode == 2
    assert "Traceback" not in told.stderr
    assert "FeatureCollection" in told.stderr
    assert str(bad) in told.stderr


def test_accounts_are_kept_from_the_command_line(tmp_path: Path) -> None:
    here = ("--data-dir", str(tmp_path))
    assert _roundsman("users", "add", "a", "--role", "grid_worker", *here).returncode == 2, "nobody to ask"
    short = _roundsman("users", "add", "a", "--role", "grid_worker", "--password-stdin", *here, given="short\n")
    assert (short.returncode, "10 characters" in short.stderr) == (2, True)
    odd = _roundsman("users", "add", "a", "--role", "king", "--password-stdin", *here, given="long enough 1\n")
    assert (odd.returncode, "administrator" in odd.stderr) == (2, True)
    _roundsman("users", "add", "a", "--role", "grid_worker", "--password-stdin", *here, given="long enough 1\n")
    token = _roundsman("users", "add-device", "gate", *here)
    assert (token.returncode, len(token.stdout.split())) == (0, 1)
    assert _roundsman("users", "disable", "a", *here).stdout == "a: disabled\n"
    assert _roundsman("users", "password", "a", "--password-stdin", *here, given="another one 2\n").returncode == 0
    told = _roundsman("users", "list", *here).stdout.splitlines()
    assert told == ["a\tgrid_worker\tdisabled", "panel:gate\tresident_device\tactive"]
