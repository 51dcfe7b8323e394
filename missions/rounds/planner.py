"""Rounds for so many vehicles on a road graph: the least worst idleness that is found in the time given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from core.clock import Clock
from core.errors import InvalidInput
from missions.rounds.bounds import least_gap_m
from missions.rounds.graph import RoadGraph
from missions.rounds.lanes import with_least_waiting
from missions.rounds.partition import Group, Groups, worst_m
from missions.rounds.repeats import with_repeats
from missions.rounds.rounds import Rounds, Walk
from missions.rounds.search import Found, search
from missions.rounds.tours import never

_MOST_VEHICLES = 10_000
_SEARCHING = 0.95
"""The share of the time that is searched in; the rest is for the bound and what is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundsRequest:
    """Who is to go round where; `time_limit_s` is wall time, `seed` makes the answer the same again."""

    graph: RoadGraph
    vehicles: int
    speed_m_s: float
    time_limit_s: float = 20.0
    seed: int = 1

    def check(self) -> None:
        """Raise InvalidInput with everything that is wrong."""
        wrong = []
        if self.vehicles < 1:
            wrong.append(f"vehicles is {self.vehicles}: at least one has to go round")
        if self.vehicles > _MOST_VEHICLES:
            wrong.append(f"vehicles is {self.vehicles}: give {_MOST_VEHICLES} at most")
        if not 0 < self.speed_m_s < 1000:
            wrong.append(f"speed_m_s is {self.speed_m_s:g}: give metres a second, more than 0")
        if not 0 < self.time_limit_s <= 86_400:
            wrong.append(f"time_limit_s is {self.time_limit_s:g}: give seconds, more than 0")
        parts = len(connected_parts(self.graph))
        if 1 <= self.vehicles < parts:
            wrong.append(
                f"the graph has {parts} parts that no edge joins: {self.vehicles} vehicles cannot see them all"
            )
        if wrong:
            raise InvalidInput("; ".join(wrong), where="rounds", remedy="change the request")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the planning is, and what would be answered now."""

    done_ratio: float
    worst_idleness_s: float


Watch = Callable[[Progress], bool]
"""Is told how far the planning is; True asks it to stop with the best rounds so far."""


def keep_on(_progress: Progress) -> bool:
    """Watch without ever stopping."""
    return False


def plan_rounds(
    request: RoundsRequest, *, clock: Clock, watch: Watch = keep_on, is_stopped: Callable[[], bool] = never
) -> Rounds:
    """Return the best rounds found until the time is up, *watch* asks to stop, or nothing better turns up for long.

    *is_stopped* is asked far more often than *watch* is told, and ends the search within a moment. Parts of the graph
    that no edge joins get vehicles of their own. Raises InvalidInput.
    """
    request.check()
    parts = connected_parts(request.graph)
    shares = _shares([request.graph.part(part) for part in parts], request.vehicles, Random(request.seed))
    walks, notes = list[Walk](), _notes(request, parts, shares)
    stage = _Stage(number=0, count=len(parts), begin_s=clock.monotonic_s(), worst_s=0.0, is_stopped=is_stopped)
    for number, (part, vehicles) in enumerate(zip(parts, shares, strict=True)):
        stage = replace(stage, number=number)
        one = _Part(request=request, nodes=part, vehicles=vehicles, clock=clock, stage=stage, watch=watch)
        walks += one.walks()
        stage = replace(stage, worst_s=max(stage.worst_s, one.worst_s))
    bounds = (least_gap_m(request.graph.part(part).ways.lengths_m, request.vehicles - len(parts) + 1) for part in parts)
    bound_s = max(bounds) / request.speed_m_s
    rounds = Rounds(
        graph=request.graph, walks=tuple(walks), speed_m_s=request.speed_m_s, lower_bound_s=bound_s, notes=notes
    )
    found = with_least_waiting(rounds, seed=request.seed, is_over=is_stopped)
    # what is found to be best has the bound's length but for rounding
    return replace(found, lower_bound_s=min(bound_s, found.worst_idleness_s))


def connected_parts(graph: RoadGraph) -> list[list[int]]:
    """Return the numbers of the nodes of each part that no edge joins with the others."""
    parts, seen = list[list[int]](), set[int]()
    for number in range(len(graph.nodes)):
        if number not in seen:
            parts.append([other for other in range(len(graph.nodes)) if graph.reaches[number, other]])
            seen.update(parts[-1])
    return parts


def _shares(parts: Sequence[RoadGraph], vehicles: int, random: Random) -> list[int]:
    """Return how many vehicles each part gets: one each, then one after the other to whoever waits longest."""
    if len(parts) == 1:
        return [vehicles]
    over = [_tour_m(part, random) * max(part.weights) for part in parts]
    shares = [1] * len(parts)
    for _ in range(vehicles - len(parts)):
        left = [number for number, part in enumerate(parts) if shares[number] < len(part.nodes)] or range(len(parts))
        shares[max(left, key=lambda number: over[number] / shares[number])] += 1
    return shares


def _tour_m(part: RoadGraph, random: Random) -> float:
    groups = search(part, 1, random=random, is_over=lambda: True, tell=lambda _found: None)
    return groups[0].length_m


def _notes(request: RoundsRequest, parts: Sequence[Sequence[int]], shares: Sequence[int]) -> tuple[str, ...]:
    notes = []
    if len(parts) > 1:
        told = ", ".join(f"{share} for {len(part)}" for part, share in zip(parts, shares, strict=True))
        notes.append(f"the graph has {len(parts)} parts that no edge joins; vehicles for nodes: {told}")
    if request.vehicles >= len(request.graph.nodes):
        notes.append("there is a vehicle for every node: each stands at one, and nothing stays unseen")
    return tuple(notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """Which of the connected parts is planned, and the worst idleness of those before it."""

    number: int
    count: int
    begin_s: float
    worst_s: float
    is_stopped: Callable[[], bool]


class _Part:
    """The planning of one connected part."""

    def __init__(
        self, *, request: RoundsRequest, nodes: Sequence[int], vehicles: int, clock: Clock, stage: _Stage, watch: Watch
    ) -> None:
        self._request = request
        self._graph = request.graph.part(nodes)
        self._vehicles = vehicles
        self._clock = clock
        self._stage = stage
        self._span_s = _SEARCHING * request.time_limit_s * (stage.number + 1) / stage.count
        self._watch = watch
        self._is_stopped = False
        self.worst_s = 0.0

    def walks(self) -> list[Walk]:
        """Return a walk for each vehicle of this part."""
        size = len(self._graph.nodes)
        if self._vehicles >= size:
            return [Walk(places=(self._graph.nodes[number % size].id,)) for number in range(self._vehicles)]
        groups = search(
            self._graph, self._vehicles, random=Random(self._request.seed), is_over=self._is_over, tell=self._tell
        )
        self.worst_s = worst_m(groups) / self._request.speed_m_s
        return [walk for group in groups for walk in self._walks_of(group, groups)]

    @property
    def _passed_s(self) -> float:
        return self._clock.monotonic_s() - self._stage.begin_s

    def _is_over(self) -> bool:
        return self._is_stopped or self._stage.is_stopped() or self._passed_s >= self._span_s

    def _tell(self, found: Found) -> None:
        done = min(1.0, max(found.done_ratio, self._passed_s / self._span_s))
        worst_s = max(self._stage.worst_s, worst_m(found.groups) / self._request.speed_m_s)
        told = Progress(done_ratio=(self._stage.number + done) / self._stage.count, worst_idleness_s=worst_s)
        self._is_stopped = self._watch(told) or self._is_stopped

    def _walks_of(self, group: Group, groups: Groups) -> list[Walk]:
        """Return the walks of a group, its vehicles at equal distances."""
        stops = with_repeats(group, lengths_m=self._graph.ways.lengths_m, weights=self._graph.weights)
        if len(stops) == 1:
            stops = self._stroll(stops[0], worst_m(groups) * group.vehicles / group.weight)
        places, lap_m = [stops[0]], 0.0
        for start, end in zip(stops, [*stops[1:], stops[0]], strict=True):
            places += self._graph.ways.way(start, end)
            lap_m += float(self._graph.ways.lengths_m[start, end])
        walk = tuple(self._graph.nodes[place].id for place in places)
        return [Walk(places=walk, start_offset_m=lap_m * number / group.vehicles) for number in range(group.vehicles)]

    def _stroll(self, place: int, at_most_m: float) -> tuple[int, ...]:
        """Return the place with its nearest neighbour, when one may leave it for so long: a vehicle should move."""
        lengths = self._graph.ways.lengths_m
        there = lengths[place] + lengths[:, place]
        other = min((number for number in range(len(lengths)) if number != place), key=there.__getitem__)
        return (place, other) if 0 < there[other] <= at_most_m else (place,)
