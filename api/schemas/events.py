"""Lines of the journal."""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from api.schemas import alarms, incidents
from api.schemas.shapes import Moment, Told, with_said
from core.database import JournalLine

_PEOPLES: Final[Mapping[str, frozenset[str]]] = {
    "incidents.changed": incidents.PEOPLES_STATES,
    "alarms.changed": alarms.PEOPLES_STATES,
}


class EventTold(Told):
    """One thing that happened; `body` is shaped by its subject."""

    cursor: int
    subject: str
    key: str
    at: Moment
    body: dict[str, JsonValue]


class EventsTold(Told):
    """Events behind a cursor, oldest first; go on with `cursor`."""

    cursor: int
    events: list[EventTold]
    let_go_until: int | None = None
    """Set where the journal does not reach back to the cursor that was asked for: up to here it is let go."""


def tell_line(line: JournalLine) -> EventTold:
    """Return what is told of one line."""
    event = line.event
    body = with_said(event.body, peoples=_PEOPLES.get(event.subject, ()))
    return EventTold(cursor=line.cursor, subject=event.subject, key=event.key, at=line.at, body=body)
