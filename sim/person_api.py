"""How a simulated person uses the controller: its real interface, with a person's patience."""

from types import TracebackType
from typing import Any, Self

import httpx
import structlog

from core.clock import Clock
from core.errors import Conflict, InvalidInput
from core.ids import new_id

_FIRST_PAUSE_S, _MOST_PAUSE_S = 0.5, 5.0
_TIMEOUT_S = 10.0
_AWAY = frozenset({429, 500, 502, 503, 504})
_MOVED_ON = frozenset({404, 409})
Json = dict[str, Any]


class PersonApi:
    """One person's sign-in; requests are repeated, with one idempotency key, until the controller answers.

    Raises Conflict when the matter has moved on meanwhile, InvalidInput when the controller refuses.
    """

    def __init__(
        self,
        *,
        address: str,
        clock: Clock,
        user: str = "",
        password: str = "",
        token: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(
            base_url=f"{address.rstrip('/')}/api/v1", timeout=_TIMEOUT_S, transport=transport
        )
        self._clock = clock
        self._user = user
        self._password = password
        self._log = structlog.get_logger("people").bind(person=user or "panel")
        if token:
            self._use(token)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def get(self, path: str, **query: str | int | bool) -> Json:
        """Return the JSON object at *path*."""
        return await self._ask("GET", path, params=query)

    async def post(self, path: str, body: Json | None = None) -> Json:
        """Write *body* to *path*, once however often it is repeated."""
        return await self._ask("POST", path, json=body or {})

    async def upload(self, path: str, *, jpeg: bytes, kind: str) -> Json:
        """Upload a photo."""
        return await self._ask("POST", path, files={"file": ("photo.jpg", jpeg, "image/jpeg")}, data={"kind": kind})

    async def _ask(self, method: str, path: str, **request: Any) -> Json:
        headers = {} if method == "GET" else {"Idempotency-Key": new_id()}
        pause_s, is_away = _FIRST_PAUSE_S, False
        while True:
            response = await self._try(method, path, headers=headers, **request)
            if response is None or response.status_code in _AWAY:
                if not is_away:
                    self._log.warning("the controller is away, trying again", path=path)
                is_away = True
                await self._clock.sleep(pause_s)
                pause_s = min(_MOST_PAUSE_S, 2 * pause_s)
            elif response.status_code == 401 and self._password and path != "/session":
                await self._sign_in()
            else:
                if is_away:
                    self._log.info("the controller is back", path=path)
                return _answer(response, path)

    async def _try(self, method: str, path: str, **request: Any) -> httpx.Response | None:
        try:
            return await self._http.request(method, path, **request)
        except httpx.TransportError:
            return None

    async def _sign_in(self) -> None:
        answer = await self._ask("POST", "/session", json={"user": self._user, "password": self._password})
        self._use(answer["token"])

    def _use(self, token: str) -> None:
        self._http.headers["Authorization"] = f"Bearer {token}"


def _answer(response: httpx.Response, path: str) -> Json:
    if response.is_success:
        found: Json = response.json() if response.content else {}
        return found
    words = response.text[:500]
    if response.status_code in _MOVED_ON:
        raise Conflict(words, where=path)
    raise InvalidInput(f"{response.status_code}: {words}", where=path)
