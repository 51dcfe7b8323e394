"""A private PostgreSQL server for one test run: its own folder, its own port, nothing kept."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    "listen_addresses=127.0.0.1",
    "timezone=UTC",
)
UNPRIVILEGED = ("postgres", "nobody")
ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """Where a running server listens; everybody on this machine may sign in as its owner."""

    port: int

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of *database*."""
        return f"postgresql+asyncpg://roundsman@127.0.0.1:{self.port}/{database}"


@contextlib.contextmanager
def running_postgres(*, binaries: Path) -> Iterator[PostgresServer]:
    """Start a fresh server from the programs in *binaries* and stop it at the end of the block."""
    user = _server_user()
    with tempfile.TemporaryDirectory(prefix="roundsman-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user is not None:
            shutil.chown(folder, user)
        data = folder / "data"
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=roundsman", "--no-sync"]
        _call([binaries / "initdb", "--pgdata", data, *options], user=user)
        port = _start(binaries=binaries, folder=folder, user=user)
        try:
            yield PostgresServer(port=port)
        finally:
            _call([binaries / "pg_ctl", "stop", "--pgdata", data, "--mode", "immediate", "--wait"], user=user)


def _start(*, binaries: Path, folder: Path, user: str | None) -> int:
    # Another process may take the free port before the server does: then once more with another one.
    for attempt in range(1, ATTEMPTS + 1):
        port = _free_port()
        settings = " ".join(f"-c {setting}" for setting in (*SETTINGS, f"port={port}"))
        options = f"{settings} -c unix_socket_directories={folder}"
        command: list[Path | str] = [
            binaries / "pg_ctl",
            "start",
            "--pgdata",
            folder / "data",
            "--wait",
            "--log",
            folder / "log",
        ]
        try:
            _call([*command, "--options", options], user=user)
        except subprocess.CalledProcessError as error:
            if attempt == ATTEMPTS:
                log = (folder / "log").read_text(errors="replace")
                raise RuntimeError(f"PostgreSQL did not start in {folder}:\n{log}") from error
        else:
            return port
    raise AssertionError("unreachable")


def _call(command: Sequence[Path | str], *, user: str | None) -> None:
    # The server's output goes to its log: a pipe would stay open as long as the server runs.
    subprocess.run(command, check=True, user=user, cwd="/", stdout=subprocess.DEVNULL, timeout=60)


def _server_user() -> str | None:
    """Return the user to start the server as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in UNPRIVILEGED if name in known)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
