"""Incidents, their stories, and the table of kinds."""

from collections.abc import Sequence

from pydantic import Field

from api.schemas.evidence import PhotoTold, tell_photo
from api.schemas.shapes import Because, BecauseTold, Given, Moment, Place, Told
from incidents.alarm import UNANSWERED, AlarmState
from incidents.bodies import incident_body
from incidents.evidence import Evidence
from incidents.incident import Incident, IncidentState, TimelineLine
from incidents.intake import ACTOR as SYSTEM
from incidents.kinds import FoundBy, Kind, KindTable, LimitClock, LimitUnit, Stage

_S = IncidentState
_BY_ITSELF = frozenset({_S.REPORTED, _S.FILED, _S.DISPATCHED, _S.VERIFYING, _S.REWORK, _S.CLOSED})
"""The states into which the service brings an incident as well."""
PEOPLES_STATES = frozenset(_S) - _BY_ITSELF
"""Those into which only people bring it: its `because` is in their own words."""
_STEPS = (frozenset(_S) - {_S.REPORTED}) | (frozenset(AlarmState) - UNANSWERED)
"""What people do to incidents and alarms, by the lines of their stories."""


class EllipseTold(Told):
    """One-sigma semi-axes in metres; the heading of the major axis is clockwise from north."""

    major_m: float
    minor_m: float
    heading_deg: float


class IncidentTold(BecauseTold):
    """An incident; the events "incidents.changed" carry the same fields."""

    id: str
    number: str
    kind: str
    state: IncidentState
    place: Place
    ellipse: EllipseTold
    zone_id: str | None
    grid_id: str | None
    worker: str | None
    sightings: int
    first_seen_at: Moment
    last_seen_at: Moment
    filed_at: Moment | None
    due_at: Moment | None
    handled_at: Moment | None
    closed_at: Moment | None
    verifying_order_id: str | None
    reworks: int
    needs_decision: bool
    because_by_person: bool = False
    revision: int

    def _is_a_persons(self) -> bool:
        return self.because_by_person or self.state in PEOPLES_STATES


class IncidentsTold(Told):
    """Incidents, newest first."""

    incidents: list[IncidentTold]


class LineTold(BecauseTold):
    """One line of the story of an incident or an alarm."""

    at: Moment
    actor: str
    what: str
    photos: list[str]
    sighting_id: str | None
    vehicle_id: str | None

    def _is_a_persons(self) -> bool:
        is_ours = self.actor == SYSTEM or self.sighting_id is not None or self.vehicle_id is not None
        return self.what in _STEPS and not is_ours


class IncidentInFullTold(IncidentTold):
    """An incident with its story, its pictures and the steps that its state allows."""

    timeline: list[LineTold]
    photos: list[PhotoTold]
    next_states: list[IncidentState]
    """Into which of them this account may bring it is a question of its post."""


class MoveGiven(Given):
    """A step of a person. `handled` needs a photo of kind `after`; only a dispatch may name a worker."""

    to: IncidentState
    because: Because
    revision: int = Field(ge=1, description="the revision on which the person decided")
    photos: list[str] = Field(default_factory=list, max_length=20, description="ids of uploaded pictures")
    worker: str | None = Field(default=None, min_length=1, max_length=64)


class LimitTold(Told):
    """A time limit, counted by its own clock in the site's time zone and work calendar."""

    amount: float
    unit: LimitUnit
    clock: LimitClock
    is_exact: bool = Field(default=True, description="always so since there is a work calendar", deprecated=True)


class KindTold(Told):
    """A kind of incident or alarm."""

    code: str
    name: str
    name_zh: str
    found_by: FoundBy
    responsible: str
    responsible_zh: str
    verify_radius_m: float
    files_itself: bool
    is_alarm: bool
    limits: dict[Stage, LimitTold]


class KindsTold(Told):
    """The table of kinds."""

    kinds: list[KindTold]


def tell_incident(incident: Incident) -> IncidentTold:
    """Return what is told of an incident."""
    return IncidentTold.model_validate(incident_body(incident))


def tell_line(line: TimelineLine) -> LineTold:
    """Return what is told of a line."""
    return LineTold(
        at=line.at,
        actor=line.actor,
        what=line.what,
        because=line.because,
        photos=list(line.photos),
        sighting_id=line.sighting_id,
        vehicle_id=line.vehicle_id,
    )


def tell_in_full(
    incident: Incident,
    lines: Sequence[TimelineLine],
    pictures: Sequence[Evidence],
    next_states: Sequence[IncidentState],
) -> IncidentInFullTold:
    """Return everything that is told of one incident."""
    return IncidentInFullTold.model_validate(
        {
            **incident_body(incident),
            "timeline": [tell_line(line) for line in lines],
            "photos": [tell_photo(picture) for picture in pictures],
            "next_states": list(next_states),
        }
    )


def tell_kinds(table: KindTable) -> KindsTold:
    """Return the table of kinds."""
    return KindsTold(kinds=[_tell_kind(kind) for kind in table.kinds])


def _tell_kind(kind: Kind) -> KindTold:
    return KindTold(
        code=kind.code,
        name=kind.name,
        name_zh=kind.name_zh,
        found_by=kind.found_by,
        responsible=kind.responsible,
        responsible_zh=kind.responsible_zh,
        verify_radius_m=kind.verify_radius_m,
        files_itself=kind.files_itself,
        is_alarm=kind.is_alarm,
        limits={
            stage: LimitTold(amount=limit.amount, unit=limit.unit, clock=limit.clock)
            for stage, limit in kind.limits.items()
        },
    )
