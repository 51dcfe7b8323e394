"""From jobs and vehicles to sorties: blocks of PyVRP's local search under caps that tighten and prices that follow.

PyVRP makes the sum of all durations small. To make the last vehicle end early as well, every sortie gets a cap of its
own: what it takes now, and a share of the time that its vehicle has left until the limit. The limit sinks step by step;
docks whose vehicles are over it become dearer, those with time left cheaper (prices as in Lagrangian relaxation), so
that work wanders from crowded docks to others, over several if need be.

Where the total is to be small, the limit may be overrun at a price that rises: under a hard cap the search would take
any way to save a second there, however long.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from missions.allocation.bounds import least_s
from missions.allocation.caps import Piles
from missions.allocation.leftovers import fitted
from missions.allocation.limits import dearer
from missions.allocation.problem import Allocation, Problem, Visits
from missions.allocation.run_books import FEWEST_DOCKS, Progress
from missions.allocation.under_limit import ALL_OR_SOME, EASE_FROM, MOVE_EVERY, POLISH, UnderLimit
from missions.allocation.vrp import Search

_STEPS = 200
_STARTS = 2
_START_SHARE = 0.35
"""Share of the search that each start gets where the total is to be small."""
_TOGETHER = 0.15
"""Share of the search in which all docks are searched together before that."""
_SHAKES = 20
"""Random exchanges of two parts of each sortie before the last polish, where the total is to be small."""
_LEVEL_EVERY = 6
"""Blocks after which the last vehicles are looked at, where the makespan is to be small."""


def optimise(
    problem: Problem,
    *,
    seed: int = 0,
    used_share: Callable[[], float],
    on_progress: Callable[[Progress], None] = lambda _: None,
    start: Sequence[Sequence[Visits]] | None = None,
    allowed_s: float = 30.0,
    is_by_wall: bool = False,
) -> Allocation:
    """Return who does what; *used_share* says how much of the allowed time is used (1: stop and return the best).

    *start* gives sorties of each carrier to begin with. Jobs that fit nowhere are left, and named. *allowed_s* is all
    the time: what cannot be stopped is begun only where there is enough of it. *is_by_wall*: it is of the wall clock,
    so that what seldom asks can be told when it ends.
    """
    if not problem.choices:
        return Allocation(sorties=tuple(() for _ in problem.carriers), least_s=0.0)
    run = _Run(
        problem,
        seed=seed,
        used_share=used_share,
        on_progress=on_progress,
        allowed_s=allowed_s,
        is_by_wall=is_by_wall,
    )
    return replace(run.best_of_all(start), least_s=least_s(problem))


class _Run(UnderLimit):
    def best_of_all(self, start: Sequence[Sequence[Visits]] | None) -> Allocation:
        """Search until the time or the steps are used, and return the best."""
        piles = [list(own) for own in start] if start is not None else self._best_start()
        self._note(piles)
        if self._is_eased:
            piles = self._in_quarters(piles) if len(self._fleet.groups) >= FEWEST_DOCKS else self._eased(piles)
        is_polishing = False
        while self._share() < 1:
            if self._best is None and self._share() > ALL_OR_SOME:
                return self._some(piles)
            if self._problem.is_total and self._best is not None and not is_polishing and self._share() >= POLISH:
                is_polishing = True
                best = self._exchanged_often(self._shaken(self._best, times=_SHAKES))
                piles = [[sortie.visits for sortie in own] for own in best.sorties]
            limit_s = self._limit_s(self._share(), self._even_s(piles))
            if self._has_laggards and self._number % _LEVEL_EVERY == _LEVEL_EVERY - 1:
                piles = self._levelled(piles, limit_s)
            piles = self._block(piles, limit_s)
        return self._shaken(self._best, times=0) if self._best else fitted(self._problem, piles)

    def _best_start(self) -> Piles:
        """Return the best of some starts, each searched for a while: where work goes first decides much."""
        starts: list[tuple[float, Piles]] = []
        count = 0 if not self._problem.is_total else 1 if self._is_eased else _STARTS
        share = EASE_FROM if self._is_eased else _START_SHARE
        if self._is_eased and len(self._fleet.groups) >= FEWEST_DOCKS:
            return self._first_together()
        for number in range(1, count + 1):
            piles = self._first()
            while self._share() < number * share:
                piles = self._block(piles, math.inf)
            starts.append((float(self._fleet.loads_s(piles).sum()), piles))
        return min(starts, key=lambda start: start[0])[1] if starts else self._first()

    def _first_together(self) -> Piles:
        """Return sorties that were searched all together under the limit for a while."""
        piles = self._first()
        while self._share() < _TOGETHER:
            self._note_fair(piles)
            piles = self._eased_block(piles, dearer(0.0))
        return piles

    def _block(self, piles: Piles, limit_s: float) -> Piles:
        limit_s = min(limit_s, self._problem.limit_s)
        if self._problem.is_total and not self._problem.has_windows and self._number % MOVE_EVERY == 0:
            piles = self._fleet.moved(piles, limit_s=limit_s)
        loads_s = self._fleet.loads_s(piles)
        even_s = float(loads_s.mean())
        if math.isfinite(limit_s):
            aim_s = limit_s if self._problem.is_total else even_s
            least = self._tuning.least_price
            self._fleet.reprice(loads_s, aim_s=aim_s, step=self._tuning.price_step, least=least)
        trips, slots = self._fleet.slots(piles, limit_s=limit_s)
        return self._searched(trips, slots, _STEPS)

    def _limit_s(self, share: float, even_s: float) -> float:
        limit_s = max(self._tuning.limit_s(share, even_s), self._floor_s)
        if self._best is None:
            return limit_s
        if self._problem.is_total:
            if share < POLISH:
                return limit_s
            return max(self._best.makespan_s, self._fair_s) if self._is_eased else self._best.makespan_s
        return min(limit_s, self._best.makespan_s * 0.9995)

    def _some(self, piles: Piles) -> Allocation:
        """Search on with leave to leave jobs out, which costs more than any way to them."""
        prize_s = 4 * max(carrier.endurance_s for carrier in self._problem.carriers)
        search = Search(self._problem, seed=self._seed, prize_s=prize_s)
        best = fitted(self._problem, piles)
        piles = [[sortie.visits for sortie in own] for own in best.sorties]
        while self._share() < 1:
            trips, slots = self._fleet.slots(piles, limit_s=self._problem.limit_s)
            block = search.block(trips, slots, steps=_STEPS, is_thorough=False, is_over=lambda: self._used_share() >= 1)
            self._steps += max(1, block.steps)
            piles = self._fleet.piles(block.trips)
            found = fitted(self._problem, self._fleet.piles(block.sound or block.trips))
            if (len(found.left), *self._key(found)) < (len(best.left), *self._key(best)):
                best = found
            self._tell(Progress(share=self._share(), best=best))
        return best
