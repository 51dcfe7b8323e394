"""A missing program is named, skipped where that is allowed, and a failure in CI."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.programs import MissingPrograms, Program, find_program

ROOT = Path(__file__).parents[2]
LACKING = """
import pytest
from tests.harness.programs import MissingPrograms, Program

missing = MissingPrograms(may_skip=True)

def pytest_configure(config):
    config.pluginmanager.register(missing)

@pytest.fixture
def chromium():
    return missing.require(Program.CHROMIUM)
"""
NEEDING = """
def test_one(chromium): pass
def test_another(chromium): pass
"""


@pytest.fixture
def empty_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_a_missing_program_skips_the_test_and_is_named_at_the_end(empty_path: Path) -> None:
    missing = MissingPrograms(may_skip=True)
    with pytest.raises(pytest.skip.Exception, match="chromium is not installed"):
        missing.require(Program.CHROMIUM)
    assert missing.lines() == ["chromium: 1 tests did not run without it"]


def test_a_missing_program_fails_the_test_where_nothing_may_be_skipped(empty_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="chromium is not installed"):
        MissingPrograms(may_skip=False).require(Program.CHROMIUM)


def test_a_program_on_the_path_is_found(empty_path: Path) -> None:
    program = empty_path / "chromium"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_program(Program.CHROMIUM) == program
    assert not MissingPrograms(may_skip=False).lines()


def test_what_two_workers_miss_is_told_together(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(LACKING)
    (tmp_path / "test_needing.py").write_text(NEEDING)
    command = [sys.executable, "-m", "pytest", "-p", "xdist", "-n", "2", "--dist", "loadgroup", "--verbose"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    run = subprocess.run(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    told = run.stdout.splitlines()
    assert {line[:5] for line in told if "SKIPPED" in line} == {"[gw0]", "[gw1]"}
    assert told[-2] == "chromium: 2 tests did not run without it"
    assert "2 skipped" in told[-1]
