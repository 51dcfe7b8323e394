"""Pixels ↔ ground: flat ground, full attitude, lens distortion, and how far off the place may be."""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from geofence.footprint import Gaze, Intrinsics, axes
from geofence.frames import LocalFrame
from geofence.positions import ErrorEllipse, LocalPosition

FloatArray = NDArray[np.float64]
_FLATTEST_DEG = 6.0
"""Rays nearer to the horizon than this have no useful place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseErrors:
    """One-sigma errors of what a place is computed from."""

    place_m: float = 0.6
    height_m: float = 0.5
    yaw_deg: float = 1.0
    pitch_deg: float = 0.6
    roll_deg: float = 0.6
    pixel_px: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundPlace:
    """A place in metres with its covariance (east–east, east–north, north–north; m²)."""

    east_m: float
    north_m: float
    covariance_m2: tuple[float, float, float]

    @property
    def major_m(self) -> float:
        """Return the larger one-sigma semi-axis."""
        ee, en, nn = self.covariance_m2
        return math.sqrt((ee + nn) / 2 + math.hypot((ee - nn) / 2, en))

    @property
    def ellipse(self) -> ErrorEllipse:
        """Return the one-sigma ellipse."""
        ee, en, nn = self.covariance_m2
        mean, spread = (ee + nn) / 2, math.hypot((ee - nn) / 2, en)
        heading = math.degrees(0.5 * math.atan2(2 * en, nn - ee)) % 180.0
        return ErrorEllipse(
            major_m=math.sqrt(mean + spread), minor_m=math.sqrt(max(mean - spread, 0.0)), heading_deg=heading
        )

    def error_m(self, east: float, north: float) -> float:
        """Return the one-sigma error in the direction of the given (not necessarily unit) vector."""
        length = math.hypot(east, north)
        if length == 0.0:
            return self.major_m
        e, n = east / length, north / length
        ee, en, nn = self.covariance_m2
        return math.sqrt(max(0.0, e * e * ee + 2 * e * n * en + n * n * nn))


class Georeference:
    """Places pixels of one camera in the metres of one local frame."""

    def __init__(
        self,
        *,
        camera: Intrinsics,
        frame: LocalFrame,
        distortion: tuple[float, ...] = (),
        errors: PoseErrors | None = None,
    ) -> None:
        self.camera = camera
        self.frame = frame
        self._distortion = np.array(distortion, float)
        self._errors = errors or PoseErrors()
        self._last: tuple[Gaze, LocalPosition, FloatArray] | None = None
        self._matrix = np.array([[camera.fx_px, 0.0, camera.cx_px], [0.0, camera.fy_px, camera.cy_px], [0.0, 0.0, 1.0]])

    def to_ground(self, pixels: FloatArray, gaze: Gaze) -> list[GroundPlace | None]:
        """Return the places of *pixels* (n, 2); None for what looks at the sky or too flatly to tell."""
        if len(pixels) == 0:
            return []
        rays = self._rays(pixels)
        here, turned = self._view(gaze)
        camera = np.array([here.east_m, here.north_m])
        away, is_ground = _hit(rays, turned, gaze.height_agl_m)
        covariances = self._covariances(rays, gaze, away)
        places = camera + away
        return [
            GroundPlace(east_m=e, north_m=n, covariance_m2=(c[0, 0], c[0, 1], c[1, 1])) if is_in else None
            for (e, n), c, is_in in zip(places.tolist(), covariances, is_ground, strict=True)
        ]

    def to_pixel(self, place: LocalPosition, gaze: Gaze) -> tuple[float, float] | None:
        """Return the pixel of a place, or None when it lies behind the camera or outside of the picture."""
        here, turned = self._view(gaze)
        away = np.array([place.east_m - here.east_m, place.north_m - here.north_m, place.up_m - gaze.height_agl_m])
        x, y, depth = (turned @ away).tolist()
        if depth <= 0.5:
            return None
        px, py = self._project(x / depth, y / depth)
        is_in = 0 <= px < self.camera.width_px and 0 <= py < self.camera.height_px
        return (px, py) if is_in else None

    def _view(self, gaze: Gaze) -> tuple[LocalPosition, FloatArray]:
        """Return where the camera is and its axes; asked many times for one frame, computed once."""
        if self._last is None or self._last[0] != gaze:
            self._last = (gaze, self.frame.to_local(gaze.place), axes(gaze))
        return self._last[1], self._last[2]

    def _project(self, x: float, y: float) -> tuple[float, float]:
        if not self._distortion.size:
            return float(x * self.camera.fx_px + self.camera.cx_px), float(y * self.camera.fy_px + self.camera.cy_px)
        point = np.array([[[x, y, 1.0]]])
        pixel = cv2.projectPoints(point, np.zeros(3), np.zeros(3), self._matrix, self._distortion)[0]
        return float(pixel.flat[0]), float(pixel.flat[1])

    def _rays(self, pixels: FloatArray) -> FloatArray:
        if self._distortion.size:
            points = pixels.reshape(-1, 1, 2).astype(np.float64)
            flat = cv2.undistortPoints(points, self._matrix, self._distortion).reshape(-1, 2)
        else:
            centre = np.array([self.camera.cx_px, self.camera.cy_px])
            flat = (pixels - centre) / np.array([self.camera.fx_px, self.camera.fy_px])
        return np.column_stack((flat, np.ones(len(flat))))

    def _covariances(self, rays: FloatArray, gaze: Gaze, away: FloatArray) -> FloatArray:
        """Propagate each error by a small change of its cause."""
        e, turned, height_m = self._errors, self._view(gaze)[1], gaze.height_agl_m
        causes = [
            (_hit(rays, axes(replace(gaze, yaw_deg=gaze.yaw_deg + 0.1)), height_m), e.yaw_deg / 0.1),
            (_hit(rays, axes(replace(gaze, pitch_deg=gaze.pitch_deg - 0.1)), height_m), e.pitch_deg / 0.1),
            (_hit(rays, axes(replace(gaze, roll_deg=gaze.roll_deg + 0.1)), height_m), e.roll_deg / 0.1),
            (_hit(rays, turned, height_m + 0.1), e.height_m / 0.1),
            (_hit(rays + np.array([1.0 / self.camera.fx_px, 0, 0]), turned, height_m), e.pixel_px),
            (_hit(rays + np.array([0, 1.0 / self.camera.fy_px, 0]), turned, height_m), e.pixel_px),
        ]
        covariances = np.tile(np.eye(2) * e.place_m**2, (len(rays), 1, 1))
        for (moved, _), sigmas in causes:
            step = (moved - away) * sigmas
            covariances += step[:, :, None] * step[:, None, :]
        return covariances


def _hit(rays: FloatArray, turned: FloatArray, height_m: float) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return where rays meet the ground, east and north of the camera (n, 2), and which of them do."""
    world = rays @ turned
    down = -world[:, 2]
    is_ground = down > math.sin(math.radians(_FLATTEST_DEG)) * np.sqrt((world**2).sum(axis=1))
    reach = height_m / np.where(is_ground, down, 1.0)
    return world[:, :2] * reach[:, None], is_ground & (height_m > 0)
