"""Whether a camera really looks where its telemetry says: pictures of flat ground show how it moved, and which way.

Gimbals that look straight down report a heading that is sometimes half a turn off; every place is then mirrored about
the point below the vehicle. Two pictures of the same ground tell: laid over each other as the poses say they fit, laid
over each other as the opposite heading says they do not, or the other way round.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from geofence.footprint import Gaze
from geofence.positions import LocalPosition
from perception.frame import Frame, Picture
from perception.georeference import Georeference

_WIDTH_PX = 320
_LEAST_STEP = 0.08
"""A camera must move by this share of its height between two pictures before they tell anything."""
_MOST_STEP = 0.6
_LEAST_SHARED = 0.25
_LEAST_CONTRAST = 4.0
_BETTER = 0.1
_MARGIN = 0.06
"""Places and angles are not exact: pictures may be shifted by this share of their width."""
_LEAST_PX = 24
_VOTES = 3
FloatArray = NDArray[np.float64]


class Heading(StrEnum):
    """What the pictures say of the reported heading."""

    UNKNOWN = "unknown"
    RIGHT = "right"
    OPPOSITE = "opposite"
    """Half a turn off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How well two pictures agree (correlation −1..1) under the reported and under the opposite heading."""

    reported: float
    opposite: float

    @property
    def heading(self) -> Heading:
        """Return what this pair says."""
        if abs(self.reported - self.opposite) < _BETTER:
            return Heading.UNKNOWN
        return Heading.RIGHT if self.reported > self.opposite else Heading.OPPOSITE


class HeadingCheck:
    """Takes frame after frame of one camera; says what they tell once enough pairs agree."""

    def __init__(self, *, reference: Georeference) -> None:
        self._reference = reference
        self._last: Frame | None = None
        self._votes: list[Heading] = []

    @property
    def heading(self) -> Heading:
        """Return what the newest pairs say when all of them say the same, and are enough."""
        newest = self._votes[-_VOTES:]
        return newest[0] if len(newest) == _VOTES and len(set(newest)) == 1 else Heading.UNKNOWN

    def add(self, frame: Frame) -> Fit | None:
        """Compare a frame with an earlier one that was taken from elsewhere; None when there is none to tell by."""
        if frame.gaze is None:
            return None
        if self._last is None or self._last.gaze is None:
            self._last = frame
            return None
        step = self._step(self._last.gaze, frame.gaze)
        if step < _LEAST_STEP:
            return None
        fit = None if step > _MOST_STEP else compare(self._last, frame, self._reference)
        self._last = frame
        if fit is not None and fit.heading is not Heading.UNKNOWN:
            self._votes = [*self._votes[1 - _VOTES :], fit.heading]
        return fit

    def _step(self, before: Gaze, after: Gaze) -> float:
        (a, b), (c, d) = self._reference.camera_m(before), self._reference.camera_m(after)
        return float(np.hypot(c - a, d - b)) / max(after.height_agl_m, 1e-6)


def compare(before: Frame, after: Frame, reference: Georeference) -> Fit | None:
    """Return how well two frames agree on the ground that both show; None when they share too little of it."""
    if before.gaze is None or after.gaze is None:
        return None
    scale = min(1.0, _WIDTH_PX / before.size_px[0])
    pictures = [_small(frame.picture, scale) for frame in (before, after)]
    fits = [
        _agreement(pictures, [_turned(before.gaze, turn_deg), _turned(after.gaze, turn_deg)], reference, scale)
        for turn_deg in (0.0, 180.0)
    ]
    reported, opposite = fits
    return None if reported is None or opposite is None else Fit(reported=reported, opposite=opposite)


def _turned(gaze: Gaze, by_deg: float) -> Gaze:
    return replace(gaze, yaw_deg=(gaze.yaw_deg + by_deg) % 360.0)


def _small(picture: Picture, scale: float) -> NDArray[np.float32]:
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    smaller = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    # What is coarse (light, vignette) is the same in all pictures and tells nothing.
    return np.asarray(smaller, np.float32) - cv2.GaussianBlur(smaller.astype(np.float32), (0, 0), 12)


def _agreement(
    pictures: Sequence[NDArray[np.float32]], gazes: Sequence[Gaze], reference: Georeference, scale: float
) -> float | None:
    """Return the correlation of the later picture with the earlier one laid over it by way of the ground."""
    overlay = _homography(gazes, reference, scale)
    if overlay is None:
        return None
    height, width = pictures[1].shape
    laid = cv2.warpPerspective(pictures[0], overlay, (width, height))
    shown = cv2.warpPerspective(np.ones_like(pictures[0]), overlay, (width, height)) > 0.99
    if shown.mean() < _LEAST_SHARED:
        return None
    return _best_correlation(np.asarray(laid, np.float32), pictures[1], shown)


def _best_correlation(laid: NDArray[np.float32], later: NDArray[np.float32], shown: NDArray[np.bool_]) -> float | None:
    """Return the best correlation over small shifts: places and angles are not exact."""
    rows, columns = np.nonzero(shown)
    (top, bottom), (left, right) = np.quantile(rows, (0.02, 0.98)), np.quantile(columns, (0.02, 0.98))
    margin = max(4, round(_MARGIN * shown.shape[1]))
    y0, y1, x0, x1 = int(top) + margin, int(bottom) - margin, int(left) + margin, int(right) - margin
    if min(y1 - y0, x1 - x0) < _LEAST_PX or later[y0:y1, x0:x1].std() < _LEAST_CONTRAST:
        return None
    window = laid[max(0, y0 - margin) : y1 + margin, max(0, x0 - margin) : x1 + margin]
    found = cv2.matchTemplate(window, later[y0:y1, x0:x1], cv2.TM_CCOEFF_NORMED)
    return float(found.max())


def _homography(gazes: Sequence[Gaze], reference: Georeference, scale: float) -> FloatArray | None:
    """Return what moves pixels of the smaller earlier picture to those of the smaller later one, over flat ground."""
    camera = reference.camera
    grid = np.array(
        [(x * camera.width_px, y * camera.height_px) for x in (0.1, 0.35, 0.65, 0.9) for y in (0.1, 0.4, 0.7, 0.9)]
    )
    places = reference.to_ground(grid, gazes[0])
    pairs = [
        (pixel * scale, np.array(there) * scale)
        for pixel, place in zip(grid, places, strict=True)
        if place is not None
        and (there := reference.to_pixel(LocalPosition(east_m=place.east_m, north_m=place.north_m), gazes[1]))
        is not None
    ]
    if len(pairs) < 6:
        return None
    found: object = cv2.findHomography(np.array([a for a, _ in pairs]), np.array([b for _, b in pairs]))[0]
    return found if isinstance(found, np.ndarray) else None
