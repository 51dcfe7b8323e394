"""What a picture is painted on: its pixels, whom each belongs to, and how far away what it shows is."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.camera_geometry import FloatArray, Projection
from sim.camera_ground import Picture

Distances = NDArray[np.float32]
Layer = Picture | Distances
SHIFT = 3
"""Outlines are in eighths of a pixel."""
_SKY_M = 2000.0
_BUILDING = 255


@dataclass(slots=True, kw_only=True)
class Canvas:
    """A picture in the making; *owners* and *away_m* are kept only where somebody asks for them."""

    picture: Picture
    projection: Projection
    owners: Picture | None = None
    """Which thing (1…) owns a pixel; 255 for everything else that stands up."""
    away_m: Distances | None = None
    """How far away what a pixel shows is."""

    def own(self, draw: Callable[[Layer, float], None], owner: int, away_m: float) -> None:
        """Note a thing: *draw* fills its outline in an array with a value."""
        if self.owners is not None:
            draw(self.owners, min(owner, _BUILDING - 1))
        if self.away_m is not None:
            draw(self.away_m, away_m)

    def own_plane(self, outline: NDArray[np.int32], corners_m: FloatArray) -> None:
        """Note a wall or roof: its *outline* in the picture and its corners (n, 3) in camera axes."""
        if self.owners is not None:
            cv2.fillConvexPoly(self.owners, outline, _BUILDING, cv2.LINE_8, SHIFT)
        if self.away_m is None:
            return
        mask = np.zeros(self.picture.shape[:2], np.uint8)
        cv2.fillConvexPoly(mask, outline, 1, cv2.LINE_8, SHIFT)
        rows, columns = np.nonzero(mask)
        rays = _rays(self.projection, columns, rows)
        normal = np.cross(corners_m[1] - corners_m[0], corners_m[2] - corners_m[0])
        depth = np.abs(normal @ corners_m[0]) / np.maximum(np.abs(rays @ normal), 1e-6)
        self.away_m[rows, columns] = np.minimum(depth * np.linalg.norm(rays, axis=-1), _SKY_M)


def ground_away_m(projection: Projection) -> Distances:
    """Return how far away the ground is in every pixel, shape (h, w); the sky is 2 km away."""
    lens, high_m = projection.lens, projection.view.height_agl_m
    y, x = np.mgrid[0 : lens.height_px, 0 : lens.width_px]
    rays = _rays(projection, x, y)
    down = rays @ projection.axes[:, 2] / np.linalg.norm(rays, axis=-1)
    return np.asarray(high_m / np.maximum(-down, high_m / _SKY_M), np.float32)


def _rays(projection: Projection, x: NDArray[np.integer], y: NDArray[np.integer]) -> FloatArray:
    """Return where pixels look, in camera axes with depth 1."""
    lens = projection.lens
    return np.stack(((x - lens.cx_px) / lens.fx_px, (y - lens.cy_px) / lens.fy_px, np.ones(x.shape)), axis=-1)
