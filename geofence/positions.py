"""Where something is: on the ellipsoid, or in metres from an origin."""

import math
from dataclasses import dataclass

from core.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class GeoPosition:
    """A place on WGS-84 (CGCS2000 is equal for our purpose); heights travel beside it, with their datum named."""

    lon_deg: float
    lat_deg: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lon_deg) and math.isfinite(self.lat_deg)):
            raise InvalidInput("a position needs finite numbers", where=f"({self.lon_deg}, {self.lat_deg})")
        if not (-180 <= self.lon_deg <= 180 and -90 <= self.lat_deg <= 90):
            raise InvalidInput(
                "a position lies outside of the earth",
                where=f"({self.lon_deg}, {self.lat_deg})",
                remedy="longitude comes first and lies in -180..180, latitude in -90..90",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPosition:
    """Metres east, north and up from the origin of a `LocalFrame`; up 0 is the site's ground."""

    east_m: float
    north_m: float
    up_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEllipse:
    """One-sigma semi-axes of a place on the ground; the heading of the major axis is clockwise from north."""

    major_m: float
    minor_m: float
    heading_deg: float
