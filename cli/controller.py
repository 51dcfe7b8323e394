"""`roundsman controller`: the options, then the process."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, help="Run the controller: REST, live topics, gRPC for agents, web pages.")
_File = Path | None


@app.command()
def run(
    config: Annotated[_File, typer.Option(help="TOML file with settings; the options here come before it")] = None,
    data_dir: Annotated[_File, typer.Option(help="where database, evidence and certificates lie")] = None,
    database_url: Annotated[
        str | None, typer.Option(help="postgresql+asyncpg://user:password@host/name; SQLite in the data folder without")
    ] = None,
    site: Annotated[_File, typer.Option(help="site file: docks, panels, heights")] = None,
    zones: Annotated[_File, typer.Option(help="zone file to begin with (GeoJSON)")] = None,
    patrols: Annotated[_File, typer.Option(help="patrols to begin with (JSON list)")] = None,
    host: Annotated[str | None, typer.Option(help="address for browsers [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="port for browsers [default: 8080]")] = None,
    grpc_host: Annotated[str | None, typer.Option(help="address for agents [default: 127.0.0.1]")] = None,
    grpc_port: Annotated[int | None, typer.Option(min=0, max=65535, help="port for agents [default: 8443]")] = None,
    console_dir: Annotated[_File, typer.Option(help="other web pages than the built-in ones")] = None,
    log_level: Annotated[str | None, typer.Option(help="DEBUG, INFO, WARNING or ERROR")] = None,
) -> None:
    """Run a controller until it is told to stop (Ctrl-C or SIGTERM); it may be killed at any moment.

    Further settings (alarm_ring_s, alarm_webhook, session_hours, …) are given in the TOML file, or in the environment
    as ROUNDSMAN_ALARM_RING_S and so on.
    """
    given = {name: value for name, value in locals().items() if name != "config"}
    from api.running import run_controller
    from api.settings import ControllerSettings
    from core.logs import set_up_logs
    from core.settings import load_settings

    settings = load_settings(ControllerSettings, file=config, environment=os.environ, given=given)
    set_up_logs(process="controller", level=settings.log_level)
    asyncio.run(run_controller(settings))
