"""A missing program is named, skipped where that is allowed, and a failure in CI."""

from pathlib import Path

import pytest

from tests.harness.programs import MissingPrograms, Program, find_program


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
