"""Who may do what: one table, shown by the desk and walked cell by cell by the tests."""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Role(StrEnum):
    """What an account is for; an account may have several."""

    ADMINISTRATOR = "administrator"
    SUPERVISOR = "supervisor"
    GRID_WORKER = "grid_worker"
    RESIDENT_DEVICE = "resident_device"
    AGENT = "agent"


class Permission(StrEnum):
    """One thing that can be allowed."""

    READ_SITE = "read_site"
    """Site, zones, kinds of incidents."""
    READ_FLEET = "read_fleet"
    """Vehicles, patrols, runs, pictures."""
    READ_INCIDENTS = "read_incidents"
    """Incidents, sightings, evidence."""
    READ_ALARMS = "read_alarms"
    READ_EVENTS = "read_events"
    READ_FIGURES = "read_figures"
    WORK_INCIDENTS = "work_incidents"
    """A grid worker's moves: accept, hand back, handle, defer, report as handled."""
    DECIDE_INCIDENTS = "decide_incidents"
    """A supervisor's moves: file, reject, dispatch, void, close, reopen."""
    ADD_EVIDENCE = "add_evidence"
    ANSWER_ALARMS = "answer_alarms"
    """Confirm the ringing, answer, respond, end."""
    PRESS_BUTTON = "press_button"
    """Raise a help alarm from one's own panel, and see that alarm."""
    COMMAND_VEHICLES = "command_vehicles"
    """Hold, resume, return, land; send a look."""
    PLAN_PATROLS = "plan_patrols"
    START_RUNS = "start_runs"
    EDIT_ZONES = "edit_zones"
    MANAGE_USERS = "manage_users"


_P = Permission
_READ = frozenset({_P.READ_SITE, _P.READ_FLEET, _P.READ_INCIDENTS})
_SUPERVISE = _READ | {
    _P.READ_ALARMS,
    _P.READ_EVENTS,
    _P.READ_FIGURES,
    _P.WORK_INCIDENTS,
    _P.DECIDE_INCIDENTS,
    _P.ADD_EVIDENCE,
    _P.ANSWER_ALARMS,
    _P.COMMAND_VEHICLES,
    _P.PLAN_PATROLS,
    _P.START_RUNS,
    # A crane, a fair, a fire: who watches over patrols closes the air at once; who did it and why stays in the history.
    _P.EDIT_ZONES,
}
TABLE: Mapping[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: _SUPERVISE | {_P.MANAGE_USERS},
    Role.SUPERVISOR: _SUPERVISE,
    Role.GRID_WORKER: _READ | {_P.WORK_INCIDENTS, _P.ADD_EVIDENCE},
    Role.RESIDENT_DEVICE: frozenset({_P.PRESS_BUTTON}),
    Role.AGENT: frozenset(),
}
"""Agents speak gRPC with a certificate; over HTTP they may do nothing."""


def allows(roles: Iterable[Role], permission: Permission) -> bool:
    """Say whether any of *roles* has *permission*."""
    return any(permission in TABLE[role] for role in roles)
