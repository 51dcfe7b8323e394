"""Whether vehicles in the air come too near each other now, and which of them waits: the one that loses least.

Routes are kept apart before they are flown (`missions.separation`); this looks at what vehicles really do, which may be
something else: a way home, a failsafe, a wind, a pilot. It acts on less room than planning keeps, so that vehicles on
their planned lanes, levels and columns are left alone.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from shapely import STRtree, points

from core.ids import VehicleId
from fleet.holding import KEEPS_CLEAR
from fleet.orders import Leg, OrderState
from fleet.telemetry import FlightMode, VehicleState
from fleet.way_home import may_pause
from geofence.frames import FloatArray, LocalFrame
from geofence.margins import Stopping
from geofence.positions import GeoPosition
from geofence.prisms import IntArray
from missions.preemption import Doing
from missions.situation import Situation

_STALE_S = 3.0
_STEP_S = 0.25
_MOVING_M_S = 0.7
_UPRIGHT_M_S = 0.3
_TOWARDS_COS = math.cos(math.radians(20))
_OVERSHOOT_M = 3.0
_NEARBY_M = 100.0
_NEARBY_S = 8.0
_HOLDABLE = frozenset({FlightMode.TAKEOFF, FlightMode.MISSION, FlightMode.OFFBOARD})
"""Not landing, and the way home for a moment only (`fleet.way_home`): it comes for a reason that we may not know."""
_LOSS = {
    Doing.PATROL: 0,
    Doing.VERIFY: 1,
    Doing.NOTHING: 1,
    Doing.LOOK: 2,
    Doing.WAITING: 3,
    Doing.HOLDS: 3,
    Doing.HELD_BY_PERSON: 3,
    Doing.COMING_HOME: 4,
}
_PARTING_M = 0.5
_ROUNDING_M = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveDistances:
    """From where on two vehicles are too near, and how far apart they are before the waiting one goes on."""

    sideways_m: float = 8.0
    height_m: float = 3.5
    free_sideways_m: float = 15.0
    free_height_m: float = 6.0
    word_s: float = 1.5
    """How long a word takes until the vehicle begins to stop: our look, the link, the vehicle."""
    free_for_s: float = 15.0
    stopping: Stopping = field(default_factory=Stopping)


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """Metres east, north, up; metres a second; and after how many metres over ground the vehicle stands still."""

    place: FloatArray
    velocity: FloatArray
    free_m: float = math.inf

    def at(self, times_s: FloatArray) -> FloatArray:
        """Return where it is, shape (k, 3)."""
        speed_m_s = float(np.hypot(self.velocity[0], self.velocity[1]))
        most_s = self.free_m / speed_m_s if speed_m_s > 0 else math.inf
        over_ground_s = np.minimum(times_s, most_s)
        return np.column_stack(
            (
                self.place[0] + self.velocity[0] * over_ground_s,
                self.place[1] + self.velocity[1] * over_ground_s,
                self.place[2] + self.velocity[2] * times_s,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Encounter:
    """Two vehicles that will be too near each other, in how many seconds and metres."""

    first: Situation
    second: Situation
    motions: tuple[Motion, Motion]
    in_s: float
    sideways_m: float
    height_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """Who waits, and why; nobody may be left to ask."""

    waits: VehicleId | None
    because: str


def pairs_nearby(states: Sequence[VehicleState], *, distances: LiveDistances) -> bool:
    """Say whether any two vehicles in the air are close enough to be looked at: quick, for whole fleets."""
    flying = [state for state in states if state.is_airborne and state.link_up and state.position is not None]
    if len(flying) < 2:
        return False
    lon_lat = np.array([(s.position.lon_deg, s.position.lat_deg) for s in flying if s.position is not None])
    middle = GeoPosition(lon_deg=float(lon_lat[0, 0]), lat_deg=float(lon_lat[0, 1]))
    rows, others = _near_pairs(LocalFrame(origin=middle).to_local_array(lon_lat))
    heights_m = np.array([_height_m(state) for state in flying])
    climbs_m = np.array([abs(state.up_m_s) for state in flying]) * _NEARBY_S
    gaps_m = np.abs(heights_m[rows] - heights_m[others]) - climbs_m[rows] - climbs_m[others]
    return bool((gaps_m < distances.height_m).any())


def encounters(vehicles: Sequence[Situation], *, now_s: float, distances: LiveDistances) -> Iterator[Encounter]:
    """Yield every two vehicles in the air that come too near each other before one of them could stop."""
    known = [vehicle for vehicle in vehicles if is_known(vehicle.state, now_s)]
    places = [vehicle.state.position for vehicle in known if vehicle.state.position is not None]
    if len(places) < 2:
        return
    frame = LocalFrame(origin=places[0])
    motions = [motion_of(vehicle, frame, now_s) for vehicle in known]
    for one, other in _near_pairs(np.array([motion.place[:2] for motion in motions])).T:
        ours, theirs = motions[one], motions[other]
        span_s = distances.word_s + max(_stop_s(ours, distances), _stop_s(theirs, distances))
        found = _nearest(ours, theirs, span_s, distances.sideways_m, distances.height_m)
        if found is not None and not _part(ours, theirs, span_s):
            in_s, sideways_m, height_m = found
            yield Encounter(
                first=known[one],
                second=known[other],
                motions=(ours, theirs),
                in_s=in_s,
                sideways_m=sideways_m,
                height_m=height_m,
            )


def _near_pairs(places: FloatArray) -> IntArray:
    """Return the pairs of places, shape (n, 2) in metres, that are near each other: shape (2, k)."""
    local = np.asarray(points(places), dtype=object)
    pairs = STRtree(local).query(local, predicate="dwithin", distance=_NEARBY_M)
    return np.asarray(pairs[:, pairs[0] < pairs[1]])


def remedy(encounter: Encounter, *, distances: LiveDistances, refusing: Collection[VehicleId] = frozenset()) -> Remedy:
    """Return which of the two waits: one whose stop keeps them apart, of these the one that loses least.

    Those in *refusing* were asked and would not.
    """
    both = (encounter.first, encounter.second)
    motions = {vehicle.id: motion for vehicle, motion in zip(both, encounter.motions, strict=True)}
    may = [vehicle for vehicle in both if _may_wait(vehicle) and vehicle.id not in refusing]
    apart = f"within {encounter.sideways_m:.0f} m and {encounter.height_m:.0f} m in height in {encounter.in_s:.0f} s"
    names = f"{encounter.first.id} and {encounter.second.id}"
    if not may:
        return Remedy(waits=None, because=f"{names} would come {apart}, and neither can be asked to wait")

    def other_of(vehicle: Situation) -> Situation:
        return both[1] if vehicle is both[0] else both[0]

    def loss(vehicle: Situation) -> tuple[bool, int, float, str]:
        helps = _stopping_helps(motions[vehicle.id], motions[other_of(vehicle).id], distances)
        return not helps, _LOSS[vehicle.doing], -(vehicle.state.battery_ratio or 0.0), vehicle.id

    waits = min(may, key=loss)
    if _stopping_harms(motions[waits.id], motions[other_of(waits).id], distances):
        return Remedy(waits=None, because=f"{names} would come {apart}, and nearer still if {waits.id} stopped")
    return Remedy(waits=waits.id, because=f"{KEEPS_CLEAR} {other_of(waits).id}: they would come {apart}")


def is_in_air(state: VehicleState) -> bool:
    """Say whether it was heard and does not clearly stand on the ground."""
    return state.received_s is not None and state.is_airborne


def is_known(state: VehicleState, now_s: float) -> bool:
    """Say whether it is heard in the air now."""
    return is_in_air(state) and state.position is not None and state.link_up and state.age_s(now_s) < _STALE_S


def _may_wait(vehicle: Situation) -> bool:
    state = vehicle.state
    if vehicle.current is not None and vehicle.current.progress.state is OrderState.HELD:
        # Somebody's word is on its way already: ours would take its place.
        return False
    if vehicle.current is not None and may_pause(state, vehicle.current.order):
        return not state.is_ambiguous
    # With no leg left it is coming down at its dock, where nobody could tell it when to go on.
    return state.mode in _HOLDABLE and not state.is_ambiguous and not vehicle.hovers and not _is_at_its_end(vehicle)


def _is_at_its_end(vehicle: Situation) -> bool:
    return vehicle.state.mode is FlightMode.MISSION and vehicle.current is not None and next_leg(vehicle) is None


def motion_of(vehicle: Situation, frame: LocalFrame, now_s: float) -> Motion:
    """Return how a vehicle with a position moves, in metres of *frame*, brought up to now."""
    state = vehicle.state
    assert state.position is not None
    local = frame.to_local(state.position)
    velocity = np.array([state.east_m_s, state.north_m_s, state.up_m_s])
    place = np.array([local.east_m, local.north_m, _height_m(state)]) + velocity * max(0.0, state.age_s(now_s))
    return Motion(place=place, velocity=velocity, free_m=_free_m(vehicle, place, velocity, frame))


def _height_m(state: VehicleState) -> float:
    """Return the height that vehicles from docks at different heights have in common: above the sea where known."""
    height_m = state.altitude_amsl_m if state.altitude_amsl_m is not None else state.height_above_home_m
    return height_m or 0.0


def next_leg(vehicle: Situation) -> Leg | None:
    """Return the leg that it is on, or would go on with; None when none is left."""
    if vehicle.current is None:
        return None
    legs = vehicle.current.order.legs[vehicle.current.progress.legs_done :]
    return legs[0] if legs else None


def _free_m(vehicle: Situation, place: FloatArray, velocity: FloatArray, frame: LocalFrame) -> float:
    """Return the metres to the end of the leg that the vehicle is on, where it turns or stops; else no end."""
    leg, speed_m_s = next_leg(vehicle), float(np.hypot(velocity[0], velocity[1]))
    if leg is None or vehicle.state.mode is not FlightMode.MISSION or speed_m_s < _MOVING_M_S:
        return math.inf
    way = _to(leg.place, frame) - place[:2]
    length_m = float(np.hypot(way[0], way[1]))
    is_towards = float(way @ velocity[:2]) >= _TOWARDS_COS * length_m * speed_m_s
    return length_m + _OVERSHOOT_M if is_towards else math.inf


def _to(place: GeoPosition, frame: LocalFrame) -> FloatArray:
    local = frame.to_local(place)
    return np.array([local.east_m, local.north_m])


def _stop_s(motion: Motion, distances: LiveDistances) -> float:
    speed_m_s = float(np.hypot(motion.velocity[0], motion.velocity[1]))
    return distances.stopping.reaction_s + speed_m_s / distances.stopping.deceleration_m_s2


def _stopping_helps(ours: Motion, theirs: Motion, distances: LiveDistances) -> bool:
    held = _stopped(ours, distances)
    return _nearest(held, theirs, distances.free_for_s, distances.sideways_m, distances.height_m) is None


def _stopping_harms(ours: Motion, theirs: Motion, distances: LiveDistances) -> bool:
    """Say whether it would stop where the other comes to, which climbs or sinks there, and is past it by flying on."""
    flies, stops = _room(ours, theirs, distances), _room(_stopped(ours, distances), theirs, distances)
    return abs(float(theirs.velocity[2])) > _UPRIGHT_M_S and stops < min(1.0, flies)


def _stopped(motion: Motion, distances: LiveDistances) -> Motion:
    """Return the motion of one that is told to hold now."""
    speed_m_s = float(np.hypot(motion.velocity[0], motion.velocity[1]))
    stop_m = speed_m_s * distances.word_s + distances.stopping.distance_m(speed_m_s)
    return replace(motion, free_m=min(motion.free_m, stop_m))


def _room(ours: Motion, theirs: Motion, distances: LiveDistances) -> float:
    times_s = np.arange(0.0, distances.free_for_s + _STEP_S, _STEP_S)
    return least_room(ours.at(times_s) - theirs.at(times_s), distances)


def least_room(apart: FloatArray, distances: LiveDistances) -> float:
    """Return the least room in offsets of shape (k, 3), as a share of what two have to keep: 1 and more is enough."""
    sideways = np.hypot(apart[:, 0], apart[:, 1]) / distances.sideways_m
    return float(np.maximum(sideways, np.abs(apart[:, 2]) / distances.height_m).min())


def _nearest(
    ours: Motion, theirs: Motion, span_s: float, sideways_m: float, height_m: float
) -> tuple[float, float, float] | None:
    """Return when and how near (sideways, in height) they first come within both limits; None when they do not."""
    times_s = np.arange(0.0, span_s + _STEP_S, _STEP_S)
    apart = ours.at(times_s) - theirs.at(times_s)
    sideways, upwards = np.hypot(apart[:, 0], apart[:, 1]), np.abs(apart[:, 2])
    near = np.flatnonzero((sideways < sideways_m) & (upwards < height_m))
    if not near.size:
        return None
    closest = int(near[np.argmin(sideways[near])])
    return float(times_s[near[0]]), float(sideways[closest]), float(upwards[closest])


def _part(ours: Motion, theirs: Motion, span_s: float) -> bool:
    """Say whether two that are near each other only come apart: holding one of them would keep them near."""
    apart = ours.at(np.arange(0.0, span_s + _STEP_S, _STEP_S)) - theirs.at(np.arange(0.0, span_s + _STEP_S, _STEP_S))
    sideways, upwards = np.hypot(apart[:, 0], apart[:, 1]), np.abs(apart[:, 2])
    comes_nearer = (sideways < sideways[0] - _ROUNDING_M) | (upwards < upwards[0] - _ROUNDING_M)
    parts = sideways[-1] > sideways[0] + _PARTING_M or upwards[-1] > upwards[0] + _PARTING_M
    return bool(parts and not comes_nearer.any())
