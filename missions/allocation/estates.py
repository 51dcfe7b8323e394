"""Jobs that lie together: estates, a short round through each, and what joins rounds to docks and to each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from missions.allocation.problem import FloatArray, IntArray, Problem
from missions.rounds.tours import TourBook

_APART = 3.0
"""Jobs belong to one estate over gaps up to so many times the middle way to the nearest job."""
_LARGEST, _PIECE = 1.5, 0.7
"""An estate that takes longer than so many endurances is split, into pieces of so many."""
_FEWEST_JOBS = 6
"""Fewer belong to the nearest estate."""
_MOST_JOBS, _MOST_ESTATES = 2500, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Estates:
    """Rounds through jobs that lie together, and the seconds that joining them takes."""

    rounds: tuple[IntArray, ...]
    """The choices of each, in order."""
    busy_s: FloatArray
    """Work and way of each round."""
    to_dock_s: FloatArray
    """What a round takes longer that begins and ends at a dock, shape (docks, estates)."""
    between_s: FloatArray
    """What a round through two estates takes longer than both, shape (estates, estates)."""
    step_s: float
    """The mean way between neighbours on the rounds."""


def estates_of(problem: Problem) -> Estates | None:
    """Return the estates; None where jobs have windows or several choices, vehicles several paces, or too many estates.

    All places must be joined by ways, as long there as back.
    """
    travel, here = problem.travel_s[0], slice(problem.docks, None)
    if problem.has_windows or len(problem.travel_s) > 1 or problem.choices > problem.jobs:
        return None
    if not 2 * _FEWEST_JOBS <= problem.jobs <= _MOST_JOBS or not np.isfinite(travel).all():
        return None
    between, work = (travel[here, here] + travel[here, here].T) / 2, problem.work_s[0][here]
    endurance_s = max(who.endurance_s for who in problem.carriers)
    rounds = [round_of(between, jobs) for jobs in _members(_labels(between, work, endurance_s))]
    if len(rounds) > _MOST_ESTATES:
        return None
    ways_s = [float(between[own, np.roll(own, -1)].sum()) for own in rounds]
    out = (travel[: problem.docks, here] + travel[here, : problem.docks].T) / 2
    return Estates(
        rounds=tuple(rounds),
        busy_s=np.array([work[own].sum() for own in rounds]) + ways_s,
        to_dock_s=np.stack([_detours(out, between, own) for own in rounds], axis=1),
        between_s=np.array([[_joined_s(between, a, b) for a in rounds] for b in rounds]),
        step_s=sum(ways_s) / problem.jobs,
    )


def round_of(spans: FloatArray, places: IntArray) -> IntArray:
    """Return *places* in the order of a short closed round over *spans*, the first of them first."""
    order, left = [0], set(range(1, len(places)))
    own = spans[np.ix_(places, places)]
    while left:
        order.append(min(left, key=lambda place: own[order[-1], place]))
        left.remove(order[-1])
    better = TourBook(lengths_m=own).improved(order)
    first = better.index(0)
    return places[better[first:] + better[:first]]


def _members(labels: IntArray) -> list[IntArray]:
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def _labels(between: FloatArray, work: FloatArray, endurance_s: float) -> IntArray:
    """Return the estate of each job."""
    others = between + np.diag(np.full(len(between), np.inf))
    flat = squareform(between, checks=False)
    gap_s = _APART * float(np.median(others.min(axis=1)))
    labels = np.asarray(fcluster(linkage(flat, "single"), gap_s, "distance"), dtype=np.intp)
    busy = work + others.min(axis=1)
    for jobs in _members(labels):
        if (share := float(busy[jobs].sum()) / endurance_s) > _LARGEST and len(jobs) > 1:
            own = linkage(squareform(between[np.ix_(jobs, jobs)], checks=False), "average")
            labels[jobs] = labels.max() + fcluster(own, int(np.ceil(share / _PIECE)), "maxclust")
    return _without_few(labels, between)


def _without_few(labels: IntArray, between: FloatArray) -> IntArray:
    """Return *labels* where jobs of small estates belong to the nearest large one."""
    counts = np.bincount(labels)
    is_large = counts[labels] >= _FEWEST_JOBS
    if not is_large.any():
        return labels
    new = labels.copy()
    for jobs in _members(np.where(is_large, -1, labels)):
        if not is_large[jobs[0]]:
            near = between[np.ix_(jobs, np.flatnonzero(is_large))].min(axis=0)
            new[jobs] = labels[is_large][int(near.argmin())]
    return new


def _detours(out: FloatArray, between: FloatArray, own: IntArray) -> FloatArray:
    after = np.roll(own, -1)
    return np.asarray((out[:, own] + out[:, after] - between[own, after]).min(axis=1))


def _joined_s(between: FloatArray, one: IntArray, other: IntArray) -> float:
    """Return what a round takes longer through both than two rounds: an edge of each is opened."""
    a, b, c, d = one, np.roll(one, -1), other, np.roll(other, -1)
    straight = between[np.ix_(a, c)] + between[np.ix_(b, d)]
    crossed = between[np.ix_(a, d)] + between[np.ix_(b, c)]
    opened = between[a, b][:, None] + between[c, d][None]
    return float((np.minimum(straight, crossed) - opened).min())


def tied_s(estates: Estates, dock: int, chosen: Sequence[int]) -> float:
    """Return what joins the rounds of *chosen* to *dock*: the shortest tree over them (Prim 1957)."""
    near = {estate: float(estates.to_dock_s[dock, estate]) for estate in chosen}
    tied = 0.0
    while near:
        nearest = min(near, key=lambda estate: near[estate])
        tied += near.pop(nearest)
        near = {estate: min(way_s, float(estates.between_s[nearest, estate])) for estate, way_s in near.items()}
    return tied
