"""What an autopilot does by itself when something fails, after PX4 v1.16's failsafe framework."""

from sim.flight import SEVERITY, Action, FlightRecord, Mode
from sim.parameters import Parameters

_LINK_ACTIONS = {1: Action.HOLD, 2: Action.RETURN, 3: Action.LAND}
_FENCE_ACTIONS = {2: Action.HOLD, 3: Action.RETURN, 5: Action.LAND}
MODE_OF = {
    Action.HOLD: Mode.HOLD,
    Action.RETURN: Mode.RETURN,
    Action.LAND: Mode.LAND,
    Action.DESCEND: Mode.LAND,
}


def battery_warning(ratio: float, parameters: Parameters) -> int:
    """Return 0 for a fine battery, 1 low, 2 critical, 3 emergency."""
    thresholds = ("BAT_LOW_THR", "BAT_CRIT_THR", "BAT_EMERGEN_THR")
    return sum(ratio < parameters[name] for name in thresholds)


def wanted_actions(
    record: FlightRecord, parameters: Parameters, *, link_age_s: float, is_inside_fence: bool
) -> dict[str, Action]:
    """Return the action of each cause that holds now ("link", "battery", "fence"); latched ones stay."""
    if link_age_s > parameters["COM_DL_LOSS_T"] and (act := _LINK_ACTIONS.get(parameters.whole("NAV_DLL_ACT"))):
        record.latched.setdefault("link", act)
    elif record.delayed_action is not Action.NONE:
        record.latched.pop("link", None)
    if not is_inside_fence and (act := _FENCE_ACTIONS.get(parameters.whole("GF_ACTION"))):
        record.latched.setdefault("fence", act)
    actions = dict(record.latched)
    if (act := _battery_action(record, parameters)) is not Action.NONE:
        actions["battery"] = act
    return actions


def worst(actions: dict[str, Action]) -> tuple[Action, str]:
    """Return the gravest action and its cause."""
    if not actions:
        return Action.NONE, ""
    cause = max(actions, key=lambda name: SEVERITY.index(actions[name]))
    return actions[cause], cause


def _battery_action(record: FlightRecord, parameters: Parameters) -> Action:
    level = battery_warning(record.battery_ratio, parameters)
    act = parameters.whole("COM_LOW_BAT_ACT")
    if level < 2 or act == 0 or level <= record.battery_warning_at_arming:
        return Action.NONE
    if level == 2:
        return Action.LAND if act == 2 else Action.RETURN
    return Action.RETURN if act == 1 else Action.LAND
