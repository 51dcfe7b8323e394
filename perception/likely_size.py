"""How large things are: a box that would be metres too large or too small for what a detector calls it is not it."""

import math
from collections.abc import Mapping

from perception.detections import Detection, Label
from perception.georeference import GroundPlace

_METRES: Mapping[Label, tuple[float, float, float]] = {
    Label.BOARD: (0.4, 1.8, 2.3),
    Label.BIN: (0.4, 1.5, 2.2),
    Label.FULL_BIN: (0.6, 2.6, 2.6),
    Label.BIKE: (0.3, 2.8, 2.4),
    Label.CART: (0.9, 5.0, 4.0),
    Label.PILE: (0.8, math.inf, math.inf),
    Label.LYING: (0.3, 2.8, 1.8),
}
"""How wide at least and at most, and how high at most, boxes are at their place: generous rather than strict."""


def is_likely(one: Detection, place: GroundPlace | None, eye_m: tuple[float, float, float], focal_px: float) -> bool:
    """Say whether a box has a likely size at its place, seen from *eye_m* (east, north, up); true without a place."""
    limits = _METRES.get(one.label)
    if limits is None or place is None:
        return True
    least_m, widest_m, highest_m = limits
    east_m, north_m, up_m = eye_m
    x0, y0, x1, y1 = one.box
    m_per_px = math.sqrt((place.east_m - east_m) ** 2 + (place.north_m - north_m) ** 2 + up_m**2) / focal_px
    return least_m <= (x1 - x0) * m_per_px <= widest_m and (y1 - y0) * m_per_px <= highest_m
