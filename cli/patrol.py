"""`roundsman patrol start`: a patrol from a file, followed to its end without a browser."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from cli.rest import RestClient, sign_in_from_environment
from cli.status import Status
from core.clock import SystemClock
from core.errors import InvalidInput, Unavailable, at_place
from core.files import check_writable, read_file, read_json, write_whole

app = typer.Typer(help="Patrols: start one from a file and follow it.  巡逻", no_args_is_help=True)
_ENDS = {"done", "failed", "aborted"}
_LOST_AFTER_S = 60.0


@app.callback()
def patrols() -> None:
    """Start patrols from files, and take them from other planners."""


@app.command()
def convert(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a QGroundControl plan, or a patrol")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="where to: PATROL.json, or a .plan")],
    name: Annotated[str | None, typer.Option(help="the patrol's name; else that of the file")] = None,
    speed_m_s: Annotated[float, typer.Option(help="how fast it is flown")] = 5.0,
    home: Annotated[
        tuple[float, float] | None, typer.Option(help="longitude and latitude of the dock, for a .plan")
    ] = None,
) -> None:
    """Make a patrol of a plan's mission, or a plan of a patrol, telling all that was left out."""
    from geofence.positions import GeoPosition
    from missions.flight_plans import patrol_of_plan, plan_of_patrol
    from missions.patrol_files import patrol_from_json

    check_writable(out)
    if out.suffix.lower() == ".plan":
        if home is None:
            raise InvalidInput(
                "a plan needs a home", where="--home", remedy="give the longitude and latitude of the dock"
            )
        place = GeoPosition(lon_deg=home[0], lat_deg=home[1])
        text, notes = plan_of_patrol(patrol_from_json(read_patrol(file)), place)
    else:
        try:
            document, notes = patrol_of_plan(read_file(file), name=name or file.stem, speed_m_s=speed_m_s)
        except InvalidInput as error:
            raise at_place(error, str(file)) from error.__cause__
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    write_whole(out, text)


@app.command()
def start(
    file: Annotated[Path, typer.Argument(metavar="PATROL.json", help="the patrol, see docs/patrols.md")],
    vehicle: Annotated[str | None, typer.Option(help="fly it with this vehicle instead of the best one")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="follow it; exit 0 only when the patrol is done")] = False,
    api: Annotated[
        str, typer.Option(help="the controller's address", envvar="ROUNDSMAN_API")
    ] = "http://127.0.0.1:8080",
    user: Annotated[
        str | None, typer.Option(help="who asks (password in ROUNDSMAN_PASSWORD)", envvar="ROUNDSMAN_USER")
    ] = None,
) -> None:
    """Check, store and start a patrol; with --wait show its progress and exit 0 only when it is done."""
    document = read_patrol(file)
    with RestClient(address=api) as client:
        sign_in_from_environment(client, user=user)
        check = client.post("/patrols/check" + (f"?vehicle_id={vehicle}" if vehicle else ""), document)
        if not check["is_flyable"]:
            typer.echo(f"{file}: {_why_not(check)}", err=True)
            raise typer.Exit(Status.NOT_SO)
        patrol = _store(client, document)
        run = client.post(f"/patrols/{patrol['id']}/runs", {"vehicle_id": vehicle})
        print(
            f"patrol {patrol['name']}: run {run['id']} asked for ({check['distance_m']:.0f} m, "
            f"about {check['duration_s'] / 60:.1f} min)"
        )
        if wait:
            sys.exit(_follow(client, run["id"]))


def read_patrol(file: Path) -> dict[str, Any]:
    """Return the JSON object in *file*; raises InvalidInput naming the file, and the line or every wrong field."""
    document = read_json(file)
    if not isinstance(document, dict):
        raise InvalidInput("must hold one JSON object, the patrol", where=str(file))
    _check_fields(document, file)
    return document


def _check_fields(document: dict[str, Any], file: Path) -> None:
    from missions.errors import BadPatrol
    from missions.patrol_files import patrol_from_json

    try:
        patrol_from_json(document)
    except BadPatrol as error:
        lines = ["is not a patrol:", *map(str, error.problems)]
        raise InvalidInput("\n  ".join(lines), where=str(file)) from error


def _why_not(check: dict[str, Any]) -> str:
    lines = ["the patrol cannot be flown:"]
    lines += [f"  {one['where']}: {one['what']} ({one['remedy']})" for one in check["problems"]]
    lines += [f"  {_where(one)}: {one['because']} ({one['remedy']})" for one in check["violations"]]
    return "\n".join(lines)


def _where(violation: dict[str, Any]) -> str:
    phase = violation["phase"].replace("_", " ")
    leg = "" if violation["leg"] is None else f"leg {violation['leg'] + 1}"
    place = violation["place"] and "({:.6f}, {:.6f})".format(*violation["place"][:2])
    words = (leg, "" if leg and phase == "leg" else phase, place)
    return ", ".join(word for word in words if word)


def _store(client: RestClient, document: dict[str, Any]) -> dict[str, Any]:
    """Add the patrol, or replace the one of the same id."""
    if "id" not in document:
        return client.post("/patrols", document)
    try:
        known = client.get(f"/patrols/{document['id']}")
    except InvalidInput:
        return client.post("/patrols", document)
    return client.put(f"/patrols/{document['id']}", {**document, "revision": known["revision"]})


def _follow(client: RestClient, run_id: str) -> int:
    """Show the run until it ends; returns the exit status."""
    console = Console()
    # Not Rich's own column of the time: it stops with the last leg, and the way home is still to come.
    words = ("{task.completed:.0f}/{task.total:.0f} legs", "{task.elapsed:.0f} s")
    columns = (TextColumn("{task.description}"), BarColumn(), *(TextColumn(text) for text in words))
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("planned", total=1)
        run = _watch(client, run_id, progress, task)
    console.print(f"{run['state']}: {run['because']}", soft_wrap=True, markup=False)
    return Status.DONE if run["state"] == "done" else Status.NOT_SO


def _watch(client: RestClient, run_id: str, progress: Progress, task: TaskID) -> dict[str, Any]:
    clock, told = SystemClock(), ""
    heard_s = clock.monotonic_s()
    while True:
        try:
            run = client.get(f"/runs/{run_id}")
            heard_s = clock.monotonic_s()
        except Unavailable:
            if clock.monotonic_s() - heard_s > _LOST_AFTER_S:
                raise
            clock.pause(1.0)
            continue
        vehicle = run["vehicle_id"] or "no vehicle yet"
        progress.update(task, total=max(1, run["legs_total"]), completed=run["legs_done"])
        progress.update(task, description=f"{run['state']}, {vehicle}")
        if run["because"] != told:
            told = run["because"]
            progress.console.print(f"{clock.now():%H:%M:%S}Z {run['state']}: {told}", soft_wrap=True, markup=False)
        if run["state"] in _ENDS:
            return run
        clock.pause(0.5)
