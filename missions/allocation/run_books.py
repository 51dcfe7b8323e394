"""A search's books: its parts, the best plan so far, the steps used, and where every search begins."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np

from missions.allocation.bounds import least_s
from missions.allocation.caps import Fleet, Piles
from missions.allocation.estate_starts import estate_start
from missions.allocation.leftovers import settled
from missions.allocation.limits import MAKESPAN, TOTAL, dearer, fair_limit_s, rank
from missions.allocation.problem import Allocation, Problem, faults
from missions.allocation.quarters import Quarters
from missions.allocation.starts import guessed_total_s, started
from missions.allocation.untangle import can_turn, shaken
from missions.allocation.vrp import Search, Slot, Trip

_THOROUGH_EVERY = 10
_STEPS_PER_JOB = 60
_FEWEST_STEPS = 3000
_LEAST_GUESS = 0.95
"""The guessed limit counts down to this share of the one that follows from what is flown now."""
_DEAREST_DOCK = 2.0
_LOOSE_GUESS = 1.1
"""How much longer than an even share a sortie is guessed to be, where the makespan is to be small."""
_PROGRAM_FROM_S, _PROGRAM_SHARE = 10.0, 0.8
"""The program over estates is used where the search may take so long; it ends when this share of it is used."""
_ASKED_PRICE = 4.0
"""Of a second over a limit that was asked for, where starts are compared."""
FEWEST_DOCKS = 3
"""With so many groups of vehicles, quarters of as many are planned at a time."""
LAGGARDS = 3
"""So many of the last vehicles are relieved over chains where they end clearly later than the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the search is, and the best plan up to now."""

    share: float
    best: Allocation


class RunBooks:
    """What every part of a search reads and writes."""

    def __init__(
        self,
        problem: Problem,
        *,
        seed: int,
        used_share: Callable[[], float],
        on_progress: Callable[[Progress], None],
        allowed_s: float,
        is_by_wall: bool,
    ) -> None:
        self._problem = problem
        self._seed = seed
        self._allowed_s = allowed_s
        self._is_by_wall = is_by_wall
        self._has_estates = False
        self._used_share = used_share
        self._tell = on_progress
        self._tuning = TOTAL if problem.is_total else MAKESPAN
        self._fleet = Fleet(problem, random=np.random.default_rng(seed))
        self._search = Search(problem, seed=seed)
        self._quarters = Quarters(problem, self._fleet.groups, docks=FEWEST_DOCKS, seed=seed)
        self._steps = 0
        self._number = 0
        self._most_steps = max(_FEWEST_STEPS, _STEPS_PER_JOB * problem.choices)
        self._best: Allocation | None = None
        self._is_eased = problem.is_total and not problem.has_windows
        self._fair_s = math.inf
        self._guessed_fair_s = math.inf
        self._least_fair_s = 0.0
        self._unlimited = replace(problem, limit_s=math.inf)
        self._fits = False
        self._has_laggards = not problem.is_total and not problem.has_windows and len(problem.carriers) > LAGGARDS
        # where most vehicles are not needed, an even share is less than any sortie takes
        self._floor_s = 0.0 if problem.is_total else least_s(problem)

    def _first(self) -> Piles:
        """Return sorties over all jobs: by a program under the limit, or by chance where it cannot be used."""
        problem, fleet = self._problem, self._fleet
        guess_s = guessed_total_s(problem, fleet.groups, limit_s=problem.limit_s)
        if guess_s is None:
            slots = fleet.slots([[] for _ in problem.carriers], limit_s=math.inf)[1]
            return fleet.piles(self._search.first(slots))
        limit_s = fair_limit_s(problem, guess_s) if problem.is_total else _LOOSE_GUESS * guess_s / len(problem.carriers)
        self._guessed_fair_s = limit_s
        start = started(problem, fleet.groups, limit_s=limit_s)
        piles = fleet.piles(start.trips)
        if self._is_eased:
            fleet.prices = np.clip(start.prices, 1.0, _DEAREST_DOCK)
            return self._with_estates(self._first_eased(piles, limit_s), limit_s)
        trips, slots = fleet.slots(piles, limit_s=math.inf)
        return fleet.piles(self._search.first(slots, trips))

    def _first_eased(self, piles: Piles, limit_s: float) -> Piles:
        trips, slots = self._fleet.eased(piles, limit_s=limit_s, dearer=dearer(0.0))
        return self._fleet.piles(self._search.first(slots, trips))

    def _with_estates(self, piles: Piles, limit_s: float) -> Piles:
        """Return sorties from a program over estates where they are better than *piles*."""
        if len(self._fleet.groups) < FEWEST_DOCKS or self._allowed_s < _PROGRAM_FROM_S or self._is_planned_enough():
            return piles
        groups = self._fleet.groups
        trips = estate_start(
            self._problem,
            groups,
            limit_s=limit_s,
            is_over=self._is_planned_enough,
            wall_left_s=lambda: self._wall_left_s(_PROGRAM_SHARE),
        )
        if trips is None:
            return piles
        prices, self._fleet.prices = self._fleet.prices, np.ones(len(self._fleet.groups))
        planned = self._first_eased(self._fleet.piles(trips), limit_s)
        self._has_estates = self._costs(planned, limit_s) < self._costs(piles, limit_s)
        if not self._has_estates:
            self._fleet.prices = prices
        return planned if self._has_estates else piles

    def _is_planned_enough(self) -> bool:
        return self._used_share() >= _PROGRAM_SHARE

    def _wall_left_s(self, until: float = 1.0) -> float:
        """Return how long it is until that share of the time is used; infinity where it is not of the wall clock."""
        return (until - self._used_share()) * self._allowed_s if self._is_by_wall else math.inf

    def _costs(self, piles: Piles, limit_s: float) -> float:
        price = 1.0 if math.isinf(self._problem.limit_s) else _ASKED_PRICE
        return self._flown_s(piles) + price * float(np.maximum(0.0, self._fleet.loads_s(piles) - limit_s).sum())

    def _searched(self, trips: Sequence[Trip], slots: Sequence[Slot], steps: int) -> Piles:
        self._number += 1
        block = self._search.block(
            trips,
            slots,
            steps=steps,
            is_thorough=self._number % _THOROUGH_EVERY == 1,
            is_over=lambda: self._used_share() >= 1,
        )
        self._steps += max(1, block.steps)
        if block.sound is not None:
            self._note(self._fleet.piles(block.sound))
        here = self._fleet.piles(block.trips)
        self._note(here)
        if self._best is not None:
            self._tell(Progress(share=self._share(), best=self._best))
        return here

    def _note(self, piles: Piles) -> None:
        """Keep *piles* where they are sound and better than the best."""
        found = settled(self._problem, piles)
        if sum(len(visits) for own in piles for visits in own) < self._problem.jobs:
            return  # a start may lack jobs
        if any(faults(self._unlimited, n, own) > 0 for n, own in enumerate(found.sorties)):
            return
        self._fits = True
        if found.makespan_s > self._problem.limit_s:
            return
        if self._best is None or self._key(found) < self._key(self._best):
            self._best = found

    def _shaken(self, best: Allocation, *, times: int) -> Allocation:
        """Return *best* without detours of single sorties, each of them shaken so many times to find them."""
        if not can_turn(self._problem):
            return best
        random = Random(self._seed)
        piles = [
            [shaken(self._problem, n, sortie.visits, random=random, times=times) for sortie in own]
            for n, own in enumerate(best.sorties)
        ]
        self._note(piles)
        return self._best or best

    def _key(self, found: Allocation) -> tuple[float, float]:
        piles = [[sortie.visits for sortie in own] for own in found.sorties]
        return rank(self._problem, found, fair_s=self._fair_s, even_s=self._even_s(piles))

    def _even_s(self, piles: Piles) -> float:
        return float(self._fleet.loads_s(piles).mean())

    def _flown_s(self, piles: Piles) -> float:
        return math.fsum(self._problem.sortie(n, v).duration_s for n, own in enumerate(piles) for v in own)

    def _note_fair(self, piles: Piles) -> None:
        """Lower the limit to that of *piles*, and early to what was guessed at the start, which may be wrong."""
        now_s = fair_limit_s(self._problem, self._flown_s(piles))
        fair_s = min(self._fair_s, max(min(now_s, self._guessed_fair_s), _LEAST_GUESS * now_s))
        self._fair_s = max(fair_s, self._least_fair_s)

    def _share(self) -> float:
        return max(self._used_share(), self._steps / self._most_steps)
