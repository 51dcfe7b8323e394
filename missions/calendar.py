"""Every start that lies ahead in a span of time, for people who look at a week."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from core.ids import PatrolId
from missions.patrol import Patrol
from missions.schedule import starts_between


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One planned start."""

    patrol_id: PatrolId
    at: datetime


def starts_ahead(
    patrols: Iterable[Patrol],
    *,
    since: datetime,
    until: datetime,
    most: int,
    now: datetime,
    spent_until: Mapping[PatrolId, datetime],
) -> tuple[Start, ...]:
    """Return starts of active patrols after *since*, up to *until*, earliest first, at most *most* of each patrol.

    After *now* none of them had its turn (`MissionStore.spent_until`), wherever chance would move it now.
    """
    found = [
        Start(patrol_id=patrol.id, at=at)
        for patrol in patrols
        if patrol.schedule is not None and patrol.is_active
        for at in starts_between(
            patrol.schedule, since, until, most=most, now=now, spent_until=spent_until.get(patrol.id)
        )
    ]
    return tuple(sorted(found, key=lambda start: (start.at, start.patrol_id)))
