"""The painted ground of the simulated town: one raster, seen from above."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.scene import GroundArea, GroundKind, Ring, Scene, SceneBuilding, SceneLight

Picture = NDArray[np.uint8]
FloatArray = NDArray[np.float64]

_COLOURS_BGR: dict[GroundKind, tuple[int, int, int]] = {
    GroundKind.ROAD: (96, 94, 92),
    GroundKind.PAVEMENT: (158, 162, 164),
    GroundKind.TILES: (118, 132, 168),
    GroundKind.GRASS: (62, 108, 82),
    GroundKind.PLAYGROUND: (90, 120, 190),
    GroundKind.COURT: (96, 128, 70),
    GroundKind.WATER: (128, 108, 72),
    GroundKind.MARKING: (222, 226, 226),
}
_GRAIN: dict[GroundKind, float] = {
    GroundKind.GRASS: 17.0,
    GroundKind.ROAD: 6.0,
    GroundKind.WATER: 3.0,
    GroundKind.MARKING: 5.0,
}
_JOINT_M: dict[GroundKind, float] = {GroundKind.PAVEMENT: 1.2, GroundKind.TILES: 0.6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The raster (h, w, 3; BGR; north is up) and where it lies."""

    picture: Picture
    px_per_m: float
    min_east_m: float
    max_north_m: float

    @property
    def px_from_m(self) -> FloatArray:
        """Return the 3 × 3 matrix from (east, north, 1) in metres to raster pixels."""
        s = self.px_per_m
        return np.array([[s, 0.0, -s * self.min_east_m], [0.0, -s, s * self.max_north_m], [0.0, 0.0, 1.0]])


def paint_ground(scene: Scene, *, px_per_m: float = 8.0) -> Ground:
    """Return the ground of *scene* with markings, joints, stains and the buildings' shadows."""
    width = math.ceil((scene.max_east_m - scene.min_east_m) * px_per_m)
    height = math.ceil((scene.max_north_m - scene.min_north_m) * px_per_m)
    blank = np.zeros((height, width, 3), np.uint8)
    ground = Ground(picture=blank, px_per_m=px_per_m, min_east_m=scene.min_east_m, max_north_m=scene.max_north_m)
    random = np.random.default_rng(scene.seed)
    tints = {kind: _tint(kind, random) for kind in GroundKind}
    whole = _bounds_ring(scene)
    for area in (GroundArea(kind=scene.base, ring=whole), *scene.ground):
        _paint_area(ground, area, tints[area.kind], random)
    _stain(ground.picture, random)
    _shade_buildings(ground, scene.buildings, scene.light)
    return ground


def shadow_step(light: SceneLight) -> tuple[float, float]:
    """Return how far a shadow runs east and north on the ground for each metre of height."""
    length = 1.0 / math.tan(math.radians(max(light.sun_elevation_deg, 12.0)))
    azimuth = math.radians(light.sun_azimuth_deg)
    return -math.sin(azimuth) * length, -math.cos(azimuth) * length


def _bounds_ring(scene: Scene) -> Ring:
    west, south, east, north = scene.min_east_m, scene.min_north_m, scene.max_east_m, scene.max_north_m
    return ((west, south), (east, south), (east, north), (west, north))


def _tint(kind: GroundKind, random: np.random.Generator) -> FloatArray:
    base = np.array(_COLOURS_BGR[kind], float)
    spread = 6.0 if kind is GroundKind.MARKING else 16.0
    tint: FloatArray = np.clip(base + random.normal(0, spread / 2, 3) + random.normal(0, spread), 20, 240)
    return tint


def _to_px(ground: Ground, ring: Ring) -> NDArray[np.int32]:
    corners = np.column_stack((np.array(ring, float), np.ones(len(ring))))
    return np.rint(corners @ ground.px_from_m[:2].T).astype(np.int32)


def _paint_area(ground: Ground, area: GroundArea, tint: FloatArray, random: np.random.Generator) -> None:
    outline = _to_px(ground, area.ring)
    x, y, w, h = cv2.boundingRect(outline)
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + w, ground.picture.shape[1]), min(y + h, ground.picture.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    patch = _surface(area.kind, (y1 - y0, x1 - x0), ground.px_per_m, tint, random)
    mask = np.zeros(patch.shape[:2], np.uint8)
    cv2.fillPoly(mask, [outline - np.array([x0, y0], np.int32)], 255)
    cv2.copyTo(patch, mask, ground.picture[y0:y1, x0:x1])
    _outline(ground, area, outline)


def _surface(
    kind: GroundKind, shape: tuple[int, int], px_per_m: float, tint: FloatArray, random: np.random.Generator
) -> Picture:
    grain = _GRAIN.get(kind, 7.0)
    light = random.normal(0, grain * 0.45, shape).astype(np.float32)
    for cells_m, weight in ((0.8, 0.6), (4.0, 0.6), (18.0, 0.5)):
        light += weight * _clouds(shape, cells_m * px_per_m, random) * grain
    if kind in _JOINT_M:
        _joints(light, max(3, round(_JOINT_M[kind] * px_per_m)), depth=9.0)
    patch = light[..., None] + tint.astype(np.float32)
    return np.clip(patch, 8, 246).astype(np.uint8)


def _clouds(shape: tuple[int, int], cell_px: float, random: np.random.Generator) -> NDArray[np.float32]:
    coarse = random.normal(0, 1, (int(shape[0] / cell_px) + 2, int(shape[1] / cell_px) + 2))
    smooth = cv2.resize(coarse.astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(smooth, dtype=np.float32)


def _joints(light: NDArray[np.float32], step_px: int, *, depth: float) -> None:
    light[::step_px] -= depth
    light[:, ::step_px] -= depth


def _outline(ground: Ground, area: GroundArea, outline: NDArray[np.int32]) -> None:
    if area.kind is GroundKind.COURT:
        cv2.polylines(ground.picture, [outline], True, (225, 228, 228), 1, cv2.LINE_AA)
    if area.kind in {GroundKind.GRASS, GroundKind.WATER}:
        cv2.polylines(ground.picture, [outline], True, (172, 174, 174), 2)
    if area.kind is GroundKind.ROAD:
        _mark_road(ground, outline)


def _mark_road(ground: Ground, outline: NDArray[np.int32]) -> None:
    """Dash the middle of a long road and line its sides."""
    corners = cv2.boxPoints(cv2.minAreaRect(outline))
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.linalg.norm(sides, axis=1)
    long = int(np.argmax(lengths[:2]))
    across_m, along_m = lengths[1 - long] / ground.px_per_m, lengths[long] / ground.px_per_m
    if across_m < 5.0 or along_m < 2.0 * across_m:
        return
    start = corners[long] + 0.5 * sides[(long + 3) % 4] * -1.0
    dash = sides[long] / along_m
    for at_m in np.arange(1.0, along_m - 3.0, 6.0):
        ends = [tuple(np.rint(start + dash * m).astype(int).tolist()) for m in (at_m, at_m + 2.5)]
        cv2.line(ground.picture, ends[0], ends[1], (214, 218, 218), max(1, round(0.15 * ground.px_per_m)))


def _stain(picture: Picture, random: np.random.Generator) -> None:
    """Manholes, drains, repairs and leaves: small flat things that are nothing."""
    height, width = picture.shape[:2]
    for _ in range(int(height * width / 9000)):
        x, y = int(random.integers(0, width)), int(random.integers(0, height))
        size = int(random.integers(1, 7))
        shade = picture[y, x].astype(float) * random.uniform(0.62, 1.25) + random.normal(0, 6, 3)
        colour = tuple(float(v) for v in np.clip(shade, 0, 255))
        if random.random() < 0.6:
            cv2.ellipse(picture, (x, y), (size, max(1, size - 1)), float(random.uniform(0, 180)), 0, 360, colour, -1)
        else:
            cv2.rectangle(picture, (x, y), (x + size * 2, y + size), colour, -1)


def _shade_buildings(ground: Ground, buildings: tuple[SceneBuilding, ...], light: SceneLight) -> None:
    east, north = shadow_step(light)
    mask = np.zeros(ground.picture.shape[:2], np.uint8)
    for building in buildings:
        top = tuple((e + east * building.height_m, n + north * building.height_m) for e, n in building.ring)
        hull = cv2.convexHull(np.vstack((_to_px(ground, building.ring), _to_px(ground, top))))
        cv2.fillConvexPoly(mask, hull, 255)
    dark = cv2.convertScaleAbs(ground.picture, alpha=1.0 - light.shadow)
    cv2.copyTo(dark, cv2.GaussianBlur(mask, (5, 5), 0), ground.picture)
