"""Who asks: the token from the header or the cookie, and the permission that a route demands."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, params
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.requests import HTTPConnection

from api.accounts import Account
from api.permissions import Permission
from api.services import ServicesNow
from core.errors import NotAllowed, NotSignedIn

COOKIE = "roundsman_session"
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
# Only for the OpenAPI document; `token_of` reads both places itself.
_SCHEMES = (
    HTTPBearer(auto_error=False, scheme_name="token"),
    APIKeyCookie(name=COOKIE, auto_error=False, scheme_name="cookie"),
)


def token_of(connection: HTTPConnection) -> str | None:
    """Return the token of the Authorization header, or of the cookie."""
    kind, _, value = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and value:
        return value.strip()
    return connection.cookies.get(COOKIE)


def check_origin(connection: HTTPConnection) -> None:
    """Raise NotAllowed when a browser says that a page of another origin is asking."""
    origin = connection.headers.get("origin")
    if origin is None:
        return
    if urlsplit(origin).netloc.lower() != connection.headers.get("host", "").lower():
        raise NotAllowed("pages of another origin may not ask here", where="Origin", params={"origin": origin})


async def signed_in(
    request: Request,
    services: ServicesNow,
    _bearer: Annotated[object, Depends(_SCHEMES[0])],
    _cookie: Annotated[object, Depends(_SCHEMES[1])],
) -> Account:
    """Return the account that asks; raises NotSignedIn."""
    token = token_of(request)
    if token is None:
        raise NotSignedIn("sign in first", remedy="POST /api/v1/session, then send the token or the cookie")
    if request.method not in _READS:
        check_origin(request)
    return await services.sign_in.account_of(token)


SignedIn = Annotated[Account, Depends(signed_in)]


def may(permission: Permission) -> params.Depends:
    """Return the dependency that gives the account, or raises NotAllowed unless it has *permission*.

    Use: `account: Annotated[Account, may(Permission.COMMAND_VEHICLES)]`.
    """

    async def allowed(account: SignedIn) -> Account:
        if not account.may(permission):
            raise NotAllowed(
                "this account may not do that",
                where=account.name,
                remedy="ask an administrator for a role that may",
                params={"permission": permission.value},
            )
        return account

    return params.Depends(allowed)
