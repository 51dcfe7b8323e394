"""Where the middle of a thing is, of which a box tells the near edge, and how far off that may be."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from perception.detections import Detection, Label
from perception.georeference import GroundPlace


class _Depth(NamedTuple):
    """How far behind the lower edge of its box the middle of a thing is, and how much that differs (one sigma)."""

    behind_m: float
    spread_m: float


_DEPTHS: Mapping[Label, _Depth] = {
    Label.CART: _Depth(0.6, 0.4),
    Label.PILE: _Depth(0.7, 0.4),
    Label.CAR: _Depth(1.0, 0.8),
    Label.BIKE: _Depth(0.0, 0.3),
    Label.BOARD: _Depth(0.0, 0.2),
    Label.BIN: _Depth(0.0, 0.2),
    Label.FULL_BIN: _Depth(0.0, 0.3),
    Label.LYING: _Depth(0.0, 0.5),
}
_LOOSE = 0.08
"""A detector's lower edges are off by this share of a box's height."""


def middle_of(
    one: Detection, place: GroundPlace | None, eye_m: tuple[float, float, float], focal_px: float
) -> GroundPlace | None:
    """Return the place of the middle of a thing whose near edge is at *place*, seen from *eye_m* (east, north, up).

    People are where their feet are, and no less certain: they are many, and their boxes are the best.
    """
    depth = _DEPTHS.get(one.label)
    if depth is None or place is None:
        return place
    east, north = place.east_m - eye_m[0], place.north_m - eye_m[1]
    away_m = max(math.hypot(east, north), 1e-6)
    e, n = east / away_m, north / away_m
    edge_m = _LOOSE * (one.box.y1_px - one.box.y0_px) * (away_m**2 + eye_m[2] ** 2) / (eye_m[2] * focal_px)
    along_m2, across_m2 = depth.spread_m**2 + edge_m**2, depth.spread_m**2
    ee, en, nn = place.covariance_m2
    return GroundPlace(
        place.east_m + e * depth.behind_m,
        place.north_m + n * depth.behind_m,
        (
            ee + e * e * along_m2 + n * n * across_m2,
            en + e * n * (along_m2 - across_m2),
            nn + n * n * along_m2 + e * e * across_m2,
        ),
    )
