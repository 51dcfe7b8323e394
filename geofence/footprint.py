"""What ground a camera sees."""

import math
from dataclasses import dataclass

import numpy as np
from shapely import Polygon

from geofence.frames import FloatArray, LocalFrame
from geofence.positions import GeoPosition

_CORNERS = 48
"""Corners of the circle that stands for the greatest range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intrinsics:
    """A pinhole camera: picture size, focal lengths and principal point in pixels."""

    width_px: float
    height_px: float
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaze:
    """Where a camera is and looks: yaw clockwise from north, pitch negative downwards, roll right side down."""

    place: GeoPosition
    height_agl_m: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float = 0.0


def footprint(
    gaze: Gaze, camera: Intrinsics, *, max_range_m: float = 150.0, frame: LocalFrame | None = None
) -> Polygon | None:
    """Return the ground in the picture as a WGS-84 polygon, at most *max_range_m* away over ground; None: no ground.

    The ground is flat at 0 m. Exact for a pinhole camera: the range circle cut by the four side planes of the view.
    A *frame* near by that is kept makes it quick (0.1 ms; a new one takes some 5 ms).
    """
    frame = frame or LocalFrame(origin=gaze.place)
    ground = local_footprint(gaze, camera, max_range_m=max_range_m, frame=frame)
    return None if ground is None else Polygon(frame.to_geo_array(np.array(ground.exterior.coords[:-1])))


def local_footprint(gaze: Gaze, camera: Intrinsics, *, max_range_m: float, frame: LocalFrame) -> Polygon | None:
    """Return the same in metres of *frame*."""
    if gaze.height_agl_m <= 0:
        return None
    angles = np.linspace(0.0, 2 * math.pi, _CORNERS, endpoint=False)
    ground = max_range_m * np.column_stack((np.cos(angles), np.sin(angles)))
    for inwards in _side_planes(gaze, camera):
        ground = _cut(ground, inwards, gaze.height_agl_m)
        if len(ground) < 3:
            return None
    here = frame.to_local(gaze.place)
    return Polygon(ground + np.array([here.east_m, here.north_m]))


def axes(gaze: Gaze) -> FloatArray:
    """Return the camera's right, down and forward axes as rows of east/north/up, shape (3, 3)."""
    return np.array(axis_rows(gaze))


def axis_rows(gaze: Gaze) -> list[list[float]]:
    """Return the same as plain numbers."""
    yaw, pitch, roll = (math.radians(angle) for angle in (gaze.yaw_deg, gaze.pitch_deg, gaze.roll_deg))
    sin_y, cos_y, sin_p, cos_p = math.sin(yaw), math.cos(yaw), math.sin(pitch), math.cos(pitch)
    sin_r, cos_r = math.sin(roll), math.cos(roll)
    level = (cos_y, -sin_y, 0.0)
    down = (sin_p * sin_y, sin_p * cos_y, -cos_p)
    right = [a * cos_r + b * sin_r for a, b in zip(level, down, strict=True)]
    lower = [b * cos_r - a * sin_r for a, b in zip(level, down, strict=True)]
    return [right, lower, [sin_y * cos_p, cos_y * cos_p, sin_p]]


def _side_planes(gaze: Gaze, camera: Intrinsics) -> FloatArray:
    left, right = -camera.cx_px / camera.fx_px, (camera.width_px - camera.cx_px) / camera.fx_px
    top, bottom = -camera.cy_px / camera.fy_px, (camera.height_px - camera.cy_px) / camera.fy_px
    planes = np.array([[1.0, 0.0, -left], [-1.0, 0.0, right], [0.0, 1.0, -top], [0.0, -1.0, bottom]])
    return np.asarray(planes @ axes(gaze))


def _cut(ground: FloatArray, inwards: FloatArray, height_m: float) -> FloatArray:
    """Return the part of a convex polygon on the ground that lies on the inner side of a plane through the camera."""
    sides = ground @ inwards[:2] - inwards[2] * height_m
    kept: list[FloatArray] = []
    for n in range(len(ground)):
        here, there = sides[n - 1], sides[n]
        if (here < 0) != (there < 0):
            kept.append(ground[n - 1] + (ground[n] - ground[n - 1]) * (here / (here - there)))
        if there >= 0:
            kept.append(ground[n])
    return np.array(kept).reshape(-1, 2)
