"""Help alarms, for the desks."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.accounts import Account
from api.auth import may
from api.idempotency import OnceOnly
from api.permissions import Permission
from api.schemas.alarms import (
    AlarmInFullTold,
    AlarmMoveGiven,
    AlarmsTold,
    LookGiven,
    tell_alarm,
    tell_alarm_in_full,
)
from api.services import Services, ServicesNow
from core.database import Transaction
from core.ids import AlarmId, VehicleId
from incidents.alarm import OPEN_STATES, AlarmState, HelpAlarm
from incidents.alarms import AlarmStep

router = APIRouter(prefix="/alarms", tags=["alarms"])
Reader = Annotated[Account, may(Permission.READ_ALARMS)]
Desk = Annotated[Account, may(Permission.ANSWER_ALARMS)]


@router.get("")
async def list_alarms(
    _account: Reader,
    services: ServicesNow,
    open: Annotated[bool | None, Query(description="true: only open ones, false: only ended ones")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> AlarmsTold:
    """Return alarms, newest first."""
    states = None if open is None else OPEN_STATES if open else frozenset(AlarmState) - OPEN_STATES
    async with services.database.reading() as unit:
        found = await services.alarm_store.find(unit, states=states, limit=limit)
        told = [tell_alarm(alarm, await services.alarms.rung_by(unit, alarm)) for alarm in found]
    return AlarmsTold(alarms=told)


@router.get("/{alarm_id}")
async def get_alarm(_account: Reader, services: ServicesNow, alarm_id: str) -> AlarmInFullTold:
    """Return one alarm with its story."""
    async with services.database.transaction() as unit:
        return await _in_full(unit, services, await services.alarm_store.get(unit, AlarmId(alarm_id)))


@router.post("/{alarm_id}/rung", response_model=AlarmInFullTold)
async def confirm_ringing(account: Desk, services: ServicesNow, once: OnceOnly, alarm_id: str) -> Response:
    """Confirm that the alarm rings at this desk."""

    async def work(unit: Transaction) -> AlarmInFullTold:
        return await _in_full(unit, services, await services.alarms.rung(unit, AlarmId(alarm_id), desk=account.name))

    return await once.run(work)


@router.post("/{alarm_id}/moves", response_model=AlarmInFullTold)
async def move_alarm(
    account: Desk, services: ServicesNow, once: OnceOnly, alarm_id: str, given: AlarmMoveGiven
) -> Response:
    """Answer, respond, be on the scene, resolve, or call it false; the first to answer wins."""
    step = AlarmStep(to=given.to, because=given.because, revision=given.revision)

    async def work(unit: Transaction) -> AlarmInFullTold:
        alarm = await services.alarms.move(unit, AlarmId(alarm_id), step, person=account.name)
        return await _in_full(unit, services, alarm)

    return await once.run(work)


@router.post("/{alarm_id}/look", status_code=202, response_model=AlarmInFullTold)
async def send_look(
    account: Annotated[Account, may(Permission.COMMAND_VEHICLES)],
    services: ServicesNow,
    once: OnceOnly,
    alarm_id: str,
    given: LookGiven,
) -> Response:
    """Send a vehicle to look at the alarm's place; `look_run_id` names the run that shows what becomes of it."""
    vehicle_id = None if given.vehicle_id is None else VehicleId(given.vehicle_id)

    async def work(unit: Transaction) -> AlarmInFullTold:
        alarm = await services.alarms.look(unit, AlarmId(alarm_id), person=account.name, vehicle_id=vehicle_id)
        return await _in_full(unit, services, alarm)

    return await once.run(work, status=202)


async def _in_full(unit: Transaction, services: Services, alarm: HelpAlarm) -> AlarmInFullTold:
    rung_by = await services.alarms.rung_by(unit, alarm)
    return tell_alarm_in_full(alarm, rung_by, await services.alarms.story(unit, alarm.id))
