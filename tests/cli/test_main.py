import importlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.main import SUB_COMMANDS, main

ROOT = Path(__file__).resolve().parents[2]
ZONES = ROOT / "sim" / "worlds" / "estate" / "zones.geojson"


@pytest.mark.parametrize("name", sorted(SUB_COMMANDS))
def test_every_sub_command_helps(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code in {0, None}
    assert "Usage" in capsys.readouterr().out


def test_every_sub_command_has_its_application() -> None:
    for command in SUB_COMMANDS.values():
        assert callable(importlib.import_module(command.module).app)


def test_an_unknown_sub_command_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fly"])
    assert ended.value.code == 2
    assert "there is no sub-command 'fly'" in capsys.readouterr().err


def test_bad_input_exits_2_whatever_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    none = str(tmp_path / "none.json")
    for command in (
        ["plan", none, "--out", str(tmp_path / "o")],
        ["rounds", none, "--out", str(tmp_path / "o"), "--vehicles", "1"],
        ["zones", "check", none],
        ["zones", "convert", none, str(tmp_path / "o.kml")],
        ["patrol", "start", none],
        ["patrol", "convert", none, str(tmp_path / "o.json")],
        ["look", none, "--camera", none],
        ["evaluate", "--tracks", none, "--truth", none],
        ["controller", "--config", none],
        ["agent", "--config", none],
    ):
        with pytest.raises(SystemExit) as ended:
            main(command)
        told = capsys.readouterr().err
        assert (command[0], ended.value.code) == (command[0], 2)
        assert "none.json" in told, command


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["demo", "--port", "65536"], "'--port'"),
        (["demo", "--for-s", "-1"], "'--for-s'"),
        (["controller", "--port", "-1"], "'--port'"),
        (["controller", "--grpc-port", "65536"], "'--grpc-port'"),
        (["controller", "--log-level", "loud"], "'loud' is no level of logs"),
        (["agent", "--log-level", "loud"], "'loud' is no level of logs"),
        (["sim", "run", "--control-port", "65536"], "'--control-port'"),
        (["sim", "run", "--video-port", "0"], "'--video-port'"),
        (["sim", "film", "1", "--out", "o", "--gimbal-yaw-off-deg", "181"], "'--gimbal-yaw-off-deg'"),
    ],
)
def test_numbers_and_words_out_of_range_are_refused_by_name(
    command: list[str],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(command)
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert words in re.sub(r"\x1b\[[0-9;]*m", "", told)
    assert list(tmp_path.iterdir()) == []


def test_who_reads_only_the_beginning_of_an_output_needs_no_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(SystemExit) as ended:
        main(["zones", "convert", str(ZONES), f"/dev/fd/{writing}", "--to", "geojson"])
    os.close(writing)
    assert (ended.value.code, capsys.readouterr().err) == (141, "")


def test_a_file_with_problems_is_an_answer_when_checked_and_a_failure_when_converted(tmp_path: Path) -> None:
    file = tmp_path / "zones.geojson"
    file.write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
    for command, status in ((["check", str(file)], 1), (["convert", str(file), str(tmp_path / "o.kml")], 2)):
        with pytest.raises(SystemExit) as ended:
            main(["zones", *command])
        assert ended.value.code == status


def run(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "import sys; from cli.main import main; main(sys.argv[1:])", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, **options)


def test_nobody_who_reads_is_no_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with run("--help", stdout=writing) as process:
        os.close(writing)
        _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (141, b"")


def test_what_cannot_be_said_is_told_and_no_traceback() -> None:
    with Path("/dev/full").open("wb") as full, run("--help", stdout=full) as process:
        _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert told == b"roundsman: standard output cannot be written: No space left on device\n"


def test_a_terminal_without_chinese_gets_the_rest() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    with run("--help", stdout=subprocess.PIPE, env=environment) as process:
        said, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (0, b"")
    assert b"Roundsman" in said


@pytest.fixture
def minds_ctrl_c() -> Iterator[None]:
    """What a shell starts in the background is told to ignore Ctrl-C, and so are its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("minds_ctrl_c")
def test_sigterm_ends_a_command_as_ctrl_c_does(monkeypatch: pytest.MonkeyPatch) -> None:
    for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
        monkeypatch.setattr("cli.openapi.json.dumps", lambda *_, number=number, **__: os.kill(os.getpid(), number))
        with pytest.raises(SystemExit) as ended:
            main(["openapi"])
        assert ended.value.code == status


def test_a_fault_of_ours_is_no_answer_and_shows_no_variables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> str:
        password = "hidden in a variable"
        return str(1 // (len(password) - 20))

    monkeypatch.setattr("cli.openapi.json.dumps", fail)
    with pytest.raises(SystemExit) as ended:
        main(["openapi"])
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert "ZeroDivisionError" in told
    assert "hidden in a variable" not in told
