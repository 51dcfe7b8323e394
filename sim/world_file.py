"""World files: what the simulator alone knows of its town, read and checked."""

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from core.errors import InvalidInput
from core.files import read_file
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from sim.scene import CameraLens, Ring, SceneAir, SceneLight, ThingType
from sim.world import Building, Ground


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A thing that stands somewhere from `appears_s` on, with `people` around it.

    `kind` is the code of the matter it truly is, None for a lawful one; `claims_first` means that its first
    handling is only claimed: the worker says "handled" and leaves it.
    """

    id: str
    type: ThingType
    east_m: float
    north_m: float
    heading_deg: float
    kind: str | None
    people: int = 0
    appears_s: float = 0.0
    removed_by: str | None = None
    claims_first: bool = False
    matter: str | None = None
    """One name for several things that are one matter (badly parked bikes)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """People who stand together: a queue when `spacing_m` is given, else a cluster; `kind` as for things."""

    id: str
    east_m: float
    north_m: float
    heading_deg: float
    count: int
    spacing_m: float
    kind: str | None
    appears_s: float = 0.0
    removed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Walker:
    """One person who walks a path to and fro."""

    id: str
    path: Ring
    speed_m_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place in the site's local frame."""

    east_m: float
    north_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleSite:
    """A vehicle of the town: its MAVLink system id, its dock, its camera and where its video goes."""

    id: str
    system_id: int
    dock: str
    camera: CameraLens
    video_port: int
    parameters: dict[str, float | int] = field(default_factory=dict)
    """Autopilot parameters that differ from PX4's defaults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MavlinkSite:
    """The UDP port that a ground station listens on."""

    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldPlan:
    """A whole world file; local metres are around `origin`, up 0 is the ground at `ground_amsl_m`."""

    name: str
    origin: GeoPosition
    ground_amsl_m: float
    seed: int
    mavlink: MavlinkSite
    buildings: tuple[Building, ...]
    grounds: tuple[Ground, ...]
    things: tuple[Thing, ...]
    groups: tuple[Group, ...]
    walkers: tuple[Walker, ...]
    vehicles: tuple[VehicleSite, ...]
    docks: dict[str, Spot]
    light: SceneLight = field(default_factory=SceneLight)
    air: SceneAir = field(default_factory=SceneAir)

    @property
    def frame(self) -> LocalFrame:
        """Return the site's local frame."""
        return LocalFrame(origin=self.origin)


def read_world(folder: Path) -> WorldPlan:
    """Return the world of *folder*/world.json; raises InvalidInput naming each wrong field."""
    file = folder / "world.json"
    if not file.exists():
        raise InvalidInput("there is no world", where=str(file), remedy="name a world folder")
    try:
        plan = TypeAdapter(WorldPlan).validate_json(read_file(file))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InvalidInput(wrong, where=str(file), remedy="correct these fields") from error
    _check(plan, where=str(file))
    return plan


def _check(plan: WorldPlan, *, where: str) -> None:
    for vehicle in plan.vehicles:
        if vehicle.dock not in plan.docks:
            raise InvalidInput(
                f"vehicle {vehicle.id} has no dock {vehicle.dock}", where=where, remedy="add it to docks"
            )
    ids = [vehicle.system_id for vehicle in plan.vehicles]
    if len(set(ids)) != len(ids):
        raise InvalidInput("two vehicles have one system_id", where=where, remedy="number them 1, 2, …")
