"""Fences of few corners: never larger than the zones allow, never in the way of the flight."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from core.errors import InvalidInput
from geofence.fence_fit import Fence, FenceTooFine, FenceWish, fit_fence

HOME = Point(0.0, 0.0)
Place = tuple[float, float]


def star(east_m: float, north_m: float, radii: list[float]) -> Polygon:
    """Return a polygon with one corner in every direction, *radii* metres from the middle."""
    radii_m = np.array(radii)
    angles = np.arange(len(radii_m)) * 2 * np.pi / len(radii_m)
    return Polygon(np.column_stack((east_m + radii_m * np.cos(angles), north_m + radii_m * np.sin(angles))))


stars = st.tuples(st.floats(-260, 260), st.floats(-260, 260), st.lists(st.floats(3, 25), min_size=3, max_size=24)).map(
    lambda s: star(*s)
)
estates = st.lists(st.floats(250, 400), min_size=3, max_size=120).map(lambda radii: star(0, 0, radii))
flights = st.lists(st.tuples(st.integers(-120, 120), st.integers(-120, 120)), min_size=1, max_size=5)


def holds(fence: Fence, wish: FenceWish) -> None:
    """Check that a fence is on the safe side of its zones and free where the flight is."""
    assert fence.corners <= wish.most_corners
    assert fence.inside is not None
    assert fence.inside.is_valid
    assert fence.inside.contains(HOME)
    kept: BaseGeometry = shapely.difference(fence.inside, shapely.union_all(list(fence.outside)))
    shrunk = shapely.buffer(kept, -1e-6)
    assert shapely.buffer(wish.keep_in, -wish.margin_m + 1e-3, join_style="mitre").covers(shrunk)
    for zone in wish.keep_outs:
        assert shrunk.distance(zone) >= wish.margin_m * 0.99
    assert shapely.buffer(kept, 0.01).covers(wish.needed)


@given(estate=estates, towers=st.lists(stars, max_size=30), flight=flights)
@settings(max_examples=50, deadline=None)
def test_a_fence_never_grows_the_keep_in_nor_shrinks_a_keep_out_and_lets_the_flight_through(
    estate: Polygon, towers: list[Polygon], flight: list[Place]
) -> None:
    needed = LineString([(0.0, 0.0), *flight, (0.0, 0.0)]).buffer(0.5)
    clear = [tower for tower in towers if tower.distance(needed) > 2.5]
    wish = FenceWish(
        keep_in=estate, keep_outs=clear, needed=needed.intersection(estate.buffer(-2)), home=HOME, margin_m=1.0
    )
    try:
        fence = fit_fence(wish)
    except FenceTooFine:
        # a corridor around a few legs is always simple: only a crowd right beside them is too much
        assert sum(tower.distance(needed) < 20 for tower in clear) >= 8
        return
    holds(fence, wish)


def test_few_corners_are_kept_as_they_are_and_nothing_is_lost() -> None:
    wish = FenceWish(
        keep_in=box(-100, -100, 100, 100),
        keep_outs=[box(50, 50, 60, 60)],
        needed=Point(0, 0).buffer(5),
        home=HOME,
        margin_m=1.0,
    )
    fence = fit_fence(wish)

    assert fence.inside is not None
    assert fence.inside.equals(box(-99, -99, 99, 99))
    assert [ring.equals(box(49, 49, 61, 61)) for ring in fence.outside] == [True]
    assert fence.lost_m2 == pytest.approx(0, abs=1e-6)


def test_a_keep_out_outside_of_the_keep_in_needs_no_corners() -> None:
    wish = FenceWish(
        keep_in=box(-50, -50, 50, 50), keep_outs=[box(200, 0, 220, 20)], needed=HOME.buffer(1), home=HOME, margin_m=1.0
    )

    assert fit_fence(wish).outside == ()


def test_what_is_lost_is_told() -> None:
    towers = [box(x, y, x + 10, y + 10) for x in range(-190, 190, 40) for y in range(60, 190, 40)]
    wish = FenceWish(
        keep_in=box(-200, -200, 200, 200), keep_outs=towers, needed=box(-150, -40, 150, 20), home=HOME, margin_m=1.0
    )
    fence = fit_fence(wish)

    holds(fence, wish)
    assert fence.inside is not None
    allowed = box(-199, -199, 199, 199).difference(
        shapely.union_all([tower.buffer(1, join_style="mitre") for tower in towers])
    )
    kept = fence.inside.difference(shapely.union_all(list(fence.outside)))
    assert fence.lost_m2 == pytest.approx(allowed.area - kept.area, rel=1e-6)
    assert 0 < fence.lost_ratio < 0.5


def test_a_yard_in_the_keep_in_becomes_a_keep_out_of_the_fence() -> None:
    estate = Polygon(box(-100, -100, 100, 100).exterior, [box(40, 40, 60, 60).exterior])
    wish = FenceWish(keep_in=estate, keep_outs=[], needed=HOME.buffer(1), home=HOME, margin_m=1.0)
    fence = fit_fence(wish)

    assert [ring.equals(box(39, 39, 61, 61)) for ring in fence.outside] == [True]


def test_a_home_outside_is_refused_with_the_reason() -> None:
    wish = FenceWish(keep_in=box(5, 5, 50, 50), keep_outs=[], needed=HOME.buffer(1), home=HOME, margin_m=1.0)

    with pytest.raises(InvalidInput, match="dock"):
        fit_fence(wish)
