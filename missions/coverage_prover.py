"""Proves runs from the books, off the loop, one at a time; what was computed stays until more is told of the run."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from core.database import Database
from core.ids import OrderId, RunId
from core.tasks import run_blocking
from fleet.gazes import GazeLog
from fleet.store import FleetStore
from missions.patrol import Run
from missions.run_coverage import Flown, RunCoverage, prove_run
from missions.store import MissionStore

_KEPT = 64
_MOST_PICTURES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageTold:
    """The proof of a run; None with a because while there is none."""

    run: Run
    coverage: RunCoverage | None
    because: str = ""
    """Why there is no proof, or what it leaves out."""


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What a proof was made from: it is made again when this is another."""

    logs: int
    order_id: OrderId | None


class CoverageProver:
    """Answers what a run has seen of what it was to see."""

    def __init__(self, *, database: Database, missions: MissionStore, fleet: FleetStore) -> None:
        self._database = database
        self._missions = missions
        self._fleet = fleet
        self._kept: OrderedDict[RunId, tuple[_Stamp, CoverageTold]] = OrderedDict()
        self._turn = asyncio.Lock()

    async def prove(self, run_id: RunId) -> CoverageTold:
        """Return the proof of a run as far as its vehicle has told; raises NotFound."""
        run, stamp = await self._stamp(run_id)
        if (kept := self._newest(run_id, stamp)) is None:
            async with self._turn:
                run, stamp = await self._stamp(run_id)
                kept = self._newest(run_id, stamp) or await self._made(run)
                self._keep(run_id, stamp, kept)
        return CoverageTold(run=run, coverage=kept.coverage, because=kept.because)

    def _newest(self, run_id: RunId, stamp: _Stamp) -> CoverageTold | None:
        kept = self._kept.get(run_id)
        return kept[1] if kept is not None and kept[0] == stamp else None

    def _keep(self, run_id: RunId, stamp: _Stamp, told: CoverageTold) -> None:
        self._kept[run_id] = (stamp, told)
        self._kept.move_to_end(run_id)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    async def _stamp(self, run_id: RunId) -> tuple[Run, _Stamp]:
        async with self._database.reading() as unit:
            run = await self._missions.run(unit, run_id)
            logs = await self._fleet.count_gaze_logs_of_run(unit, run_id)
        return run, _Stamp(logs, run.order_id)

    async def _made(self, run: Run) -> CoverageTold:
        async with self._database.reading() as unit:
            records = await self._fleet.orders_of_run(unit, run.id)
            logs = await self._fleet.gaze_logs_of_run(unit, run.id)
            patrol = None
            if run.patrol_id is not None and run.patrol_revision is not None:
                patrol = await self._missions.patrol_version(unit, run.patrol_id, run.patrol_revision)
        if not records:
            because = "no vehicle was sent yet" if run.started_at is None else "its flights are not kept any more"
            return CoverageTold(run=run, coverage=None, because=because)
        if run.patrol_id is not None and patrol is None:
            return CoverageTold(run=run, coverage=None, because="it was flown before coverage was kept")
        if not logs:
            return CoverageTold(run=run, coverage=None, because="its vehicle has told of no pictures")
        used, because = _bounded(logs)
        orders, legs_done = zip(*((one.order, one.progress.legs_done) for one in records), strict=True)
        flown = Flown(run=run, patrol=patrol, orders=orders, legs_done=legs_done, logs=used)
        return CoverageTold(run=run, coverage=await run_blocking(lambda: prove_run(flown)), because=because)


def _bounded(logs: tuple[GazeLog, ...]) -> tuple[tuple[GazeLog, ...], str]:
    """Return the logs with the first so many pictures."""
    count = 0
    for number, log in enumerate(logs):
        count += len(log.gazes)
        if count > _MOST_PICTURES:
            return logs[:number], f"only the first {_MOST_PICTURES} pictures were looked at"
    return logs, ""
