"""PX4's flight modes in the words of the field, both ways."""

from fleet.telemetry import FlightMode, LandedState

PX4_AUTOPILOT = 12
"""MAV_AUTOPILOT_PX4."""
_OTHER_AUTOPILOTS = {3: "ArduPilot"}
_AUTO = 4
_AUTO_MODES = {
    1: FlightMode.READY,
    2: FlightMode.TAKEOFF,
    3: FlightMode.HOLD,
    4: FlightMode.MISSION,
    5: FlightMode.RETURN,
    6: FlightMode.LAND,
    9: FlightMode.LAND,
}
_MAIN_MODES = {
    1: FlightMode.MANUAL,
    2: FlightMode.MANUAL,
    3: FlightMode.MANUAL,
    5: FlightMode.MANUAL,
    6: FlightMode.OFFBOARD,
    7: FlightMode.MANUAL,
    8: FlightMode.MANUAL,
}
_COMMANDED = {FlightMode.HOLD: 3, FlightMode.MISSION: 4, FlightMode.RETURN: 5, FlightMode.LAND: 6}
_LANDED = {
    1: LandedState.ON_GROUND,
    2: LandedState.IN_AIR,
    3: LandedState.TAKING_OFF,
    4: LandedState.LANDING,
}


def mode_of(custom_mode: int) -> FlightMode:
    """Return the mode in a PX4 heartbeat's custom mode (main mode in bits 16-23, sub mode in bits 24-31)."""
    main, sub = custom_mode >> 16 & 0xFF, custom_mode >> 24 & 0xFF
    if main == _AUTO:
        return _AUTO_MODES.get(sub, FlightMode.OTHER)
    return _MAIN_MODES.get(main, FlightMode.UNKNOWN)


def foreign_autopilot(autopilot: int) -> str:
    """Return why a vehicle with this MAV_AUTOPILOT cannot be commanded, or nothing for a PX4."""
    if autopilot == PX4_AUTOPILOT:
        return ""
    name = _OTHER_AUTOPILOTS.get(autopilot, f"an autopilot of kind {autopilot}")
    return f"it is flown by {name}, which is not supported yet: its mode numbers differ from PX4's"


def set_mode_params(mode: FlightMode) -> tuple[float, float, float]:
    """Return the three parameters of MAV_CMD_DO_SET_MODE for *mode*, one of hold, mission, return, land."""
    return 1.0, float(_AUTO), float(_COMMANDED[mode])


def landed_of(landed_state: int) -> LandedState:
    """Return the landed state in EXTENDED_SYS_STATE."""
    return _LANDED.get(landed_state, LandedState.UNKNOWN)
