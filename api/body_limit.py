"""Refuses bodies that are larger than anything we take, before they fill the memory."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import TooLarge, problem_of

_REMEDY = "send less, or a smaller picture"


class BodyLimit:
    """Answers 413 when the announced or the received length is over the limit."""

    def __init__(self, app: ASGIApp, *, most_bytes: int) -> None:
        self._app = app
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._most_bytes:
            error = TooLarge(self._sentence(), where="body", remedy=_REMEDY)
            await problem_of(error)(scope, receive, send)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._most_bytes:
                # The one error that FastAPI lets through while it reads a body.
                raise HTTPException(413, self._sentence())
            return message

        await self._app(scope, receive_counted, send)

    def _sentence(self) -> str:
        return f"a body may have at most {self._most_bytes} bytes"
