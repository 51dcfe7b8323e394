"""What a run flies: its patrol as it was approved when the run was made, as long as the patrol is approved at all."""

from core.database import Database, Transaction
from missions.books import RunBooks
from missions.patrol import Patrol, Run, RunState
from missions.store import MissionStore


class ApprovedPatrols:
    """Keeps runs to what was approved."""

    def __init__(self, *, database: Database, missions: MissionStore, books: RunBooks) -> None:
        self._database = database
        self._missions = missions
        self._books = books

    async def patrol_of(self, unit: Transaction, run: Run) -> Patrol | None:
        """Return the patrol in the revision that *run* was made from; None for a look."""
        if run.patrol_id is None:
            return None
        patrol = await self._missions.patrol(unit, run.patrol_id)
        if run.patrol_revision in (None, patrol.revision):
            # None, and revisions that nobody kept, come from controllers that did not keep revisions yet.
            return patrol
        return await self._missions.patrol_version(unit, run.patrol_id, run.patrol_revision)

    async def ends(self, run: Run) -> bool:
        """End a run that nobody flies now when its patrol is approved no longer; return whether it was so."""
        if run.patrol_id is None or run.state is RunState.RUNNING:
            return False
        async with self._database.transaction() as unit:
            patrol = await self._missions.patrol(unit, run.patrol_id)
        if not patrol.is_active:
            because = f"the patrol was withdrawn before this was flown: its revision {patrol.revision} is a draft"
            await self._books.end(run, RunState.ABORTED, because=because)
        return not patrol.is_active
