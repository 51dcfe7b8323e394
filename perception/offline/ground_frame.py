"""The frame in which a recording's places are told: WGS-84, or local metres that say nothing about the globe."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition

FloatArray = NDArray[np.float64]
_ANYWHERE = GeoPosition(lon_deg=0.0, lat_deg=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundFrame:
    """Metres around a first place, as the eyes count them, and how that is told to the outside.

    Local metres get a place on the globe that means nothing, so that zones and gazes are what they are elsewhere;
    their own origin may be far away (a map grid's), and comes back in what is written.
    """

    frame: LocalFrame
    is_local: bool
    east_m: float = 0.0
    north_m: float = 0.0

    @staticmethod
    def local(*, east_m: float, north_m: float) -> "GroundFrame":
        """Return the frame of local metres near (*east_m*, *north_m*)."""
        return GroundFrame(frame=LocalFrame(origin=_ANYWHERE), is_local=True, east_m=east_m, north_m=north_m)

    @staticmethod
    def geographic(frame: LocalFrame) -> "GroundFrame":
        """Return the frame of WGS-84 places around the origin of *frame*."""
        return GroundFrame(frame=frame, is_local=False)

    def to_geo(self, east_m: float, north_m: float) -> GeoPosition:
        """Return the place on WGS-84 that stands for local metres."""
        return self.frame.to_geo(LocalPosition(east_m=east_m - self.east_m, north_m=north_m - self.north_m))

    def to_geo_array(self, east_north_m: FloatArray) -> FloatArray:
        """Return longitudes and latitudes (n, 2) that stand for local metres (n, 2)."""
        return self.frame.to_geo_array(east_north_m - np.array([self.east_m, self.north_m]))

    def told(self, east_m: float, north_m: float) -> dict[str, float]:
        """Return a place that the eyes count in metres as it is written: local metres, or degrees."""
        if self.is_local:
            return {"east_m": round(east_m + self.east_m, 3), "north_m": round(north_m + self.north_m, 3)}
        place = self.frame.to_geo(LocalPosition(east_m=east_m, north_m=north_m))
        return {"lon_deg": round(place.lon_deg, 8), "lat_deg": round(place.lat_deg, 8)}

    @property
    def names(self) -> tuple[str, str]:
        """Return the names of the two coordinates as they are written."""
        return ("east_m", "north_m") if self.is_local else ("lon_deg", "lat_deg")
