"""Puts the rooms of incidents and alarms together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from api.settings import ControllerSettings
from core.clock import Clock
from core.database import Database
from incidents.alarms import AlarmDesk, AlarmSettings, LookRequester
from incidents.books import IncidentBooks
from incidents.escalator import Escalator, NobodyOutside, OutsideLine
from incidents.evidence_store import FolderEvidenceStore
from incidents.figures import Figures as IncidentFigures
from incidents.grids import ZonesInForce
from incidents.intake import Intake
from incidents.kinds import KindTable, read_kinds, shipped_kinds
from incidents.moves import Moves
from incidents.notifiers.webhook import WebhookLine
from incidents.photo_keeper import PhotoKeeper
from incidents.store_sql import SqlEvidenceBook, SqlIncidentStore, SqlNumbers, SqlSightingStore, SqlTimelineStore
from incidents.store_sql_alarms import SqlAlarmStore
from incidents.unlooked import Unlooked
from incidents.verification import Verification
from missions.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentParts:
    """Everything about incidents."""

    kinds: KindTable
    incidents: SqlIncidentStore
    sightings: SqlSightingStore
    timeline: SqlTimelineStore
    numbers: SqlNumbers
    evidence: SqlEvidenceBook
    photos: PhotoKeeper
    books: IncidentBooks
    moves: Moves
    verification: Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmParts:
    """Everything about help alarms."""

    store: SqlAlarmStore
    desk: AlarmDesk
    escalator: Escalator
    unlooked: Unlooked
    figures: IncidentFigures


@asynccontextmanager
async def open_outside_line(settings: ControllerSettings) -> AsyncIterator[OutsideLine]:
    """Yield whom an unanswered alarm reaches at last."""
    if not settings.alarm_webhook:
        yield NobodyOutside()
        return
    async with httpx.AsyncClient() as client:
        yield WebhookLine(url=settings.alarm_webhook, client=client, secret=settings.alarm_webhook_secret)


def build_incidents(*, settings: ControllerSettings, site: Site, clock: Clock) -> IncidentParts:
    """Return the parts of the room of incidents."""
    kinds = read_kinds(settings.kinds) if settings.kinds else shipped_kinds()
    incidents, sightings, timeline, numbers = SqlIncidentStore(), SqlSightingStore(), SqlTimelineStore(), SqlNumbers()
    evidence = SqlEvidenceBook()
    store = FolderEvidenceStore(folder=settings.data_dir / "evidence")
    photos = PhotoKeeper(book=evidence, store=store, clock=clock)
    books = IncidentBooks(incidents=incidents, timeline=timeline, kinds=kinds, calendar=site.work_calendar, clock=clock)
    verification = Verification(incidents=incidents, sightings=sightings, books=books, photos=photos, kinds=kinds)
    return IncidentParts(
        kinds=kinds,
        incidents=incidents,
        sightings=sightings,
        timeline=timeline,
        numbers=numbers,
        evidence=evidence,
        photos=photos,
        books=books,
        moves=Moves(incidents=incidents, evidence=evidence, books=books),
        verification=verification,
    )


def build_intake(*, site: Site, clock: Clock, zones: ZonesInForce, parts: IncidentParts, alarms: AlarmDesk) -> Intake:
    """Return what takes sightings in: it files them, and rings where somebody lies on the ground."""
    return Intake(
        incidents=parts.incidents,
        sightings=parts.sightings,
        numbers=parts.numbers,
        books=parts.books,
        photos=parts.photos,
        verification=parts.verification,
        alarms=alarms,
        kinds=parts.kinds,
        zones=zones,
        clock=clock,
        time_zone=site.time_zone,
    )


def build_alarms(
    *,
    settings: ControllerSettings,
    site: Site,
    clock: Clock,
    database: Database,
    incidents: IncidentParts,
    looks: LookRequester,
    outside: OutsideLine,
) -> AlarmParts:
    """Return the parts of the room of alarms."""
    store = SqlAlarmStore()
    steps = AlarmSettings(
        desk_s=settings.alarm_ring_s,
        supervisor_s=settings.alarm_escalation_s,
        unsure_s=settings.alarm_unsure_s,
        time_zone=site.time_zone,
    )
    desk = AlarmDesk(
        alarms=store,
        timeline=incidents.timeline,
        numbers=incidents.numbers,
        panels=site,
        looks=looks,
        settings=steps,
        clock=clock,
    )
    escalator = Escalator(database=database, alarms=store, desk=desk, outside=outside, settings=steps, clock=clock)
    unlooked = Unlooked(
        database=database,
        incidents=incidents.incidents,
        sightings=incidents.sightings,
        alarms=desk,
        kinds=incidents.kinds,
        settings=steps,
        clock=clock,
    )
    figures = IncidentFigures(
        incidents=incidents.incidents, sightings=incidents.sightings, alarms=store, timeline=incidents.timeline
    )
    return AlarmParts(store=store, desk=desk, escalator=escalator, unlooked=unlooked, figures=figures)
