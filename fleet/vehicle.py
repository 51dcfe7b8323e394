"""The one shape of a vehicle for everybody above the drivers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from core.ids import VehicleId
from fleet.orders import Order
from fleet.telemetry import CameraPose, VehicleMessage, VehicleState
from geofence.positions import GeoPosition


class VehicleKind(StrEnum):
    """What moves."""

    DRONE = "drone"
    ROBOT = "robot"


class Capability(StrEnum):
    """What a vehicle can do; ask before commanding."""

    FENCE = "fence"
    RALLY = "rally"
    GIMBAL_PITCH = "gimbal_pitch"
    GIMBAL_YAW = "gimbal_yaw"
    DWELL = "dwell"
    START_IN_MOTION = "start_in_motion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What the vehicle itself was read back to hold: a digest of its mission and fence, and the legs it stands for."""

    digest: str
    mission_items: int
    fence_vertices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is uploaded for an order: its remaining legs, from the ground or from where the vehicle is in the air."""

    order: Order
    first_leg: int = 0
    from_air: bool = False
    start: GeoPosition | None = None
    """Where the vehicle is when it takes the plan over in the air: its fence leaves the way from there free."""
    end_with_landing: bool = True


class Vehicle(Protocol):
    """A vehicle as the executor and the guard see it. Methods return only when the vehicle itself shows the effect.

    They raise `fleet.errors.VehicleRefused` (the vehicle said no, in its own words), `core.errors.TimedOut` (it is not
    known whether it was done: look at `state()`), or `core.errors.Unavailable` (no link).
    Commands of one vehicle are serialised inside; `hold`, `return_home` and `land` never wait behind a transfer.
    """

    @property
    def id(self) -> VehicleId: ...

    @property
    def kind(self) -> VehicleKind: ...

    @property
    def capabilities(self) -> frozenset[Capability]: ...

    def state(self) -> VehicleState:
        """Return the newest known state, at once."""

    def states(self) -> AsyncIterator[VehicleState]:
        """Yield the state on every change, at most 10 Hz, at least every 0.5 s (ages grow when the link is gone)."""

    def camera_poses(self) -> AsyncIterator[CameraPose]:
        """Yield camera poses at 5 to 10 Hz while the vehicle sends them."""

    def messages(self) -> AsyncIterator[VehicleMessage]:
        """Yield the vehicle's own words as they come."""

    async def load(self, plan: Plan) -> Loaded:
        """Upload fence, safe points, failsafe parameters and mission; read back and compare; return what it holds."""

    async def held_plan(self) -> Loaded:
        """Read back what the vehicle holds now (after our restart)."""

    async def digest(self, plan: Plan) -> str:
        """Return the digest that `load(plan)` would return, without talking to the vehicle; keeps nobody waiting."""

    def legs_done(self, plan: Plan) -> int | None:
        """Return how many legs of the order are done if the vehicle holds *plan*; None while it does not say."""

    async def start(self) -> None:
        """Arm if needed and begin the loaded mission; returns when the vehicle really flies it."""

    async def hold(self) -> None:
        """Stop and hover here."""

    async def resume(self) -> None:
        """Go on with the loaded mission from where it was left."""

    async def return_home(self) -> None:
        """Fly home and land; returns when the vehicle is on its way."""

    async def land(self) -> None:
        """Land here; returns when the vehicle is descending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleCard:
    """What the controller knows of a vehicle's make-up: from its agent's configuration."""

    id: VehicleId
    kind: VehicleKind
    name: str
    name_zh: str
    capabilities: frozenset[Capability]
    dock_id: str
    speed_m_s: float = 5.0
    endurance_s: float = 1200.0
    camera: dict[str, float] = field(default_factory=dict)
    """Intrinsics: width_px, height_px, fx_px, fy_px, cx_px, cy_px; empty when there is no camera."""
