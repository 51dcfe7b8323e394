"""How wide a camera sweeps: swath and overlap from sensor, height and gimbal, oblique too."""

import math
from dataclasses import dataclass

import shapely

from core.errors import InvalidInput
from geofence.footprint import Gaze, Intrinsics, footprint
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition

_ORIGIN = GeoPosition(lon_deg=0.0, lat_deg=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swath:
    """What a camera that flies straight on sees on flat ground, in metres."""

    swath_m: float
    """Width across the flight that is seen in full, centred under the path."""
    ahead_m: float
    """How far ahead of the vehicle that band begins and ends: the picture's middle line on the ground, its far end."""
    behind_m: float
    """Its near end, negative behind the vehicle."""


def swath_of(
    camera: Intrinsics,
    *,
    height_agl_m: float,
    pitch_deg: float = -90.0,
    roll_deg: float = 0.0,
    max_range_m: float = 150.0,
) -> Swath:
    """Return the swath of *camera* at *height_agl_m*, its pitch as in Gaze (-90: straight down).

    An oblique footprint is a trapezium: whatever lies within its widest row passes through the picture at some moment.
    With a roll, the narrower side counts for both. Raises InvalidInput where the camera sees no ground, or not the
    ground under its path.
    """
    gaze = Gaze(place=_ORIGIN, height_agl_m=height_agl_m, yaw_deg=0.0, pitch_deg=pitch_deg, roll_deg=roll_deg)
    frame = LocalFrame(origin=_ORIGIN)
    seen = footprint(gaze, camera, max_range_m=max_range_m, frame=frame)
    if seen is None:
        raise InvalidInput(_blind(pitch_deg), where="camera", remedy="point it downwards")
    places = frame.to_local_array(shapely.get_coordinates(seen))
    east, north = places[:, 0], places[:, 1]
    left_m, right_m = -float(east.min()), float(east.max())
    if min(left_m, right_m) <= 0:
        raise InvalidInput("the camera looks past its path", where="camera", remedy="roll it less")
    return Swath(swath_m=2 * min(left_m, right_m), ahead_m=float(north.max()), behind_m=float(north.min()))


def trigger_m(swath: Swath, *, forward_overlap: float) -> float:
    """Return how far apart pictures are taken along a leg so that each shares *forward_overlap* with the next."""
    if not 0 <= forward_overlap < 1:
        raise InvalidInput(
            f"an overlap of {forward_overlap} between pictures", where="overlap", remedy="at least 0 and below 1"
        )
    return (swath.ahead_m - swath.behind_m) * (1 - forward_overlap)


def camera_of(*, width_px: float, height_px: float, view_deg: float) -> Intrinsics:
    """Return a camera with *view_deg* across the width of its picture and square pixels."""
    if not 0 < view_deg < 180:
        raise InvalidInput(f"a view of {view_deg} degrees", where="camera", remedy="above 0 and below 180")
    focal_px = width_px / 2 / math.tan(math.radians(view_deg) / 2)
    return Intrinsics(
        width_px=width_px, height_px=height_px, fx_px=focal_px, fy_px=focal_px, cx_px=width_px / 2, cy_px=height_px / 2
    )


def _blind(pitch_deg: float) -> str:
    return f"at a pitch of {pitch_deg:g} degrees the camera sees no ground"
