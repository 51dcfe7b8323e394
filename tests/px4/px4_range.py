"""A shooting range of real PX4 processes (built-in SIH quadrotor) behind a relay whose links a test can cut."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from geofence.positions import GeoPosition
from tests.fleet.drivers.orders import GROUND_AMSL_M, HOME

_FIRST_INSTANCE = 20


def px4_folder() -> Path:
    """Return the PX4 build folder that ROUNDSMAN_PX4 names (a build folder, or the px4 program in its bin)."""
    named = Path(os.environ["ROUNDSMAN_PX4"])
    return named.parent.parent if named.is_file() else named


@dataclass(slots=True, kw_only=True)
class Px4:
    """One running autopilot."""

    instance: int
    folder: Path
    process: subprocess.Popen[bytes]

    def stop_for_now(self) -> None:
        """Stop the process where it is; nothing in it goes on."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let a stopped process go on."""
        self.process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        """Return what it has printed."""
        return (self.folder / "px4.log").read_text(errors="replace")

    def set_parameter(self, name: str, value: float) -> None:
        """Set a parameter on its own console."""
        program = px4_folder() / "bin" / "px4-param"
        subprocess.run(
            [program, "--instance", str(self.instance), "set", name, str(value)],
            check=True,
            capture_output=True,
            timeout=10,
        )


class Px4Range:
    """Starts autopilots that all send to one UDP port, and ends them."""

    def __init__(self, *, folder: Path, port: int) -> None:
        self._folder = folder
        self._port = port
        self._stack = ExitStack()
        self._count = 0

    def close(self) -> None:
        """End them all."""
        self._stack.close()

    def start(
        self,
        *,
        system_id: int = 1,
        home: GeoPosition = HOME,
        speed: float = 1.0,
        parameters: dict[str, float] | None = None,
    ) -> Px4:
        """Start one and return at once; it is ready for take-off some seconds later."""
        instance = _free_instance(_FIRST_INSTANCE + self._count)
        self._count = instance - _FIRST_INSTANCE + 1
        folder = self._folder / f"px4-{instance}"
        folder.mkdir()
        etc = _startup_scripts(folder, self._port, system_id)
        environment = os.environ | {
            "PX4_SIM_MODEL": "sihsim_quadx",
            "PX4_SIMULATOR": "sihsim",
            "PX4_SIM_SPEED_FACTOR": str(speed),
            "PX4_HOME_LAT": str(home.lat_deg),
            "PX4_HOME_LON": str(home.lon_deg),
            "PX4_HOME_ALT": str(GROUND_AMSL_M),
        }
        environment |= {f"PX4_PARAM_{name}": str(value) for name, value in (parameters or {}).items()}
        command = [str(part) for part in (px4_folder() / "bin" / "px4", "-i", instance, "-d", "-w", folder, etc)]
        with (folder / "px4.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder)
        self._stack.callback(_end, process)
        return Px4(instance=instance, folder=folder, process=process)


class Relay:
    """Autopilots send to its port; each reaches the driver's port from a socket of its own, unless `is_cut`."""

    def __init__(self, *, driver_port: int) -> None:
        self.driver_port = driver_port
        self.is_cut = False
        self._inner = _socket()
        self.port: int = self._inner.getsockname()[1]
        self._outer: dict[tuple[str, int], socket.socket] = {}
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._inner, self._from_vehicle)

    def close(self) -> None:
        """Close every socket."""
        for each in (self._inner, *self._outer.values()):
            self._loop.remove_reader(each)
            each.close()

    def _from_vehicle(self) -> None:
        data, address = self._inner.recvfrom(65536)
        if address not in self._outer:
            self._outer[address] = outer = _socket()
            self._loop.add_reader(outer, self._from_driver, outer, address)
        if not self.is_cut:
            self._outer[address].sendto(data, ("127.0.0.1", self.driver_port))

    def _from_driver(self, outer: socket.socket, address: tuple[str, int]) -> None:
        with suppress(ConnectionError):
            data = outer.recv(65536)
            if not self.is_cut:
                self._inner.sendto(data, address)


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind(("127.0.0.1", 0))
    return made


def free_port() -> int:
    """Return a UDP port that is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_range(folder: Path, port: int) -> Iterator[Px4Range]:
    """Give a range whose autopilots send to *port*."""
    px4s = Px4Range(folder=folder, port=port)
    try:
        yield px4s
    finally:
        px4s.close()


def _free_instance(first: int) -> int:
    return next(i for i in range(first, first + 60) if not Path(f"/tmp/px4_lock-{i}").exists() or _is_unlocked(i))


def _is_unlocked(instance: int) -> bool:
    import fcntl

    with Path(f"/tmp/px4_lock-{instance}").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


def _startup_scripts(folder: Path, port: int, system_id: int) -> Path:
    """Return a copy of PX4's start-up scripts with another ground-station port and system id."""
    etc = folder / "startup"
    shutil.copytree(px4_folder() / "etc", etc)
    link = "mavlink start -x -u $udp_gcs_port_local -r 4000000 -f"
    _change(etc / "init.d-posix" / "px4-rc.mavlink", link, f"{link} -o {port}")
    _change(etc / "init.d-posix" / "rcS", "MAV_SYS_ID $((px4_instance+1))", f"MAV_SYS_ID {system_id}")
    return etc


def _change(script: Path, old: str, new: str) -> None:
    text = script.read_text()
    assert old in text, f"PX4's {script.name} has changed"
    script.write_text(text.replace(old, new))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(timeout=10)
