"""Everything that a route may need, put together by `api.wiring` and handed to routes by FastAPI's dependencies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from api.figures import Figures
from api.live.bell import Bell
from api.live.journal_tail import JournalTail
from api.live.parties import Parties
from api.retention import KeptFor
from api.settings import ControllerSettings
from api.sign_in import SignInDesk
from api.store import AccountStore, AnswerStore, ZoneDocumentStore
from api.zone_book import ZoneBook
from core.clock import Clock
from core.database import Database
from core.events import Bus
from core.tasks import Service, TaskSupervisor
from fleet.link.downlink import Downlink
from fleet.registry import FleetRegistry
from fleet.store import FleetStore
from incidents.alarms import AlarmDesk
from incidents.books import IncidentBooks
from incidents.escalator import Escalator
from incidents.intake import Intake
from incidents.kinds import KindTable
from incidents.moves import Moves
from incidents.photo_keeper import PhotoKeeper
from incidents.store import AlarmStore, EvidenceBook, IncidentStore, SightingStore, TimelineStore
from incidents.verification import Verification
from missions.coverage_prover import CoverageProver
from missions.dispatcher import Dispatcher
from missions.idleness import IdlenessReader
from missions.notice_planner import NoticePlanner
from missions.remainder import RemainderTrial
from missions.requests import MissionRequests
from missions.rounds_desk import RoundsDesk
from missions.site import Site
from missions.situation import Situations
from missions.store import MissionStore
from missions.trial import TrialPlanner


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The controller's parts; `api.wiring.open_services` makes one, routes take it as `ServicesNow`."""

    settings: ControllerSettings
    site: Site
    clock: Clock
    bus: Bus
    database: Database
    supervisor: TaskSupervisor
    """Runs what has a `run()`; in tests of routes nothing runs unless the test starts it."""
    runs: Mapping[str, Service]
    """What is to run as long as the controller does, by name, in the order of starting."""

    accounts: AccountStore
    answers: AnswerStore
    sign_in: SignInDesk
    zone_documents: ZoneDocumentStore
    zone_book: ZoneBook
    figures: Figures
    kept_for: KeptFor

    fleet: FleetStore
    registry: FleetRegistry
    downlink: Downlink

    missions: MissionStore
    mission_requests: MissionRequests
    situations: Situations
    trial: TrialPlanner
    idleness: IdlenessReader
    notice: NoticePlanner
    coverage: CoverageProver
    remainder: RemainderTrial
    rounds: RoundsDesk
    dispatcher: Dispatcher

    kinds: KindTable
    incidents: IncidentStore
    sightings: SightingStore
    timeline: TimelineStore
    evidence: EvidenceBook
    photos: PhotoKeeper
    incident_books: IncidentBooks
    moves: Moves
    intake: Intake
    verification: Verification
    alarm_store: AlarmStore
    alarms: AlarmDesk
    escalator: Escalator

    live_tail: JournalTail
    bell: Bell
    parties: Parties


def services_of(connection: HTTPConnection) -> Services:
    """Return the services of the app that answers this request or WebSocket."""
    found: Services = connection.app.state.services
    return found


ServicesNow = Annotated[Services, Depends(services_of)]
