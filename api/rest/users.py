"""Accounts: for administrators."""

from typing import Annotated

from fastapi import APIRouter, Response

from api.accounts import Account
from api.auth import may
from api.idempotency import OnceOnly
from api.permissions import Permission
from api.schemas.session import UserChangeGiven, UserGiven, UsersTold, UserTold, tell_user
from api.services import ServicesNow
from core.database import Transaction
from core.errors import Conflict

router = APIRouter(prefix="/users", tags=["users"])
Administrator = Annotated[Account, may(Permission.MANAGE_USERS)]


@router.get("")
async def list_users(_account: Administrator, services: ServicesNow) -> UsersTold:
    """Return every account, by name."""
    async with services.database.reading() as unit:
        return UsersTold(users=[tell_user(one) for one in await services.accounts.all(unit)])


@router.post("", status_code=201, response_model=UserTold)
async def add_user(_account: Administrator, services: ServicesNow, once: OnceOnly, given: UserGiven) -> Response:
    """Add an account with a password."""

    async def work(unit: Transaction) -> UserTold:
        roles = tuple(given.roles)
        return tell_user(await services.sign_in.add(unit, name=given.name, roles=roles, password=given.password))

    return await once.run(work, status=201)


@router.patch("/{name}", response_model=UserTold)
async def change_user(
    account: Administrator, services: ServicesNow, once: OnceOnly, name: str, given: UserChangeGiven
) -> Response:
    """Change roles or password, disable or enable; a new password or disabling ends the account's sign-ins."""

    async def work(unit: Transaction) -> UserTold:
        if name.casefold() == account.name.casefold() and given.is_disabled:
            raise Conflict("nobody disables the account that they are using", where=name)
        roles = None if given.roles is None else tuple(given.roles)
        changed = await services.sign_in.change(
            unit, name=name, password=given.password, roles=roles, is_disabled=given.is_disabled
        )
        return tell_user(changed)

    return await once.run(work)
