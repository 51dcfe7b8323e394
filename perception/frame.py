"""Frames: pictures with the moment and the view they were taken from."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from geofence.footprint import Gaze

Picture = NDArray[np.uint8]
"""Height × width × 3, BGR."""


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
