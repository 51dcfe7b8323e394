"""The simulated town as values: what stands and never moves."""

from dataclasses import dataclass
from enum import StrEnum

from sim.scene import GroundKind, Ring


class Facade(StrEnum):
    """What a building is."""

    TOWER = "tower"
    SHOP = "shop"
    SCHOOL = "school"
    GATEHOUSE = "gatehouse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """A prism on the ground (up 0) with a flat roof at `height_m`; corners are east/north in site metres."""

    id: str
    outline: Ring
    height_m: float
    facade: Facade
    seed: int
    name: str = ""
    name_zh: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A flat piece of ground; later ones of a list lie over earlier ones."""

    id: str
    outline: Ring
    surface: GroundKind
    name: str = ""
    name_zh: str = ""
