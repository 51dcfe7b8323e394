"""Sightings."""

from pydantic import JsonValue

from api.schemas.incidents import EllipseTold
from api.schemas.shapes import BecauseTold, Moment, Place, Told
from incidents.bodies import sighting_body
from incidents.store import SightingRecord


class SightingTold(BecauseTold):
    """What perception believed it saw; the events "sightings.new" carry the same fields."""

    id: str
    vehicle_id: str
    order_id: str | None
    incident_id: str
    kind: str
    zone_id: str | None
    place: Place
    ellipse: EllipseTold
    first_seen_at: Moment
    last_seen_at: Moment
    stored_at: Moment
    observed_s: float
    score: float
    facts: dict[str, JsonValue]
    rule: str
    rule_version: str
    model: str
    model_sha256: str
    photos: list[str]


class SightingsTold(Told):
    """Sightings, newest first."""

    sightings: list[SightingTold]


def tell_sighting(record: SightingRecord) -> SightingTold:
    """Return what is told of a sighting."""
    return SightingTold.model_validate(sighting_body(record))
