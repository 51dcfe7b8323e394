"""Who may hear which events: the first word of a subject demands a permission, as the REST interface does.

Who decides about no incidents hears of the own ones only.
"""

from collections.abc import Mapping

from api.accounts import Account
from api.permissions import Permission
from core.events import Event

_P = Permission
NEEDED: Mapping[str, Permission] = {
    "alarms": _P.READ_ALARMS,
    "incidents": _P.READ_INCIDENTS,
    "sightings": _P.DECIDE_INCIDENTS,
    "vehicles": _P.READ_FLEET,
    "orders": _P.READ_FLEET,
    "commands": _P.READ_FLEET,
    "runs": _P.READ_FLEET,
    "patrols": _P.READ_FLEET,
    "zones": _P.READ_SITE,
}


def may_hear(account: Account, event: Event) -> bool:
    """Say whether *account* may be told of *event*; unknown subjects need READ_EVENTS."""
    topic = event.subject.partition(".")[0]
    if not account.may(NEEDED.get(topic, _P.READ_EVENTS)):
        return False
    is_restricted = topic == "incidents" and not account.may(_P.DECIDE_INCIDENTS)
    return not is_restricted or event.body.get("worker") == account.name
