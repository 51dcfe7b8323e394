"""Sign in, who am I, sign out."""

from fastapi import APIRouter, Request, Response

from api.auth import COOKIE, SignedIn, check_origin, token_of
from api.idempotency import Key
from api.schemas.session import FreshSessionTold, SessionTold, SignInGiven, tell_user
from api.services import ServicesNow

router = APIRouter(prefix="/session", tags=["session"])


@router.post("", status_code=201)
async def sign_in(
    given: SignInGiven, request: Request, response: Response, services: ServicesNow, _key: Key
) -> FreshSessionTold:
    """Sign in with name and password.

    The answer holds a secret, so it is never stored: a repeated request signs in once more, whatever its key.
    """
    check_origin(request)
    address = request.client.host if request.client else "unknown"
    account, token, fresh = await services.sign_in.sign_in(name=given.user, password=given.password, address=address)
    response.set_cookie(
        COOKIE,
        token,
        # A span and not a moment: the browser's clock may be wrong.
        max_age=int(services.settings.session_hours * 3600),
        path="/",
        httponly=True,
        samesite="strict",
        secure=services.settings.cookie_secure,
    )
    return FreshSessionTold(user=tell_user(account), token=token, expires_at=fresh.expires_at)


@router.get("")
async def who_am_i(account: SignedIn) -> SessionTold:
    """Tell who is signed in."""
    return SessionTold(user=tell_user(account))


@router.delete("", status_code=204)
async def sign_out(request: Request, response: Response, services: ServicesNow, _account: SignedIn, _key: Key) -> None:
    """End this sign-in."""
    token = token_of(request)
    assert token is not None, "SignedIn found one"
    await services.sign_in.sign_out(token)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
