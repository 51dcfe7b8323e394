"""How places on the ground move when a camera turns a little."""

import math

import numpy as np
from numpy.typing import NDArray

from geofence.footprint import Gaze

FloatArray = NDArray[np.float64]


def by_turning(away: FloatArray, gaze: Gaze) -> FloatArray:
    """Return how far places (n, 2) away from the camera seem to move per radian of pitch, yaw and roll; (n, 2, 3)."""
    yaw, pitch, height_m = math.radians(gaze.yaw_deg), math.radians(gaze.pitch_deg), gaze.height_agl_m
    turned = np.array(((math.sin(yaw), math.cos(yaw)), (math.cos(yaw), -math.sin(yaw))))
    ahead, right = turned @ away.T
    # the ray (ahead, right, -height) turns; what it gains in height is made up for along it
    sinks = math.cos(pitch) * right / height_m
    moves = np.empty((2, 3, len(away)))
    moves[:, 0] = height_m + ahead**2 / height_m, ahead * right / height_m
    moves[:, 1] = -right, ahead
    moves[0, 2] = math.sin(pitch) * right - sinks * ahead
    moves[1, 2] = -math.cos(pitch) * height_m - math.sin(pitch) * ahead - sinks * right
    return np.asarray(np.tensordot(turned, moves, axes=1).transpose(2, 0, 1))
