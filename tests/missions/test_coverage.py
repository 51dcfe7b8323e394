"""Strips over areas."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPoint, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from core.errors import InvalidInput
from missions.coverage import Coverage, cover

YARD = box(0, 0, 100, 40)


def strips_of(area: Polygon, *, flyable: BaseGeometry | None = None, start: tuple[float, float] = (0, 0)) -> Coverage:
    """Return strips ten metres apart."""
    return cover(area, flyable=flyable or area, swath_m=12.5, overlap=0.2, start=Point(start))


def test_strips_run_along_the_long_side_there_and_back() -> None:
    coverage = strips_of(YARD)

    assert len(coverage.strips) == 4
    assert coverage.covered_ratio == pytest.approx(1.0)
    assert [strip.length for strip in coverage.strips] == pytest.approx([100.0] * 4)
    hops = [Point(a.coords[-1]).distance(Point(b.coords[0])) for a, b in pairwise(coverage.strips)]
    assert hops == pytest.approx([10.0] * 3)


def test_strips_begin_where_the_vehicle_comes_from() -> None:
    coverage = strips_of(YARD, start=(100, 50))

    assert coverage.strips[0].coords[0] == pytest.approx((100, 35))


def test_a_turned_yard_is_covered_like_a_straight_one() -> None:
    turned = Polygon([(0, 0), (80, 60), (56, 92), (-24, 32)])
    coverage = strips_of(turned)

    assert len(coverage.strips) == 4
    assert coverage.covered_ratio == pytest.approx(1.0, abs=1e-6)


def test_a_narrow_area_gets_one_strip_through_its_middle() -> None:
    (strip,) = strips_of(box(0, 0, 100, 4)).strips

    assert strip.coords[0][1] == pytest.approx(2.0)


def test_a_pond_in_the_area_is_left_out_and_both_sides_are_flown() -> None:
    pond = box(40, -5, 60, 45)
    coverage = strips_of(YARD, flyable=YARD.difference(pond))

    assert len(coverage.strips) == 8
    assert not any(strip.intersects(pond.buffer(-1e-6)) for strip in coverage.strips)
    assert coverage.covered_ratio == pytest.approx(0.8)
    sides = ["west" if strip.centroid.x < 50 else "east" for strip in coverage.strips]
    assert sum(a != b for a, b in pairwise(sides)) == 1


def test_where_nothing_can_be_flown_nothing_is_covered() -> None:
    assert strips_of(YARD, flyable=box(500, 500, 600, 600)) == Coverage(strips=(), covered_ratio=0.0)


@pytest.mark.parametrize(("swath_m", "overlap"), [(0, 0.2), (-3, 0.2), (float("nan"), 0), (10, 1), (10, -0.1)])
def test_a_swath_that_covers_nothing_is_refused(swath_m: float, overlap: float) -> None:
    with pytest.raises(InvalidInput):
        cover(YARD, flyable=YARD, swath_m=swath_m, overlap=overlap, start=Point(0, 0))


def test_a_hair_thin_swath_over_a_town_is_refused() -> None:
    with pytest.raises(InvalidInput, match="strips"):
        cover(box(0, 0, 9000, 9000), flyable=YARD, swath_m=0.1, overlap=0, start=Point(0, 0))


@given(corners=st.lists(st.tuples(st.floats(-60, 60), st.floats(-60, 60)), min_size=4, max_size=9))
@settings(max_examples=60, deadline=None)
def test_convex_areas_of_any_shape_are_seen_but_for_slanting_ends(corners: list[tuple[float, float]]) -> None:
    hull = MultiPoint(corners).convex_hull
    if not isinstance(hull, Polygon) or hull.area < 1500:
        return
    coverage = strips_of(hull)

    assert coverage.covered_ratio > 0.75
    assert all(hull.buffer(1e-6).covers(strip) for strip in coverage.strips)
