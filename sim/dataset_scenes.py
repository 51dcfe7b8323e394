"""Random corners of a town for data sets: ground, buildings, things, weather and views unlike any one estate."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from sim.camera_buildings import away_m
from sim.scene import (
    CameraFlaws,
    CameraView,
    GroundArea,
    GroundKind,
    Ring,
    Scene,
    SceneAir,
    SceneBuilding,
    SceneLight,
    SceneThing,
    ThingType,
)

_HALF_M = 48.0
_REACH_M = {
    ThingType.BIKE: 0.6,
    ThingType.FULL_BIN: 0.8,
    ThingType.CAR: 2.6,
    ThingType.CART: 1.6,
    ThingType.PILE: 1.5,
    ThingType.TREE: 1.2,
}
_SCATTER = (
    (ThingType.PERSON, 0.31),
    (ThingType.BIKE, 0.13),
    (ThingType.CART, 0.06),
    (ThingType.PILE, 0.07),
    (ThingType.CAR, 0.09),
    (ThingType.BOARD, 0.08),
    (ThingType.BIN, 0.06),
    (ThingType.FULL_BIN, 0.04),
    (ThingType.TREE, 0.12),
    (ThingType.BENCH, 0.04),
)
_CONFUSING = (
    (ThingType.PERSON, 0.26),
    (ThingType.BIKE, 0.10),
    (ThingType.CART, 0.08),
    (ThingType.PILE, 0.11),
    (ThingType.CAR, 0.06),
    (ThingType.BOARD, 0.09),
    (ThingType.BIN, 0.07),
    (ThingType.FULL_BIN, 0.08),
    (ThingType.TREE, 0.06),
    (ThingType.BENCH, 0.09),
)
"""More of what is taken for something else: benches, full bins, carts, piles."""
_LOW_GOODS = (
    (ThingType.PERSON, 0.24),
    (ThingType.BIKE, 0.08),
    (ThingType.CART, 0.07),
    (ThingType.PILE, 0.17),
    (ThingType.CAR, 0.04),
    (ThingType.BOARD, 0.17),
    (ThingType.BIN, 0.07),
    (ThingType.FULL_BIN, 0.05),
    (ThingType.TREE, 0.03),
    (ThingType.BENCH, 0.08),
)
"""Mostly boards and piles, and what looks like them."""
_TRIES = 6
_FROM_WALLS_M = 4.0


class Weather(StrEnum):
    """What the air and the light of a scene are like."""

    DAY = "day"
    DUSK = "dusk"
    RAIN = "rain"
    HAZE = "haze"


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneMix:
    """How often a scene is a ground robot's, how often a person lies, and how often each weather comes (sums to 1).

    *scatter* says of which types the things are that stand about, *height_m* how high a drone flies: middle and spread,
    *queues* how many queues and tight groups of people there are.
    """

    robot: float = 0.25
    lying: float = 0.05
    day: float = 0.5
    dusk: float = 0.2
    rain: float = 0.2
    haze: float = 0.1
    scatter: tuple[tuple[ThingType, float], ...] = _SCATTER
    height_m: tuple[float, float] = (25.0, 6.0)
    queues: int = 0

    def weathers(self) -> tuple[float, ...]:
        """Return the shares in the order of `Weather`."""
        return (self.day, self.dusk, self.rain, self.haze)


COMMON_MIX = SceneMix()
"""What the held-out pictures are of."""
ROBOT_MIX = SceneMix(robot=1.0, lying=0.15, day=0.4, dusk=0.2, rain=0.2, haze=0.2, scatter=_CONFUSING)
HARD_MIX = SceneMix(robot=0.1, lying=0.2, day=0.3, dusk=0.2, rain=0.25, haze=0.25, scatter=_CONFUSING)
HIGH_MIX = replace(HARD_MIX, robot=0.0, height_m=(31.0, 3.5))
"""More of what a model learns last: a ground robot's eyes, people who lie, thick air, things far below."""
LYING_MIX = replace(HARD_MIX, robot=0.5, lying=0.5, height_m=(27.0, 5.0))
BOARD_MIX = replace(HARD_MIX, robot=0.25, scatter=_LOW_GOODS, height_m=(27.0, 5.0))
LOW_MIX = replace(ROBOT_MIX, lying=0.35, scatter=_LOW_GOODS)
QUEUE_MIX = replace(HARD_MIX, queues=3, height_m=(27.0, 5.0))
"""What a model still lacked then: who lies, boards, a ground robot's piles, rows and groups of people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomScene:
    """A corner of some town with its weather; `is_low` when it is made for the eyes of a ground robot."""

    scene: Scene
    weather: Weather
    is_low: bool
    height_m: tuple[float, float]
    """How high a drone flies here: middle and spread."""


def random_scene(random: np.random.Generator, mix: SceneMix = COMMON_MIX) -> RandomScene:
    """Return a corner of some town, about 100 m wide."""
    things = _Things(random, mix=mix)
    is_low = bool(random.random() < mix.robot)
    weather = list(Weather)[int(random.choice(len(Weather), p=mix.weathers()))]
    nearest_m = 10.0 if is_low else 24.0
    buildings = tuple(_building(random, nearest_m) for _ in range(int(random.integers(0, 5))))
    bases = (GroundKind.PAVEMENT, GroundKind.TILES, GroundKind.ROAD, GroundKind.GRASS)
    scene = Scene(
        ground=tuple(_area(random) for _ in range(int(random.integers(3, 9)))),
        buildings=buildings,
        things=things.fill(),
        light=random_light(random, weather),
        air=random_air(random, weather),
        min_east_m=-_HALF_M,
        min_north_m=-_HALF_M,
        max_east_m=_HALF_M,
        max_north_m=_HALF_M,
        base=bases[int(random.choice(4, p=[0.5, 0.2, 0.15, 0.15]))],
        seed=int(random.integers(2**31)),
    )
    return RandomScene(scene=scene, weather=weather, is_low=is_low, height_m=mix.height_m)


def random_view(random: np.random.Generator, chosen: RandomScene) -> CameraView:
    """Return a view on the middle of such a corner: a drone's from 14 to 40 m, or a ground robot's from 1.2 m."""
    views = [_view(random, chosen) for _ in range(_TRIES if chosen.is_low else 1)]
    return next((view for view in views if not _is_indoors(view, chosen.scene.buildings)), views[-1])


def _view(random: np.random.Generator, chosen: RandomScene) -> CameraView:
    is_low = chosen.is_low
    height_m = float(random.uniform(1.0, 1.4) if is_low else np.clip(random.normal(*chosen.height_m), 14, 40))
    pitch_deg = float(random.uniform(-16, -2) if is_low else np.clip(random.normal(-39, 8), -60, -25))
    yaw_deg = float(random.uniform(0, 360))
    ahead_m = float(random.uniform(5, 15)) if is_low else height_m / math.tan(math.radians(-pitch_deg))
    look = random.normal(0, 8 if is_low else 14, 2)
    return CameraView(
        east_m=float(look[0]) - ahead_m * math.sin(math.radians(yaw_deg)),
        north_m=float(look[1]) - ahead_m * math.cos(math.radians(yaw_deg)),
        height_agl_m=height_m,
        yaw_deg=yaw_deg,
        pitch_deg=pitch_deg,
        roll_deg=float(random.normal(0, 2.0)),
    )


def _is_indoors(view: CameraView, buildings: tuple[SceneBuilding, ...]) -> bool:
    """Say whether a camera stands in a building or so near that it sees nothing but a wall."""
    return any(away_m(building, view.east_m, view.north_m) < _FROM_WALLS_M for building in buildings)


def random_flaws(random: np.random.Generator, weather: Weather) -> CameraFlaws:
    """Return what motion, sensor and link do to one picture; exposures are longer when it is dark."""
    dark = weather is Weather.DUSK
    moves = random.random() < (0.5 if dark else 0.3)
    return CameraFlaws(
        smear_px=float(random.uniform(1, 5 if dark else 3.5)) if moves else 0.0,
        smear_deg=float(random.uniform(0, 180)),
        grain=float(random.uniform(1.5, 3.5) if dark else random.uniform(0.7, 1.8)),
        jpeg_quality=int(random.integers(30, 92)),
    )


def random_light(random: np.random.Generator, weather: Weather) -> SceneLight:
    """Return the light of such a *weather*."""
    dim = {Weather.DUSK: (0.3, 0.6), Weather.RAIN: (0.5, 0.95), Weather.HAZE: (0.6, 1.05)}
    shadows = [0.0, 0.25, 0.4, 0.5] if weather is Weather.DAY else [0.0, 0.0, 0.1, 0.2]
    return SceneLight(
        sun_azimuth_deg=float(random.uniform(90, 270)),
        sun_elevation_deg=float(random.uniform(22, 75)),
        brightness=float(random.uniform(*dim.get(weather, (0.6, 1.15)))),
        warmth=float(random.uniform(-0.5 if weather is Weather.DUSK else -0.3, 0.8)),
        shadow=float(random.choice(shadows)),
    )


def random_air(random: np.random.Generator, weather: Weather) -> SceneAir:
    """Return the air of such a *weather*."""
    rain = float(random.uniform(0.3, 1.0)) if weather is Weather.RAIN else 0.0
    return SceneAir(rain=rain, haze=float(random.uniform(0.3, 1.0)) if weather is Weather.HAZE else 0.0)


class _Things:
    """Places things so that solid ones do not stand in one another."""

    def __init__(self, random: np.random.Generator, *, mix: SceneMix) -> None:
        self._random = random
        self._mix = mix
        self._things: list[SceneThing] = []

    def fill(self) -> tuple[SceneThing, ...]:
        random = self._random
        for _ in range(int(random.integers(1, 4))):
            self._stall()
        for _ in range(int(random.integers(1, 5))):
            self._row_of_bikes()
        if random.random() < 0.5:
            self._crowd(*self._somewhere(), int(random.integers(4, 13)), 3.5)
        for _ in range(self._mix.queues):
            self._queue()
        kinds, shares = zip(*self._mix.scatter, strict=True)
        for i in random.choice(len(kinds), int(random.integers(25, 75)), p=shares):
            self._put(kinds[int(i)], *self._somewhere())
        return tuple(self._things)

    def _somewhere(self) -> tuple[float, float]:
        east, north = self._random.normal(0, 17, 2)
        return float(east), float(north)

    def _stall(self) -> None:
        east, north = self._somewhere()
        self._put(ThingType.CART, east, north)
        self._crowd(east, north, int(self._random.integers(0, 6)), 2.0)

    def _crowd(self, east: float, north: float, people: int, spread_m: float) -> None:
        for _ in range(people):
            d = self._random.normal(0, spread_m, 2)
            self._put(ThingType.PERSON, east + float(d[0]), north + float(d[1]))

    def _queue(self) -> None:
        """Put people one behind another, or twice as many closely together."""
        east, north = self._somewhere()
        people = int(self._random.integers(5, 11))
        is_tight = self._random.random() < 0.4
        if is_tight:
            self._crowd(east, north, 2 * people, 1.6)
        along, gap_m = float(self._random.uniform(0, 2 * math.pi)), float(self._random.uniform(0.6, 1.0))
        for i in range(0 if is_tight else people):
            d = self._random.normal(gap_m * i * np.array([math.cos(along), math.sin(along)]), 0.12)
            self._put(ThingType.PERSON, east + float(d[0]), north + float(d[1]))

    def _row_of_bikes(self) -> None:
        """Put bikes side by side, as bikes are parked: they stand across their row, more or less."""
        east, north = self._somewhere()
        along = float(self._random.uniform(0, 2 * math.pi))
        across_deg = -math.degrees(along) + float(self._random.uniform(-35, 35))
        gap_m = float(self._random.uniform(0.55, 1.1))
        for i in range(int(self._random.integers(2, 8))):
            turn_deg = across_deg + float(self._random.normal(0, 7))
            self._put(ThingType.BIKE, east + i * gap_m * math.cos(along), north + i * gap_m * math.sin(along), turn_deg)

    def _put(self, kind: ThingType, east: float, north: float, heading: float | None = None) -> None:
        reach = _REACH_M.get(kind, 0.35)
        for other in self._things:
            gap = math.hypot(other.east_m - east, other.north_m - north)
            least = 0.5 if other.type == kind == ThingType.BIKE else 0.85 * (reach + _REACH_M.get(other.type, 0.3))
            if gap < least:
                return
        random = self._random
        self._things.append(
            SceneThing(
                id=str(len(self._things)),
                type=kind,
                east_m=east,
                north_m=north,
                heading_deg=float(random.uniform(0, 360)) if heading is None else heading,
                size=float(random.uniform(0.92, 1.1)),
                seed=int(random.integers(2**20)),
                stride=float(random.uniform(0, 1)),
                lies=bool(kind is ThingType.PERSON and random.random() < self._mix.lying),
            )
        )


def _area(random: np.random.Generator) -> GroundArea:
    kinds = (
        (GroundKind.ROAD, 0.26),
        (GroundKind.PAVEMENT, 0.16),
        (GroundKind.TILES, 0.16),
        (GroundKind.GRASS, 0.2),
        (GroundKind.PLAYGROUND, 0.06),
        (GroundKind.COURT, 0.06),
        (GroundKind.WATER, 0.03),
        (GroundKind.MARKING, 0.07),
    )
    kind = kinds[int(random.choice(len(kinds), p=[share for _, share in kinds]))][0]
    sizes = {GroundKind.ROAD: (140.0, 9.0), GroundKind.MARKING: (4.0, 0.4)}
    long, wide = sizes.get(kind, (float(random.uniform(8, 40)), float(random.uniform(3, 25))))
    centre = random.uniform(-35, 35, 2)
    return GroundArea(kind=kind, ring=_rectangle(centre, long, wide, float(random.uniform(0, math.pi))))


def _building(random: np.random.Generator, nearest_m: float) -> SceneBuilding:
    angle = float(random.uniform(0, 2 * math.pi))
    away = float(random.uniform(nearest_m, 44))
    centre = np.array([away * math.cos(angle), away * math.sin(angle)])
    ring = _rectangle(centre, float(random.uniform(10, 30)), float(random.uniform(8, 14)), angle + math.pi / 2)
    height_m = float(random.choice([4.5, 6.0, 15.0, 24.0, 45.0]))
    return SceneBuilding(ring=ring, height_m=height_m, seed=int(random.integers(1000)))


def _rectangle(centre: np.ndarray, long: float, wide: float, angle: float) -> Ring:
    c, s = math.cos(angle), math.sin(angle)
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return tuple(
        (float(centre[0] + x * long / 2 * c - y * wide / 2 * s), float(centre[1] + x * long / 2 * s + y * wide / 2 * c))
        for x, y in corners
    )
