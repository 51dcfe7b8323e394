"""The autopilot's parameters: PX4 v1.16's names and defaults, for what the simulated quadrotor really obeys."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

DEFAULTS: Mapping[str, float | int] = {
    "BAT_CRIT_THR": 0.07,
    "BAT_EMERGEN_THR": 0.05,
    "BAT_LOW_THR": 0.15,
    "COM_DISARM_LAND": 2.0,
    "COM_DISARM_PRFLT": 10.0,
    "COM_DL_LOSS_T": 10,
    "COM_FAIL_ACT_T": 5.0,
    "COM_LOW_BAT_ACT": 3,
    "COM_POSCTL_NAVL": 0,
    "COM_RCL_EXCEPT": 7,
    "COM_RC_IN_MODE": 4,
    "COM_DLL_EXCEPT": 0,
    "GF_ACTION": 2,
    "GF_MAX_HOR_DIST": 0.0,
    "GF_MAX_VER_DIST": 0.0,
    "GF_PREDICT": 0,
    "GF_SOURCE": 0,
    "MAV_SYS_ID": 1,
    "MIS_TAKEOFF_ALT": 2.5,
    "MPC_ACC_DOWN_MAX": 3.0,
    "MPC_ACC_HOR": 3.0,
    "MPC_ACC_UP_MAX": 4.0,
    "MPC_LAND_ALT1": 10.0,
    "MPC_LAND_ALT2": 5.0,
    "MPC_LAND_SPEED": 0.7,
    "MPC_XY_CRUISE": 5.0,
    "MPC_XY_VEL_MAX": 12.0,
    "MPC_YAWRAUTO_MAX": 60.0,
    "MPC_Z_VEL_MAX_DN": 1.5,
    "MPC_Z_VEL_MAX_UP": 3.0,
    "MPC_Z_V_AUTO_DN": 1.5,
    "MPC_Z_V_AUTO_UP": 3.0,
    "NAV_ACC_RAD": 2.0,
    "NAV_DLL_ACT": 0,
    "NAV_MC_ALT_RAD": 0.8,
    "NAV_RCL_ACT": 2,
    "RTL_CONE_ANG": 45,
    "RTL_DESCEND_ALT": 30.0,
    "RTL_LAND_DELAY": 0.0,
    "RTL_MIN_DIST": 10.0,
    "RTL_RETURN_ALT": 30.0,
    "RTL_TYPE": 0,
    "SIM_BAT_DRAIN": 1200.0,
    "SIM_BAT_MIN_PCT": 0.0,
    "SIM_GPS_USED": 10,
    "SYS_AUTOSTART": 10040,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter with its place in the list."""

    name: str
    value: float | int
    index: int


class Parameters:
    """A table of named numbers; whole numbers stay whole, as on the wire."""

    def __init__(self, *, overrides: Mapping[str, float | int] | None = None) -> None:
        self._values: dict[str, float | int] = dict(DEFAULTS)
        self._names = sorted(DEFAULTS)
        for name, value in (overrides or {}).items():
            if not self.set(name, value):
                raise KeyError(name)

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Parameter]:
        return (self.at(index) for index in range(len(self._names)))

    def __getitem__(self, name: str) -> float:
        return float(self._values[name])

    def whole(self, name: str) -> int:
        """Return a parameter that is a whole number."""
        return int(self._values[name])

    def at(self, index: int) -> Parameter:
        """Return the parameter at a place of the list (0 ≤ index < len)."""
        name = self._names[index]
        return Parameter(name=name, value=self._values[name], index=index)

    def find(self, name: str) -> Parameter | None:
        """Return the parameter of this name, None when there is none."""
        return self.at(self._names.index(name)) if name in self._values else None

    def set(self, name: str, value: float) -> bool:
        """Store *value* in the parameter's own type; return False when there is no such parameter."""
        if name not in self._values:
            return False
        self._values[name] = int(value) if isinstance(DEFAULTS[name], int) else float(value)
        return True

    def changed(self) -> dict[str, float | int]:
        """Return what differs from the defaults, for a snapshot."""
        return {name: value for name, value in self._values.items() if value != DEFAULTS[name]}
