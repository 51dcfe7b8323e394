"""COCO data sets: pictures with boxes, cropped and varied for training."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

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

    def read_fitted(self, width_px: int, height_px: int) -> tuple[Picture, "Labelled"]:
        """Return the picture as the detector will see it, made smaller until it fits, with its boxes."""
        picture = self.read()
        scale = min(width_px / picture.shape[1], height_px / picture.shape[0], 1.0)
        if scale == 1.0:
            return picture, self
        size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
        small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        return small, replace(self, boxes=self.boxes * np.float32(scale))


@dataclass(frozen=True, slots=True, kw_only=True)
class Coco:
    """A data set with its class names in the order of their numbers."""

    labels: tuple[str, ...]
    pictures: tuple[Labelled, ...]

    def rarity(self) -> FloatArray:
        """Return how rare each class is among all boxes, shape (classes): one over the root of its number."""
        classes = np.concatenate([item.classes for item in self.pictures])
        counts = np.bincount(classes, minlength=len(self.labels))
        return np.asarray(1.0 / np.sqrt(np.maximum(counts, 1)), np.float32)

    def with_more(self, other: "Coco") -> "Coco":
        """Return the pictures of both; raises InvalidInput where the class names differ."""
        if other.labels != self.labels:
            raise InvalidInput(
                f"has the classes {', '.join(other.labels)}, not {', '.join(self.labels)}",
                where="categories",
                remedy="give both data sets the same classes in the same order",
            )
        return replace(self, pictures=self.pictures + other.pictures)

    def split(self, share: float) -> tuple["Coco", "Coco"]:
        """Return two data sets, every so many pictures in the second one; at least one picture in each."""
        step = max(2, round(1 / share))
        kept = tuple(one for i, one in enumerate(self.pictures) if i % step != step - 1)
        held = tuple(one for i, one in enumerate(self.pictures) if i % step == step - 1)
        if not kept or not held:
            raise InvalidInput(
                "has too few pictures to keep some for judging",
                where="annotations",
                remedy="label more, or name others",
            )
        return replace(self, pictures=kept), replace(self, pictures=held)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Image:
    id: int
    file_name: str
    width: float | None = None
    height: float | None = None

    @property
    def size_px(self) -> tuple[float, float]:
        """Return width and height; infinite where they are not told (absent, null or 0)."""
        return self.width or math.inf, self.height or math.inf

    def shows(self, box: tuple[float, float, float, float]) -> bool:
        """Say whether any of a box (x, y, width, height) lies in the picture; true where its size is not told."""
        x, y, width, height = box
        return x < self.size_px[0] and y < self.size_px[1] and x + width > 0 and y + height > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Category:
    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Annotation:
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    iscrowd: int = 0
    ignore: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    images: tuple[_Image, ...]
    annotations: tuple[_Annotation, ...]
    categories: tuple[_Category, ...]


def read_coco(annotations: Path, *, images: Path | None = None) -> Coco:
    """Return the data set of a COCO file; pictures lie in *images*, or in `images/` beside it.

    Raises InvalidInput naming what is wrong: fields, boxes without an area, unknown numbers, pictures that are missing.
    """
    try:
        document = TypeAdapter(_Document).validate_json(annotations.read_bytes())
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror}", where=str(annotations)) from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
        raise InvalidInput(f"is not a COCO data set: {wrong}", where=str(annotations)) from error
    folder = images or annotations.parent / "images"
    _check(document, folder, annotations)
    categories = sorted(_kept(document), key=lambda one: one.id)
    numbers = {one.id: i for i, one in enumerate(categories)}
    rows: dict[int, list[_Annotation]] = {image.id: [] for image in document.images}
    for row in document.annotations:
        rows[row.image_id].append(row)
    pictures = tuple(_labelled(folder / image.file_name, image, rows[image.id], numbers) for image in document.images)
    return Coco(labels=tuple(one.name for one in categories), pictures=pictures)


def _check(document: _Document, folder: Path, annotations: Path) -> None:
    images, categories = {one.id: one for one in document.images}, {one.id for one in document.categories}
    faults = [
        *_twice("images", [one.id for one in document.images]),
        *_twice("categories", [one.id for one in document.categories]),
        *_twice("categories", [one.name for one in _kept(document)]),
    ]
    if not document.annotations:
        faults.append("there is no annotation: nothing to learn")
    for i, row in enumerate(document.annotations):
        if row.image_id not in images:
            faults.append(f"annotations.{i} names the image {row.image_id}, which is not listed")
        if row.category_id not in categories:
            faults.append(f"annotations.{i} names the category {row.category_id}, which is not listed")
        if not all(map(math.isfinite, row.bbox)):
            faults.append(f"annotations.{i} has a box with what is no number")
        elif not (row.bbox[2] > 0 and row.bbox[3] > 0):
            faults.append(f"annotations.{i} has a box without an area")
        elif row.image_id in images and not images[row.image_id].shows(row.bbox):
            faults.append(f"annotations.{i} lies outside of its picture")
    missing = [one.file_name for one in document.images if not (folder / one.file_name).is_file()]
    if missing:
        faults.append(f"{len(missing)} pictures are not in {folder.name}/, the first is {missing[0]}")
    elif broken := [one.file_name for one in document.images if not cv2.haveImageReader(str(folder / one.file_name))]:
        faults.append(f"{len(broken)} files are no pictures, the first is {broken[0]}")
    if faults:
        more = f" (and {len(faults) - 5} more)" if len(faults) > 5 else ""
        raise InvalidInput(
            f"is not a COCO data set: {'; '.join(faults[:5])}{more}", where=str(annotations), remedy="correct these"
        )


def _kept(document: _Document) -> list[_Category]:
    """Return the categories without those that no box uses and whose name another one has: some tools add such."""
    used = {row.category_id for row in document.annotations}
    kept = [one for one in document.categories if one.id in used]
    names = {one.name for one in kept}
    for one in document.categories:
        if one.id not in used and one.name not in names:
            kept.append(one)
            names.add(one.name)
    return kept


def _twice(what: str, values: Sequence[int | str]) -> list[str]:
    found = [value for value, count in Counter(values).items() if count > 1]
    return [f"{what} lists {value} more than once" for value in found]


def _labelled(file: Path, image: _Image, rows: list[_Annotation], numbers: dict[int, int]) -> Labelled:
    """Return a picture's boxes, as far as they lie in it."""
    boxes = np.array([row.bbox for row in rows], np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    np.clip(boxes, 0.0, np.array(image.size_px * 2, np.float32), out=boxes)
    return Labelled(
        file=file,
        boxes=boxes,
        classes=np.array([numbers[row.category_id] for row in rows], np.int64),
        ignored=np.array([bool(row.ignore or row.iscrowd) for row in rows], bool),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A square cut-out (side, side, 3) with the boxes in it, in its own pixels."""

    picture: Picture
    boxes: FloatArray
    classes: NDArray[np.int64]
    ignored: NDArray[np.bool_]


def random_crop(
    item: Labelled, picture: Picture, side: int, random: np.random.Generator, rarity: FloatArray | None = None
) -> Crop:
    """Return a varied cut-out of *picture*, mostly around one of its things, rare ones first.

    Boxes that lose over half are ignored.
    """
    scale = float(random.uniform(0.85, 1.2))
    wide = round(side / scale)
    x, y = _corner(item, picture.shape, wide, random, rarity)
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


def _corner(
    item: Labelled, shape: tuple[int, ...], wide: int, random: np.random.Generator, rarity: FloatArray | None
) -> tuple[int, int]:
    room = np.maximum(np.array([shape[1], shape[0]]) - wide, 0)
    if len(item.boxes) and random.random() < 0.85:
        chosen = _rare_first(item, random, rarity)
        centre = (item.boxes[chosen, :2] + item.boxes[chosen, 2:]) / 2
        corner = np.rint(centre - wide / 2 + random.uniform(-0.4, 0.4, 2) * wide)
        corner = np.clip(corner, 0, room)
    else:
        corner = random.integers(0, room + 1)
    return int(corner[0]), int(corner[1])


def _rare_first(item: Labelled, random: np.random.Generator, rarity: FloatArray | None) -> int:
    here = 1.0 / np.maximum(np.bincount(item.classes, minlength=1), 1) if rarity is None else rarity
    weights = here[item.classes].astype(float)
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
