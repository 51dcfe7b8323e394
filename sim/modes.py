"""What each flight mode wants of the body: hold, take off, return, land."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from sim.cockpit import Cockpit
from sim.flight import Landed, Mode, Phase, Point
from sim.guidance import distance_m, go_to, heading_deg
from sim.landing import land
from sim.mission_flight import enter_mission, fly_mission
from sim.quadrotor import Wanted

_NEAR_M = 0.8


def enter_mode(cockpit: Cockpit, mode: Mode) -> None:
    """Prepare the record for flying *mode* from here."""
    record = cockpit.record
    record.mode = mode
    record.leg_from = None
    if mode is Mode.MISSION:
        enter_mission(cockpit)
    elif mode is Mode.RETURN:
        _enter_return(cockpit)
    elif mode is Mode.LAND:
        record.target = cockpit.stopping_point()
        cockpit.enter_phase(Phase.LAND)
    elif mode is Mode.TAKEOFF:
        record.target = cockpit.here(up_m=record.home.up_m + cockpit.parameters["MIS_TAKEOFF_ALT"])
    else:
        record.target = cockpit.stopping_point()


def wanted(cockpit: Cockpit) -> Wanted:
    """Return what the present mode asks of the body."""
    return _FLY[cockpit.record.mode](cockpit)


def hold(cockpit: Cockpit) -> Wanted:
    """Stay at the target."""
    target = cockpit.record.target or cockpit.here()
    return go_to(cockpit.believed(), target, cockpit.speeds())


def _take_off(cockpit: Cockpit) -> Wanted:
    record = cockpit.record
    target = record.target or cockpit.here()
    if record.landed is Landed.IN_AIR and abs(cockpit.believed().up_m - target.up_m) < _NEAR_M:
        record.intended = Mode.HOLD
    return go_to(cockpit.believed(), target, cockpit.speeds())


def _enter_return(cockpit: Cockpit) -> None:
    record = cockpit.record
    up_m = max(cockpit.believed().up_m, record.home.up_m + _return_height_m(cockpit))
    record.target = replace(cockpit.stopping_point(), up_m=up_m)
    cockpit.enter_phase(Phase.CLIMB)
    above_m = up_m - record.home.up_m
    cockpit.say(f"RTL: start return at {up_m + cockpit.ground_amsl_m:.0f} m ({above_m:.0f} m above destination)")


def _return_height_m(cockpit: Cockpit) -> float:
    """Return the height above home to return at: PX4's cone, a straight climb when its angle is 0."""
    parameters, body, home = cockpit.parameters, cockpit.believed(), cockpit.record.home
    cone_deg, away_m = parameters["RTL_CONE_ANG"], distance_m(body, home)
    if cone_deg > 0 and away_m < parameters["RTL_MIN_DIST"]:
        return min(parameters["RTL_RETURN_ALT"], max(body.up_m - home.up_m, parameters["RTL_DESCEND_ALT"]))
    if 0 < cone_deg < 90:
        return min(parameters["RTL_RETURN_ALT"], max(parameters["RTL_DESCEND_ALT"], 2.0 * away_m))
    return parameters["RTL_RETURN_ALT"]


def _return(cockpit: Cockpit) -> Wanted:
    record = cockpit.record
    if record.landed is Landed.ON_GROUND or record.target is None:
        return Wanted()
    return _RETURN[record.phase](cockpit, record.target)


def _return_climb(cockpit: Cockpit, target: Point) -> Wanted:
    body, record = cockpit.believed(), cockpit.record
    if abs(body.up_m - target.up_m) < _NEAR_M:
        record.leg_from = cockpit.here()
        record.target = replace(record.home, up_m=target.up_m, yaw_deg=heading_deg(body, record.home))
        cockpit.enter_phase(Phase.CRUISE)
    return go_to(body, target, cockpit.speeds())


def _return_cruise(cockpit: Cockpit, target: Point) -> Wanted:
    body, record = cockpit.believed(), cockpit.record
    if distance_m(body, target) < 1.0 and body.speed_m_s < 1.0:
        descend_m = record.home.up_m + cockpit.parameters["RTL_DESCEND_ALT"]
        record.leg_from = None
        record.target = replace(target, up_m=min(target.up_m, descend_m))
        cockpit.enter_phase(Phase.DESCEND)
    return go_to(body, target, cockpit.speeds(), leg_from=record.leg_from)


def _return_descend(cockpit: Cockpit, target: Point) -> Wanted:
    if abs(cockpit.believed().up_m - target.up_m) < _NEAR_M:
        cockpit.enter_phase(Phase.WAIT)
    return go_to(cockpit.believed(), target, cockpit.speeds())


def _return_wait(cockpit: Cockpit, target: Point) -> Wanted:
    delay_s = cockpit.parameters["RTL_LAND_DELAY"]
    if 0 <= delay_s <= cockpit.now_s - cockpit.record.phase_since_s:
        cockpit.enter_phase(Phase.LAND)
        cockpit.say("RTL: land at destination")
    return go_to(cockpit.believed(), target, cockpit.speeds())


def _return_land(cockpit: Cockpit, _target: Point) -> Wanted:
    return land(cockpit)


_RETURN: Mapping[Phase, Callable[[Cockpit, Point], Wanted]] = {
    Phase.CLIMB: _return_climb,
    Phase.CRUISE: _return_cruise,
    Phase.DESCEND: _return_descend,
    Phase.WAIT: _return_wait,
    Phase.LAND: _return_land,
}
_FLY: Mapping[Mode, Callable[[Cockpit], Wanted]] = {
    Mode.HOLD: hold,
    Mode.POSITION: hold,
    Mode.TAKEOFF: _take_off,
    Mode.MISSION: fly_mission,
    Mode.RETURN: _return,
    Mode.LAND: land,
}
