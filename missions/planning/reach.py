"""What of some jobs a vehicle can reach, do and come home from by itself, and where a strand is cut that is too far."""

from dataclasses import dataclass

import numpy as np

from geofence.frames import FloatArray
from geofence.prisms import BoolArray
from missions.allocation.problem import Carrier, Problem

_UNSURE_TURNS = 2
"""Turns that a way along a strand may have more than the shortest one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reach:
    """For every job alone, shape (jobs,), with the vehicle that it suits best."""

    over_s: FloatArray
    """By how much it overruns; inf where no way leads there, or none in time."""
    done_s: FloatArray
    """When it is done at best; inf where no way leads there."""
    least_over_s: FloatArray
    """By how much at least even the nearest place of a strand overruns."""
    near: FloatArray
    """The share of a strand, from its beginning (below 0: from its end), that it surely can do and come back along."""

    @property
    def is_hopeless(self) -> BoolArray:
        """Say of which jobs nothing is within reach, however they are cut."""
        return np.asarray((self.least_over_s > 0) | np.isinf(self.over_s))


def reach_of(problem: Problem, jobs: int, turns_s: tuple[float, ...]) -> Reach:
    """Return the reach of the first *jobs* jobs; *turns_s* are the seconds of a turn of each pace."""
    reach = Reach(
        over_s=np.full(jobs, np.inf),
        done_s=np.full(jobs, np.inf),
        least_over_s=np.full(jobs, np.inf),
        near=np.zeros(jobs),
    )
    for who in dict.fromkeys(problem.carriers):
        _note(reach, problem, who, turns_s[who.pace])
    return reach


def _note(reach: Reach, problem: Problem, who: Carrier, turn_s: float) -> None:
    work = problem.work_s[who.pace][problem.docks :]
    out, home = _out_and_home(problem.travel_s[who.pace], problem, who)
    end = np.maximum(problem.from_s, who.ready_s + out) + work
    late = (end > problem.to_s) | (end + home > min(who.home_by_s, problem.limit_s))
    # only what can be on time at all is a matter of endurance
    needs = np.where(late, np.inf, out + work + home - who.endurance_s)
    np.minimum.at(reach.over_s, problem.job_of, needs)
    np.minimum.at(reach.done_s, problem.job_of, np.where(np.isfinite(home), end, np.inf))
    least_out, least_home = _out_and_home((problem.least_travel_s or problem.travel_s)[who.pace], problem, who)
    with np.errstate(divide="ignore", invalid="ignore"):  # no way, or no work that could be less
        least = least_out + least_home - work - who.endurance_s - _UNSURE_TURNS * turn_s
        near = (who.endurance_s / 2 - out - _UNSURE_TURNS * turn_s) / work
    np.minimum.at(reach.least_over_s, problem.job_of, np.where(np.isnan(least), np.inf, least))
    _note_near(reach, problem, np.where(np.isfinite(near), near, 0.0))


def _note_near(reach: Reach, problem: Problem, near: FloatArray) -> None:
    """Keep the largest share; the second choice of a job is the same the other way round."""
    is_first = np.diff(problem.job_of, prepend=-1) != 0
    for job, share, from_begin in zip(problem.job_of.tolist(), near.tolist(), is_first.tolist(), strict=True):
        if share > abs(reach.near[job]):
            reach.near[job] = share if from_begin else -share


def _out_and_home(travel: FloatArray, problem: Problem, who: Carrier) -> tuple[FloatArray, FloatArray]:
    return travel[who.begins_at, problem.docks :], travel[problem.docks :, who.dock]
