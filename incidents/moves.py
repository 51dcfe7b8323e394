"""What people do with incidents: who may take which step, and what it needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.database import Transaction
from core.errors import Conflict, NotAllowed
from core.ids import EvidenceId, IncidentId
from incidents.books import IncidentBooks, Reason
from incidents.errors import PhotoMissing, RevisionPassed
from incidents.evidence import Evidence, EvidenceKind
from incidents.incident import Incident, IncidentState
from incidents.store import EvidenceBook, IncidentStore


class Post(StrEnum):
    """In which capacity a person acts."""

    WORKER = "worker"
    SUPERVISOR = "supervisor"


_S = IncidentState
MAY_MOVE: Mapping[Post, frozenset[IncidentState]] = {
    Post.WORKER: frozenset({_S.ACCEPTED, _S.HANDLING, _S.DEFERRED, _S.HANDED_BACK, _S.HANDLED}),
    Post.SUPERVISOR: frozenset(_S),
}
"""The states into which each post may bring an incident (a worker: only an own one); `ALLOWED` still holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who acts."""

    name: str
    post: Post


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is asked for. `worker` names whom a dispatch goes to; None keeps who is there."""

    to: IncidentState
    because: str
    revision: int
    photos: Sequence[EvidenceId] = ()
    worker: str | None = None


class Moves:
    """Takes people's steps."""

    def __init__(self, *, incidents: IncidentStore, evidence: EvidenceBook, books: IncidentBooks) -> None:
        self._incidents = incidents
        self._evidence = evidence
        self._books = books

    async def move(self, unit: Transaction, incident_id: IncidentId, step: Step, *, person: Person) -> Incident:
        """Take a step and return the incident after it.

        Raises NotFound, NotAllowed, RevisionPassed, PhotoMissing, or Conflict when the table forbids the step.
        """
        incident = await self._incidents.get(unit, incident_id, locked=True)
        _check_person(incident, step.to, person)
        if incident.revision != step.revision:
            raise RevisionPassed(
                "somebody changed the incident since it was loaded",
                where=incident.number,
                remedy="load it again and decide anew",
                params={"revision": incident.revision},
            )
        pictures = [await self._picture(unit, one, person) for one in step.photos]
        _check_needs(incident, step, pictures)
        for picture in pictures:
            await self._evidence.attach(unit, picture.id, incident.id)
        reason = Reason(actor=person.name, because=step.because, photos=tuple(step.photos))
        return await self._books.advance(unit, incident, step.to, reason, worker=step.worker)

    async def _picture(self, unit: Transaction, evidence_id: EvidenceId, person: Person) -> Evidence:
        evidence = await self._evidence.get(unit, evidence_id)
        if person.post is Post.WORKER and evidence.by != person.name:
            raise NotAllowed("the picture was taken by somebody else", where=evidence_id)
        return evidence


def check_may_see(incident: Incident, person: Person) -> None:
    """Raise NotAllowed when *person* has nothing to do with the incident."""
    if person.post is Post.WORKER and incident.worker != person.name:
        raise NotAllowed(
            "the incident belongs to somebody else", where=incident.number, params={"worker": incident.worker}
        )


def _check_person(incident: Incident, to: IncidentState, person: Person) -> None:
    check_may_see(incident, person)
    if to not in MAY_MOVE[person.post]:
        raise NotAllowed(
            f"a grid worker cannot bring an incident to {to}", where=incident.number, remedy="ask a supervisor"
        )


def _check_needs(incident: Incident, step: Step, pictures: Sequence[Evidence]) -> None:
    if step.worker is not None and step.to is not IncidentState.DISPATCHED:
        raise Conflict("only a dispatch names a worker", where=incident.number)
    if step.to is IncidentState.DISPATCHED and not (step.worker or incident.worker):
        raise Conflict("a dispatch needs a worker", where=incident.number, remedy="name one")
    if step.to is IncidentState.HANDLED and not any(one.kind is EvidenceKind.AFTER for one in pictures):
        raise PhotoMissing(
            "an incident is handled only with a photo of the place after it",
            where=incident.number,
            remedy="take a photo of kind after, upload it and name it in photos",
        )
