"""The table of kinds."""

from typing import Annotated

from fastapi import APIRouter

from api.accounts import Account
from api.auth import may
from api.permissions import Permission
from api.schemas.incidents import KindsTold, tell_kinds
from api.services import ServicesNow

router = APIRouter(prefix="/kinds", tags=["incidents"])


@router.get("")
async def list_kinds(_account: Annotated[Account, may(Permission.READ_SITE)], services: ServicesNow) -> KindsTold:
    """Return every kind of incident and alarm, with names and time limits."""
    return tell_kinds(services.kinds)
