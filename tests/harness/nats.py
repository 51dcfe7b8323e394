"""A private NATS server for one test run."""

import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

START_TIMEOUT_S = 20.0


@contextlib.contextmanager
def running_nats(*, program: Path) -> Iterator[str]:
    """Start a server on a port of its own choice, yield its URL, and stop it at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="roundsman-nats-") as name:
        folder = Path(name)
        log = folder / "log"
        options = ["--addr", "127.0.0.1", "--port", "-1", "--ports_file_dir", name, "--log", str(log)]
        with subprocess.Popen([program, *options]) as server:
            try:
                yield _wait_for_url(folder=folder, log=log, server=server)
            finally:
                server.terminate()


def _wait_for_url(*, folder: Path, log: Path, server: subprocess.Popen[bytes]) -> str:
    ends_at = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < ends_at and server.poll() is None:
        for ports in folder.glob("*.ports"):
            if text := ports.read_text():
                url: str = json.loads(text)["nats"][0]
                return url
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(timeout=0.02)
    raise RuntimeError(f"nats-server did not start:\n{log.read_text() if log.exists() else 'no log'}")
