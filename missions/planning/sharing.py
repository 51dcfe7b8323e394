"""From jobs in metres to the optimiser's problem in seconds, and its sorties back."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from geofence.frames import FloatArray
from geofence.prisms import IntArray
from missions.allocation.problem import Carrier, Problem
from missions.planning.compose import Composed
from missions.planning.jobs import STRAIGHT_RAD, Job, changes_rad
from missions.planning.levels import Level
from missions.planning.request import FleetRequest, Objective, Place, PlanVehicle

_BENDS = 2
"""Turns that are reckoned with on a way that is not straight, until it is known."""
_MOST_JOBS = 700
_JOBS_PER_VEHICLE = 8
_SHARE_OF_ENDURANCE = 0.25
_SHORTEST_PIECE_M = 5.0
_STRAIGHT_M = 1e-6


class Pace(NamedTuple):
    """What makes two vehicles take equally long for everything."""

    height_agl_m: float
    speed_m_s: float
    turn_s: float
    skills: frozenset[str]


def pace_of(vehicle: PlanVehicle) -> Pace:
    """Return the pace of *vehicle*."""
    return Pace(vehicle.height_agl_m, vehicle.speed_m_s, vehicle.turn_s, vehicle.skills)


@dataclass(frozen=True, kw_only=True, eq=False)
class Shared:
    """The optimiser's problem; the job behind each of its choices, the way round that it is done."""

    problem: Problem
    choices: tuple[Job, ...]
    vehicles: tuple[PlanVehicle, ...]


class _Turns(NamedTuple):
    """Turns at the ends of ways that are straight, and the most there are at the ends of others."""

    straight: IntArray
    most: IntArray


class Sharer:
    """Cuts jobs to sizes that vehicles can share, leaves out what none can reach, and sets up the problem."""

    def __init__(
        self,
        request: FleetRequest,
        levels: Mapping[float, Level],
        vehicles: Sequence[PlanVehicle],
        *,
        starts: Mapping[str, Place] | None = None,
    ) -> None:
        """Take *vehicles* from their docks, or from *starts* where they are under way."""
        self._request = request
        self._levels = levels
        self._vehicles = tuple(vehicles)
        self._paces = list(dict.fromkeys(map(pace_of, vehicles)))
        self._docks = list(dict.fromkeys(vehicle.dock for vehicle in vehicles))
        self._starts = dict(starts or {})

    def shared(self, composed: Composed, *, keep: bool = False) -> Shared:
        """Return the problem of *composed*'s jobs (*keep*: uncut); what lies out of range is noted there."""
        return self._within_reach(composed.jobs if keep else self._sized(composed.jobs), composed)

    def _sized(self, jobs: Sequence[Job]) -> list[Job]:
        strands = [job for job in jobs if not job.is_point]
        if not strands:
            return list(jobs)
        longest_m = self._longest_m(jobs, strands)
        return [piece for job in jobs for piece in job.pieces(longest_m)]

    def _longest_m(self, jobs: Sequence[Job], strands: Sequence[Job]) -> float:
        """Return how long a piece of a strand may be, so that vehicles can share strands and endurance is kept."""
        speed = min(vehicle.speed_m_s for vehicle in self._vehicles)
        turn_s = max(vehicle.turn_s for vehicle in self._vehicles)
        work_s = math.fsum(job.work_s(speed, turn_s) for job in jobs)
        endurance_s = min(vehicle.endurance_s for vehicle in self._vehicles)
        slow = math.fsum(job.work_s(speed, turn_s) for job in strands) / math.fsum(job.length_m for job in strands)
        longest_s = work_s / (_JOBS_PER_VEHICLE * len(self._vehicles)) if len(self._vehicles) > 1 else math.inf
        if longest_s > _SHARE_OF_ENDURANCE * endurance_s and work_s > 0.5 * endurance_s:
            longest_s = _SHARE_OF_ENDURANCE * endurance_s
        most = max(len(self._vehicles), _MOST_JOBS - len(jobs))
        length_m = math.fsum(job.length_m for job in strands)
        return max(longest_s / slow, length_m / most, _SHORTEST_PIECE_M)

    def _within_reach(self, jobs: Sequence[Job], composed: Composed) -> Shared:
        """Return the problem of what a vehicle can reach, do and come home from; strands are cut smaller for it."""
        while True:
            shared = self._set_up(jobs)
            over_s = self._over_s(shared, len(jobs))
            if (over_s <= 0).all():
                return shared
            near: list[Job] = []
            for job, its_over_s in zip(jobs, over_s.tolist(), strict=True):
                if its_over_s <= 0:
                    near.append(job)
                elif math.isfinite(its_over_s) and not job.is_point and job.length_m > 2 * _SHORTEST_PIECE_M:
                    near.extend(job.halves())
                else:
                    self._leave(job, its_over_s, composed)
            jobs = near

    def _leave(self, job: Job, over_s: float, composed: Composed) -> None:
        if math.isinf(over_s):
            because = self._why_no_way()
        else:
            because = f"is out of range of every vehicle: the nearest would need {math.ceil(over_s)} s more"
        composed.leave(job.task, job.point or job.shape, f"{job.name} {because}")

    def _why_no_way(self) -> str:
        reasons = [
            f"dock {dock.id} {why}"
            for vehicle in self._vehicles
            for dock in (self._request.dock(vehicle.dock),)
            if (why := self._levels[vehicle.height_agl_m].why_no_column(dock.position))
        ]
        more = f" ({reasons[0]})" if reasons else ""
        return f"cannot be reached from the dock of any vehicle that could do it{more}"

    def _over_s(self, shared: Shared, jobs: int) -> FloatArray:
        """Return by how much each job alone overruns the vehicle that it suits best, shape (jobs,)."""
        problem = shared.problem
        over = np.full(jobs, np.inf)
        for who in dict.fromkeys(problem.carriers):
            travel, work = problem.travel_s[who.pace], problem.work_s[who.pace][problem.docks :]
            out, home = travel[who.begins_at, problem.docks :], travel[problem.docks :, who.dock]
            end = np.maximum(problem.from_s, who.ready_s + out) + work
            late = (end > problem.to_s) | (end + home > min(who.home_by_s, problem.limit_s))
            # only what can be on time at all is a matter of endurance
            needs = np.where(late, np.inf, out + work + home - who.endurance_s)
            np.minimum.at(over, problem.job_of, needs)
        return over

    def _set_up(self, jobs: Sequence[Job]) -> Shared:
        choices = [(n, choice) for n, job in enumerate(jobs) for choice in _both_ways(job)]
        travel, least, work = [], [], []
        lengths = {height: self._lengths_m(height, [job for _, job in choices]) for height in self._levels}
        at_ends = self._turns_at_ends([job for _, job in choices])
        for pace in self._paces:
            between, straight = lengths[pace.height_agl_m]
            turns = np.where(between > straight + _STRAIGHT_M, _BENDS + at_ends.most, at_ends.straight)
            travel.append(between / pace.speed_m_s + pace.turn_s * turns)
            least.append(_least_travel_s(pace, lengths[pace.height_agl_m]))
            work.append(self._work_s(pace, [job for _, job in choices]))
        terms = [job.terms.window for _, job in choices]
        problem = Problem(
            docks=len(self._docks) + len(self._starts),
            travel_s=tuple(travel),
            work_s=tuple(work),
            job_of=np.array([n for n, _ in choices], dtype=np.intp),
            from_s=np.array([window.from_s for window in terms], dtype=np.float64),
            to_s=np.array([window.to_s for window in terms], dtype=np.float64),
            carriers=tuple(map(self._carrier, self._vehicles)),
            is_total=self._request.objective is Objective.TOTAL,
            limit_s=self._request.makespan_limit_s,
            least_travel_s=tuple(least),
        )
        return Shared(problem=problem, choices=tuple(job for _, job in choices), vehicles=self._vehicles)

    def _carrier(self, vehicle: PlanVehicle) -> Carrier:
        return Carrier(
            dock=self._docks.index(vehicle.dock),
            pace=self._paces.index(pace_of(vehicle)),
            endurance_s=vehicle.endurance_s,
            turnaround_s=vehicle.turnaround_s,
            max_sorties=vehicle.max_sorties,
            ready_s=vehicle.window.from_s,
            home_by_s=vehicle.window.to_s,
            start=len(self._docks) + list(self._starts).index(vehicle.id) if vehicle.id in self._starts else None,
        )

    def _places(self) -> list[Place]:
        """Return where the docks are, and those who are under way."""
        return [*(self._request.dock(dock).position for dock in self._docks), *self._starts.values()]

    def _lengths_m(self, height: float, choices: Sequence[Job]) -> tuple[FloatArray, FloatArray]:
        """Return the lengths of the ways between places at one height, shape (places, places), and straight lines."""
        docks = self._places()
        exits = np.array([*docks, *(job.exit for job in choices)])
        entries = np.array([*docks, *(job.entry for job in choices)])
        places, where = np.unique(np.vstack((exits, entries)), axis=0, return_inverse=True)
        where = where.reshape(-1)
        lengths = self._levels[height].ways.distances(places)
        froms, tos = where[: len(exits)], where[len(exits) :]
        straight = np.hypot(*(exits[:, None] - entries[None]).transpose(2, 0, 1))
        between = lengths[np.ix_(froms, tos)]
        grounds = docks[: len(self._docks)]
        closed = [n for n, dock in enumerate(grounds) if self._levels[height].why_no_column(dock)]
        between[closed] = np.inf
        between[:, closed] = np.inf
        np.fill_diagonal(between, 0.0)
        return between, straight

    def _turns_at_ends(self, choices: Sequence[Job]) -> "_Turns":
        """Return the turns where ways leave one place and come to another, each of shape (places, places)."""
        docks = len(self._docks)  # who is under way has to turn as at a point
        places = [*self._places(), *(job.exit for job in choices)], [*self._places(), *(job.entry for job in choices)]
        exits, entries = map(np.array, places)
        runs = entries[None] - exits[:, None]
        is_here = np.hypot(runs[..., 0], runs[..., 1]) <= _STRAIGHT_M
        way = np.arctan2(runs[..., 1], runs[..., 0])
        out = np.array([*(np.nan for _ in self._places()), *(_heading(job, -1) for job in choices)])[:, None]
        into = np.array([*(np.nan for _ in self._places()), *(_heading(job, 0) for job in choices)])[None]
        leaves = ~(changes_rad(out, way) <= STRAIGHT_RAD)  # at a point nobody knows: a turn
        leaves[:docks] = False
        comes = changes_rad(way, into) > STRAIGHT_RAD
        through = ~(changes_rad(out, into) <= STRAIGHT_RAD)
        through[:docks] = False
        most = np.zeros(runs.shape[:2], dtype=np.intp)
        most[docks:] += 1
        most += ~np.isnan(into)
        return _Turns(straight=np.where(is_here, through, leaves.astype(np.intp) + comes), most=most)

    def _work_s(self, pace: Pace, choices: Sequence[Job]) -> FloatArray:
        level = self._levels[pace.height_agl_m]
        worked = [
            job.work_s(pace.speed_m_s, pace.turn_s) if self._can(pace, level, job) else math.inf for job in choices
        ]
        return np.array([*(0.0 for _ in (*self._docks, *self._starts)), *worked])

    def _can(self, pace: Pace, level: Level, job: Job) -> bool:
        return job.terms.needs <= pace.skills and level.covers(job.shape)


def _least_travel_s(pace: Pace, lengths: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Return the seconds of the ways with the turns that are sure: one where a way is not straight."""
    between, straight = lengths
    return between / pace.speed_m_s + pace.turn_s * (between > straight + _STRAIGHT_M)


def _heading(job: Job, at: int) -> float:
    return math.nan if job.is_point or not len(job.headings_rad) else float(job.headings_rad[at])


def _both_ways(job: Job) -> tuple[Job, ...]:
    return (job,) if job.is_point or job.entry == job.exit else (job, job.reversed())
