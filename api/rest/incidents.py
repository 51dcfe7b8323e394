"""Incidents: read, and people's steps."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.accounts import Account
from api.auth import may
from api.idempotency import OnceOnly
from api.permissions import Permission
from api.schemas.incidents import IncidentInFullTold, IncidentsTold, MoveGiven, tell_in_full, tell_incident
from api.services import Services, ServicesNow
from core.database import Transaction
from core.ids import EvidenceId, IncidentId
from incidents.incident import ALLOWED, OPEN_STATES, Incident, IncidentState
from incidents.moves import MAY_MOVE, Person, Post, Step, check_may_see

router = APIRouter(prefix="/incidents", tags=["incidents"])
Reader = Annotated[Account, may(Permission.READ_INCIDENTS)]
Mover = Annotated[Account, may(Permission.WORK_INCIDENTS)]


def person_of(account: Account) -> Person:
    """Return in which capacity an account acts."""
    decides = account.may(Permission.DECIDE_INCIDENTS)
    return Person(name=account.name, post=Post.SUPERVISOR if decides else Post.WORKER)


@router.get("")
async def list_incidents(
    account: Reader,
    services: ServicesNow,
    state: Annotated[list[IncidentState] | None, Query()] = None,
    kind: str | None = None,
    open: Annotated[bool | None, Query(description="true: only open ones, false: only ended ones")] = None,
    number: Annotated[str | None, Query(max_length=40, description="any part of the number")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> IncidentsTold:
    """Return incidents, newest first; a grid worker gets the own ones."""
    person = person_of(account)
    worker = person.name if person.post is Post.WORKER else None
    states = _states(state, open)
    async with services.database.reading() as unit:
        found = await services.incidents.find(unit, states=states, kind=kind, worker=worker, number=number, limit=limit)
    return IncidentsTold(incidents=[tell_incident(one) for one in found])


@router.get("/{incident_id}")
async def get_incident(account: Reader, services: ServicesNow, incident_id: str) -> IncidentInFullTold:
    """Return one incident with its story and pictures."""
    person = person_of(account)
    async with services.database.reading() as unit:
        incident = await services.incidents.get(unit, IncidentId(incident_id))
        check_may_see(incident, person)
        return await _in_full(unit, services, incident, person)


@router.post("/{incident_id}/moves", response_model=IncidentInFullTold)
async def move_incident(
    account: Mover, services: ServicesNow, once: OnceOnly, incident_id: str, given: MoveGiven
) -> Response:
    """Take a step: accept, hand back, handle, report as handled; for supervisors also file, dispatch, close, …"""
    person = person_of(account)
    step = Step(
        to=given.to,
        because=given.because,
        revision=given.revision,
        photos=[EvidenceId(one) for one in given.photos],
        worker=given.worker,
    )

    async def work(unit: Transaction) -> IncidentInFullTold:
        incident = await services.moves.move(unit, IncidentId(incident_id), step, person=person)
        return await _in_full(unit, services, incident, person)

    return await once.run(work)


async def _in_full(unit: Transaction, services: Services, incident: Incident, person: Person) -> IncidentInFullTold:
    lines = await services.timeline.lines(unit, incident.id)
    pictures = await services.evidence.of_incident(unit, incident.id)
    next_states = sorted(ALLOWED[incident.state] & MAY_MOVE[person.post])
    return tell_in_full(incident, lines, pictures, next_states)


def _states(wanted: list[IncidentState] | None, is_open: bool | None) -> list[IncidentState] | None:
    if is_open is None:
        return wanted
    return [one for one in wanted or list(IncidentState) if (one in OPEN_STATES) is is_open]
