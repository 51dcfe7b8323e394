"""Data sets in COCO format, painted by the simulator's own camera with exact boxes."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sim.camera import CameraRenderer, SeenThing, to_jpeg
from sim.dataset_scenes import random_scene, random_view
from sim.scene import CameraLens, ThingType

CATEGORIES = (
    ThingType.PERSON,
    ThingType.CART,
    ThingType.PILE,
    ThingType.BIKE,
    ThingType.CAR,
    ThingType.BOARD,
    ThingType.BIN,
)
_VIEWS_A_SCENE = 6
_SHOWN_FROM = 0.40
"""A thing is a target from this visible share on, ignored down to the next, and nothing below that."""
_IGNORED_FROM = 0.12
_SMALLEST_PX = 7.0


@dataclass(slots=True)
class _Coco:
    images: list[dict[str, object]] = field(default_factory=list)
    annotations: list[dict[str, object]] = field(default_factory=list)

    def text(self) -> str:
        categories = [{"id": i + 1, "name": kind.value} for i, kind in enumerate(CATEGORIES)]
        return json.dumps({"images": self.images, "annotations": self.annotations, "categories": categories})


def make_dataset(
    folder: Path, *, pictures: int, seed: int, on_progress: Callable[[int], None] = lambda _: None
) -> Path:
    """Write *pictures* JPEG files and `annotations.json` (COCO; `ignore` 1 marks hardly visible things) into *folder*.

    Returns the annotations' path. Equal seeds give equal pictures.
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    coco = _Coco()
    lens = CameraLens()
    for scene_number in range(-(-pictures // _VIEWS_A_SCENE)):
        random = np.random.default_rng([seed, scene_number])
        renderer = CameraRenderer(scene=random_scene(random))
        for _ in range(min(_VIEWS_A_SCENE, pictures - len(coco.images))):
            _add_picture(folder, coco, renderer, lens, random)
        on_progress(len(coco.images))
    annotations = folder / "annotations.json"
    annotations.write_text(coco.text(), encoding="utf-8")
    return annotations


def _add_picture(
    folder: Path, coco: _Coco, renderer: CameraRenderer, lens: CameraLens, random: np.random.Generator
) -> None:
    picture, seen = renderer.render_with_boxes(view=random_view(random), lens=lens)
    number = len(coco.images) + 1
    name = f"{number:06d}.jpg"
    (folder / "images" / name).write_bytes(to_jpeg(picture, quality=int(random.integers(45, 92))))
    coco.images.append({"id": number, "file_name": name, "width": lens.width_px, "height": lens.height_px})
    for item in seen:
        entry = _annotation(item, lens)
        if entry is not None:
            coco.annotations.append({"id": len(coco.annotations) + 1, "image_id": number, **entry})


def _annotation(item: SeenThing, lens: CameraLens) -> dict[str, object] | None:
    if item.thing.type not in CATEGORIES or item.visible < _IGNORED_FROM:
        return None
    x0, y0, x1, y1 = item.box_xyxy_px
    w, h = x1 - x0, y1 - y0
    at_edge = x0 <= 0 or y0 <= 0 or x1 >= lens.width_px or y1 >= lens.height_px
    is_hard = item.visible < _SHOWN_FROM or max(w, h) < _SMALLEST_PX or (at_edge and min(w, h) < 5.0)
    return {
        "category_id": CATEGORIES.index(item.thing.type) + 1,
        "bbox": [x0, y0, w, h],
        "area": w * h,
        "iscrowd": 0,
        "ignore": int(is_hard),
        "visible": round(item.visible, 3),
    }
