"""Whether two uncertain places can be one: metres and error ellipses, no rows."""

import math

import numpy as np
from numpy.typing import NDArray

from geofence.frames import LocalFrame
from geofence.positions import ErrorEllipse, GeoPosition

ALWAYS_SAME_M = 5.0
"""Closer than this, two sightings of one kind are one matter."""
NEVER_SAME_M = 25.0
"""However uncertain the places are, further apart they are two."""
_CHI2_95 = 5.991
"""95 % of a two-dimensional normal distribution lies within this squared Mahalanobis distance."""


def covariance(ellipse: ErrorEllipse) -> NDArray[np.float64]:
    """Return the covariance in m², shape (2, 2), axes east and north, of a one-sigma *ellipse*."""
    heading_rad = math.radians(ellipse.heading_deg)
    along = np.array([math.sin(heading_rad), math.cos(heading_rad)])
    across = np.array([along[1], -along[0]])
    result: NDArray[np.float64] = ellipse.major_m**2 * np.outer(along, along) + ellipse.minor_m**2 * np.outer(
        across, across
    )
    return result


def distance_m(a: GeoPosition, b: GeoPosition) -> float:
    """Return the distance on the ground in metres, for places within a few kilometres."""
    offset = LocalFrame(origin=a).to_local(b)
    return math.hypot(offset.east_m, offset.north_m)


def can_be_same(a: GeoPosition, a_ellipse: ErrorEllipse, b: GeoPosition, b_ellipse: ErrorEllipse) -> bool:
    """Say whether two places can be one: within 5 m, or within the combined 95 % ellipse and 25 m."""
    offset = LocalFrame(origin=a).to_local(b)
    apart_m = math.hypot(offset.east_m, offset.north_m)
    if apart_m <= ALWAYS_SAME_M:
        return True
    if apart_m > NEVER_SAME_M:
        return False
    both = covariance(a_ellipse) + covariance(b_ellipse) + np.eye(2) * 1e-6
    step = np.array([offset.east_m, offset.north_m])
    return bool(step @ np.linalg.solve(both, step) <= _CHI2_95)
