"""Sorties that overrun are shortened until they fit; what falls out goes where there is room, or is left."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from missions.allocation.problem import Allocation, Problem, Sortie, Visits, faults, in_turn

Piles = list[list[Visits]]
_MOST_PLACES = 12
"""A job is tried exactly at so many of the places where it costs least."""


def fitted(problem: Problem, piles: Sequence[Sequence[Visits]]) -> Allocation:
    """Return a sound allocation near *piles* (sorties of each carrier): nothing overruns, what does not fit is left."""
    kept = [[_shortened(problem, carrier, visits) for visits in own] for carrier, own in enumerate(piles)]
    kept = [_within(problem, carrier, [visits for visits in own if visits]) for carrier, own in enumerate(kept)]
    done = {int(problem.job_of[choice]) for own in kept for visits in own for choice in visits}
    left = [job for job in range(problem.jobs) if job not in done]
    still_left = [job for job in left if not _placed(problem, kept, job)]
    return settled(problem, kept, left=tuple(still_left))


def settled(problem: Problem, piles: Sequence[Sequence[Visits]], *, left: tuple[int, ...] = ()) -> Allocation:
    """Return the allocation of *piles* with times."""
    return Allocation(sorties=tuple(in_turn(problem, n, own) for n, own in enumerate(piles)), left=left)


def _shortened(problem: Problem, carrier: int, visits: Visits) -> Visits:
    """Return *visits* without those that save most, until endurance and windows are kept."""
    while visits and _over(problem, carrier, problem.sortie(carrier, visits)):
        without = [visits[:n] + visits[n + 1 :] for n in range(len(visits))]
        visits = min(without, key=lambda v: _badness(problem.sortie(carrier, v)))
    return visits


def _over(problem: Problem, carrier: int, sortie: Sortie) -> bool:
    return sortie.duration_s > problem.carriers[carrier].endurance_s or sortie.late_s > 0


def _badness(sortie: Sortie) -> tuple[float, float]:
    return sortie.late_s, sortie.duration_s


def _within(problem: Problem, carrier: int, sorties: list[Visits]) -> list[Visits]:
    """Return the first of *sorties* that keep limit, windows and number when flown one after the other."""
    most = problem.carriers[carrier].max_sorties
    kept: list[Visits] = []
    for visits in sorties:
        if len(kept) < most and faults(problem, carrier, in_turn(problem, carrier, [*kept, visits])) <= 0:
            kept.append(visits)
    return kept


def _placed(problem: Problem, piles: Piles, job: int) -> bool:
    """Put *job* where it makes its carrier end soonest without overrunning anything; False where nothing fits."""
    tried = sorted(_places(problem, piles, job), key=lambda place: place[0])[:_MOST_PLACES]
    fits = []
    for _, carrier, number, visits in tried:
        own = [*piles[carrier]]
        own[number : number + 1] = [visits]
        sorties = in_turn(problem, carrier, own)
        if faults(problem, carrier, sorties) <= 0:
            fits.append((sorties[-1].end_s, carrier, own))
    if not fits:
        return False
    _, carrier, own = min(fits, key=lambda fit: fit[0])
    piles[carrier] = own
    return True


def _places(problem: Problem, piles: Piles, job: int) -> list[tuple[float, int, int, Visits]]:
    """Return where *job* could go: what it costs, the carrier, which of its sorties, and that sortie with it."""
    found = []
    for carrier, own in enumerate(piles):
        who = problem.carriers[carrier]
        rooms = [*own, ()] if len(own) < who.max_sorties else own
        for choice in np.flatnonzero(problem.job_of == job).tolist():
            for number, visits in enumerate(rooms):
                cost_s, at = _cheapest(problem, carrier, visits, choice)
                if np.isfinite(cost_s):
                    found.append((cost_s, carrier, number, (*visits[:at], choice, *visits[at:])))
    return found


def _cheapest(problem: Problem, carrier: int, visits: Visits, choice: int) -> tuple[float, int]:
    """Return what *choice* costs at the best place within *visits*, and that place."""
    who = problem.carriers[carrier]
    spans, new = problem.spans_s[who.pace], problem.docks + choice
    places = [who.begins_at, *(problem.docks + visit for visit in visits), who.dock]
    costs = [float(spans[a, new] + spans[new, b] - spans[a, b]) for a, b in pairwise(places)]
    at = int(np.argmin(costs))
    return costs[at], at
