"""Does a plan start where the vehicle is? Nothing is uploaded otherwise. And has it really begun?"""

import math

from core.errors import Conflict
from fleet.errors import NotReady
from fleet.telemetry import FlightMode, LandedState, VehicleState
from fleet.vehicle import Plan
from geofence.frames import LocalFrame

_AT_DOCK_M = 15.0


def check_start(plan: Plan, state: VehicleState) -> None:
    """Raise NotReady or Conflict unless the vehicle stands at the plan's dock, or hovers for a plan from the air."""
    if plan.from_air != state.is_airborne:
        where = "in the air" if state.is_airborne else "on the ground"
        raise NotReady(f"the plan does not start where the vehicle is: {where}", where=state.vehicle_id)
    if not plan.from_air:
        _check_at_dock(plan, state)
    elif state.mode is FlightMode.MISSION:
        raise Conflict("a mission is being flown; hold first", where=state.vehicle_id)


def flies_mission(state: VehicleState) -> bool:
    """Say whether the vehicle shows that it has left the ground on its mission."""
    return (
        state.mode is FlightMode.MISSION
        and state.is_armed is True
        and state.landed in {LandedState.TAKING_OFF, LandedState.IN_AIR}
    )


def _check_at_dock(plan: Plan, state: VehicleState) -> None:
    if state.position is None:
        raise NotReady("it does not know where it is", where=state.vehicle_id, remedy="wait for a satellite position")
    dock = plan.order.dock
    local = LocalFrame(origin=dock.place).to_local(state.position)
    away_m = math.hypot(local.east_m, local.north_m)
    if away_m > _AT_DOCK_M:
        raise NotReady(
            f"it stands {away_m:.0f} m from its dock {dock.id}, from where no route is proved",
            where=state.vehicle_id,
            remedy="carry it to its dock, or plan from the dock where it stands",
        )
