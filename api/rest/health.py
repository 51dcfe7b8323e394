"""Is the controller well? For balancers, supervisors of processes, and people."""

from enum import StrEnum

from fastapi import APIRouter, Response

from api.schemas.shapes import Told
from api.services import ServicesNow
from core.errors import Fault
from core.tasks import TaskSupervisor, within

router = APIRouter(tags=["health"])
_DATABASE_WITHIN_S = 5.0


class Health(StrEnum):
    """How a part is doing."""

    UP = "up"
    DOWN = "down"


class HealthTold(Told):
    """`status` is up when the database answers and every service runs; `because` says what is not so."""

    status: Health
    database: Health
    services: dict[str, Health]
    because: list[str]


@router.get("/healthz", responses={503: {"model": HealthTold}})
async def get_health(services: ServicesNow, response: Response) -> HealthTold:
    """Say what is up; 503 when something is not."""
    because: list[str] = []
    database = Health.UP
    try:
        await within(_DATABASE_WITHIN_S, services.database.last_cursor())
    except (Fault, TimeoutError) as error:
        database = Health.DOWN
        because.append(f"database: {error}" if str(error) else "database: no answer in time")
    wrong = {name: why for name in services.runs if (why := _what_is_wrong(services.supervisor, name))}
    running = {name: Health.DOWN if name in wrong else Health.UP for name in services.runs}
    because += [f"service {name} {why}" for name, why in wrong.items()]
    response.status_code = 503 if because else 200
    return HealthTold(
        status=Health.DOWN if because else Health.UP, database=database, services=running, because=because
    )


def _what_is_wrong(supervisor: TaskSupervisor, name: str) -> str:
    if not supervisor.is_running(name):
        return "is not running"
    return "fails again and again" if supervisor.keeps_failing(name) else ""
