"""The robot is the inspector: what was handled is looked at again, then closed or sent back with the picture."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from shapely import LineString, Point
from shapely.geometry.base import BaseGeometry

from core.database import Transaction
from core.ids import EvidenceId, IncidentId, OrderId, VehicleId
from fleet.orders import Check
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from incidents.books import IncidentBooks, Reason
from incidents.evidence import EvidenceOrigin
from incidents.incident import Incident, IncidentState
from incidents.kinds import KindTable
from incidents.photo_keeper import PhotoKeeper
from incidents.store import IncidentStore, SightingStore
from perception.sighting import LookResult, LookVerdict, Sighting

CHECKED_STATES = (IncidentState.HANDLED, IncidentState.VERIFYING)
ACTOR = "system"
UNKNOWN_KIND_RADIUS_M = 5.0
"""For old incidents whose kind has left the table."""
CLOCK_MARGIN = timedelta(seconds=2)
"""How far a vehicle's clock and ours may differ: a look this close to the handling says nothing about it."""


class Verification:
    """Gives handled incidents to orders as checks, and takes the answers."""

    def __init__(
        self,
        *,
        incidents: IncidentStore,
        sightings: SightingStore,
        books: IncidentBooks,
        photos: PhotoKeeper,
        kinds: KindTable,
    ) -> None:
        self._incidents = incidents
        self._sightings = sightings
        self._books = books
        self._photos = photos
        self._kinds = kinds

    async def checks_for(
        self, unit: Transaction, *, route: Sequence[GeoPosition], within_m: float
    ) -> tuple[Check, ...]:
        """Return what a vehicle on *route* is to look at again: handled or still unverified, near enough to it."""
        waiting = await self._incidents.find(unit, states=CHECKED_STATES, limit=2000)
        if not waiting or not route:
            return ()
        frame = LocalFrame(origin=route[0])
        path = _path(frame, route)
        near = [one for one in waiting if path.distance(_point(frame, one.place)) <= within_m]
        return tuple(self._check(one) for one in near)

    async def mark_verifying(
        self, unit: Transaction, checks: Sequence[Check], *, order_id: OrderId, vehicle_id: VehicleId
    ) -> None:
        """Note that an order carries these checks; an incident that waits for no look any more is left as it is."""
        reason = Reason(
            actor=ACTOR, because=f"{vehicle_id} looks at the place again on order {order_id}", vehicle_id=vehicle_id
        )
        # In one order for everybody, so that two transactions never wait for each other's incident.
        for incident_id in sorted(check.incident_id for check in checks):
            incident = await self._incidents.get(unit, incident_id, locked=True)
            if incident.state is IncidentState.HANDLED:
                await self._books.advance(unit, incident, IncidentState.VERIFYING, reason, order_id=order_id)
            elif incident.state is IncidentState.VERIFYING:
                await self._books.note(unit, incident, "check_ordered", reason)

    async def take(self, unit: Transaction, result: LookResult) -> Incident:
        """Close the incident, send it to rework, or leave it waiting; return how it stands now.

        An answer that comes twice, or for an incident that waits for none, changes nothing but says so in its story.
        """
        incident = await self._incidents.get(unit, result.incident_id, locked=True)
        photos = await self._photos.keep_vehicle_photos(
            unit,
            result.photos,
            incident_id=incident.id,
            vehicle_id=result.vehicle_id,
            origin=EvidenceOrigin.LOOK,
        )
        if (obstacle := _obstacle(incident, result)) is not None:
            what, why = obstacle
            await self._books.note(unit, incident, what, _reason(result, f"{why}: {result.because}", photos))
            return incident
        incident = await self._begin(unit, incident, order_id=result.order_id)
        because = f"{result.because} (looked for {result.observed_s:.1f} s)"
        if result.verdict is LookVerdict.STILL_THERE:
            return await self._books.advance(unit, incident, IncidentState.REWORK, _reason(result, because, photos))
        before = await self._before(unit, incident)
        reason = _reason(result, because, (*before, *photos))
        return await self._books.advance(unit, incident, IncidentState.CLOSED, reason)

    async def seen_again(
        self, unit: Transaction, incident_id: IncidentId, sighting: Sighting, reason: Reason
    ) -> Incident:
        """Send an incident to rework when the matter was seen afresh after it was reported as handled.

        A matter whose sighting began before that may have been handled since: only a later look tells.
        """
        incident = await self._incidents.get(unit, incident_id, locked=True)
        if incident.state not in CHECKED_STATES or not _is_after_handling(incident, sighting.first_seen_at):
            return incident
        incident = await self._begin(unit, incident, order_id=sighting.order_id)
        still = replace(reason, because=f"seen again after it was reported as handled: {reason.because}")
        return await self._books.advance(unit, incident, IncidentState.REWORK, still)

    async def _begin(self, unit: Transaction, incident: Incident, *, order_id: OrderId | None) -> Incident:
        if incident.state is IncidentState.VERIFYING:
            return incident
        begun = Reason(actor=ACTOR, because="a vehicle has looked at the place again")
        return await self._books.advance(unit, incident, IncidentState.VERIFYING, begun, order_id=order_id)

    async def _before(self, unit: Transaction, incident: Incident) -> tuple[EvidenceId, ...]:
        records = await self._sightings.of_incident(unit, incident.id)
        return next((record.photo_ids[:1] for record in records if record.photo_ids), ())

    def _check(self, incident: Incident) -> Check:
        kind = self._kinds.find(incident.kind)
        return Check(
            incident_id=incident.id,
            kind=incident.kind,
            place=incident.place,
            radius_m=kind.verify_radius_m if kind else UNKNOWN_KIND_RADIUS_M,
        )


def _obstacle(incident: Incident, result: LookResult) -> tuple[str, str] | None:
    if incident.state not in CHECKED_STATES:
        return "look_not_needed", f"the incident is {incident.state} and waits for no look"
    if not _is_after_handling(incident, result.looked_at):
        return "look_too_early", "the look was not after the handling, so it will be looked at again"
    if result.verdict is LookVerdict.NOT_ASSESSED:
        return "not_assessed", "the place could not be assessed, so it will be looked at again"
    return None


def _is_after_handling(incident: Incident, moment: datetime) -> bool:
    return incident.handled_at is not None and moment >= incident.handled_at + CLOCK_MARGIN


def _reason(result: LookResult, because: str, photos: tuple[EvidenceId, ...]) -> Reason:
    return Reason(actor=result.vehicle_id, because=because, photos=photos, vehicle_id=result.vehicle_id)


def _point(frame: LocalFrame, place: GeoPosition) -> Point:
    local = frame.to_local(place)
    return Point(local.east_m, local.north_m)


def _path(frame: LocalFrame, route: Sequence[GeoPosition]) -> BaseGeometry:
    points = [_point(frame, place) for place in route]
    return LineString(points) if len(points) > 1 else points[0]
