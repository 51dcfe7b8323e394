"""Lets go of what has been kept for its time: flights with what their cameras showed, the journal, refused reports.

What an open run, an open case or an open alarm refers to stays, and so does what a case refers to that was closed less
than that time ago. It is looked for where nobody waits, and taken in small batches with pauses between them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from core.clock import Clock
from core.database import Database, Transaction
from core.errors import InvalidInput

_EVERY_S = 3600.0
_BATCH = 100
_PAUSE_S = 0.2
_LEAST_DAYS = 1.0
_JUMP_S = 3600.0
_BELIEVED_AFTER_S = 86_400.0

Keys = Sequence[str] | Sequence[int]


class Matter(Protocol):
    """One kind of rows that are let go of."""

    async def find(self, unit: Transaction, *, before: datetime, limit: int) -> Keys:
        """Return the keys of rows, the oldest first, whose time was over *before* and that nothing refers to."""

    async def take(self, unit: Transaction, keys: Keys) -> None:
        """Take these rows, and what hangs on them, out of the books."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFor:
    """For how many days what is kept; None keeps it for ever."""

    flights_days: float | None
    journal_days: float | None
    refused_days: float | None

    @classmethod
    def of(cls, *, flights: float, journal: float, refused: float) -> "KeptFor":
        """Return what settings say, where 0 means for ever; raises InvalidInput."""
        return cls(
            flights_days=_days("keep_flights_days", flights),
            journal_days=_days("keep_journal_days", journal),
            refused_days=_days("keep_refused_days", refused),
        )


def _days(name: str, days: float) -> float | None:
    if days != 0 and not days >= _LEAST_DAYS:
        raise InvalidInput(f"is {days:g}", where=name, remedy="give 1 day or more, or 0 to keep it for ever")
    return days or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aged:
    """A matter, by what people call it, and for how long it is kept."""

    name: str
    days: float | None
    matter: Matter


class SteadyClock:
    """Says whether the wall clock may be believed: what is let go of by a clock that was wrong never comes back."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._from_at, self._from_s = clock.now(), clock.monotonic_s()
        self._doubted_from_s: float | None = None

    def is_believed(self) -> bool:
        """Say whether no more time has passed by the wall clock than really has; a day later a jump is believed."""
        now_s = self._clock.monotonic_s()
        ahead_s = (self._clock.now() - self._from_at).total_seconds() - (now_s - self._from_s)
        if ahead_s <= _JUMP_S:
            self._doubted_from_s = None
            return True
        if self._doubted_from_s is None:
            self._doubted_from_s = now_s
        if now_s - self._doubted_from_s < _BELIEVED_AFTER_S:
            return False
        self._from_at, self._from_s, self._doubted_from_s = self._clock.now(), now_s, None
        return True


class Retention:
    """A service: lets go every hour, at first an hour after the start: by then a wrong clock has been put right."""

    def __init__(self, *, database: Database, clock: Clock, aged: Sequence[Aged]) -> None:
        self._database = database
        self._clock = clock
        self._aged = aged
        self._steady = SteadyClock(clock=clock)
        self._log = structlog.get_logger("retention")

    async def run(self) -> None:
        """Let go for ever."""
        while True:
            await self._clock.sleep(_EVERY_S)
            await self.let_go()

    async def let_go(self) -> Mapping[str, int]:
        """Let go of everything whose time is over, and return of how many rows, by what they were."""
        gone: dict[str, int] = {}
        if not self._steady.is_believed():
            self._log.error("the clock has jumped ahead, so nothing is let go by it for a day")
            return gone
        for one in self._aged:
            if one.days is not None:
                gone[one.name] = await self._all(one.matter, self._clock.now() - timedelta(days=one.days))
                if gone[one.name]:
                    self._log.info("let go after its time", what=one.name, rows=gone[one.name], days=one.days)
        return gone

    async def _all(self, matter: Matter, before: datetime) -> int:
        total = 0
        while True:
            async with self._database.reading() as unit:
                keys = await matter.find(unit, before=before, limit=_BATCH)
            if not keys:
                return total
            async with self._database.transaction() as unit:
                await matter.take(unit, keys)
            total += len(keys)
            await self._clock.sleep(_PAUSE_S)
