"""Endless rounds: what is told is what happens, and it is good."""

import itertools
import math
from random import Random
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import ManualClock
from core.errors import InvalidInput
from missions.rounds.bounds import least_gap_m
from missions.rounds.graph_files import BadGraph, graph_from_json
from missions.rounds.partition import cut_tour
from missions.rounds.picture import rounds_svg
from missions.rounds.planner import Progress, RoundsRequest, plan_rounds
from missions.rounds.rounds import Rounds, Walk
from missions.rounds.rounds_files import rounds_from_json, rounds_to_json
from missions.rounds.tours import TourBook, shortest_tour
from tests.missions.rounds.towns import Document, ring, star, town
from tests.missions.rounds.walkers import worst_gaps


def planned(graph: Document, vehicles: int, *, speed_m_s: float = 1.0, steps: int = 2, seed: int = 1) -> Document:
    """Return the document of rounds that took at most so many steps of the search."""
    told: list[Progress] = []

    def watch(progress: Progress) -> bool:
        told.append(progress)
        return len(told) >= steps

    request = RoundsRequest(graph=graph_from_json(graph), vehicles=vehicles, speed_m_s=speed_m_s, seed=seed)
    return rounds_to_json(plan_rounds(request, clock=ManualClock(), watch=watch), runtime_s=0.0)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    count=st.integers(5, 16), vehicles=st.integers(1, 6), seed=st.integers(0, 10**6), speed=st.sampled_from([0.5, 1, 3])
)
def test_the_told_idleness_is_what_a_simulation_sees(count: int, vehicles: int, seed: int, speed: float) -> None:
    graph = town(count, seed=seed)
    document = planned(graph, vehicles, speed_m_s=speed, steps=1)
    gaps = worst_gaps(graph, document, speed_m_s=speed)
    assert document["worst_idleness_s"] == pytest.approx(max(gaps.values()), rel=1e-9, abs=1e-9)
    for node in document["nodes"]:
        assert gaps[node["id"]] <= node["worst_idleness_s"] + 1e-6
    assert document["lower_bound_s"] <= document["worst_idleness_s"] + 1e-9
    assert document["mean_idleness_s"] <= document["worst_idleness_s"]


def test_vehicles_follow_each_other_at_equal_distances_on_a_ring() -> None:
    for vehicles in (1, 2, 3, 5):
        assert planned(ring(12), vehicles)["worst_idleness_s"] == pytest.approx(120 / vehicles)


def test_rotation_partition_and_mixture_are_each_found_where_they_are_best() -> None:
    two_rings = town_of_two_rings(far_m=500.0)
    assert planned(two_rings, 2)["worst_idleness_s"] == pytest.approx(60.0), "each has its own ring"
    assert planned(two_rings, 4)["worst_idleness_s"] == pytest.approx(30.0), "two on each ring"
    uneven = town_of_two_rings(far_m=500.0, second=12)
    assert planned(uneven, 3)["worst_idleness_s"] == pytest.approx(60.0), "one on the small ring, two on the other"


def town_of_two_rings(*, far_m: float, second: int = 6) -> Document:
    """Return rings of six and *second* places ten metres apart, with a long way between them."""
    one, other = ring(6), ring(second)
    for node in other["nodes"]:
        node.update(id=node["id"] + 100, x_m=node["x_m"] + far_m)
    for edge in other["edges"]:
        edge.update(a=edge["a"] + 100, b=edge["b"] + 100)
    way = {"a": 0, "b": 100, "length_m": far_m}
    return {"nodes": one["nodes"] + other["nodes"], "edges": [*one["edges"], *other["edges"], way]}


@pytest.mark.parametrize("seed", range(3))
def test_small_towns_are_solved_as_well_as_by_trying_every_partition(seed: int) -> None:
    graph = town(7, seed=seed)
    lengths = graph_from_json(graph).ways.lengths_m.tolist()
    for vehicles in (2, 3):
        assert planned(graph, vehicles)["worst_idleness_s"] == pytest.approx(best_partition(lengths, vehicles))


def best_partition(lengths: list[list[float]], vehicles: int) -> float:
    """Return the least worst gap over all ways to share places and vehicles, each tour by trying every order."""
    size = len(lengths)
    tours: dict[int, float] = {}
    for mask in range(1, 1 << size):
        first, *rest = [place for place in range(size) if mask >> place & 1]
        tours[mask] = min(
            sum(lengths[a][b] for a, b in itertools.pairwise((first, *order, first)))
            for order in itertools.permutations(rest)
        )

    def best(mask: int, left: int) -> float:
        if not mask:
            return 0.0
        if not left:
            return math.inf
        lowest, found, part = mask & -mask, math.inf, mask
        while part:
            if part & lowest:
                for count in range(1, left + 1):
                    found = min(found, max(tours[part] / count, best(mask & ~part, left - count)))
            part = (part - 1) & mask
        return found

    return best((1 << size) - 1, vehicles)


@settings(max_examples=25, deadline=None)
@given(count=st.integers(2, 7), vehicles=st.integers(1, 4), seed=st.integers(0, 10**6))
def test_the_bound_is_never_above_the_best_partition(count: int, vehicles: int, seed: int) -> None:
    lengths = graph_from_json(town(count, seed=seed)).ways.lengths_m
    assert least_gap_m(lengths, vehicles) <= best_partition(lengths.tolist(), vehicles) + 1e-9


def test_a_tour_is_as_short_as_trying_every_order() -> None:
    for seed in range(5):
        lengths = graph_from_json(town(8, seed=seed)).ways.lengths_m
        length, tour = shortest_tour(TourBook(lengths_m=lengths), random=Random(1), times=30)
        assert sorted(tour) == list(range(8))
        assert length == pytest.approx(best_partition(lengths.tolist(), 1))


def test_one_way_streets_are_gone_in_their_direction_only() -> None:
    graph = ring(8)
    for edge in graph["edges"]:
        edge["one_way"] = True
    document = planned(graph, 2)
    assert document["worst_idleness_s"] == pytest.approx(40.0)
    assert max(worst_gaps(graph, document, speed_m_s=1.0).values()) == pytest.approx(40.0)
    gate = {"nodes": [{"id": "in", "x_m": 0, "y_m": 0}, {"id": "out", "x_m": 1, "y_m": 0}], "edges": []}
    gate["edges"] = [{"a": "in", "b": "out", "length_m": 5, "one_way": True}]
    with pytest.raises(BadGraph, match="no way leads back"):
        graph_from_json(gate)


def test_a_place_of_double_weight_is_seen_twice_as_often() -> None:
    graph = ring(12)
    plain = planned(graph, 1)
    graph["nodes"][0]["weight"] = 4.0
    graph["edges"].append({"a": 0, "b": 6, "length_m": 1.0})
    weighted = planned(graph, 1)
    by_node = {node["id"]: node["worst_idleness_s"] for node in weighted["nodes"]}
    assert by_node[0] < 0.6 * by_node[1]
    assert weighted["worst_weighted_idleness_s"] < 4 * plain["worst_idleness_s"] * 0.6
    gaps = worst_gaps(graph, weighted, speed_m_s=1.0)
    assert {node: pytest.approx(gap) for node, gap in gaps.items()} == by_node


def test_parts_that_no_edge_joins_get_vehicles_of_their_own_and_it_is_said() -> None:
    graph = town_of_two_rings(far_m=500.0, second=12)
    graph["edges"].pop()
    document = planned(graph, 3)
    assert document["worst_idleness_s"] == pytest.approx(60.0)
    assert "2 parts that no edge joins" in document["notes"][0]
    with pytest.raises(InvalidInput, match="1 vehicles cannot see them all"):
        planned(graph, 1)


@pytest.mark.parametrize(("count", "vehicles"), [(1, 1), (1, 3), (4, 4), (4, 9)])
def test_with_a_vehicle_for_every_place_nothing_stays_unseen(count: int, vehicles: int) -> None:
    graph = ring(4) if count == 4 else {"nodes": [{"id": "gate", "x_m": 0, "y_m": 0}], "edges": []}
    document = planned(graph, vehicles)
    assert len(document["vehicles"]) == vehicles
    assert {node for vehicle in document["vehicles"] for node in vehicle["walk"]} == {n["id"] for n in graph["nodes"]}
    assert document["worst_idleness_s"] == document["mean_idleness_s"] == 0.0
    assert "a vehicle for every node" in document["notes"][0]


def test_a_vehicle_stands_still_only_where_its_neighbours_are_too_far() -> None:
    graph = star([5.0, 5.0, 3.0])
    document = planned(graph, 3)
    standing = [vehicle["walk"][0] for vehicle in document["vehicles"] if len(vehicle["walk"]) == 1]
    assert document["worst_idleness_s"] == pytest.approx(6.0)
    assert sorted(standing) == ["end-0", "end-1"], "there and back is ten metres"


def test_every_fault_of_a_graph_is_told_at_once() -> None:
    graph: Any = {
        "nodes": [
            {"id": 1, "x_m": math.nan, "y_m": 0},
            {"id": 1, "x_m": 0, "y_m": "north"},
            {"id": None, "x_m": 0, "y_m": 0, "weight": 0},
            7,
        ],
        "edges": [
            {"a": 1, "b": 9, "length_m": -3},
            {"a": 1, "b": 1, "length_m": 3, "one_way": "yes"},
            {"a": 1, "length_m": math.inf},
            {"a": 1, "b": 1, "length_m": 0},
        ],
    }
    with pytest.raises(BadGraph) as refused:
        graph_from_json(graph)
    places = {problem.where for problem in refused.value.problems}
    assert places == {
        "nodes[0].x_m", "nodes[1].id", "nodes[1].y_m", "nodes[2].id", "nodes[2].weight", "nodes[3]",
        "edges[0].b", "edges[0].length_m", "edges[1]", "edges[1].one_way", "edges[2].b",
        "edges[2].length_m", "edges[3]", "edges[3].length_m",
    }  # fmt: skip
    assert all(problem.remedy for problem in refused.value.problems)


@pytest.mark.parametrize("document", [None, [], {"nodes": [], "edges": []}, {"nodes": 3}])
def test_what_is_no_graph_is_refused(document: object) -> None:
    with pytest.raises(BadGraph):
        graph_from_json(document)


def test_every_fault_of_a_request_is_told_at_once() -> None:
    request = RoundsRequest(graph=graph_from_json(ring(4)), vehicles=0, speed_m_s=math.nan, time_limit_s=-1)
    with pytest.raises(InvalidInput) as refused:
        plan_rounds(request, clock=ManualClock())
    assert all(word in str(refused.value) for word in ("vehicles is 0", "speed_m_s", "time_limit_s"))


def test_the_same_seed_gives_the_same_rounds() -> None:
    graph = town(14, seed=5)
    assert planned(graph, 3, seed=7) == planned(graph, 3, seed=7)


def test_stopping_gives_the_best_so_far_and_tells_how_it_goes() -> None:
    graph, told = graph_from_json(town(20, seed=3)), list[Progress]()
    request = RoundsRequest(graph=graph, vehicles=4, speed_m_s=1.0)

    def watch(progress: Progress) -> bool:
        told.append(progress)
        return len(told) == 2

    found = plan_rounds(request, clock=ManualClock(), watch=watch)
    assert len(told) == 2
    assert found.worst_idleness_s == pytest.approx(told[-1].worst_idleness_s)
    assert 0 <= told[0].done_ratio <= told[1].done_ratio <= 1


def test_a_search_that_is_stopped_ends_at_once_with_a_whole_answer() -> None:
    graph, asked = graph_from_json(town(40, seed=3)), list[int]()

    def is_stopped() -> bool:
        asked.append(1)
        return len(asked) > 3

    request = RoundsRequest(graph=graph, vehicles=5, speed_m_s=1.0)
    found = plan_rounds(request, clock=ManualClock(), is_stopped=is_stopped)
    assert len(found.walks) == 5
    assert found.worst_idleness_s < math.inf
    assert len(asked) < 40


def test_walks_are_read_closed_or_open_and_refused_where_no_edge_is() -> None:
    graph = graph_from_json(ring(4))
    closed, left_open = ({"vehicles": [{"walk": walk}]} for walk in ([0, 1, 2, 3, 0], [0, 1, 2, 3]))
    for document in (closed, left_open):
        assert rounds_from_json(document, graph=graph).worst_idleness_s == pytest.approx(40.0)
    with pytest.raises(InvalidInput, match="no edge leads from 0 to 2"):
        _ = rounds_from_json({"vehicles": [{"walk": [0, 2]}]}, graph=graph).worst_idleness_s
    wrong: Any
    for wrong in (
        {},
        {"vehicles": []},
        {"vehicles": [{"walk": [9]}]},
        {"vehicles": [{"walk": [0], "start_offset_m": "x"}]},
    ):
        with pytest.raises(InvalidInput):
            rounds_from_json(wrong, graph=graph)


def test_places_that_nobody_visits_are_never_seen() -> None:
    rounds = Rounds(graph=graph_from_json(ring(4)), walks=(Walk(places=(0, 1, 0)),), speed_m_s=1.0)
    assert rounds.worst_idleness_s == math.inf
    assert rounds.idleness_s[0] == 20.0


def test_the_picture_names_every_node_and_is_well_formed() -> None:
    graph = graph_from_json(star([5.0, 9.0, 14.0, 3.0]))
    found = plan_rounds(
        RoundsRequest(graph=graph, vehicles=2, speed_m_s=1.0), clock=ManualClock(), watch=lambda _: True
    )
    picture = ElementTree.fromstring(rounds_svg(found))
    titles = {(title.text or "").split(":")[0] for title in picture.iter("{http://www.w3.org/2000/svg}title")}
    assert titles == {str(node.id) for node in graph.nodes}


def test_the_bound_is_never_above_what_is_found_not_even_by_rounding() -> None:
    nodes = [{"id": node, "x_m": 0, "y_m": 0} for node in "abc"]
    graph = {"nodes": nodes, "edges": [_edge("a", "b", 0.1), _edge("b", "c", 0.2)]}
    found = planned(graph, 1, speed_m_s=1.5)
    assert 0.39 < found["lower_bound_s"] <= found["worst_idleness_s"]


def _edge(a: str, b: str, length_m: float) -> Document:
    return {"a": a, "b": b, "length_m": length_m}


def test_a_picture_has_scale_north_and_what_its_roads_mean() -> None:
    graph = ring(6)
    graph["edges"][0] |= {"one_way": True}
    graph["edges"][1] |= {"single_lane": True}
    request = RoundsRequest(graph=graph_from_json(graph), vehicles=2, speed_m_s=1.0)
    found = plan_rounds(request, clock=ManualClock(), watch=lambda _: True)
    picture = ElementTree.fromstring(rounds_svg(found))
    words = {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {"N 北", "one way 单行", "single lane 单车道，不可会车"} <= words


def test_more_vehicles_than_places_by_far_are_planned_at_once() -> None:
    """Looking for meetings on single lanes took the square of the vehicles, on graphs without such lanes too."""
    assert len(planned(ring(6), 10_000)["vehicles"]) == 10_000
    with pytest.raises(InvalidInput, match="give 10000 at most"):
        planned(ring(6), 10_001)


def test_a_corridor_is_cut_into_parts_that_come_back_equally_soon() -> None:
    along_m = np.arange(40) * 10.0
    book = TourBook(lengths_m=np.abs(along_m[:, None] - along_m))
    parts = cut_tour(book, list(range(40)), [1, 1, 1, 1], first=0)
    assert parts == [list(range(begin, begin + 10)) for begin in range(0, 40, 10)]
    assert sorted(place for part in cut_tour(book, list(range(40)), [2, 1], first=7) for place in part) == [*range(40)]


def test_a_long_corridor_is_shared_out_end_to_end() -> None:
    nodes = [{"id": n, "x_m": 10.0 * n, "y_m": 0.0} for n in range(120)]
    edges = [{"a": n, "b": n + 1, "length_m": 10.0} for n in range(119)]
    rounds = planned({"nodes": nodes, "edges": edges}, 3, steps=1)
    assert rounds["worst_idleness_s"] <= 780.0 + 1e-6
