"""Nobody meets anybody head-on on a single lane."""

from collections import defaultdict
from itertools import combinations, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import ManualClock
from missions.rounds.graph_files import graph_from_json
from missions.rounds.lanes import Passage, drive, lane_conflicts, lane_report, with_least_waiting
from missions.rounds.planner import RoundsRequest, plan_rounds
from missions.rounds.rounds import Rounds, Walk
from missions.rounds.rounds_files import rounds_to_json
from tests.missions.rounds.towns import Document, star, town


def narrow(graph: Document) -> Document:
    """Return the graph with single lanes everywhere."""
    for edge in graph["edges"]:
        edge["single_lane"] = True
    return graph


def line_rounds(*, offsets: tuple[float, float]) -> Rounds:
    """Return two vehicles there and back on a single lane of ten metres."""
    graph = graph_from_json(narrow(star([10.0])))
    walks = tuple(Walk(places=("hub", "end-0", "hub"), start_offset_m=offset) for offset in offsets)
    return Rounds(graph=graph, walks=walks, speed_m_s=1.0)


def test_two_who_start_from_both_ends_meet_in_the_middle() -> None:
    conflict = lane_conflicts(line_rounds(offsets=(0.0, 10.0)))[0]
    assert set(conflict.lane) == {"hub", "end-0"}
    assert conflict.vehicles == (0, 1)
    assert lane_conflicts(line_rounds(offsets=(0.0, 0.0))) == ()


def test_wide_lanes_have_no_conflicts() -> None:
    graph = graph_from_json(star([10.0]))
    rounds = Rounds(graph=graph, walks=line_rounds(offsets=(0.0, 10.0)).walks, speed_m_s=1.0)
    assert lane_conflicts(rounds) == ()
    assert lane_report(rounds) is None


def head_on(passages: list[Passage]) -> list[tuple[Passage, Passage]]:
    """Return every pair that is on one lane at the same time in opposite directions."""
    by_lane: dict[Any, list[Passage]] = defaultdict(list)
    for passage in passages:
        by_lane[passage.lane].append(passage)
    return [
        (a, b)
        for one in by_lane.values()
        for a, b in combinations(one, 2)
        if a.start == b.end and min(a.until_s, b.until_s) > max(a.from_s, b.from_s) + 1e-6
    ]


@settings(max_examples=15, deadline=None)
@given(count=st.integers(4, 12), vehicles=st.integers(2, 5), seed=st.integers(0, 10**6))
def test_with_reservations_nobody_is_ever_on_a_lane_against_another(count: int, vehicles: int, seed: int) -> None:
    graph = graph_from_json(narrow(town(count, seed=seed)))
    request = RoundsRequest(graph=graph, vehicles=min(vehicles, count - 1), speed_m_s=1.0)
    rounds = plan_rounds(request, clock=ManualClock(), watch=lambda _: True)
    passages = drive(rounds)
    assert head_on(passages) == []
    for number in range(len(rounds.walks)):
        own = [passage for passage in passages if passage.vehicle == number]
        assert all(a.end == b.start and b.from_s >= a.until_s - 1e-6 for a, b in pairwise(own))
    document: Any = rounds_to_json(rounds, runtime_s=0.0)
    found = document["single_lanes"]
    assert found["conflicts"] or found["waited_ratio"] < 1e-9
    assert rounds.worst_idleness_s <= found["worst_idleness_with_waiting_s"] + 1e-6 or not found["conflicts"]


def test_a_shift_takes_conflicts_away_where_it_can() -> None:
    graph = graph_from_json(narrow(star([10.0, 10.0])))
    apart = (Walk(places=("hub", "end-0", "hub")), Walk(places=("end-1", "hub", "end-0", "hub", "end-1")))
    rounds = Rounds(graph=graph, walks=apart, speed_m_s=1.0)
    assert lane_conflicts(rounds)
    better = with_least_waiting(rounds)
    report = lane_report(better)
    assert report is not None
    assert better.worst_idleness_s <= rounds.worst_idleness_s + 1e-6
    assert lane_conflicts(better) == ()
    assert report.waited_ratio == pytest.approx(0.0, abs=1e-9)


def test_the_shifting_ends_with_the_best_so_far_when_it_is_told_to() -> None:
    graph = graph_from_json(narrow(star([10.0, 10.0])))
    apart = (Walk(places=("hub", "end-0", "hub")), Walk(places=("end-1", "hub", "end-0", "hub", "end-1")))
    rounds = Rounds(graph=graph, walks=apart, speed_m_s=1.0)
    assert with_least_waiting(rounds, is_over=lambda: True) is rounds
    asked: list[None] = []

    def third_time() -> bool:
        asked.append(None)
        return len(asked) >= 3

    with_least_waiting(rounds, is_over=third_time)
    assert len(asked) == 3
