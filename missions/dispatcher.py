"""The dispatcher: rows say what should be, telemetry says what is, and this loop moves one towards the other.

Every step ends in one short transaction, so a controller may be killed between any two of them; several controllers may
run side by side: a run that another one works on or has changed is simply looked at again.
"""

from datetime import datetime, timedelta

import structlog

from core.clock import Clock
from core.database import Database, Transaction
from core.errors import Conflict
from core.events import Event
from missions.books import RunBooks
from missions.patrol import Patrol, RunKind
from missions.requests import make_run
from missions.runner import RunSteps
from missions.schedule import next_start
from missions.store import MissionStore

_PERIOD_S = 0.5
_MISSED_AFTER = timedelta(seconds=60)
"""A scheduled start that is noticed later than this is missed and left out, never flown late by surprise."""


class Dispatcher:
    """Starts scheduled patrols and moves every run one step at a time."""

    def __init__(
        self, *, database: Database, missions: MissionStore, books: RunBooks, steps: RunSteps, clock: Clock
    ) -> None:
        self._database = database
        self._missions = missions
        self._books = books
        self._steps = steps
        self._clock = clock
        self._log = structlog.get_logger("dispatcher")

    async def run(self) -> None:
        """Reconcile for ever."""
        while True:
            await self.reconcile()
            await self._clock.sleep(_PERIOD_S)

    async def reconcile(self) -> None:
        """Look at every schedule and every run once; looks come before patrols."""
        await self._start_due_patrols()
        async with self._database.transaction() as unit:
            active = await self._missions.runs(unit, only_active=True, limit=1000)
        for run in sorted(active, key=lambda run: (run.kind is not RunKind.LOOK, run.planned_at, run.id)):
            try:
                await self._steps.step(run)
            except Conflict as conflict:
                self._log.info("run changed meanwhile, it is looked at again", run=run.id, because=str(conflict))

    async def _start_due_patrols(self) -> None:
        now = self._clock.now()
        async with self._database.transaction() as unit:
            for patrol, due_at in await self._missions.claim_due_patrols(unit, now=now):
                following = next_start(patrol.schedule, after=now) if patrol.schedule else None
                await self._missions.set_next_start(unit, patrol.id, at=following)
                if because := await self._why_not(unit, patrol, due_at=due_at, now=now):
                    unit.emit(Event(subject="patrols.skipped", key=patrol.id, body={"because": because}))
                    self._log.warning("scheduled patrol left out", patrol=patrol.id, because=because)
                else:
                    run = make_run(
                        kind=RunKind.PATROL, name=patrol.name, asked_by="schedule", now=now, patrol_id=patrol.id
                    )
                    await self._books.add(unit, run)

    async def _why_not(self, unit: Transaction, patrol: Patrol, *, due_at: datetime, now: datetime) -> str:
        if now - due_at > _MISSED_AFTER:
            return f"the start at {due_at:%Y-%m-%d %H:%M:%S}Z was missed: nobody was here to give the order"
        active = await self._missions.runs(unit, only_active=True, limit=1000)
        if any(run.patrol_id == patrol.id for run in active):
            return f"the start at {due_at:%Y-%m-%d %H:%M:%S}Z was left out: the run before it has not ended"
        return ""
