"""The camera of a simulated vehicle: a perspective picture of the town, and exact boxes for data sets."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.camera_air import Darkroom
from sim.camera_buildings import draw_building
from sim.camera_canvas import SHIFT, Canvas, Layer, ground_away_m
from sim.camera_geometry import FloatArray, Projection, draw_order
from sim.camera_ground import Picture, paint_ground, shadow_step
from sim.camera_shapes import shape_of
from sim.camera_solids import Shape
from sim.scene import CameraFlaws, CameraLens, CameraView, Scene, SceneBuilding, SceneLight, SceneThing

_NEAREST_M = 1.6
_MIDDLE_M = 0.8
"""The middle of a thing is so high over the ground."""
_LEVEL_DEG = -20.0
"""Views flatter than this see ground without end, which cannot be mirrored in a useful time."""
_FLAWLESS = CameraFlaws()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenThing:
    """A thing in a picture: its whole box cut at the picture's edge, and the share of its pixels that nothing hides."""

    thing: SceneThing
    box_xyxy_px: tuple[float, float, float, float]
    visible: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """A thing's faces in the picture, far ones first."""

    thing: SceneThing
    corners_px: NDArray[np.int32]
    colours: FloatArray
    blobs: list[tuple[tuple[int, int], int, tuple[float, float, float]]]

    def draw(self, picture: Layer, colour: float | None = None, line: int = cv2.LINE_AA) -> None:
        for corners, own in zip(self.corners_px, self.colours.tolist(), strict=True):
            cv2.fillConvexPoly(picture, corners, own if colour is None else colour, line, SHIFT)
        for centre, radius, own in self.blobs:
            cv2.circle(picture, centre, radius, own if colour is None else colour, -1, line, SHIFT)


class CameraRenderer:
    """Renders one scene; ground, buildings and light are fixed, the things may differ in every picture."""

    def __init__(self, *, scene: Scene, px_per_m: float = 8.0) -> None:
        self._scene = scene
        self._ground = paint_ground(scene, px_per_m=px_per_m)
        self._sun = _sun_direction(scene.light)
        self._darkroom = Darkroom(light=scene.light, air=scene.air, seed=scene.seed)

    def render(
        self,
        *,
        view: CameraView,
        lens: CameraLens,
        things: Sequence[SceneThing] | None = None,
        flaws: CameraFlaws = _FLAWLESS,
    ) -> Picture:
        """Return the picture (height, width, 3; BGR) seen from *view*."""
        canvas = self._paint(view, lens, things, owners=False)[0]
        return self._darkroom.develop(canvas.picture, canvas.away_m, flaws)

    def render_with_boxes(
        self,
        *,
        view: CameraView,
        lens: CameraLens,
        things: Sequence[SceneThing] | None = None,
        flaws: CameraFlaws = _FLAWLESS,
    ) -> tuple[Picture, tuple[SeenThing, ...]]:
        """Return the picture and every thing that is at least partly in it."""
        canvas, placed = self._paint(view, lens, things, owners=True)
        assert canvas.owners is not None
        seen = [_seen(item, i + 1, canvas.owners) for i, item in enumerate(placed)]
        picture = self._darkroom.develop(canvas.picture, canvas.away_m, flaws)
        return picture, tuple(item for item in seen if item is not None)

    def _paint(
        self, view: CameraView, lens: CameraLens, things: Sequence[SceneThing] | None, *, owners: bool
    ) -> tuple[Canvas, list[_Placed]]:
        projection = Projection(view=view, lens=lens)
        present = self._in_view(projection, self._scene.things if things is None else things)
        picture = self._paint_ground(projection)
        self._paint_shadows(picture, projection, present)
        canvas = Canvas(
            picture=picture,
            projection=projection,
            owners=np.zeros(picture.shape[:2], np.uint8) if owners else None,
            away_m=ground_away_m(projection) if self._darkroom.is_hazy else None,
        )
        ready = _place_all(present, projection, self._sun)
        placed: list[_Placed] = []
        for item in draw_order(view, self._scene.buildings, present):
            if isinstance(item, SceneBuilding):
                draw_building(canvas, item, self._sun)
            else:
                placed.append(ready[item.id])
                _draw(canvas, placed[-1], len(placed))
        return canvas, placed

    def _in_view(self, projection: Projection, things: Sequence[SceneThing]) -> list[SceneThing]:
        if not things:
            return []
        centres = projection.to_camera(np.array([(t.east_m, t.north_m, _MIDDLE_M) for t in things]))
        px = projection.to_px(centres)
        lens = projection.lens
        reach_px = 3.5 * lens.fx_px / np.maximum(centres[:, 2], 1.0)
        inside = (centres[:, 2] > _NEAREST_M) & np.all(px > -reach_px[:, None], axis=1)
        inside &= np.all(px < np.array([lens.width_px, lens.height_px]) + reach_px[:, None], axis=1)
        return [thing for thing, is_in in zip(things, inside, strict=True) if is_in]

    def _paint_ground(self, projection: Projection) -> Picture:
        lens = projection.lens
        matrix = self._ground.px_from_m @ projection.ground_from_px()
        picture = cv2.warpPerspective(
            self._ground.picture,
            matrix,
            (lens.width_px, lens.height_px),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT_101 if projection.view.pitch_deg < _LEVEL_DEG else cv2.BORDER_REPLICATE,
        )
        sky = projection.sky_polygon()
        if sky is not None:
            cv2.fillPoly(picture, [np.rint(sky).astype(np.int32)], (222, 208, 190))
        return np.asarray(picture, np.uint8)

    def _paint_shadows(self, picture: Picture, projection: Projection, things: list[SceneThing]) -> None:
        light = self._scene.light
        if light.shadow < 0.05 or not things:
            return
        step = shadow_step(light)
        mask = np.zeros(picture.shape[:2], np.uint8)
        _shade(mask, projection, [_shadow(thing, step) for thing in things])
        cv2.copyTo(cv2.convertScaleAbs(picture, alpha=1.0 - light.shadow), mask, picture)


def _draw(canvas: Canvas, placed: _Placed, owner: int) -> None:
    placed.draw(canvas.picture)
    thing, eye = placed.thing, canvas.projection.view
    away_m = math.hypot(thing.east_m - eye.east_m, thing.north_m - eye.north_m, eye.height_agl_m - _MIDDLE_M)
    canvas.own(lambda array, value: placed.draw(array, value, cv2.LINE_8), owner, away_m)


def to_jpeg(picture: Picture, *, quality: int = 85) -> bytes:
    """Return *picture* as JPEG bytes."""
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def render_photo(
    renderer: CameraRenderer, *, east_m: float, north_m: float, things: Sequence[SceneThing], from_deg: float = 200.0
) -> bytes:
    """Return a phone's photograph (JPEG, 960 × 720) of a place, taken 7 m away in direction *from_deg*."""
    away = math.radians(from_deg)
    view = CameraView(
        east_m=east_m + 7.0 * math.sin(away),
        north_m=north_m + 7.0 * math.cos(away),
        height_agl_m=2.6,
        yaw_deg=(from_deg + 180.0) % 360.0,
        pitch_deg=-17.0,
    )
    lens = CameraLens(width_px=960, height_px=720, fx_px=780, fy_px=780, cx_px=480, cy_px=360)
    return to_jpeg(renderer.render(view=view, lens=lens, things=things))


def _sun_direction(light: SceneLight) -> FloatArray:
    azimuth, elevation = math.radians(light.sun_azimuth_deg), math.radians(light.sun_elevation_deg)
    flat = math.cos(elevation)
    return np.array([math.sin(azimuth) * flat, math.cos(azimuth) * flat, math.sin(elevation)])


def _shape(thing: SceneThing) -> Shape:
    return shape_of(thing.type, thing.seed, int(thing.stride * 8) % 8, lies=thing.lies)


def _turn(thing: SceneThing) -> FloatArray:
    heading = math.radians(thing.heading_deg)
    c, s = math.cos(heading), math.sin(heading)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]) * thing.size


def _edges(thing: SceneThing, shape: Shape) -> FloatArray:
    """Return the outermost points of a thing's blobs in east, north, up, shape (n, 3)."""
    around = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])
    edges = shape.blobs[:, None, :3] + around * shape.blobs[:, 3, None, None]
    placed: FloatArray = edges.reshape(-1, 3) @ _turn(thing) + np.array([thing.east_m, thing.north_m, 0.0])
    return placed


@lru_cache(maxsize=1024)
def _shadow(thing: SceneThing, step: tuple[float, float]) -> FloatArray:
    """Return the outline of a thing's shadow on the ground, shape (n, 3)."""
    points = np.vstack((_standing(thing).reshape(-1, 3), _edges(thing, _shape(thing))))
    flat = points[:, :2] + np.maximum(points[:, 2:], 0.0) * np.array(step)
    hull = cv2.convexHull(flat.astype(np.float32)).reshape(-1, 2)
    return np.column_stack((hull, np.zeros(len(hull))))


def _shade(mask: Picture, projection: Projection, outlines: Sequence[FloatArray]) -> None:
    camera = projection.to_camera(np.concatenate(outlines))
    px = np.rint(projection.to_px(camera) * 8).astype(np.int32)
    at = 0
    for outline in outlines:
        mine = slice(at, at + len(outline))
        at += len(outline)
        if np.all(camera[mine, 2] > 1.0):
            cv2.fillConvexPoly(mask, px[mine], 255, cv2.LINE_AA, SHIFT)


@lru_cache(maxsize=1024)
def _standing(thing: SceneThing) -> FloatArray:
    """Return a thing's faces in east, north, up, shape (n, 8, 3); what stands still is computed once."""
    placed: FloatArray = _shape(thing).faces @ _turn(thing) + np.array([thing.east_m, thing.north_m, 0.0])
    return placed


def _place_all(things: Sequence[SceneThing], projection: Projection, sun: FloatArray) -> dict[str, _Placed]:
    """Return every thing's faces in the picture, by its id; all are projected at once."""
    if not things:
        return {}
    shapes = [_shape(thing) for thing in things]
    world = np.concatenate([_standing(thing) for thing in things])
    camera = projection.to_camera(world)
    px = projection.to_px(camera)
    normal, facing = _normals(world, px)
    two_sided = np.concatenate([shape.two_sided for shape in shapes])
    kept = (two_sided | facing) & np.all(camera[..., 2] > 0.3, axis=1)
    shine = normal @ sun
    light = 0.62 + 0.42 * np.maximum(shine, 0.0) + 0.12 * normal[:, 2].clip(0)
    colours = np.clip(np.concatenate([shape.colours for shape in shapes]) * light[:, None], 0, 255)
    corners = np.rint(px * 8).astype(np.int32)
    depth = camera[..., 2].mean(axis=1)
    placed, at = {}, 0
    for thing, shape in zip(things, shapes, strict=True):
        mine = np.flatnonzero(kept[at : at + len(shape.faces)]) + at
        mine = mine[np.argsort(-depth[mine], kind="stable")]
        blobs = _blobs(shape, thing, projection)
        placed[thing.id] = _Placed(thing=thing, corners_px=corners[mine], colours=colours[mine], blobs=blobs)
        at += len(shape.faces)
    return placed


def _normals(world: FloatArray, px: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return unit normals (n, 3) pointing out of the front side, and whether that side is seen."""
    a, b = (world[:, 1] - world[:, 0]).T, (world[:, 2] - world[:, 0]).T
    cross = np.stack((a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]), axis=1)
    normal = cross / np.maximum(np.sqrt((cross**2).sum(axis=1, keepdims=True)), 1e-9)
    u, v = px[:, 1] - px[:, 0], px[:, 2] - px[:, 0]
    seen = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0] < 0
    return np.where(seen[:, None], normal, -normal), seen


def _blobs(
    shape: Shape, thing: SceneThing, projection: Projection
) -> list[tuple[tuple[int, int], int, tuple[float, float, float]]]:
    if not len(shape.blobs):
        return []
    world = shape.blobs[:, :3] @ _turn(thing) + np.array([thing.east_m, thing.north_m, 0.0])
    camera = projection.to_camera(world)
    px = np.rint(projection.to_px(camera) * 8).astype(int)
    radii = np.rint(shape.blobs[:, 3] * thing.size * projection.lens.fx_px / np.maximum(camera[:, 2], 0.5) * 8)
    far_first = np.argsort(-camera[:, 2])
    return [
        ((int(px[i, 0]), int(px[i, 1])), int(radii[i]), (shape.blobs[i, 4], shape.blobs[i, 5], shape.blobs[i, 6]))
        for i in far_first
        if camera[i, 2] > 1.0
    ]


def _seen(item: _Placed, owner: int, owners: Picture) -> SeenThing | None:
    """Return what is to be seen of a thing, or None when nothing of it is in the picture."""
    height, width = owners.shape
    alone = np.zeros((height, width), np.uint8)
    item.draw(alone, 1, cv2.LINE_8)
    pixels = int(np.count_nonzero(alone))
    if pixels == 0:
        return None
    x, y, w, h = cv2.boundingRect(alone)
    free = int(np.count_nonzero(owners[y : y + h, x : x + w] == min(owner, 254)))
    box = (float(x), float(y), float(x + w), float(y + h))
    return SeenThing(thing=item.thing, box_xyxy_px=box, visible=min(1.0, free / pixels))
