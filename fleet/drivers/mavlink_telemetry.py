"""From MAVLink messages to one vehicle's state, camera poses and sentences; and the watch for two vehicles with one id.

Every age is our own receive time: the library's cached values go stale in silence. North/east/down ends here.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from core.clock import Clock
from core.errors import RoundsmanError
from core.ids import VehicleId
from fleet.drivers.mavlink_attitude import euler_deg, from_euler, from_quaternion
from fleet.drivers.mavlink_identity import IdentityWatch
from fleet.drivers.mavlink_link import Fields, Heard
from fleet.drivers.mavlink_modes import PX4_AUTOPILOT, foreign_autopilot, landed_of, mode_of
from fleet.telemetry import CameraPose, FlightMode, VehicleMessage, VehicleState
from geofence.positions import GeoPosition

STATE_MESSAGES = (
    "HEARTBEAT",
    "GLOBAL_POSITION_INT",
    "EXTENDED_SYS_STATE",
    "SYS_STATUS",
    "GPS_RAW_INT",
    "HOME_POSITION",
    "MISSION_CURRENT",
)
"""What a state is made of: enough to read when somebody asks."""
PROMPT_MESSAGES = ("STATUSTEXT", "AUTOPILOT_VERSION")
POSE_MESSAGES = ("ATTITUDE", "GIMBAL_DEVICE_ATTITUDE_STATUS")
"""What camera poses are made of besides the position; nobody else needs them."""
LINK_LOST_AFTER_S = 3.0
_ARMED = 128
_PREARM_CHECK = 0x10000000
_MISSION_COMPLETE = 5
_NO_ITEMS = 65535
_YAW_IN_EARTH_FRAME = 64
_GIMBAL_FRESH_S = 1.0
_SEVERITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
_M_PER_DEG = 111_195.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraMount:
    """A camera fixed to the airframe: its pitch against the body, negative downwards; forward in yaw."""

    pitch_deg: float


class MavlinkTelemetry:
    """The newest known state of one vehicle, put together from its messages."""

    def __init__(
        self,
        *,
        vehicle_id: VehicleId,
        clock: Clock,
        mount: CameraMount | None = None,
        waiting: Callable[[], Iterable[Heard]] = tuple,
        on_pose: Callable[[CameraPose], None],
        on_message: Callable[[VehicleMessage], None],
        on_reboot: Callable[[], None],
    ) -> None:
        self.identity = IdentityWatch()
        self._clock = clock
        self._mount = mount
        self._state = VehicleState(vehicle_id=vehicle_id)
        self._news: dict[str, object] = {}
        """What was heard since `_state` was made: far more messages come than states are asked for."""
        self._because = ""
        self._autopilot = PX4_AUTOPILOT
        self._waiting = waiting
        self._heard_s, self._heard_at = -math.inf, clock.now()
        self.heard_count = 0
        """How many messages were taken in so far."""
        self._gimbal: tuple[float, float, float, bool] | None = None
        self._gimbal_s = -math.inf
        self._texts = _TextAssembler()
        self._reasons = _Reasons()
        self._on_pose, self._on_message, self._on_reboot = on_pose, on_message, on_reboot
        self._handlers: dict[str, Callable[[Fields], None]] = {
            "HEARTBEAT": self._heartbeat,
            "GLOBAL_POSITION_INT": self._position,
            "ATTITUDE": self._attitude,
            "EXTENDED_SYS_STATE": self._landed,
            "SYS_STATUS": self._status,
            "GPS_RAW_INT": self._gps,
            "HOME_POSITION": self._home,
            "MISSION_CURRENT": self._mission,
            "STATUSTEXT": self._text,
            "GIMBAL_DEVICE_ATTITUDE_STATUS": self._gimbal_attitude,
            "AUTOPILOT_VERSION": self._version,
        }

    def state(self) -> VehicleState:
        """Return the state with all that has come, and the link judged now."""
        self.catch_up()
        now_s = self._clock.monotonic_s()
        is_ambiguous = self.identity.is_ambiguous(now_s)
        because = self.identity.because(now_s) or self.foreign or self._because
        judged = (self.is_heard, is_ambiguous, because)
        if self._news or judged != (self._state.link_up, self._state.is_ambiguous, self._state.because):
            self._news |= {"link_up": judged[0], "is_ambiguous": is_ambiguous, "because": because}
            self._state = replace(self._state, **self._news)  # type: ignore[arg-type]
            self._news = {}
        return self._state

    @property
    def is_heard(self) -> bool:
        """Say whether the vehicle was heard lately."""
        self.catch_up()
        return self._clock.monotonic_s() - self._heard_s < LINK_LOST_AFTER_S

    @property
    def foreign(self) -> str:
        """Return why this autopilot cannot be commanded, or nothing for a PX4."""
        return foreign_autopilot(self._autopilot)

    def handle(self, name: str, fields: Fields) -> None:
        """Take one message in that has just come."""
        self.catch_up()
        self._take(Heard(name, fields, self._clock.monotonic_s(), self._clock.now()))

    def catch_up(self) -> None:
        """Take in what has come since the last time."""
        for heard in self._waiting():
            self._take(heard)

    def _take(self, heard: Heard) -> None:
        self._heard_s, self._heard_at = heard.heard_s, heard.heard_at
        self.heard_count += 1
        try:
            self._handlers[heard.name](heard.fields)
        except (RoundsmanError, ValueError, TypeError, KeyError, OverflowError) as error:
            # Whoever asks for the state is not to be stopped by one message: what it would have told grows old instead.
            self._because = f"its message {heard.name} cannot be read: {error}"

    def forget_mission(self) -> None:
        """Drop the progress that belonged to the mission before."""
        self.catch_up()
        self._set(mission_item=None, mission_items=None)

    def _set(self, **changes: object) -> None:
        self._news.update(changes)

    def _heartbeat(self, fields: Fields) -> None:
        self._autopilot = _int(fields, "autopilot")
        mode = FlightMode.UNKNOWN if self.foreign else mode_of(_int(fields, "custom_mode"))
        self._set(mode=mode, is_armed=bool(_int(fields, "base_mode") & _ARMED))

    def _position(self, fields: Fields) -> None:
        now_s = self._heard_s
        vehicle_time_s = _int(fields, "time_boot_ms") / 1e3
        position = _place(fields, "lon", "lat")
        if self.identity.observe(vehicle_time_s=vehicle_time_s, position=position, now_s=now_s):
            self._on_reboot()
        heading = _int(fields, "hdg")
        if heading != _NO_ITEMS:
            self._news["heading_deg"] = heading / 1e2
        self._set(
            received_s=now_s,
            received_at=self._heard_at,
            vehicle_time_s=vehicle_time_s,
            position=position,
            altitude_amsl_m=_int(fields, "alt") / 1e3,
            height_above_home_m=_int(fields, "relative_alt") / 1e3,
            east_m_s=_int(fields, "vy") / 1e2,
            north_m_s=_int(fields, "vx") / 1e2,
            up_m_s=-_int(fields, "vz") / 1e2,
        )

    def _landed(self, fields: Fields) -> None:
        self._set(landed=landed_of(_int(fields, "landed_state")))

    def _status(self, fields: Fields) -> None:
        remaining = _int(fields, "battery_remaining")
        self._set(
            battery_ratio=None if remaining < 0 else remaining / 100,
            health_ok=bool(_int(fields, "onboard_control_sensors_health") & _PREARM_CHECK),
        )

    def _gps(self, fields: Fields) -> None:
        self._set(gps_ok=_int(fields, "fix_type") >= 3)

    def _home(self, fields: Fields) -> None:
        self._set(home=_place(fields, "longitude", "latitude"), home_altitude_amsl_m=_int(fields, "altitude") / 1e3)

    def _mission(self, fields: Fields) -> None:
        total = _int(fields, "total")
        items = 0 if total == _NO_ITEMS else total
        is_complete = _int(fields, "mission_state") == _MISSION_COMPLETE
        self._set(mission_item=items if is_complete else _int(fields, "seq"), mission_items=items)

    def _text(self, fields: Fields) -> None:
        text = self._texts.add(fields)
        if text is None:
            return
        severity = _SEVERITIES[min(_int(fields, "severity"), len(_SEVERITIES) - 1)]
        if _int(fields, "severity") <= 4:
            self._because = self._reasons.add(text, self._heard_s)
        self._on_message(
            VehicleMessage(vehicle_id=self._state.vehicle_id, received_at=self._heard_at, severity=severity, text=text)
        )

    def _version(self, fields: Fields) -> None:
        self.identity.observe_uid(f"{fields.get('uid')} {fields.get('uid2')}", now_s=self._heard_s)

    def _gimbal_attitude(self, fields: Fields) -> None:
        w, x, y, z = (float(part) for part in _list(fields, "q"))
        if not math.isfinite(w + x + y + z):
            return
        roll_deg, pitch_deg, yaw_deg = euler_deg(from_quaternion(w, x, y, z))
        self._gimbal = (roll_deg, pitch_deg, yaw_deg, bool(_int(fields, "flags") & _YAW_IN_EARTH_FRAME))
        self._gimbal_s = self._heard_s

    def _attitude(self, fields: Fields) -> None:
        roll, pitch, yaw = (float(str(fields[name])) for name in ("roll", "pitch", "yaw"))
        look = self._look(roll, pitch, yaw)
        state = self.state()
        position, height_m = state.position, state.height_above_home_m
        if look is None or position is None or height_m is None or state.vehicle_time_s is None:
            return
        roll_deg, pitch_deg, yaw_deg = look
        vehicle_time_s = _int(fields, "time_boot_ms") / 1e3
        ahead_s = min(0.5, max(-0.5, vehicle_time_s - state.vehicle_time_s))
        self._on_pose(
            CameraPose(
                vehicle_time_s=vehicle_time_s,
                position=_ahead(position, state, ahead_s),
                height_agl_m=height_m + state.up_m_s * ahead_s,
                yaw_deg=yaw_deg % 360,
                pitch_deg=pitch_deg,
                roll_deg=roll_deg,
            )
        )

    def _look(self, roll: float, pitch: float, yaw: float) -> tuple[float, float, float] | None:
        """Return the camera's roll, pitch and yaw in degrees against north and the horizon, where it is known."""
        if self._gimbal is not None and self._clock.monotonic_s() - self._gimbal_s < _GIMBAL_FRESH_S:
            roll_deg, pitch_deg, yaw_deg, is_earth = self._gimbal
            return roll_deg, pitch_deg, yaw_deg if is_earth else yaw_deg + math.degrees(yaw)
        if self._mount is not None:
            body = from_euler(roll, pitch, yaw)
            return euler_deg(body @ from_euler(0.0, math.radians(self._mount.pitch_deg), 0.0))
        return None


class _Reasons:
    """The warnings of the last seconds as one sentence: a vehicle gives its cause and its reaction one by one."""

    _TOGETHER_S = 5.0

    def __init__(self) -> None:
        self._texts: dict[str, float] = {}

    def add(self, text: str, now_s: float) -> str:
        self._texts = {old: at_s for old, at_s in self._texts.items() if now_s - at_s < self._TOGETHER_S}
        self._texts[text] = now_s
        return "; ".join(self._texts)


class _TextAssembler:
    """Put the 50-character chunks of long status texts together."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._id = 0

    def add(self, fields: Fields) -> str | None:
        text, text_id = str(fields["text"]).rstrip("\0"), _int(fields, "id")
        if text_id == 0:
            return text.strip()
        if text_id != self._id or _int(fields, "chunk_seq") == 0:
            self._parts, self._id = [], text_id
        self._parts.append(text)
        return None if len(text) >= 50 else "".join(self._parts).strip()


def _int(fields: Fields, name: str) -> int:
    value = fields.get(name)
    return int(value) if isinstance(value, int | float) else 0


def _list(fields: Fields, name: str) -> list[float]:
    value = fields.get(name)
    return [math.nan if part is None else part for part in value] if isinstance(value, list) else [math.nan] * 4


def _place(fields: Fields, lon: str, lat: str) -> GeoPosition:
    return GeoPosition(lon_deg=_int(fields, lon) / 1e7, lat_deg=_int(fields, lat) / 1e7)


def _ahead(position: GeoPosition, state: VehicleState, seconds_s: float) -> GeoPosition:
    east_m, north_m = state.east_m_s * seconds_s, state.north_m_s * seconds_s
    per_deg_m = _M_PER_DEG * max(0.01, math.cos(math.radians(position.lat_deg)))
    return GeoPosition(lon_deg=position.lon_deg + east_m / per_deg_m, lat_deg=position.lat_deg + north_m / _M_PER_DEG)
