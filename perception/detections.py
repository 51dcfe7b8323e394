"""What a detector saw in one picture, in our own words.

Boxes and detections are named tuples: a frame makes hundreds, and a frozen dataclass takes four times as long.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, overload


class Label(StrEnum):
    """The classes that rules speak of; a model's card maps its own labels to these."""

    PERSON = "person"
    LYING = "lying"
    """A person on the ground, as a detector tells that from people who stand."""
    CART = "cart"
    PILE = "pile"
    BIKE = "bike"
    CAR = "car"
    BOARD = "board"
    BIN = "bin"
    FULL_BIN = "full_bin"
    UMBRELLA = "umbrella"
    CHAIR = "chair"
    TABLE = "table"
    POSTER = "poster"
    """Something flat on a wall or a pole; it has no foot on the ground."""


WEAK_SHARE = 0.7
"""From this share of its label's score on, a detection tells a tracker more of what stands than none."""


_SAME_BODY = 0.5


class PixelBox(NamedTuple):
    """A rectangle in a picture; x grows to the right, y down."""

    x0_px: float
    y0_px: float
    x1_px: float
    y1_px: float

    @property
    def width_px(self) -> float:
        """Return the width, never negative."""
        return max(0.0, self.x1_px - self.x0_px)

    @property
    def height_px(self) -> float:
        """Return the height, never negative."""
        return max(0.0, self.y1_px - self.y0_px)

    @property
    def area_px2(self) -> float:
        """Return the area."""
        return self.width_px * self.height_px

    def covers(self, other: "PixelBox") -> float:
        """Return the shared area over that of the smaller box."""
        width = min(self.x1_px, other.x1_px) - max(self.x0_px, other.x0_px)
        height = min(self.y1_px, other.y1_px) - max(self.y0_px, other.y0_px)
        return max(0.0, width) * max(0.0, height) / max(min(self.area_px2, other.area_px2), 1e-9)

    @property
    def foot_px(self) -> tuple[float, float]:
        """Return the middle of the lower edge: where a thing touches the ground."""
        return (self.x0_px + self.x1_px) / 2, self.y1_px

    @property
    def centre_px(self) -> tuple[float, float]:
        """Return the middle."""
        return (self.x0_px + self.x1_px) / 2, (self.y0_px + self.y1_px) / 2

    @property
    def xyxy(self) -> tuple[float, float, float, float]:
        """Return left, upper, right, lower."""
        return self.x0_px, self.y0_px, self.x1_px, self.y1_px

    def iou(self, other: "PixelBox") -> float:
        """Return the shared area over the joint area."""
        width = min(self.x1_px, other.x1_px) - max(self.x0_px, other.x0_px)
        height = min(self.y1_px, other.y1_px) - max(self.y0_px, other.y0_px)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.area_px2 + other.area_px2 - shared)


class Detection(NamedTuple):
    """One thing in one picture; the score is the model's, 0..1."""

    label: Label
    score: float
    box: PixelBox


class Detections(Sequence[Detection]):
    """What one picture showed, best first; most of it is weak and only of use when a picture leaves the vehicle.

    Each detection is made when it is asked for. *rows* are label, score and corners (x0, y0, x1, y1).
    """

    __slots__ = ("_rows",)

    def __init__(self, rows: Sequence[tuple[Label, float, Sequence[float]]]) -> None:
        self._rows = rows

    def passing(self, least: Mapping[Label, float]) -> list[Detection]:
        """Return those whose score is at least that of their label."""
        return [_make(row) for row in self._rows if row[1] >= least[row[0]]]

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Detection: ...

    @overload
    def __getitem__(self, index: slice) -> "Detections": ...

    def __getitem__(self, index: int | slice) -> "Detection | Detections":
        return Detections(self._rows[index]) if isinstance(index, slice) else _make(self._rows[index])


def passing(detections: Sequence[Detection], least: Mapping[Label, float]) -> list[Detection]:
    """Return the detections whose score is at least that of their label."""
    if isinstance(detections, Detections):
        return detections.passing(least)
    return [one for one in detections if one.score >= least[one.label]]


def bodies(detections: Sequence[Detection]) -> list[Detection]:
    """Return *detections*, best first, without second boxes on one body: nobody lies on somebody else.

    Two boxes would be two tracks at one place that take frames from each other, and neither would last.
    """
    kept: list[Detection] = []
    for one in detections:
        lying = [other for other in kept if other.label is Label.LYING] if one.label is Label.LYING else []
        if not any(other.box.covers(one.box) >= _SAME_BODY for other in lying):
            kept.append(one)
    return kept


def _make(row: tuple[Label, float, Sequence[float]]) -> Detection:
    label, score, (x0, y0, x1, y1) = row
    return Detection(label, score, PixelBox(x0, y0, x1, y1))
