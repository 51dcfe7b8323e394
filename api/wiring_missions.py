"""Puts the room of missions together."""

from dataclasses import dataclass

from core.clock import Clock
from core.database import Database
from fleet.registry import FleetRegistry
from fleet.store import FleetStore
from missions.books import RunBooks
from missions.coverage_prover import CoverageProver
from missions.dispatcher import Dispatcher
from missions.giver import OrderGiver
from missions.idleness import IdlenessReader
from missions.notice_planner import NoticePlanner
from missions.remainder import RemainderTrial
from missions.requests import MissionRequests
from missions.runner import RunnerSettings, RunSteps
from missions.separation_watcher import SeparationWatcher
from missions.site import Site
from missions.situation import Situations
from missions.sources import CheckSource, ZoneSource
from missions.store_sql import SqlMissionStore
from missions.trial import TrialPlanner
from missions.zone_watcher import ZoneWatcher


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionParts:
    """Everything about patrols and their runs."""

    store: SqlMissionStore
    situations: Situations
    requests: MissionRequests
    trial: TrialPlanner
    idleness: IdlenessReader
    notice: NoticePlanner
    coverage: CoverageProver
    remainder: RemainderTrial
    dispatcher: Dispatcher
    separation: SeparationWatcher
    zone_watcher: ZoneWatcher


def build_missions(
    *,
    database: Database,
    fleet: FleetStore,
    registry: FleetRegistry,
    zones: ZoneSource,
    checks: CheckSource,
    site: Site,
    clock: Clock,
) -> MissionParts:
    """Return the parts of the room of missions."""
    store = SqlMissionStore()
    books = RunBooks(database=database, missions=store, clock=clock)
    situations = Situations(fleet=fleet, live=registry, site=site, clock=clock)
    steps = RunSteps(
        database=database,
        missions=store,
        fleet=fleet,
        situations=situations,
        zones=zones,
        giver=OrderGiver(
            database=database,
            missions=store,
            fleet=fleet,
            books=books,
            checks=checks,
            zones=zones,
            site=site,
            clock=clock,
        ),
        books=books,
        site=site,
        clock=clock,
        settings=RunnerSettings(),
    )
    trial = TrialPlanner(database=database, situations=situations, zones=zones, site=site, clock=clock)
    return MissionParts(
        store=store,
        situations=situations,
        requests=MissionRequests(missions=store, fleet=fleet, books=books, clock=clock),
        trial=trial,
        idleness=IdlenessReader(database=database, missions=store, fleet=fleet),
        notice=NoticePlanner(database=database, trial=trial, zones=zones, clock=clock),
        coverage=CoverageProver(database=database, missions=store, fleet=fleet),
        remainder=RemainderTrial(
            database=database,
            missions=store,
            fleet=fleet,
            situations=situations,
            zones=zones,
            site=site,
            clock=clock,
        ),
        dispatcher=Dispatcher(database=database, missions=store, books=books, steps=steps, clock=clock),
        separation=SeparationWatcher(
            database=database, fleet=fleet, situations=situations, registry=registry, clock=clock
        ),
        zone_watcher=ZoneWatcher(
            database=database, fleet=fleet, zones=zones, registry=registry, origin=site.origin, clock=clock
        ),
    )
