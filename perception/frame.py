"""Frames: pictures with the moment and the view they were taken from."""

from dataclasses import dataclass, replace
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from geofence.footprint import Gaze, Intrinsics

Picture = NDArray[np.uint8]
"""Height × width × 3, BGR."""
_SHAPE_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFrame:
    """A decoded picture as it came: the sender's time stamp (None without one) and our times of arrival."""

    number: int
    picture: Picture
    stamp_s: float | None
    received_s: float
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A picture with the camera's pose at the picture's own time (None when that is not known).

    `taken_s` counts on our monotonic clock, `taken_at` is the same moment on the wall.
    """

    number: int
    picture: Picture
    taken_s: float
    taken_at: datetime
    gaze: Gaze | None

    @property
    def size_px(self) -> tuple[int, int]:
        """Return width and height."""
        return self.picture.shape[1], self.picture.shape[0]


def fit(frame: Frame, camera: Intrinsics) -> Frame | None:
    """Return *frame* in the size that *camera* speaks of, or None when it has another shape.

    A stream may change its resolution: the lens stays, its pixels do not.
    """
    width, height = round(camera.width_px), round(camera.height_px)
    if frame.size_px == (width, height):
        return frame
    if abs(frame.size_px[0] * height - frame.size_px[1] * width) > _SHAPE_TOLERANCE * width * frame.size_px[1]:
        return None
    picture = cv2.resize(frame.picture, (width, height), interpolation=cv2.INTER_AREA)
    return replace(frame, picture=np.asarray(picture, np.uint8))
