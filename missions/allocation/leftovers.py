"""Sorties that overrun are shortened until they fit; what falls out goes where there is room, or is left."""

from collections.abc import Sequence

import numpy as np

from missions.allocation.problem import Allocation, FloatArray, IntArray, Problem, Sortie, Visits, faults, in_turn

Piles = list[list[Visits]]
_MOST_PLACES = 12
"""A job is tried exactly at so many of the places where it costs least."""
_MOST_TRIED = 16
"""Of so many visits that save most, each is tried exactly as the one to leave out."""
_EXACT_S = 1e-6


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
    visits = _short_enough(problem, carrier, visits)
    if problem.has_windows and len(visits) > _MOST_TRIED:
        visits = _on_time(problem, carrier, visits)
    while visits and _over(problem, carrier, problem.sortie(carrier, visits)):
        savers = np.argsort(-_savings_s(problem, carrier, visits), kind="stable")[:_MOST_TRIED]
        without = [visits[:n] + visits[n + 1 :] for n in savers.tolist()]
        visits = min(without, key=lambda v: _badness(problem.sortie(carrier, v)))
    return visits


def _short_enough(problem: Problem, carrier: int, visits: Visits) -> Visits:
    """Return *visits* without those that save most, until the ways and the work alone keep the endurance."""
    endurance_s = problem.carriers[carrier].endurance_s
    while visits and float(_runs_s(problem, carrier, visits).sum()) > endurance_s:
        drop = costliest(problem, carrier, visits)
        visits = visits[:drop] + visits[drop + 1 :]
    return visits


def costliest(problem: Problem, carrier: int, visits: Visits) -> int:
    """Return which of *visits* saves most when it is left out."""
    return int(np.argmax(_savings_s(problem, carrier, visits)))


def _on_time(problem: Problem, carrier: int, visits: Visits) -> Visits:
    """Return *visits* in their order without each one that would end after its window."""
    who = problem.carriers[carrier]
    spans, work = problem.spans_s[who.pace], problem.work_s[who.pace]
    kept: list[int] = []
    here, now_s = who.begins_at, who.ready_s
    for choice in visits:
        place = problem.docks + choice
        begin_s = max(now_s + float(spans[here, place]), float(problem.from_s[choice]))
        if begin_s + float(work[place]) <= problem.to_s[choice]:
            kept.append(choice)
            here, now_s = place, begin_s
    return tuple(kept)


def _places_of(problem: Problem, carrier: int, visits: Visits) -> IntArray:
    who = problem.carriers[carrier]
    return np.array([who.begins_at, *(problem.docks + visit for visit in visits), who.dock])


def _runs_s(problem: Problem, carrier: int, visits: Visits) -> FloatArray:
    places = _places_of(problem, carrier, visits)
    return problem.spans_s[problem.carriers[carrier].pace][places[:-1], places[1:]]


def _savings_s(problem: Problem, carrier: int, visits: Visits) -> FloatArray:
    """Return what leaving out each of *visits* saves, shape (visits,)."""
    places, spans = _places_of(problem, carrier, visits), problem.spans_s[problem.carriers[carrier].pace]
    runs_s = spans[places[:-1], places[1:]]
    return runs_s[:-1] + runs_s[1:] - spans[places[:-2], places[2:]]


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
        for number, visits in enumerate(rooms):
            places = _places_of(problem, carrier, visits)
            room_s = who.endurance_s - float(problem.spans_s[who.pace][places[:-1], places[1:]].sum())
            for choice in np.flatnonzero(problem.job_of == job).tolist():
                cost_s, at = _cheapest(problem, who.pace, places, choice)
                if cost_s <= room_s + _EXACT_S:
                    found.append((cost_s, carrier, number, (*visits[:at], choice, *visits[at:])))
    return found


def _cheapest(problem: Problem, pace: int, places: IntArray, choice: int) -> tuple[float, int]:
    """Return what *choice* costs at the best gap between *places*, and that gap."""
    spans, new = problem.spans_s[pace], problem.docks + choice
    costs = spans[places[:-1], new] + spans[new, places[1:]] - spans[places[:-1], places[1:]]
    at = int(np.argmin(costs))
    return float(costs[at]), at
