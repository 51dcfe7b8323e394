"""How a mission is flown, item by item, after PX4 v1.16's multicopter."""

import math
from collections.abc import Callable, Mapping

from sim.cockpit import Cockpit, yaw_or_none
from sim.flight import Landed, Mode, Phase, Point
from sim.guidance import corner_speed_m_s, distance_m, go_to, heading_deg
from sim.landing import land
from sim.plan import Nav, PlanItem, PlanType
from sim.quadrotor import Wanted

_MOST_ITEMS_A_STEP = 20


def mission_items(cockpit: Cockpit) -> tuple[PlanItem, ...]:
    """Return the mission that the vehicle holds."""
    return cockpit.record.plan.items[PlanType.MISSION]


def enter_mission(cockpit: Cockpit) -> None:
    """Go on with the mission from its current item; one that had ended begins anew."""
    record = cockpit.record
    if record.items_done:
        record.item, record.items_done, record.reached = 0, False, -1
    if mission_items(cockpit):
        cockpit.say("Executing Mission")
        _begin_item(cockpit)


def fly_mission(cockpit: Cockpit) -> Wanted:
    """Return what the current item wants of the body; items that take no time are done on the way."""
    record = cockpit.record
    for _ in range(_MOST_ITEMS_A_STEP):
        if record.items_done or record.mode is not record.intended or not mission_items(cockpit):
            break
        if not _do_item(cockpit):
            break
        _advance(cockpit)
    return _wanted(cockpit)


def current_item(cockpit: Cockpit) -> PlanItem | None:
    """Return the item that is being flown."""
    items = mission_items(cockpit)
    return items[cockpit.record.item] if cockpit.record.item < len(items) else None


def _begin_item(cockpit: Cockpit) -> None:
    record, item = cockpit.record, current_item(cockpit)
    record.item_since_s, record.item_arrived_s = cockpit.now_s, None
    if item is None or not item.has_place:
        record.target = record.target or cockpit.stopping_point()
        return
    here = cockpit.here()
    on_ground = record.landed is Landed.ON_GROUND
    # On the ground every item begins with a climb to its height, whether it is a take-off item or not.
    cockpit.enter_phase(Phase.CLIMB if on_ground or item.command == Nav.TAKEOFF else Phase.CRUISE)
    record.leg_from = here if on_ground or record.target is None else record.target
    if distance_m(cockpit.believed(), record.leg_from) > 5.0:
        record.leg_from = here
    record.target = cockpit.place(item, yaw_deg=yaw_or_none(item.params[3]))
    if item.command == Nav.TAKEOFF:
        record.target = Point(east_m=here.east_m, north_m=here.north_m, up_m=record.target.up_m)
    elif item.command == Nav.LAND:
        record.target.up_m = max(here.up_m, record.target.up_m)


def _advance(cockpit: Cockpit) -> None:
    record = cockpit.record
    record.reached = record.item
    cockpit.reached.append(record.item)
    if record.item + 1 < len(mission_items(cockpit)):
        record.item += 1
        _begin_item(cockpit)
        return
    record.items_done = True
    if record.intended is Mode.MISSION:
        landed = record.landed is Landed.ON_GROUND
        cockpit.say("Mission finished, landed" if landed else "Mission finished, loitering")
        record.intended = Mode.HOLD


def _wanted(cockpit: Cockpit) -> Wanted:
    record, body = cockpit.record, cockpit.believed()
    target = record.target or cockpit.here()
    item = current_item(cockpit)
    if record.phase is Phase.LAND:
        return land(cockpit)
    speeds = cockpit.speeds(cruise_m_s=record.cruise_m_s)
    if record.phase is Phase.CLIMB and record.leg_from is not None:
        over_start = Point(east_m=record.leg_from.east_m, north_m=record.leg_from.north_m, up_m=target.up_m)
        return go_to(body, over_start, speeds)
    away_m = distance_m(body, target)
    yaw_deg = target.yaw_deg if target.yaw_deg is not None or away_m < 2.0 else heading_deg(body, target)
    aim = Point(east_m=target.east_m, north_m=target.north_m, up_m=target.up_m, yaw_deg=yaw_deg)
    return go_to(body, aim, speeds, leg_from=record.leg_from, arrive_m_s=_arrival_m_s(cockpit, item, target))


def _arrival_m_s(cockpit: Cockpit, item: PlanItem | None, target: Point) -> float:
    """Return how fast the target may be passed: only straight on into a next waypoint without a stop."""
    record = cockpit.record
    if item is None or item.command != Nav.WAYPOINT or item.params[0] > 0 or record.leg_from is None:
        return 0.0
    following = next(
        (each for each in mission_items(cockpit)[record.item + 1 :] if each.has_place or each.command == Nav.DELAY),
        None,
    )
    if following is None or following.command != Nav.WAYPOINT:
        return 0.0
    cruise = cockpit.speeds(cruise_m_s=record.cruise_m_s).horizontal_m_s
    return corner_speed_m_s(target, cockpit.place(following), cruise, start=record.leg_from)


def _do_item(cockpit: Cockpit) -> bool:
    """Work on the current item; return whether it is done."""
    item = current_item(cockpit)
    assert item is not None
    return _DO.get(Nav(item.command), _done)(cockpit, item)


def _done(_cockpit: Cockpit, _item: PlanItem) -> bool:
    return True


def _fly_there(cockpit: Cockpit, item: PlanItem) -> bool:
    """A waypoint: be within its radius and height, then stay as long as it says."""
    record, body = cockpit.record, cockpit.believed()
    target = record.target or cockpit.here()
    height_ok = abs(body.up_m - target.up_m) < cockpit.parameters["NAV_MC_ALT_RAD"]
    if record.phase is Phase.CLIMB:
        is_up = height_ok and record.landed is not Landed.ON_GROUND
        if is_up:
            cockpit.enter_phase(Phase.CRUISE)
        return is_up and item.command == Nav.TAKEOFF
    radius_m = (
        item.params[1] if item.command == Nav.WAYPOINT and item.params[1] > 0 else cockpit.parameters["NAV_ACC_RAD"]
    )
    if record.item_arrived_s is None and distance_m(body, target) < radius_m and height_ok:
        record.item_arrived_s = cockpit.now_s
    stay_s = item.params[0] if item.command in {Nav.WAYPOINT, Nav.LOITER_TIME} else 0.0
    return record.item_arrived_s is not None and cockpit.now_s - record.item_arrived_s >= stay_s


def _wait(cockpit: Cockpit, item: PlanItem) -> bool:
    return cockpit.now_s - cockpit.record.item_since_s >= max(0.0, item.params[0])


def _loiter_for_ever(cockpit: Cockpit, item: PlanItem) -> bool:
    _fly_there(cockpit, item)
    return False


def _land_there(cockpit: Cockpit, _item: PlanItem) -> bool:
    record = cockpit.record
    if record.phase is Phase.CLIMB:
        return record.has_flown and record.landed is Landed.ON_GROUND
    if record.phase is Phase.CRUISE and distance_m(cockpit.believed(), record.target or cockpit.here()) < 1.0:
        cockpit.enter_phase(Phase.LAND)
    return record.phase is Phase.LAND and record.landed is Landed.ON_GROUND


def _go_home(cockpit: Cockpit, _item: PlanItem) -> bool:
    cockpit.record.intended = Mode.RETURN
    return True


def _change_speed(cockpit: Cockpit, item: PlanItem) -> bool:
    if item.params[1] > 0:
        cockpit.record.cruise_m_s = item.params[1]
    elif item.params[1] in {-1.0, -2.0}:
        cockpit.record.cruise_m_s = None
    return True


def _point_mount(cockpit: Cockpit, item: PlanItem) -> bool:
    cockpit.record.gimbal.pitch_deg = item.params[0]
    cockpit.record.gimbal.yaw_deg = item.params[2] if math.isfinite(item.params[2]) else 0.0
    cockpit.record.gimbal.is_yaw_locked = False
    return True


def _point_gimbal(cockpit: Cockpit, item: PlanItem) -> bool:
    point_gimbal(cockpit, pitch_deg=item.params[0], yaw_deg=item.params[1], flags=item.x)
    return True


def point_gimbal(cockpit: Cockpit, *, pitch_deg: float, yaw_deg: float, flags: int) -> None:
    """Turn the gimbal; NaN leaves an axis, flag 16 (GIMBAL_MANAGER_FLAGS_YAW_LOCK) locks the yaw to north."""
    gimbal = cockpit.record.gimbal
    if math.isfinite(pitch_deg):
        gimbal.pitch_deg = max(-90.0, min(30.0, pitch_deg))
    if math.isfinite(yaw_deg):
        gimbal.yaw_deg = yaw_deg
        gimbal.is_yaw_locked = bool(flags & 16)


_DO: Mapping[Nav, Callable[[Cockpit, PlanItem], bool]] = {
    Nav.WAYPOINT: _fly_there,
    Nav.TAKEOFF: _fly_there,
    Nav.LOITER_TIME: _fly_there,
    Nav.LOITER_TO_ALT: _fly_there,
    Nav.LOITER_UNLIMITED: _loiter_for_ever,
    Nav.DELAY: _wait,
    Nav.CONDITION_DELAY: _wait,
    Nav.LAND: _land_there,
    Nav.RETURN_TO_LAUNCH: _go_home,
    Nav.DO_CHANGE_SPEED: _change_speed,
    Nav.DO_MOUNT_CONTROL: _point_mount,
    Nav.DO_GIMBAL_MANAGER_PITCHYAW: _point_gimbal,
}
