"""Buildings in the picture: shaded walls with floors and windows, shop fronts, roofs."""

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.camera_canvas import SHIFT, Canvas
from sim.camera_geometry import NEAR_M, FloatArray, Projection, clip_ring, facing_walls
from sim.camera_ground import Picture
from sim.scene import SceneBuilding

_FLOOR_M = 3.0
_SHOP_HEIGHT_M = 7.0
_WALLS_BGR = ((176, 190, 204), (196, 200, 204), (150, 172, 200), (188, 196, 190), (140, 150, 176), (206, 208, 210))
_GLASS_BGR = ((92, 80, 66), (110, 100, 84), (74, 66, 60))
_SIGNS_BGR = ((50, 50, 190), (170, 90, 40), (60, 140, 60), (40, 150, 210), (150, 60, 120))


def draw_building(canvas: Canvas, building: SceneBuilding, sun: FloatArray) -> None:
    """Paint *building*."""
    projection = canvas.projection
    paint = np.array(_WALLS_BGR[building.seed % len(_WALLS_BGR)], float)
    for index, start, end in facing_walls(building.ring, projection.view.east_m, projection.view.north_m):
        _draw_wall(canvas, building, paint * _light(start, end, sun), (index, start, end))
    if projection.view.height_agl_m > building.height_m:
        _draw_roof(canvas, building)


def away_m(building: SceneBuilding, east_m: float, north_m: float) -> float:
    """Return how far a place is from a building's walls; negative inside of it."""
    return -cv2.pointPolygonTest(np.array(building.ring, np.float32), (east_m, north_m), True)


def _light(start: FloatArray, end: FloatArray, sun: FloatArray) -> float:
    along = (end - start) / max(float(np.linalg.norm(end - start)), 1e-6)
    towards = float(along[1] * sun[0] - along[0] * sun[1])
    return 0.66 + 0.38 * max(0.0, towards)


def _draw_wall(
    canvas: Canvas, building: SceneBuilding, paint: FloatArray, wall: tuple[int, FloatArray, FloatArray]
) -> None:
    index, start, end = wall
    corners = _lift(start, end, np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float), building.height_m)
    outline = _outline(canvas.projection, corners)
    if outline is None:
        return
    cv2.fillConvexPoly(canvas.picture, outline, paint.tolist(), cv2.LINE_AA, SHIFT)
    canvas.own_plane(outline, canvas.projection.to_camera(corners))
    _draw_details(canvas.picture, canvas.projection, building, paint, (index, start, end))


def _draw_details(
    picture: Picture,
    projection: Projection,
    building: SceneBuilding,
    paint: FloatArray,
    wall: tuple[int, FloatArray, FloatArray],
) -> None:
    index, start, end = wall
    width_m = float(np.linalg.norm(end - start))
    shade = float(paint.mean()) / 190.0
    glass = np.array(_GLASS_BGR[(building.seed + index) % len(_GLASS_BGR)]) * shade
    floors = max(1, int(building.height_m / _FLOOR_M))
    columns = max(1, int(width_m / 3.4))
    windows = _grid(columns, floors, (0.22, 0.78), (0.3, 0.8), building.height_m)
    _fill(picture, projection, start, end, building.height_m, windows, glass)
    if building.height_m <= _SHOP_HEIGHT_M:
        _draw_shops(picture, projection, building, wall, columns)
    else:
        slabs = _grid(1, floors, (0.0, 1.0), (0.02, 0.09), building.height_m)
        _fill(picture, projection, start, end, building.height_m, slabs, paint * 0.86)


def _draw_shops(
    picture: Picture,
    projection: Projection,
    building: SceneBuilding,
    wall: tuple[int, FloatArray, FloatArray],
    columns: int,
) -> None:
    index, start, end = wall
    band = 2.6 / building.height_m, 3.4 / building.height_m
    for i in range(columns):
        sign = np.array(
            [
                [
                    [i / columns, band[0]],
                    [(i + 0.94) / columns, band[0]],
                    [(i + 0.94) / columns, band[1]],
                    [i / columns, band[1]],
                ]
            ]
        )
        colour = np.array(_SIGNS_BGR[(building.seed * 3 + index + i * 7) % len(_SIGNS_BGR)])
        _fill(picture, projection, start, end, building.height_m, sign, colour)
    doors = _grid(columns, 1, (0.08, 0.92), (0.02, 2.4 / building.height_m), building.height_m, whole=True)
    _fill(picture, projection, start, end, building.height_m, doors, np.array([88, 84, 78]))


def _grid(
    columns: int,
    floors: int,
    across: tuple[float, float],
    up: tuple[float, float],
    height_m: float,
    *,
    whole: bool = False,
) -> FloatArray:
    """Return one rectangle a cell, shape (n, 4, 2), as shares of the wall's width and height."""
    x = np.arange(columns)[None, :, None]
    y = np.arange(floors)[:, None, None]
    rise = 1.0 if whole else _FLOOR_M / height_m
    u = (x + np.array([across[0], across[1], across[1], across[0]])) / columns
    v = (y + np.array([up[0], up[0], up[1], up[1]])) * rise
    return np.stack(np.broadcast_arrays(u, v), axis=-1).reshape(-1, 4, 2)


def _lift(start: FloatArray, end: FloatArray, shares: FloatArray, height_m: float) -> FloatArray:
    flat = start + shares[..., :1] * (end - start)
    lifted: FloatArray = np.concatenate((flat, shares[..., 1:] * height_m), axis=-1)
    return lifted


def _outline(projection: Projection, corners_m: FloatArray) -> NDArray[np.int32] | None:
    camera = clip_ring(projection.to_camera(corners_m), floor=NEAR_M)
    if len(camera) < 3:
        return None
    px = projection.to_px(camera)
    lens = projection.lens
    if np.any(px.max(axis=0) < 0) or px[:, 0].min() > lens.width_px or px[:, 1].min() > lens.height_px:
        return None
    return np.rint(px * 8).astype(np.int32)


def _fill(
    picture: Picture,
    projection: Projection,
    start: FloatArray,
    end: FloatArray,
    height_m: float,
    shares: FloatArray,
    colour: FloatArray,
) -> None:
    camera = projection.to_camera(_lift(start, end, shares, height_m))
    px = projection.to_px(camera)
    size = np.array([projection.lens.width_px, projection.lens.height_px])
    kept = np.all(camera[..., 2] > NEAR_M, axis=1)
    kept &= np.all(px.max(axis=1) > 0, axis=1) & np.all(px.min(axis=1) < size, axis=1)
    if kept.any():
        cv2.fillPoly(picture, list(np.rint(px[kept] * 8).astype(np.int32)), colour.tolist(), cv2.LINE_AA, SHIFT)


def _draw_roof(canvas: Canvas, building: SceneBuilding) -> None:
    top = np.array([(e, n, building.height_m) for e, n in building.ring])
    outline = _outline(canvas.projection, top)
    if outline is None:
        return
    shade = 118.0 + building.seed % 5 * 9
    cv2.fillConvexPoly(canvas.picture, outline, (shade, shade + 3, shade + 6), cv2.LINE_AA, SHIFT)
    cv2.polylines(canvas.picture, [outline], True, (190, 192, 194), 1, cv2.LINE_AA, SHIFT)
    canvas.own_plane(outline, canvas.projection.to_camera(top))
