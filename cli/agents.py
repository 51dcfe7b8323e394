"""`roundsman agents`: the certificates of agents, made on the controller's machine."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Enrol agents: their certificates.  登记车载端",
)


@app.callback()
def agents() -> None:
    """Keep `enroll` a sub-command."""


@app.command()
def enroll(
    name: Annotated[str, typer.Argument(help="The agent's name, as it appears on the desk.  名称")],
    vehicle: Annotated[
        list[str],
        typer.Option(help="A vehicle that it may speak for ('*': any); as often as needed.  车辆"),
    ],
    out: Annotated[Path, typer.Option(help="Folder for ca.pem, agent.pem and agent.key.  证书目录")],
    data_dir: Annotated[Path, typer.Option(help="The controller's data folder.  控制端数据目录")] = Path(
        "var/controller"
    ),
) -> None:
    """Make an agent's certificate and key; carry the folder to the agent's machine by a safe way.

    Nothing needs to be restarted: the controller knows its own authority.
    """
    from core.clock import SystemClock
    from fleet.link.certificates import CertificateAuthority

    now = SystemClock().now()
    CertificateAuthority.open(data_dir, now=now).enroll(name, vehicle, now=now).write(out)
    print(f"{out}: credentials of {name} for {', '.join(vehicle)}")
