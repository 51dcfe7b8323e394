"""Rotations of bodies and gimbals, north/east/down."""

import math

import numpy as np
from numpy.typing import NDArray

Rotation = NDArray[np.float64]


def from_euler(roll: float, pitch: float, yaw: float) -> Rotation:
    """Return the rotation from body to north/east/down for angles in radians (z-y-x order)."""
    cr, sr, cp, sp = math.cos(roll), math.sin(roll), math.cos(pitch), math.sin(pitch)
    cy, sy = math.cos(yaw), math.sin(yaw)
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )


def from_quaternion(w: float, x: float, y: float, z: float) -> Rotation:
    """Return the rotation of the unit quaternion (w, x, y, z)."""
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def euler_deg(rotation: Rotation) -> tuple[float, float, float]:
    """Return roll, pitch and yaw (z-y-x order, north/east/down) in degrees."""
    roll = math.atan2(rotation[2, 1], rotation[2, 2])
    pitch = math.asin(max(-1.0, min(1.0, -float(rotation[2, 0]))))
    return math.degrees(roll), math.degrees(pitch), math.degrees(math.atan2(rotation[1, 0], rotation[0, 0]))
