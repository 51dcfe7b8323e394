"""What a lens does to rays: pixels to rays and back, by OpenCV's model of distortion (Brown–Conrady, rational)."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from geofence.footprint import Intrinsics

FloatArray = NDArray[np.float64]
_UNTIL = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 100, 1e-10)
"""OpenCV's own five steps leave a strongly bent lens ten pixels off."""
_SAME_PX = 0.1
_WIDEST = 4.0
"""Rays farther out than this (76° from the axis) are no part of a flat picture."""


class Rays(NamedTuple):
    """Rays (n, 3; x to the right, y down, 1 ahead), and what they change by for a pixel across and down (n, 2, 2).

    NaN for a pixel that no ray reaches; `slopes` is None for a lens without distortion: 1 / focal length everywhere.
    """

    rays: FloatArray
    slopes: FloatArray | None


class Lens:
    """One camera's lens."""

    def __init__(self, *, camera: Intrinsics, distortion: tuple[float, ...] = ()) -> None:
        self._camera = camera
        self._distortion = np.array(distortion, float)
        self._centre_px = np.array([camera.cx_px, camera.cy_px])
        self._focal_px = np.array([camera.fx_px, camera.fy_px])
        self._matrix = np.array([[camera.fx_px, 0.0, camera.cx_px], [0.0, camera.fy_px, camera.cy_px], [0.0, 0.0, 1.0]])
        self._widest = self._find_widest() if distortion else _WIDEST

    def rays(self, pixels: FloatArray) -> Rays:
        """Return the rays of *pixels* (n, 2)."""
        rays = np.empty((len(pixels), 3))
        rays[:, 2] = 1.0
        if not self._distortion.size:
            rays[:, :2] = (pixels - self._centre_px) / self._focal_px
            return Rays(rays, None)
        steps = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        straight = self._straighten((pixels[:, None] + steps).reshape(-1, 2)).reshape(-1, 3, 2)
        rays[:, :2] = straight[:, 0]
        return Rays(rays, straight[:, 1:] - straight[:, :1])

    def to_pixel(self, x: float, y: float) -> tuple[float, float] | None:
        """Return the pixel of the ray (x, y, 1), or None when the lens does not show it."""
        if not self._distortion.size:
            return x * self._camera.fx_px + self._camera.cx_px, y * self._camera.fy_px + self._camera.cy_px
        if x * x + y * y > self._widest**2:
            return None
        px, py = self._bend(np.array([[x, y]]))[0].tolist()
        return px, py

    def _straighten(self, pixels: FloatArray) -> FloatArray:
        """Return x and y of rays; NaN where the lens bends no ray to that pixel."""
        points = pixels.reshape(-1, 1, 2).astype(np.float64)
        found = cv2.undistortPoints(points, self._matrix, self._distortion, criteria=_UNTIL).reshape(-1, 2)
        off_px = np.linalg.norm(self._bend(np.nan_to_num(found)) - pixels, axis=1)
        is_wrong = ~((off_px < _SAME_PX) & (np.linalg.norm(found, axis=1) <= self._widest))
        return np.where(is_wrong[:, None], np.nan, found)

    def _bend(self, rays: FloatArray) -> FloatArray:
        points = np.column_stack((rays, np.ones(len(rays)))).reshape(-1, 1, 3)
        pixels = cv2.projectPoints(points, np.zeros(3), np.zeros(3), self._matrix, self._distortion)[0]
        return np.asarray(pixels, float).reshape(-1, 2)

    def _find_widest(self) -> float:
        """Return how far out rays still go farther out in the picture: behind that the formula folds back."""
        out = np.linspace(0.0, _WIDEST, 2001)
        shown = self._bend(np.column_stack((out, np.zeros(len(out)))))[:, 0]
        folds = np.nonzero(np.diff(shown) <= 0.0)[0]
        return float(out[folds[0]]) if len(folds) else _WIDEST
