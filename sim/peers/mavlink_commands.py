"""MAVLink commands (COMMAND_LONG and COMMAND_INT) as PX4 answers them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from geofence.positions import GeoPosition
from sim.autopilot import Autopilot, Result
from sim.flight import Landed, Mode, Point
from sim.mission_flight import point_gimbal
from sim.peers.mavlink_telemetry import mode_of
from sim.peers.mavlink_wire import Message

_FORCE_DISARM = 21196
_RELATIVE_FRAMES = frozenset({3, 6})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One command with its seven parameters; latitude and longitude are in degrees, or NaN."""

    command: int
    params: tuple[float, float, float, float]
    lat_deg: float
    lon_deg: float
    z: float
    frame: int
    raw_x: float

    @classmethod
    def of(cls, message: Message) -> "Order":
        """Read a COMMAND_LONG or COMMAND_INT."""
        params = (message.param1, message.param2, message.param3, message.param4)
        if message.get_type() == "COMMAND_INT":
            lat, lon = (_degrees(value) for value in (message.x, message.y))
            return cls(
                command=message.command,
                params=params,
                lat_deg=lat,
                lon_deg=lon,
                z=message.z,
                frame=message.frame,
                raw_x=message.x,
            )
        return cls(
            command=message.command,
            params=params,
            lat_deg=message.param5,
            lon_deg=message.param6,
            z=message.param7,
            frame=0,
            raw_x=message.param5,
        )


def obey(pilot: Autopilot, order: Order) -> Result:
    """Carry out a command that concerns flight; UNSUPPORTED for one that is not known."""
    handler = _COMMANDS.get(order.command)
    return handler(pilot, order) if handler else Result.UNSUPPORTED


def _degrees(scaled: int) -> float:
    return math.nan if scaled == 0x7FFFFFFF else scaled * 1e-7


def _arm(pilot: Autopilot, order: Order) -> Result:
    if order.params[0] == 1.0:
        return pilot.arm()
    if order.params[0] == 0.0:
        return pilot.disarm(force=order.params[1] == _FORCE_DISARM)
    return Result.UNSUPPORTED


def _set_mode(pilot: Autopilot, order: Order) -> Result:
    mode = mode_of(round(order.params[1]), round(order.params[2]))
    if mode is None:
        pilot.cockpit.say("Unsupported auto mode", severity=2)
        return Result.DENIED
    return pilot.set_mode(mode)


def _take_off(pilot: Autopilot, _order: Order) -> Result:
    return pilot.take_off()


def _land(pilot: Autopilot, _order: Order) -> Result:
    result = pilot.set_mode(Mode.LAND)
    if result is Result.ACCEPTED:
        pilot.cockpit.say("Landing at current position")
    return result


def _return(pilot: Autopilot, _order: Order) -> Result:
    result = pilot.set_mode(Mode.RETURN)
    if result is Result.ACCEPTED:
        pilot.cockpit.say("Returning to launch")
    return result


def _start_mission(pilot: Autopilot, _order: Order) -> Result:
    if not pilot.record.mission_valid:
        pilot.cockpit.say("Mission start denied! No valid mission", severity=2)
        return Result.DENIED
    result = pilot.set_mode(Mode.MISSION)
    return pilot.arm() if result is Result.ACCEPTED else result


def _hold(pilot: Autopilot, _order: Order) -> Result:
    return pilot.set_mode(Mode.HOLD)


def _pause(pilot: Autopilot, order: Order) -> Result:
    return pilot.set_mode(Mode.HOLD if order.params[0] == 0.0 else Mode.MISSION)


def _reposition(pilot: Autopilot, order: Order) -> Result:
    here = pilot.cockpit.here()
    east_m, north_m = here.east_m, here.north_m
    if math.isfinite(order.lat_deg) and math.isfinite(order.lon_deg):
        place = pilot.cockpit.frame.to_local(GeoPosition(lon_deg=order.lon_deg, lat_deg=order.lat_deg))
        east_m, north_m = place.east_m, place.north_m
    above_m = order.z if order.frame in _RELATIVE_FRAMES else order.z - pilot.cockpit.ground_amsl_m
    yaw = order.params[3]
    yaw_deg = math.degrees(yaw) % 360.0 if math.isfinite(yaw) else None
    return pilot.reposition(Point(east_m=east_m, north_m=north_m, up_m=above_m, yaw_deg=yaw_deg))


def _change_speed(pilot: Autopilot, order: Order) -> Result:
    if order.params[1] <= 0:
        return Result.DENIED
    pilot.record.cruise_m_s = order.params[1]
    return Result.ACCEPTED


def _set_home(pilot: Autopilot, order: Order) -> Result:
    if pilot.record.landed is not Landed.ON_GROUND:
        return Result.TEMPORARILY_REJECTED
    here = pilot.cockpit.here(up_m=0.0)
    if order.params[0] != 1.0:
        place = pilot.cockpit.frame.to_local(GeoPosition(lon_deg=order.lon_deg, lat_deg=order.lat_deg))
        here = Point(east_m=place.east_m, north_m=place.north_m, up_m=order.z - pilot.cockpit.ground_amsl_m)
    pilot.record.home = here
    return Result.ACCEPTED


def _point_gimbal(pilot: Autopilot, order: Order) -> Result:
    flags = round(order.raw_x) if math.isfinite(order.raw_x) else 0
    point_gimbal(pilot.cockpit, pitch_deg=order.params[0], yaw_deg=order.params[1], flags=flags)
    return Result.ACCEPTED


def _point_mount(pilot: Autopilot, order: Order) -> Result:
    point_gimbal(pilot.cockpit, pitch_deg=order.params[0], yaw_deg=order.params[2], flags=0)
    return Result.ACCEPTED


def _nothing_to_do(_pilot: Autopilot, _order: Order) -> Result:
    return Result.ACCEPTED


_COMMANDS: Mapping[int, Callable[[Autopilot, Order], Result]] = {
    17: _hold,
    20: _return,
    21: _land,
    22: _take_off,
    176: _set_mode,
    178: _change_speed,
    179: _set_home,
    192: _reposition,
    193: _pause,
    205: _point_mount,
    300: _start_mission,
    400: _arm,
    1000: _point_gimbal,
    1001: _nothing_to_do,
}
