"""How long each place of the patrols has not been passed, from the flights' own words."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from core.database import Database, Transaction
from core.ids import PatrolId
from core.tasks import run_blocking
from fleet.orders import LegPurpose, Order, OrderProgress
from fleet.store import FleetStore
from geofence.positions import GeoPosition
from missions.patrol import Run, RunKind
from missions.store import MissionStore

_WORK = frozenset({LegPurpose.POINT, LegPurpose.LINE, LegPurpose.SURVEY})
_SAME_DEG = 3e-5
"""About three metres: the next run's corner of the same strip is the same place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Idleness:
    """One place: when it was last passed (None: not in the time looked at), and the longest wait between two passes."""

    place: GeoPosition
    patrol_id: PatrolId
    name: str
    passes: int
    last_seen_at: datetime | None
    worst_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flown:
    """An order of a patrol, with its story."""

    patrol_id: PatrolId
    order: Order
    history: Sequence[OrderProgress]


def idleness(flown: Iterable[Flown], *, since: datetime) -> tuple[Idleness, ...]:
    """Return every place that the orders were to work at, with its passes after *since*; the longest unseen first."""
    names: dict[tuple[PatrolId, int, int], tuple[GeoPosition, str]] = {}
    passed: dict[tuple[PatrolId, int, int], list[datetime]] = {}
    for one in flown:
        for number, leg in enumerate(one.order.legs, start=1):
            if leg.purpose not in _WORK:
                continue
            key = (one.patrol_id, round(leg.place.lon_deg / _SAME_DEG), round(leg.place.lat_deg / _SAME_DEG))
            names.setdefault(key, (leg.place, leg.name))
            passed.setdefault(key, []).extend(at for at in _reached(one.history, number) if at > since)
    places = [_told(key, *names[key], sorted(times)) for key, times in passed.items()]
    return tuple(sorted(places, key=lambda place: (place.last_seen_at is not None, place.last_seen_at, place.name)))


def _reached(history: Iterable[OrderProgress], number: int) -> Iterator[datetime]:
    """Yield the moment at which leg *number* (from 1) was first told as done, if it was."""
    first = min((progress.at for progress in history if progress.legs_done >= number), default=None)
    if first is not None:
        yield first


def _told(key: tuple[PatrolId, int, int], place: GeoPosition, name: str, times: Sequence[datetime]) -> Idleness:
    gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
    return Idleness(
        place=place,
        patrol_id=key[0],
        name=name,
        passes=len(times),
        last_seen_at=times[-1] if times else None,
        worst_s=max(gaps, default=None),
    )


class IdlenessReader:
    """Reads what was flown lately."""

    def __init__(self, *, database: Database, missions: MissionStore, fleet: FleetStore) -> None:
        self._database = database
        self._missions = missions
        self._fleet = fleet

    async def read(self, *, since: datetime, runs: int) -> tuple[Idleness, ...]:
        """Return the idleness of all places by the newest *runs* runs that were planned after *since*."""
        async with self._database.reading() as unit:
            newest = [run for run in await self._missions.runs(unit, limit=runs) if run.planned_at > since]
            flown = [one for run in newest for one in await self._flown(unit, run)]
        return await run_blocking(lambda: idleness(flown, since=since))

    async def _flown(self, unit: Transaction, run: Run) -> Sequence[Flown]:
        if run.kind is not RunKind.PATROL or run.patrol_id is None:
            return ()
        orders = [record.order for record in await self._fleet.orders_of_run(unit, run.id)]
        return [
            Flown(patrol_id=run.patrol_id, order=order, history=await self._fleet.order_history(unit, order.id))
            for order in orders
        ]
