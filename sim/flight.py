"""Everything that an autopilot remembers: plain values, so that a snapshot is the whole truth."""

from dataclasses import dataclass, field
from enum import StrEnum

from sim.plan import PlanStore
from sim.quadrotor import Body


class Mode(StrEnum):
    """Flight modes, in PX4's sense."""

    HOLD = "hold"
    TAKEOFF = "takeoff"
    MISSION = "mission"
    RETURN = "return"
    LAND = "land"
    POSITION = "position"


class Landed(StrEnum):
    """What the land detector says."""

    ON_GROUND = "on_ground"
    TAKING_OFF = "taking_off"
    IN_AIR = "in_air"
    LANDING = "landing"


class Action(StrEnum):
    """What a failsafe makes the vehicle do, mildest first."""

    NONE = "none"
    HOLD = "hold"
    RETURN = "return"
    LAND = "land"
    DESCEND = "descend"


SEVERITY = list(Action)


class Phase(StrEnum):
    """Where a return or a landing stands."""

    CLIMB = "climb"
    CRUISE = "cruise"
    DESCEND = "descend"
    WAIT = "wait"
    LAND = "land"


@dataclass(slots=True, kw_only=True)
class Point:
    """A place to go to or stay at; a yaw of None keeps the heading."""

    east_m: float
    north_m: float
    up_m: float
    yaw_deg: float | None = None


@dataclass(slots=True, kw_only=True)
class Gimbal:
    """Where the camera is told to look; yaw 0 is the vehicle's nose unless locked to north."""

    pitch_deg: float = -45.0
    yaw_deg: float = 0.0
    is_yaw_locked: bool = False


@dataclass(slots=True, kw_only=True)
class FlightRecord:
    """One vehicle's whole state; times are seconds of the world."""

    body: Body
    home: Point
    plan: PlanStore = field(default_factory=PlanStore)
    intended: Mode = Mode.HOLD
    after_disarming: Mode = Mode.HOLD
    """The last intended mode in which the vehicle may be armed: PX4 falls back to it."""
    mode: Mode = Mode.HOLD
    is_armed: bool = False
    armed_s: float = 0.0
    has_flown: bool = False
    landed: Landed = Landed.ON_GROUND
    landed_s: float = 0.0
    target: Point | None = None
    phase: Phase = Phase.CLIMB
    phase_since_s: float = 0.0
    leg_from: Point | None = None
    battery_ratio: float = 1.0
    battery_warning_at_arming: int = 0
    item: int = 0
    item_since_s: float = 0.0
    item_arrived_s: float | None = None
    items_done: bool = False
    reached: int = -1
    cruise_m_s: float | None = None
    mission_valid: bool = False
    check_plan_s: float | None = None
    fence_valid: bool = False
    check_fence_s: float | None = None
    action: Action = Action.NONE
    action_cause: str = ""
    delayed_action: Action = Action.NONE
    delayed_until_s: float = 0.0
    latched: dict[str, Action] = field(default_factory=dict)
    takeover: bool = False
    gps_bad_since_s: float | None = None
    gps_good_since_s: float | None = 0.0
    position_ok: bool = True
    gimbal: Gimbal = field(default_factory=Gimbal)
    gimbal_pitch_deg: float = -45.0
    gimbal_yaw_deg: float = 0.0
    noise_east_m: float = 0.0
    noise_north_m: float = 0.0
    noise_up_m: float = 0.0
    gust_east_m_s: float = 0.0
    gust_north_m_s: float = 0.0
