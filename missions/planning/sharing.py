"""From jobs in metres to the optimiser's problem in seconds, and its sorties back."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from geofence.frames import FloatArray
from missions.allocation.problem import Carrier, Problem
from missions.planning.compose import Composed
from missions.planning.crossings import Airspace, Crossing, crossings_of
from missions.planning.jobs import Job
from missions.planning.reach import reach_of
from missions.planning.request import Band, FleetRequest, Objective, Place, PlanVehicle, VehicleKind
from missions.planning.travel import Pace, Travel, pace_of

_LOW_AIRSPACE_M = 120.0
"""A remedy is looked for below the true height from which airspace is controlled."""
_MOST_JOBS = 700
_JOBS_PER_VEHICLE = 8
_SHARE_OF_ENDURANCE = 0.25
_SHORTEST_PIECE_M = 5.0
_CUTS = 6
"""Strands that are too far are cut so often."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Shared:
    """The optimiser's problem; the job behind each of its choices, the way round that it is done."""

    problem: Problem
    choices: tuple[Job, ...]
    vehicles: tuple[PlanVehicle, ...]


class Sharer:
    """Cuts jobs to sizes that vehicles can share, leaves out what none can reach, and sets up the problem."""

    def __init__(
        self,
        request: FleetRequest,
        airspace: Airspace,
        vehicles: Sequence[PlanVehicle],
        *,
        starts: Mapping[str, Place] | None = None,
    ) -> None:
        """Take *vehicles* from their docks, or from *starts* where they are under way."""
        self._request = request
        self._airspace = airspace
        self._levels = airspace.levels
        self._vehicles = tuple(vehicles)
        self._paces = list(dict.fromkeys(map(pace_of, vehicles)))
        self._docks = list(dict.fromkeys(vehicle.dock for vehicle in vehicles))
        self._starts = dict(starts or {})
        self._made_higher: dict[Band, tuple[Crossing, ...]] = {}

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
        shared = self._set_up(jobs)
        fit, pieces = self._sorted_out(shared, jobs, composed, may_cut=True)
        if not pieces:
            return shared if len(fit) == len(jobs) else self._only(shared, fit)
        near = [jobs[n] for n in fit]
        for left in range(_CUTS, 0, -1):
            part = self._set_up(pieces)
            fit, rest = self._sorted_out(part, pieces, composed, may_cut=left > 1)
            near += [pieces[n] for n in fit]
            if not rest:
                break
            pieces = rest
        return self._set_up(near)

    def _sorted_out(
        self, shared: Shared, jobs: Sequence[Job], composed: Composed, *, may_cut: bool
    ) -> tuple[list[int], list[Job]]:
        """Return which jobs are within reach, and pieces of strands that may be; the others are left, and noted."""
        reach = reach_of(shared.problem, len(jobs), tuple(pace.turn_s for pace in self._paces))
        fit = [n for n, over_s in enumerate(reach.over_s.tolist()) if over_s <= 0]
        pieces: list[Job] = []
        for n in sorted(set(range(len(jobs))).difference(fit)):
            job, over_s = jobs[n], float(reach.over_s[n])
            if may_cut and not reach.is_hopeless[n] and not job.is_point and job.length_m > 2 * _SHORTEST_PIECE_M:
                pieces.extend(_cut(job, float(reach.near[n])))
            elif math.isfinite(over_s):
                least_s = over_s if job.is_point else min(over_s, max(1e-9, float(reach.least_over_s[n])))
                composed.leave(job, "is out of range of every vehicle", short_s=least_s)
            else:
                composed.leave(job, self._why_never(job, float(reach.done_s[n])))
        return fit, pieces

    @staticmethod
    def _only(shared: Shared, jobs: Sequence[int]) -> Shared:
        """Return the problem of some of the jobs."""
        kept = np.flatnonzero(np.isin(shared.problem.job_of, jobs))
        return Shared(
            problem=shared.problem.of(kept),
            choices=tuple(shared.choices[choice] for choice in kept.tolist()),
            vehicles=shared.vehicles,
        )

    def _why_never(self, job: Job, late_s: float) -> str:
        if math.isinf(late_s):
            return self._why_no_way(job)
        return f"cannot be done in time: the first vehicle would be done with it after {math.ceil(late_s)} s"

    def _why_no_way(self, job: Job) -> str:
        reasons = [
            f"dock {dock.id} {why}"
            for vehicle in self._vehicles
            for dock in (self._request.dock(vehicle.dock),)
            if (why := self._levels[vehicle.height_agl_m].why_no_column(dock.position))
        ]
        more = f" ({reasons[0]})" if reasons else self._over_it(job)
        return f"cannot be reached from the dock of any vehicle that could do it{more}"

    def _over_it(self, job: Job) -> str:
        """Return what height would let a drone pass over what is in the way, or nothing."""
        for vehicle in (v for v in self._vehicles if v.kind is VehicleKind.DRONE and self._can(pace_of(v), job)):
            dock = self._request.dock(vehicle.dock).position
            over = next((way for way in self._higher(vehicle) if way.joins(dock, job.entry)), None)
            if over is not None:
                height = f"{over.height_agl_m:g}"
                return f"; over what is in the way at {height} m, where {vehicle.id} had a highest_agl_m of {height}"
        return ""

    def _higher(self, vehicle: PlanVehicle) -> tuple[Crossing, ...]:
        band = vehicle.band._replace(highest_agl_m=max(_LOW_AIRSPACE_M, vehicle.band.highest_agl_m))
        if band not in self._made_higher:
            self._made_higher[band] = crossings_of(self._request, self._levels[band.height_agl_m], band)
        return self._made_higher[band]

    def _set_up(self, jobs: Sequence[Job]) -> Shared:
        choices = [(n, choice) for n, job in enumerate(jobs) for choice in _both_ways(job)]
        worked = [job for _, job in choices]
        docks = [self._request.dock(dock).position for dock in self._docks]
        travel = Travel(self._airspace, docks=docks, others=list(self._starts.values()), choices=worked)
        travel_s, least_s = zip(*travel.seconds(self._paces), strict=True)
        terms = [job.terms.window for _, job in choices]
        problem = Problem(
            docks=len(self._docks) + len(self._starts),
            travel_s=travel_s,
            work_s=tuple(self._work_s(pace, worked) for pace in self._paces),
            job_of=np.array([n for n, _ in choices], dtype=np.intp),
            from_s=np.array([window.from_s for window in terms], dtype=np.float64),
            to_s=np.array([window.to_s for window in terms], dtype=np.float64),
            carriers=tuple(map(self._carrier, self._vehicles)),
            is_total=self._request.objective is Objective.TOTAL,
            limit_s=self._request.makespan_limit_s,
            least_travel_s=least_s,
        )
        return Shared(problem=problem, choices=tuple(worked), vehicles=self._vehicles)

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

    def _work_s(self, pace: Pace, choices: Sequence[Job]) -> FloatArray:
        worked = [job.work_s(pace.speed_m_s, pace.turn_s) if self._can(pace, job) else math.inf for job in choices]
        return np.array([*(0.0 for _ in (*self._docks, *self._starts)), *worked])

    def _can(self, pace: Pace, job: Job) -> bool:
        return job.terms.needs <= pace.skills and self._levels[pace.band.height_agl_m].covers(job.shape)


def _both_ways(job: Job) -> tuple[Job, ...]:
    return (job,) if job.is_point or job.entry == job.exit else (job, job.reversed())


def _cut(job: Job, near: float) -> tuple[Job, ...]:
    """Return a strand in two pieces: the *near* share of it (below 0: from its end) and the rest, or its halves."""
    at_m = job.length_m * (near if near > 0 else 1 + near)
    if min(at_m, job.length_m - at_m) < _SHORTEST_PIECE_M:
        return job.halves()
    return job.parted(at_m)
