"""The `roundsman` command: finds the sub-command and imports only its process."""

import importlib
import io
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from types import TracebackType
from typing import NoReturn

from cli.interrupts import terminations
from cli.status import Status
from core.errors import RoundsmanError, StorageFull


@dataclass(frozen=True, slots=True, kw_only=True)
class SubCommand:
    """Where a sub-command lives ("module" holds a Typer application called `app`) and what it is for."""

    module: str
    summary: str


SUB_COMMANDS = {
    "demo": SubCommand(module="cli.demo", summary="Start a living neighbourhood: simulator, controller, agent.  演示"),
    "controller": SubCommand(module="cli.controller", summary="Run the controller: REST, live topics, gRPC.  控制端"),
    "agent": SubCommand(module="cli.agent", summary="Run the agent beside one or many vehicles.  车载端"),
    "agents": SubCommand(module="cli.agents", summary="Enrol agents: make their certificates.  登记车载端"),
    "sim": SubCommand(module="cli.sim", summary="Run the simulator, set its faults, ask for its truth.  仿真"),
    "patrol": SubCommand(module="cli.patrol", summary="Start a patrol from a file and follow it.  巡逻"),
    "rounds": SubCommand(module="cli.rounds", summary="Plan endless rounds on a road graph.  循环巡逻"),
    "look": SubCommand(module="cli.look", summary="Look at a video: tracks, sightings and why.  看视频"),
    "evaluate": SubCommand(module="cli.evaluate", summary="Judge what was seen against the truth.  评测"),
    "plan": SubCommand(module="cli.plan", summary="Plan areas, points and lines for a fleet, from a file.  规划"),
    "zones": SubCommand(module="cli.zones", summary="Check a zone file and say what is wrong where.  区域"),
    "users": SubCommand(module="cli.users", summary="Add, list and change users and devices.  用户"),
    "openapi": SubCommand(module="cli.openapi", summary="Print the OpenAPI document.  接口文档"),
    "train": SubCommand(module="cli.train", summary="Train a detector on your own pictures (optional extra).  训练"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the sub-command named by the first argument and exit with its status (docs/commands.md)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that has no Chinese gets the rest
    try:
        _main(list(sys.argv[1:] if arguments is None else arguments))
    except SystemExit as end:
        is_unread = isinstance(end.__context__, BrokenPipeError)
        sys.exit(_unsaid() or (Status.NOBODY_READS if is_unread else end.code))
    except OSError as error:  # words that could not be said; faults of commands are told where they are run
        sys.exit(_unsaid() or _why_unsaid(error))


def _main(given: list[str]) -> None:
    if not given or given[0] in {"-h", "--help", "help"}:
        print(help_text())
        sys.exit(Status.DONE if given else Status.COULD_NOT)
    if given[0] == "--version":
        print(f"roundsman {version('roundsman')}")
        sys.exit(Status.DONE)
    if given[0] not in SUB_COMMANDS:
        print(f"roundsman: there is no sub-command {given[0]!r}\n\n{help_text()}", file=sys.stderr)
        sys.exit(Status.COULD_NOT)
    _run(given[0], given[1:])


def help_text() -> str:
    """Return the list of sub-commands."""
    width = max(map(len, SUB_COMMANDS)) + 2
    lines = [f"  {name:<{width}}{command.summary}" for name, command in SUB_COMMANDS.items()]
    return "\n".join(
        [
            "Roundsman (巡更) plans, runs and proves patrols, and answers who needs help.",
            "",
            "Usage: roundsman SUB-COMMAND [OPTIONS]        (roundsman SUB-COMMAND --help tells its options)",
            "",
            *lines,
        ]
    )


def _run(name: str, arguments: list[str]) -> None:
    with _NoAnswer(), terminations() as ended:
        try:
            app = importlib.import_module(SUB_COMMANDS[name].module).app
            app.pretty_exceptions_enable = False  # they may show what variables hold: passwords, tokens
            app(args=arguments, prog_name=f"roundsman {name}")
        except (RoundsmanError, OSError) as error:
            _fail(name, error)
        except MemoryError as error:
            _fail(name, StorageFull("there is not enough memory for this", remedy="give it less at once"), error)
        except KeyboardInterrupt:
            sys.exit(Status.TERMINATED if ended else Status.INTERRUPTED)
        except SystemExit as end:
            if ended and end.code == Status.INTERRUPTED:
                sys.exit(Status.TERMINATED)
            raise


class _NoAnswer:
    """A fault of ours is told with its traceback and is no answer, so it must not have the status of one."""

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Exit with the status of what could not be done."""
        if isinstance(error, Exception):
            traceback.print_exception(error)
            raise SystemExit(Status.COULD_NOT) from error


def _fail(name: str, error: RoundsmanError | OSError, fault: BaseException | None = None) -> NoReturn:
    """Say what is wrong on standard error and exit; who reads only the first lines of an output needs no words."""
    if BrokenPipeError in (type(error), type(error.__cause__)):
        raise SystemExit(Status.NOBODY_READS) from error
    words = str(error)
    if isinstance(error, OSError):
        words = ": ".join(str(part) for part in (error.filename, error.strerror or str(error)) if part)
    print(f"roundsman {name}: {words}", file=sys.stderr)
    raise SystemExit(Status.COULD_NOT) from fault or error


def _unsaid() -> Status | None:
    """Say the rest of what is to be said; returns why it cannot be: with `| head`, nobody reads it."""
    status: Status | None = None
    for stream in (one for one in (sys.stdout, sys.stderr) if one is not None):
        try:
            stream.flush()
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # nothing more is tried at the very end
            status = _why_unsaid(error)
    return status


def _why_unsaid(error: OSError) -> Status:
    if isinstance(error, BrokenPipeError):
        return Status.NOBODY_READS
    print(f"roundsman: standard output cannot be written: {error.strerror}", file=sys.stderr)
    return Status.COULD_NOT
