"""What goes over the MAVLink wire for a plan: mission, fence and safe points as plain values, and their digest.

Numbers are rounded before upload so far that an autopilot's own rounding cannot change them: what is read back
is compared digit by digit. Sources: MAVLink common message set; PX4 v1.16 `mavlink_mission.cpp`.
"""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from fleet.drivers.mavlink_fence import FencePolygon, fence_polygons
from fleet.errors import OrderRefused
from fleet.orders import Leg, Order
from fleet.vehicle import Plan
from geofence.positions import GeoPosition

MOST_MISSION_ITEMS = 500
_ACCEPTANCE_M = 2.0
_OVER_DOCK_M = 1.0
_STABILISED_FLAGS = 12
"""Gimbal manager flags: roll and pitch stay with the horizon, yaw follows the vehicle."""
_NOT_A_NUMBER = float("nan")


class MissionKind(StrEnum):
    """The three lists that a MAVLink vehicle keeps."""

    MISSION = "mission"
    FENCE = "fence"
    RALLY = "rally"


class Frame(IntEnum):
    """MAV_FRAME."""

    NONE = 2
    SAFE_POINT = 3
    """Above home, too, and read back as `ABOVE_HOME`: the only frames that PX4's way home knows for safe points are 0
    and 3; with another it may fly to a place that was never set (v1.16, rtl.cpp, setSafepointAsDestination)."""
    GLOBAL = 5
    ABOVE_HOME = 6


class ItemCommand(IntEnum):
    """The MAV_CMDs that plans are made of."""

    WAYPOINT = 16
    LAND = 21
    TAKEOFF = 22
    CHANGE_SPEED = 178
    GIMBAL_PITCH_YAW = 1000
    FENCE_INCLUSION = 5001
    FENCE_EXCLUSION = 5002
    RALLY_POINT = 5100


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One MISSION_ITEM_INT; x and y are latitude and longitude in 1e-7 degrees where the frame is a place."""

    command: int
    frame: int
    param1: float = 0.0
    param2: float = 0.0
    param3: float = 0.0
    param4: float = 0.0
    x: int = 0
    y: int = 0
    z: float = 0.0

    def canonical(self) -> str:
        """Return the item as text that is equal for equal items, whatever rounding the vehicle did."""
        numbers = (self.param1, self.param2, self.param3, self.param4, self.z)
        place = (self.x, self.y) if self.frame == Frame.NONE else (round(self.x / 10), round(self.y / 10))
        frame = Frame.ABOVE_HOME if self.frame == Frame.SAFE_POINT else self.frame
        return " ".join([str(int(self.command)), str(int(frame)), *map(str, place), *map(_tenths, numbers)])


@dataclass(frozen=True, slots=True, kw_only=True)
class WireMission:
    """The mission of a plan, with the item at which each leg ends; made at once, unlike a fence."""

    items: tuple[Item, ...]
    first_leg: int
    leg_items: tuple[int, ...]
    """For each leg from `first_leg` on: the index of its waypoint in `items`."""

    def legs_done(self, *, current_item: int) -> int:
        """Return how many legs of the order are done while the vehicle works on mission item *current_item*."""
        return self.first_leg + sum(current_item > index for index in self.leg_items)


@dataclass(frozen=True, slots=True, kw_only=True)
class WirePlan:
    """Everything that a plan puts on a vehicle."""

    mission: tuple[Item, ...]
    fence: tuple[Item, ...]
    rally: tuple[Item, ...]

    @property
    def digest(self) -> str:
        """Return the digest of all three lists."""
        return digest_of(mission=self.mission, fence=self.fence, rally=self.rally)


def digest_of(*, mission: Sequence[Item], fence: Sequence[Item], rally: Sequence[Item]) -> str:
    """Return the SHA-256 (hexadecimal) of what a vehicle holds."""
    parts = ((MissionKind.MISSION, mission), (MissionKind.FENCE, fence), (MissionKind.RALLY, rally))
    text = "\n".join(f"{kind} {item.canonical()}" for kind, items in parts for item in items)
    return hashlib.sha256(text.encode()).hexdigest()


def first_difference(sent: Sequence[Item], read: Sequence[Item]) -> str | None:
    """Return what differs between what was sent and what was read back, in words; None when they are equal."""
    if len(sent) != len(read):
        return f"{len(sent)} items were sent and {len(read)} are held"
    pairs = enumerate(zip(sent, read, strict=True))
    wrong = (f"item {i}: sent {s}, held {r}" for i, (s, r) in pairs if s.canonical() != r.canonical())
    return next(wrong, None)


def wire_mission(plan: Plan) -> WireMission:
    """Return the mission of *plan*; raises OrderRefused when it is too long or has nothing left to fly."""
    legs = plan.order.legs[plan.first_leg :]
    if not legs:
        raise OrderRefused("no legs are left to fly", where=plan.order.id, remedy="return home instead")
    mission, leg_items = _mission(plan, legs)
    if len(mission) > MOST_MISSION_ITEMS:
        raise OrderRefused(
            f"the mission has {len(mission)} items, a vehicle holds {MOST_MISSION_ITEMS}",
            where=plan.order.id,
            remedy="split the patrol",
        )
    return WireMission(items=mission, first_leg=plan.first_leg, leg_items=tuple(leg_items))


def wire_plan(plan: Plan) -> WirePlan:
    """Return what *plan* puts on a vehicle, its fence fitted; raises OrderRefused when it is more than that holds."""
    mission = wire_mission(plan)
    fence = tuple(item for polygon in fence_polygons(plan.order, start=plan.start) for item in _fence_items(polygon))
    rally = tuple(
        _place(ItemCommand.RALLY_POINT, home.place, height_m=0.0, frame=Frame.SAFE_POINT)
        for home in (plan.order.dock, *plan.order.rally_points)
    )
    return WirePlan(mission=mission.items, fence=fence, rally=rally)


def _mission(plan: Plan, legs: Sequence[Leg]) -> tuple[tuple[Item, ...], list[int]]:
    items: list[Item] = [] if plan.from_air else [_takeoff(plan.order)]
    leg_items: list[int] = []
    speed_m_s: float | None = None
    pitch_deg: float | None = None
    for leg in legs:
        if leg.speed_m_s != speed_m_s:
            speed_m_s = leg.speed_m_s
            items.append(_speed(speed_m_s))
        if leg.camera is not None and leg.camera.pitch_deg != pitch_deg:
            pitch_deg = leg.camera.pitch_deg
            items.append(_gimbal(pitch_deg))
        leg_items.append(len(items))
        items.append(_waypoint(leg))
    if plan.end_with_landing:
        items.extend(_way_home(plan.order, legs[-1]))
    return tuple(items), leg_items


def _takeoff(order: Order) -> Item:
    return _place(ItemCommand.TAKEOFF, order.dock.place, height_m=order.takeoff_height_agl_m, param4=_NOT_A_NUMBER)


def _speed(speed_m_s: float) -> Item:
    return Item(command=ItemCommand.CHANGE_SPEED, frame=Frame.NONE, param1=1.0, param2=_rounded(speed_m_s), param3=-1.0)


def _gimbal(pitch_deg: float) -> Item:
    return Item(command=ItemCommand.GIMBAL_PITCH_YAW, frame=Frame.NONE, param1=_rounded(pitch_deg), x=_STABILISED_FLAGS)


def _waypoint(leg: Leg) -> Item:
    yaw_deg = leg.camera.yaw_deg if leg.camera is not None else None
    return _place(
        ItemCommand.WAYPOINT,
        leg.place,
        height_m=leg.height_agl_m,
        param1=_rounded(leg.dwell_s),
        param2=_ACCEPTANCE_M,
        param4=_NOT_A_NUMBER if yaw_deg is None else float(round(yaw_deg) % 360),
    )


def _way_home(order: Order, last: Leg) -> Iterator[Item]:
    """Yield the proved way home: straight to the return height, home at it, straight down."""
    if _distance_m(last.place, order.dock.place) > _OVER_DOCK_M:
        for place in (last.place, order.dock.place):
            yield _place(
                ItemCommand.WAYPOINT,
                place,
                height_m=order.return_height_agl_m,
                param2=_ACCEPTANCE_M,
                param4=_NOT_A_NUMBER,
            )
    yield _place(ItemCommand.LAND, order.dock.place, height_m=0.0, param4=_NOT_A_NUMBER)


def _fence_items(polygon: FencePolygon) -> Iterator[Item]:
    command = ItemCommand.FENCE_INCLUSION if polygon.is_inclusion else ItemCommand.FENCE_EXCLUSION
    for corner in polygon.corners:
        yield _place(command, corner, height_m=0.0, param1=float(len(polygon.corners)), frame=Frame.GLOBAL)


def _place(
    command: ItemCommand,
    place: GeoPosition,
    *,
    height_m: float,
    param1: float = 0.0,
    param2: float = 0.0,
    param4: float = 0.0,
    frame: Frame = Frame.ABOVE_HOME,
) -> Item:
    x, y = round(place.lat_deg * 1e6) * 10, round(place.lon_deg * 1e6) * 10
    return Item(
        command=command, frame=frame, param1=param1, param2=param2, param4=param4, x=x, y=y, z=_rounded(height_m)
    )


def _rounded(value: float) -> float:
    return round(value, 1)


def _tenths(value: float) -> str:
    return "nan" if math.isnan(value) else str(round(value * 10))


def _distance_m(one: GeoPosition, other: GeoPosition) -> float:
    north_m = (one.lat_deg - other.lat_deg) * 111_195.0
    east_m = (one.lon_deg - other.lon_deg) * 111_195.0 * math.cos(math.radians(one.lat_deg))
    return math.hypot(north_m, east_m)
