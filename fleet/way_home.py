"""Whether a vehicle may be stopped for a moment on its way home, so that another one passes."""

import math

from fleet.orders import Order
from fleet.telemetry import FlightMode, VehicleState
from geofence.frames import LocalFrame

PAUSE_S = 8.0
"""So long it stops at most, then it goes on home by itself, whoever is still there."""
_SPARE_RATIO = 0.1
_LEVEL_M_S = 0.3
_NEAR_HOME_M = 30.0


def may_pause(state: VehicleState, order: Order) -> bool:
    """Say whether it flies level, far from where it may come down, with battery to spare above its failsafe's.

    Climbing it is out of others' way sooner by going on; a descent that was stopped would begin with a climb again.
    """
    if state.mode is not FlightMode.RETURN or state.position is None or state.battery_ratio is None:
        return False
    if state.battery_ratio < order.failsafes.battery_low_ratio + _SPARE_RATIO or abs(state.up_m_s) >= _LEVEL_M_S:
        return False
    frame = LocalFrame(origin=state.position)
    homes = [frame.to_local(home.place) for home in (order.dock, *order.rally_points)]
    return all(math.hypot(home.east_m, home.north_m) > _NEAR_HOME_M for home in homes)
