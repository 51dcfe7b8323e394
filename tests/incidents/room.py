"""The incidents room put together over a real database and folder, with a clock that stands still."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
from shapely.geometry import box

from core.clock import ManualClock
from core.database import Database, Transaction
from core.ids import AlarmId, EvidenceId, IncidentId, OrderId, RunId, SightingId, VehicleId, ZoneId, new_id
from geofence.frames import LocalFrame
from geofence.positions import ErrorEllipse, GeoPosition, LocalPosition
from geofence.zones import Zone, ZoneKind, ZoneSet
from incidents.alarms import AlarmDesk, AlarmSettings
from incidents.books import IncidentBooks
from incidents.evidence import Evidence, EvidenceKind
from incidents.evidence_store import EvidenceStore, FolderEvidenceStore
from incidents.figures import Figures
from incidents.incident import Incident, IncidentState, TimelineLine
from incidents.intake import Intake, Taken
from incidents.kinds import shipped_kinds
from incidents.moves import Moves, Person, Post, Step
from incidents.photo_keeper import PhotoKeeper
from incidents.store_sql import (
    SqlAlarmStore,
    SqlEvidenceBook,
    SqlIncidentStore,
    SqlNumbers,
    SqlSightingStore,
    SqlTimelineStore,
)
from incidents.verification import Verification
from missions.site import Panel
from missions.work_calendar import WorkCalendar, WorkHours
from perception.sighting import LookResult, LookVerdict, Photo, PhotoKind, Sighting

ORIGIN = GeoPosition(lon_deg=121.40, lat_deg=31.32)
FRAME = LocalFrame(origin=ORIGIN)
DRONE = VehicleId("drone-1")
WORKER = Person(name="grid1", post=Post.WORKER)
SUPERVISOR = Person(name="boss", post=Post.SUPERVISOR)


def at(east_m: float, north_m: float) -> GeoPosition:
    """Return a place by metres from the origin."""
    return FRAME.to_geo(LocalPosition(east_m=east_m, north_m=north_m))


def grid(name: str, worker: str | None, west_m: float, east_m: float) -> Zone:
    """Return a cell 100 m high from *west_m* to *east_m*."""
    south_west, north_east = at(west_m, -50), at(east_m, 50)
    polygon = box(south_west.lon_deg, south_west.lat_deg, north_east.lon_deg, north_east.lat_deg)
    names = {"unit": "street", "worker": worker} if worker else {"unit": "street"}
    return Zone(id=ZoneId(name), kind=ZoneKind.GRID, polygon=polygon, grid=names)


ZONES = ZoneSet(zones=(grid("g1", "grid1", -50, 50), grid("g2", "grid2", 50, 150), grid("g3", None, 150, 250)))


def picture(seed: int = 0, *, width_px: int = 32, height_px: int = 24) -> bytes:
    """Return a JPEG."""
    pixels = np.random.default_rng(seed).integers(0, 255, (height_px, width_px, 3), dtype=np.uint8)
    return bytes(cv2.imencode(".jpg", pixels)[1])


def photo(moment: datetime, seed: int = 0) -> Photo:
    """Return a vehicle's photo."""
    jpeg = picture(seed)
    return Photo(
        id=EvidenceId(new_id()),
        kind=PhotoKind.NEAR,
        jpeg=jpeg,
        sha256=hashlib.sha256(jpeg).hexdigest(),
        taken_at=moment,
        width_px=32,
        height_px=24,
        box_xyxy_px=(1.0, 2.0, 10.5, 20.0),
    )


class FixedZones:
    """The zones of the tests."""

    async def zones(self, unit: Transaction) -> ZoneSet:
        return ZONES


class OnePanel:
    """The panel "gate"."""

    def panel(self, panel_id: str) -> Panel | None:
        return Panel(id="gate", name="Gate", name_zh="大门", place=at(3, 4)) if panel_id == "gate" else None


@dataclass
class Looks:
    """Remembers what was asked for, as missions' own rows would."""

    asked: list[tuple[AlarmId, GeoPosition, str, VehicleId | None]] = field(default_factory=list)

    async def request_look(
        self,
        unit: Transaction,
        *,
        alarm_id: AlarmId,
        place: GeoPosition,
        asked_by: str,
        vehicle_id: VehicleId | None,
    ) -> RunId:
        self.asked.append((alarm_id, place, asked_by, vehicle_id))
        return RunId(f"run-{len(self.asked)}")


class Room:
    """Everything of incidents, wired as the controller wires it."""

    def __init__(self, *, database: Database, folder: Path, files: EvidenceStore | None = None) -> None:
        self.database = database
        self.clock = ManualClock()
        self.kinds = shipped_kinds()
        self.incidents = SqlIncidentStore()
        self.sightings = SqlSightingStore()
        self.timeline = SqlTimelineStore()
        self.numbers = SqlNumbers()
        self.evidence = SqlEvidenceBook()
        self.alarms = SqlAlarmStore()
        self.files = files or FolderEvidenceStore(folder=folder)
        self.looks = Looks()
        self.settings = AlarmSettings()
        self.photos = PhotoKeeper(book=self.evidence, store=self.files, clock=self.clock)
        self.calendar = WorkCalendar(time_zone="Asia/Shanghai", hours=WorkHours())
        self.books = IncidentBooks(
            incidents=self.incidents,
            timeline=self.timeline,
            kinds=self.kinds,
            calendar=self.calendar,
            clock=self.clock,
        )
        self.verification = Verification(
            incidents=self.incidents,
            sightings=self.sightings,
            books=self.books,
            photos=self.photos,
            kinds=self.kinds,
        )
        self.moves = Moves(incidents=self.incidents, evidence=self.evidence, books=self.books)
        self.desk = AlarmDesk(
            alarms=self.alarms,
            timeline=self.timeline,
            numbers=self.numbers,
            panels=OnePanel(),
            looks=self.looks,
            settings=self.settings,
            clock=self.clock,
        )
        self.intake = Intake(
            incidents=self.incidents,
            sightings=self.sightings,
            numbers=self.numbers,
            books=self.books,
            photos=self.photos,
            verification=self.verification,
            alarms=self.desk,
            kinds=self.kinds,
            zones=FixedZones(),
            clock=self.clock,
        )
        self.figures = Figures(
            incidents=self.incidents, sightings=self.sightings, alarms=self.alarms, timeline=self.timeline
        )

    def sighting(
        self,
        *,
        east_m: float = 0.0,
        north_m: float = 0.0,
        kind: str = "20501",
        sigma_m: float = 1.0,
        seen_s_ago: float = 10.0,
        for_s: float = 8.0,
        photos: int = 1,
    ) -> Sighting:
        """Return a sighting that began *seen_s_ago* and went on for *for_s*."""
        first_at = self.clock.now() - timedelta(seconds=seen_s_ago)
        last_at = first_at + timedelta(seconds=for_s)
        return Sighting(
            id=SightingId(new_id()),
            vehicle_id=DRONE,
            order_id=OrderId("order-1"),
            kind=kind,
            zone_id=ZoneId("no-vending"),
            place=at(east_m, north_m),
            ellipse=ErrorEllipse(major_m=sigma_m, minor_m=sigma_m, heading_deg=30),
            first_seen_at=first_at,
            last_seen_at=last_at,
            observed_s=for_s,
            score=0.9,
            because="a cart stood there for 8 s with 2 people around it",
            facts={"dwell_s": 8.0, "people": 2},
            rule="vendor",
            rule_version="1",
            model="estate",
            model_sha256="0" * 64,
            photos=tuple(photo(last_at, seed) for seed in range(photos)),
        )

    async def take(self, sighting: Sighting) -> Taken:
        async with self.database.transaction() as unit:
            return await self.intake.take(unit, sighting)

    async def incident(self, incident_id: IncidentId) -> Incident:
        async with self.database.transaction() as unit:
            return await self.incidents.get(unit, incident_id)

    async def story(self, subject_id: str) -> tuple[TimelineLine, ...]:
        async with self.database.transaction() as unit:
            return await self.timeline.lines(unit, subject_id)

    async def words(self, subject_id: str) -> list[str]:
        return [line.what for line in await self.story(subject_id)]

    async def upload(self, *, by: str = "grid1", kind: EvidenceKind = EvidenceKind.AFTER, seed: int = 99) -> Evidence:
        evidence = await self.photos.put_upload(picture(seed), kind=kind, by=by)
        async with self.database.transaction() as unit:
            await self.photos.add_upload(unit, evidence)
        return evidence

    async def move(
        self,
        incident_id: IncidentId,
        to: IncidentState,
        *,
        person: Person = WORKER,
        photos: tuple[EvidenceId, ...] = (),
        worker: str | None = None,
    ) -> Incident:
        revision = (await self.incident(incident_id)).revision
        step = Step(to=to, because="because the test says so", revision=revision, photos=photos, worker=worker)
        async with self.database.transaction() as unit:
            return await self.moves.move(unit, incident_id, step, person=person)

    async def handled(self, **place: float) -> Incident:
        """Return an incident that its worker has just reported as handled."""
        taken = await self.take(self.sighting(**place))  # type: ignore[arg-type]
        await self.move(taken.incident_id, IncidentState.ACCEPTED)
        await self.move(taken.incident_id, IncidentState.HANDLING)
        after = await self.upload(seed=7)
        return await self.move(taken.incident_id, IncidentState.HANDLED, photos=(after.id,))

    async def put(self, incident: Incident, state: IncidentState) -> Incident:
        """Bring an incident into any state, past the table."""
        forced = replace(incident, state=state, revision=incident.revision + 1)
        async with self.database.transaction() as unit:
            await self.incidents.update(unit, forced)
        return forced

    def look(self, incident: Incident, verdict: LookVerdict, *, photos: int = 1) -> LookResult:
        """Return the answer of a look that ended now."""
        now = self.clock.now()
        return LookResult(
            id=SightingId(new_id()),
            vehicle_id=DRONE,
            order_id=OrderId("order-2"),
            incident_id=incident.id,
            verdict=verdict,
            observed_s=4.0,
            looked_at=now,
            because="the place was in view",
            photos=tuple(photo(now, 50 + seed) for seed in range(photos)),
        )

    async def take_look(self, result: LookResult) -> Incident:
        async with self.database.transaction() as unit:
            return await self.verification.take(unit, result)
