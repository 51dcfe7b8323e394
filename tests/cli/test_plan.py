"""The command `roundsman plan`: files in and out, its exit codes, and Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import main
from tests.missions.planning.requests import box, drone, points, request, zone


def _write(folder: Path, document: object) -> Path:
    file = folder / "request.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_a_plan_and_its_picture_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = request([points("p", [(200, 0), (100, 80)])], zones=[zone("z", "keep_out", box(90, -20, 120, 20))])
    out, picture = tmp_path / "plan.json", tmp_path / "plan.svg"
    with pytest.raises(SystemExit) as ended:
        main(
            ["plan", str(_write(tmp_path, asked)), "--out", str(out), "--picture", str(picture), "--time-limit-s", "2"]
        )
    assert ended.value.code == 0
    plan = json.loads(out.read_text(encoding="utf-8"))
    assert set(plan) >= {"vehicles", "tasks", "violations", "makespan_s", "total_distance_m", "solver"}
    assert plan["tasks"][0]["done_ratio"] == 1.0
    assert picture.read_text(encoding="utf-8").startswith("<svg ")
    assert "100.0%" in capsys.readouterr().out


def test_a_bad_request_exits_2_with_every_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = request([], vehicles=[drone(speed_m_s=0, dock="B")])
    with pytest.raises(SystemExit) as ended:
        main(["plan", str(_write(tmp_path, asked)), "--out", str(tmp_path / "plan.json")])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "speed_m_s" in told
    assert "which is no dock" in told
    assert not (tmp_path / "plan.json").exists()


def test_an_unwritable_place_is_told_before_any_planning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["plan", str(_write(tmp_path, request([]))), "--out", str(tmp_path / "none" / "plan.json")])
    assert ended.value.code == 2
    assert "no such folder" in capsys.readouterr().err


def test_a_full_disk_is_told_and_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(SystemExit) as ended:
        main(["plan", str(_write(tmp_path, request([]))), "--out", str(full), "--time-limit-s", "0.1"])
    assert ended.value.code == 2
    assert "/dev/full: cannot be written: No space left on device" in capsys.readouterr().err


def test_ctrl_c_writes_the_best_plan_so_far(tmp_path: Path) -> None:
    many = [(float(37 * n % 900), float(91 * n % 800)) for n in range(400)]
    asked = request([points("p", many)], vehicles=[drone(f"d{n}", endurance_s=2000.0) for n in range(4)])
    out = tmp_path / "plan.json"
    command = [
        sys.executable,
        "-c",
        "from cli.main import main; main()",
        "plan",
        str(_write(tmp_path, asked)),
        "--out",
        str(out),
    ]
    process = subprocess.Popen([*command, "--time-limit-s", "300"], stderr=subprocess.PIPE)
    assert process.stderr is not None
    assert b"Ctrl-C" in process.stderr.readline()
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(timeout=60) == 0
    plan = json.loads(out.read_text(encoding="utf-8"))
    assert plan["tasks"][0]["done_ratio"] == 1.0
    assert plan["violations"] == []


def test_ctrl_c_while_the_request_is_read_gives_a_plan_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _write(tmp_path, request([points("p", [(200, 0)])]))
    out = tmp_path / "plan.json"
    read_bytes = Path.read_bytes

    def pressed_meanwhile(file: Path) -> bytes:
        os.kill(os.getpid(), signal.SIGINT)
        return read_bytes(file)

    monkeypatch.setattr(Path, "read_bytes", pressed_meanwhile)
    with pytest.raises(SystemExit) as ended:
        main(["plan", str(asked), "--out", str(out), "--time-limit-s", "300"])
    assert ended.value.code == 0
    assert json.loads(out.read_text(encoding="utf-8"))["tasks"][0]["done_ratio"] == 1.0


def test_a_seed_that_no_search_can_take_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = _write(tmp_path, request([]))
    with pytest.raises(SystemExit) as ended:
        main(["plan", str(asked), "--out", str(tmp_path / "plan.json"), "--seed", str(2**32)])
    assert ended.value.code == 2
    assert "--seed" in capsys.readouterr().err
