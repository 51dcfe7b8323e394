"""Sightings and looks as an agent would report them, at the test controller's site."""

import hashlib
from datetime import timedelta

import cv2
import numpy as np

from api.running import import_first
from core.ids import EvidenceId, IncidentId, OrderId, SightingId, VehicleId, new_id
from geofence.frames import LocalFrame
from geofence.positions import ErrorEllipse, GeoPosition, LocalPosition
from perception.sighting import LookResult, LookVerdict, Photo, PhotoKind, Sighting
from tests.api.controller import Controller

DRONE = VehicleId("drone-1")


def place(controller: Controller, east_m: float, north_m: float) -> GeoPosition:
    """Return a place by metres from the site's origin."""
    frame = LocalFrame(origin=controller.services.site.origin)
    return frame.to_geo(LocalPosition(east_m=east_m, north_m=north_m))


def a_photo(controller: Controller, seed: int) -> Photo:
    """Return a vehicle's picture."""
    pixels = np.random.default_rng(seed).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    jpeg = bytes(cv2.imencode(".jpg", pixels)[1])
    return Photo(
        id=EvidenceId(new_id()),
        kind=PhotoKind.NEAR,
        jpeg=jpeg,
        sha256=hashlib.sha256(jpeg).hexdigest(),
        taken_at=controller.services.clock.now(),
        width_px=32,
        height_px=24,
    )


def a_sighting(controller: Controller, *, east_m: float = 20.0, north_m: float = 20.0, kind: str = "20501") -> Sighting:
    """Return a sighting that has just ended."""
    now = controller.services.clock.now()
    return Sighting(
        id=SightingId(new_id()),
        vehicle_id=DRONE,
        order_id=None,
        kind=kind,
        zone_id=None,
        place=place(controller, east_m, north_m),
        ellipse=ErrorEllipse(major_m=1, minor_m=1, heading_deg=0),
        first_seen_at=now - timedelta(seconds=8),
        last_seen_at=now,
        observed_s=8,
        score=0.9,
        because="a cart with 2 people",
        facts={"people": 2},
        rule="vendor",
        rule_version="1",
        model="estate",
        model_sha256="0" * 64,
        photos=(a_photo(controller, 1),),
    )


def look_result(controller: Controller, incident_id: IncidentId, verdict: LookVerdict) -> LookResult:
    """Return the answer of a look that ended now."""
    return LookResult(
        id=SightingId(new_id()),
        vehicle_id=DRONE,
        order_id=OrderId(new_id()),
        incident_id=incident_id,
        verdict=verdict,
        observed_s=4,
        looked_at=controller.services.clock.now(),
        because="the place was in view",
        photos=(a_photo(controller, 2),),
    )


async def take(controller: Controller, sighting: Sighting) -> IncidentId:
    """Take a sighting in, as the link does when a vehicle reports it, and return its incident."""
    services = controller.services
    await import_first(services)
    async with services.database.transaction() as unit:
        return (await services.intake.take(unit, sighting)).incident_id
