"""A small client of the controller's REST interface for the commands that need one."""

import os
from types import TracebackType
from typing import Any, Self

import httpx

from core.errors import InvalidInput, NotSignedIn, Unavailable
from core.ids import new_id


class RestClient:
    """Signs in and speaks JSON; problems come back as our errors with the controller's own words.

    Raises InvalidInput for what is no address.
    """

    def __init__(self, *, address: str, timeout_s: float = 20.0) -> None:
        self.address = address.rstrip("/")
        try:
            self._http = httpx.Client(base_url=f"{self.address}/api/v1", timeout=timeout_s)
        except httpx.InvalidURL as error:
            raise InvalidInput(f"is no address: {error}", where=address, remedy="http://HOST:PORT") from error
        self._who: dict[str, str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def sign_in(self, *, user: str, password: str) -> None:
        """Open a session, and another one whenever it has ended; raises NotSignedIn when name or password are wrong."""
        who = {"user": user, "password": password}
        self.use_token(self.post("/session", who)["token"])
        self._who = who

    def use_token(self, token: str) -> None:
        """Speak with the session of *token*."""
        self._http.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: str | int | bool) -> dict[str, Any]:
        """Return the JSON object at *path*."""
        return self._answer("GET", path, params=query)

    def post(self, path: str, body: object) -> dict[str, Any]:
        """Write *body* to *path* once, however often the request has to be repeated."""
        return self._answer("POST", path, json=body)

    def put(self, path: str, body: object) -> dict[str, Any]:
        """Replace what is at *path*."""
        return self._answer("PUT", path, json=body)

    def _answer(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        headers = {} if method == "GET" else {"Idempotency-Key": new_id()}
        response = self._ask(method, path, headers=headers, **request)
        if response.status_code == 401 and self._who is not None and path != "/session":
            self.sign_in(**self._who)
            response = self._ask(method, path, headers=headers, **request)
        if response.is_success:
            found: dict[str, Any] = response.json() if response.content else {}
            return found
        raise _error_of(response)

    def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **request)
        except httpx.HTTPError as error:
            raise Unavailable(
                f"does not answer: {error}", where=self.address, remedy="is the controller running there?"
            ) from error


def sign_in_from_environment(client: RestClient, *, user: str | None) -> None:
    """Sign in with ROUNDSMAN_TOKEN, or as *user* with ROUNDSMAN_PASSWORD; raises NotSignedIn naming what is missing."""
    if token := os.environ.get("ROUNDSMAN_TOKEN"):
        client.use_token(token)
        return
    password = os.environ.get("ROUNDSMAN_PASSWORD")
    if not user or not password:
        raise NotSignedIn(
            "nobody is named",
            remedy="give --user and set ROUNDSMAN_PASSWORD, or set ROUNDSMAN_TOKEN to the token of a session",
        )
    client.sign_in(user=user, password=password)


def _error_of(response: httpx.Response) -> InvalidInput | NotSignedIn | Unavailable:
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    kind = {401: NotSignedIn}.get(response.status_code, Unavailable if response.status_code >= 500 else InvalidInput)
    if mistakes := problem.get("problems"):
        return kind("\n  ".join(["this cannot be taken:", *map(_line, mistakes)]))
    detail = problem.get("detail") or f"answered {response.status_code}"
    return kind(detail, where=problem.get("where"), remedy=problem.get("remedy"))


def _line(mistake: dict[str, Any]) -> str:
    remedy = mistake.get("remedy")
    return f"{mistake.get('where')}: {mistake.get('detail')}" + (f" ({remedy})" if remedy else "")
