"""How to get from here to there: wanted velocities that brake in time."""

import math
from dataclasses import dataclass

from sim.flight import Point
from sim.quadrotor import Body, Wanted

_BRAKE_SHARE = 0.6
"""Share of the acceleration limit that braking plans with, so that the controller keeps a reserve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speeds:
    """How fast the vehicle may go."""

    horizontal_m_s: float
    up_m_s: float
    down_m_s: float
    brake_m_s2: float


def distance_m(body: Body, point: Point) -> float:
    """Return the distance over ground."""
    return math.hypot(point.east_m - body.east_m, point.north_m - body.north_m)


def heading_deg(body: Body, point: Point) -> float:
    """Return the direction from the body to a point, clockwise from north."""
    return math.degrees(math.atan2(point.east_m - body.east_m, point.north_m - body.north_m)) % 360.0


def go_to(
    body: Body, target: Point, speeds: Speeds, *, leg_from: Point | None = None, arrive_m_s: float = 0.0
) -> Wanted:
    """Return the velocity towards *target*, along the line from *leg_from* when there is one.

    The vehicle would pass the target at *arrive_m_s*; height is reached on the way.
    """
    away_m = distance_m(body, target)
    brake = _BRAKE_SHARE * speeds.brake_m_s2
    allowed_m_s = min(speeds.horizontal_m_s, math.sqrt(arrive_m_s**2 + 2.0 * brake * away_m), arrive_m_s + away_m * 1.2)
    aim_east, aim_north = _aim(body, target, leg_from, away_m)
    aim_m = max(1e-6, math.hypot(aim_east, aim_north))
    return Wanted(
        east_m_s=allowed_m_s * aim_east / aim_m,
        north_m_s=allowed_m_s * aim_north / aim_m,
        up_m_s=climb(body, target.up_m, speeds),
        yaw_deg=target.yaw_deg,
    )


def climb(body: Body, up_m: float, speeds: Speeds) -> float:
    """Return the wanted vertical speed to reach a height."""
    error_m = up_m - body.up_m
    wanted_m_s = math.copysign(min(abs(error_m) * 1.0, math.sqrt(2.0 * 1.5 * abs(error_m))), error_m)
    return max(-speeds.down_m_s, min(speeds.up_m_s, wanted_m_s))


def corner_speed_m_s(here: Point, there: Point, cruise_m_s: float, *, start: Point) -> float:
    """Return how fast a corner may be passed: full speed straight on, none from a right angle upwards."""
    first = (here.east_m - start.east_m, here.north_m - start.north_m)
    second = (there.east_m - here.east_m, there.north_m - here.north_m)
    lengths = math.hypot(*first) * math.hypot(*second)
    if lengths < 1e-6:
        return 0.0
    cosine = (first[0] * second[0] + first[1] * second[1]) / lengths
    return cruise_m_s * max(0.0, (cosine - 0.5) / 0.5)


def _aim(body: Body, target: Point, leg_from: Point | None, away_m: float) -> tuple[float, float]:
    """Aim at a point on the leg a little ahead, so that wind does not bend the path."""
    direct = (target.east_m - body.east_m, target.north_m - body.north_m)
    if leg_from is None or away_m < 3.0:
        return direct
    along = (target.east_m - leg_from.east_m, target.north_m - leg_from.north_m)
    length_m = math.hypot(*along)
    if length_m < 3.0:
        return direct
    unit = (along[0] / length_m, along[1] / length_m)
    done_m = (body.east_m - leg_from.east_m) * unit[0] + (body.north_m - leg_from.north_m) * unit[1]
    ahead_m = min(length_m, max(0.0, done_m) + 4.0)
    return (
        leg_from.east_m + unit[0] * ahead_m - body.east_m,
        leg_from.north_m + unit[1] * ahead_m - body.north_m,
    )
