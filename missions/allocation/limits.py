"""The limit on every vehicle: how it sinks, what a second over it costs, and what a plan is worth."""

import math
from dataclasses import dataclass

from missions.allocation.problem import Allocation, Problem

_UNEVEN = 0.02
"""Share of the total that it is worth to let no vehicle work as much longer than an even share (and a little)."""
_FAIR = 1.08
"""The limit where the total is to be small, in even shares with a sortie more each than would just do.

A vehicle may always be out for its endurance.
"""
_LATE, _MOST_LATE = 0.4, 0.04
"""Share of the total that it is worth to end as much sooner, down to that limit; and the most that it may be worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """How the limit on every vehicle sinks, in shares of an even share of all work."""

    loose: float
    tight: float
    begin: float
    """Share of the search in which there is no limit."""
    end: float
    """Share of the search after which the limit is tight."""
    price_step: float
    least_price: float

    def limit_s(self, share: float, even_s: float) -> float:
        """Return the limit at that *share* of the search."""
        if share < self.begin:
            return math.inf
        way = min(1.0, (share - self.begin) / (self.end - self.begin))
        return even_s * (self.loose + (self.tight - self.loose) * way)


def dearer(share: float) -> float:
    """Return the price of a second over the limit, for PyVRP, at that *share* of the search under a limit."""
    return float(0.3 * 10.0**share)


def shift_price(share: float) -> float:
    """Return the price of a second over the limit for whole stretches: they are coarse, and need not pay at first."""
    return 1.0 if share < 0.55 else 2.0 if share < 0.7 else 4.0


MAKESPAN = Tuning(loose=1.2, tight=1.0, begin=0.0, end=0.7, price_step=0.1, least_price=0.0)
TOTAL = Tuning(loose=1.35, tight=1.08, begin=0.7, end=0.85, price_step=0.1, least_price=1.0)


def fair_limit_s(problem: Problem, flown_s: float) -> float:
    """Return the limit where the total is to be small: what was asked, or a little over an even share of *flown_s*."""
    if math.isfinite(problem.limit_s):
        return problem.limit_s
    each_s = flown_s / len(problem.carriers)
    pauses_s = sum(
        who.turnaround_s * min(who.max_sorties - 1, math.ceil(each_s / who.endurance_s)) for who in problem.carriers
    )
    longest_s = max(who.endurance_s for who in problem.carriers)
    return max(_FAIR * (each_s + pauses_s / len(problem.carriers)), longest_s)


def is_out_of_reach(problem: Problem, found: Allocation, *, fair_s: float) -> bool:
    """Say whether the best plan *found* ends so late that later would count no more, where none was asked for."""
    return math.isinf(problem.limit_s) and found.makespan_s > (1.0 + _MOST_LATE / _LATE) * fair_s


def rank(problem: Problem, found: Allocation, *, fair_s: float, even_s: float) -> tuple[float, float]:
    """Return what is to be small of a plan; for the total, ending late or being uneven counts a little as well.

    *fair_s* is the limit (inf: none), *even_s* an even share of all time that vehicles are busy.
    """
    if not problem.is_total:
        return found.makespan_s, found.total_s
    if math.isfinite(fair_s) and fair_s > 0:
        late = min(_MOST_LATE, _LATE * max(0.0, found.makespan_s / fair_s - 1.0))
        return found.total_s * (1 + late), found.makespan_s
    uneven = max(0.0, found.makespan_s / (TOTAL.tight * even_s) - 1.0) if even_s > 0 else 0.0
    return found.total_s * (1 + _UNEVEN * uneven), found.makespan_s
