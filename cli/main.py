"""The `roundsman` command: finds the sub-command and imports only its process."""

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from core.errors import RoundsmanError


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
    """Run the sub-command named by the first argument; exits with its status, 2 when there is none such."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in {"-h", "--help", "help"}:
        print(help_text())
        sys.exit(0 if given else 2)
    if given[0] == "--version":
        print(f"roundsman {version('roundsman')}")
        return
    if given[0] not in SUB_COMMANDS:
        print(f"roundsman: there is no sub-command {given[0]!r}\n\n{help_text()}", file=sys.stderr)
        sys.exit(2)
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
    application = importlib.import_module(SUB_COMMANDS[name].module).app
    try:
        application(args=arguments, prog_name=f"roundsman {name}")
    except RoundsmanError as error:
        print(f"roundsman {name}: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
