"""Room around a place in which nothing forbidden lies: why the guard need not look again until a vehicle leaves it.

How far a vehicle has moved is never underestimated: degrees are turned to metres with the greatest scale that the
ellipsoid and the frame have anywhere nearby, so the answer without a look is the answer that a look would give.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from geofence.positions import GeoPosition

FARTHEST_M = 300.0
"""A room is never larger, so that one scale holds in all of it."""
_M_PER_DEG = 111_700.0 * 1.002
"""No degree of latitude is longer (111,694 m at the poles); two in a thousand cover the frame's stretching within
200 km and the change of the cosine over `FARTHEST_M` up to 80 degrees."""
_GREATEST_LATITUDE_DEG = 80.0
_FARTHEST_FROM_ORIGIN_M = 200_000.0
_ROUNDING_M = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """Something forbidden near a place: how far it is over ground (0: above, below or around), and its heights."""

    distance_m: float
    lowest_m: float
    highest_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeRoom:
    """An upright cylinder around a place in which nothing forbidden lies, margins taken off already."""

    lon_deg: float
    lat_deg: float
    east_m_per_deg: float
    radius_m: float
    lowest_m: float
    highest_m: float

    def holds(self, position: GeoPosition, *, reach_m: float, height_m: float, end_height_m: float) -> bool:
        """Say whether a vehicle at *position* stays in the room up to *reach_m* further on, at both heights."""
        east_m = (position.lon_deg - self.lon_deg) * self.east_m_per_deg
        north_m = (position.lat_deg - self.lat_deg) * _M_PER_DEG
        return (
            math.hypot(east_m, north_m) + reach_m < self.radius_m
            and self.lowest_m <= height_m <= self.highest_m
            and self.lowest_m <= end_height_m <= self.highest_m
        )


def free_room(
    position: GeoPosition,
    walls: Iterable[Wall],
    *,
    height_m: float,
    close_m: float,
    margin_m: float,
    height_margin_m: float,
    from_origin_m: float,
) -> FreeRoom | None:
    """Return the room around *position*, given every wall within `FARTHEST_M` plus the margin; None where none is sure.

    Walls within *close_m* bound its heights, the others its radius.
    """
    if abs(position.lat_deg) > _GREATEST_LATITUDE_DEG or from_origin_m > _FARTHEST_FROM_ORIGIN_M:
        return None
    walls = tuple(walls)
    lowest_m, highest_m = -math.inf, math.inf
    for wall in walls:
        if wall.distance_m <= close_m:
            if wall.highest_m + height_margin_m < height_m:
                lowest_m = max(lowest_m, wall.highest_m + height_margin_m + _ROUNDING_M)
            elif wall.lowest_m - height_margin_m > height_m:
                highest_m = min(highest_m, wall.lowest_m - height_margin_m - _ROUNDING_M)
            else:
                return None
    beside_m = (
        wall.distance_m - margin_m
        for wall in walls
        if wall.lowest_m - height_margin_m < highest_m and wall.highest_m + height_margin_m > lowest_m
    )
    return FreeRoom(
        lon_deg=position.lon_deg,
        lat_deg=position.lat_deg,
        east_m_per_deg=_M_PER_DEG * math.cos(math.radians(position.lat_deg)),
        radius_m=min((FARTHEST_M, *beside_m)) - _ROUNDING_M,
        lowest_m=lowest_m,
        highest_m=highest_m,
    )
