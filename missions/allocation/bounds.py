"""What no sharing out can be better than."""

import numpy as np
from scipy.sparse.csgraph import minimum_spanning_tree

from missions.allocation.problem import FloatArray, Problem

_LONGER_S = 1.0
"""Added to every edge, since one of no length would be no edge; the shortest tree stays the same."""


def least_s(problem: Problem) -> float:
    """Return seconds that the total (or the makespan, where that is to be small) cannot be below.

    All sorties together connect every job with a dock, so they are no shorter than the shortest tree over the jobs and
    one dock in place of all; shared evenly they end no earlier; and every job has to be reached and come home from.
    The choices of one job must lie side by side.
    """
    if not problem.choices:
        return 0.0
    firsts = np.unique(problem.job_of, return_index=True)[1]
    travel = np.min(problem.least_travel_s or problem.travel_s, axis=0)
    work = np.minimum.reduceat(np.min(problem.work_s, axis=0)[problem.docks :], firsts)
    out, home = travel[: problem.docks, problem.docks :], travel[problem.docks :, : problem.docks]
    reach = np.minimum.reduceat(np.minimum(out.min(axis=0), home.min(axis=1)), firsts)
    between = _by_job(np.minimum(travel, travel.T)[problem.docks :, problem.docks :], firsts)
    total_s = float(work.sum()) + _tree_s(between, reach)
    if problem.is_total:
        return total_s
    return max(total_s / len(problem.carriers), float((work + 2 * reach).max()))


def _by_job(between: FloatArray, firsts: np.ndarray[tuple[int], np.dtype[np.intp]]) -> FloatArray:
    return np.minimum.reduceat(np.minimum.reduceat(between, firsts, axis=0), firsts, axis=1)


def _tree_s(between: FloatArray, reach: FloatArray) -> float:
    """Return the length of the shortest tree over jobs, shape (n, n), and the dock that they are *reach* from."""
    count = len(between)
    edges = np.full((count + 1, count + 1), np.inf)
    edges[:count, :count] = between
    edges[count, :count] = reach
    np.fill_diagonal(edges, np.inf)
    edges = np.where(np.isfinite(edges), edges + _LONGER_S, 0.0)
    return max(0.0, float(minimum_spanning_tree(edges).sum()) - count * _LONGER_S)
