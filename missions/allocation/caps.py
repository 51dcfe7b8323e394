"""Room for sorties under a limit on every vehicle: what each may take now, and what its seconds cost now."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from missions.allocation.packing import pack
from missions.allocation.problem import Carrier, FloatArray, Problem, Visits
from missions.allocation.redock import redocked
from missions.allocation.vrp import Slot, Trip

Piles = list[list[Visits]]
_LEAST_ROOM = 0.1
"""A further sortie is offered where a vehicle has so much of its endurance left."""
_LEAST_SHARE = 0.03
"""The same where the limit may be overrun at a price."""
_TO_EACH = 0.3
"""Share of the time that a vehicle has left which each of its sorties is promised; the rest is shared out."""
_CHEAPEST, _DEAREST = 0.4, 3.0
_NEVER_S = 1e6


class Fleet:
    """Carriers in groups that are alike, with a price for the seconds of each group."""

    def __init__(self, problem: Problem, *, random: np.random.Generator) -> None:
        self._problem = problem
        self._random = random
        groups: dict[object, list[int]] = defaultdict(list)
        for carrier, who in enumerate(problem.carriers):
            groups[who].append(carrier)
        self.groups = list(groups.values())
        self._group_of = {carrier: n for n, group in enumerate(self.groups) for carrier in group}
        self.prices = np.ones(len(self.groups))
        self._between_docks_s, self._dock_step_s = _docks_apart(problem)

    def piles(self, trips: Sequence[Trip]) -> Piles:
        """Return the sorties of each carrier, shared out anew within each group."""
        by_group: Piles = [[] for _ in self.groups]
        for trip in trips:
            if trip.visits:
                by_group[self._group_of[trip.carrier]].append(trip.visits)
        return self._packed(by_group)

    def moved(self, piles: Piles, *, limit_s: float) -> Piles:
        """Return *piles* with whole sorties moved to other docks where that is better under the limit."""
        sorties = [visits for own in piles for visits in own]
        by_group = redocked(self._problem, self.groups, sorties, limit_s=limit_s)
        return piles if by_group is None else self._packed(by_group)

    def _packed(self, by_group: Piles) -> Piles:
        piles: Piles = [[] for _ in self._problem.carriers]
        for own, group in zip(by_group, self.groups, strict=True):
            who = self._problem.carriers[group[0]]
            durations_s = [self._problem.sortie(group[0], visits).duration_s for visits in own]
            packed = pack(durations_s, len(group), most=who.max_sorties, pause_s=who.turnaround_s)
            for carrier, pile in zip(group, packed, strict=True):
                piles[carrier] = [own[sortie] for sortie in pile]
        return piles

    def loads_s(self, piles: Piles) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Return how long each carrier is busy, time in the dock between sorties included."""
        return np.array([self._load_s(carrier, own) for carrier, own in enumerate(piles)])

    def _load_s(self, carrier: int, own: Sequence[Visits]) -> float:
        pauses_s = self._problem.carriers[carrier].turnaround_s * max(0, len(own) - 1)
        return pauses_s + math.fsum(self._problem.sortie(carrier, visits).duration_s for visits in own)

    def reprice(
        self, loads_s: np.ndarray[tuple[int, ...], np.dtype[np.float64]], *, aim_s: float, step: float, least: float
    ) -> None:
        """Make groups dearer that are busy longer than *aim_s* on average, and the others cheaper."""
        means_s = np.array([loads_s[group].mean() for group in self.groups])
        off = np.clip((means_s - aim_s) / max(aim_s, 1e-9), -0.3, 0.3)
        prices = self.prices * np.exp(step * off)
        if least < 1.0:
            prices = prices / prices.mean()
        self.prices = np.clip(prices, max(least, _CHEAPEST), _DEAREST)

    def slots(self, piles: Piles, *, limit_s: float) -> tuple[list[Trip], list[Slot]]:
        """Return the trips of *piles* and their slots, and then empty slots for further sorties."""
        trips: list[Trip] = []
        used: list[Slot] = []
        free: list[Slot] = []
        for carrier, own in enumerate(piles):
            caps, more = self._caps(carrier, own, limit_s)
            trips.extend(Trip(carrier=carrier, visits=visits) for visits in own)
            used.extend(self._slot(carrier, cap) for cap in caps)
            free.extend(self._slot(carrier, cap) for cap in more)
        return trips, [*used, *free]

    def remoteness(self, piles: Piles, *, limit_s: float) -> FloatArray:
        """Return for each carrier 1, and more the farther its dock is from one where there is time left.

        A second over the limit is worth the more there: so work moves towards where there is room, over several docks.
        """
        spare_s = limit_s - self.loads_s(piles)
        has_room = [spare > _LEAST_SHARE * who.endurance_s for spare, who in self._with_carriers(spare_s)]
        if not any(has_room) or self._dock_step_s <= 0:
            return np.ones(len(piles))
        docks = np.array([who.dock for who in self._problem.carriers])
        nearest_s = self._between_docks_s[np.ix_(docks, docks[has_room])].min(axis=1)
        return np.asarray(1.0 + nearest_s / self._dock_step_s)

    def _with_carriers(self, values: FloatArray) -> "zip[tuple[float, Carrier]]":
        return zip(values.tolist(), self._problem.carriers, strict=True)

    def eased(self, piles: Piles, *, limit_s: float, dearer: float) -> tuple[list[Trip], list[Slot]]:
        """Return trips and slots as `slots` does, but a second over the limit only costs *dearer* more.

        Endurance alone caps them; what each may take at no more is what it takes now, and its share of what its vehicle
        has left, or less where its vehicle is over the limit.
        """
        trips: list[Trip] = []
        used: list[Slot] = []
        free: list[Slot] = []
        for carrier, own in enumerate(piles):
            easy, more = self._easy(carrier, own, limit_s)
            trips.extend(Trip(carrier=carrier, visits=visits) for visits in own)
            used.extend(self._dearer_slot(carrier, easy_s, dearer) for easy_s in easy)
            free.extend(self._dearer_slot(carrier, easy_s, dearer) for easy_s in more)
        return trips, [*used, *free]

    def _easy(self, carrier: int, own: Sequence[Visits], limit_s: float) -> tuple[list[float], list[float]]:
        """Return what a carrier's sorties, and further ones, may take before a second costs more."""
        who = self._problem.carriers[carrier]
        if not own:
            return [], [limit_s]
        durations_s = np.array([self._problem.sortie(carrier, visits).duration_s for visits in own])
        slack_s = limit_s - self._load_s(carrier, own)
        if slack_s < 0:
            return (durations_s * max(0.0, 1 + slack_s / durations_s.sum())).tolist(), []
        more_s = slack_s - who.turnaround_s
        has_room = len(own) < who.max_sorties and more_s > _LEAST_SHARE * who.endurance_s
        shares = self._random.dirichlet(np.full(len(own), 2.0)) * (1 - _TO_EACH) + _TO_EACH
        return (durations_s + slack_s * shares).tolist(), [more_s] if has_room else []

    def _dearer_slot(self, carrier: int, easy_s: float, dearer: float) -> Slot:
        return replace(self._slot(carrier, self._problem.carriers[carrier].endurance_s), easy_s=easy_s, dearer=dearer)

    def carrier_prices(self) -> FloatArray:
        """Return what a second of each carrier costs now."""
        return np.array([self.prices[self._group_of[carrier]] for carrier in range(len(self._problem.carriers))])

    def _slot(self, carrier: int, cap_s: float) -> Slot:
        return Slot(carrier=carrier, cap_s=cap_s, price=float(self.prices[self._group_of[carrier]]))

    def _caps(self, carrier: int, own: Sequence[Visits], limit_s: float) -> tuple[list[float], list[float]]:
        """Return the caps of a carrier's sorties, and those of further sorties that it may fly."""
        who = self._problem.carriers[carrier]
        free = who.max_sorties - len(own)
        if math.isinf(limit_s):
            return [who.endurance_s] * len(own), [who.endurance_s] * min(2, free)
        if not own:
            return [], [min(who.endurance_s, limit_s)]
        durations_s = np.array([self._problem.sortie(carrier, visits).duration_s for visits in own])
        slack_s = limit_s - self._load_s(carrier, own)
        if slack_s <= 0:
            return (durations_s * max(0.0, 1 + slack_s / durations_s.sum())).tolist(), []
        more_s = slack_s - who.turnaround_s
        if free and more_s > _LEAST_ROOM * who.endurance_s and self._random.random() < 0.5:
            return durations_s.tolist(), [min(more_s, who.endurance_s)]
        shares = self._random.dirichlet(np.full(len(own), 2.0))
        return np.minimum(durations_s + slack_s * shares, who.endurance_s).tolist(), []


def _docks_apart(problem: Problem) -> tuple[FloatArray, float]:
    """Return the ways between places of docks, shape (docks, docks), and how far the next one is on average."""
    docks = sorted({who.dock for who in problem.carriers})
    between = np.min(problem.travel_s, axis=0)[: problem.docks, : problem.docks]
    between = np.where(np.isfinite(between), between, _NEVER_S)
    if len(docks) < 2:
        return between, 0.0
    others = between[np.ix_(docks, docks)] + np.diag(np.full(len(docks), _NEVER_S))
    return np.minimum(between, _NEVER_S), float(others.min(axis=1).mean())
