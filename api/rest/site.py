"""The site: what everybody may know of the place."""

from typing import Annotated

from fastapi import APIRouter

from api.accounts import Account
from api.auth import may
from api.permissions import Permission
from api.schemas.site import SiteTold, tell_site
from api.services import ServicesNow

router = APIRouter(prefix="/site", tags=["site"])


@router.get("")
async def get_site(_account: Annotated[Account, may(Permission.READ_SITE)], services: ServicesNow) -> SiteTold:
    """Return docks, panels, heights, authorisation and base map."""
    return tell_site(services.site, kept_for=services.kept_for)
