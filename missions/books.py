"""Every change of a run goes through here: written, journalled, and told to people."""

from collections.abc import Callable
from dataclasses import replace

from core.clock import Clock
from core.database import Database, Transaction
from core.events import Event
from missions.patrol import Run, RunState
from missions.patrol_files import run_to_json
from missions.store import MissionStore


class RunBooks:
    """Stores runs with an event for each change."""

    def __init__(self, *, database: Database, missions: MissionStore, clock: Clock) -> None:
        self._database = database
        self._missions = missions
        self._clock = clock

    async def add(self, unit: Transaction, run: Run) -> Run:
        """Store a new run."""
        stored = await self._missions.add_run(unit, run)
        self._tell(unit, stored)
        return stored

    async def save(self, unit: Transaction, run: Run) -> Run:
        """Store a changed run; raises Conflict when somebody else changed it meanwhile."""
        stored = await self._missions.save_run(unit, run)
        self._tell(unit, stored)
        return stored

    async def change(self, run: Run, change: Callable[[Run], Run]) -> None:
        """Apply *change* to the run in a transaction of its own, unless it has changed since it was read."""
        async with self._database.transaction() as unit:
            fresh = await self._missions.claim_run(unit, run.id)
            if fresh is not None and fresh.revision == run.revision:
                await self.save(unit, change(fresh))

    async def end(self, run: Run, state: RunState, *, because: str) -> None:
        """End the run as *state*, unless it has changed since it was read."""
        await self.change(run, lambda fresh: fresh.move(state, because=because, at=self._clock.now()))

    async def note(self, run: Run, because: str) -> None:
        """Keep why the run waits, when that is news."""
        if because != run.because:
            await self.change(run, lambda fresh: replace(fresh, because=because))

    @staticmethod
    def _tell(unit: Transaction, run: Run) -> None:
        unit.emit(Event(subject="runs.changed", key=run.id, body=run_to_json(run)))
