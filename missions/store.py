"""What missions keeps: patrols, when they start next, and runs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from core.database import Transaction
from core.ids import AlarmId, PatrolId, RunId
from missions.patrol import Patrol, Run


class MissionStore(Protocol):
    """Patrols and runs; every method works inside the caller's transaction."""

    async def add_patrol(self, unit: Transaction, patrol: Patrol, *, next_start_at: datetime | None) -> Patrol:
        """Store a new patrol with revision 1; raises Conflict when its id is taken."""

    async def change_patrol(self, unit: Transaction, patrol: Patrol, *, next_start_at: datetime | None) -> Patrol:
        """Replace the patrol whose revision *patrol* names; raises NotFound, or Conflict when it has changed since."""

    async def patrol(self, unit: Transaction, patrol_id: PatrolId, *, locked: bool = False) -> Patrol:
        """Return one patrol, *locked* for who decides whether it is to run; raises NotFound."""

    async def patrol_version(self, unit: Transaction, patrol_id: PatrolId, revision: int) -> Patrol:
        """Return a patrol as it was in one of its revisions; raises NotFound."""

    async def patrols(self, unit: Transaction) -> Sequence[Patrol]:
        """Return all patrols by name."""

    async def next_start_at(self, unit: Transaction, patrol_id: PatrolId) -> datetime | None:
        """Return when the patrol is to start next."""

    async def next_starts(self, unit: Transaction) -> Mapping[PatrolId, datetime]:
        """Return when each patrol that has a next start is to start."""

    async def claim_due_patrols(self, unit: Transaction, *, now: datetime) -> Sequence[tuple[Patrol, datetime]]:
        """Return active patrols whose next start has come, with that time, locked until the transaction ends."""

    async def set_next_start(
        self, unit: Transaction, patrol_id: PatrolId, *, at: datetime | None, spent_until: datetime | None = None
    ) -> None:
        """Set when the patrol is to start next, and that all starts of its rule up to *spent_until* had their turn."""

    async def spent_until(self, unit: Transaction, patrol_id: PatrolId) -> datetime | None:
        """Return the newest start of the patrol's rule that had its turn, as the rule gave it; None: none yet."""

    async def all_spent_until(self, unit: Transaction) -> Mapping[PatrolId, datetime]:
        """Return what `spent_until` does, for every patrol that has one."""

    async def add_run(self, unit: Transaction, run: Run) -> Run:
        """Store a new run with revision 1."""

    async def save_run(self, unit: Transaction, run: Run) -> Run:
        """Replace the run whose revision *run* names; raises Conflict when it has changed since."""

    async def run(self, unit: Transaction, run_id: RunId, *, locked: bool = False) -> Run:
        """Return one run, *locked* for who decides what becomes of it; raises NotFound."""

    async def runs(self, unit: Transaction, *, only_active: bool = False, limit: int = 100) -> Sequence[Run]:
        """Return runs, newest first."""

    async def claim_run(self, unit: Transaction, run_id: RunId) -> Run | None:
        """Return the run, locked until the transaction ends; None when it has ended or somebody else works on it."""

    async def look_for_alarm(self, unit: Transaction, alarm_id: AlarmId) -> Run | None:
        """Return the newest look that was asked for an alarm."""

    async def counts(self, unit: Transaction) -> dict[str, int]:
        """Return the number of patrol runs by state, and the sum of their legs done as "legs_done"."""
