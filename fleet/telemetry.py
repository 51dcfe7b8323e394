"""What a vehicle says about itself, with its age."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.ids import VehicleId
from geofence.positions import GeoPosition


class FlightMode(StrEnum):
    """What the autopilot is doing, in the words of the field; UNKNOWN is never guessed away."""

    UNKNOWN = "unknown"
    READY = "ready"
    TAKEOFF = "takeoff"
    HOLD = "hold"
    MISSION = "mission"
    RETURN = "return"
    LAND = "land"
    MANUAL = "manual"
    OFFBOARD = "offboard"
    OTHER = "other"


class LandedState(StrEnum):
    """Whether the vehicle touches the ground."""

    UNKNOWN = "unknown"
    ON_GROUND = "on_ground"
    TAKING_OFF = "taking_off"
    IN_AIR = "in_air"
    LANDING = "landing"


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleState:
    """The newest known state of one vehicle. Every field may be missing; `received_s` tells how old it is.

    Velocities are east/north/up in m/s; `heading_deg` is clockwise from true north; `battery_ratio` is 0..1.
    `received_s` is our monotonic time of the newest position, `received_at` our wall time of it, and `vehicle_time_s`
    the vehicle's own clock since boot at it. `link_up` is false when nothing was heard for 3 s.
    """

    vehicle_id: VehicleId
    received_s: float | None = None
    received_at: datetime | None = None
    vehicle_time_s: float | None = None
    position: GeoPosition | None = None
    altitude_amsl_m: float | None = None
    height_above_home_m: float | None = None
    east_m_s: float = 0.0
    north_m_s: float = 0.0
    up_m_s: float = 0.0
    heading_deg: float | None = None
    home: GeoPosition | None = None
    home_altitude_amsl_m: float | None = None
    battery_ratio: float | None = None
    mode: FlightMode = FlightMode.UNKNOWN
    is_armed: bool | None = None
    landed: LandedState = LandedState.UNKNOWN
    gps_ok: bool | None = None
    health_ok: bool | None = None
    mission_item: int | None = None
    mission_items: int | None = None
    link_up: bool = False
    is_ambiguous: bool = False
    """Two vehicles answer to this identity: neither may be commanded."""
    because: str = ""
    """The newest reason that the vehicle itself gave for a change of mode (status text), or empty."""

    @property
    def is_airborne(self) -> bool:
        """Claim flight unless the vehicle clearly says that it is on the ground and disarmed."""
        return not (self.landed is LandedState.ON_GROUND and self.is_armed is False)

    def age_s(self, now_s: float) -> float:
        """Return the age of the newest position at monotonic *now_s*; infinite when there is none."""
        return float("inf") if self.received_s is None else now_s - self.received_s


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraPose:
    """Where a vehicle's camera was and looked, at the vehicle's own time.

    `yaw_deg` is clockwise from true north, `pitch_deg` negative downwards, `roll_deg` positive right side down.
    """

    vehicle_time_s: float
    position: GeoPosition
    height_agl_m: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleMessage:
    """A sentence from the vehicle (MAVLink status text or the like)."""

    vehicle_id: VehicleId
    received_at: datetime
    severity: str
    text: str
