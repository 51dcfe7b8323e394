"""Who may hear which events: the first word of a subject demands a permission."""

from collections.abc import Mapping

from api.accounts import Account
from api.permissions import Permission

_P = Permission
NEEDED: Mapping[str, Permission] = {
    "alarms": _P.READ_ALARMS,
    "incidents": _P.READ_INCIDENTS,
    "sightings": _P.READ_INCIDENTS,
    "vehicles": _P.READ_FLEET,
    "orders": _P.READ_FLEET,
    "commands": _P.READ_FLEET,
    "runs": _P.READ_FLEET,
    "patrols": _P.READ_FLEET,
    "zones": _P.READ_SITE,
}


def may_hear(account: Account, subject: str) -> bool:
    """Say whether *account* may be told of events with that *subject*; unknown ones need READ_EVENTS."""
    return account.may(NEEDED.get(subject.partition(".")[0], _P.READ_EVENTS))
