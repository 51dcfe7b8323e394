"""What a client is shown first: how everything stands, as far as the account may see it."""

from datetime import timedelta
from functools import partial

from api.accounts import Account
from api.permissions import Permission
from api.schemas import alarms, incidents
from api.schemas.orders import CommandTold
from api.schemas.patrols import RunTold
from api.schemas.shapes import with_said
from api.schemas.vehicles import tell_vehicle
from api.services import Services
from core.database import Transaction
from core.events import Json
from incidents.alarm import ALLOWED
from incidents.bodies import alarm_body, incident_body, sighting_body
from incidents.incident import NEEDS_DECISION, OPEN_STATES, Incident

_RECENT_SIGHTINGS = 50
_MOST_WAITING, _MOST_OTHERS = 500, 200
"""So many open incidents are shown; of the others the ids are told as well, to be counted, and a search finds each.

Those of them that wait for a decision are told apart: who decides has to know that there are more.
"""
_RECENT_WORDS, _MOST_WORDS = timedelta(minutes=15), 100
_OPEN_ALARMS = frozenset(state for state, ways in ALLOWED.items() if ways)


async def snapshot(services: Services, unit: Transaction, account: Account) -> dict[str, Json]:
    """Return vehicles, active runs, open incidents and alarms, recent sightings; without what must not be seen."""
    shown: dict[str, Json] = {}
    if account.may(Permission.READ_FLEET):
        shown["vehicles"] = await _vehicles(services, unit)
        runs = await services.missions.runs(unit, only_active=True)
        shown["runs"] = [RunTold.of(run).model_dump(mode="json") for run in runs]
        since = services.clock.now() - _RECENT_WORDS
        words = await services.fleet.recent_commands(unit, since=since, limit=_MOST_WORDS)
        shown["commands"] = [CommandTold.of(one).model_dump(mode="json") for one in words]
    if account.may(Permission.READ_INCIDENTS):
        worker = None if account.may(Permission.DECIDE_INCIDENTS) else account.name
        cases = await _open_incidents(services, unit, worker=worker)
        shown["incidents"] = [with_said(incident_body(one), peoples=incidents.PEOPLES_STATES) for one in cases]
        told = {one.id for one in cases}
        every = await services.incidents.open_ids(unit, worker=worker)
        shown["hidden_incidents"] = [one for one in every if one not in told]
        waiting = await services.incidents.open_ids(unit, worker=worker, states=NEEDS_DECISION)
        shown["hidden_waiting"] = [one for one in waiting if one not in told]
    if account.may(Permission.DECIDE_INCIDENTS):
        newest = await services.sightings.newest(unit, limit=_RECENT_SIGHTINGS)
        shown["sightings"] = [with_said(sighting_body(one)) for one in newest]
    if account.may(Permission.READ_ALARMS):
        shown["alarms"] = [
            with_said(
                alarm_body(alarm, rung_by=await services.alarms.rung_by(unit, alarm)), peoples=alarms.PEOPLES_STATES
            )
            for alarm in await services.alarm_store.find(unit, states=_OPEN_ALARMS)
        ]
    return shown


async def _open_incidents(services: Services, unit: Transaction, *, worker: str | None) -> list[Incident]:
    """Return the open incidents: those that wait for a decision, the most pressing first, then the newest others.

    Where a *worker* is named, the worker's own.
    """
    find = partial(services.incidents.find, unit, worker=worker)
    urgent = [kind.code for kind in services.kinds.kinds if kind.is_alarm]
    waiting = await find(states=NEEDS_DECISION, limit=_MOST_WAITING, pressing_first=urgent)
    return [*waiting, *await find(states=OPEN_STATES - NEEDS_DECISION, limit=_MOST_OTHERS)]


async def _vehicles(services: Services, unit: Transaction) -> list[Json]:
    now_s = services.clock.monotonic_s()
    return [
        tell_vehicle(one, eyes=services.registry.perception(one.id), now_s=now_s).model_dump(mode="json")
        for one in await services.situations.all(unit)
    ]
