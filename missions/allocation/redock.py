"""Whole sorties moved to other docks at once: an assignment under every vehicle's limit, solved exactly by HiGHS."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array, hstack, identity, vstack

from missions.allocation.problem import FloatArray, Problem, Visits
from missions.allocation.programs import Program, solved

_TIME_S, _GAP = 0.5, 1e-3
_OVER_PRICE = 1.5
"""Of a second by which a group of vehicles overruns its limit."""
_NO_LIMIT_S = 1e7


def redocked(
    problem: Problem, groups: Sequence[Sequence[int]], sorties: Sequence[Visits], *, limit_s: float
) -> list[list[Visits]] | None:
    """Return the sorties of each group of alike vehicles, so that all together cost least.

    Limits may be overrun, at a price. Each sortie may begin at another of its jobs. Time windows are not looked at.
    None: no way was found.
    """
    costs = [[_turned(problem, group[0], visits) for group in groups] for visits in sorties]
    seconds = np.array([[cost for cost, _ in row] for row in costs])
    chosen = _assigned(problem, groups, seconds, min(limit_s, _NO_LIMIT_S))
    if chosen is None:
        return None
    piles: list[list[Visits]] = [[] for _ in groups]
    for row, group in zip(costs, chosen, strict=True):
        piles[group].append(row[group][1])
    return piles


def _turned(problem: Problem, carrier: int, visits: Visits) -> tuple[float, Visits]:
    """Return the shortest sortie of *carrier* over the round of *visits*, wherever in it it begins."""
    who = problem.carriers[carrier]
    spans = problem.spans_s[who.pace]
    places = np.array(visits) + problem.docks
    following = np.roll(places, -1)
    between = spans[places, following]
    with np.errstate(invalid="ignore"):
        rounds = between.sum() - between + spans[who.dock, following] + spans[places, who.dock]
    if not np.isfinite(rounds).any():
        return math.inf, visits
    last = int(np.nanargmin(rounds))
    return float(rounds[last]), (*visits[last + 1 :], *visits[: last + 1])


def _assigned(
    problem: Problem, groups: Sequence[Sequence[int]], seconds: FloatArray, limit_s: float
) -> list[int] | None:
    """Return the group of each sortie for *seconds*, shape (sorties, groups); None where there is no such choice."""
    sorties, count = seconds.shape
    heads = [problem.carriers[group[0]] for group in groups]
    can = seconds <= np.array([head.endurance_s for head in heads])
    pauses = np.array([head.turnaround_s for head in heads])
    sizes = np.array([len(group) for group in groups])
    picks = np.arange(sorties * count)
    once = csr_array((np.ones(len(picks)), (picks // count, picks)))
    number = csr_array((np.ones(len(picks)), (picks % count, picks)))
    load = csr_array((np.where(can, seconds + pauses, 0.0).ravel(), (picks % count, picks)))
    over = -identity(count)
    nothing = csr_array((sorties, count))
    matrix = vstack((hstack((once, nothing)), hstack((number, csr_array((count, count)))), hstack((load, over))))
    most = np.array([head.max_sorties for head in heads]) * sizes
    upper = np.concatenate((np.ones(sorties), most, (limit_s + pauses) * sizes))
    lower = np.concatenate((np.ones(sorties), np.full(2 * count, -np.inf)))
    program = Program(
        cost=np.concatenate((np.where(can, seconds, 0.0).ravel(), np.full(count, _OVER_PRICE))),
        matrix=csr_array(matrix),
        lower=lower,
        upper=upper,
        most=np.concatenate((can.ravel().astype(float), np.full(count, np.inf))),
        is_whole=np.arange(len(picks) + count) < len(picks),
    )
    found = solved(program, gap=_GAP, is_over=lambda: False, wall_left_s=lambda: _TIME_S)
    if found is None:
        return None
    return [int(row.argmax()) for row in found[: len(picks)].reshape(sorties, count)]
