"""What the demo starts: which processes, on which ports, with which accounts."""

import json
import secrets
import shutil
import socket
from dataclasses import asdict, dataclass, fields
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from cli.demo_processes import ProcessPlan, run_to_end
from core.clock import Clock
from core.errors import InvalidInput
from core.files import make_folder, read_json, write_whole

FIRST_PATROL_AFTER = timedelta(seconds=30)
"""Long enough for everything to be up on a slow machine; a start that passes before that is not made up for."""
_OF_A_VEHICLE = ("id", "system_id", "dock", "camera")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Loopback ports of one demo."""

    http: int
    grpc: int
    control: int
    mavlink: int
    video: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The secrets of one demo; made afresh, and kept in its own folder alone, for its owner's eyes."""

    supervisor: str
    worker: str
    panel_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPlan:
    """One demo: its world, its folder, its ports."""

    world_dir: Path
    data_dir: Path
    ports: Ports
    headless: bool

    @property
    def api(self) -> str:
        """Return the controller's address."""
        return f"http://127.0.0.1:{self.ports.http}"

    @property
    def control(self) -> str:
        """Return the simulator's control address."""
        return f"127.0.0.1:{self.ports.control}"

    @property
    def agent_dir(self) -> Path:
        """Return where the agent keeps its state."""
        return self.data_dir / "agent"


def choose_ports(*, http: int) -> Ports:
    """Return free loopback ports; the page's own port is the one that was asked for, or says that it is taken."""
    if http and not _is_free(http, socket.SOCK_STREAM):
        raise InvalidInput(
            f"port {http} is taken by another program", where="--port", remedy="end it or give another --port"
        )
    taken = _free(socket.SOCK_STREAM, 2 if http else 3)
    udp = _free(socket.SOCK_DGRAM, 3)
    return Ports(http=http or taken[2], grpc=taken[0], control=taken[1], mavlink=udp[0], video=_free_pair())


def _free(kind: int, count: int) -> list[int]:
    sockets = [socket.socket(socket.AF_INET, kind) for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _free_pair() -> int:
    """Return the first of two neighbouring free UDP ports: each vehicle's video has its own."""
    for _ in range(50):
        first = _free(socket.SOCK_DGRAM, 1)[0]
        if _is_free(first + 1, socket.SOCK_DGRAM):
            return first
    raise InvalidInput("there are no two neighbouring free UDP ports", where="video")


def _is_free(port: int, kind: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as one:
        if kind == socket.SOCK_STREAM:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


async def prepare(plan: DemoPlan, *, clock: Clock) -> Accounts:
    """Make the folder, the accounts, the agent's certificate and the patrols that start in a moment.

    A folder in which a demo ran before is taken up as it was left: its books, accounts and world. Raises InvalidInput
    for a folder with the books of somebody else.
    """
    books = plan.data_dir / "controller"
    accounts = _known_accounts(plan) if books.exists() else await _make_accounts(plan, books, now=clock.now())
    _write_agent(plan)
    return accounts


def _known_accounts(plan: DemoPlan) -> Accounts:
    known = plan.data_dir / "accounts.json"
    remedy = "name another folder with --data-dir"
    document = read_json(known, remedy=remedy) if known.exists() else None
    if not isinstance(document, dict) or set(document) != {one.name for one in fields(Accounts)}:
        raise InvalidInput("the accounts of a demo are not there", where=str(known), remedy=remedy)
    return Accounts(**{name: str(value) for name, value in document.items()})


async def _make_accounts(plan: DemoPlan, books: Path, *, now: datetime) -> Accounts:
    """Make the books beside their place: those of a demo that is ended while it prepares are begun anew."""
    begun = plan.data_dir / "controller.part"
    if begun.exists():
        shutil.rmtree(begun)
    make_folder(plan.data_dir)
    make_folder(begun)
    accounts = await _open_books(plan, begun)
    _write_patrols(plan, now=now)
    known = plan.data_dir / "accounts.json"
    known.touch(mode=0o600)
    write_whole(known, json.dumps(asdict(accounts)))
    begun.rename(books)
    return accounts


async def _open_books(plan: DemoPlan, folder: Path) -> Accounts:
    supervisor, worker = secrets.token_urlsafe(9), secrets.token_urlsafe(9)
    at = ("--data-dir", str(folder))
    stdin = "--password-stdin"
    await run_to_end("users", "add", "supervisor", "--role", "administrator", stdin, *at, given=supervisor)
    await run_to_end("users", "add", "grid1", "--role", "grid_worker", stdin, *at, given=worker)
    token = (await run_to_end("users", "add-device", "gate", *at)).strip().splitlines()[-1]
    out = str(plan.data_dir / "credentials")
    names = [option for name in vehicle_names(plan.world_dir) for option in ("--vehicle", name)]
    await run_to_end("agents", "enroll", "demo", *names, *at, "--out", out)
    return Accounts(supervisor=supervisor, worker=worker, panel_token=token)


def vehicle_names(world_dir: Path) -> list[str]:
    """Return the ids of the vehicles in the world file."""
    return [str(vehicle["id"]) for vehicle in _world(world_dir)["vehicles"]]


def _world(world_dir: Path) -> dict[str, list[dict[str, object]]]:
    file = world_dir / "world.json"
    remedy = f"name a world folder, such as {Path(__file__).resolve().parent.parent / 'sim' / 'worlds' / 'estate'}"
    if not file.exists():
        raise InvalidInput("there is no world", where=str(file), remedy=remedy)
    document = read_json(file, remedy=remedy)
    listed = document.get("vehicles") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not listed or not all(map(_is_vehicle, listed)):
        because = f"lists no vehicles, each with {', '.join(_OF_A_VEHICLE)}"
        raise InvalidInput(because, where=str(file), remedy=remedy)
    return {"vehicles": listed}


def _is_vehicle(one: object) -> bool:
    return isinstance(one, dict) and one.keys() >= set(_OF_A_VEHICLE) and isinstance(one["camera"], dict)


def _write_patrols(plan: DemoPlan, *, now: datetime) -> None:
    """Let scheduled patrols begin in a moment: the file's time of day is the pause after the demo's own start."""
    patrols = json.loads((plan.world_dir / "patrols.json").read_text("utf-8"))
    for patrol in patrols:
        if schedule := patrol.get("schedule"):
            zone = ZoneInfo(schedule["time_zone"])
            planned = datetime.fromisoformat(schedule["first_start_local"])
            pause = planned - datetime.combine(planned.date(), time.min)
            first = (now + FIRST_PATROL_AFTER + pause).astimezone(zone)
            schedule["first_start_local"] = first.replace(tzinfo=None, microsecond=0).isoformat()
    (plan.data_dir / "patrols.json").write_text(json.dumps(patrols, ensure_ascii=False, indent=1), "utf-8")


def _write_agent(plan: DemoPlan) -> None:
    """Write the agent's configuration: which vehicles, and where their pictures come from."""
    lines = []
    for number, vehicle in enumerate(_world(plan.world_dir)["vehicles"]):
        camera = vehicle["camera"]
        assert isinstance(camera, dict)
        lines += [
            "[[vehicles]]",
            f'id = "{vehicle["id"]}"',
            f'name = "Drone {number + 1}"',
            f'name_zh = "{number + 1}号无人机"',
            'kind = "drone"',
            f'connection = "mavlink:udpin://127.0.0.1:{plan.ports.mavlink}"',
            f"system_id = {vehicle['system_id']}",
            f'dock = "{vehicle["dock"]}"',
            "speed_m_s = 6.0",
            "endurance_s = 1200.0",
            "[vehicles.camera]",
            f'url = "udp://127.0.0.1:{plan.ports.video + number}"',
            'clock = "vehicle"',
            *(f"{key} = {value}" for key, value in camera.items() if key.endswith("_px")),
            "",
        ]
    (plan.data_dir / "agent.toml").write_text("\n".join(lines), "utf-8")


def processes(plan: DemoPlan, accounts: Accounts) -> list[ProcessPlan]:
    """Return the processes in the order in which they start."""
    world, data, ports = str(plan.world_dir), plan.data_dir, plan.ports
    controller = (
        "controller", "--data-dir", str(data / "controller"), "--port", str(ports.http),
        "--grpc-port", str(ports.grpc), "--site", f"{world}/site.json", "--zones", f"{world}/zones.geojson",
        "--patrols", str(data / "patrols.json"),
    )  # fmt: skip
    sim = (
        "sim", "run", "--world", world, "--state-dir", str(data / "sim"), "--control-port", str(ports.control),
        "--mavlink", f"udpout:127.0.0.1:{ports.mavlink}", "--video-port", str(ports.video),
    )  # fmt: skip
    agent = (
        "agent", "--controller", f"127.0.0.1:{ports.grpc}", "--credentials", str(data / "credentials"),
        "--state-dir", str(plan.agent_dir), "--config", str(data / "agent.toml"), "--on-stop", "leave",
    )  # fmt: skip
    people = ("sim", "people", "--api", plan.api, "--control", plan.control, "--state-dir", str(data / "people"))
    secrets_of_people = {
        "ROUNDSMAN_WORKER_PASSWORD": accounts.worker,
        "ROUNDSMAN_SUPERVISOR_PASSWORD": accounts.supervisor,
        "ROUNDSMAN_PANEL_TOKEN": accounts.panel_token,
    }
    return [
        ProcessPlan(name="controller", arguments=controller),
        ProcessPlan(name="sim", arguments=sim),
        ProcessPlan(name="agent", arguments=agent),
        ProcessPlan(
            name="people",
            arguments=(*people, "--headless") if plan.headless else people,
            environment=secrets_of_people,
        ),
    ]
