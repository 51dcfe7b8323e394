"""Puts the controller together from its settings; the only place that knows which implementation is used."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version

from api.figures import Figures, InboxSource
from api.grpc.reports import report_routes, urgent_routes
from api.housekeeping import Housekeeper
from api.live.bell import Bell
from api.live.journal_tail import JournalTail
from api.live.parties import Parties
from api.retention import KeptFor, Retention
from api.services import Services
from api.settings import ControllerSettings
from api.sign_in import SignInDesk
from api.store_sql import SqlAccountStore, SqlAnswerStore, SqlZoneDocumentStore
from api.store_sql_retention import aged_rows
from api.wiring_incidents import (
    AlarmParts,
    IncidentParts,
    build_alarms,
    build_incidents,
    build_intake,
    open_outside_line,
)
from api.wiring_missions import MissionParts, build_missions
from api.zone_book import ZoneBook
from core.clock import Clock, SystemClock
from core.database import Database
from core.errors import InvalidInput
from core.events import Bus, InProcessBus
from core.files import held_folder
from core.tasks import TaskSupervisor
from fleet.link.downlink import Downlink
from fleet.link.intake import Intake
from fleet.registry import FleetRegistry
from fleet.store_sql import SqlFleetStore
from incidents.escalator import OutsideLine
from incidents.handlers import LookResultHandler, SightingHandler, UrgentSightingHandler
from incidents.intake import Intake as IncidentIntake
from missions.figures import MissionFigures
from missions.rounds_desk import RoundsDesk
from missions.site import Site, read_site


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What every part stands on."""

    settings: ControllerSettings
    site: Site
    clock: Clock
    bus: Bus
    database: Database
    supervisor: TaskSupervisor
    fleet: SqlFleetStore
    registry: FleetRegistry
    zone_documents: SqlZoneDocumentStore
    zone_book: ZoneBook
    outside: OutsideLine


@asynccontextmanager
async def open_services(
    settings: ControllerSettings,
    *,
    clock: Clock | None = None,
    bus: Bus | None = None,
    database: Database | None = None,
) -> AsyncIterator[Services]:
    """Yield every part of a controller, connected but with nothing running; tests give their clock or database."""
    clock = clock or SystemClock()
    bus = bus or InProcessBus()
    site = _site(settings)
    async with AsyncExitStack() as stack:
        if database is None:
            stack.enter_context(held_folder(settings.data_dir, by="controller", option="--data-dir"))
            database = await stack.enter_async_context(Database(url=settings.url, bus=bus, clock=clock))
        documents = SqlZoneDocumentStore()
        ground = Ground(
            settings=settings,
            site=site,
            clock=clock,
            bus=bus,
            database=database,
            outside=await stack.enter_async_context(open_outside_line(settings)),
            supervisor=await stack.enter_async_context(TaskSupervisor(clock=clock)),
            fleet=SqlFleetStore(),
            registry=FleetRegistry(clock=clock),
            zone_documents=documents,
            zone_book=ZoneBook(documents=documents, clock=clock, near=site.origin),
        )
        yield _services(ground)


def _site(settings: ControllerSettings) -> Site:
    if settings.site is None:
        raise InvalidInput(
            "a controller needs to know its site: where the docks stand and how high the ground is",
            where="site",
            remedy="give --site FILE (an example is sim/worlds/estate/site.json)",
        )
    return read_site(settings.site)


def _services(ground: Ground) -> Services:
    incidents = build_incidents(settings=ground.settings, site=ground.site, clock=ground.clock)
    missions = build_missions(
        database=ground.database,
        fleet=ground.fleet,
        registry=ground.registry,
        zones=ground.zone_book,
        checks=incidents.verification,
        site=ground.site,
        clock=ground.clock,
    )
    alarms = build_alarms(
        settings=ground.settings,
        site=ground.site,
        clock=ground.clock,
        database=ground.database,
        incidents=incidents,
        looks=missions.requests,
        outside=ground.outside,
    )
    return _joined(ground, incidents, missions, alarms)


def _joined(ground: Ground, incidents: IncidentParts, missions: MissionParts, alarms: AlarmParts) -> Services:
    settings, clock, database = ground.settings, ground.clock, ground.database
    accounts = SqlAccountStore()
    answers = SqlAnswerStore()
    tail = JournalTail(database=database, bus=ground.bus)
    bell = Bell(
        database=database,
        tail=tail,
        alarms=alarms.store,
        desk=alarms.desk,
        look_every_s=settings.alarm_resend_s,
    )
    parties = Parties(database=database, alarms=alarms.store, desk=alarms.desk, clock=clock)
    intake = build_intake(site=ground.site, clock=clock, zones=ground.zone_book, parts=incidents, alarms=alarms.desk)
    downlink = _downlink(ground, incidents, intake)
    housekeeper = Housekeeper(
        database=database,
        accounts=accounts,
        answers=answers,
        clock=clock,
        keep_answers=timedelta(hours=settings.idempotency_hours),
    )
    kept_for = KeptFor.of(
        flights=settings.keep_flights_days, journal=settings.keep_journal_days, refused=settings.keep_refused_days
    )
    retention = Retention(database=database, clock=clock, aged=aged_rows(kept_for, orders=ground.fleet))
    return Services(
        settings=settings,
        kept_for=kept_for,
        site=ground.site,
        clock=clock,
        bus=ground.bus,
        database=database,
        supervisor=ground.supervisor,
        accounts=accounts,
        answers=answers,
        sign_in=SignInDesk(
            database=database, accounts=accounts, clock=clock, session=timedelta(hours=settings.session_hours)
        ),
        zone_documents=ground.zone_documents,
        zone_book=ground.zone_book,
        figures=Figures(
            database=database,
            sources={
                "incidents": alarms.figures,
                "missions": MissionFigures(missions=missions.store),
                "reports": InboxSource(fleet=ground.fleet),
            },
        ),
        fleet=ground.fleet,
        registry=ground.registry,
        downlink=downlink,
        missions=missions.store,
        mission_requests=missions.requests,
        situations=missions.situations,
        trial=missions.trial,
        idleness=missions.idleness,
        notice=missions.notice,
        coverage=missions.coverage,
        remainder=missions.remainder,
        rounds=RoundsDesk(clock=clock),
        dispatcher=missions.dispatcher,
        kinds=incidents.kinds,
        incidents=incidents.incidents,
        sightings=incidents.sightings,
        timeline=incidents.timeline,
        evidence=incidents.evidence,
        photos=incidents.photos,
        incident_books=incidents.books,
        moves=incidents.moves,
        intake=intake,
        verification=incidents.verification,
        alarm_store=alarms.store,
        alarms=alarms.desk,
        escalator=alarms.escalator,
        live_tail=tail,
        bell=bell,
        parties=parties,
        runs={
            "journal": tail.run,
            "bell": bell.run,
            "parties": parties.run,
            "escalator": alarms.escalator.run,
            "unlooked": alarms.unlooked.run,
            "dispatcher": missions.dispatcher.run,
            "separation": missions.separation.run,
            "zones": missions.zone_watcher.run,
            "downlink": downlink.run,
            "housekeeper": housekeeper.run,
            "retention": retention.run,
        },
    )


def _downlink(ground: Ground, incidents: IncidentParts, sightings: IncidentIntake) -> Downlink:
    routes = report_routes(
        fleet=ground.fleet,
        sightings=SightingHandler(intake=sightings),
        looks=LookResultHandler(verification=incidents.verification),
    )
    return Downlink(
        database=ground.database,
        store=ground.fleet,
        intake=Intake(
            database=ground.database,
            store=ground.fleet,
            routes=routes,
            urgent=urgent_routes(UrgentSightingHandler(intake=sightings)),
            clock=ground.clock,
        ),
        registry=ground.registry,
        bus=ground.bus,
        clock=ground.clock,
        software=f"roundsman {version('roundsman')}",
    )
