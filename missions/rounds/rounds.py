"""Rounds: a closed walk for every vehicle, and how long each place stays unseen under them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from core.errors import InvalidInput
from missions.rounds.gaps import Rhythm, Unseen, worst_gap_s
from missions.rounds.graph import NodeId, RoadGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A closed walk over edges, its first place repeated at its end; one of a single place means to stand there.

    The vehicle is `start_offset_m` along it at the beginning, and goes round for ever.
    """

    places: tuple[NodeId, ...]
    start_offset_m: float = 0.0

    @property
    def closed(self) -> tuple[NodeId, ...]:
        """Return the places with the first one at the end, whether or not the walk was written so."""
        is_closed = len(self.places) < 2 or self.places[0] == self.places[-1]
        return self.places if is_closed else (*self.places, self.places[0])


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """Walks on a graph at one speed; idleness is the time since a place was last seen, once everything goes round."""

    graph: RoadGraph
    walks: tuple[Walk, ...]
    speed_m_s: float
    lower_bound_s: float = 0.0
    """No rounds whatever have less worst idleness."""
    notes: tuple[str, ...] = ()

    @cached_property
    def rhythms(self) -> Mapping[NodeId, Sequence[Rhythm]]:
        """Return who comes by at each place and when, a rhythm for each walk that leads there."""
        found: dict[NodeId, list[Rhythm]] = {node.id: [] for node in self.graph.nodes}
        for walk in self.walks:
            lap_s, visits = self._visits(walk)
            for place, at in visits.items():
                found[place].append(Rhythm(period_s=lap_s, visits_s=tuple(at)))
        return found

    @cached_property
    def idleness_s(self) -> Mapping[NodeId, float]:
        """Return the worst idleness of each place; infinite where nobody comes."""
        return {place: worst_gap_s(rhythms) for place, rhythms in self.rhythms.items()}

    @property
    def worst_idleness_s(self) -> float:
        """Return the longest time that any place stays unseen."""
        return max(self.idleness_s.values())

    @property
    def worst_weighted_s(self) -> float:
        """Return the greatest product of a place's worst idleness and its weight."""
        return max(self.idleness_s[node.id] * node.weight for node in self.graph.nodes)

    @cached_property
    def unseen(self) -> Unseen:
        """Return how long something that appears at a random place and moment stays unseen."""
        return Unseen.of([self.rhythms[node.id] for node in self.graph.nodes])

    @property
    def mean_idleness_s(self) -> float:
        """Return the idleness of a random place at a random moment, on average."""
        return self.unseen.mean_s

    def lap_m(self, walk: Walk) -> float:
        """Return the length of a walk; raises InvalidInput where two of its places are not joined."""
        return self.along_m(walk)[-1]

    def along_m(self, walk: Walk) -> list[float]:
        """Return how far along each place of the closed walk is, the lap last; raises InvalidInput."""
        along = [0.0]
        for a, b in pairwise(walk.closed):
            step_m = float(self.graph.steps_m[self.graph.index[a], self.graph.index[b]])
            if step_m == float("inf"):
                raise InvalidInput(f"no edge leads from {a!r} to {b!r}", where="walk", remedy="walk along edges")
            along.append(along[-1] + step_m)
        return along

    def _visits(self, walk: Walk) -> tuple[float, Mapping[NodeId, list[float]]]:
        """Return the seconds of a lap, and when each place is visited in it."""
        along_m = self.along_m(walk)
        visits: dict[NodeId, list[float]] = defaultdict(list)
        for place, at_m in zip(walk.closed, along_m, strict=True):
            visits[place].append((at_m - walk.start_offset_m) / self.speed_m_s)
        return along_m[-1] / self.speed_m_s, visits
