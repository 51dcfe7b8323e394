"""The robot's or post's own touch panel: raise an alarm, see what becomes of it."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.accounts import Account
from api.auth import may
from api.idempotency import OnceOnly
from api.permissions import Permission
from api.schemas.alarms import PanelAlarmTold, PressGiven, tell_panel
from api.services import Services, ServicesNow
from core.database import Transaction
from core.errors import NotAllowed
from incidents.alarm import HelpAlarm
from missions.patrol import RunState

router = APIRouter(prefix="/panel", tags=["panel"])
Device = Annotated[Account, may(Permission.PRESS_BUTTON)]


@router.post("/presses", status_code=201, response_model=PanelAlarmTold)
async def press(account: Device, services: ServicesNow, once: OnceOnly, given: PressGiven) -> Response:
    """Raise a help alarm; the answer means that it is stored. The same press sent again is the same alarm."""
    panel_id = _panel_of(account)

    async def work(unit: Transaction) -> PanelAlarmTold:
        alarm = await services.alarms.press(
            unit, press_id=given.press_id, panel_id=panel_id, pressed_at=given.pressed_at
        )
        return await _told(unit, services, alarm)

    return await once.run(work, status=201)


@router.get("/alarm")
async def own_alarm(
    account: Device, services: ServicesNow, press_id: Annotated[str, Query(min_length=8, max_length=80)]
) -> PanelAlarmTold:
    """Tell the resident how the own alarm stands."""
    async with services.database.transaction() as unit:
        return await _told(unit, services, await services.alarms.of_press(unit, press_id, panel_id=_panel_of(account)))


@router.post("/presses/{press_id}/mistake", response_model=PanelAlarmTold)
async def mistake(account: Device, services: ServicesNow, once: OnceOnly, press_id: str) -> Response:
    """Tell the desk that the button was pressed by mistake; a person there still ends the alarm."""

    async def work(unit: Transaction) -> PanelAlarmTold:
        return await _told(unit, services, await services.alarms.mistake(unit, press_id, panel_id=_panel_of(account)))

    return await once.run(work)


async def _told(unit: Transaction, services: Services, alarm: HelpAlarm) -> PanelAlarmTold:
    """Return what the resident is told; a look that was asked for and that nobody flies is no comfort."""
    run = None if alarm.look_run_id is None else await services.missions.run(unit, alarm.look_run_id)
    return tell_panel(alarm, is_vehicle_coming=run is not None and run.state is RunState.RUNNING)


def _panel_of(account: Account) -> str:
    if account.panel_id is None:
        raise NotAllowed("this account is no panel's", where=account.name, remedy="sign in with a panel's device token")
    return account.panel_id
