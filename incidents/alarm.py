"""The help alarm: a resident's press that never ends by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from core.errors import Conflict
from core.ids import AlarmId, IncidentId, RunId
from geofence.positions import GeoPosition


class AlarmState(StrEnum):
    """Where a help alarm stands; it ends only by a person's hand."""

    RAISED = "raised"
    RINGING = "ringing"
    ANSWERED = "answered"
    RESPONDING = "responding"
    ON_SCENE = "on_scene"
    RESOLVED = "resolved"
    FALSE_ALARM = "false_alarm"


_A = AlarmState
_ENDS = frozenset({_A.RESOLVED, _A.FALSE_ALARM})
ALLOWED: Mapping[AlarmState, frozenset[AlarmState]] = {
    _A.RAISED: frozenset({_A.RINGING}),
    _A.RINGING: frozenset({_A.ANSWERED}),
    _A.ANSWERED: frozenset({_A.RESPONDING, _A.RINGING}) | _ENDS,
    _A.RESPONDING: frozenset({_A.ON_SCENE, _A.RINGING}) | _ENDS,
    _A.ON_SCENE: _ENDS,
    _A.RESOLVED: frozenset(),
    _A.FALSE_ALARM: frozenset(),
}
UNANSWERED = frozenset({_A.RAISED, _A.RINGING})
OPEN_STATES = frozenset(_A) - _ENDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """A desk's word that an alarm rings there; once for each escalation."""

    alarm_id: AlarmId
    desk: str
    escalation: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpAlarm:
    """One press of a help button. `press_id` is made by the panel, so that a press sent twice is one alarm."""

    id: AlarmId
    number: str
    press_id: str
    panel_id: str
    panel_name: str
    panel_name_zh: str = ""
    place: GeoPosition
    state: AlarmState
    pressed_at: datetime
    """The panel's own time of the press."""
    raised_at: datetime
    """Our time of storing it."""
    rung_at: datetime | None = None
    """When the first desk confirmed that it rings."""
    answered_at: datetime | None = None
    answered_by: str | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    escalation: int = 0
    """0 = desks, 1 = supervisor, 2 = outside number or webhook."""
    escalate_at: datetime | None = None
    """When it is handed on unless somebody answers: a row, so that it survives a restart."""
    outside_told_at: datetime | None = None
    """When the outside number or webhook confirmed that it heard."""
    look_run_id: RunId | None = None
    mistaken: bool = False
    """The panel said "I pressed by mistake"; the desk still has to end the alarm."""
    because: str
    revision: int

    @property
    def is_open(self) -> bool:
        """Say whether somebody still has to end it."""
        return self.state not in _ENDS

    @property
    def is_unanswered(self) -> bool:
        """Say whether it calls for the first person."""
        return self.state in UNANSWERED

    def move(self, to: AlarmState, *, because: str) -> "HelpAlarm":
        """Return the alarm after moving to *to*; raises Conflict when the table forbids it or *because* is empty."""
        if to not in ALLOWED[self.state]:
            raise Conflict(f"an alarm that is {self.state} cannot become {to}", where=self.number)
        if not because.strip():
            raise Conflict("a change of an alarm needs a because", where=self.number)
        return replace(self, state=to, because=because, revision=self.revision + 1)


def press_of_incident(incident_id: IncidentId) -> str:
    """Return what stands for a press where a vehicle's eyes raise the alarm: one for each incident."""
    return f"incident:{incident_id}"
