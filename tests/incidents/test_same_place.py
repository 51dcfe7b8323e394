import math

import numpy as np
import pytest

from geofence.positions import ErrorEllipse
from incidents.same_place import can_be_same, covariance, distance_m
from tests.incidents.room import at


def circle(sigma_m: float) -> ErrorEllipse:
    return ErrorEllipse(major_m=sigma_m, minor_m=sigma_m, heading_deg=0)


@pytest.mark.parametrize(
    ("apart_m", "sigma_m", "same"),
    [
        (4.9, 0.1, True),  # always within 5 m
        (5.1, 0.1, False),
        (10.0, 3.0, True),  # sqrt(5.991 · (3² + 3²)) = 10.38 m
        (10.6, 3.0, False),
        (24.9, 30.0, True),
        (25.1, 30.0, False),  # never beyond 25 m
    ],
)
def test_two_places_are_one_within_five_metres_or_their_combined_ellipse(
    apart_m: float, sigma_m: float, same: bool
) -> None:
    for bearing_deg in (0, 77, 190):
        east_m = apart_m * math.sin(math.radians(bearing_deg))
        north_m = apart_m * math.cos(math.radians(bearing_deg))
        assert can_be_same(at(0, 0), circle(sigma_m), at(east_m, north_m), circle(sigma_m)) is same


def test_a_long_ellipse_reaches_along_its_heading_only() -> None:
    east_west = ErrorEllipse(major_m=5, minor_m=0.2, heading_deg=90)
    assert can_be_same(at(0, 0), east_west, at(12, 0), circle(0.1))
    assert not can_be_same(at(0, 0), east_west, at(0, 12), circle(0.1))


def test_the_covariance_has_the_axes_of_the_ellipse() -> None:
    matrix = covariance(ErrorEllipse(major_m=3, minor_m=1, heading_deg=45))
    assert np.allclose(np.linalg.eigvalsh(matrix), [1, 9])
    assert np.allclose(matrix @ [1, 1], [9, 9])


def test_distance_in_metres() -> None:
    assert distance_m(at(0, 0), at(30, 40)) == pytest.approx(50, abs=0.01)
