"""Ways in a neighbourhood first: as short as those looked for everywhere."""

import numpy as np
import pytest
import shapely
from shapely import Point, box
from shapely.geometry.base import BaseGeometry

from geofence.free_space import Bounds
from geofence.near_ways import NearWays
from geofence.sight_graph import Ways

GROUND = box(0, 0, 3000, 3000)
WALL = box(1400, 300, 1600, 2900)
"""Around its southern end it is 1.2 km: out of the first window."""
SHED = box(400, 400, 500, 480)


class Maker:
    """Makes ways for windows and remembers which were asked for."""

    def __init__(self, *obstacles: BaseGeometry) -> None:
        self._free = GROUND.difference(shapely.union_all(obstacles))
        self.asked: list[Bounds | None] = []

    def __call__(self, within: Bounds | None) -> Ways:
        self.asked.append(within)
        return Ways(self._free if within is None else self._free.intersection(box(*within)))


def length_m(first: Point, last: Point, corners: list[Point] | None) -> float:
    """Return the metres of a way over *corners*."""
    assert corners is not None
    return float(shapely.length(shapely.linestrings([[p.x, p.y] for p in (first, *corners, last)])))


def test_a_way_in_the_neighbourhood_is_found_there() -> None:
    maker = Maker(WALL, SHED)
    first, last = Point(350, 440), Point(600, 445)

    found = length_m(first, last, NearWays(maker, is_small=False).shortest(first, last))

    assert None not in maker.asked
    whole = Ways(GROUND.difference(SHED)).shortest(np.array([350, 440]), np.array([600, 445]))
    assert whole is not None
    assert found == pytest.approx(whole.length_m, abs=1e-3)


def test_a_way_far_around_is_looked_for_everywhere() -> None:
    maker = Maker(WALL)
    first, last = Point(1300, 1600), Point(1700, 1600)

    found = length_m(first, last, NearWays(maker, is_small=False).shortest(first, last))

    assert None in maker.asked
    assert found == pytest.approx(2 * np.hypot(100, 1300) + 200, abs=0.01)


def test_where_there_is_no_way_there_is_none() -> None:
    maker = Maker(box(1400, -10, 1600, 3010))

    assert NearWays(maker, is_small=False).shortest(Point(100, 100), Point(2900, 100)) is None
