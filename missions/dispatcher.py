"""The dispatcher: rows say what should be, telemetry says what is, and this loop moves one towards the other.

Every step ends in one short transaction, so a controller may be killed between any two of them; several controllers may
run side by side: a run that another one works on or has changed is simply looked at again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from core.clock import Clock
from core.database import Database, Transaction
from core.errors import CallerError, Conflict, RoundsmanError
from core.events import Event
from core.ids import PatrolId, RunId
from core.tasks import RestartPolicy, guarded, run_blocking
from missions.books import RunBooks
from missions.patrol import OnMissed, OnOverlap, Patrol, Run, RunKind, RunState
from missions.requests import GIVE_UP_AFTER, make_run
from missions.runner import RunSteps
from missions.schedule import next_start, start_at
from missions.store import MissionStore

_PERIOD_S = 0.5
_MISSED_AFTER = timedelta(seconds=60)
"""A scheduled start that is noticed later than this was missed; what then happens says the schedule."""
_SET_BACK = timedelta(seconds=60)
"""Less than this is how clocks are kept right all the time."""
_AGAIN = RestartPolicy(first_s=2.0, most_s=60.0)
_OUR_FAULT = "the controller failed over it, its log says how"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failing:
    """How often in a row this program failed over a run, and until when it is not looked at again."""

    failures: int
    rests_until_s: float


_NOT_FAILING = _Failing(failures=0, rests_until_s=0.0)


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
        self._monotonic_began_at: datetime | None = None
        self._failing: dict[RunId, _Failing] = {}
        self._log = structlog.get_logger("dispatcher")

    async def run(self) -> None:
        """Reconcile for ever."""
        while True:
            await self.reconcile()
            await self._clock.sleep(_PERIOD_S)

    async def reconcile(self) -> None:
        """Look at every schedule and every run once; looks come before patrols."""
        if self._was_set_back():
            await self._bring_starts_forward()
        await self._start_due_patrols()
        async with self._database.transaction() as unit:
            active = await self._missions.runs(unit, only_active=True, limit=1000)
        self._failing = {run.id: self._failing[run.id] for run in active if run.id in self._failing}
        for run in sorted(active, key=lambda run: (run.kind is not RunKind.LOOK, run.planned_at, run.id)):
            if self._clock.monotonic_s() >= self._failing.get(run.id, _NOT_FAILING).rests_until_s:
                await guarded(
                    self._step(run, active),
                    name=f"run {run.id}",
                    on_fault=partial(self._failed, run),
                    passes=(RoundsmanError,),
                )

    async def _failed(self, run: Run) -> None:
        """Let a run rest over which this program failed; those behind it are looked at all the same."""
        failures = self._failing.get(run.id, _NOT_FAILING).failures + 1
        rests_until_s = self._clock.monotonic_s() + _AGAIN.pause_s(failures)
        self._failing[run.id] = _Failing(failures=failures, rests_until_s=rests_until_s)
        await self._books.note(run, _OUR_FAULT)

    async def _step(self, run: Run, active: Sequence[Run]) -> None:
        """Move one run; one that cannot go on says why, and does not keep those behind it waiting."""
        try:
            if not await self._waits_for_another(run, active):
                await self._steps.step(run)
        except Conflict as conflict:
            self._log.info("run changed meanwhile, it is looked at again", run=run.id, because=str(conflict))
        except CallerError as error:
            self._log.warning("a run cannot go on", run=run.id, because=str(error))
            await self._books.note(run, str(error))
        self._failing.pop(run.id, None)

    def _was_set_back(self) -> bool:
        """Say whether the clock has been set back since the last look; before the first one nobody knows."""
        began_at = self._clock.now() - timedelta(seconds=self._clock.monotonic_s())
        before, self._monotonic_began_at = self._monotonic_began_at, began_at
        return before is None or began_at < before - _SET_BACK

    async def _bring_starts_forward(self) -> None:
        """Plan anew what was planned by a clock that was ahead: else nothing starts until it is as late as it said."""
        async with self._database.reading() as unit:
            patrols = await self._missions.patrols(unit)
            planned, spent = await self._missions.next_starts(unit), await self._missions.all_spent_until(unit)
        now = self._clock.now()
        late = await run_blocking(
            lambda: [one.id for one in patrols if _earlier(one, planned.get(one.id), spent.get(one.id), now=now)]
        )
        for patrol_id in late:
            async with self._database.transaction() as unit:
                await self._bring_forward(unit, patrol_id, now=now)

    async def _bring_forward(self, unit: Transaction, patrol_id: PatrolId, *, now: datetime) -> None:
        patrol = await self._missions.patrol(unit, patrol_id, locked=True)
        planned_at = await self._missions.next_start_at(unit, patrol_id)
        spent_until = await self._missions.spent_until(unit, patrol_id)
        if (at := _earlier(patrol, planned_at, spent_until, now=now)) is not None:
            spent_until = None if spent_until is None else min(spent_until, now)
            await self._missions.set_next_start(unit, patrol_id, at=at, spent_until=spent_until)
            self._log.warning("the clock was ahead, so its next start is planned anew", patrol=patrol_id, at=at)

    async def _start_due_patrols(self) -> None:
        now = self._clock.now()
        async with self._database.transaction() as unit:
            for patrol, due_at in await self._missions.claim_due_patrols(unit, now=now):
                await self._set_following(unit, patrol, due_at=due_at, now=now)
                if because := await self._why_not(unit, patrol, due_at=due_at, now=now):
                    unit.emit(Event(subject="patrols.skipped", key=patrol.id, body={"because": because}))
                    self._log.warning("scheduled patrol left out", patrol=patrol.id, because=because)
                else:
                    await self._books.add(unit, _scheduled_run(patrol, due_at=due_at, now=now))

    async def _set_following(self, unit: Transaction, patrol: Patrol, *, due_at: datetime, now: datetime) -> None:
        """Keep when it starts next, and that the start of *due_at* had its turn, also when chance is drawn anew."""
        following, spent_until = None, due_at
        if patrol.schedule is not None:
            spent_until = start_at(patrol.schedule, due_at).rule_at
            following = next_start(patrol.schedule, after=now, spent_until=spent_until)
        await self._missions.set_next_start(unit, patrol.id, at=following, spent_until=spent_until)

    async def _why_not(self, unit: Transaction, patrol: Patrol, *, due_at: datetime, now: datetime) -> str:
        """Return why a start is left out, by the choices of the schedule; empty when it takes place."""
        on_missed, on_overlap = OnMissed.SKIP, OnOverlap.SKIP
        if patrol.schedule is not None:
            on_missed, on_overlap = patrol.schedule.on_missed, patrol.schedule.on_overlap
        if on_missed is OnMissed.SKIP and now - due_at > _MISSED_AFTER:
            return f"the start at {due_at:%Y-%m-%d %H:%M:%S}Z was missed: nobody was here to give the order"
        active = await self._missions.runs(unit, only_active=True, limit=1000)
        own = [run for run in active if run.patrol_id == patrol.id]
        if own and on_overlap is OnOverlap.SKIP:
            return f"the start at {due_at:%Y-%m-%d %H:%M:%S}Z was left out: the run before it has not ended"
        if on_overlap is OnOverlap.WAIT and any(run.state is RunState.PLANNED for run in own):
            return f"the start at {due_at:%Y-%m-%d %H:%M:%S}Z was left out: another run waits already"
        return ""

    async def _waits_for_another(self, run: Run, active: Sequence[Run]) -> bool:
        """Say whether a planned run waits for the end of an earlier one of its patrol; its time runs from then on."""
        own = [one for one in active if one.patrol_id == run.patrol_id]
        earlier = [one for one in own if (one.planned_at, one.id) < (run.planned_at, run.id)]
        if run.state is not RunState.PLANNED or run.patrol_id is None or not earlier:
            return False
        async with self._database.transaction() as unit:
            patrol = await self._missions.patrol(unit, run.patrol_id)
        if patrol.schedule is None or patrol.schedule.on_overlap is not OnOverlap.WAIT:
            return False
        later = self._clock.now() + GIVE_UP_AFTER
        if later - run.give_up_at > GIVE_UP_AFTER / 2:
            await self._books.change(run, lambda fresh: replace(fresh, give_up_at=later))
        else:
            await self._books.note(run, "waits until the run before it has ended")
        return True


def _scheduled_run(patrol: Patrol, *, due_at: datetime, now: datetime) -> Run:
    start = start_at(patrol.schedule, due_at) if patrol.schedule else None
    return make_run(kind=RunKind.PATROL, name=patrol.name, asked_by="schedule", now=now, patrol=patrol, start=start)


def _earlier(
    patrol: Patrol, planned_at: datetime | None, spent_until: datetime | None, *, now: datetime
) -> datetime | None:
    """Return the start after *now* where it comes before the one that is planned; only a clock ahead left it out."""
    if patrol.schedule is None or not patrol.is_active or (planned_at is not None and planned_at <= now):
        return None
    spent_until = None if spent_until is None else min(spent_until, now)
    at = next_start(patrol.schedule, after=now, spent_until=spent_until)
    return at if at is not None and (planned_at is None or at < planned_at) else None
