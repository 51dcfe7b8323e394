"""The pinhole of the simulated camera: metres to pixels, and who stands before whom."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.scene import CameraLens, CameraView, Ring, SceneBuilding, SceneThing

FloatArray = NDArray[np.float64]
NEAR_M = 0.4


class Projection:
    """One view through one lens. Camera axes: x right, y down, z ahead."""

    def __init__(self, *, view: CameraView, lens: CameraLens) -> None:
        self.view = view
        self.lens = lens
        self.place = np.array([view.east_m, view.north_m, view.height_agl_m])
        self.axes = _axes(view)
        self.matrix = np.array([[lens.fx_px, 0.0, lens.cx_px], [0.0, lens.fy_px, lens.cy_px], [0.0, 0.0, 1.0]])

    def to_camera(self, points_m: FloatArray) -> FloatArray:
        """Return points (…, 3) in camera axes for points in east, north, up."""
        turned: FloatArray = (points_m - self.place) @ self.axes.T
        return turned

    def to_px(self, camera_m: FloatArray) -> FloatArray:
        """Return pixels (…, 2) of points in camera axes; the caller keeps them ahead of the camera."""
        depth = np.maximum(camera_m[..., 2], 1e-3)
        x = camera_m[..., 0] / depth * self.lens.fx_px + self.lens.cx_px
        y = camera_m[..., 1] / depth * self.lens.fy_px + self.lens.cy_px
        return np.clip(np.stack((x, y), axis=-1), -30000, 30000)

    def ground_from_px(self) -> FloatArray:
        """Return the 3 × 3 matrix from image pixels to (east, north, 1) on the ground, up to scale."""
        columns = np.column_stack((self.axes[:, 0], self.axes[:, 1], -self.axes @ self.place))
        inverse: FloatArray = np.linalg.inv(self.matrix @ columns)
        return inverse

    def sky_polygon(self) -> FloatArray | None:
        """Return the part of the picture above the horizon as a polygon (n, 2), or None."""
        w, h = self.lens.width_px, self.lens.height_px
        corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], float)
        rays = np.column_stack((corners, np.ones(4))) @ np.linalg.inv(self.matrix).T @ self.axes
        above = clip_ring(np.column_stack((corners, rays[:, 2])), floor=-0.01)
        return above[:, :2] if len(above) >= 3 else None


def _axes(view: CameraView) -> FloatArray:
    yaw, pitch, roll = (math.radians(a) for a in (view.yaw_deg, view.pitch_deg, view.roll_deg))
    ahead = np.array([math.sin(yaw) * math.cos(pitch), math.cos(yaw) * math.cos(pitch), math.sin(pitch)])
    right = np.array([math.cos(yaw), -math.sin(yaw), 0.0])
    up = np.cross(right, ahead)
    rolled_right = right * math.cos(roll) - up * math.sin(roll)
    rolled_up = up * math.cos(roll) + right * math.sin(roll)
    return np.array([rolled_right, -rolled_up, ahead])


def clip_ring(ring: FloatArray, *, floor: float) -> FloatArray:
    """Return the part of a ring (n, 3) whose last coordinate is at least *floor* (Sutherland–Hodgman)."""
    kept: list[FloatArray] = []
    for here, there in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        inside, next_inside = here[2] >= floor, there[2] >= floor
        if inside:
            kept.append(here)
        if inside != next_inside:
            kept.append(here + (there - here) * (floor - here[2]) / (there[2] - here[2]))
    return np.array(kept).reshape(-1, 3)


def facing_walls(ring: Ring, east_m: float, north_m: float) -> list[tuple[int, FloatArray, FloatArray]]:
    """Return (index, start, end) of the walls of a convex ring that face a place."""
    corners = _counter_clockwise(np.array(ring, float))
    place = np.array([east_m, north_m])
    walls = []
    for i, (a, b) in enumerate(zip(corners, np.roll(corners, -1, axis=0), strict=True)):
        if _is_right_of(a, b, place):
            walls.append((i, a, b))
    return walls


def _counter_clockwise(corners: FloatArray) -> FloatArray:
    x, y = corners.T
    area = float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))
    return corners if area > 0 else corners[::-1]


def _is_right_of(a: FloatArray, b: FloatArray, place: FloatArray) -> bool:
    along, to = b - a, place - a
    return bool(along[0] * to[1] - along[1] * to[0] < 0)


def draw_order(
    view: CameraView, buildings: Sequence[SceneBuilding], things: Sequence[SceneThing]
) -> list[SceneBuilding | SceneThing]:
    """Return everything from far to near, so that the nearer is painted over the farther.

    A thing stands before a convex building exactly when it lies outside one of the walls that face the camera.
    """
    place = np.array([view.east_m, view.north_m])
    houses = sorted(buildings, key=lambda b: -_nearest_m(b, place))
    walls = [facing_walls(b.ring, view.east_m, view.north_m) for b in houses]
    slots: list[list[SceneThing]] = [[] for _ in range(len(houses) + 1)]
    for thing in sorted(things, key=lambda t: -((t.east_m - place[0]) ** 2 + (t.north_m - place[1]) ** 2)):
        slots[_slot(thing, walls)].append(thing)
    ordered: list[SceneBuilding | SceneThing] = list(slots[0])
    for house, behind_next in zip(houses, slots[1:], strict=True):
        ordered += [house, *behind_next]
    return ordered


def _nearest_m(building: SceneBuilding, place: FloatArray) -> float:
    return float(np.min(np.linalg.norm(np.array(building.ring, float) - place, axis=1)))


def _slot(thing: SceneThing, walls: list[list[tuple[int, FloatArray, FloatArray]]]) -> int:
    """Return the index of the first building that hides *thing*, or their number when none does."""
    place = np.array([thing.east_m, thing.north_m])
    for i, faces in enumerate(walls):
        if faces and not any(_is_right_of(a, b, place) for _, a, b in faces):
            return i
    return len(walls)
