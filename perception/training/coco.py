"""COCO data sets: pictures with boxes, cropped and varied for training."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput

Picture = NDArray[np.uint8]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A picture's file and its boxes (n, 4; x0, y0, x1, y1 in pixels), classes (n) and which of them to ignore (n)."""

    file: Path
    boxes: FloatArray
    classes: NDArray[np.int64]
    ignored: NDArray[np.bool_]

    def read(self) -> Picture:
        """Return the picture (h, w, 3; BGR)."""
        picture = cv2.imread(str(self.file))
        if picture is None:
            raise InvalidInput("is not a picture that can be read", where=str(self.file))
        return np.asarray(picture, np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coco:
    """A data set with its class names in the order of their numbers."""

    labels: tuple[str, ...]
    pictures: tuple[Labelled, ...]


def read_coco(annotations: Path) -> Coco:
    """Return the data set of a COCO file; pictures lie in `images/` beside it. Raises InvalidInput."""
    try:
        document = json.loads(annotations.read_text(encoding="utf-8"))
        categories = sorted(document["categories"], key=lambda c: c["id"])
        numbers = {c["id"]: i for i, c in enumerate(categories)}
        rows: dict[int, list[dict[str, object]]] = {image["id"]: [] for image in document["images"]}
        for row in document["annotations"]:
            rows[row["image_id"]].append(row)
        folder = annotations.parent / "images"
        pictures = tuple(
            _labelled(folder / image["file_name"], rows[image["id"]], numbers) for image in document["images"]
        )
    except (OSError, ValueError, KeyError) as error:
        raise InvalidInput(f"is not a COCO data set: {error}", where=str(annotations)) from error
    return Coco(labels=tuple(c["name"] for c in categories), pictures=pictures)


def _labelled(file: Path, rows: list[dict[str, object]], numbers: dict[int, int]) -> Labelled:
    boxes = np.array([row["bbox"] for row in rows], np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return Labelled(
        file=file,
        boxes=boxes,
        classes=np.array([numbers[int(str(row["category_id"]))] for row in rows], np.int64),
        ignored=np.array([bool(row.get("ignore", 0) or row.get("iscrowd", 0)) for row in rows], bool),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A square cut-out (side, side, 3) with the boxes in it, in its own pixels."""

    picture: Picture
    boxes: FloatArray
    classes: NDArray[np.int64]
    ignored: NDArray[np.bool_]


def random_crop(item: Labelled, picture: Picture, side: int, random: np.random.Generator) -> Crop:
    """Return a varied cut-out of *picture*, mostly around one of its things; boxes that lose over half are ignored."""
    scale = float(random.uniform(0.85, 1.2))
    wide = round(side / scale)
    x, y = _corner(item, picture.shape, wide, random)
    cut = picture[max(y, 0) : y + wide, max(x, 0) : x + wide]
    whole = cv2.copyMakeBorder(cut, 0, wide - cut.shape[0], 0, wide - cut.shape[1], cv2.BORDER_CONSTANT)
    square = cv2.resize(whole, (side, side), interpolation=cv2.INTER_LINEAR if scale > 1 else cv2.INTER_AREA)
    boxes, kept, ignored = _cut_boxes(item, np.array([x, y, x, y], np.float32), side / wide, side)
    if random.random() < 0.5:
        square = square[:, ::-1]
        boxes = boxes.copy()
        boxes[:, [0, 2]] = side - boxes[:, [2, 0]]
    varied = _vary(np.ascontiguousarray(square, np.uint8), random)
    return Crop(picture=varied, boxes=boxes, classes=item.classes[kept], ignored=ignored)


def _corner(item: Labelled, shape: tuple[int, ...], wide: int, random: np.random.Generator) -> tuple[int, int]:
    room = np.maximum(np.array([shape[1], shape[0]]) - wide, 0)
    if len(item.boxes) and random.random() < 0.85:
        chosen = _rare_first(item, random)
        centre = (item.boxes[chosen, :2] + item.boxes[chosen, 2:]) / 2
        corner = np.rint(centre - wide / 2 + random.uniform(-0.4, 0.4, 2) * wide)
        corner = np.clip(corner, 0, room)
    else:
        corner = random.integers(0, room + 1)
    return int(corner[0]), int(corner[1])


def _rare_first(item: Labelled, random: np.random.Generator) -> int:
    counts = np.bincount(item.classes, minlength=1)[item.classes]
    weights = 1.0 / counts
    return int(random.choice(len(item.boxes), p=weights / weights.sum()))


def _cut_boxes(
    item: Labelled, corner: FloatArray, scale: float, side: int
) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
    moved = (item.boxes - corner) * np.float32(scale)
    cut = np.clip(moved, 0, side).astype(np.float32)
    whole = np.prod(moved[:, 2:] - moved[:, :2], axis=1)
    left = np.prod(cut[:, 2:] - cut[:, :2], axis=1)
    kept = left > 0.1 * whole
    ignored = item.ignored | (left < 0.5 * whole)
    return cut[kept], kept, ignored[kept]


def _vary(picture: Picture, random: np.random.Generator) -> Picture:
    """Change brightness, contrast and tint; sometimes blur or compress."""
    gains = random.uniform(0.75, 1.25) * random.uniform(0.93, 1.07, 3)
    table = np.clip((np.arange(256)[:, None] - 110) * random.uniform(0.8, 1.2) + 110, 0, 255) * gains
    varied = cv2.LUT(picture, np.clip(table, 0, 255).astype(np.uint8).reshape(256, 1, 3))
    if random.random() < 0.2:
        varied = cv2.GaussianBlur(varied, (3, 3), float(random.uniform(0.4, 0.9)))
    if random.random() < 0.25:
        coded = cv2.imencode(".jpg", varied, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(25, 60))])[1]
        varied = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))
    return np.asarray(varied, np.uint8)
