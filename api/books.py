"""The account books alone, for the command line: the same database, without the rest of the controller."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from api.accounts import Account
from api.migrations.upgrade import migrate
from api.permissions import Role
from api.settings import ControllerSettings
from api.sign_in import SignInDesk
from api.store_sql import SqlAccountStore
from core.clock import SystemClock
from core.database import Database
from core.errors import InvalidInput
from core.events import InProcessBus
from core.files import make_folder


class AccountBooks:
    """Accounts by name."""

    def __init__(self, *, database: Database, desk: SignInDesk, accounts: SqlAccountStore) -> None:
        self._database = database
        self._desk = desk
        self._accounts = accounts

    async def add(self, *, name: str, roles: Sequence[str], password: str) -> Account:
        """Add an account; raises InvalidInput or Conflict."""
        async with self._database.transaction() as unit:
            return await self._desk.add(unit, name=name, roles=_roles(roles), password=password)

    async def add_device(self, *, panel_id: str) -> str:
        """Return the panel's new and only token."""
        async with self._database.transaction() as unit:
            _, token = await self._desk.add_device(unit, panel_id=panel_id)
        return token

    async def change(self, *, name: str, password: str | None = None, is_disabled: bool | None = None) -> Account:
        """Change an account; raises NotFound or InvalidInput."""
        async with self._database.transaction() as unit:
            return await self._desk.change(unit, name=name, password=password, is_disabled=is_disabled)

    async def all(self) -> Sequence[Account]:
        """Return every account by name."""
        async with self._database.transaction() as unit:
            return await self._accounts.all(unit)


@asynccontextmanager
async def open_account_books(settings: ControllerSettings) -> AsyncIterator[AccountBooks]:
    """Yield the books of the controller with these settings; it may run meanwhile or not exist yet."""
    make_folder(settings.data_dir)
    clock = SystemClock()
    async with Database(url=settings.url, bus=InProcessBus(), clock=clock) as database:
        await migrate(database)
        accounts = SqlAccountStore()
        session = timedelta(hours=settings.session_hours)
        desk = SignInDesk(database=database, accounts=accounts, clock=clock, session=session)
        yield AccountBooks(database=database, desk=desk, accounts=accounts)


def _roles(names: Sequence[str]) -> tuple[Role, ...]:
    people = [role for role in Role if role not in {Role.RESIDENT_DEVICE, Role.AGENT}]
    unknown = [name for name in names if name not in people]
    if unknown:
        raise InvalidInput(
            f"there is no role {', '.join(unknown)} for people", where="role", remedy=f"one of {', '.join(people)}"
        )
    return tuple(Role(name) for name in names)
