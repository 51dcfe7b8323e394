"""A few neighbouring docks at a time, planned anew: some hundred jobs are searched several times faster than all.

Work that has to leave a crowded dock goes over its neighbours, quarter by quarter: within a quarter the limit is what
its vehicles can keep together, however crowded it is (decomposition as in Santini et al. 2023, here along docks).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from missions.allocation.caps import Fleet, Piles
from missions.allocation.problem import FloatArray, IntArray, Problem
from missions.allocation.starts import guessed_total_s, started
from missions.allocation.vrp import Search

_BLOCK_STEPS = 100
_STEPS_PER_JOB = 3.0
_EVEN = 1.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The limit on every vehicle, and what a second beyond it costs."""

    limit_s: float
    over_price: float
    prices: FloatArray
    """What a second of each carrier costs."""
    anew: float = 0.5
    """Chance that a quarter is begun from nothing instead of from where it stands."""


class Quarters:
    """Plans docks of *problem* anew with their neighbours, *docks* of them at a time."""

    def __init__(self, problem: Problem, groups: Sequence[Sequence[int]], *, docks: int, seed: int) -> None:
        self._problem = problem
        self._groups = groups
        self._docks = docks
        self._random = np.random.default_rng(seed)

    def replanned(self, piles: Piles, terms: Terms, *, is_over: Callable[[], bool]) -> tuple[Piles, int]:
        """Return *piles*, with those of one quarter better where that was found, and the steps taken."""
        carriers = self._quarter(piles, terms)
        if not any(piles[n] for n in carriers):
            return piles, 1
        part = _Part(self._problem, carriers, [visits for n in carriers for visits in piles[n]])
        return part.improved(piles, terms, random=self._random, is_over=is_over)

    def _quarter(self, piles: Piles, terms: Terms) -> list[int]:
        """Return the carriers of a dock, rather of a crowded one, and of those nearest to its work."""
        loads_s = Fleet(self._problem, random=self._random).loads_s(piles)
        over_s = np.array([np.maximum(0.0, loads_s[group] - terms.limit_s).mean() for group in self._groups])
        chances = 1.0 + 2.0 * over_s / max(1e-9, float(over_s.max()))
        first = int(self._random.choice(len(self._groups), p=chances / chances.sum()))
        docks = [self._problem.carriers[group[0]].dock for group in self._groups]
        away_s = np.min(self._problem.travel_s, axis=0)[docks[first], docks]
        away_s = away_s * self._random.uniform(0.7, 1.3, len(docks))
        away_s[first] = -1.0
        chosen = np.argsort(away_s)[: self._docks + int(self._random.integers(2))]
        return [carrier for group in chosen.tolist() for carrier in self._groups[group]]


class _Part:
    """The problem of some carriers and the jobs that they do now."""

    def __init__(self, problem: Problem, carriers: Sequence[int], sorties: Sequence[tuple[int, ...]]) -> None:
        jobs = problem.job_of[[choice for visits in sorties for choice in visits]]
        self._choices: IntArray = np.flatnonzero(np.isin(problem.job_of, jobs))
        self._carriers = carriers
        self.problem = replace(
            problem.of(self._choices),
            carriers=tuple(problem.carriers[carrier] for carrier in carriers),
            least_travel_s=(),
        )

    def improved(
        self,
        piles: Piles,
        terms: Terms,
        *,
        random: np.random.Generator,
        is_over: Callable[[], bool],
    ) -> tuple[Piles, int]:
        """Return *piles* with those of this part better where that was found, and the steps taken."""
        number = {int(choice): n for n, choice in enumerate(self._choices)}
        here = [[tuple(number[choice] for choice in visits) for visits in piles[n]] for n in self._carriers]
        fleet = Fleet(self.problem, random=random)
        fleet.prices = terms.prices[[self._carriers[group[0]] for group in fleet.groups]]
        search = Search(self.problem, seed=int(random.integers(1 << 30)))
        best, value = here, self._value(fleet, here, terms)
        before, limit_s = value, max(terms.limit_s, _EVEN * float(fleet.loads_s(here).mean()))
        if random.random() < terms.anew:
            here = self._anew(fleet, search, limit_s, terms) or here
        steps = 0
        while steps < _STEPS_PER_JOB * self.problem.jobs and not is_over():
            trips, slots = fleet.eased(here, limit_s=limit_s, dearer=terms.over_price)
            block = search.block(trips, slots, steps=_BLOCK_STEPS, is_thorough=not steps, is_over=is_over)
            here, steps = fleet.piles(block.trips), steps + _BLOCK_STEPS
            if (its_value := self._value(fleet, here, terms)) < value:
                best, value = here, its_value
        if value >= before:
            return piles, steps
        new = list(piles)
        for n, own in zip(self._carriers, best, strict=True):
            new[n] = [tuple(int(self._choices[choice]) for choice in visits) for visits in own]
        return new, steps

    def _anew(self, fleet: Fleet, search: Search, limit_s: float, terms: Terms) -> Piles | None:
        if guessed_total_s(self.problem, fleet.groups, limit_s=limit_s) is None:
            return None
        piles = fleet.piles(started(self.problem, fleet.groups, limit_s=limit_s).trips)
        trips, slots = fleet.eased(piles, limit_s=limit_s, dearer=terms.over_price)
        return fleet.piles(search.first(slots, trips))

    def _value(self, fleet: Fleet, piles: Piles, terms: Terms) -> float:
        """Return what *piles* cost; inf where a job is missing or endurance is overrun."""
        if sum(len(visits) for own in piles for visits in own) < self.problem.jobs:
            return np.inf
        durations = [self.problem.sortie(n, visits).duration_s for n, own in enumerate(piles) for visits in own]
        most = [self.problem.carriers[n].endurance_s for n, own in enumerate(piles) for _ in own]
        if any(duration_s > most_s for duration_s, most_s in zip(durations, most, strict=True)):
            return np.inf
        over_s = np.maximum(0.0, fleet.loads_s(piles) - terms.limit_s)
        own_prices = terms.prices[list(self._carriers)]
        paid_s = sum(
            price * self.problem.sortie(n, visits).duration_s
            for n, (price, own) in enumerate(zip(own_prices, piles, strict=True))
            for visits in own
        )
        return float(paid_s + terms.over_price * over_s.sum() + (over_s**2).sum() / terms.limit_s)
