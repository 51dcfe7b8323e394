"""Runs of patrols and looks."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.accounts import Account
from api.auth import may
from api.idempotency import OnceOnly
from api.permissions import Permission
from api.schemas.coverage import RunCoverageTold, tell_coverage
from api.schemas.patrols import CancelGiven, RunRemainderTold, RunsTold, RunTold
from api.services import ServicesNow
from core.database import Transaction
from core.ids import RunId
from core.tasks import run_blocking

router = APIRouter(prefix="/runs", tags=["runs"])
Reader = Annotated[Account, may(Permission.READ_FLEET)]
Starter = Annotated[Account, may(Permission.START_RUNS)]


@router.get("")
async def list_runs(
    _account: Reader,
    services: ServicesNow,
    active: Annotated[bool, Query(description="only runs that have not ended")] = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> RunsTold:
    """Return runs, newest first."""
    async with services.database.reading() as unit:
        runs = await services.missions.runs(unit, only_active=active, limit=limit)
    return RunsTold(runs=[RunTold.of(run) for run in runs])


@router.get("/{run_id}")
async def get_run(_account: Reader, services: ServicesNow, run_id: str) -> RunTold:
    """Return one run."""
    async with services.database.reading() as unit:
        return RunTold.of(await services.missions.run(unit, RunId(run_id)))


@router.get("/{run_id}/coverage")
async def get_coverage(_account: Reader, services: ServicesNow, run_id: str) -> RunCoverageTold:
    """Return how much of the ground that it was to see a run has really seen, and where it missed some.

    From the footprints of the pictures that were assessed, as far as its vehicle has told of them (every half minute).
    """
    told = await services.coverage.prove(RunId(run_id))
    return await run_blocking(lambda: tell_coverage(told))


@router.get("/{run_id}/remainder")
async def get_remainder(_account: Reader, services: ServicesNow, run_id: str) -> RunRemainderTold:
    """Return how much of what is left of an interrupted run could be flown when it is taken up again."""
    return RunRemainderTold.of(await services.remainder.plan(RunId(run_id)))


@router.post("/{run_id}/cancel", status_code=202, response_model=RunTold)
async def cancel_run(
    account: Starter, services: ServicesNow, once: OnceOnly, run_id: str, given: CancelGiven
) -> Response:
    """End a run: its vehicle comes home; the run is over when the vehicle has confirmed it."""

    async def work(unit: Transaction) -> RunTold:
        run = await services.mission_requests.cancel(unit, RunId(run_id), because=given.because, by=account.name)
        return RunTold.of(run)

    return await once.run(work, status=202)
