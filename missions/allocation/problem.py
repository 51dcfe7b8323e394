"""Jobs to be shared out, the vehicles that may do them, and what a sharing out is."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
Visits = tuple[int, ...]
"""Choices in the order of a sortie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A vehicle: where it starts and ends, how fast it is (its *pace*), how long and how often it may go out."""

    dock: int
    pace: int
    endurance_s: float
    turnaround_s: float = 0.0
    max_sorties: int = 1
    ready_s: float = 0.0
    home_by_s: float = math.inf
    start: int | None = None
    """The place where its first (and only) sortie begins, where that is not the dock: it is under way."""

    @property
    def begins_at(self) -> int:
        """Return the place where sorties begin."""
        return self.dock if self.start is None else self.start


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """Jobs, each with one or more *choices* (as: this way round, or the other) of which one is done by one vehicle.

    Places are the docks (and where vehicles under way are), then the choices. `travel_s[pace]`, shape (places, places),
    leads from where one place is left to where the next is entered (inf: no way); `work_s[pace]`, shape (places,), is 0
    at docks (inf: cannot). Where `travel_s` reckons with what may turn out less, `least_travel_s` is what it cannot be
    below.
    """

    docks: int
    travel_s: tuple[FloatArray, ...]
    work_s: tuple[FloatArray, ...]
    job_of: IntArray
    """The job of each choice, shape (choices,)."""
    from_s: FloatArray
    """Work on a choice begins no sooner, shape (choices,)."""
    to_s: FloatArray
    """Work on a choice ends no later, shape (choices,)."""
    carriers: tuple[Carrier, ...]
    is_total: bool = False
    """Whether the sum over all sorties is to be small; else the end of the last one."""
    limit_s: float = math.inf
    """No vehicle's last sortie may end later."""
    least_travel_s: tuple[FloatArray, ...] = ()

    @property
    def choices(self) -> int:
        """Return how many choices there are."""
        return len(self.job_of)

    @cached_property
    def jobs(self) -> int:
        """Return how many jobs there are."""
        return int(self.job_of.max()) + 1 if self.choices else 0

    @cached_property
    def has_windows(self) -> bool:
        """Say whether any job or vehicle is bound to a time."""
        late = np.isfinite(self.to_s).any() or self.from_s.any()
        return bool(late) or any(
            c.start is not None or c.ready_s > 0 or math.isfinite(c.home_by_s) for c in self.carriers
        )

    @cached_property
    def spans_s(self) -> tuple[FloatArray, ...]:
        """Return for each pace the seconds from beginning at one place to beginning at another."""
        return tuple(work[:, None] + travel for work, travel in zip(self.work_s, self.travel_s, strict=True))

    def of(self, choices: IntArray) -> "Problem":
        """Return the problem of some of the choices, all of each job's, in their order; jobs are numbered anew."""
        places = np.concatenate((np.arange(self.docks), self.docks + choices))

        def square(spans: FloatArray) -> FloatArray:
            return spans[np.ix_(places, places)]

        return replace(
            self,
            travel_s=tuple(map(square, self.travel_s)),
            work_s=tuple(work[places] for work in self.work_s),
            job_of=np.unique(self.job_of[choices], return_inverse=True)[1],
            from_s=self.from_s[choices],
            to_s=self.to_s[choices],
            least_travel_s=tuple(map(square, self.least_travel_s)),
        )

    def sortie(self, carrier: int, visits: Sequence[int], *, ready_s: float = 0.0) -> "Sortie":
        """Return the sortie of *carrier* over *visits*, begun from *ready_s* on, as late as it costs nothing."""
        who = self.carriers[carrier]
        places = [who.begins_at, *(self.docks + choice for choice in visits), who.dock]
        spans = self.spans_s[who.pace]
        runs = [float(spans[a, b]) for a, b in pairwise(places)]
        if not self.has_windows:
            return Sortie(visits=tuple(visits), start_s=ready_s, duration_s=math.fsum(runs))
        return self._timed(who, tuple(visits), runs, max(ready_s, who.ready_s))

    def _timed(self, who: Carrier, visits: Visits, runs: list[float], ready_s: float) -> "Sortie":
        last_s = [float(self.to_s[choice] - self.work_s[who.pace][self.docks + choice]) for choice in visits]
        begin_s = [ready_s]
        for run_s, choice in zip(runs, visits, strict=False):
            begin_s.append(max(begin_s[-1] + run_s, float(self.from_s[choice])))
        end_s = begin_s[-1] + runs[-1]
        late_s = max([end_s - who.home_by_s, *(b - last for b, last in zip(begin_s[1:], last_s, strict=True)), 0.0])
        start_s = end_s - runs[-1]
        for run_s, latest_s, earliest_s in zip(runs[-2::-1], last_s[::-1], begin_s[:0:-1], strict=True):
            start_s = max(min(start_s, latest_s), earliest_s) - run_s
        start_s = max(start_s, ready_s) if visits else ready_s
        return Sortie(visits=visits, start_s=start_s, duration_s=end_s - start_s, late_s=late_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sortie:
    """One way out and home: choices in order, when it starts and how long it takes."""

    visits: Visits
    start_s: float
    duration_s: float
    late_s: float = 0.0
    """By how much it breaks a window."""

    @property
    def end_s(self) -> float:
        """Return when it ends."""
        return self.start_s + self.duration_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Sorties of every carrier in order, the jobs that nobody does, and no plan's makespan or total can be less."""

    sorties: tuple[tuple[Sortie, ...], ...]
    left: tuple[int, ...] = ()
    least_s: float | None = None

    @property
    def makespan_s(self) -> float:
        """Return when the last sortie ends."""
        return max((sortie.end_s for sortie in self.all()), default=0.0)

    @property
    def total_s(self) -> float:
        """Return the sum of the durations of all sorties, without the time in docks."""
        return math.fsum(sortie.duration_s for sortie in self.all())

    def all(self) -> Iterator[Sortie]:
        """Yield every sortie."""
        return (sortie for own in self.sorties for sortie in own)


def in_turn(problem: Problem, carrier: int, sorties: Sequence[Visits]) -> tuple[Sortie, ...]:
    """Return the sorties of *carrier*, one after the other with the time in the dock between them."""
    done: list[Sortie] = []
    for visits in sorties:
        ready_s = done[-1].end_s + problem.carriers[carrier].turnaround_s if done else 0.0
        done.append(problem.sortie(carrier, visits, ready_s=ready_s))
    return tuple(done)


def faults(problem: Problem, carrier: int, sorties: Sequence[Sortie]) -> float:
    """Return the seconds by which sorties overrun endurance, limit and windows; 0 for a sound plan."""
    who = problem.carriers[carrier]
    over = math.fsum(max(0.0, sortie.duration_s - who.endurance_s) + sortie.late_s for sortie in sorties)
    end_s = sorties[-1].end_s if sorties else 0.0
    return over + max(0.0, end_s - problem.limit_s)
