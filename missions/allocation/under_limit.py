"""The search for a small total under a limit that may be overrun at a price: by blocks, quarters, shifts and chains."""

import numpy as np

from missions.allocation.caps import Piles
from missions.allocation.chains import chained
from missions.allocation.exchanges import exchanged
from missions.allocation.limits import dearer, is_out_of_reach, shift_price
from missions.allocation.problem import Allocation
from missions.allocation.quarters import Terms as QuarterTerms
from missions.allocation.run_books import LAGGARDS, Progress, RunBooks
from missions.allocation.shifts import Terms, shifted
from missions.allocation.vrp import Trip

MOVE_EVERY = 10
"""Blocks after which whole sorties are moved between docks."""
EASE_FROM = 0.1
"""Share of the search after which there is a limit, where the total is to be small."""
POLISH = 0.85
"""Share of the search after which, for the total, only the best plan is worked on, without a later end."""
ALL_OR_SOME = 0.2
"""Share of the search after which jobs may be left out, where not all have fitted yet."""
_EASED_STEPS = 100
_QUARTER_PRICES = (0.7, 2.5)
"""Of a second over the limit, first and last."""
_QUARTER_PRICE_STEP = 0.3
_ANEW, _ANEW_AFTER_ESTATES = 0.5, 0.0
"""Chance that a quarter is begun from nothing; not where a program over all docks has said who does what."""
_CHAINS_FROM, _CHAINS_EVERY, _CHAINS = 0.5, 4, 4
"""Share of the search after which chains go out from crowded vehicles; quarters after which, and so many in a row."""
_CROWDED = 1.04
"""Chains go out where the last vehicle ends later than so many times the limit: they pay much for what they relieve."""
_CHAIN_PRICE = 3.3
"""Of a second over the limit, for chains: what ending so much later counts in the rank of a plan."""
_REACHED_BY = 0.55
"""Share of the search after which a limit that is far out of reach gives way to the end of the best plan."""
_EXCHANGES, _EXCHANGES_S = 4, 1.0
"""Stretches are exchanged between all sorties so many times in a row at most, and how long each may take."""
_EASED_PRICE_STEP = 0.05
_SHIFT_FROM, _WANDER_FROM = 0.2, 0.5
"""Shares of the search under a limit after which stretches are moved at all, and towards where there is room."""
_SHIFT_EVERY, _SHIFTS = 6, 3
"""Blocks after which stretches are moved out of sorties of crowded vehicles; so many one after the other."""
_LATE = 1.005
"""The last vehicles are relieved over chains where they end so much later than the others (makespan)."""
_LEVEL_PRICE = 5.0
"""The price of a second over the others, there."""


class UnderLimit(RunBooks):
    """What a search does where the limit is a matter of price."""

    def _eased(self, piles: Piles) -> Piles:
        """Return *piles* after the search under a limit that may be overrun at a price."""
        while self._share() < POLISH:
            if self._best is None and not self._fits and self._share() > ALL_OR_SOME:
                break
            self._note_fair(piles)
            share = max(0.0, (self._share() - EASE_FROM) / (POLISH - EASE_FROM))
            if share > _SHIFT_FROM and self._number % _SHIFT_EVERY == _SHIFT_EVERY - 1:
                piles = self._shifted(piles, share)
            piles = self._eased_block(piles, dearer(share))
        return piles

    def _eased_block(self, piles: Piles, over_price: float) -> Piles:
        if self._number % MOVE_EVERY == 0:
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

    def _in_quarters(self, piles: Piles) -> Piles:
        """Return *piles* after docks and their neighbours were planned anew, quarter by quarter, under a limit."""
        first, last = _QUARTER_PRICES
        while (share := self._share() / POLISH) < 1:
            if self._best is None and not self._fits and self._share() > ALL_OR_SOME:
                break
            self._note_fair(piles)
            if share > _REACHED_BY:
                piles = self._within_reach(piles)
            loads_s = self._fleet.loads_s(piles)
            self._fleet.reprice(loads_s, aim_s=self._fair_s, step=_QUARTER_PRICE_STEP, least=1.0)
            terms = QuarterTerms(
                limit_s=self._fair_s,
                over_price=first * (last / first) ** share,
                prices=self._fleet.carrier_prices(),
                anew=_ANEW_AFTER_ESTATES if self._has_estates and self._best is not None else _ANEW,
            )
            piles = self._replanned(piles, terms)
            self._number += 1
            is_late = float(self._fleet.loads_s(piles).max()) > _CROWDED * self._fair_s
            if share > _CHAINS_FROM and self._number % _CHAINS_EVERY == 0:
                piles = self._exchanged(piles)
                piles = self._chained(piles, self._fair_s, _CHAIN_PRICE) if is_late else piles
        return piles

    def _within_reach(self, piles: Piles) -> Piles:
        """Return *piles*; where the limit is far out of reach, the best plan, whose end is the limit from then on.

        Where work lies at few docks, an even share says little: the search would pay for a limit that it never gets.
        """
        if self._best is None or not is_out_of_reach(self._problem, self._best, fair_s=self._fair_s):
            return piles
        self._fair_s = self._least_fair_s = self._best.makespan_s
        self._fleet.prices = np.ones(len(self._fleet.groups))
        return [[sortie.visits for sortie in own] for own in self._best.sorties]

    def _replanned(self, piles: Piles, terms: QuarterTerms) -> Piles:
        piles, steps = self._quarters.replanned(piles, terms, is_over=lambda: self._used_share() >= 1)
        self._steps += max(1, steps)
        self._note(piles)
        if self._best is not None:
            self._tell(Progress(share=self._share(), best=self._best))
        return piles

    def _exchanged(self, piles: Piles) -> Piles:
        """Return *piles* after stretches were exchanged between many sorties at once, where that pays."""
        ones, began = np.ones(len(piles)), self._used_share()
        until = min(1.0, began + _EXCHANGES_S / self._allowed_s)
        terms, loads_s = Terms(self._fair_s, _CHAIN_PRICE * ones, ones), self._fleet.loads_s(piles)
        new = exchanged(
            self._problem,
            piles,
            loads_s,
            terms,
            is_over=lambda: self._used_share() >= until,
            wall_left_s=self._wall_left_s,
        )
        if new is None:
            return piles
        piles = self._fleet.piles([Trip(carrier=n, visits=visits) for n, own in enumerate(new) for visits in own])
        self._note(piles)
        return piles

    def _exchanged_often(self, best: Allocation) -> Allocation:
        """Return the best plan after stretches were exchanged as long as that pays."""
        for _ in range(_EXCHANGES if self._is_eased else 0):
            self._exchanged([[sortie.visits for sortie in own] for own in best.sorties])
            if self._best is None or self._best is best:
                break
            best = self._best
        return best

    def _levelled(self, piles: Piles, limit_s: float) -> Piles:
        """Return *piles* with the few last vehicles relieved over chains, where they end clearly after the others."""
        loads_s = np.sort(self._fleet.loads_s(piles))
        others_s = max(limit_s, float(loads_s[-1 - LAGGARDS]))
        return self._chained(piles, others_s, _LEVEL_PRICE) if loads_s[-1] > _LATE * others_s else piles

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
