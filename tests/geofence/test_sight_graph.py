"""Shortest ways in regions with holes, beside a graph of everything that sees each other, made line by line."""

from itertools import combinations, pairwise

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra
from shapely import LineString, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from geofence.sight_graph import Ways

Place = tuple[float, float]
GROUND = box(0, 0, 100, 100)


def shortest_m(free: BaseGeometry, first: Place, last: Place) -> float:
    """Return the length of the shortest way over all corners of *free*, by testing every line; inf for none."""
    room = free.buffer(1e-9)
    places = [first, last, *map(tuple, np.unique(shapely.get_coordinates(free), axis=0).tolist())]
    pairs = np.array(list(combinations(range(len(places)), 2)))
    lines = shapely.linestrings(np.array(places)[pairs])
    shapely.prepare(room)
    clear = shapely.covers(room, lines) | (shapely.length(lines) == 0)
    lengths = np.zeros((len(places), len(places)))
    lengths[tuple(pairs[clear].T)] = np.maximum(shapely.length(lines[clear]), 1e-6)
    return float(dijkstra(lengths, directed=False, indices=0)[1])


def without(*holes: Polygon) -> BaseGeometry:
    """Return the ground without *holes*."""
    return shapely.difference(GROUND, shapely.union_all(holes))


def found_m(free: BaseGeometry, first: Place, last: Place) -> float:
    """Return the length of our way, after checking that it runs inside *free*."""
    way = Ways(free).shortest(np.array(first), np.array(last))
    if way is None:
        return float("inf")
    assert way.points[0].tolist() == list(first)
    assert way.points[-1].tolist() == list(last)
    line = LineString(way.points)
    assert line.difference(free.buffer(1e-6)).length == 0
    assert way.length_m == pytest.approx(line.length)
    return way.length_m


whole = st.integers(0, 20).map(lambda n: n * 5.0)
aligned = st.tuples(whole, whole, st.integers(1, 8), st.integers(1, 8)).map(
    lambda b: box(b[0], b[1], b[0] + 5 * b[2], b[1] + 5 * b[3])
)
stars = st.tuples(
    st.floats(10, 90), st.floats(10, 90), st.lists(st.floats(2, 25), min_size=3, max_size=9), st.floats(0, 6)
).map(
    lambda s: Polygon(
        [
            (
                s[0] + r * np.cos(s[3] + 2 * np.pi * n / len(s[2])),
                s[1] + r * np.sin(s[3] + 2 * np.pi * n / len(s[2])),
            )
            for n, r in enumerate(s[2])
        ]
    )
)
anywhere = st.tuples(st.floats(0.5, 99.5), st.floats(0.5, 99.5))
on_grid = st.tuples(whole, whole)


@given(holes=st.lists(stars, min_size=1, max_size=5), first=anywhere, last=anywhere)
@settings(max_examples=60, deadline=None)
def test_ways_are_as_short_as_those_of_the_whole_graph(holes: list[Polygon], first: Place, last: Place) -> None:
    free = without(*holes)
    assume(free.buffer(-1e-3).intersects(Point(first)) and free.buffer(-1e-3).intersects(Point(last)))

    assert found_m(free, first, last) == pytest.approx(shortest_m(free, first, last), abs=1e-3)


@given(holes=st.lists(aligned, min_size=1, max_size=6), first=on_grid, last=on_grid)
@settings(max_examples=80, deadline=None)
def test_aligned_walls_and_ends_on_borders_are_no_exception(holes: list[Polygon], first: Place, last: Place) -> None:
    # holes that touch in a point only would leave a way of no width, which the whole graph takes and we do not
    free = shapely.difference(GROUND, shapely.union_all(holes).buffer(1e-4, join_style="mitre"))
    assume(free.intersects(Point(first)) and free.intersects(Point(last)))

    assert found_m(free, first, last) == pytest.approx(shortest_m(free, first, last), abs=1e-3)


@given(holes=st.lists(aligned, min_size=1, max_size=6), first=on_grid, last=on_grid)
@settings(max_examples=80, deadline=None)
def test_lines_exactly_through_corners_do_not_run_through_walls(
    holes: list[Polygon], first: Place, last: Place
) -> None:
    free = without(*holes)
    assume(free.intersects(Point(first)) and free.intersects(Point(last)))

    # where holes touch in a point the whole graph has ways of no width, so ours may be longer
    assert found_m(free, first, last) >= shortest_m(free, first, last) - 1e-3


def test_a_diagonal_through_the_corners_of_a_moat_is_no_way() -> None:
    moat = box(294.995, 294.995, 405.005, 405.005).difference(box(335.005, 335.005, 364.995, 364.995))
    finder = Ways(box(-2005, -2005, 2405, 2405).difference(moat))
    places = np.array([[0.0, 0.0], [350.0, 350.0], [500.0, 500.0]])

    assert finder.shortest(places[0], places[1]) is None
    assert np.isinf(finder.distances(places)[0, 1])
    around = finder.shortest(places[0], places[2])
    assert around is not None
    assert len(around.points) == 3


@given(holes=st.lists(st.one_of(stars, aligned), max_size=5), places=st.lists(anywhere, min_size=2, max_size=8))
@settings(max_examples=40, deadline=None)
def test_the_matrix_says_what_single_ways_say(holes: list[Polygon], places: list[Place]) -> None:
    free = without(*holes)
    finder = Ways(free)
    lengths = finder.distances(np.array(places))

    for (row, first), (column, last) in combinations(enumerate(places), 2):
        way = finder.shortest(np.array(first), np.array(last))
        assert lengths[row, column] == pytest.approx(np.inf if way is None else way.length_m)
        assert lengths[row, column] == lengths[column, row]


def test_places_inside_a_hole_or_on_another_island_have_no_way() -> None:
    islands = MultiPolygon([box(0, 0, 10, 10), box(20, 0, 30, 10)])
    finder = Ways(islands)
    places = np.array([[5.0, 5.0], [25.0, 5.0], [15.0, 5.0], [1.0, 9.0]])

    lengths = finder.distances(places)

    assert finder.shortest(places[0], places[1]) is None
    assert finder.shortest(places[0], places[2]) is None
    assert np.isinf(lengths[0, [1, 2]]).all()
    assert lengths[0, 3] == pytest.approx(np.hypot(4, 4))
    assert lengths[2, 2] == 0


def test_a_way_from_wall_to_wall_does_not_run_through_the_wall() -> None:
    free = without(box(40, 20, 60, 80))

    assert found_m(free, (40.0, 50.0), (60.0, 50.0)) == pytest.approx(80, abs=1e-3)


def test_ways_bend_where_they_are_told_to() -> None:
    tower = box(40, 20, 60, 80)
    finder = Ways(without(tower), bends=without(tower.buffer(5, join_style="mitre")))

    way = finder.shortest(np.array([10.0, 45.0]), np.array([90.0, 45.0]))

    assert way is not None
    assert way.points[1:-1] == pytest.approx(np.array([[35.0, 15.0], [65.0, 15.0]]), abs=1e-3)


def test_an_empty_region_has_no_ways() -> None:
    assert Ways(Polygon()).shortest(np.array([0.0, 0.0]), np.array([1.0, 1.0])) is None


def test_in_an_open_field_every_way_is_straight() -> None:
    places = np.random.default_rng(3).uniform(0, 100, (50, 2))

    lengths = Ways(GROUND).distances(places)

    assert lengths == pytest.approx(np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)))


def corners_of_a_maze(walls: int) -> NDArray[np.float64]:
    """Return the ends of a way that winds around *walls* walls, from side to side."""
    return np.array([[2.0, 50.0], [walls * 8.0 + 6, 50.0]])


def test_a_maze_is_gone_through_to_its_end() -> None:
    walls = [box(n * 8 + 6, 0 if n % 2 else 1, n * 8 + 8, 99 if n % 2 else 100) for n in range(11)]
    free = without(*walls)
    ends = corners_of_a_maze(11)

    way = Ways(free).shortest(*ends)

    assert way is not None
    assert way.length_m == pytest.approx(shortest_m(free, tuple(ends[0].tolist()), tuple(ends[1].tolist())), abs=1e-3)
    assert all(free.buffer(1e-6).covers(LineString(leg)) for leg in pairwise(way.points))
