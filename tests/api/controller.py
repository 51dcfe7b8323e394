"""What tests of the interfaces hold in their hands: the services, the app and signed-in clients."""

from pathlib import Path

import httpx

from api.accounts import Account, SignIn, hash_token, new_token
from api.app import create_app
from api.permissions import Role
from api.services import Services
from core.clock import ManualClock
from core.ids import UserId, new_id

ESTATE = Path(__file__).parents[2] / "sim" / "worlds" / "estate"
SITE = ESTATE / "site.json"
ZONES = ESTATE / "zones.geojson"
API = "http://controller.test/api/v1/"


class Controller:
    """Services with their app and clients on it."""

    def __init__(self, *, services: Services, clock: ManualClock | None = None) -> None:
        self.services = services
        self.clock = clock or ManualClock()
        """The clock of the services, where they were given a manual one."""
        self.app = create_app(services)
        self._clients: list[httpx.AsyncClient] = []

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        """Return a client below /api/v1 that makes up an Idempotency-Key for writes that have none."""
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            base_url=API,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            event_hooks={"request": [_add_key]},
        )
        self._clients.append(client)
        return client

    async def token(self, *roles: str, name: str | None = None, panel_id: str | None = None) -> str:
        """Return the token of a new account with *roles*, named by its first role unless *name* is given."""
        now = self.services.clock.now()
        account = Account(
            id=UserId(new_id()),
            name=name or roles[0],
            roles=tuple(Role(role) for role in roles),
            password_hash=None,
            panel_id=panel_id,
            is_disabled=False,
            made_at=now,
        )
        token = new_token()
        sign_in = SignIn(token_hash=hash_token(token), account_id=account.id, made_at=now, expires_at=None)
        async with self.services.database.transaction() as unit:
            await self.services.accounts.add(unit, account)
            await self.services.accounts.add_sign_in(unit, sign_in)
        return token

    async def sign_in(self, *roles: str, name: str | None = None, panel_id: str | None = None) -> httpx.AsyncClient:
        """Return a client that is signed in with a new account; a panel needs its *panel_id*."""
        return self.client(await self.token(*roles, name=name, panel_id=panel_id))

    async def close(self) -> None:
        """Close all clients."""
        for client in self._clients:
            await client.aclose()


async def _add_key(request: httpx.Request) -> None:
    if request.method not in {"GET", "HEAD"}:
        request.headers.setdefault("Idempotency-Key", new_id())
