"""Single lanes: who would meet whom head-on, and reservations so that nobody ever does.

A lane is reserved for one direction at a time; whoever comes from the other side waits at its end, first come first
served. There is always room at a place, and whoever is on a lane gets off it, so nobody waits for ever.
"""

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random

from missions.rounds.graph import NodeId, RoadGraph
from missions.rounds.rounds import Rounds, Walk
from missions.rounds.tours import never

_LAPS = 12
_TRIES = 40
_EPS_S = 1e-9
Lane = frozenset[NodeId]
IsOver = Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A vehicle on a lane from one end to the other; it waited so long for it."""

    vehicle: int
    start: NodeId
    end: NodeId
    from_s: float
    until_s: float
    waited_s: float = 0.0

    @property
    def lane(self) -> Lane:
        """Return the two ends of the lane."""
        return frozenset((self.start, self.end))


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneConflict:
    """Two vehicles that would meet head-on on a single lane, for the first time in the span that was looked at."""

    lane: tuple[NodeId, NodeId]
    vehicles: tuple[int, int]
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneReport:
    """What single lanes do to rounds: conflicts without reservations, and the idleness with them."""

    conflicts: tuple[LaneConflict, ...]
    waited_ratio: float
    """The share of their time that vehicles wait."""
    worst_idleness_s: float
    """Seen in many laps with reservations."""


def single_lanes(graph: RoadGraph) -> frozenset[Lane]:
    """Return the lanes on which two directions are possible and nobody can pass."""
    return frozenset(frozenset((edge.a, edge.b)) for edge in graph.edges if edge.is_single_lane and not edge.is_one_way)


def lane_conflicts(rounds: Rounds, *, span_s: float | None = None) -> tuple[LaneConflict, ...]:
    """Return who would meet whom on which single lane in *span_s* (twelve of the longest laps), the first time each."""
    by_lane: dict[Lane, list[Passage]] = defaultdict(list)
    lanes = single_lanes(rounds.graph)
    if not lanes:
        return ()
    until_s = span_s or _span_s(rounds)
    for number in range(len(rounds.walks)):
        for passage in _passages(rounds, number, until_s):
            if passage.lane in lanes:
                by_lane[passage.lane].append(passage)
    first: dict[tuple[Lane, int, int], LaneConflict] = {}
    for lane, passages in by_lane.items():
        for conflict in _meetings(passages):
            first.setdefault((lane, *conflict.vehicles), conflict)
    return tuple(sorted(first.values(), key=lambda conflict: (conflict.at_s, conflict.vehicles)))


def _meetings(passages: Sequence[Passage]) -> Iterator[LaneConflict]:
    on = list[Passage]()
    for passage in sorted(passages, key=lambda one: one.from_s):
        on = [other for other in on if other.until_s > passage.from_s + _EPS_S]
        for other in on:
            if other.start != passage.start and other.vehicle != passage.vehicle:
                at_s = (min(other.until_s, passage.until_s) + passage.from_s) / 2
                pair = (min(other.vehicle, passage.vehicle), max(other.vehicle, passage.vehicle))
                yield LaneConflict(lane=(other.start, other.end), vehicles=pair, at_s=at_s)
        on.append(passage)


def _passages(rounds: Rounds, number: int, span_s: float) -> Iterator[Passage]:
    """Yield where a vehicle is, step by step, from before the beginning on: unhindered."""
    walk = rounds.walks[number]
    steps = _steps(rounds, walk)
    lap_s = sum(seconds for _, _, seconds in steps)
    if lap_s <= 0:
        return
    at_s = -(walk.start_offset_m / rounds.speed_m_s) % lap_s - lap_s
    while at_s < span_s:
        for start, end, seconds in steps:
            yield Passage(vehicle=number, start=start, end=end, from_s=at_s, until_s=at_s + seconds)
            at_s += seconds


def _steps(rounds: Rounds, walk: Walk) -> list[tuple[NodeId, NodeId, float]]:
    graph, speed = rounds.graph, rounds.speed_m_s
    return [
        (a, b, float(graph.steps_m[graph.index[a], graph.index[b]]) / speed) for a, b in pairwise(walk.closed)
    ]  # fmt: skip


def _span_s(rounds: Rounds) -> float:
    return _LAPS * max(rounds.lap_m(walk) for walk in rounds.walks) / rounds.speed_m_s


class ReservationTable:
    """Who may be on which lane when."""

    def __init__(self) -> None:
        self._passages: dict[Lane, list[Passage]] = defaultdict(list)

    def reserve(self, passage: Passage) -> Passage:
        """Return the passage, later where the lane is taken from the other side; calls come in order of time."""
        taken = self._passages[passage.lane]
        taken[:] = [other for other in taken if other.until_s > passage.from_s + _EPS_S]
        against = [other.until_s for other in taken if other.start != passage.start]
        begin_s = max([passage.from_s, *against])
        waited_s = begin_s - passage.from_s
        granted = replace(passage, from_s=begin_s, until_s=passage.until_s + waited_s, waited_s=waited_s)
        taken.append(granted)
        return granted


def drive(rounds: Rounds, *, span_s: float | None = None) -> list[Passage]:
    """Return all passages with reservations on single lanes, in order of their beginning."""
    end_s, lanes, table = span_s or _span_s(rounds), single_lanes(rounds.graph), ReservationTable()
    routes = [_passages(rounds, number, math.inf) for number in range(len(rounds.walks))]
    queue: list[tuple[float, int, Passage]] = []
    late_s = [0.0] * len(routes)
    for number, route in enumerate(routes):
        if (first := next((one for one in route if one.until_s > 0), None)) is not None:
            heapq.heappush(queue, (first.from_s, number, first))
    driven = list[Passage]()
    while queue and queue[0][0] < end_s:
        _, number, wanted = heapq.heappop(queue)
        granted = table.reserve(wanted) if wanted.lane in lanes else wanted
        late_s[number] += granted.waited_s
        driven.append(granted)
        following = next(routes[number])
        late = replace(following, from_s=following.from_s + late_s[number], until_s=following.until_s + late_s[number])
        heapq.heappush(queue, (late.from_s, number, late))
    return driven


def lane_report(rounds: Rounds) -> LaneReport | None:
    """Return what single lanes do to *rounds*; None when the graph has none."""
    if not single_lanes(rounds.graph) or _span_s(rounds) <= 0:
        return None
    driven = drive(rounds)
    waited_s = sum(passage.waited_s for passage in driven)
    spent_s = waited_s + sum(passage.until_s - passage.from_s for passage in driven)
    worst_s = _worst_s(rounds, driven)
    return LaneReport(conflicts=lane_conflicts(rounds), waited_ratio=waited_s / spent_s, worst_idleness_s=worst_s)


def _worst_s(rounds: Rounds, driven: Sequence[Passage]) -> float:
    visits: Mapping[NodeId, list[float]] = {node.id: [] for node in rounds.graph.nodes}
    for passage in driven:
        visits[passage.end].append(passage.until_s)
    standing = {walk.places[0] for walk in rounds.walks if rounds.lap_m(walk) <= 0}
    gaps = [b - a for place, at in visits.items() if place not in standing for a, b in pairwise(sorted(at))]
    return max(gaps, default=0.0)


def with_least_waiting(rounds: Rounds, *, seed: int = 1, is_over: IsOver = never) -> Rounds:
    """Return *rounds* with the groups shifted against each other so that vehicles wait least for single lanes.

    It is the best found until *is_over*.

    Vehicles on the same walk keep their distances, so the idleness without waiting stays what it is at places that one
    group visits; where that would make the worst idleness greater, a shift is not taken.
    """
    if is_over() or not lane_conflicts(rounds):
        return rounds
    random, best, best_s = Random(seed), rounds, _cost_s(rounds)
    limit_s = rounds.worst_idleness_s + 1e-6
    for _ in range(_TRIES):
        if is_over():
            break
        shifted = _shifted(rounds, random)
        if shifted.worst_idleness_s <= limit_s and (cost_s := _cost_s(shifted)) < best_s:
            best, best_s = shifted, cost_s
    return best


def _cost_s(rounds: Rounds) -> float:
    driven = drive(rounds)
    return _worst_s(rounds, driven) + sum(passage.waited_s for passage in driven) / len(rounds.walks) / _LAPS


def _shifted(rounds: Rounds, random: Random) -> Rounds:
    """Return *rounds* with each walk shifted so that it meets an earlier one at some place, or anyhow."""
    groups = list(dict.fromkeys(walk.places for walk in rounds.walks))
    random.shuffle(groups)
    moved = dict[tuple[NodeId, ...], float]()
    for places in groups:
        moved[places] = _meeting_m(rounds, places, moved, random)
    walks = []
    for walk in rounds.walks:
        lap_m = rounds.lap_m(walk)
        first_m = next(one.start_offset_m for one in rounds.walks if one.places == walk.places)
        offset_m = (walk.start_offset_m - first_m + moved[walk.places]) % lap_m if lap_m > 0 else 0.0
        walks.append(replace(walk, start_offset_m=offset_m))
    return replace(rounds, walks=tuple(walks))


def _meeting_m(
    rounds: Rounds, places: tuple[NodeId, ...], moved: Mapping[tuple[NodeId, ...], float], random: Random
) -> float:
    """Return an offset for a walk with which it comes to some place together with a walk that is placed already."""
    own = rounds.along_m(Walk(places=places))
    others = [other for other in moved if set(other) & set(places)]
    if not others or random.random() < 0.3:
        return random.random() * own[-1]
    other = random.choice(others)
    place = random.choice([one for one in places if one in set(other)])
    their_m = rounds.along_m(Walk(places=other))[other.index(place)]
    return own[places.index(place)] - (their_m - moved[other])
