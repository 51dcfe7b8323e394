"""What a camera of the simulated town can see, in neutral values: ground, buildings, things, light, view."""

from dataclasses import dataclass, field
from enum import StrEnum

Ring = tuple[tuple[float, float], ...]
"""Corners as (east_m, north_m), not closed."""


class GroundKind(StrEnum):
    """How a piece of ground is painted."""

    ROAD = "road"
    PAVEMENT = "pavement"
    TILES = "tiles"
    GRASS = "grass"
    PLAYGROUND = "playground"
    COURT = "court"
    WATER = "water"
    MARKING = "marking"


class ThingType(StrEnum):
    """Things that stand or move on the ground."""

    PERSON = "person"
    CART = "cart"
    PILE = "pile"
    BIKE = "bike"
    BOARD = "board"
    BIN = "bin"
    CAR = "car"
    TREE = "tree"
    BENCH = "bench"
    FULL_BIN = "full_bin"
    """A bin with bags on top of it and beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundArea:
    """A painted polygon; later areas lie over earlier ones."""

    kind: GroundKind
    ring: Ring


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneBuilding:
    """A prism over a convex ring; `seed` chooses facade and colours."""

    ring: Ring
    height_m: float
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneThing:
    """Something at a place; heading clockwise from north; `size` scales it, `stride` is a walking phase 0..1.

    A person who `lies` has the feet at the place and the head in the direction of the heading.
    """

    id: str
    type: ThingType
    east_m: float
    north_m: float
    heading_deg: float = 0.0
    size: float = 1.0
    seed: int = 0
    stride: float = 0.0
    lies: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneLight:
    """Where the sun stands (azimuth clockwise from north) and how bright and warm the light is (1 = a clear noon)."""

    sun_azimuth_deg: float = 140.0
    sun_elevation_deg: float = 50.0
    brightness: float = 1.0
    warmth: float = 0.0
    shadow: float = 0.45
    """How much darker shadows are, 0..1; overcast days have next to none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneAir:
    """The weather between camera and town, 0 (none) to 1 (heavy) each."""

    rain: float = 0.0
    haze: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One moment of the town. Ground, buildings and light are painted once; things may differ in every frame."""

    ground: tuple[GroundArea, ...]
    buildings: tuple[SceneBuilding, ...] = ()
    things: tuple[SceneThing, ...] = ()
    light: SceneLight = field(default_factory=SceneLight)
    air: SceneAir = field(default_factory=SceneAir)
    min_east_m: float = -100.0
    min_north_m: float = -100.0
    max_east_m: float = 100.0
    max_north_m: float = 100.0
    base: GroundKind = GroundKind.PAVEMENT
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraLens:
    """A pinhole camera without distortion."""

    width_px: int = 640
    height_px: int = 360
    fx_px: float = 640.0
    fy_px: float = 640.0
    cx_px: float = 320.0
    cy_px: float = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraView:
    """Where a camera is and looks: yaw clockwise from north, pitch negative downwards, roll right side down."""

    east_m: float
    north_m: float
    height_agl_m: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraFlaws:
    """What motion, sensor and video link do to a picture; by default only the sensor's noise."""

    smear_px: float = 0.0
    """Motion blur: how far things move during the exposure."""
    smear_deg: float = 0.0
    """The direction of that motion in the picture, 0 to the right, 90 downwards."""
    grain: float = 1.0
    """The sensor's noise, 1 in daylight."""
    jpeg_quality: int = 0
    """Compression of the link, 1..100; 0 is none."""
