"""An order's failsafe choices as PX4 parameters, checked before anything is sent."""

from dataclasses import dataclass

from fleet.drivers.mavlink_fence import ceiling_agl_m
from fleet.errors import OrderRefused
from fleet.orders import Failsafe, FailsafeChoices, Order

_LINK_ACTIONS = {Failsafe.CONTINUE: 0, Failsafe.HOLD: 1, Failsafe.RETURN: 2, Failsafe.LAND: 3}
_BATTERY_ACTIONS = {Failsafe.CONTINUE: 0, Failsafe.LAND: 2, Failsafe.RETURN: 3}
_FENCE_RETURN = 3
_BATTERY_RATIOS = (0.06, 0.45)
_LINK_TIMES_S = (5.0, 300.0)
_EMERGENCY_RATIO = 0.05
_COLUMN_M = 2.0
"""Nearer than this to the dock a returning vehicle just descends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A PX4 parameter; an `int` value is written as INT32, a `float` as FLOAT."""

    name: str
    value: int | float

    def is_held(self, value: int | float) -> bool:
        """Say whether the vehicle's own *value* is this one (floats travel in single precision)."""
        return abs(self.value - value) <= 1e-4 * max(1.0, abs(self.value))


def failsafe_parameters(order: Order) -> tuple[Parameter, ...]:
    """Return the parameters for *order*; raises OrderRefused for a choice that the autopilot cannot keep."""
    choices = order.failsafes
    _check(choices, order)
    return (*_link(choices), *_battery(choices), *_way_home(order), *_fence(order))


def _check(choices: FailsafeChoices, order: Order) -> None:
    least, most = _BATTERY_RATIOS
    shortest_s, longest_s = _LINK_TIMES_S
    problems = {
        "battery_low": choices.battery_low not in _BATTERY_ACTIONS and "PX4 cannot hold on a low battery",
        "battery_low_ratio": not least <= choices.battery_low_ratio <= most and f"must be {least} to {most}",
        "position_lost": choices.position_lost is not Failsafe.LAND and "without a position PX4 can only land",
        "link_lost_after_s": not shortest_s <= choices.link_lost_after_s <= longest_s
        and f"must be {shortest_s} to {longest_s}",
    }
    for name, problem in problems.items():
        if problem:
            raise OrderRefused(str(problem), where=f"{order.id} failsafes.{name}", remedy="choose another failsafe")


def _link(choices: FailsafeChoices) -> tuple[Parameter, ...]:
    return (
        Parameter(name="NAV_DLL_ACT", value=_LINK_ACTIONS[choices.link_lost]),
        Parameter(name="COM_DL_LOSS_T", value=round(choices.link_lost_after_s)),
    )


def _battery(choices: FailsafeChoices) -> tuple[Parameter, ...]:
    return (
        Parameter(name="COM_LOW_BAT_ACT", value=_BATTERY_ACTIONS[choices.battery_low]),
        Parameter(name="BAT_LOW_THR", value=round(max(0.12, choices.battery_low_ratio + 0.05), 3)),
        Parameter(name="BAT_CRIT_THR", value=float(choices.battery_low_ratio)),
        Parameter(name="BAT_EMERGEN_THR", value=_EMERGENCY_RATIO),
    )


def _way_home(order: Order) -> tuple[Parameter, ...]:
    return (
        Parameter(name="RTL_TYPE", value=0),
        Parameter(name="RTL_CONE_ANG", value=0),
        Parameter(name="RTL_RETURN_ALT", value=float(order.return_height_agl_m)),
        Parameter(name="RTL_DESCEND_ALT", value=float(min(order.takeoff_height_agl_m, order.return_height_agl_m))),
        Parameter(name="RTL_LAND_DELAY", value=0.0),
        Parameter(name="RTL_MIN_DIST", value=_COLUMN_M),
    )


def _fence(order: Order) -> tuple[Parameter, ...]:
    return (
        Parameter(name="GF_ACTION", value=_FENCE_RETURN),
        Parameter(name="GF_MAX_VER_DIST", value=float(ceiling_agl_m(order) or 0.0)),
    )
