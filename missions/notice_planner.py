"""Compares plans by how soon they would notice something: schedules, routes, and what their cameras see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import islice, takewhile

import shapely
from shapely.geometry.base import BaseGeometry

from core.clock import Clock
from core.database import Database
from core.errors import InvalidInput, Unavailable
from core.tasks import run_blocking
from core.turns import IsStopped, IsWanted, Turns
from geofence.zones import ZoneKind, ZoneSet
from missions.notice import Appearing, Notice, Sights
from missions.patrol import Patrol
from missions.route_view import Array, View, count_moments, grid_of_places, seen_on_route
from missions.schedule import PlannedStart, planned_starts
from missions.sources import ZoneSource
from missions.trial import Trial, TrialPlanner

_MOST_SIGHTS = 1_000_000
"""Of all plans of a request together: some 180 MB and three seconds of a core."""
_MOST_LOOKS = 100_000_000
"""Places times three metres of route, of all plans of a request together: some seconds of a core."""
_RUN_COUNTS_AS = 10
"""A run that sees nothing takes time too: to work out when it starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPlan:
    """Patrols with their schedules that are to be judged together."""

    name: str
    patrols: tuple[Patrol, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """When something may appear, where (WGS-84; None: wherever vehicles may be), and how well a camera sees."""

    appearing: Appearing
    area: BaseGeometry | None
    spacing_m: float
    view: View


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNotice:
    """How soon a plan notices something, how often it runs in the span, and what cannot be flown of it."""

    name: str
    notice: Notice
    starts: int
    problems: tuple[str, ...]


class NoticePlanner:
    """Answers how long something would stay unseen under plans that need not be stored."""

    def __init__(self, *, database: Database, trial: TrialPlanner, zones: ZoneSource, clock: Clock) -> None:
        self._turns = Turns(clock=clock, doing="compare plans")
        self._database = database
        self._trial = trial
        self._zones = zones

    async def compare(self, plans: Sequence[NamedPlan], question: Question, *, is_wanted: IsWanted) -> list[PlanNotice]:
        """Return the answer for each plan, over the same places; it ends soon after nobody wants it any more.

        Raises InvalidInput when there is nothing to look at or too much, NotFound when no vehicle could fly a patrol,
        Unavailable while too many others wait.
        """
        return await self._turns.take(partial(self._compared, plans, question), is_wanted=is_wanted)

    async def _compared(
        self, plans: Sequence[NamedPlan], question: Question, is_stopped: IsStopped
    ) -> list[PlanNotice]:
        async with self._database.reading() as unit:
            zones = await self._zones.zones(unit)

        def places_asked_about() -> Array:
            ground = question.area if question.area is not None else _where_vehicles_may_be(zones)
            return grid_of_places(ground, spacing_m=question.spacing_m)

        places = await run_blocking(places_asked_about)
        work = _Work(question=question, places=places, is_stopped=is_stopped)
        return [await self._one(plan, work) for plan in plans]

    async def _one(self, plan: NamedPlan, work: "_Work") -> PlanNotice:
        parts = [await self._patrol(patrol, work) for patrol in plan.patrols]
        sights, appearing = Sights.together([part.sights for part in parts]), work.question.appearing
        notice = await run_blocking(lambda: Notice.of(sights, places=len(work.places), appearing=appearing))
        problems = tuple(problem for part in parts for problem in part.problems)
        return PlanNotice(name=plan.name, notice=notice, starts=sum(part.starts for part in parts), problems=problems)

    async def _patrol(self, patrol: Patrol, work: "_Work") -> "_Runs":
        if work.is_stopped():
            raise Unavailable("nobody waits for the comparison any more", remedy="ask again")
        starts = await run_blocking(partial(work.starts, patrol))
        sights, problems = list[Sights](), list[str]()
        for is_reversed in sorted({start.is_reversed for start in starts}):
            trial = await self._trial.plan(patrol.turned_round() if is_reversed else patrol, vehicle_id=None)
            if not trial.route.is_flyable:
                problems.append(f"{patrol.name}: {trial.route.because}")
            same_way = [start for start in starts if start.is_reversed is is_reversed]
            sights.append(await run_blocking(partial(work.sights, trial, same_way)))
        return _Runs(sights=Sights.together(sights), starts=len(starts), problems=tuple(dict.fromkeys(problems)))


class _Work:
    """One request's question, and how much may still be worked out for it."""

    def __init__(self, *, question: Question, places: Array, is_stopped: IsStopped) -> None:
        self.question = question
        self.places = places
        self.is_stopped = is_stopped
        self._left = _MOST_SIGHTS
        self._looks_left = _MOST_LOOKS

    def starts(self, patrol: Patrol) -> list[PlannedStart]:
        """Return when the patrol starts in the span. Raises InvalidInput when that is too often."""
        if patrol.schedule is None or not patrol.is_active:
            return []
        appearing = self.question.appearing
        until = appearing.begin_at + timedelta(seconds=appearing.span_s)
        after = appearing.begin_at - timedelta(microseconds=1)
        starts = takewhile(lambda start: start.at < until, planned_starts(patrol.schedule, after=after))
        found = list(islice(starts, self._left // _RUN_COUNTS_AS + 1))
        self._spend(_RUN_COUNTS_AS * len(found))
        return found

    def sights(self, trial: Trial, starts: Sequence[PlannedStart]) -> Sights:
        """Return what the runs of a route see. Raises InvalidInput when that is too much."""
        self._look(count_moments(trial.route.legs, start=trial.start))
        once = seen_on_route(trial.route.legs, start=trial.start, places=self.places, view=self.question.view)
        self._spend(len(once.places) * len(starts))
        begin_at = self.question.appearing.begin_at
        return Sights.together([once.later((start.at - begin_at).total_seconds()) for start in starts])

    def _look(self, moments: int) -> None:
        self._looks_left -= moments * len(self.places)
        if self._looks_left < 0:
            what = (
                f"{len(self.places)} places would be looked for from more than {_MOST_LOOKS // len(self.places)} places"
            )
            remedy = "give a wider spacing, a smaller area or shorter patrols"
            raise InvalidInput(what, where="plans", remedy=remedy)

    def _spend(self, sights: int) -> None:
        self._left -= sights
        if self._left < 0:
            what = f"all runs together see places more than {_MOST_SIGHTS} times"
            remedy = "give a wider spacing, a shorter span, fewer patrols or seldomer starts"
            raise InvalidInput(what, where="plans", remedy=remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runs:
    sights: Sights
    starts: int
    problems: tuple[str, ...]


def _where_vehicles_may_be(zones: ZoneSet) -> BaseGeometry:
    inside = shapely.union_all([zone.polygon for zone in zones.of_kind(ZoneKind.KEEP_IN)])
    return shapely.difference(inside, shapely.union_all([zone.polygon for zone in zones.of_kind(ZoneKind.KEEP_OUT)]))
