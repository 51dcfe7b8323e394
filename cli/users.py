"""`roundsman users`: accounts and the tokens of panels, straight in the controller's books."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import InvalidInput

if TYPE_CHECKING:
    from api.books import AccountBooks

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Add, list and change users and devices.")
DataDir = Annotated[Path | None, typer.Option(help="the controller's data folder")]
DatabaseUrl = Annotated[str | None, typer.Option(help="the controller's database, when it is not in the data folder")]
FromInput = Annotated[bool, typer.Option("--password-stdin", help="read the password from standard input")]
Name = Annotated[str, typer.Argument(help="name to sign in with")]


@app.command()
def add(
    name: Name,
    role: Annotated[list[str], typer.Option(help="administrator, supervisor or grid_worker; may be given again")],
    password_stdin: FromInput = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add an account."""
    password = _password(password_stdin)

    async def work() -> None:
        async with _books(data_dir, database_url) as books:
            account = await books.add(name=name, roles=role, password=password)
            print(f"{account.name}: {', '.join(account.roles)}")

    _run(work())


@app.command("add-device")
def add_device(
    panel_id: Annotated[str, typer.Argument(help="id of the panel in the site file")],
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Give a help panel its token and print it alone; an earlier token of that panel ends."""

    async def work() -> None:
        async with _books(data_dir, database_url) as books:
            print(await books.add_device(panel_id=panel_id))

    _run(work())


@app.command("list")
def list_accounts(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """List all accounts."""

    async def work() -> None:
        async with _books(data_dir, database_url) as books:
            for account in await books.all():
                print(f"{account.name}\t{','.join(account.roles)}\t{'disabled' if account.is_disabled else 'active'}")

    _run(work())


@app.command()
def disable(name: Name, data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Disable an account; its sign-ins end at once."""
    _run(_change(name, data_dir, database_url, is_disabled=True))


@app.command()
def enable(name: Name, data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Enable a disabled account."""
    _run(_change(name, data_dir, database_url, is_disabled=False))


@app.command()
def password(
    name: Name, password_stdin: FromInput = False, data_dir: DataDir = None, database_url: DatabaseUrl = None
) -> None:
    """Set a new password; the account's sign-ins end."""
    _run(_change(name, data_dir, database_url, password=_password(password_stdin)))


async def _change(
    name: str,
    data_dir: Path | None,
    database_url: str | None,
    *,
    password: str | None = None,
    is_disabled: bool | None = None,
) -> None:
    async with _books(data_dir, database_url) as books:
        account = await books.change(name=name, password=password, is_disabled=is_disabled)
        print(f"{account.name}: {'disabled' if account.is_disabled else 'active'}")


@asynccontextmanager
async def _books(data_dir: Path | None, database_url: str | None) -> AsyncIterator["AccountBooks"]:
    from api.books import open_account_books
    from api.settings import ControllerSettings
    from core.settings import load_settings

    given = {"data_dir": data_dir, "database_url": database_url}
    settings = load_settings(ControllerSettings, environment=os.environ, given=given)
    async with open_account_books(settings) as books:
        yield books


def _password(from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise InvalidInput("there is nobody to ask for the password", remedy="give --password-stdin")
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


def _run(work: Coroutine[None, None, None]) -> None:
    asyncio.run(work)
