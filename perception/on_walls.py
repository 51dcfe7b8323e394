"""Where something hangs that a person put on a wall or a pole: no foot stands on the ground, so two guesses are mixed.

How large posters are tells how far away one is, roughly; so does how high people reach, the better the steeper the
camera looks down. Where the two contradict each other, it is nothing that a person put there by hand.
"""

import math

import numpy as np
from numpy.typing import NDArray

from geofence.footprint import Gaze
from perception.detections import Detection
from perception.georeference import Georeference, GroundPlace

_TALL_M = 0.42
_TALL_SPREAD = 0.45
"""How high posters are, from a hand to a door's half, and one sigma of that as a share."""
_HANGS_M, _HANGS_SPREAD_M = 1.4, 0.45
"""How high above the ground their middles are, and one sigma."""
_CONTRADICTS = 2.5
_UNLIKELY = math.exp(_CONTRADICTS * _TALL_SPREAD)
"""Posters are hardly ever so many times as large or as small as most are."""
_NEAREST_M = 0.3
_EDGE_PX = 2.0


def place_on_wall(one: Detection, reference: Georeference, gaze: Gaze) -> GroundPlace | None:
    """Return the point of the ground below a poster; None where its size and its height cannot both be."""
    east, north, up = reference.direction(one.box.centre_px, gaze)
    level = math.hypot(east, north)
    if not math.isfinite(level + up) or level < 1e-6 or one.box.height_px <= 0 or _is_cut(one, reference):
        return None
    by_size_m = _TALL_M * level * reference.camera.fy_px / one.box.height_px
    size_sigma_m = _TALL_SPREAD * by_size_m
    by_height_m = (_HANGS_M - gaze.height_agl_m) / up if up else math.inf
    height_sigma_m = math.hypot(_HANGS_SPREAD_M, reference.errors.height_m) / abs(up) if up else math.inf
    is_too_high = by_height_m + _CONTRADICTS * height_sigma_m < by_size_m / _UNLIKELY
    is_too_large = by_height_m - _CONTRADICTS * height_sigma_m > by_size_m * _UNLIKELY
    if is_too_high or is_too_large:
        return None
    weight = size_sigma_m**2 / (size_sigma_m**2 + height_sigma_m**2)
    away_m = by_size_m + (weight * (by_height_m - by_size_m) if weight else 0.0)
    if away_m < _NEAREST_M:
        return None
    sigma_m = size_sigma_m * math.sqrt(1.0 - weight)
    return _placed(away_m, sigma_m, np.array([east, north]), level, reference, gaze)


def _is_cut(one: Detection, reference: Georeference) -> bool:
    """Say whether the picture ends in the middle of it, so that nobody knows how large it is."""
    x0, y0, x1, y1 = one.box
    return (
        min(x0, y0) < _EDGE_PX
        or x1 > reference.camera.width_px - _EDGE_PX
        or y1 > reference.camera.height_px - _EDGE_PX
    )


def _placed(
    away_m: float, sigma_m: float, towards: NDArray[np.float64], level: float, reference: Georeference, gaze: Gaze
) -> GroundPlace:
    errors, (camera_east_m, camera_north_m) = reference.errors, reference.camera_m(gaze)
    e, n = (towards / level).tolist()
    along_m2 = (sigma_m * level) ** 2 + errors.place_m**2
    aside_m = away_m * level * math.hypot(math.radians(errors.yaw_deg), errors.pixel_px / reference.camera.fx_px)
    across_m2 = aside_m**2 + errors.place_m**2
    return GroundPlace(
        camera_east_m + e * away_m * level,
        camera_north_m + n * away_m * level,
        (e * e * along_m2 + n * n * across_m2, e * n * (along_m2 - across_m2), n * n * along_m2 + e * e * across_m2),
    )
