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
from dataclasses import dataclass, replace

import numpy as np

from missions.allocation.bounds import least_s
from missions.allocation.caps import Fleet, Piles
from missions.allocation.chains import chained
from missions.allocation.leftovers import fitted, settled
from missions.allocation.limits import MAKESPAN, TOTAL, dearer, fair_limit_s, rank, shift_price
from missions.allocation.problem import Allocation, Problem, Visits, faults
from missions.allocation.quarters import Quarters
from missions.allocation.quarters import Terms as QuarterTerms
from missions.allocation.shifts import Terms, shifted
from missions.allocation.starts import guessed_total_s, started
from missions.allocation.vrp import Search, Slot, Trip

_STEPS = 200
_THOROUGH_EVERY = 10
_STEPS_PER_JOB = 60
_FEWEST_STEPS = 3000
_MOVE_EVERY = 10
"""Blocks after which whole sorties are moved between docks."""
_STARTS = 2
_START_SHARE = 0.35
"""Share of the search that each start gets where the total is to be small."""
_EASE_FROM = 0.1
"""Share of the search after which there is a limit, where the total is to be small."""
_EASED_STEPS = 100
_FEWEST_DOCKS = 3
"""With so many groups of vehicles, quarters of as many are planned at a time."""
_TOGETHER = 0.15
"""Share of the search in which all docks are searched together before that."""
_QUARTER_PRICES = (0.7, 2.5)
"""Of a second over the limit, first and last."""
_LEAST_GUESS = 0.95
"""The guessed limit counts down to this share of the one that follows from what is flown now."""
_QUARTER_PRICE_STEP = 0.3
_DEAREST_DOCK = 2.0
_CHAINS_FROM, _CHAINS_EVERY, _CHAINS = 0.5, 4, 4
"""Share of the search after which chains go out from crowded vehicles; quarters after which, and so many in a row."""
_CROWDED = 1.04
"""Chains go out where the last vehicle ends later than so many times the limit: they pay much for what they relieve."""
_CHAIN_PRICE = 3.3
"""Of a second over the limit, for chains: what ending so much later counts in the rank of a plan."""
_LAGGARDS, _LATE = 3, 1.005
"""So many of the last vehicles are relieved over chains where they end so much later than the others (makespan)."""
_LEVEL_EVERY, _LEVEL_PRICE = 6, 5.0
"""Blocks after which that is looked at, and the price of a second over."""
_LOOSE_GUESS = 1.1
"""How much longer than an even share a sortie is guessed to be, where the makespan is to be small."""
_EASED_PRICE_STEP = 0.05
_SHIFT_FROM, _WANDER_FROM = 0.2, 0.5
"""Shares of the search under a limit after which stretches are moved at all, and towards where there is room."""
_SHIFT_EVERY, _SHIFTS = 6, 3
"""Blocks after which stretches are moved out of sorties of crowded vehicles; so many one after the other."""
_POLISH = 0.85
"""Share of the search after which, for the total, only the best plan is worked on, without a later end."""
_ALL_OR_SOME = 0.2
"""Share of the search after which jobs may be left out, where not all have fitted yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the search is, and the best plan up to now."""

    share: float
    best: Allocation


def optimise(
    problem: Problem,
    *,
    seed: int = 0,
    used_share: Callable[[], float],
    on_progress: Callable[[Progress], None] = lambda _: None,
    start: Sequence[Sequence[Visits]] | None = None,
) -> Allocation:
    """Return who does what; *used_share* says how much of the allowed time is used (1: stop and return the best).

    *start* gives sorties of each carrier to begin with. Jobs that fit nowhere are left, and named.
    """
    if not problem.choices:
        return Allocation(sorties=tuple(() for _ in problem.carriers), least_s=0.0)
    run = _Run(problem, seed=seed, used_share=used_share, on_progress=on_progress)
    return replace(run.best_of_all(start), least_s=least_s(problem))


class _Run:
    def __init__(
        self,
        problem: Problem,
        *,
        seed: int,
        used_share: Callable[[], float],
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._problem = problem
        self._seed = seed
        self._used_share = used_share
        self._tell = on_progress
        self._tuning = TOTAL if problem.is_total else MAKESPAN
        self._fleet = Fleet(problem, random=np.random.default_rng(seed))
        self._search = Search(problem, seed=seed)
        self._quarters = Quarters(problem, self._fleet.groups, docks=_FEWEST_DOCKS, seed=seed)
        self._steps = 0
        self._number = 0
        self._most_steps = max(_FEWEST_STEPS, _STEPS_PER_JOB * problem.choices)
        self._best: Allocation | None = None
        self._is_eased = problem.is_total and not problem.has_windows
        self._fair_s = math.inf
        self._guessed_fair_s = math.inf
        self._unlimited = replace(problem, limit_s=math.inf)
        self._fits = False
        self._has_laggards = not problem.is_total and not problem.has_windows and len(problem.carriers) > _LAGGARDS
        # where most vehicles are not needed, an even share is less than any sortie takes
        self._floor_s = 0.0 if problem.is_total else least_s(problem)

    def best_of_all(self, start: Sequence[Sequence[Visits]] | None) -> Allocation:
        """Search until the time or the steps are used, and return the best."""
        piles = [list(own) for own in start] if start is not None else self._best_start()
        self._note(piles)
        if self._is_eased:
            piles = self._in_quarters(piles) if len(self._fleet.groups) >= _FEWEST_DOCKS else self._eased(piles)
        is_polishing = False
        while self._share() < 1:
            if self._best is None and self._share() > _ALL_OR_SOME:
                return self._some(piles)
            if self._problem.is_total and self._best is not None and not is_polishing and self._share() >= _POLISH:
                is_polishing = True
                piles = [[sortie.visits for sortie in own] for own in self._best.sorties]
            limit_s = self._limit_s(self._share(), self._even_s(piles))
            if self._has_laggards and self._number % _LEVEL_EVERY == _LEVEL_EVERY - 1:
                piles = self._levelled(piles, limit_s)
            piles = self._block(piles, limit_s)
        return self._best or fitted(self._problem, piles)

    def _best_start(self) -> Piles:
        """Return the best of some starts, each searched for a while: where work goes first decides much."""
        starts: list[tuple[float, Piles]] = []
        count = 0 if not self._problem.is_total else 1 if self._is_eased else _STARTS
        share = _EASE_FROM if self._is_eased else _START_SHARE
        if self._is_eased and len(self._fleet.groups) >= _FEWEST_DOCKS:
            return self._first_together()
        for number in range(1, count + 1):
            piles = self._first()
            while self._share() < number * share:
                piles = self._block(piles, math.inf)
            starts.append((float(self._fleet.loads_s(piles).sum()), piles))
        return min(starts, key=lambda start: start[0])[1] if starts else self._first()

    def _eased(self, piles: Piles) -> Piles:
        """Return *piles* after the search under a limit that may be overrun at a price."""
        while self._share() < _POLISH:
            if self._best is None and not self._fits and self._share() > _ALL_OR_SOME:
                break
            self._note_fair(piles)
            share = max(0.0, (self._share() - _EASE_FROM) / (_POLISH - _EASE_FROM))
            if share > _SHIFT_FROM and self._number % _SHIFT_EVERY == _SHIFT_EVERY - 1:
                piles = self._shifted(piles, share)
            piles = self._eased_block(piles, dearer(share))
        return piles

    def _first_together(self) -> Piles:
        """Return sorties that were searched all together under the limit for a while."""
        piles = self._first()
        while self._share() < _TOGETHER:
            self._note_fair(piles)
            piles = self._eased_block(piles, dearer(0.0))
        return piles

    def _in_quarters(self, piles: Piles) -> Piles:
        """Return *piles* after docks and their neighbours were planned anew, quarter by quarter, under a limit."""
        first, last = _QUARTER_PRICES
        while (share := self._share() / _POLISH) < 1:
            if self._best is None and not self._fits and self._share() > _ALL_OR_SOME:
                break
            self._note_fair(piles)
            loads_s = self._fleet.loads_s(piles)
            self._fleet.reprice(loads_s, aim_s=self._fair_s, step=_QUARTER_PRICE_STEP, least=1.0)
            terms = QuarterTerms(
                limit_s=self._fair_s,
                over_price=first * (last / first) ** share,
                prices=self._fleet.carrier_prices(),
            )
            piles = self._replanned(piles, terms)
            self._number += 1
            is_late = float(self._fleet.loads_s(piles).max()) > _CROWDED * self._fair_s
            if is_late and share > _CHAINS_FROM and self._number % _CHAINS_EVERY == 0:
                piles = self._chained(piles, self._fair_s, _CHAIN_PRICE)
        return piles

    def _chained(self, piles: Piles, limit_s: float, over_price: float) -> Piles:
        ones = np.ones(len(piles))
        for _ in range(_CHAINS):
            terms, loads_s = Terms(limit_s, over_price * ones, ones), self._fleet.loads_s(piles)
            new = chained(self._problem, piles, loads_s, terms, is_over=lambda: self._used_share() >= 1)
            if new is None:
                break
            piles = new
            self._note(piles)
        return piles

    def _levelled(self, piles: Piles, limit_s: float) -> Piles:
        """Return *piles* with the few last vehicles relieved over chains, where they end clearly after the others."""
        loads_s = np.sort(self._fleet.loads_s(piles))
        others_s = max(limit_s, float(loads_s[-1 - _LAGGARDS]))
        return self._chained(piles, others_s, _LEVEL_PRICE) if loads_s[-1] > _LATE * others_s else piles

    def _replanned(self, piles: Piles, terms: QuarterTerms) -> Piles:
        piles, steps = self._quarters.replanned(piles, terms, is_over=lambda: self._used_share() >= 1)
        self._steps += max(1, steps)
        self._note(piles)
        if self._best is not None:
            self._tell(Progress(share=self._share(), best=self._best))
        return piles

    def _note_fair(self, piles: Piles) -> None:
        """Lower the limit to that of *piles*, and early to what was guessed at the start, which may be wrong."""
        now_s = fair_limit_s(self._problem, self._flown_s(piles))
        self._fair_s = min(self._fair_s, max(min(now_s, self._guessed_fair_s), _LEAST_GUESS * now_s))

    def _flown_s(self, piles: Piles) -> float:
        return math.fsum(self._problem.sortie(n, v).duration_s for n, own in enumerate(piles) for v in own)

    def _eased_block(self, piles: Piles, over_price: float) -> Piles:
        if self._number % _MOVE_EVERY == 0:
            piles = self._fleet.moved(piles, limit_s=self._fair_s)
        self._fleet.reprice(self._fleet.loads_s(piles), aim_s=self._fair_s, step=_EASED_PRICE_STEP, least=1.0)
        trips, slots = self._fleet.eased(piles, limit_s=self._fair_s, dearer=over_price)
        return self._searched(trips, slots, _EASED_STEPS)

    def _shifted(self, piles: Piles, share: float) -> Piles:
        for _ in range(_SHIFTS):
            over_prices = shift_price(share) * np.ones(len(piles))
            if share > _WANDER_FROM:
                over_prices *= self._fleet.remoteness(piles, limit_s=self._fair_s)
            terms = Terms(self._fair_s, over_prices, self._fleet.carrier_prices())
            new = shifted(self._problem, piles, self._fleet.loads_s(piles), terms)
            if new is None:
                break
            piles = new
        return piles

    def _even_s(self, piles: Piles) -> float:
        return float(self._fleet.loads_s(piles).mean())

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
            trips, slots = fleet.eased(piles, limit_s=limit_s, dearer=dearer(0.0))
        else:
            trips, slots = fleet.slots(piles, limit_s=math.inf)
        return fleet.piles(self._search.first(slots, trips))

    def _block(self, piles: Piles, limit_s: float) -> Piles:
        limit_s = min(limit_s, self._problem.limit_s)
        if self._problem.is_total and not self._problem.has_windows and self._number % _MOVE_EVERY == 0:
            piles = self._fleet.moved(piles, limit_s=limit_s)
        loads_s = self._fleet.loads_s(piles)
        even_s = float(loads_s.mean())
        if math.isfinite(limit_s):
            aim_s = limit_s if self._problem.is_total else even_s
            least = self._tuning.least_price
            self._fleet.reprice(loads_s, aim_s=aim_s, step=self._tuning.price_step, least=least)
        trips, slots = self._fleet.slots(piles, limit_s=limit_s)
        return self._searched(trips, slots, _STEPS)

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

    def _limit_s(self, share: float, even_s: float) -> float:
        limit_s = max(self._tuning.limit_s(share, even_s), self._floor_s)
        if self._best is None:
            return limit_s
        if self._problem.is_total:
            if share < _POLISH:
                return limit_s
            return max(self._best.makespan_s, self._fair_s) if self._is_eased else self._best.makespan_s
        return min(limit_s, self._best.makespan_s * 0.9995)

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

    def _key(self, found: Allocation) -> tuple[float, float]:
        piles = [[sortie.visits for sortie in own] for own in found.sorties]
        return rank(self._problem, found, fair_s=self._fair_s, even_s=self._even_s(piles))

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

    def _share(self) -> float:
        return max(self._used_share(), self._steps / self._most_steps)
