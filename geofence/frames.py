"""Local frames: WGS-84 to metres around an origin and back."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pyproj import Proj

from geofence.positions import GeoPosition, LocalPosition

FloatArray = NDArray[np.float64]


class LocalFrame:
    """A tangent frame at *origin*: azimuthal equidistant on the ellipsoid, under 1 mm off within 10 km.

    Source: Snyder, Map Projections (USGS PP 1395), §25; computed by PROJ.
    """

    def __init__(self, *, origin: GeoPosition) -> None:
        self.origin = origin

    @cached_property
    def _projection(self) -> Proj:
        return Proj(proj="aeqd", ellps="WGS84", lon_0=self.origin.lon_deg, lat_0=self.origin.lat_deg)

    def to_local(self, position: GeoPosition, *, up_m: float = 0.0) -> LocalPosition:
        """Return *position* in metres, with *up_m* passed through."""
        east_m, north_m = self._projection(position.lon_deg, position.lat_deg)
        return LocalPosition(east_m=float(east_m), north_m=float(north_m), up_m=up_m)

    def to_geo(self, position: LocalPosition) -> GeoPosition:
        """Return the place of *position* on WGS-84; its height is dropped."""
        lon_deg, lat_deg = self._projection(position.east_m, position.north_m, inverse=True)
        return GeoPosition(lon_deg=float(lon_deg), lat_deg=float(lat_deg))

    def to_local_array(self, lon_lat_deg: FloatArray) -> FloatArray:
        """Return east/north in metres, shape (n, 2), for longitude/latitude in degrees, shape (n, 2)."""
        east_m, north_m = self._projection(lon_lat_deg[:, 0], lon_lat_deg[:, 1])
        return np.column_stack((east_m, north_m))

    def to_geo_array(self, east_north_m: FloatArray) -> FloatArray:
        """Return longitude/latitude in degrees, shape (n, 2), for east/north in metres, shape (n, 2)."""
        lon_deg, lat_deg = self._projection(east_north_m[:, 0], east_north_m[:, 1], inverse=True)
        return np.column_stack((lon_deg, lat_deg))
