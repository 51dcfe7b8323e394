"""From a sighting to an incident, or to one more look at an open one."""

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from core.clock import Clock
from core.database import Transaction
from core.errors import InvalidInput
from core.ids import EvidenceId, IncidentId, new_id
from geofence.positions import GeoPosition
from incidents.alarm import AlarmState
from incidents.alarms import AlarmDesk, AlarmName
from incidents.bodies import sighting_event
from incidents.books import IncidentBooks, Reason
from incidents.evidence import EvidenceOrigin
from incidents.grids import ZonesInForce, responsible_grid
from incidents.incident import OPEN_STATES, Incident, IncidentState
from incidents.kinds import FoundBy, Kind, KindTable
from incidents.photo_keeper import PhotoKeeper
from incidents.same_place import NEVER_SAME_M, can_be_same, distance_m
from incidents.store import IncidentStore, Numbers, SightingRecord, SightingStore
from incidents.verification import Verification
from perception.sighting import Sighting

SERIES = "XJ"
ACTOR = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a sighting."""

    incident_id: IncidentId
    opened: bool
    """It opened the incident; otherwise it is one more look at it."""
    repeated: bool = False
    """The very same sighting had been taken before; nothing was changed."""


class Intake:
    """Takes sightings in, one at a time, each exactly once."""

    def __init__(
        self,
        *,
        incidents: IncidentStore,
        sightings: SightingStore,
        numbers: Numbers,
        books: IncidentBooks,
        photos: PhotoKeeper,
        verification: Verification,
        alarms: AlarmDesk,
        kinds: KindTable,
        zones: ZonesInForce,
        clock: Clock,
        time_zone: str = "Asia/Shanghai",
    ) -> None:
        self._incidents = incidents
        self._sightings = sightings
        self._numbers = numbers
        self._books = books
        self._photos = photos
        self._verification = verification
        self._alarms = alarms
        self._kinds = kinds
        self._zones = zones
        self._clock = clock
        self._time_zone = ZoneInfo(time_zone)

    async def take(self, unit: Transaction, sighting: Sighting) -> Taken:
        """Put *sighting* into the books, with its pictures.

        A kind that is an alarm (a person lies on the ground) rings as well, once it is seen surely: the incident keeps
        the pictures, the alarm calls people. Raises NotFound for an unknown kind and InvalidInput for one that no eye
        can see or for a wrong picture.
        """
        kind = self._kinds.kind(sighting.kind)
        if kind.found_by is FoundBy.BUTTON:
            raise InvalidInput(f"{kind.name} is an alarm of a button", where="kind", params={"kind": kind.code})
        # Two vehicles that see one thing at the same moment must not open two incidents.
        await self._numbers.lock(unit, SERIES)
        if (known := await self._sightings.get(unit, sighting.id)) is not None:
            await self._complete(unit, known, sighting)
            return Taken(incident_id=known.incident_id, opened=known.opened, repeated=True)
        seen = await self._incident_at(unit, sighting)
        if seen is not None:
            return await self._look_again(unit, seen, sighting)
        return await self._open(unit, kind, sighting)

    async def ring(self, unit: Transaction, sighting: Sighting) -> None:
        """Call people to an alarm whose pictures cannot be kept now; `take` adds them when it comes again."""
        if self._kinds.kind(sighting.kind).is_alarm:
            await self.take(unit, replace(sighting, photos=()))

    async def _complete(self, unit: Transaction, known: SightingRecord, sighting: Sighting) -> None:
        """Add the pictures of a sighting that rang when they could not be kept."""
        if known.photo_ids or not sighting.photos:
            return
        photo_ids = await self._keep(unit, known.incident_id, sighting)
        record = replace(known, photo_ids=photo_ids)
        await self._sightings.set_photos(unit, record)
        unit.emit(sighting_event(record))
        incident = await self._incidents.get(unit, known.incident_id)
        reason = replace(_reason(sighting, photo_ids), because="its pictures could be kept only now")
        await self._books.note(unit, incident, "sighting", reason)

    async def _incident_at(self, unit: Transaction, sighting: Sighting) -> Incident | None:
        # A report that was long on its way may belong to an incident that has been closed since.
        near = await self._incidents.near(
            unit, kind=sighting.kind, place=sighting.place, within_m=NEVER_SAME_M, seen_at=sighting.last_seen_at
        )
        here = [one for one in near if can_be_same(one.place, one.ellipse, sighting.place, sighting.ellipse)]
        same = [one for one in here if not await self._was_helped(unit, one, sighting)]
        is_open = [one for one in same if one.state in OPEN_STATES]
        return min(is_open or same, key=lambda one: distance_m(one.place, sighting.place), default=None)

    async def _was_helped(self, unit: Transaction, incident: Incident, sighting: Sighting) -> bool:
        """Say whether an incident's alarm was resolved before this began: whoever lies there now needs help as well."""
        if not self._kinds.kind(incident.kind).is_alarm:
            return False
        alarm = await self._alarms.of_incident(unit, incident.id)
        if alarm is None or alarm.ended_at is None or alarm.state is not AlarmState.RESOLVED:
            return False
        return alarm.ended_at < sighting.first_seen_at

    async def _look_again(self, unit: Transaction, incident: Incident, sighting: Sighting) -> Taken:
        photos = await self._record(unit, incident.id, sighting, opened=False)
        reason = _reason(sighting, photos)
        await self._books.seen_again(unit, incident, reason, seen_at=sighting.last_seen_at)
        await self._verification.seen_again(unit, incident.id, sighting, reason)
        if incident.state in OPEN_STATES:
            await self._ring(unit, incident, sighting)
        return Taken(incident_id=incident.id, opened=False)

    async def _open(self, unit: Transaction, kind: Kind, sighting: Sighting) -> Taken:
        zones = await self._zones.zones(unit)
        grid = responsible_grid(zones, sighting.place)
        incident = Incident(
            id=IncidentId(new_id()),
            number=await self._next_number(unit),
            kind=kind.code,
            state=IncidentState.REPORTED,
            place=sighting.place,
            ellipse=sighting.ellipse,
            zone_id=sighting.zone_id,
            grid_id=grid.id if grid else None,
            worker=grid.worker if grid else None,
            sightings=1,
            first_seen_at=sighting.first_seen_at,
            last_seen_at=sighting.last_seen_at,
            because=sighting.because,
            revision=1,
        )
        await self._books.open(unit, incident, Reason(actor=sighting.vehicle_id, because=sighting.because))
        photos = await self._record(unit, incident.id, sighting, opened=True)
        await self._books.note(unit, incident, "sighting", _reason(sighting, photos))
        await self._ring(unit, incident, sighting)
        if kind.files_itself and (sighting.is_sure or not kind.is_alarm):
            await self._file(unit, incident, kind, sighting)
        return Taken(incident_id=incident.id, opened=True)

    async def _ring(self, unit: Transaction, incident: Incident, sighting: Sighting) -> None:
        """Call people to what cannot wait, once for each incident; `Unlooked` does it for what is not sure."""
        kind = self._kinds.kind(incident.kind)
        if kind.is_alarm and sighting.is_sure:
            name = AlarmName(name=kind.name, name_zh=kind.name_zh)
            await self._alarms.seen(unit, sighting, incident_id=incident.id, name=name)

    async def _file(self, unit: Transaction, incident: Incident, kind: Kind, sighting: Sighting) -> None:
        if incident.worker is None:
            where = _no_worker(incident.grid_id, sighting.place)
            reason = Reason(actor=ACTOR, because=f"{kind.name} is filed by rule {sighting.rule}; {where}")
            await self._books.advance(unit, incident, IncidentState.FILED, reason)
            return
        reason = Reason(actor=ACTOR, because=f"{kind.name} is filed by rule {sighting.rule}")
        filed = await self._books.advance(unit, incident, IncidentState.FILED, reason)
        reason = Reason(actor=ACTOR, because=f"{incident.worker} is responsible for grid cell {incident.grid_id}")
        await self._books.advance(unit, filed, IncidentState.DISPATCHED, reason)

    async def _record(
        self, unit: Transaction, incident_id: IncidentId, sighting: Sighting, *, opened: bool
    ) -> tuple[EvidenceId, ...]:
        photo_ids = await self._keep(unit, incident_id, sighting)
        record = SightingRecord(
            sighting=sighting,
            photo_ids=photo_ids,
            incident_id=incident_id,
            opened=opened,
            stored_at=self._clock.now(),
        )
        await self._sightings.add(unit, record)
        unit.emit(sighting_event(record))
        return photo_ids

    async def _keep(self, unit: Transaction, incident_id: IncidentId, sighting: Sighting) -> tuple[EvidenceId, ...]:
        return await self._photos.keep_vehicle_photos(
            unit,
            sighting.photos,
            incident_id=incident_id,
            vehicle_id=sighting.vehicle_id,
            origin=EvidenceOrigin.SIGHTING,
        )

    async def _next_number(self, unit: Transaction) -> str:
        year = self._clock.now().astimezone(self._time_zone).year
        return await self._numbers.next(unit, SERIES, year=year)


def _reason(sighting: Sighting, photos: tuple[EvidenceId, ...]) -> Reason:
    return Reason(
        actor=sighting.vehicle_id,
        because=sighting.because,
        photos=photos,
        sighting_id=sighting.id,
        vehicle_id=sighting.vehicle_id,
    )


def _no_worker(grid_id: str | None, place: GeoPosition) -> str:
    if grid_id is None:
        return f"no grid cell covers {place.lon_deg:.6f}, {place.lat_deg:.6f}, so a supervisor must choose a worker"
    return f"grid cell {grid_id} names no worker, so a supervisor must choose one"
