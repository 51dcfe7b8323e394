"""Everything that a route may need, put together by `api.wiring` and handed to routes by FastAPI's dependencies."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from api.settings import ControllerSettings
from api.sign_in import SignInDesk
from api.store import AccountStore, AnswerStore
from core.clock import Clock
from core.database import Database
from core.events import Bus


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The controller's parts; `api.wiring.open_services` makes one, routes take it as `ServicesNow`."""

    settings: ControllerSettings
    clock: Clock
    bus: Bus
    database: Database
    accounts: AccountStore
    answers: AnswerStore
    sign_in: SignInDesk


def services_of(connection: HTTPConnection) -> Services:
    """Return the services of the app that answers this request or WebSocket."""
    found: Services = connection.app.state.services
    return found


ServicesNow = Annotated[Services, Depends(services_of)]
