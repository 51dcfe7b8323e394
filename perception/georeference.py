"""Pixels ↔ ground: flat ground, full attitude, lens distortion, and how far off the place may be."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geofence.footprint import Gaze, Intrinsics, axis_rows
from geofence.frames import LocalFrame
from geofence.positions import ErrorEllipse, GeoPosition, LocalPosition
from perception.lens import Lens

FloatArray = NDArray[np.float64]
_FLATTEST_DEG = 6.0
"""Rays nearer to the horizon than this have no useful place."""
_LEAST_SLOPE = math.tan(math.radians(_FLATTEST_DEG))
_BY_PIXEL = slice(3, 5)
"""Which changes of a ray stand for the pixel's error, across and down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseErrors:
    """One-sigma errors of what a place is computed from."""

    place_m: float = 0.6
    height_m: float = 0.5
    yaw_deg: float = 1.0
    pitch_deg: float = 0.6
    roll_deg: float = 0.6
    pixel_px: float = 2.0


class GroundPlace(NamedTuple):
    """A place in metres with its covariance (east–east, east–north, north–north; m²); many are made for each frame."""

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
        self._lens = Lens(camera=camera, distortion=distortion)
        self.errors = errors or PoseErrors()
        self._last: tuple[Gaze, _View] | None = None
        self._near: _Nearby | None = None

    def to_ground(self, pixels: FloatArray, gaze: Gaze) -> list[GroundPlace | None]:
        """Return the places of *pixels* (n, 2); None for what looks at the sky or too flatly to tell, and for
        pixels that the lens shows nothing at.
        """
        if len(pixels) == 0:
            return []
        if gaze.height_agl_m <= 0:
            return [None] * len(pixels)
        view, place_m2 = self._view(gaze), self.errors.place_m**2
        rays, slopes = self._lens.rays(pixels)
        turned = (rays @ view.causes).reshape(len(pixels), -1, 3)
        world, changes = turned[:, 0], turned[:, 1:]
        if slopes is not None:
            changes[:, _BY_PIXEL] = self.errors.pixel_px * slopes @ np.array(view.turned[:2])
        down = -world[:, 2]
        is_ground = down > _LEAST_SLOPE * np.hypot(world[:, 0], world[:, 1])
        reach = gaze.height_agl_m / np.where(is_ground, down, 1.0)
        away = world[:, :2] * reach[:, None]
        covariances = _covariances(away / gaze.height_agl_m, changes, reach)
        return [
            GroundPlace(e, n, (ee + place_m2, en, nn + place_m2)) if is_in else None
            for (e, n), (ee, en, _, nn), is_in in zip(
                (away + view.camera).tolist(), covariances.tolist(), is_ground.tolist(), strict=True
            )
        ]

    def direction(self, pixel: tuple[float, float], gaze: Gaze) -> tuple[float, float, float]:
        """Return the unit vector (east, north, up) of a pixel's ray; NaN where the lens shows nothing."""
        ray = self._lens.rays(np.array([pixel], float)).rays[0]
        east, north, up = (ray / np.linalg.norm(ray) @ np.array(self._view(gaze).turned)).tolist()
        return east, north, up

    def to_pixel(self, place: LocalPosition, gaze: Gaze) -> tuple[float, float] | None:
        """Return the pixel of a place, or None when it lies behind the camera or outside of the picture."""
        view = self._view(gaze)
        east_m, north_m = view.camera
        east, north, up = place.east_m - east_m, place.north_m - north_m, place.up_m - gaze.height_agl_m
        right, down, forward = view.turned
        depth = forward[0] * east + forward[1] * north + forward[2] * up
        if depth <= 0.5:
            return None
        x = right[0] * east + right[1] * north + right[2] * up
        y = down[0] * east + down[1] * north + down[2] * up
        pixel = self._lens.to_pixel(x / depth, y / depth)
        is_in = pixel is not None and 0 <= pixel[0] < self.camera.width_px and 0 <= pixel[1] < self.camera.height_px
        return pixel if is_in else None

    def sees_ground(self, gaze: Gaze) -> bool:
        """Say whether any corner of the picture looks at ground that can be placed (distortion is left out)."""
        if gaze.height_agl_m <= 0:
            return False
        right, down, forward = self._view(gaze).turned
        if -forward[2] > _LEAST_SLOPE * math.hypot(forward[0], forward[1]):
            return True
        lens = self.camera
        for x in (-lens.cx_px / lens.fx_px, (lens.width_px - lens.cx_px) / lens.fx_px):
            for y in ((lens.height_px - lens.cy_px) / lens.fy_px, -lens.cy_px / lens.fy_px):
                east, north, up = (x * r + y * d + f for r, d, f in zip(right, down, forward, strict=True))
                if -up > _LEAST_SLOPE * math.hypot(east, north):
                    return True
        return False

    def camera_m(self, gaze: Gaze) -> tuple[float, float]:
        """Return how far east and north of the frame's origin the camera is."""
        return self._view(gaze).camera

    def _view(self, gaze: Gaze) -> "_View":
        """Return where the camera is and its axes; asked many times for one frame, computed once."""
        if self._last is None or (self._last[0] is not gaze and self._last[0] != gaze):
            self._last = (gaze, self._make_view(gaze))
        return self._last[1]

    def _make_view(self, gaze: Gaze) -> "_View":
        camera_m, errors = self._camera_m(gaze.place), self.errors
        right, down, forward = turned = axis_rows(gaze)
        yaw, pitch, roll = (math.radians(angle) for angle in (errors.yaw_deg, errors.pitch_deg, errors.roll_deg))
        level, tilt = pitch * math.cos(math.radians(gaze.roll_deg)), pitch * math.sin(math.radians(gaze.roll_deg))
        sunk = -errors.height_m / gaze.height_agl_m if gaze.height_agl_m else 0.0
        by_pitch = [-(r * tilt + d * level) for r, d in zip(right, down, strict=True)]
        sideways = _times(right, errors.pixel_px / self.camera.fx_px) + _times(
            down, errors.pixel_px / self.camera.fy_px
        )
        # plain numbers, put into an array at the end: a tenth of the time of steps on tiny arrays
        causes = [
            right + _by_yaw(right, yaw) + _times(forward, tilt) + _times(down, roll) + [0.0] * 6,
            down + _by_yaw(down, yaw) + _times(forward, level) + _times(right, -roll) + [0.0] * 6,
            forward + _by_yaw(forward, yaw) + by_pitch + [0.0] * 3 + sideways,
        ]
        whole = np.array([[*row, 0.0, 0.0, sunk * row[2]] for row in causes])
        return _View(camera=camera_m, turned=turned, causes=whole)

    def _camera_m(self, place: GeoPosition) -> tuple[float, float]:
        """Return east and north of *place*: the projection itself takes a tenth of all the steps for one frame."""
        if self._near is None or not self._near.is_near(place):
            self._near = _Nearby.around(place, self.frame)
        return self._near.metres(place)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _View:
    """What one gaze means in metres: the camera's place, its axes, and how a ray (x, y, 1) lies in the world.

    `causes` (3, 7 × 3) turns a ray into its direction and into the changes of it that stand for one sigma of yaw,
    pitch, roll, of the pixel along both sides, and of the height.
    """

    camera: tuple[float, float]
    turned: list[list[float]]
    causes: FloatArray


_NEARBY_DEG = 3e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Nearby:
    """The local frame as it is within some 30 m of a place: straight, less than 0.1 mm off."""

    lon_deg: float
    lat_deg: float
    east_m: float
    north_m: float
    per_lon: tuple[float, float]
    """Metres east and north for each degree."""
    per_lat: tuple[float, float]

    @classmethod
    def around(cls, place: GeoPosition, frame: LocalFrame) -> "_Nearby":
        lon_deg, lat_deg, step_deg = place.lon_deg, place.lat_deg, _NEARBY_DEG / 2
        ends = np.array([(0.0, 0.0), (step_deg, 0.0), (-step_deg, 0.0), (0.0, step_deg), (0.0, -step_deg)])
        here, east, west, north, south = frame.to_local_array(ends + np.array((lon_deg, lat_deg)))
        per_lon, per_lat = ((east - west) / _NEARBY_DEG).tolist(), ((north - south) / _NEARBY_DEG).tolist()
        east_m, north_m = here.tolist()
        return cls(
            lon_deg=lon_deg,
            lat_deg=lat_deg,
            east_m=east_m,
            north_m=north_m,
            per_lon=(per_lon[0], per_lon[1]),
            per_lat=(per_lat[0], per_lat[1]),
        )

    def is_near(self, place: GeoPosition) -> bool:
        return abs(place.lon_deg - self.lon_deg) <= _NEARBY_DEG and abs(place.lat_deg - self.lat_deg) <= _NEARBY_DEG

    def metres(self, place: GeoPosition) -> tuple[float, float]:
        lon, lat = place.lon_deg - self.lon_deg, place.lat_deg - self.lat_deg
        east_m = self.east_m + self.per_lon[0] * lon + self.per_lat[0] * lat
        return east_m, self.north_m + self.per_lon[1] * lon + self.per_lat[1] * lat


def _times(axis: list[float], factor: float) -> list[float]:
    return [value * factor for value in axis]


def _by_yaw(axis: list[float], yaw: float) -> list[float]:
    east, north, _ = axis
    return [north * yaw, -east * yaw, 0.0]


def _covariances(per_height: FloatArray, changes: FloatArray, reach_m: FloatArray) -> FloatArray:
    """Return the covariances of places whose rays change so; shape (n, 4).

    A place is height × (east, north) / down of its ray, so its change is that of the ray, less what goes along the ray.
    """
    steps = (changes[:, :, :2] + per_height[:, None, :] * changes[:, :, 2:]) * reach_m[:, None, None]
    return np.asarray(steps.transpose(0, 2, 1) @ steps).reshape(-1, 4)
