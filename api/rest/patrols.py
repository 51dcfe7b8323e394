"""Patrols: defined, checked, started."""

from collections import Counter
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.accounts import Account
from api.auth import may
from api.idempotency import OnceOnly
from api.permissions import Permission
from api.schemas.patrols import (
    PatrolCheckTold,
    PatrolGiven,
    PatrolStartsTold,
    PatrolsTold,
    PatrolTold,
    PlacesTold,
    RunStartGiven,
    RunTold,
    StartTold,
    tell_check,
    tell_idleness,
    tell_patrol,
)
from api.schemas.shapes import Moment
from api.services import ServicesNow
from core.database import Transaction
from core.errors import InvalidInput
from core.ids import PatrolId, VehicleId
from core.tasks import run_blocking
from missions.calendar import starts_ahead
from missions.patrol import Patrol
from missions.patrol_files import patrol_from_json

router = APIRouter(prefix="/patrols", tags=["patrols"])
Reader = Annotated[Account, may(Permission.READ_FLEET)]
Planner = Annotated[Account, may(Permission.PLAN_PATROLS)]
Starter = Annotated[Account, may(Permission.START_RUNS)]
_LONGEST_SPAN = timedelta(days=31)
_MOST_STARTS = 12_000
_MOST_RUNS = 200
ForVehicle = Annotated[str | None, Query(description="plan for this vehicle instead of the best one")]


@router.get("")
async def list_patrols(_account: Reader, services: ServicesNow) -> PatrolsTold:
    """Return every patrol by name, with its next start."""
    async with services.database.reading() as unit:
        patrols = await services.missions.patrols(unit)
        starts = await services.missions.next_starts(unit)
    return PatrolsTold(patrols=[tell_patrol(patrol, next_start_at=starts.get(patrol.id)) for patrol in patrols])


@router.post("", status_code=201, response_model=PatrolTold)
async def add_patrol(account: Planner, services: ServicesNow, once: OnceOnly, given: PatrolGiven) -> Response:
    """Store a new patrol; whether it can be flown is asked with POST /patrols/check, and again at every start."""
    patrol = await _patrol(given)

    async def work(unit: Transaction) -> PatrolTold:
        stored, next_start_at = await services.mission_requests.add_patrol(unit, patrol, by=account.name)
        return tell_patrol(stored, next_start_at=next_start_at)

    return await once.run(work, status=201)


@router.post("/check")
async def check_patrol(
    _account: Reader, services: ServicesNow, given: PatrolGiven, vehicle_id: ForVehicle = None
) -> PatrolCheckTold:
    """Plan and prove a patrol without storing anything."""
    patrol = await _patrol(given)
    return tell_check(await services.trial.plan(patrol, vehicle_id=VehicleId(vehicle_id) if vehicle_id else None))


@router.get("/starts")
async def list_starts(_account: Reader, services: ServicesNow, since: Moment, until: Moment) -> PatrolStartsTold:
    """Return the planned starts of all active patrols between two moments at most 31 days apart."""
    if not timedelta(0) <= until - since <= _LONGEST_SPAN:
        raise InvalidInput("until is not 0 to 31 days after since", where="until", remedy="ask for a shorter span")
    async with services.database.reading() as unit:
        patrols = await services.missions.patrols(unit)
        spent_until = await services.missions.all_spent_until(unit)
    now = services.clock.now()
    starts = await run_blocking(
        lambda: starts_ahead(patrols, since=since, until=until, most=_MOST_STARTS, now=now, spent_until=spent_until)
    )
    counts = Counter(start.patrol_id for start in starts)
    return PatrolStartsTold(
        starts=[StartTold(patrol_id=start.patrol_id, at=start.at) for start in starts],
        is_cut=max(counts.values(), default=0) >= _MOST_STARTS,
    )


@router.get("/idleness")
async def list_idleness(
    _account: Reader, services: ServicesNow, hours: Annotated[int, Query(ge=1, le=168)] = 24
) -> PlacesTold:
    """Return how long each place of the patrols has not been passed, by the newest 200 runs of the last hours."""
    now = services.clock.now()
    found = await services.idleness.read(since=now - timedelta(hours=hours), runs=_MOST_RUNS)
    return tell_idleness(found, now=now)


@router.get("/{patrol_id}")
async def get_patrol(_account: Reader, services: ServicesNow, patrol_id: str) -> PatrolTold:
    """Return one patrol."""
    async with services.database.reading() as unit:
        patrol = await services.missions.patrol(unit, PatrolId(patrol_id))
        next_start_at = await services.missions.next_start_at(unit, patrol.id)
    return tell_patrol(patrol, next_start_at=next_start_at)


@router.put("/{patrol_id}", response_model=PatrolTold)
async def change_patrol(
    account: Planner, services: ServicesNow, once: OnceOnly, patrol_id: str, given: PatrolGiven
) -> Response:
    """Replace a patrol; `revision` names the one that was read. Runs under way keep their route."""
    patrol = await _patrol(given, patrol_id=PatrolId(patrol_id))

    async def work(unit: Transaction) -> PatrolTold:
        stored, next_start_at = await services.mission_requests.change_patrol(unit, patrol, by=account.name)
        return tell_patrol(stored, next_start_at=next_start_at)

    return await once.run(work)


@router.post("/{patrol_id}/runs", status_code=201, response_model=RunTold)
async def start_patrol(
    account: Starter, services: ServicesNow, once: OnceOnly, patrol_id: str, given: RunStartGiven
) -> Response:
    """Start a patrol now; the run tells how it goes on."""

    async def work(unit: Transaction) -> RunTold:
        wanted = VehicleId(given.vehicle_id) if given.vehicle_id else None
        run = await services.mission_requests.start_patrol(
            unit, PatrolId(patrol_id), asked_by=account.name, vehicle_id=wanted
        )
        return RunTold.of(run)

    return await once.run(work, status=201)


async def _patrol(given: PatrolGiven, *, patrol_id: PatrolId | None = None) -> Patrol:
    """Return the patrol that was given; a large document is read beside the loop."""
    return await run_blocking(lambda: patrol_from_json(given.model_dump(exclude_none=True), patrol_id=patrol_id))
