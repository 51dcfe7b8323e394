"""Every start that lies ahead in a span of time, for people who look at a week."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from core.ids import PatrolId
from missions.patrol import Patrol
from missions.schedule import next_start


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One planned start."""

    patrol_id: PatrolId
    at: datetime


def starts_ahead(patrols: Iterable[Patrol], *, since: datetime, until: datetime, most: int) -> tuple[Start, ...]:
    """Return starts of active patrols after *since*, up to *until*, earliest first, at most *most* of each patrol."""
    found = [start for patrol in patrols for start in islice(_starts(patrol, since, until), most)]
    return tuple(sorted(found, key=lambda start: (start.at, start.patrol_id)))


def _starts(patrol: Patrol, since: datetime, until: datetime) -> Iterator[Start]:
    if patrol.schedule is None or not patrol.is_active:
        return
    at = next_start(patrol.schedule, after=since)
    while at is not None and at <= until:
        yield Start(patrol_id=patrol.id, at=at)
        at = next_start(patrol.schedule, after=at)
