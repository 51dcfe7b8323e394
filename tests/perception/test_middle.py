import math
from dataclasses import replace

import pytest

from perception.detections import Label, PixelBox
from perception.middle import middle_of
from perception.rules.places import middle
from tests.perception.eyes import detection, place, track

FOCAL_PX = 600.0


def test_a_cart_stands_behind_the_edge_that_is_seen_and_people_where_their_feet_are() -> None:
    cart = middle_of(detection(Label.CART), place(0, 0), (0.0, -20.0, 15.0), FOCAL_PX)
    person = middle_of(detection(Label.PERSON), place(0, 0), (0.0, -20.0, 15.0), FOCAL_PX)

    assert cart is not None
    assert (cart.east_m, cart.north_m) == pytest.approx((0.0, 0.6))
    assert person == place(0, 0)
    assert middle_of(detection(Label.CART), None, (0.0, -20.0, 15.0), FOCAL_PX) is None


def test_a_loose_lower_edge_matters_most_along_a_low_line_of_sight() -> None:
    box = PixelBox(x0_px=100, y0_px=100, x1_px=140, y1_px=160)
    near, low = place(0, 0, sigma_m=0.1), (0.0, -8.0, 1.2)

    ground = middle_of(detection(Label.BOARD, box=box), near, low, FOCAL_PX)
    drone = middle_of(detection(Label.BOARD, box=box), near, (0.0, -18.0, 18.0), FOCAL_PX)

    assert ground is not None
    assert drone is not None
    edge_m = 0.08 * 60 * (64 + 1.44) / (1.2 * FOCAL_PX)
    assert math.sqrt(ground.covariance_m2[2]) == pytest.approx(math.hypot(0.1, 0.2, edge_m))
    assert math.sqrt(ground.covariance_m2[0]) == pytest.approx(math.hypot(0.1, 0.2))
    assert drone.major_m < ground.major_m


def test_the_middle_of_few_is_less_certain_than_that_of_many() -> None:
    row = [track(Label.BIKE, float(i), 0, number=i, sigma_m=0.5) for i in range(5)]
    rows = [replace(one, id=one.id + 5 * i) for i in range(4) for one in row]

    few, many, one = middle(row), middle(rows), middle(row[:1])

    assert few.east_m == many.east_m == 2.0
    assert one.major_m == pytest.approx(0.5)
    assert 0.5 < many.major_m < few.major_m
    assert math.sqrt(few.covariance_m2[0]) == pytest.approx(math.hypot(0.5, math.sqrt(2.0 / 5)))
