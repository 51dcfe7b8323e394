"""The HTTP server as a part that is started and stopped like any other one."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

import uvicorn
from fastapi import FastAPI

from core.errors import Unavailable
from core.tasks import TaskSupervisor, within

_START_WITHIN_S = 20.0
_LET_REQUESTS_END_S = 3


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: the controller stops its parts in its own order."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()
        self.has_ended = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.is_up.set()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().serve(sockets=sockets)
        finally:
            self.has_ended.set()


def listen(*, host: str, port: int) -> socket.socket:
    """Return a listening socket (port 0: any); raises Unavailable when somebody else has the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        remedy = "stop the other process or choose another port with --port"
        because = error.strerror if isinstance(error, OSError) else "a port is a number up to 65535"
        raise Unavailable(f"cannot listen: {because}", where=f"{host}:{port}", remedy=remedy) from error


@asynccontextmanager
async def serving_http(
    *, app: FastAPI, listener: socket.socket, supervisor: TaskSupervisor, stop_within_s: float
) -> AsyncIterator[int]:
    """Serve *app* on *listener* and yield its port; at the end requests may finish for a few seconds."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        ws_max_size=64 * 1024,
        ws_per_message_deflate=True,
        timeout_graceful_shutdown=_LET_REQUESTS_END_S,
    )
    server = _Server(config)
    supervisor.run_once("http", partial(server.serve, sockets=[listener]))
    await within(_START_WITHIN_S, server.is_up.wait())
    port: int = listener.getsockname()[1]
    try:
        yield port
    finally:
        server.should_exit = True
        await within(stop_within_s, server.has_ended.wait())
