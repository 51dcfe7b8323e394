"""What a simulated PX4 says about itself: one small function a message, and how often each is sent."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pymavlink.dialects.v20 import development as dialect

from geofence.frames import LocalFrame
from geofence.positions import LocalPosition
from sim.autopilot import Autopilot
from sim.flight import Action, Landed, Mode
from sim.peers.mavlink_wire import Message, quaternion, whole_as_float

_AUTO = 4
_CUSTOM_MODES = {
    Mode.HOLD: (_AUTO, 3),
    Mode.TAKEOFF: (_AUTO, 2),
    Mode.MISSION: (_AUTO, 4),
    Mode.RETURN: (_AUTO, 5),
    Mode.LAND: (_AUTO, 6),
    Mode.POSITION: (3, 0),
}
_LANDED = {Landed.ON_GROUND: 1, Landed.IN_AIR: 2, Landed.TAKING_OFF: 3, Landed.LANDING: 4}
_CAPABILITIES = 4 | 8 | 16 | 64 | 128 | 256 | 8192 | 16384 | 32768
"""Mission and command by integers, parameters by bytes, set-points, MAVLink 2, fence and rally missions."""
_SENSORS = 0x1 | 0x2 | 0x4 | 0x8 | 0x400 | 0x800 | 0x1000 | 0x2000 | 0x8000 | 0x200000 | 0x2000000
_GPS, _POSITION_CONTROL, _PREARM = 0x20, 0x4000, 0x10000000
_CELL_VOLTS = (3.4, 4.15)
_CELLS = 4
GIMBAL_DEVICE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a message is made: the vehicle's own time since boot, and Unix time."""

    boot_s: float
    unix_s: float

    @property
    def boot_ms(self) -> int:
        """Return the time since boot in milliseconds, as MAVLink carries it."""
        return round(self.boot_s * 1000) & 0xFFFFFFFF


def mode_of(main: int, sub: int) -> Mode | None:
    """Return the flight mode of PX4's main and sub mode numbers, None for one that is not flown here."""
    return next((mode for mode, numbers in _CUSTOM_MODES.items() if numbers == (main, sub)), None)


def custom_mode(mode: Mode) -> int:
    """Return PX4's custom mode number."""
    main, sub = _CUSTOM_MODES[mode]
    return main << 16 | sub << 24


def heartbeat(pilot: Autopilot, _: Moment) -> Message:
    record = pilot.record
    base_mode = 1 | (128 if record.is_armed else 0) | (4 | 8 | 16 if record.mode is not Mode.POSITION else 16 | 64)
    status = 5 if record.action is not Action.NONE else 4 if record.is_armed else 3
    return dialect.MAVLink_heartbeat_message(2, 12, base_mode, custom_mode(record.mode), status, 3)


def current_mode(pilot: Autopilot, _: Moment) -> Message:
    record = pilot.record
    return dialect.MAVLink_current_mode_message(0, custom_mode(record.mode), custom_mode(record.intended))


def sys_status(pilot: Autopilot, _: Moment) -> Message:
    record = pilot.record
    present = _SENSORS | _GPS | _POSITION_CONTROL | _PREARM
    health = _SENSORS
    if pilot.senses.has_fix:
        health |= _GPS
    if record.position_ok:
        health |= _POSITION_CONTROL
    if pilot.is_healthy:
        health |= _PREARM
    volts = round(_volts(pilot) * 1000)
    current = 1500 if record.is_armed else 50
    return dialect.MAVLink_sys_status_message(
        present, present, health, 250, volts, current, _percent(pilot), 0, 0, 0, 0, 0, 0
    )


def battery_status(pilot: Autopilot, _: Moment) -> Message:
    cell = round(_volts(pilot) / _CELLS * 1000)
    voltages = [cell] * _CELLS + [65535] * (10 - _CELLS)
    current = 1500 if pilot.record.is_armed else 50
    remaining_s = round(pilot.record.battery_ratio * pilot.parameters["SIM_BAT_DRAIN"])
    return dialect.MAVLink_battery_status_message(
        0, 0, 1, 2500, voltages, current, -1, -1, _percent(pilot), remaining_s
    )


def extended_sys_state(pilot: Autopilot, _: Moment) -> Message:
    return dialect.MAVLink_extended_sys_state_message(0, _LANDED[pilot.record.landed])


def global_position(pilot: Autopilot, moment: Moment) -> Message | None:
    """Nothing is sent while the estimator has no position, as in PX4."""
    if not pilot.record.position_ok:
        return None
    body, home = pilot.cockpit.believed(), pilot.record.home
    lat, lon = _lat_lon(pilot.cockpit.frame, body.east_m, body.north_m)
    return dialect.MAVLink_global_position_int_message(
        moment.boot_ms,
        lat,
        lon,
        round((body.up_m + pilot.cockpit.ground_amsl_m) * 1000),
        round((body.up_m - home.up_m) * 1000),
        _centi(body.north_m_s),
        _centi(body.east_m_s),
        _centi(-body.up_m_s),
        round(body.yaw_deg * 100) % 36000,
    )


def gps_raw(pilot: Autopilot, moment: Moment) -> Message:
    has_fix = pilot.senses.has_fix
    body = pilot.cockpit.believed()
    lat, lon = _lat_lon(pilot.cockpit.frame, body.east_m, body.north_m) if has_fix else (0, 0)
    return dialect.MAVLink_gps_raw_int_message(
        round(moment.boot_s * 1e6),
        3 if has_fix else 1,
        lat,
        lon,
        round((body.up_m + pilot.cockpit.ground_amsl_m) * 1000) if has_fix else 0,
        80 if has_fix else 65535,
        110 if has_fix else 65535,
        round(body.speed_m_s * 100),
        round(math.degrees(math.atan2(body.east_m_s, body.north_m_s)) % 360 * 100) % 36000,
        pilot.parameters.whole("SIM_GPS_USED") if has_fix else 0,
    )


def local_position(pilot: Autopilot, moment: Moment) -> Message | None:
    if not pilot.record.position_ok:
        return None
    body, dock = pilot.cockpit.believed(), pilot.airframe.dock
    return dialect.MAVLink_local_position_ned_message(
        moment.boot_ms,
        body.north_m - dock.north_m,
        body.east_m - dock.east_m,
        -body.up_m,
        body.north_m_s,
        body.east_m_s,
        -body.up_m_s,
    )


def attitude(pilot: Autopilot, moment: Moment) -> Message:
    body = pilot.record.body
    yaw_deg = (body.yaw_deg + 180.0) % 360.0 - 180.0
    angles = (math.radians(angle) for angle in (body.roll_deg, body.pitch_deg, yaw_deg))
    return dialect.MAVLink_attitude_message(moment.boot_ms, *angles, 0.0, 0.0, math.radians(body.yaw_rate_deg_s))


def attitude_quaternion(pilot: Autopilot, moment: Moment) -> Message:
    body = pilot.record.body
    turn = quaternion(roll_deg=body.roll_deg, pitch_deg=body.pitch_deg, yaw_deg=body.yaw_deg)
    return dialect.MAVLink_attitude_quaternion_message(
        moment.boot_ms, *turn, 0.0, 0.0, math.radians(body.yaw_rate_deg_s), [0.0] * 4
    )


def vfr_hud(pilot: Autopilot, _: Moment) -> Message:
    body = pilot.cockpit.believed()
    speed = body.speed_m_s
    throttle = 45 if pilot.record.landed is not Landed.ON_GROUND else 0
    height_m = body.up_m + pilot.cockpit.ground_amsl_m
    return dialect.MAVLink_vfr_hud_message(speed, speed, round(body.yaw_deg) % 360, throttle, height_m, body.up_m_s)


def altitude(pilot: Autopilot, moment: Moment) -> Message:
    body = pilot.cockpit.believed()
    amsl_m, above_home_m = body.up_m + pilot.cockpit.ground_amsl_m, body.up_m - pilot.record.home.up_m
    nothing = math.nan
    return dialect.MAVLink_altitude_message(
        round(moment.boot_s * 1e6), amsl_m, amsl_m, body.up_m, above_home_m, nothing, nothing
    )


def home_position(pilot: Autopilot, moment: Moment) -> Message:
    home, dock = pilot.record.home, pilot.airframe.dock
    lat, lon = _lat_lon(pilot.cockpit.frame, home.east_m, home.north_m)
    return dialect.MAVLink_home_position_message(
        lat,
        lon,
        round((home.up_m + pilot.cockpit.ground_amsl_m) * 1000),
        home.north_m - dock.north_m,
        home.east_m - dock.east_m,
        -home.up_m,
        [1.0, 0.0, 0.0, 0.0],
        0.0,
        0.0,
        0.0,
        round(moment.boot_s * 1e6),
    )


def system_time(_: Autopilot, moment: Moment) -> Message:
    return dialect.MAVLink_system_time_message(round(moment.unix_s * 1e6), moment.boot_ms)


def gimbal_attitude(pilot: Autopilot, moment: Moment) -> Message:
    """Roll and pitch are held level; the yaw is told relative to the vehicle's nose (flags 4, 8, 32)."""
    record = pilot.record
    turn = quaternion(roll_deg=0.0, pitch_deg=record.gimbal_pitch_deg, yaw_deg=record.gimbal_yaw_deg)
    flags = 4 | 8 | 32 | (16 if record.gimbal.is_yaw_locked else 0)
    return dialect.MAVLink_gimbal_device_attitude_status_message(
        0, 0, moment.boot_ms, flags, turn, 0.0, 0.0, 0.0, 0, math.nan, math.nan, GIMBAL_DEVICE
    )


def gimbal_manager_status(pilot: Autopilot, moment: Moment) -> Message:
    flags = 4 | 8 | 32 | (16 if pilot.record.gimbal.is_yaw_locked else 0)
    return dialect.MAVLink_gimbal_manager_status_message(moment.boot_ms, flags, GIMBAL_DEVICE, 0, 0, 0, 0)


def gimbal_manager_information(_: Autopilot, moment: Moment) -> Message:
    pitch, yaw = (math.radians(-90), math.radians(30)), (math.radians(-180), math.radians(180))
    capabilities = 1 | 8 | 16 | 32 | 256 | 512 | 1024 | 2048
    return dialect.MAVLink_gimbal_manager_information_message(
        moment.boot_ms, capabilities, GIMBAL_DEVICE, 0.0, 0.0, *pitch, *yaw
    )


def autopilot_version(pilot: Autopilot, _: Moment) -> Message:
    version = 1 << 24 | 16 << 16 | 0 << 8 | 255
    uid = 0x5258000000000000 | pilot.airframe.seed & 0xFFFFFFFF
    nothing = [0] * 8
    return dialect.MAVLink_autopilot_version_message(
        _CAPABILITIES, version, version, version, 0, nothing, nothing, nothing, 0x26AC, 0x11, uid
    )


def parameter_value(pilot: Autopilot, index: int) -> Message:
    """Return PARAM_VALUE of one place in the list; whole numbers travel by their bytes."""
    parameter = pilot.parameters.at(index)
    is_whole = isinstance(parameter.value, int)
    value = whole_as_float(int(parameter.value)) if is_whole else float(parameter.value)
    return dialect.MAVLink_param_value_message(
        parameter.name.encode(), value, 6 if is_whole else 9, len(pilot.parameters), index
    )


Build = Callable[[Autopilot, Moment], Message | None]
STREAMS: Mapping[int, tuple[Build, float]] = {
    0: (heartbeat, 1.0),
    1: (sys_status, 1.0),
    2: (system_time, 1.0),
    24: (gps_raw, 2.0),
    30: (attitude, 15.0),
    31: (attitude_quaternion, 10.0),
    32: (local_position, 1.0),
    33: (global_position, 5.0),
    74: (vfr_hud, 4.0),
    141: (altitude, 1.0),
    147: (battery_status, 0.5),
    242: (home_position, 0.5),
    245: (extended_sys_state, 1.0),
    281: (gimbal_manager_status, 0.5),
    285: (gimbal_attitude, 5.0),
    436: (current_mode, 0.5),
}
"""Message id to its builder and PX4's default rate in Hz for a ground station by UDP."""
ON_REQUEST: Mapping[int, Build] = {
    148: autopilot_version,
    280: gimbal_manager_information,
    **{number: build for number, (build, _) in STREAMS.items()},
}


def _lat_lon(frame: LocalFrame, east_m: float, north_m: float) -> tuple[int, int]:
    here = frame.to_geo(LocalPosition(east_m=east_m, north_m=north_m))
    return round(here.lat_deg * 1e7), round(here.lon_deg * 1e7)


def _centi(value: float) -> int:
    return max(-32767, min(32767, round(value * 100)))


def _percent(pilot: Autopilot) -> int:
    return round(pilot.record.battery_ratio * 100)


def _volts(pilot: Autopilot) -> float:
    empty, full = _CELL_VOLTS
    return _CELLS * (empty + (full - empty) * pilot.record.battery_ratio)
