"""The zones in force: read, checked, replaced as a whole; every revision is kept."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.accounts import Account
from api.auth import may
from api.idempotency import OnceOnly
from api.permissions import Permission
from api.schemas.zones import (
    ZoneCheckTold,
    ZoneHistoryTold,
    ZoneRevisionTold,
    ZonesTold,
    tell_check,
    tell_zones,
)
from api.services import ServicesNow
from api.zone_book import ZoneChange
from core.database import Transaction
from geofence.formats.choices import ImportChoices
from geofence.zones import ZoneKind, ZoneSet

router = APIRouter(prefix="/zones", tags=["zones"])
Reader = Annotated[Account, may(Permission.READ_SITE)]
Editor = Annotated[Account, may(Permission.EDIT_ZONES)]
# The body is a zone file as it is, read by geofence.zone_files and not by a schema, so that every mistake is named.
_FILE = {
    "requestBody": {
        "required": True,
        "description": "a GeoJSON FeatureCollection in the form that GET /zones answers",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}

_ANY_FILE = {
    "requestBody": {
        "required": True,
        "description": "GeoJSON, KML, KMZ, ED-269, ED-318 or a QGroundControl plan; its content says which",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("")
async def get_zones(_account: Reader, services: ServicesNow) -> ZonesTold:
    """Return the zones in force; revision 0 and no features when there are none yet."""
    async with services.database.reading() as unit:
        document = await services.zone_documents.newest(unit)
    return ZonesTold(features=[], hash=ZoneSet(zones=()).hash, revision=0) if document is None else tell_zones(document)


@router.put("", response_model=ZonesTold, openapi_extra=_FILE)
async def put_zones(
    account: Editor,
    services: ServicesNow,
    once: OnceOnly,
    request: Request,
    because: Annotated[str, Query(min_length=1, max_length=500)],
    revision: Annotated[int | None, Query(ge=0, description="the revision that was read")] = None,
) -> Response:
    """Replace all zones; refused with every problem when the file is not good."""
    zones, _warnings = await services.zone_book.read(await request.body())
    change = ZoneChange(zones=zones, by=account.name, because=because, expected_revision=revision)

    async def work(unit: Transaction) -> ZonesTold:
        return tell_zones(await services.zone_book.put(unit, change))

    return await once.run(work)


@router.post("/check", openapi_extra=_ANY_FILE)
async def check_zones(
    _account: Reader,
    services: ServicesNow,
    request: Request,
    ground_amsl_m: Annotated[float | None, Query(ge=-500, le=9000, description="altitude of the ground")] = None,
    time_zone: Annotated[str | None, Query(max_length=60, description="of times that name none")] = None,
    kind: Annotated[ZoneKind | None, Query(description="what shapes are that do not say it")] = None,
) -> ZoneCheckTold:
    """Say what a zone file of any format holds, what was assumed, and what is wrong with it; nothing is stored.

    The answer's `features` are in the form that PUT /zones takes.
    """
    choices = ImportChoices(ground_amsl_m=ground_amsl_m, time_zone=time_zone, kind=kind)
    return tell_check(await services.zone_book.check(await request.body(), choices))


@router.get("/revisions")
async def list_revisions(
    _account: Reader, services: ServicesNow, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> ZoneHistoryTold:
    """Return the history, newest first."""
    async with services.database.reading() as unit:
        history = await services.zone_documents.history(unit, limit=limit)
    return ZoneHistoryTold(revisions=[ZoneRevisionTold.model_validate(one) for one in history])


@router.get("/revisions/{revision}")
async def get_revision(_account: Reader, services: ServicesNow, revision: int) -> ZonesTold:
    """Return the zones of one revision."""
    async with services.database.reading() as unit:
        return tell_zones(await services.zone_documents.get(unit, revision))
