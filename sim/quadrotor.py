"""A quadrotor as a body: a point mass that follows a wanted velocity within its limits, in wind."""

import math
from dataclasses import dataclass

GRAVITY_M_S2 = 9.81
_RESPONSE_S = 0.35
"""Time constant of the velocity controller."""
_TILT_RESPONSE_S = 0.15
_DRAG_PER_S = 0.2
"""Acceleration by air that streams past, per m/s of it: 15 m/s of wind is all that the motors can resist."""


@dataclass(slots=True, kw_only=True)
class Body:
    """Where a vehicle truly is and how it moves: site metres, yaw clockwise from north, pitch nose up positive."""

    east_m: float
    north_m: float
    up_m: float = 0.0
    east_m_s: float = 0.0
    north_m_s: float = 0.0
    up_m_s: float = 0.0
    yaw_deg: float = 0.0
    roll_deg: float = 0.0
    pitch_deg: float = 0.0
    yaw_rate_deg_s: float = 0.0

    @property
    def speed_m_s(self) -> float:
        """Return the speed over ground."""
        return math.hypot(self.east_m_s, self.north_m_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The velocity and heading that the autopilot asks of the body."""

    east_m_s: float = 0.0
    north_m_s: float = 0.0
    up_m_s: float = 0.0
    yaw_deg: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the body can do."""

    horizontal_m_s2: float
    up_m_s2: float
    down_m_s2: float
    yaw_deg_s: float


def move(
    body: Body, wanted: Wanted, limits: Limits, *, wind_east_m_s: float, wind_north_m_s: float, dt_s: float
) -> None:
    """Advance *body* by *dt_s* in the air."""
    push_east = _DRAG_PER_S * (wind_east_m_s - body.east_m_s)
    push_north = _DRAG_PER_S * (wind_north_m_s - body.north_m_s)
    thrust_east = (wanted.east_m_s - body.east_m_s) / _RESPONSE_S - push_east
    thrust_north = (wanted.north_m_s - body.north_m_s) / _RESPONSE_S - push_north
    thrust = math.hypot(thrust_east, thrust_north)
    scale = min(1.0, limits.horizontal_m_s2 / thrust) if thrust > 0 else 1.0
    thrust_east, thrust_north = thrust_east * scale, thrust_north * scale
    lift = max(-limits.down_m_s2, min(limits.up_m_s2, (wanted.up_m_s - body.up_m_s) / _RESPONSE_S))
    body.east_m_s += (thrust_east + push_east) * dt_s
    body.north_m_s += (thrust_north + push_north) * dt_s
    body.up_m_s += lift * dt_s
    body.east_m += body.east_m_s * dt_s
    body.north_m += body.north_m_s * dt_s
    body.up_m += body.up_m_s * dt_s
    _turn(body, wanted.yaw_deg, limits, dt_s)
    _tilt(body, thrust_east, thrust_north, dt_s)


def rest(body: Body, *, dt_s: float) -> None:
    """Let *body* stand on the ground."""
    body.up_m = 0.0
    body.east_m_s = body.north_m_s = body.up_m_s = body.yaw_rate_deg_s = 0.0
    _tilt(body, 0.0, 0.0, dt_s)


def turn_between_deg(start_deg: float, end_deg: float) -> float:
    """Return the shortest turn from one heading to another, in -180..180."""
    return (end_deg - start_deg + 180.0) % 360.0 - 180.0


def _turn(body: Body, yaw_deg: float | None, limits: Limits, dt_s: float) -> None:
    turn_deg = 0.0 if yaw_deg is None else turn_between_deg(body.yaw_deg, yaw_deg)
    rate_deg_s = max(-limits.yaw_deg_s, min(limits.yaw_deg_s, turn_deg / 0.4))
    body.yaw_rate_deg_s += (rate_deg_s - body.yaw_rate_deg_s) * min(1.0, dt_s / 0.2)
    body.yaw_deg = (body.yaw_deg + body.yaw_rate_deg_s * dt_s) % 360.0


def _tilt(body: Body, east_m_s2: float, north_m_s2: float, dt_s: float) -> None:
    yaw = math.radians(body.yaw_deg)
    ahead = east_m_s2 * math.sin(yaw) + north_m_s2 * math.cos(yaw)
    right = east_m_s2 * math.cos(yaw) - north_m_s2 * math.sin(yaw)
    share = min(1.0, dt_s / _TILT_RESPONSE_S)
    body.pitch_deg += (-math.degrees(math.atan2(ahead, GRAVITY_M_S2)) - body.pitch_deg) * share
    body.roll_deg += (math.degrees(math.atan2(right, GRAVITY_M_S2)) - body.roll_deg) * share
