import pytest

from perception.detections import Label, PixelBox
from perception.likely_size import is_likely
from tests.perception.eyes import detection, place

EYE_M = (0.0, -24.0, 18.0)
FOCAL_PX = 600.0
"""From 30 m away, 20 px are a metre."""


def box(width_m: float, height_m: float) -> PixelBox:
    return PixelBox(x0_px=100, y0_px=100, x1_px=100 + 20 * width_m, y1_px=100 + 20 * height_m)


@pytest.mark.parametrize(
    ("label", "width_m", "height_m", "is_so"),
    [
        (Label.BOARD, 0.8, 1.2, True),
        (Label.BOARD, 2.4, 1.6, False),
        (Label.BOARD, 0.2, 0.6, False),
        (Label.BIN, 0.6, 1.1, True),
        (Label.BIN, 1.0, 2.9, False),
        (Label.CART, 0.5, 1.0, False),
        (Label.PILE, 9.0, 4.0, True),
        (Label.PERSON, 3.0, 0.5, True),
        (Label.LYING, 0.4, 1.2, True),
        (Label.LYING, 1.7, 0.6, True),
        (Label.LYING, 4.0, 0.6, False),
    ],
)
def test_what_is_much_too_large_or_small_is_something_else(
    label: Label, width_m: float, height_m: float, is_so: bool
) -> None:
    one = detection(label, box=box(width_m, height_m))

    assert is_likely(one, place(0, 0), EYE_M, FOCAL_PX) is is_so
    assert is_likely(one, None, EYE_M, FOCAL_PX)


def test_the_same_box_nearby_is_smaller() -> None:
    one = detection(Label.BOARD, box=box(2.4, 1.6))

    assert is_likely(one, place(0, -16), EYE_M, FOCAL_PX)
