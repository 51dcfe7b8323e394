"""Both state tables, cell by cell, against the tables as the field's documents give them."""

from datetime import UTC, datetime

import pytest

from core.errors import Conflict
from core.ids import AlarmId, IncidentId
from geofence.positions import ErrorEllipse, GeoPosition
from incidents.alarm import AlarmState, HelpAlarm
from incidents.incident import NEEDS_DECISION, OPEN_STATES, Incident, IncidentState

NOW = datetime(2026, 1, 5, tzinfo=UTC)
PLACE = GeoPosition(lon_deg=121.4, lat_deg=31.3)
INCIDENT_TABLE = """
reported: filed rejected merged
filed: dispatched void
dispatched: accepted handed_back void
accepted: handling handed_back deferred void
handling: handled deferred void
deferred: handling void
handed_back: dispatched void
handled: verifying
verifying: closed rework
rework: handling handed_back
closed: reopened
reopened: dispatched
rejected:
merged:
void:
"""
ALARM_TABLE = """
raised: ringing
ringing: answered
answered: responding ringing resolved false_alarm
responding: on_scene ringing resolved false_alarm
on_scene: resolved false_alarm
resolved:
false_alarm:
"""


def read(table: str) -> dict[str, set[str]]:
    rows = (line.split(":") for line in table.strip().splitlines())
    return {state: set(nexts.split()) for state, nexts in rows}


def an_incident(state: IncidentState) -> Incident:
    return Incident(
        id=IncidentId("i"),
        number="XJ-2026-000001",
        kind="20501",
        state=state,
        place=PLACE,
        ellipse=ErrorEllipse(major_m=1, minor_m=1, heading_deg=0),
        zone_id=None,
        grid_id=None,
        worker=None,
        sightings=1,
        first_seen_at=NOW,
        last_seen_at=NOW,
        because="seen",
        revision=3,
    )


def an_alarm(state: AlarmState) -> HelpAlarm:
    return HelpAlarm(
        id=AlarmId("a"),
        number="QZ-2026-000001",
        press_id="p",
        panel_id="gate",
        panel_name="Gate",
        place=PLACE,
        state=state,
        pressed_at=NOW,
        raised_at=NOW,
        because="pressed",
        revision=5,
    )


def test_the_tables_name_every_state() -> None:
    assert set(read(INCIDENT_TABLE)) == set(IncidentState)
    assert set(read(ALARM_TABLE)) == set(AlarmState)


@pytest.mark.parametrize("to", IncidentState)
@pytest.mark.parametrize("state", IncidentState)
def test_every_cell_of_the_incident_table(state: IncidentState, to: IncidentState) -> None:
    incident = an_incident(state)
    if to in read(INCIDENT_TABLE)[state]:
        moved = incident.move(to, because="a reason")
        assert (moved.state, moved.revision, moved.because) == (to, 4, "a reason")
    else:
        with pytest.raises(Conflict, match=f"{state} cannot become {to}"):
            incident.move(to, because="a reason")


@pytest.mark.parametrize("to", AlarmState)
@pytest.mark.parametrize("state", AlarmState)
def test_every_cell_of_the_alarm_table(state: AlarmState, to: AlarmState) -> None:
    alarm = an_alarm(state)
    if to in read(ALARM_TABLE)[state]:
        moved = alarm.move(to, because="a reason")
        assert (moved.state, moved.revision, moved.because) == (to, 6, "a reason")
    else:
        with pytest.raises(Conflict, match=f"{state} cannot become {to}"):
            alarm.move(to, because="a reason")


def test_no_move_without_a_because() -> None:
    with pytest.raises(Conflict, match="because"):
        an_incident(IncidentState.REPORTED).move(IncidentState.FILED, because=" ")
    with pytest.raises(Conflict, match="because"):
        an_alarm(AlarmState.RAISED).move(AlarmState.RINGING, because="")


def test_only_states_without_a_next_step_or_closed_are_not_open() -> None:
    ended = {state for state, nexts in read(INCIDENT_TABLE).items() if not nexts} | {"closed"}
    assert set(IncidentState) - OPEN_STATES == ended
    assert NEEDS_DECISION <= OPEN_STATES
    open_alarms = {state for state in AlarmState if an_alarm(state).is_open}
    assert open_alarms == {state for state, nexts in read(ALARM_TABLE).items() if nexts}
