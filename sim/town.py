"""The living town: where every thing and person is at a moment, and what was handled."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from core.errors import Conflict, NotFound
from sim.scene import GroundArea, GroundKind, Scene, SceneBuilding, SceneThing, ThingType
from sim.world_file import Group, Thing, Walker, WorldPlan

_SURROUNDINGS_M = 30.0
_STRIDE_M = 1.4


@dataclass(slots=True, kw_only=True)
class TownState:
    """What must survive a restart: when each thing was removed, which were handled in words only."""

    removed_s: dict[str, float] = field(default_factory=dict)
    claimed_s: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingTruth:
    """What the simulator knows of one matter (or lawful thing) and tells nobody but the referee."""

    id: str
    type: str
    kind: str | None
    east_m: float
    north_m: float
    appeared_s: float | None
    claimed_s: float | None
    removed_s: float | None
    matter: str
    """Things of one matter carry one name; else it is the thing's own id."""


class Town:
    """Things, groups and walkers as functions of the world's time: nothing but handling has to be kept."""

    def __init__(self, *, plan: WorldPlan, state: TownState | None = None) -> None:
        self.plan = plan
        self.state = state or TownState()
        self._things = {thing.id: thing for thing in plan.things}
        self._groups = {group.id: group for group in plan.groups}

    def scene(self, time_s: float) -> Scene:
        """Return everything that a camera can see at *time_s*."""
        corners = [corner for ground in self.plan.grounds for corner in ground.outline]
        return Scene(
            ground=tuple(GroundArea(kind=each.surface, ring=each.outline) for each in self.plan.grounds),
            buildings=tuple(
                SceneBuilding(ring=each.outline, height_m=each.height_m, seed=each.seed) for each in self.plan.buildings
            ),
            things=self.things(time_s),
            light=self.plan.light,
            air=self.plan.air,
            min_east_m=min(east for east, _ in corners) - _SURROUNDINGS_M,
            min_north_m=min(north for _, north in corners) - _SURROUNDINGS_M,
            max_east_m=max(east for east, _ in corners) + _SURROUNDINGS_M,
            max_north_m=max(north for _, north in corners) + _SURROUNDINGS_M,
            base=GroundKind.GRASS,
            seed=self.plan.seed,
        )

    def things(self, time_s: float) -> tuple[SceneThing, ...]:
        """Return every thing and person at *time_s*."""
        return tuple(self._objects(time_s))

    def handle(self, thing_id: str, *, leave: bool | None, time_s: float) -> bool:
        """Let somebody handle a thing or group; return whether it is gone now.

        *leave* None follows the world file: the first handling of a thing that `claims_first` leaves it.
        Raises NotFound for an unknown thing, Conflict for one that is not there.
        """
        matter: Thing | Group | None = self._things.get(thing_id) or self._groups.get(thing_id)
        if matter is None:
            raise NotFound("there is no such thing in this world", where=thing_id, remedy="ask for the truth's list")
        if not self._is_there(matter, time_s):
            raise Conflict("this thing is not there now", where=thing_id)
        if self._stays(matter, leave):
            self.state.claimed_s[thing_id] = time_s
            return False
        self.state.removed_s[thing_id] = time_s
        return True

    def find(self, *, east_m: float, north_m: float, kind: str, within_m: float, time_s: float) -> list[str]:
        """Return the ids of the nearest matter of a kind (of any when empty) that is there; empty for none."""
        there = [
            thing
            for thing in self.truth(time_s)
            if thing.kind is not None
            and kind in {"", thing.kind}
            and thing.appeared_s is not None
            and thing.removed_s is None
        ]
        near = [(math.hypot(thing.east_m - east_m, thing.north_m - north_m), thing) for thing in there]
        near = [(away_m, thing) for away_m, thing in near if away_m <= within_m]
        if not near:
            return []
        nearest = min(near, key=lambda pair: pair[0])[1]
        return [thing.id for thing in there if thing.matter == nearest.matter]

    def truth(self, time_s: float) -> list[ThingTruth]:
        """Return every thing and group with its story so far."""
        matters: list[Thing | Group] = [*self.plan.things, *self.plan.groups]
        return [self._truth(matter, time_s) for matter in matters]

    def _stays(self, matter: Thing | Group, leave: bool | None) -> bool:
        if leave is not None:
            return leave
        return isinstance(matter, Thing) and matter.claims_first and matter.id not in self.state.claimed_s

    def _is_there(self, matter: Thing | Group, time_s: float) -> bool:
        return matter.appears_s <= time_s and matter.id not in self.state.removed_s

    def _truth(self, matter: Thing | Group, time_s: float) -> ThingTruth:
        return ThingTruth(
            id=matter.id,
            type=matter.type.value if isinstance(matter, Thing) else "group",
            kind=matter.kind,
            east_m=matter.east_m,
            north_m=matter.north_m,
            appeared_s=matter.appears_s if matter.appears_s <= time_s else None,
            claimed_s=self.state.claimed_s.get(matter.id),
            removed_s=self.state.removed_s.get(matter.id),
            matter=(matter.matter if isinstance(matter, Thing) else None) or matter.id,
        )

    def _objects(self, time_s: float) -> Iterator[SceneThing]:
        for thing in self.plan.things:
            if self._is_there(thing, time_s):
                yield _thing_object(thing)
                yield from _customers(thing, time_s)
        for group in self.plan.groups:
            if self._is_there(group, time_s):
                yield from _members(group, time_s)
        for walker in self.plan.walkers:
            yield _walking(walker, time_s)


def stable_seed(text: str) -> int:
    """Return a number that is the same for the same text in every process."""
    value = 2166136261
    for byte in text.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


def _thing_object(thing: Thing) -> SceneThing:
    return SceneThing(
        id=thing.id,
        type=thing.type,
        east_m=thing.east_m,
        north_m=thing.north_m,
        heading_deg=thing.heading_deg,
        seed=stable_seed(thing.id),
    )


def _person(name: str, *, east_m: float, north_m: float, heading_deg: float, walked_m: float = 0.0) -> SceneThing:
    seed = stable_seed(name)
    return SceneThing(
        id=name,
        type=ThingType.PERSON,
        east_m=east_m,
        north_m=north_m,
        heading_deg=heading_deg % 360.0,
        size=0.92 + 0.14 * (seed % 97) / 97,
        seed=seed,
        stride=walked_m / _STRIDE_M % 1.0,
    )


def _standing(name: str, *, east_m: float, north_m: float, facing_deg: float, time_s: float) -> SceneThing:
    """A person who stands but shifts from foot to foot by a hand's breadth, as people do."""
    phase = stable_seed(name) % 628 / 100
    sway_m = 0.12 * math.sin(time_s / 3 + phase)
    turn_deg = 15 * math.sin(time_s / 7 + phase)
    return _person(name, east_m=east_m + sway_m, north_m=north_m - sway_m, heading_deg=facing_deg + turn_deg)


def _customers(thing: Thing, time_s: float) -> Iterator[SceneThing]:
    """People on the right-hand side of a thing, in a fan, looking at it."""
    for number in range(thing.people):
        angle_deg = thing.heading_deg + 90.0 + 40.0 * (number - (thing.people - 1) / 2)
        away_m = 1.7 + 0.25 * (number % 2)
        yield _standing(
            f"{thing.id}/person-{number + 1}",
            east_m=thing.east_m + away_m * math.sin(math.radians(angle_deg)),
            north_m=thing.north_m + away_m * math.cos(math.radians(angle_deg)),
            facing_deg=angle_deg + 180.0,
            time_s=time_s,
        )


def _members(group: Group, time_s: float) -> Iterator[SceneThing]:
    for number in range(group.count):
        if group.spacing_m > 0:
            along_m, across_m = number * group.spacing_m, 0.15 * (number % 2)
        else:
            # a sunflower's spiral: an even cluster, about 2 m from person to person
            radius_m, turn = 1.15 * math.sqrt(number), math.radians(137.5) * number
            along_m, across_m = radius_m * math.cos(turn), radius_m * math.sin(turn)
        heading = math.radians(group.heading_deg)
        yield _standing(
            f"{group.id}/person-{number + 1}",
            east_m=group.east_m + along_m * math.sin(heading) + across_m * math.cos(heading),
            north_m=group.north_m + along_m * math.cos(heading) - across_m * math.sin(heading),
            facing_deg=group.heading_deg if group.spacing_m > 0 else 97.0 * number,
            time_s=time_s,
        )


def _walking(walker: Walker, time_s: float) -> SceneThing:
    legs = list(itertools.pairwise(walker.path))
    total_m = sum(math.dist(start, end) for start, end in legs)
    walked_m = time_s * walker.speed_m_s + stable_seed(walker.id) % 1000 / 1000 * total_m
    is_back = int(walked_m / total_m) % 2 == 1
    along_m = total_m - walked_m % total_m if is_back else walked_m % total_m
    leg = 0
    while leg < len(legs) - 1 and along_m > math.dist(*legs[leg]):
        along_m -= math.dist(*legs[leg])
        leg += 1
    start, end = legs[leg]
    share = min(1.0, along_m / math.dist(start, end))
    heading_deg = math.degrees(math.atan2(end[0] - start[0], end[1] - start[1])) + (180.0 if is_back else 0.0)
    return _person(
        walker.id,
        east_m=start[0] + share * (end[0] - start[0]),
        north_m=start[1] + share * (end[1] - start[1]),
        heading_deg=heading_deg,
        walked_m=walked_m,
    )
