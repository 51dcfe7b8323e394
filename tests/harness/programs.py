"""The programs that some tests need: found, or their absence kept for the end of the run."""

import os
import shutil
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import pytest


class Program(StrEnum):
    """A program that is not a Python package, by the name of the Debian package that brings it."""

    POSTGRESQL = "postgresql"
    NATS_SERVER = "nats-server"
    CHROMIUM = "chromium"


FILES: dict[Program, tuple[str, ...]] = {
    Program.POSTGRESQL: ("initdb",),
    Program.NATS_SERVER: ("nats-server",),
    Program.CHROMIUM: ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
}
MARKERS: dict[str, Program] = {
    "postgres": Program.POSTGRESQL,
    "nats": Program.NATS_SERVER,
    "browser": Program.CHROMIUM,
}


class MissingPrograms:
    """Counts the tests that a missing program kept from running: a pytest plugin that tells them at the end."""

    def __init__(self, *, may_skip: bool) -> None:
        self._may_skip = may_skip
        self._tests: Counter[Program] = Counter()

    def require(self, program: Program) -> Path:
        """Return where *program* is; else skip the test, or fail it where nothing may be skipped."""
        found = find_program(program)
        if found is not None:
            return found
        self._tests[program] += 1
        reason = f"{program} is not installed; 'make test' installs it when run as root on Debian"
        if self._may_skip:
            pytest.skip(reason)
        pytest.fail(reason, pytrace=False)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand what a worker counted to the process that tells it."""
        if (output := getattr(session.config, "workeroutput", None)) is not None:
            output["missing"] = {program.value: count for program, count in self._tests.items()}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object, error: object | None) -> None:
        """Add what a worker counted; one that crashed says nothing, and its test failed."""
        output: Mapping[str, Mapping[str, int]] = getattr(node, "workeroutput", {})
        self._tests.update({Program(name): count for name, count in output.get("missing", {}).items()})

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name the programs at the end of the run."""
        if lines := self.lines():
            terminalreporter.section("missing programs")
            for line in lines:
                terminalreporter.write_line(line)

    def lines(self) -> list[str]:
        """Return one line for each missing program, for the end of the run."""
        return [f"{program}: {count} tests did not run without it" for program, count in self._tests.items()]


def find_program(program: Program) -> Path | None:
    """Return the first file of *program* on the path or in Debian's own folders, newest version first."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major_version, reverse=True)
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath), "/usr/sbin"])
    found = (shutil.which(name, path=path) for name in FILES[program])
    return next((Path(file) for file in found if file is not None), None)


def _major_version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0
