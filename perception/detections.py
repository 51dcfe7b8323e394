"""What a detector saw in one picture, in our own words.

Boxes and detections are named tuples: a frame makes hundreds, and a frozen dataclass takes four times as long.
"""

from enum import StrEnum
from typing import NamedTuple


class Label(StrEnum):
    """The classes that rules speak of; a model's card maps its own labels to these."""

    PERSON = "person"
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
