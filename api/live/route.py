"""The WebSocket's door: who are you, what do you want; then a `LiveSession`."""

from contextlib import suppress

import structlog
from fastapi import APIRouter, WebSocket
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect

from api.auth import check_origin, token_of
from api.errors import codes_of
from api.live.messages import HELLO, Hello, problem_text
from api.live.session import Listener, LiveSession
from api.permissions import Permission
from api.services import Services, ServicesNow
from api.topics import NEEDED
from core.errors import Fault, InvalidInput, NotAllowed, NotSignedIn, RoundsmanError
from core.tasks import within

router = APIRouter()
_HELLO_WITHIN_S = 10.0
_END_WITHIN_S = 2.0
_LISTEN = frozenset(NEEDED.values()) | {Permission.READ_EVENTS}


@router.websocket("/live")
async def live(socket: WebSocket, services: ServicesNow) -> None:
    """Serve one client; errors are told as a message of type "problem", then the socket is closed (4000 + status)."""
    await socket.accept()
    try:
        listener = await _meet(socket, services)
        await LiveSession(socket=socket, services=services, listener=listener).run()
    except RoundsmanError as error:
        if isinstance(error, Fault):
            structlog.get_logger("live").warning("a live session was ended", code=error.code, error=str(error))
        # The client may be gone, or take nothing: then there is nobody to tell.
        with suppress(WebSocketDisconnect, TimeoutError):
            await within(_END_WITHIN_S, _end(socket, error))
    except WebSocketDisconnect:
        return


async def _meet(socket: WebSocket, services: Services) -> Listener:
    check_origin(socket)
    hello = await _hello(socket)
    token = token_of(socket) or hello.token
    if token is None:
        raise NotSignedIn("sign in first", where="live", remedy="send the cookie, the header, or the token in hello")
    account = await services.sign_in.account_of(token)
    if not any(account.may(permission) for permission in _LISTEN):
        raise NotAllowed("this account may not listen", where=account.name)
    return Listener(account=account, token=token, hello=hello)


async def _hello(socket: WebSocket) -> Hello:
    try:
        return HELLO.validate_json(await within(_HELLO_WITHIN_S, socket.receive_text()))
    except TimeoutError as error:
        raise InvalidInput("no hello came", where="live", remedy='send {"type":"hello"} first') from error
    except (ValidationError, KeyError) as error:
        raise InvalidInput("the first message must be a hello", where="live", remedy='{"type":"hello"}') from error


async def _end(socket: WebSocket, error: RoundsmanError) -> None:
    await socket.send_text(problem_text(error))
    await socket.close(code=4000 + codes_of(error).http, reason=error.code)
