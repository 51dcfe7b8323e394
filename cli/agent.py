"""`roundsman agent`: the process beside one or many vehicles."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

EXAMPLES = """Run the agent beside one or many vehicles (车载端).

It carries out the controller's orders, guards the zones, looks through the cameras, and goes on alone when the
controller is away: what it reports is kept in --state-dir until the controller has it.

One vehicle of each autopilot heard on a port ("mav-1", "mav-2", …):

\b
  roundsman agent --controller localhost:8443 --credentials creds
      --vehicle mavlink:udpin://127.0.0.1:14550

Two named vehicles on one port, by their MAVLink system ids:

\b
  roundsman agent … --vehicle drone-1=mavlink:udpin://0.0.0.0:14550#1
      --vehicle drone-2=mavlink:udpin://0.0.0.0:14550#2

Cameras, docks and names are given in a TOML file (--config):

\b
  [[vehicles]]
  id = "drone-1"
  connection = "mavlink:udpin://127.0.0.1:14550"
  system_id = 1
  dock = "dock-1"
  [vehicles.camera]
  url = "udp://127.0.0.1:5600"

The credentials are made on the controller:  roundsman agents enroll NAME --vehicle ID --out DIR

SIGTERM sends vehicles in the air home before the agent ends (--on-stop leave: they fly on).
"""


@app.command(help=EXAMPLES)
def agent(
    controller: Annotated[
        str | None, typer.Option(help="Where the controller listens for agents.  控制端地址", metavar="HOST:PORT")
    ] = None,
    credentials: Annotated[
        Path | None, typer.Option(help="Folder with ca.pem, agent.pem and agent.key.  证书目录")
    ] = None,
    state_dir: Annotated[
        Path | None, typer.Option(help="Folder for orders and for reports not yet delivered.  状态目录")
    ] = None,
    vehicle: Annotated[
        list[str] | None,
        typer.Option(help="A vehicle; may be given more than once.  车辆", metavar="[ID=]mavlink:URL[#SYSTEM_ID]"),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Settings with [[vehicles]] (TOML).  配置文件")] = None,
    on_stop: Annotated[
        str | None, typer.Option(help="What vehicles in the air do when the agent is stopped: return or leave.  停止时")
    ] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.  日志级别")] = "info",
) -> None:
    """Run the agent; the help text above is the one that people see."""
    import asyncio

    from agent.main import run_agent
    from agent.settings import load_agent_settings
    from core.logs import set_up_logs

    set_up_logs(process="agent", level=log_level)
    given = {"controller": controller, "credentials": credentials, "state_dir": state_dir, "on_stop": on_stop}
    settings = load_agent_settings(config=config, given=given, vehicles=vehicle or ())
    asyncio.run(run_agent(settings))
