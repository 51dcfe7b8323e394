"""Lines of the journal."""

from pydantic import JsonValue

from api.schemas.shapes import Moment, Told, with_said
from core.database import JournalLine


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


def tell_line(line: JournalLine) -> EventTold:
    """Return what is told of one line."""
    return EventTold(
        cursor=line.cursor, subject=line.event.subject, key=line.event.key, at=line.at, body=with_said(line.event.body)
    )
