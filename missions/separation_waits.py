"""Who waits by our word, what is still in the way, and how two that wait for each other come apart."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely import LineString, MultiPoint, Point
from shapely.geometry.base import BaseGeometry

from core.ids import VehicleId
from fleet.holding import Holder
from fleet.orders import Leg, Order, OrderPurpose, OrderState
from fleet.telemetry import FlightMode
from geofence.frames import FloatArray, LocalFrame
from geofence.positions import GeoPosition
from missions.live_separation import LiveDistances, is_in_air, is_known, least_room, motion_of, next_leg
from missions.situation import Situation

_STEP_S = 0.25
_ROUNDING_M = 0.1
_STANDS_M_S = 0.7
_UPRIGHT_M_S = 2.0
_HOME_M_S = 5.0
_HOME_LOOK_S = 60.0
_WORTH_IT = 0.1
_CLIMBS_M_S = 0.3
_OFF_ROUTE_M = 10.0
_LANDS_WITHIN_S = 60.0
"""So long after its battery was empty a vehicle that nobody hears is on the ground, wherever that is."""
_URGENT = {OrderPurpose.LOOK: 0, OrderPurpose.VERIFY: 1, OrderPurpose.PATROL: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class InTheWay:
    """Who keeps a vehicle from flying on, and why."""

    id: VehicleId
    because: str


def keeps_clear(vehicle: Situation) -> bool:
    """Say whether it waits by our word: its agent tells so, and tells otherwise once anybody else has taken it over."""
    return vehicle.current is not None and vehicle.current.progress.holder is Holder.SEPARATION


def waiting(vehicles: Sequence[Situation]) -> list[Situation]:
    """Return those that wait by our word, who goes first when two could: looks, then those with the least battery."""

    def urgency(vehicle: Situation) -> tuple[int, float, str]:
        purpose = vehicle.current.order.purpose if vehicle.current else OrderPurpose.PATROL
        return _URGENT[purpose], vehicle.state.battery_ratio or 0.0, vehicle.id

    return sorted((vehicle for vehicle in vehicles if keeps_clear(vehicle)), key=urgency)


def may_go_on(vehicle: Situation, others: Sequence[Situation], *, now_s: float, distances: LiveDistances) -> bool:
    """Say whether a waiting vehicle can fly on to its next leg and comes near nobody."""
    return is_ready(vehicle, now_s) and in_the_way(vehicle, others, now_s=now_s, distances=distances) is None


def is_ready(vehicle: Situation, now_s: float) -> bool:
    """Say whether it hangs there, is heard, and has a leg left."""
    is_held = vehicle.state.mode is FlightMode.HOLD and next_leg(vehicle) is not None
    return is_held and is_known(vehicle.state, now_s)


def in_the_way(
    vehicle: Situation, others: Sequence[Situation], *, now_s: float, distances: LiveDistances
) -> InTheWay | None:
    """Return the first of *others* that a waiting vehicle would come too near to on its next leg; None: nobody.

    From one that stands still it may fly away, however near the two are.
    """
    leg, place = next_leg(vehicle), vehicle.state.position
    if leg is None or place is None:
        return None
    frame = LocalFrame(origin=place)
    times_s = np.arange(0.0, distances.free_for_s + _STEP_S, _STEP_S)
    ways = [_to(place, frame), _to(leg.place, frame)]
    path = _on_leg(vehicle, leg, frame, now_s, times_s)
    return next(_blocks(vehicle, path, ways, others, frame, now_s, times_s, distances), None)


def steps_aside(vehicle: Situation, other: Situation, *, now_s: float, distances: LiveDistances) -> bool:
    """Say whether a waiting vehicle is better off on its next leg: the other climbs or sinks to where it waits."""
    leg, place = next_leg(vehicle), vehicle.state.position
    if leg is None or place is None or not is_known(other.state, now_s) or abs(other.state.up_m_s) < _CLIMBS_M_S:
        return False
    frame = LocalFrame(origin=place)
    times_s = np.arange(0.0, distances.free_for_s + _STEP_S, _STEP_S)
    late_s = distances.word_s + leg.speed_m_s / (2 * distances.stopping.deceleration_m_s2)
    goes = _on_leg(vehicle, leg, frame, now_s, np.maximum(0.0, times_s - late_s))
    stands, theirs = motion_of(vehicle, frame, now_s).at(times_s), motion_of(other, frame, now_s).at(times_s)
    return least_room(stands - theirs, distances) < min(1.0, least_room(goes - theirs, distances) - _WORTH_IT)


def blocks_way_home(
    vehicle: Situation, others: Sequence[Situation], *, now_s: float, distances: LiveDistances
) -> InTheWay | None:
    """Return who is in the way of a vehicle that would climb or sink here and fly home now; None: nobody."""
    place = vehicle.state.position
    if vehicle.current is None or place is None:
        return None
    frame = LocalFrame(origin=place)
    times_s = np.arange(0.0, _HOME_LOOK_S + _STEP_S, _STEP_S)
    ways = [_to(place, frame), _to(vehicle.current.order.dock.place, frame)]
    path = _home(vehicle, vehicle.current.order, frame, now_s, times_s)
    return next(_blocks(vehicle, path, ways, others, frame, now_s, times_s, distances), None)


def _blocks(
    vehicle: Situation,
    path: FloatArray,
    ways: Sequence[FloatArray],
    others: Sequence[Situation],
    frame: LocalFrame,
    now_s: float,
    times_s: FloatArray,
    distances: LiveDistances,
) -> Iterator[InTheWay]:
    ground, ahead_s = LineString(ways).buffer(distances.free_sideways_m), distances.free_for_s
    for other in others:
        if other.id == vehicle.id:
            continue
        if is_known(other.state, now_s):
            theirs = motion_of(other, frame, now_s)
            stands = float(np.linalg.norm(theirs.velocity)) < _STANDS_M_S
            if not _stays_apart(path, theirs.at(times_s), distances, may_leave=stands):
                yield InTheWay(id=other.id, because=f"{other.id} {'stands' if stands else 'flies'} in its way")
        elif _may_be_over(ground, other, frame, now_s, ahead_s=ahead_s):
            yield InTheWay(id=other.id, because=f"{other.id} is not heard and may be in its way")


def _stays_apart(ours: FloatArray, theirs: FloatArray, distances: LiveDistances, *, may_leave: bool) -> bool:
    apart = ours - theirs
    sideways, upwards = np.hypot(apart[:, 0], apart[:, 1]), np.abs(apart[:, 2])
    is_free = (sideways >= distances.free_sideways_m) | (upwards >= distances.free_height_m)
    no_nearer = (sideways >= sideways[0] - _ROUNDING_M) & (upwards >= upwards[0] - _ROUNDING_M)
    leaves = may_leave and (is_free[-1] or sideways[-1] > sideways[0] + 1.0)
    return bool((is_free | no_nearer).all()) if leaves else bool(is_free.all())


def _on_leg(vehicle: Situation, leg: Leg, frame: LocalFrame, now_s: float, times_s: FloatArray) -> FloatArray:
    here = motion_of(vehicle, frame, now_s)
    way = _to(leg.place, frame) - here.place[:2]
    length_m = float(np.hypot(way[0], way[1]))
    direction = way / length_m if length_m > 0 else np.zeros(2)
    return replace(here, velocity=np.array([*(direction * leg.speed_m_s), 0.0]), free_m=length_m).at(times_s)


def _home(vehicle: Situation, order: Order, frame: LocalFrame, now_s: float, times_s: FloatArray) -> FloatArray:
    """Return the way home, shape (k, 3): straight up or down to the return height, then straight to the dock."""
    here = motion_of(vehicle, frame, now_s).place
    rise_m = order.return_height_agl_m - (vehicle.state.height_above_home_m or 0.0)
    upright_s = abs(rise_m) / _UPRIGHT_M_S
    heights_m = here[2] + math.copysign(1.0, rise_m) * _UPRIGHT_M_S * np.minimum(times_s, upright_s)
    way = _to(order.dock.place, frame) - here[:2]
    length_m = float(np.hypot(way[0], way[1]))
    flown_m = np.clip((times_s - upright_s) * _HOME_M_S, 0.0, length_m)
    direction = way / length_m if length_m > 0 else np.zeros(2)
    return np.column_stack((here[:2] + flown_m[:, None] * direction, heights_m))


def _may_be_over(ground: BaseGeometry, other: Situation, frame: LocalFrame, now_s: float, *, ahead_s: float) -> bool:
    """Say whether a vehicle in the air that nobody hears may be over *ground* at some time until *ahead_s* from now.

    In metres of *frame*. It has got no farther than its speed allows, keeps to its route and its ways home where they
    are known, and is down when its battery is empty.
    """
    card, state = other.record.card, other.state
    if state.received_s is None:
        # Nobody has heard it since we began: its order is all that is known.
        is_flying = other.current is not None and other.current.progress.state in {OrderState.RUNNING, OrderState.HELD}
        return is_flying and _leads_over(ground, other, frame)
    silent_s = state.age_s(now_s)
    lasts_s = card.endurance_s * (1.0 if state.battery_ratio is None else state.battery_ratio) + _LANDS_WITHIN_S
    if not is_in_air(state) or silent_s > lasts_s:
        return False
    if state.position is None:
        return _leads_over(ground, other, frame)
    speed_m_s = max(card.speed_m_s, math.hypot(state.east_m_s, state.north_m_s))
    reach_m = speed_m_s * (max(0.0, silent_s) + ahead_s) + _OFF_ROUTE_M
    within = shapely.intersection(ground, Point(_to(state.position, frame)).buffer(reach_m))
    return not within.is_empty and (other.current is None or _leads_over(within, other, frame))


def _leads_over(ground: BaseGeometry, other: Situation, frame: LocalFrame) -> bool:
    """Say whether what is left of its order, or a way home from there, comes near *ground*; never without an order.

    All ground of a route in one piece costs tens of milliseconds; most routes are ruled out by their outline.
    """
    if other.current is None:
        return False
    order, done = other.current.order, other.current.progress.legs_done
    before = other.state.position or (order.legs[done - 1].place if done else order.dock.place)
    route = _to_all((before, *(leg.place for leg in order.legs[done:])), frame)
    homes = _to_all((order.dock.place, *(rally.place for rally in order.rally_points)), frame)
    outline = shapely.convex_hull(MultiPoint(np.vstack((route, homes))))
    if not shapely.dwithin(outline, ground, _OFF_ROUTE_M):
        return False
    begins, ends = (route[:-1], route[1:]) if len(route) > 1 else (route, route)
    corners = [np.stack((begins, ends, np.broadcast_to(home, begins.shape)), axis=1) for home in homes]
    hulls = shapely.convex_hull(shapely.multipoints(np.concatenate(corners)))
    return bool(shapely.dwithin(hulls, ground, _OFF_ROUTE_M).any())


def _to_all(places: Sequence[GeoPosition], frame: LocalFrame) -> FloatArray:
    """Return the places in metres of *frame*, shape (n, 2)."""
    return frame.to_local_array(np.array([(place.lon_deg, place.lat_deg) for place in places]))


def _to(place: GeoPosition, frame: LocalFrame) -> FloatArray:
    local = frame.to_local(place)
    return np.array([local.east_m, local.north_m])
