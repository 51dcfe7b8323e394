"""Data sets in COCO format, painted by the simulator's own camera with exact boxes."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count, islice
from pathlib import Path

import numpy as np

from sim.camera import CameraRenderer, SeenThing, to_jpeg
from sim.dataset_scenes import (
    BOARD_MIX,
    COMMON_MIX,
    HARD_MIX,
    HIGH_MIX,
    LOW_MIX,
    LYING_MIX,
    QUEUE_MIX,
    ROBOT_MIX,
    SceneMix,
    random_flaws,
    random_scene,
    random_view,
)
from sim.scene import CameraFlaws, CameraLens, CameraView, SceneThing
from sim.street_flight import Carrier, make_scene

CATEGORIES = ("person", "cart", "pile", "bike", "car", "board", "bin", "full_bin", "lying")
"""The classes: types of things; who lies, and is seen so, looks unlike everybody else and is a class of his own."""
_LIES_FROM = 1.1
"""Wider than high by this: who lies along the line of sight is not to be told from who stands."""
_VIEWS_A_SCENE = 6
_PX_PER_M = {False: 8.0, True: 20.0}
"""How finely the ground is painted for a drone, and for a ground robot (True)."""
_STREETS_A_SEED = 10_000
"""Streets are numbered from the seed times this on: none of the benchmark's (0 to 1099), nor of another seed."""
_SHOWN_FROM = 0.50
"""A thing is a target from this visible share on, ignored down to the next, and nothing below that."""
_IGNORED_FROM = 0.12
_SMALLEST_PX = 12.0
_FARTHEST_M = {False: 50.0, True: 20.0}
"""No rule asks for what is farther away from a drone, or from a ground robot (True): it is ignored."""
_LENSES = {False: CameraLens(), True: CameraLens(fx_px=320.0, fy_px=320.0)}
"""A drone's lens, and the wide one of a ground robot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetMix:
    """Streets like the benchmark's with so many matters and so many lawful things on each."""

    matters: int = 4
    lawful: int = 4


_TRAINING: tuple[tuple[str, SceneMix | StreetMix, int, float], ...] = (
    ("common", COMMON_MIX, 1, 0.255),
    ("robot", ROBOT_MIX, 12, 0.155),
    ("hard", HARD_MIX, 13, 0.15),
    ("high", HIGH_MIX, 14, 0.07),
    ("streets", StreetMix(), 15, 0.06),
    ("lying", LYING_MIX, 32, 0.06),
    ("boards", BOARD_MIX, 33, 0.06),
    ("low", LOW_MIX, 34, 0.07),
    ("queues", QUEUE_MIX, 36, 0.06),
    ("busy", StreetMix(matters=8, lawful=8), 31, 0.06),
)
"""Folder, mix, seed and share of all pictures of the sets that the simulator model learns from."""


@dataclass(slots=True)
class _Coco:
    images: list[dict[str, object]] = field(default_factory=list)
    annotations: list[dict[str, object]] = field(default_factory=list)

    def text(self) -> str:
        categories = [{"id": i + 1, "name": name} for i, name in enumerate(CATEGORIES)]
        return json.dumps({"images": self.images, "annotations": self.annotations, "categories": categories})


def make_training_sets(
    folder: Path, *, pictures: int, on_progress: Callable[[int], None] = lambda _: None
) -> tuple[Path, ...]:
    """Write what the simulator model learns from, about *pictures* in all; return the annotations' paths."""
    files: list[Path] = []
    done = 0
    for name, mix, seed, share in _TRAINING:
        part = max(1, round(pictures * share))
        tell = partial(_tell_sum, on_progress, done)
        files.append(make_dataset(folder / name, pictures=part, seed=seed, mix=mix, on_progress=tell))
        done += part
    return tuple(files)


def _tell_sum(on_progress: Callable[[int], None], before: int, now: int) -> None:
    on_progress(before + now)


def make_dataset(
    folder: Path,
    *,
    pictures: int,
    seed: int,
    mix: SceneMix | StreetMix = COMMON_MIX,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Path:
    """Write *pictures* JPEG files and `annotations.json` (COCO; `ignore` 1 marks hardly visible things) into *folder*.

    They are of corners of random towns, or of streets, as *mix* says. Returns the annotations' path. Equal seeds
    give equal pictures.
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    coco = _Coco()
    photos = _in_streets(seed, mix) if isinstance(mix, StreetMix) else _in_towns(seed, mix)
    for photo in islice(photos, pictures):
        _add_picture(folder, coco, photo)
        on_progress(len(coco.images))
    annotations = folder / "annotations.json"
    annotations.write_text(coco.text(), encoding="utf-8")
    return annotations


@dataclass(frozen=True, slots=True, kw_only=True)
class _Photo:
    """One picture to take: of *things*, or of those that stand in the scene of the *renderer*."""

    renderer: CameraRenderer
    view: CameraView
    flaws: CameraFlaws
    weather: str
    is_low: bool
    things: tuple[SceneThing, ...] | None = None


def _in_towns(seed: int, mix: SceneMix) -> Iterator[_Photo]:
    for number in count():
        random = np.random.default_rng([seed, number])
        chosen = random_scene(random, mix)
        renderer = CameraRenderer(scene=chosen.scene, px_per_m=_PX_PER_M[chosen.is_low])
        for _ in range(_VIEWS_A_SCENE):
            yield _Photo(
                renderer=renderer,
                view=random_view(random, chosen),
                flaws=random_flaws(random, chosen.weather),
                weather=chosen.weather.value,
                is_low=chosen.is_low,
            )


def _in_streets(seed: int, mix: StreetMix) -> Iterator[_Photo]:
    """Take single shots of passes through streets, far apart in time."""
    for number in count(seed * _STREETS_A_SEED):
        scene = make_scene(number, matters=mix.matters, lawful=mix.lawful)
        is_low = scene.carrier is Carrier.ROBOT
        renderer = CameraRenderer(scene=scene.scene, px_per_m=_PX_PER_M[is_low])
        for i in range(_VIEWS_A_SCENE):
            shot = scene.shots[(2 * i + 1) * len(scene.shots) // (2 * _VIEWS_A_SCENE)]
            yield _Photo(
                renderer=renderer,
                view=shot.true,
                flaws=shot.flaws,
                weather=scene.condition.value,
                is_low=is_low,
                things=scene.street.things(shot.time_s),
            )


def _add_picture(folder: Path, coco: _Coco, photo: _Photo) -> None:
    lens = _LENSES[photo.is_low]
    flaws = replace(photo.flaws, jpeg_quality=0)
    picture, seen = photo.renderer.render_with_boxes(view=photo.view, lens=lens, flaws=flaws, things=photo.things)
    number = len(coco.images) + 1
    name = f"{number:06d}.jpg"
    (folder / "images" / name).write_bytes(to_jpeg(picture, quality=photo.flaws.jpeg_quality))
    size = {"width": lens.width_px, "height": lens.height_px}
    shown = {"weather": photo.weather, "camera": "robot" if photo.is_low else "drone"}
    coco.images.append({"id": number, "file_name": name, **size, **shown})
    for item in seen:
        entry = _annotation(item, lens, is_near=_away_m(item, photo.view) <= _FARTHEST_M[photo.is_low])
        if entry is not None:
            coco.annotations.append({"id": len(coco.annotations) + 1, "image_id": number, **entry})


def category_of(item: SeenThing) -> str | None:
    """Return the class of a thing in a picture; None for what is no class (trees, benches)."""
    x0, y0, x1, y1 = item.box_xyxy_px
    if item.thing.lies and x1 - x0 >= _LIES_FROM * (y1 - y0):
        return "lying"
    return item.thing.type.value if item.thing.type in CATEGORIES else None


def _away_m(item: SeenThing, view: CameraView) -> float:
    return math.dist((item.thing.east_m, item.thing.north_m, 0.0), (view.east_m, view.north_m, view.height_agl_m))


def _annotation(item: SeenThing, lens: CameraLens, *, is_near: bool) -> dict[str, object] | None:
    category = category_of(item)
    if category is None or item.visible < _IGNORED_FROM:
        return None
    x0, y0, x1, y1 = item.box_xyxy_px
    w, h = x1 - x0, y1 - y0
    at_edge = x0 <= 0 or y0 <= 0 or x1 >= lens.width_px or y1 >= lens.height_px
    is_hard = not is_near or item.visible < _SHOWN_FROM or max(w, h) < _SMALLEST_PX or (at_edge and min(w, h) < 5.0)
    return {
        "category_id": CATEGORIES.index(category) + 1,
        "bbox": [x0, y0, w, h],
        "area": w * h,
        "iscrowd": 0,
        "ignore": int(is_hard),
        "visible": round(item.visible, 3),
    }
