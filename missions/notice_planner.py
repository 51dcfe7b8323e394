"""Compares plans by how soon they would notice something: schedules, routes, and what their cameras see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import takewhile

import shapely
from shapely.geometry.base import BaseGeometry

from core.database import Database
from core.errors import InvalidInput
from core.tasks import run_blocking
from geofence.zones import ZoneKind, ZoneSet
from missions.notice import Appearing, Notice, Sights
from missions.patrol import Patrol
from missions.route_view import Array, View, grid_of_places, seen_on_route
from missions.schedule import PlannedStart, planned_starts
from missions.sources import ZoneSource
from missions.trial import Trial, TrialPlanner

_MOST_SIGHTS = 6_000_000


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

    def __init__(self, *, database: Database, trial: TrialPlanner, zones: ZoneSource) -> None:
        self._database = database
        self._trial = trial
        self._zones = zones

    async def compare(self, plans: Sequence[NamedPlan], question: Question) -> list[PlanNotice]:
        """Return the answer for each plan, over the same places.

        Raises InvalidInput when there is nothing to look at or too much, NotFound when no vehicle could fly a patrol.
        """
        async with self._database.reading() as unit:
            zones = await self._zones.zones(unit)

        def places_asked_about() -> Array:
            ground = question.area if question.area is not None else _where_vehicles_may_be(zones)
            return grid_of_places(ground, spacing_m=question.spacing_m)

        places = await run_blocking(places_asked_about)
        return [await self._one(plan, question, places) for plan in plans]

    async def _one(self, plan: NamedPlan, question: Question, places: Array) -> PlanNotice:
        parts = [await self._patrol(patrol, question, places) for patrol in plan.patrols]
        sights = Sights.together([part.sights for part in parts])
        notice = await run_blocking(lambda: Notice.of(sights, places=len(places), appearing=question.appearing))
        problems = tuple(problem for part in parts for problem in part.problems)
        return PlanNotice(name=plan.name, notice=notice, starts=sum(part.starts for part in parts), problems=problems)

    async def _patrol(self, patrol: Patrol, question: Question, places: Array) -> "_Runs":
        starts = await run_blocking(lambda: _starts(patrol, question.appearing))
        sights, problems = list[Sights](), list[str]()
        for is_reversed in sorted({start.is_reversed for start in starts}):
            trial = await self._trial.plan(patrol.turned_round() if is_reversed else patrol, vehicle_id=None)
            if not trial.route.is_flyable:
                problems.append(f"{patrol.name}: {trial.route.because}")
            offsets = [_offset_s(start, question.appearing) for start in starts if start.is_reversed is is_reversed]
            work = partial(_all_sights, trial, offsets, places, question.view)
            sights.append(await run_blocking(work))
        return _Runs(sights=Sights.together(sights), starts=len(starts), problems=tuple(dict.fromkeys(problems)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runs:
    sights: Sights
    starts: int
    problems: tuple[str, ...]


def _where_vehicles_may_be(zones: ZoneSet) -> BaseGeometry:
    inside = shapely.union_all([zone.polygon for zone in zones.of_kind(ZoneKind.KEEP_IN)])
    return shapely.difference(inside, shapely.union_all([zone.polygon for zone in zones.of_kind(ZoneKind.KEEP_OUT)]))


def _starts(patrol: Patrol, appearing: Appearing) -> list[PlannedStart]:
    if patrol.schedule is None or not patrol.is_active:
        return []
    until = appearing.begin_at + timedelta(seconds=appearing.span_s)
    after = appearing.begin_at - timedelta(microseconds=1)
    return list(takewhile(lambda start: start.at < until, planned_starts(patrol.schedule, after=after)))


def _offset_s(start: PlannedStart, appearing: Appearing) -> float:
    return (start.at - appearing.begin_at).total_seconds()


def _all_sights(trial: Trial, offsets_s: Sequence[float], places: Array, view: View) -> Sights:
    once = seen_on_route(trial.route.legs, start=trial.start, places=places, view=view)
    if len(once.places) * len(offsets_s) > _MOST_SIGHTS:
        what = f"{len(offsets_s)} runs see {len(once.places)} places each"
        raise InvalidInput(what, where="spacing_m", remedy="give a wider spacing or a shorter span")
    return Sights.together([once.later(offset_s) for offset_s in offsets_s])
