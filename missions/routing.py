"""From a wish to a route that is proved: against the zones, the battery, the permission and the other flights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fleet.orders import FailsafeChoices, Leg
from geofence.positions import GeoPosition
from geofence.zones import ZoneSet
from missions.patrol import Patrol
from missions.planner import PlannedRoute, PlanRequest, plan_look, plan_patrol, plan_remainder
from missions.separation import Distances, Flight, first_conflict, with_dock_columns
from missions.site import Site
from missions.situation import Situation

_Planner = Callable[[PlanRequest, float], PlannedRoute]
_BELOW_WAY_HOME_M = 5.0
LEVELS_M = (0.0, 8.0, 16.0)
"""What a flight may be lifted by to pass over others; the lowest level that works is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """A route, or why there is none; `may_wait` says that time alone may mend it (another vehicle is in the way)."""

    route: PlannedRoute | None
    because: str
    may_wait: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a route is planned on."""

    site: Site
    zones: ZoneSet
    now: datetime
    others: Sequence[Situation]
    look_dwell_s: float
    distances: Distances


def route_patrol(patrol: Patrol, vehicle: Situation, ground: Ground) -> Routed:
    """Return the route of a whole patrol from the vehicle's dock."""

    def plan(request: PlanRequest, lift_m: float) -> PlannedRoute:
        return plan_patrol(replace(patrol, height_agl_m=patrol.height_agl_m + lift_m), request)

    return _first_free(plan, vehicle, ground, from_air=False)


def route_look(place: GeoPosition, vehicle: Situation, ground: Ground) -> Routed:
    """Return the route of a look, from the dock or from where the vehicle hovers."""

    def plan(request: PlanRequest, lift_m: float) -> PlannedRoute:
        return plan_look(place, request, dwell_s=ground.look_dwell_s, lift_m=lift_m)

    return _first_free(plan, vehicle, ground, from_air=vehicle.state.is_airborne)


def route_remainder(legs: tuple[Leg, ...], legs_done: int, vehicle: Situation, ground: Ground) -> Routed:
    """Return the route of what is left of *legs*, from the dock or from where the vehicle hovers."""

    def plan(request: PlanRequest, lift_m: float) -> PlannedRoute:
        lifted = tuple(replace(leg, height_agl_m=leg.height_agl_m + lift_m) for leg in legs)
        return plan_remainder(lifted, legs_done, request)

    return _first_free(plan, vehicle, ground, from_air=vehicle.state.is_airborne)


def _first_free(plan: _Planner, vehicle: Situation, ground: Ground, *, from_air: bool) -> Routed:
    if vehicle.dock is None:
        known = ", ".join(dock.id for dock in ground.site.docks)
        return Routed(route=None, because=f"{vehicle.id} has no dock here (the site has {known or 'none'})")
    if from_air and vehicle.state.position is None:
        return Routed(route=None, because=f"{vehicle.id} does not say where it is", may_wait=True)
    request = _request(vehicle, ground, from_air=from_air)
    others = [flight for other in ground.others if (flight := _flight_of(other, except_for=vehicle))]
    because = ""
    for lift_m in LEVELS_M:
        route = _around_docks(plan, request, lift_m, others, ground.distances)
        if not route.is_flyable:
            return _refused(plan, request, route, others, because)
        start = request.start or vehicle.dock.place
        flight = Flight(vehicle_id=vehicle.id, start=start, legs=route.legs, dock=vehicle.dock)
        because = first_conflict(flight, others, distances=ground.distances)
        if not because:
            return Routed(route=route, because="")
    return Routed(route=None, because=because, may_wait=True)


def _around_docks(
    plan: _Planner, request: PlanRequest, lift_m: float, others: Sequence[Flight], distances: Distances
) -> PlannedRoute:
    below_agl_m = request.site.return_height_agl_m - _BELOW_WAY_HOME_M
    zones = with_dock_columns(request.zones, others, below_agl_m=below_agl_m, distances=distances)
    return plan(replace(request, zones=zones), lift_m)


def _refused(
    plan: _Planner, request: PlanRequest, route: PlannedRoute, others: Sequence[Flight], conflict: str
) -> Routed:
    """Say whether the other flights are the reason: then it may wait for them; else it cannot be flown at all."""
    if conflict:
        return Routed(route=None, because=conflict, may_wait=True)
    if others and plan(request, LEVELS_M[0]).is_flyable:
        names = ", ".join(other.vehicle_id for other in others)
        return Routed(route=None, because=f"it waits for {names}: {route.because}", may_wait=True)
    return Routed(route=None, because=route.because)


def _request(vehicle: Situation, ground: Ground, *, from_air: bool) -> PlanRequest:
    assert vehicle.dock is not None
    return PlanRequest(
        site=ground.site,
        zones=ground.zones,
        card=vehicle.record.card,
        dock=vehicle.dock,
        start=vehicle.state.position if from_air else None,
        start_height_agl_m=vehicle.state.height_above_home_m if from_air else None,
        now=ground.now,
        failsafes=FailsafeChoices(),
    )


def _flight_of(other: Situation, *, except_for: Situation) -> Flight | None:
    if other.id == except_for.id or other.dock is None:
        return None
    if other.current is not None:
        start = other.state.position or other.dock.place
        legs = other.current.order.legs[other.current.progress.legs_done :]
        return Flight(vehicle_id=other.id, start=start, legs=legs, dock=other.dock)
    if other.state.is_airborne and other.state.position is not None:
        return Flight(vehicle_id=other.id, start=other.state.position, legs=(), dock=other.dock)
    return None
