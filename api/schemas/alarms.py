"""Help alarms: for the desks, and what little a panel is told."""

from collections.abc import Sequence

from pydantic import Field

from api.schemas.incidents import LineTold, tell_line
from api.schemas.shapes import Because, BecauseTold, Given, Moment, Place, Told
from incidents.alarm import ALLOWED, UNANSWERED, AlarmState, HelpAlarm
from incidents.bodies import alarm_body
from incidents.incident import TimelineLine

PEOPLES_STATES = frozenset(AlarmState) - UNANSWERED
"""Those into which only people bring an alarm: its `because` is in their own words."""


class AlarmTold(BecauseTold):
    """A help alarm; the events "alarms.changed" carry the same fields."""

    id: str
    number: str
    press_id: str
    panel_id: str
    panel_name: str
    panel_name_zh: str
    place: Place
    state: AlarmState
    is_open: bool
    pressed_at: Moment
    raised_at: Moment
    rung_at: Moment | None
    answered_at: Moment | None
    answered_by: str | None
    ended_at: Moment | None
    ended_by: str | None
    escalation: int = Field(description="0 desks, 1 supervisor, 2 outside")
    escalate_at: Moment | None
    outside_told_at: Moment | None
    look_run_id: str | None
    mistaken: bool
    rung_by: list[str] = Field(description="desks where it rings at its present escalation")
    revision: int

    def _is_a_persons(self) -> bool:
        return self.state in PEOPLES_STATES


class AlarmsTold(Told):
    """Alarms, newest first."""

    alarms: list[AlarmTold]


class AlarmInFullTold(AlarmTold):
    """An alarm with its story and the steps that its state allows."""

    timeline: list[LineTold]
    next_states: list[AlarmState]


class AlarmMoveGiven(Given):
    """A person's step. An answer counts whatever the revision; every other step needs the newest."""

    to: AlarmState
    because: Because
    revision: int | None = Field(default=None, ge=1)


class LookGiven(Given):
    """Which vehicle is to look; none named: the nearest that may."""

    vehicle_id: str | None = Field(default=None, min_length=1, max_length=80)


class PressGiven(Given):
    """A press of the help button; the panel makes up the id and sends it again until it is confirmed."""

    press_id: str = Field(min_length=8, max_length=80)
    pressed_at: Moment


class PanelAlarmTold(Told):
    """What the resident is told about the own alarm."""

    press_id: str
    number: str
    state: AlarmState
    is_open: bool
    raised_at: Moment
    rung_at: Moment | None
    answered_at: Moment | None
    is_vehicle_coming: bool
    """One is on its way; not that somebody asked for one."""
    mistaken: bool


def tell_alarm(alarm: HelpAlarm, rung_by: Sequence[str]) -> AlarmTold:
    """Return what is told of an alarm."""
    return AlarmTold.model_validate(alarm_body(alarm, rung_by=rung_by))


def tell_alarm_in_full(alarm: HelpAlarm, rung_by: Sequence[str], lines: Sequence[TimelineLine]) -> AlarmInFullTold:
    """Return everything that is told of one alarm."""
    return AlarmInFullTold.model_validate(
        {
            **alarm_body(alarm, rung_by=rung_by),
            "timeline": [tell_line(line) for line in lines],
            "next_states": sorted(ALLOWED[alarm.state]),
        }
    )


def tell_panel(alarm: HelpAlarm, *, is_vehicle_coming: bool) -> PanelAlarmTold:
    """Return what the resident is told."""
    return PanelAlarmTold(
        press_id=alarm.press_id,
        number=alarm.number,
        state=alarm.state,
        is_open=alarm.is_open,
        raised_at=alarm.raised_at,
        rung_at=alarm.rung_at,
        answered_at=alarm.answered_at,
        is_vehicle_coming=alarm.is_open and is_vehicle_coming,
        mistaken=alarm.mistaken,
    )
