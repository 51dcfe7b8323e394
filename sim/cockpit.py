"""What the parts of one autopilot share: its record, parameters and voice."""

import math
from collections import deque
from dataclasses import dataclass, field

from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from sim.flight import FlightRecord, Landed, Phase, Point
from sim.guidance import Speeds
from sim.parameters import Parameters
from sim.plan import PlanItem, is_relative
from sim.quadrotor import Body
from sim.world_file import Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One status text with its MAVLink severity (2 critical, 4 warning, 6 info) and when it goes out."""

    severity: int
    text: str
    at_s: float


@dataclass(slots=True, kw_only=True)
class Cockpit:
    """One autopilot's shared state; `now_s` is the world's time of the running step."""

    record: FlightRecord
    parameters: Parameters
    frame: LocalFrame
    ground_amsl_m: float
    dock: Spot
    now_s: float = 0.0
    said: deque[Said] = field(default_factory=deque)
    reached: deque[int] = field(default_factory=deque)

    def say(self, text: str, *, severity: int = 6, in_s: float = 0.0) -> None:
        """Queue a status text; PX4 marks those that it also sends as an event with a tab."""
        self.said.append(Said(severity=severity, text=text + "\t", at_s=self.now_s + in_s))

    def believed(self) -> Body:
        """Return the body as the estimator believes it to be."""
        body, record = self.record.body, self.record
        return Body(
            east_m=body.east_m + record.noise_east_m,
            north_m=body.north_m + record.noise_north_m,
            up_m=body.up_m + (record.noise_up_m if record.landed is not Landed.ON_GROUND else 0.0),
            east_m_s=body.east_m_s,
            north_m_s=body.north_m_s,
            up_m_s=body.up_m_s,
            yaw_deg=body.yaw_deg,
        )

    def speeds(self, *, cruise_m_s: float | None = None) -> Speeds:
        """Return how fast automatic flight may go."""
        cruise = self.parameters["MPC_XY_CRUISE"] if cruise_m_s is None else cruise_m_s
        return Speeds(
            horizontal_m_s=min(cruise, self.parameters["MPC_XY_VEL_MAX"]),
            up_m_s=self.parameters["MPC_Z_V_AUTO_UP"],
            down_m_s=self.parameters["MPC_Z_V_AUTO_DN"],
            brake_m_s2=self.parameters["MPC_ACC_HOR"],
        )

    def place(self, item: PlanItem, *, yaw_deg: float | None = None) -> Point:
        """Return the point that a mission item names."""
        here = self.frame.to_local(GeoPosition(lon_deg=item.lon_deg, lat_deg=item.lat_deg))
        up_m = self.record.home.up_m + item.z if is_relative(item) else item.z - self.ground_amsl_m
        return Point(east_m=here.east_m, north_m=here.north_m, up_m=up_m, yaw_deg=yaw_deg)

    def stopping_point(self) -> Point:
        """Return where the vehicle comes to rest when it brakes now."""
        body = self.believed()
        speed = body.speed_m_s
        brake_m = speed**2 / (2.0 * 0.6 * self.parameters["MPC_ACC_HOR"]) + 0.3 * speed
        share = brake_m / speed if speed > 0.1 else 0.0
        return Point(
            east_m=body.east_m + share * body.east_m_s,
            north_m=body.north_m + share * body.north_m_s,
            up_m=max(0.0, body.up_m + 0.4 * body.up_m_s),
            yaw_deg=body.yaw_deg,
        )

    def here(self, *, up_m: float | None = None) -> Point:
        """Return the place where the vehicle believes to be, at another height when given."""
        body = self.believed()
        return Point(
            east_m=body.east_m,
            north_m=body.north_m,
            up_m=body.up_m if up_m is None else up_m,
            yaw_deg=body.yaw_deg,
        )

    def enter_phase(self, phase: Phase) -> None:
        """Note that a return or landing has reached its next phase."""
        self.record.phase = phase
        self.record.phase_since_s = self.now_s


def yaw_or_none(degrees: float) -> float | None:
    """Return a heading, None for MAVLink's NaN."""
    return degrees % 360.0 if math.isfinite(degrees) else None
