"""The gRPC service of the link: certificates in, our errors out as status codes; the rest is fleet.link's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import structlog
from roundsman.v1 import link_pb2 as pb
from roundsman.v1 import link_pb2_grpc

from api.errors import codes_of
from core.errors import NotSignedIn, RoundsmanError, Unavailable
from fleet.link.certificates import AgentIdentity, TlsFiles, identity_of
from fleet.link.channel import new_server, server_credentials
from fleet.link.downlink import Downlink

STOP_WITHIN_S = 1.0

Context = grpc.aio.ServicerContext[pb.AgentMessage, pb.ControllerMessage]


class LinkService(link_pb2_grpc.LinkServicer):
    """`roundsman.v1.Link` over one `Downlink`."""

    def __init__(self, *, downlink: Downlink) -> None:
        self._downlink = downlink
        self._log = structlog.get_logger("link")

    async def Connect(  # type: ignore[override]  # noqa: N802  # grpc names it, and its stubs know no coroutines
        self, request_iterator: AsyncIterator[pb.AgentMessage], context: Context
    ) -> None:
        """Serve one vehicle's stream until it ends."""
        try:
            agent = _identity(context)
            await self._downlink.connect(agent=agent, messages=aiter(request_iterator), send=context.write)
        except RoundsmanError as error:
            self._log.warning("link refused or ended", code=error.code, because=str(error), peer=context.peer())
            await context.abort(codes_of(error).grpc, str(error))


def _identity(context: Context) -> AgentIdentity:
    found = [*context.auth_context().get("x509_pem_cert", ())]
    if not found:
        raise NotSignedIn("an agent needs a certificate", remedy="roundsman agents enroll NAME --vehicle ID --out DIR")
    return identity_of(found[0])


@asynccontextmanager
async def serving_links(*, downlink: Downlink, address: str, tls: TlsFiles) -> AsyncIterator[int]:
    """Serve agents at *address* ("host:port", port 0 = any) and yield the port; raises Unavailable when it is taken."""
    server = new_server()
    link_pb2_grpc.add_LinkServicer_to_server(LinkService(downlink=downlink), server)
    try:
        port = server.add_secure_port(address, server_credentials(tls))
    except RuntimeError as error:
        remedy = "stop the other process or choose another port"
        raise Unavailable(f"cannot listen for agents: {error}", where=address, remedy=remedy) from error
    await server.start()
    try:
        yield port
    finally:
        await server.stop(STOP_WITHIN_S)
