"""`roundsman sim`: run the simulated town, set its faults, ask for its truth, let its people act."""

import asyncio
import json
import os
from pathlib import Path
from typing import Annotated

import typer

from core.errors import InvalidInput
from core.logs import set_up_logs

app = typer.Typer(help="The simulator: another process that speaks the vehicles' protocols.", no_args_is_help=False)
fault = typer.Typer(help="Make something go wrong with a vehicle, or right again.", no_args_is_help=True)
app.add_typer(fault, name="fault")

ESTATE = Path(__file__).parents[1] / "sim" / "worlds" / "estate"
_CONTROL = "127.0.0.1:50151"
Control = Annotated[str, typer.Option("--control", help="Address of the simulator's control service.")]
Vehicle = Annotated[str, typer.Option("--vehicle", help="Vehicle id; every vehicle when not given.")]


@app.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    """Run the estate when no sub-command is given."""
    if context.invoked_subcommand is None:
        run()


@app.command()
def run(
    world: Annotated[Path, typer.Option(help="Folder of the world: world.json and zones.geojson.")] = ESTATE,
    state_dir: Annotated[Path, typer.Option(help="Where the world is written down every second.")] = Path("sim-state"),
    control_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the control service.")] = 50151,
    mavlink: Annotated[str | None, typer.Option(help="Where MAVLink goes: udpout:HOST:PORT.")] = None,
    video_port: Annotated[int | None, typer.Option(min=1, max=65535, help="UDP port of the first video.")] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=20, help="World seconds in a real second.")] = 1.0,
) -> None:
    """Run the simulated town until it is stopped; it goes on where it was when started again."""
    from sim.main import SimSettings, run_sim

    set_up_logs(process="sim")
    asyncio.run(
        run_sim(
            SimSettings(
                world=world,
                state_dir=state_dir,
                control_port=control_port,
                mavlink=mavlink,
                video_port=video_port,
                speed=speed,
            )
        )
    )


@app.command()
def film(
    seed: Annotated[int, typer.Argument(help="Seed of the street scene; equal seeds give equal recordings.")],
    out: Annotated[Path, typer.Option(help="Folder for pictures, camera, poses and truth.")],
    gimbal_yaw_off_deg: Annotated[
        float, typer.Option(min=-180.0, max=180.0, help="How far right of its report the gimbal points.")
    ] = 0.0,
) -> None:
    """Record a seeded street scene with its truth: pictures, camera.json, poses.csv, gt.txt, ground.csv."""
    from sim.street_flight import make_scene
    from sim.street_record import record_scene

    scene = make_scene(seed, gimbal_yaw_off_deg=gimbal_yaw_off_deg)
    record_scene(scene, out)
    height = f"{scene.height_m:g} m"
    typer.echo(f"{out}: {len(scene.shots)} pictures of a {scene.carrier} at {height}, {scene.condition}")


@fault.command("set")
def set_(
    name: str, value: Annotated[str, typer.Argument()] = "", vehicle: Vehicle = "", control: Control = _CONTROL
) -> None:
    """Set a fault: `roundsman sim fault set gps_lost --vehicle drone-1`, `… set wind_m_s 8`."""
    from sim.control_client import ControlClient

    with ControlClient(address=control) as client:
        _print(client.set_fault(vehicle_id=vehicle, name=name, value=value))


@fault.command()
def clear(name: Annotated[str, typer.Argument()] = "", vehicle: Vehicle = "", control: Control = _CONTROL) -> None:
    """Make a fault (every fault when none is named) harmless again."""
    from sim.control_client import ControlClient

    with ControlClient(address=control) as client:
        _print(client.clear_fault(vehicle_id=vehicle, name=name))


@fault.command("list")
def list_(control: Control = _CONTROL) -> None:
    """List what is wrong with each vehicle now, and every fault that there is."""
    from sim.control_client import ControlClient
    from sim.faults import describe

    with ControlClient(address=control) as client:
        _print({"active": client.faults(), "known": describe()})


@app.command()
def truth(control: Control = _CONTROL) -> None:
    """Print what truly happened, as JSON; nobody else is told."""
    from sim.control_client import ControlClient

    with ControlClient(address=control) as client:
        _print(client.truth())


@app.command()
def people(
    api: Annotated[str, typer.Option(help="Address of the controller: http://127.0.0.1:8080.")],
    control: Control = _CONTROL,
    state_dir: Annotated[Path, typer.Option(help="Where people remember what they did.")] = Path("people-state"),
    headless: Annotated[bool, typer.Option("--headless", help="A resident and a supervisor act too.")] = False,
    press_after_s: Annotated[float, typer.Option(help="When the resident presses (headless).")] = 70.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same habits.")] = 7,
) -> None:
    """Let people act through the controller's real interface: a grid worker, and when headless the others.

    Their secrets come from the environment: ROUNDSMAN_WORKER_PASSWORD, ROUNDSMAN_SUPERVISOR_PASSWORD,
    ROUNDSMAN_PANEL_TOKEN.
    """
    from sim.people import PeopleSettings, run_people

    set_up_logs(process="people")
    asyncio.run(
        run_people(
            PeopleSettings(
                api=api,
                control=control,
                state_dir=state_dir,
                worker_password=_secret("ROUNDSMAN_WORKER_PASSWORD"),
                supervisor_password=_secret("ROUNDSMAN_SUPERVISOR_PASSWORD") if headless else "",
                panel_token=_secret("ROUNDSMAN_PANEL_TOKEN") if headless else "",
                headless=headless,
                press_after_s=press_after_s,
                seed=seed,
            )
        )
    )


def _secret(name: str) -> str:
    text = os.environ.get(name, "")
    if not text:
        raise InvalidInput("is not set", where=name, remedy="put this person's password or token there")
    return text


def _print(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))
