"""Zones as GeoJSON, with what is wrong with them, and their history."""

import json

from pydantic import Field, JsonValue

from api.errors import tell_zone_problem
from api.schemas.shapes import Moment, Told
from api.store import ZoneDocument
from geofence.zone_files import ZoneFileReport
from geofence.zones import canonical_text


class ZonesTold(Told):
    """A GeoJSON FeatureCollection with its revision; `hash` is the SHA-256 of its canonical text."""

    type: str = "FeatureCollection"
    features: list[dict[str, JsonValue]]
    hash: str
    revision: int
    made_at: Moment | None = None
    made_by: str | None = None
    because: str | None = None


class ZoneCheckTold(Told):
    """All that is wrong or odd with a zone file."""

    is_good: bool
    zones: int
    hash: str
    problems: list[dict[str, JsonValue]]
    warnings: list[dict[str, JsonValue]]
    features: list[dict[str, JsonValue]] = Field(description="the zones that were good, in the form of GET /zones")


class ZoneRevisionTold(Told):
    """One revision, without its zones."""

    revision: int
    hash: str
    made_at: Moment
    made_by: str
    because: str


class ZoneHistoryTold(Told):
    """Revisions, newest first."""

    revisions: list[ZoneRevisionTold]


def tell_zones(document: ZoneDocument) -> ZonesTold:
    """Return what is told of one revision."""
    return ZonesTold(
        features=json.loads(document.text)["features"],
        hash=document.hash,
        revision=document.revision,
        made_at=document.made_at,
        made_by=document.made_by,
        because=document.because,
    )


def tell_check(report: ZoneFileReport) -> ZoneCheckTold:
    """Return what is told of a check."""
    return ZoneCheckTold(
        is_good=not report.problems,
        zones=len(report.zones.zones),
        hash=report.zones.hash,
        problems=[tell_zone_problem(one) for one in report.problems],
        warnings=[tell_zone_problem(one) for one in report.warnings],
        features=json.loads(canonical_text(report.zones))["features"],
    )
