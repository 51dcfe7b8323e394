"""Sightings: what perception believed it saw."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.accounts import Account
from api.auth import may
from api.permissions import Permission
from api.rest.incidents import person_of
from api.schemas.sightings import SightingsTold, SightingTold, tell_sighting
from api.services import ServicesNow
from core.errors import NotFound
from core.ids import SightingId
from incidents.moves import check_may_see

router = APIRouter(prefix="/sightings", tags=["incidents"])


@router.get("")
async def list_sightings(
    _account: Annotated[Account, may(Permission.DECIDE_INCIDENTS)],
    services: ServicesNow,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> SightingsTold:
    """Return the newest sightings, newest first."""
    async with services.database.reading() as unit:
        found = await services.sightings.newest(unit, limit=limit)
    return SightingsTold(sightings=[tell_sighting(one) for one in found])


@router.get("/{sighting_id}")
async def get_sighting(
    account: Annotated[Account, may(Permission.READ_INCIDENTS)], services: ServicesNow, sighting_id: str
) -> SightingTold:
    """Return one sighting; to a grid worker, of an own incident."""
    async with services.database.reading() as unit:
        found = await services.sightings.get(unit, SightingId(sighting_id))
        if found is None:
            raise NotFound("there is no such sighting", where=sighting_id)
        check_may_see(await services.incidents.get(unit, found.incident_id), person_of(account))
    return tell_sighting(found)
