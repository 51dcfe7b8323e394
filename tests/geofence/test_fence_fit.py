"""Fences of few corners: never larger than the zones allow, never in the way of the flight."""

from time import process_time

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


def test_one_ring_that_cannot_be_made_plainer_is_refused() -> None:
    yard = Polygon(star(0, 0, [60.0 + 9 * (i % 2) for i in range(70)]).exterior, [box(-5, -5, 5, 5).exterior])
    around = shapely.buffer(shapely.difference(box(-99, -99, 99, 99), Polygon(yard.exterior).buffer(1.5)), -0.1)
    wish = FenceWish(
        keep_in=box(-100, -100, 100, 100), keep_outs=[yard], needed=around, home=Point(90, 90), margin_m=1.0
    )

    with pytest.raises(FenceTooFine):
        fit_fence(wish)


def test_towers_that_touch_at_a_corner_are_fenced_together() -> None:
    towers = [box(x, x + up, x + 10, x + up + 10) for x in range(20, 180, 10) for up in (0, 60)]
    wish = FenceWish(
        keep_in=box(-200, -200, 200, 260), keep_outs=towers, needed=box(-150, -40, 150, 10), home=HOME, margin_m=0.0
    )

    holds(fit_fence(wish), wish)


ROUND = [box(-100, 30, 100, 50), box(-100, -50, 100, -30), box(-50, -45, -30, 45), box(30, -45, 50, 45)]
RING = [Polygon(box(-60, -60, 60, 60).exterior, [box(-30, -30, 30, 30).exterior])]


WALLS = [Polygon(box(-150, -150, 150, 150).exterior, [box(-120, -120, 120, 120).exterior])]


@pytest.mark.parametrize(
    "yard",
    [ROUND, RING, [*ROUND, box(22, 22, 24, 24)], [*RING, box(22, 22, 24, 24)], [*WALLS, *RING], [*RING, *WALLS]],
)
def test_a_home_in_a_yard_between_keep_outs_is_fenced_in_the_yard(yard: list[Polygon]) -> None:
    wish = FenceWish(
        keep_in=box(-200, -200, 200, 200), keep_outs=yard, needed=box(-20, -20, 20, 20), home=HOME, margin_m=1.0
    )
    fence = fit_fence(wish)

    holds(fence, wish)
    assert fence.inside is not None
    assert not any(ring.contains(HOME) for ring in fence.outside)


def fence_cpu_s(count: int) -> float:
    """Return the CPU time for a fence among *count* towers."""
    draw = np.random.default_rng(3)
    needed = box(-150, -40, 150, 20)
    places = [(float(x), float(y)) for x, y in draw.uniform(-600, 600, (4 * count, 2))]
    towers = [star(x, y, [6.0] * 12) for x, y in places if Point(x, y).distance(needed) > 12][:count]
    wish = FenceWish(keep_in=box(-620, -620, 620, 620), keep_outs=towers, needed=needed, home=HOME, margin_m=1.0)
    begun_s = process_time()
    holds(fit_fence(wish), wish)
    return process_time() - begun_s


def test_ten_times_the_keep_outs_take_no_hundred_times_as_long() -> None:
    assert fence_cpu_s(600) < 40 * fence_cpu_s(60)
