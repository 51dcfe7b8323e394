"""The HTTP side of the controller: routes, errors, headers; `create_app` is the only way to get one."""

from fastapi import APIRouter, FastAPI

from api.body_limit import BodyLimit
from api.errors import add_handlers
from api.live import route as live
from api.openapi import describe
from api.pages import add_pages
from api.rest import (
    alarms,
    events,
    evidence,
    figures,
    health,
    incidents,
    kinds,
    notice,
    panel,
    patrols,
    rounds,
    runs,
    session,
    sightings,
    site,
    users,
    vehicles,
    zones,
)
from api.services import Services
from perception.photo_upload import MOST_BYTES

PREFIX = "/api/v1"
MOST_BODY_BYTES = MOST_BYTES + 1024 * 1024
"""The largest photo, with what a form puts around it."""

# Every domain's router; a new module of `api.rest` adds its line here.
ROUTERS: tuple[APIRouter, ...] = (
    session.router,
    users.router,
    site.router,
    zones.router,
    vehicles.router,
    patrols.router,
    notice.router,
    rounds.router,
    runs.router,
    kinds.router,
    incidents.router,
    sightings.router,
    evidence.router,
    alarms.router,
    panel.router,
    events.router,
    figures.router,
    health.router,
    live.router,
)


def create_app(services: Services | None) -> FastAPI:
    """Return the app over *services*; None is for the OpenAPI document only: nothing can be answered then."""
    app = FastAPI(
        title="Roundsman", version="0.1.0", docs_url=None, redoc_url=None, openapi_url=f"{PREFIX}/openapi.json"
    )
    app.state.services = services
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
    # Where balancers and Prometheus look for them.
    app.include_router(health.router, include_in_schema=False)
    app.include_router(figures.router, include_in_schema=False)
    add_handlers(app)
    app.add_middleware(BodyLimit, most_bytes=MOST_BODY_BYTES)
    add_pages(app, None if services is None else services.settings.console_dir)
    describe(app)
    return app
