"""The simulated town as values: what stands, what moves, and the `Scene` that a camera sees at one moment."""

from dataclasses import dataclass
from enum import StrEnum

Outline = tuple[tuple[float, float], ...]
"""Corners of a polygon as (east_m, north_m) in the site's local frame, counter-clockwise, not closed."""


class Facade(StrEnum):
    """How a building looks from outside."""

    TOWER = "tower"
    SHOP = "shop"
    SCHOOL = "school"
    GATEHOUSE = "gatehouse"


class Surface(StrEnum):
    """What the ground is made of."""

    GRASS = "grass"
    ROAD = "road"
    PAVEMENT = "pavement"
    COURT = "court"
    PLAYGROUND = "playground"
    WATER = "water"


class ObjectType(StrEnum):
    """What kind of thing stands or walks there."""

    CART = "cart"
    """A vendor's tricycle cart with an umbrella."""
    PILE = "pile"
    """Piled building waste: rubble, boards, bags."""
    BIKE = "bike"
    """One bicycle or scooter."""
    BOARD = "board"
    """An advertising board on the pavement."""
    BIN = "bin"
    CAR = "car"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """A prism on the ground (up 0) with a flat roof at `height_m`."""

    id: str
    outline: Outline
    height_m: float
    facade: Facade
    seed: int
    name: str = ""
    name_zh: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A flat piece of ground; later ones of a list lie over earlier ones."""

    id: str
    outline: Outline
    surface: Surface
    name: str = ""
    name_zh: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneObject:
    """One thing or person at one moment: centre of its foot, heading clockwise from north along its length.

    `seed` chooses colours and details and stays the same for the same object; `stride_m` is the distance
    walked so far (people), so that legs can swing.
    """

    id: str
    type: ObjectType
    east_m: float
    north_m: float
    heading_deg: float
    length_m: float
    width_m: float
    height_m: float
    seed: int
    stride_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything that a camera can see at `time_s` of the world's time; the ground elsewhere is grass."""

    time_s: float
    buildings: tuple[Building, ...]
    grounds: tuple[Ground, ...]
    objects: tuple[SceneObject, ...]


SIZES_M: dict[ObjectType, tuple[float, float, float]] = {
    ObjectType.CART: (2.6, 1.4, 2.3),
    ObjectType.PILE: (3.2, 2.4, 1.1),
    ObjectType.BIKE: (1.8, 0.6, 1.1),
    ObjectType.BOARD: (1.0, 0.5, 1.6),
    ObjectType.BIN: (0.7, 0.7, 1.1),
    ObjectType.CAR: (4.5, 1.8, 1.5),
    ObjectType.PERSON: (0.35, 0.5, 1.7),
}
"""Length, width and height of each type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraIntrinsics:
    """A pinhole camera without distortion: focal lengths and principal point in pixels."""

    width_px: int
    height_px: int
    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EyePoint:
    """Where a camera is and looks, in metres of the site's frame (up 0 is the ground).

    Yaw is clockwise from true north, pitch negative downwards, roll positive right side down.
    """

    east_m: float
    north_m: float
    up_m: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
