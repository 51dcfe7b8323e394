"""Which vehicles may do a run, the best first, and the route that each of them would fly."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import Conflict
from fleet.orders import OrderPurpose, OrderState
from fleet.store import OrderRecord
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from missions.patrol import Patrol, Run, RunKind, RunState
from missions.routing import Ground, Routed, route_look, route_patrol
from missions.situation import Situation

_TAKE_OFF_S = 20.0
_TURN_ROUND_S = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a step looks at: all vehicles and the ground they fly over, read in one transaction."""

    vehicles: Sequence[Situation]
    ground: Ground
    patrol: Patrol | None
    order: OrderRecord | None


def may_take_remainder(vehicle: Situation) -> bool:
    """Say whether it is ready in its dock, or waits in the air at the end of a look."""
    current = vehicle.current
    if current is None:
        return not vehicle.not_ready
    looked = current.order.purpose is OrderPurpose.LOOK and current.progress.legs_done >= len(current.order.legs) - 1
    return looked and vehicle.hovers and current.progress.state is OrderState.RUNNING


def route_for(run: Run, vehicle: Situation, picture: Picture) -> Routed:
    if run.kind is RunKind.LOOK:
        if run.place is None:
            raise Conflict("a look needs a place", where=run.id)
        return route_look(run.place, vehicle, picture.ground)
    if picture.patrol is None:
        raise Conflict("a patrol run needs its patrol", where=run.id)
    return route_patrol(picture.patrol, vehicle, picture.ground)


def candidates(run: Run, picture: Picture) -> list[Situation]:
    """Return the vehicles that may do it, the best first: the one it has, then soonest (look) or fullest (patrol).

    Where a person named the vehicle no other one takes off, for a remainder neither.
    """
    allowed = set(picture.patrol.vehicle_ids) if picture.patrol and picture.patrol.vehicle_ids else None
    wanted = run.vehicle_id or run.wanted_vehicle_id
    usable = [vehicle for vehicle in picture.vehicles if allowed is None or vehicle.id in allowed]
    only = wanted if run.state is RunState.PLANNED else run.wanted_vehicle_id
    if only is not None:
        usable = [vehicle for vehicle in usable if vehicle.id == only]

    def rank(vehicle: Situation) -> tuple[bool, float, str]:
        if run.place is not None:
            return vehicle.id != wanted, _seconds_to(run.place, vehicle), vehicle.id
        return vehicle.id != wanted, -(vehicle.state.battery_ratio or 0.0), vehicle.id

    return sorted(usable, key=rank)


def _seconds_to(place: GeoPosition, vehicle: Situation) -> float:
    """Return a rough time to a place: the straight way, plus arming and climbing, or stopping and turning round."""
    if vehicle.state.position is None:
        return float("inf")
    there = LocalFrame(origin=place).to_local(vehicle.state.position)
    before_s = _TURN_ROUND_S if vehicle.state.is_airborne else _TAKE_OFF_S
    return before_s + math.hypot(there.east_m, there.north_m) / vehicle.record.card.speed_m_s
