"""What an autopilot holds: mission, fence and safe points, and the checks that PX4 makes on them."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum


class PlanType(IntEnum):
    """The three lists of MAVLink's mission protocol (MAV_MISSION_TYPE)."""

    MISSION = 0
    FENCE = 1
    RALLY = 2


class Nav(IntEnum):
    """The commands of mission items that the simulated autopilot knows (MAV_CMD)."""

    WAYPOINT = 16
    LOITER_UNLIMITED = 17
    LOITER_TIME = 19
    RETURN_TO_LAUNCH = 20
    LAND = 21
    TAKEOFF = 22
    LOITER_TO_ALT = 31
    DELAY = 93
    CONDITION_DELAY = 112
    CONDITION_YAW = 115
    DO_CHANGE_SPEED = 178
    DO_SET_HOME = 179
    DO_LAND_START = 189
    DO_SET_ROI_LOCATION = 195
    DO_SET_ROI_NONE = 197
    DO_CONTROL_VIDEO = 200
    DO_SET_ROI = 201
    DO_DIGICAM_CONTROL = 203
    DO_MOUNT_CONFIGURE = 204
    DO_MOUNT_CONTROL = 205
    DO_SET_CAM_TRIGG_DIST = 206
    DO_SET_CAM_TRIGG_INTERVAL = 214
    SET_CAMERA_MODE = 530
    DO_GIMBAL_MANAGER_PITCHYAW = 1000
    DO_GIMBAL_MANAGER_CONFIGURE = 1001
    IMAGE_START_CAPTURE = 2000
    IMAGE_STOP_CAPTURE = 2001
    VIDEO_START_CAPTURE = 2500
    VIDEO_STOP_CAPTURE = 2501
    FENCE_INCLUSION = 5001
    FENCE_EXCLUSION = 5002
    FENCE_CIRCLE_INCLUSION = 5003
    FENCE_CIRCLE_EXCLUSION = 5004
    RALLY_POINT = 5100


CAPACITY = {PlanType.MISSION: 500, PlanType.FENCE: 64, PlanType.RALLY: 32}
FRAME_GLOBAL, FRAME_MISSION, FRAME_RELATIVE = 0, 2, 3
_FRAMES = {0: 0, 5: 0, 2: 2, 3: 3, 6: 3}
_PLACED = frozenset({Nav.WAYPOINT, Nav.LOITER_UNLIMITED, Nav.LOITER_TIME, Nav.LAND, Nav.TAKEOFF, Nav.LOITER_TO_ALT})
_FENCE = frozenset({Nav.FENCE_INCLUSION, Nav.FENCE_EXCLUSION, Nav.FENCE_CIRCLE_INCLUSION, Nav.FENCE_CIRCLE_EXCLUSION})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanItem:
    """One item as it came by MAVLink: latitude and longitude in degrees × 10⁷, `z` in metres of its `frame`."""

    frame: int
    command: int
    autocontinue: int
    params: tuple[float, float, float, float]
    x: int
    y: int
    z: float

    @property
    def lat_deg(self) -> float:
        """Return the latitude."""
        return self.x * 1e-7

    @property
    def lon_deg(self) -> float:
        """Return the longitude."""
        return self.y * 1e-7

    @property
    def has_place(self) -> bool:
        """Say whether the vehicle flies to this item's place."""
        return self.command in _PLACED


@dataclass(slots=True, kw_only=True)
class PlanStore:
    """The three lists with the ids (CRC-32) by which a ground station recognises its own plan."""

    items: dict[PlanType, tuple[PlanItem, ...]] = field(default_factory=lambda: dict.fromkeys(PlanType, ()))
    ids: dict[PlanType, int] = field(default_factory=lambda: dict.fromkeys(PlanType, 0))

    def replace(self, kind: PlanType, items: Sequence[PlanItem]) -> bool:
        """Store *items*; return False when they are what was held already."""
        new_id = plan_id(items)
        if new_id == self.ids[kind] and tuple(items) == self.items[kind]:
            return False
        self.items[kind] = tuple(items)
        self.ids[kind] = new_id
        return True


def plan_id(items: Sequence[PlanItem]) -> int:
    """Return the CRC-32 over the items, 0 for none, as PX4 makes its opaque id."""
    value = 0
    for item in items:
        raw = struct.pack(
            "<BHB4fiif", item.frame, item.command, item.autocontinue, *item.params, item.x, item.y, item.z
        )
        value = zlib.crc32(raw, value)
    return value


def item_fault(kind: PlanType, item: PlanItem) -> int:
    """Return the MAV_MISSION_RESULT for one item of a list: 0 accepted, 1 error, 2 frame, 3 unsupported."""
    if item.frame not in _FRAMES:
        return 2
    if item.command not in set(Nav):
        return 3
    if kind is PlanType.FENCE:
        return _fence_item_fault(item)
    if kind is PlanType.RALLY:
        return 0 if item.command == Nav.RALLY_POINT else 1
    return 1 if item.command in _FENCE or item.command == Nav.RALLY_POINT else 0


def is_relative(item: PlanItem) -> bool:
    """Say whether the height of *item* is above home."""
    return _FRAMES[item.frame] == FRAME_RELATIVE


def mission_fault(items: Sequence[PlanItem]) -> str | None:
    """Return PX4's words for a mission that cannot be flown, None for a fine one."""
    flights = [item for item in items if item.command < Nav.DELAY]
    if not flights:
        return "Mission rejected: no flyable item"
    for number, item in enumerate(items, 1):
        if item.has_place and not (abs(item.lat_deg) > 1e-6 or abs(item.lon_deg) > 1e-6):
            return f"Mission rejected: item {number}: invalid position"
        if item.has_place and item.z != item.z:
            return f"Mission rejected: item {number}: invalid altitude"
    if flights[0].command == Nav.LAND:
        return "Mission rejected: starts with landing"
    if any(item.command == Nav.TAKEOFF for item in flights[1:]):
        return "Mission rejected: takeoff not first waypoint item"
    return None


def _fence_item_fault(item: PlanItem) -> int:
    if item.command not in _FENCE:
        return 1
    is_polygon = item.command in {Nav.FENCE_INCLUSION, Nav.FENCE_EXCLUSION}
    return 1 if is_polygon and item.params[0] < 3 else 0
