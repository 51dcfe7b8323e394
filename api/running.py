"""Runs a controller: books, services, links, pages; started in this order, stopped in the reverse one."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from api.app import create_app
from api.grpc.link import serving_links
from api.migrations.upgrade import migrate
from api.pages import BUILT
from api.services import Services
from api.serving import listen, serving_http
from api.settings import ControllerSettings
from api.wiring import open_services
from api.zone_book import ZoneChange
from core.errors import InvalidInput, RoundsmanError, at_place
from core.files import read_file, read_json
from core.tasks import run_blocking
from fleet.link.certificates import CertificateAuthority
from missions.errors import BadPatrol
from missions.patrol_files import patrol_from_json

_FIRST = "imported at the first start"
_SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A controller that answers: its parts and where it listens."""

    services: Services
    http_port: int
    grpc_port: int


async def run_controller(settings: ControllerSettings) -> None:
    """Run a controller until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with running_controller(settings) as running:
        address = f"http://{settings.host}:{running.http_port}"
        log = structlog.get_logger("controller")
        if settings.console_dir is None and not BUILT.is_dir():
            log.warning("there are no web pages to show", folder=str(BUILT), remedy="make demo builds them")
        log.info("controller is up", address=address, grpc_port=running.grpc_port)
        await stop.wait()
        log.info("controller stops")


@asynccontextmanager
async def running_controller(settings: ControllerSettings) -> AsyncIterator[Running]:
    """Yield a controller that answers; leaving stops its parts in the reverse order."""
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(listen(host=settings.host, port=settings.port))
        services = await stack.enter_async_context(open_services(settings))
        await migrate(services.database)
        await import_first(services)
        for name, run in services.runs.items():
            services.supervisor.run(name, run)
        authority = await run_blocking(lambda: CertificateAuthority.open(settings.data_dir, now=services.clock.now()))
        grpc_port = await stack.enter_async_context(
            serving_links(
                downlink=services.downlink,
                address=f"{settings.grpc_host}:{settings.grpc_port}",
                tls=authority.server(now=services.clock.now(), hosts=settings.certificate_hosts),
            )
        )
        http_port = await stack.enter_async_context(
            serving_http(
                app=create_app(services),
                listener=listener,
                supervisor=services.supervisor,
                stop_within_s=settings.stop_within_s,
            )
        )
        yield Running(services=services, http_port=http_port, grpc_port=grpc_port)


async def import_first(services: Services) -> None:
    """Take the zones and patrols of the settings' files when there are none yet; raises InvalidInput."""
    if services.settings.zones is not None:
        await _import_zones(services, services.settings.zones)
    if services.settings.patrols is not None:
        await _import_patrols(services, services.settings.patrols)


async def _import_zones(services: Services, file: Path) -> None:
    async with services.database.transaction() as unit:
        if await services.zone_documents.newest(unit) is not None:
            return
    content = await run_blocking(lambda: read_file(file))
    try:
        zones, warnings = await services.zone_book.read(content)
    except RoundsmanError as error:
        raise at_place(error, str(file)) from error
    for warning in warnings:
        structlog.get_logger("zones").warning("zone file", file=str(file), problem=str(warning))
    async with services.database.transaction() as unit:
        await services.zone_book.put(unit, ZoneChange(zones=zones, by=_SYSTEM, because=_FIRST))


async def _import_patrols(services: Services, file: Path) -> None:
    document = await run_blocking(lambda: read_json(file))
    if not isinstance(document, list):
        raise InvalidInput("must be a list of patrols", where=str(file))
    try:
        patrols = [patrol_from_json(one) for one in document]
    except BadPatrol as error:
        raise InvalidInput(str(error), where=str(file)) from error
    async with services.database.transaction() as unit:
        if await services.missions.patrols(unit):
            return
        for patrol in patrols:
            await services.mission_requests.add_patrol(unit, patrol, by=_SYSTEM)
