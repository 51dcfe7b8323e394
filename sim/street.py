"""Seeded street scenes with their truth: what a supervisor should be told of, and what should stay quiet.

A street runs from west to east: a lawn, a square, the road, parking bays, a strip of pavement, and shops to the north.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from sim.scene import GroundArea, GroundKind, Ring, SceneBuilding, SceneThing, ThingType

STRIDE_M = 1.4


class Negative(StrEnum):
    """What looks like a matter and is none."""

    QUEUE = "bus stop queue"
    PASSERS_BY = "people walking past a shop"
    DELIVERY = "delivery stop"
    LICENSED = "licensed breakfast cart"
    WEDDING = "wedding in the calendar"
    SHADOW = "shadows of trees"
    PARKED_CAR = "parked car in a bay"
    RACK = "bikes in a rack"
    EMPTY_BIN = "bin that is not full"
    LEFT_CART = "cart with nobody near"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A thing, standing or walking to and fro along a path at a speed."""

    thing: SceneThing
    path: Ring = ()
    speed_m_s: float = 1.3
    phase_m: float = 0.0

    def at(self, time_s: float) -> SceneThing:
        """Return the thing as it is after *time_s*."""
        if not self.path:
            return self.thing
        (e0, n0), (e1, n1) = self.path
        length = math.hypot(e1 - e0, n1 - n0)
        way = (self.phase_m + self.speed_m_s * time_s) % (2 * length)
        share = (way if way < length else 2 * length - way) / length
        heading = math.degrees(math.atan2(e1 - e0, n1 - n0)) + (0.0 if way < length else 180.0)
        return replace(
            self.thing,
            east_m=e0 + (e1 - e0) * share,
            north_m=n0 + (n1 - n0) * share,
            heading_deg=heading % 360.0,
            stride=way / STRIDE_M % 1.0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Something that somebody should be told of: its kind's code, its place, and the things that it consists of.

    It can be recognised while at least `needs` of its things are well in view.
    """

    id: str
    kind: str
    east_m: float
    north_m: float
    things: tuple[str, ...]
    needs: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lawful:
    """Something that nobody should be told of."""

    kind: Negative
    east_m: float
    north_m: float


@dataclass(slots=True, kw_only=True)
class Street:
    """A scene's actors and truth."""

    ground: tuple[GroundArea, ...] = ()
    buildings: tuple[SceneBuilding, ...] = ()
    actors: list[Actor] = field(default_factory=list)
    matters: list[Matter] = field(default_factory=list)
    lawful: list[Lawful] = field(default_factory=list)

    def things(self, time_s: float) -> tuple[SceneThing, ...]:
        """Return everything that can be seen after *time_s*."""
        return tuple(actor.at(time_s) for actor in self.actors)


VENDOR, SHOP, CROWD, PILE, BIKES, BOARD, BIN, DOWN = (
    "20501", "20504", "20409", "20507", "20506", "20203", "L0101", "L0901"
)  # fmt: skip
KINDS = (VENDOR, SHOP, CROWD, PILE, BIKES, BOARD, BIN, DOWN)
_ROWS_M = (-23.0, -15.5, 1.5)
_COLUMNS_M = (-25.0, -14.0, -3.0, 8.0, 19.0)
STRIP_M = (7.0, 17.0)
"""The pavement in front of the shops, from south to north."""
STRIP_COLUMNS_M = (-22.0, -9.0, 4.0, 17.0)


def make_street(random: np.random.Generator, *, matters: int = 4, lawful: int = 4) -> Street:
    """Return a street with so many matters and so many lawful things; equal generators give equal streets."""
    return _Maker(random).make(matters, lawful)


class _Maker:
    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self._street = Street(ground=_GROUND, buildings=_shops(random))
        self._spots = self._shuffled([(e, n) for e in _COLUMNS_M for n in _ROWS_M])
        self._strip = self._shuffled([(e, sum(STRIP_M) / 2) for e in STRIP_COLUMNS_M])

    def make(self, matters: int, lawful: int) -> Street:
        kinds = [KINDS[i] for i in self._random.permutation(len(KINDS))[:matters]]
        for kind in kinds:
            self._matter(kind)
        negatives = [list(Negative)[i] for i in self._random.permutation(len(Negative))[:lawful]]
        for negative in negatives:
            self._negative(negative)
        self._furnish()
        return self._street

    def _shuffled(self, spots: list[tuple[float, float]]) -> list[tuple[float, float]]:
        jitter = self._random.normal(0, 0.6, (len(spots), 2)).clip(-1.2, 1.2)
        order = self._random.permutation(len(spots))
        return [(spots[i][0] + float(jitter[i, 0]), spots[i][1] + float(jitter[i, 1])) for i in order]

    # --- matters

    def _matter(self, kind: str) -> None:
        east, north = self._strip.pop() if kind == SHOP else self._spots.pop()
        makers: Mapping[str, Iterator[str]] = {
            VENDOR: self._stall(east, north, people=int(self._random.integers(2, 5))),
            SHOP: self._goods(east, north),
            CROWD: self._crowd(east, north, int(self._random.integers(10, 14))),
            PILE: self._one(ThingType.PILE, east, north),
            BIKES: self._bikes(east, north, int(self._random.integers(4, 7))),
            BOARD: self._one(ThingType.BOARD, east, north),
            BIN: self._one(ThingType.FULL_BIN, east, north),
            DOWN: self._lying(east, north),
        }
        ids = tuple(makers[kind])
        needs = {CROWD: 8, BIKES: 3, VENDOR: 2, SHOP: 2}.get(kind, 1)
        mine = [actor.thing for actor in self._street.actors if actor.thing.id in ids]
        own = [thing for thing in mine if kind != VENDOR or thing.type is ThingType.CART]
        self._street.matters.append(
            Matter(
                id=f"m{len(self._street.matters)}",
                kind=kind,
                east_m=sum(thing.east_m for thing in own) / len(own),
                north_m=sum(thing.north_m for thing in own) / len(own),
                things=ids,
                needs=needs,
            )
        )

    def _stall(self, east: float, north: float, *, people: int) -> Iterator[str]:
        yield self._put(ThingType.CART, east, north)
        yield from self._ring(east, north, people)

    def _ring(self, east: float, north: float, people: int) -> Iterator[str]:
        start = float(self._random.uniform(0, 2 * math.pi))
        for i in range(people):
            angle, away = start + i * 2 * math.pi / people, float(self._random.uniform(1.6, 2.2))
            yield self._put(ThingType.PERSON, east + away * math.cos(angle), north + away * math.sin(angle))

    def _goods(self, east: float, north: float) -> Iterator[str]:
        for i, kind in enumerate((ThingType.PILE, ThingType.BOARD, ThingType.PILE)):
            yield self._put(kind, east + 1.7 * (i - 1), north + float(self._random.normal(0, 0.2)))

    def _crowd(self, east: float, north: float, count: int) -> Iterator[str]:
        """People at least 1.1 m apart within 3.2 m."""
        places: list[tuple[float, float]] = []
        while len(places) < count:
            away, angle = 3.2 * math.sqrt(self._random.uniform()), float(self._random.uniform(0, 2 * math.pi))
            here = (east + away * math.cos(angle), north + away * math.sin(angle))
            if all(math.dist(here, other) >= 1.1 for other in places):
                places.append(here)
        for e, n in places:
            yield self._put(ThingType.PERSON, e, n)

    def _bikes(self, east: float, north: float, count: int) -> Iterator[str]:
        along = float(self._random.uniform(0, math.pi))
        lean = float(self._random.uniform(-25, 25))
        for i in range(count):
            away = 0.8 * (i - (count - 1) / 2)
            heading = -math.degrees(along) + lean + float(self._random.normal(0, 5))
            yield self._put(ThingType.BIKE, east + away * math.cos(along), north + away * math.sin(along), heading)

    def _one(self, kind: ThingType, east: float, north: float) -> Iterator[str]:
        yield self._put(kind, east, north)

    def _lying(self, east: float, north: float) -> Iterator[str]:
        """Somebody who lies more or less across the street's direction, or along it (cameras look along it)."""
        heading = float(self._random.choice([0.0, 180.0]) + self._random.uniform(-35, 35))
        yield self._put(ThingType.PERSON, east, north, heading, lies=True)

    # --- what is lawful

    def _negative(self, kind: Negative) -> None:
        east, north = self._strip.pop() if kind is Negative.PASSERS_BY else self._spots.pop()
        if kind is Negative.QUEUE:
            for i in range(9):
                self._put(ThingType.PERSON, east + 0.85 * (i - 4), north + float(self._random.normal(0, 0.1)))
        elif kind is Negative.PASSERS_BY:
            for i in range(4):
                row = north + float(self._random.uniform(-1.5, 1.5))
                self._walk((east - 9, row), (east + 9, row), phase_m=5.0 * i)
        elif kind is Negative.DELIVERY:
            self._put(ThingType.CART, east, north)
            self._walk((east + 1.2, north), (east + 11.0, north + 2.0), phase_m=float(self._random.uniform(0, 20)))
        elif kind is Negative.LICENSED:
            list(self._stall(east, north, people=3))
        elif kind is Negative.WEDDING:
            list(self._crowd(east, north, 12))
        else:
            self._quiet_thing(kind, east, north)
        self._street.lawful.append(Lawful(kind=kind, east_m=east, north_m=north))

    def _quiet_thing(self, kind: Negative, east: float, north: float) -> None:
        if kind is Negative.RACK:
            list(self._bikes(east, north, 5))
        elif kind is Negative.SHADOW:
            for i in range(3):
                self._put(ThingType.TREE, east + 2.5 * (i - 1), north + float(self._random.normal(0, 0.8)))
        else:
            quiet = {
                Negative.PARKED_CAR: ThingType.CAR,
                Negative.EMPTY_BIN: ThingType.BIN,
                Negative.LEFT_CART: ThingType.CART,
            }
            self._put(quiet[kind], east, north)

    def _furnish(self) -> None:
        """Cars in their bays, trees, a bench, people who walk."""
        for east in self._random.permutation(np.arange(-28.0, 29.0, 8.0))[:3]:
            self._put(ThingType.CAR, float(east), -4.8, 90.0)
        for east in self._random.permutation(np.arange(-27.0, 28.0, 6.0))[:4]:
            self._put(ThingType.TREE, float(east), -28.5)
        self._put(ThingType.BENCH, float(self._random.uniform(-20, 20)), -11.5)
        for _ in range(3):
            row = float(self._random.uniform(-12.0, -10.0))
            self._walk((-30.0, row), (30.0, row), phase_m=float(self._random.uniform(0, 100)))

    def _walk(self, start: tuple[float, float], end: tuple[float, float], *, phase_m: float) -> None:
        name = self._put(ThingType.PERSON, *start)
        last = self._street.actors.pop()
        assert last.thing.id == name
        speed_m_s = float(self._random.uniform(1.1, 1.5))
        self._street.actors.append(Actor(thing=last.thing, path=(start, end), speed_m_s=speed_m_s, phase_m=phase_m))

    def _put(
        self, kind: ThingType, east: float, north: float, heading: float | None = None, *, lies: bool = False
    ) -> str:
        random = self._random
        thing = SceneThing(
            id=f"t{len(self._street.actors)}",
            type=kind,
            east_m=east,
            north_m=north,
            heading_deg=float(random.uniform(0, 360)) if heading is None else heading,
            size=float(random.uniform(0.95, 1.08)),
            seed=int(random.integers(2**20)),
            lies=lies,
        )
        self._street.actors.append(Actor(thing=thing))
        return thing.id


def _shops(random: np.random.Generator) -> tuple[SceneBuilding, ...]:
    widths = ((-34.0, -12.0), (-11.0, 11.0), (12.0, 34.0))
    return tuple(
        SceneBuilding(ring=_box(west, 18.0, east, 28.0), height_m=6.0, seed=int(random.integers(1000)))
        for west, east in widths
    )


def _box(west: float, south: float, east: float, north: float) -> Ring:
    return ((west, south), (east, south), (east, north), (west, north))


_GROUND = (
    GroundArea(kind=GroundKind.GRASS, ring=_box(-60, -45, 60, -26.5)),
    GroundArea(kind=GroundKind.TILES, ring=_box(-60, -26, 60, -12.5)),
    GroundArea(kind=GroundKind.ROAD, ring=_box(-60, -11, 60, -3.5)),
    GroundArea(kind=GroundKind.TILES, ring=_box(-60, STRIP_M[0], 60, STRIP_M[1])),
)
