"""What was counted: as JSON for the desk and the demo's report, and for Prometheus."""

from typing import Annotated

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from pydantic import JsonValue, RootModel

from api.accounts import Account
from api.auth import may
from api.figures import flat_numbers
from api.permissions import Permission
from api.services import ServicesNow

router = APIRouter(tags=["figures"])
Reader = Annotated[Account, may(Permission.READ_FIGURES)]


class FiguresTold(RootModel[dict[str, dict[str, JsonValue]]]):
    """Figures by domain, then by name."""


@router.get("/figures")
async def get_figures(_account: Reader, services: ServicesNow) -> FiguresTold:
    """Return every domain's figures."""
    return FiguresTold({name: dict(figures) for name, figures in (await services.figures.read()).items()})


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def get_metrics(_account: Reader, services: ServicesNow) -> Response:
    """Return the same numbers in Prometheus' text format."""
    registry = CollectorRegistry()
    for domain, figures in (await services.figures.read()).items():
        for name, number in flat_numbers(figures, f"roundsman_{domain}"):
            Gauge(name, "see GET /api/v1/figures", registry=registry).set(number)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
