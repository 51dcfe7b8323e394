"""The shapes of things: small solids of a few faces, made once for each type, seed and walking phase."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from sim.camera_solids import Builder, Colour, Shape
from sim.scene import ThingType

_LYING_M = 0.2
"""The middle of a lying body is so high over the ground."""


@lru_cache(maxsize=4096)
def shape_of(kind: ThingType, seed: int, phase: int = 0, *, lies: bool = False) -> Shape:
    """Return the shape of a *kind* of thing; equal seeds look equal; *phase* 0..7 is a person's stride."""
    builder = Builder()
    _SHAPES[kind](builder, np.random.default_rng([seed, list(ThingType).index(kind)]), phase)
    return _laid(builder.shape()) if lies else builder.shape()


def _laid(shape: Shape) -> Shape:
    """Return a standing shape as it lies on its back: what was up is ahead."""
    right, ahead, up = (shape.faces[..., i] for i in range(3))
    return replace(shape, faces=np.stack((right, up, _LYING_M - ahead), axis=-1))


def _colour(random: np.random.Generator, low: float = 25, high: float = 235) -> Colour:
    b, g, r = random.uniform(low, high, 3)
    return (float(b), float(g), float(r))


def _pick(random: np.random.Generator, *colours: Colour) -> Colour:
    base = colours[int(random.integers(len(colours)))]
    b, g, r = np.clip(np.array(base) + random.normal(0, 10, 3), 5, 250)
    return (float(b), float(g), float(r))


_SKIN: Colour = (140, 170, 215)
_DARK: Colour = (38, 36, 36)


def _person(builder: Builder, random: np.random.Generator, phase: int) -> None:
    tall = float(random.normal(1.67, 0.08))
    broad = float(random.uniform(0.40, 0.52))
    trousers = _pick(random, (60, 45, 40), (95, 70, 50), (45, 45, 48), (120, 120, 125), (90, 110, 130))
    jacket = _colour(random) if random.random() < 0.7 else _pick(random, (40, 40, 42), (210, 210, 212))
    swing = 0.26 * math.sin(phase * math.pi / 4)
    for side in (-1, 1):
        builder.box((side * 0.1, side * swing * 0.5, 0.0), (0.15, 0.2 + 0.2 * abs(swing), 0.48 * tall), trousers)
        builder.box((side * broad * 0.5, -side * swing * 0.7, 0.45 * tall), (0.11, 0.14, 0.36 * tall), jacket)
    builder.box((0.0, 0.0, 0.46 * tall), (broad * 0.85, 0.25, 0.38 * tall), jacket)
    builder.box((0.0, 0.02, 0.85 * tall), (0.19, 0.2, 0.13 * tall), _SKIN)
    hair = _DARK if random.random() < 0.8 else _colour(random)
    builder.box((0.0, -0.02, 0.93 * tall), (0.22, 0.23, 0.07 * tall), hair)
    if random.random() < 0.15:
        builder.box((broad * 0.6, 0.1, 0.25 * tall), (0.14, 0.3, 0.28), _colour(random))
    if random.random() < 0.07:
        builder.cone((0.15, 0.1, tall + 0.1), 0.5, 0.22, (_colour(random), _colour(random)))


def _cart(builder: Builder, random: np.random.Generator, _: int) -> None:
    body = _pick(random, (60, 60, 170), (150, 90, 40), (60, 120, 60), (170, 170, 172), (40, 130, 200), (90, 60, 40))
    along, across = float(random.uniform(1.4, 2.0)), float(random.uniform(0.85, 1.15))
    top = float(random.uniform(0.75, 0.95))
    builder.box((0, 0, 0.35), (across, along, top - 0.35), body)
    for x in (-across / 2 - 0.02, across / 2 + 0.02):
        builder.disc((x, -along * 0.28, 0.3), 0.3, _DARK)
    if random.random() < 0.75:
        _tricycle_front(builder, random, along)
    _goods(builder, random, across, along, top)
    roof = random.random()
    if roof < 0.48:
        _umbrella(builder, random)
    elif roof < 0.92:
        _awning(builder, random, across, along)


def _tricycle_front(builder: Builder, random: np.random.Generator, along: float) -> None:
    frame = _colour(random, 20, 160)
    builder.disc((0, along / 2 + 0.75, 0.3), 0.3, _DARK)
    builder.bar((0, along / 2, 0.5), (0, along / 2 + 0.75, 0.75), 0.12, frame)
    builder.box((0, along / 2 + 0.3, 0.5), (0.3, 0.35, 0.3), _DARK)
    builder.box((0, along / 2 + 0.68, 0.9), (0.65, 0.08, 0.08), frame)


def _goods(builder: Builder, random: np.random.Generator, across: float, along: float, top: float) -> None:
    colours = [_colour(random, 40, 250) for _ in range(3)]
    columns, rows = int(random.integers(2, 4)), int(random.integers(3, 5))
    for i in range(columns):
        for j in range(rows):
            at = ((i + 0.5) / columns * across - across / 2, (j + 0.5) / rows * along - along / 2, top)
            size = (across / columns * 0.8, along / rows * 0.8, float(random.uniform(0.06, 0.28)))
            builder.box(at, size, colours[int(random.integers(3))])


def _umbrella(builder: Builder, random: np.random.Generator) -> None:
    first = _pick(random, (60, 60, 205), (190, 110, 40), (70, 160, 70), (60, 190, 230), (200, 200, 205))
    second = first if random.random() < 0.4 else _pick(random, (230, 230, 232), (60, 190, 230), (200, 140, 60))
    radius = float(random.uniform(1.05, 1.5))
    builder.bar((0, 0, 0.8), (0, 0, 2.2), 0.06, (190, 190, 190))
    builder.cone((float(random.normal(0, 0.15)), float(random.normal(0, 0.15)), 1.95), radius, 0.45, (first, second))


def _awning(builder: Builder, random: np.random.Generator, across: float, along: float) -> None:
    colour = _pick(random, (60, 60, 205), (190, 110, 40), (70, 160, 70), (60, 190, 230), (200, 200, 205))
    stripe = colour if random.random() < 0.4 else _pick(random, (228, 228, 230))
    x, y, z = across / 2 + 0.25, along / 2 + 0.2, float(random.uniform(1.85, 2.15))
    for side_x in (-1, 1):
        for side_y in (-1, 1):
            builder.bar(
                (side_x * x * 0.8, side_y * y * 0.8, 0.6), (side_x * x * 0.8, side_y * y * 0.8, z), 0.05, (180,) * 3
            )
    strips = 6
    for i in range(strips):
        y0, y1 = -y + 2 * y * i / strips, -y + 2 * y * (i + 1) / strips
        for x0, x1, z0, z1 in ((-x, 0.0, z - 0.15, z + 0.1), (0.0, x, z + 0.1, z - 0.15)):
            corners = [(x0, y0, z0), (x1, y0, z1), (x1, y1, z1), (x0, y1, z0)]
            builder.face(corners, colour if i % 2 else stripe, two_sided=True)


def _pile(builder: Builder, random: np.random.Generator, _: int) -> None:
    reach = float(random.uniform(0.7, 1.35))
    main = _pick(random, (205, 210, 212), (150, 170, 185), (110, 125, 140), (90, 120, 160), (140, 140, 140))
    for _i in range(int(random.integers(9, 20))):
        angle, far = random.uniform(0, 2 * math.pi), reach * math.sqrt(random.uniform(0, 1)) * 0.85
        level = max(0.0, (1 - far / reach)) * float(random.uniform(0, 0.75))
        at = (far * math.cos(angle), far * math.sin(angle), level)
        _pile_piece(builder, random, at, main)
    for _i in range(int(random.integers(0, 4))):
        at = (float(random.normal(0, reach / 3)), float(random.normal(0, reach / 3)), float(random.uniform(0.15, 0.6)))
        wood = _pick(random, (90, 140, 185), (70, 105, 140), (150, 160, 165))
        builder.box(at, (0.2, float(random.uniform(1.2, 2.2)), 0.05), wood, turn_deg=float(random.uniform(0, 180)))


def _pile_piece(builder: Builder, random: np.random.Generator, at: tuple[float, float, float], main: Colour) -> None:
    turn_deg = float(random.uniform(0, 180))
    choice = random.random()
    if choice < 0.55:
        builder.box(at, (0.42, 0.62, float(random.uniform(0.18, 0.28))), _pick(random, main), turn_deg=turn_deg)
    elif choice < 0.8:
        size = float(random.uniform(0.15, 0.4))
        rubble = _pick(random, (130, 135, 140), (90, 105, 150), (165, 165, 165))
        builder.box(at, (size, size * 1.2, size * 0.7), rubble, turn_deg=turn_deg)
    else:
        cardboard = _pick(random, (105, 150, 190), (120, 165, 200))
        builder.box(at, (0.45, 0.55, 0.4), cardboard, turn_deg=turn_deg)


def _bike(builder: Builder, random: np.random.Generator, _: int) -> None:
    paint = _pick(random, (40, 170, 235), (190, 120, 30), (60, 60, 200), (60, 150, 60), (40, 40, 42), (215, 215, 215))
    wheel, reach = float(random.uniform(0.29, 0.35)), 0.56
    tyre: Colour = (44, 44, 46)
    for y in (-reach, reach):
        builder.disc((0, y, wheel), wheel, tyre)
        builder.disc((0.012, y, wheel), wheel * 0.72, (120, 122, 124))
        builder.disc((-0.012, y, wheel), wheel * 0.72, (120, 122, 124))
    builder.bar((0, -reach, wheel), (0, reach * 0.75, 0.8), 0.09, paint)
    builder.bar((0, -0.2, 0.35), (0, -0.28, 0.92), 0.08, paint)
    builder.bar((0, reach, wheel), (0, reach * 0.72, 1.02), 0.08, paint)
    builder.box((0, -0.28, 0.88), (0.17, 0.3, 0.09), _DARK)
    builder.box((0, reach * 0.66, 1.0), (0.58, 0.07, 0.06), _DARK)
    style = random.random()
    if style < 0.45:
        builder.box((0, 0.05, 0.25), (0.26, 0.5, 0.14), paint)
        builder.box((0, -0.35, 0.55), (0.3, 0.75, 0.25), paint)
        builder.box((0, 0.45, 0.35), (0.3, 0.12, 0.5), paint)
    elif style < 0.8:
        builder.box((0, 0.72, 0.72), (0.36, 0.28, 0.24), _pick(random, (90, 90, 92), paint))


def _board(builder: Builder, random: np.random.Generator, _: int) -> None:
    front = _colour(random, 40, 245)
    w, h = float(random.uniform(0.3, 0.45)), float(random.uniform(0.9, 1.4))
    for y, tip in ((-0.28, -0.02), (0.28, 0.02)):
        builder.face([(-w, y, 0), (w, y, 0), (w, tip, h), (-w, tip, h)], front, two_sided=True)
        stripe = [(-w * 0.8, y * 0.72, h * 0.28), (w * 0.8, y * 0.72, h * 0.28), (w * 0.8, y * 0.4, h * 0.6)]
        builder.face([*stripe, (-w * 0.8, y * 0.4, h * 0.6)], _colour(random, 160, 250), two_sided=True)


def _bin(builder: Builder, random: np.random.Generator, _: int) -> None:
    paint = _pick(random, (60, 110, 50), (150, 100, 40), (50, 50, 170), (60, 62, 64))
    builder.box((0, 0, 0.08), (0.5, 0.58, 0.88), paint)
    builder.box((0, 0, 0.96), (0.56, 0.64, 0.1), _pick(random, paint))


def _car(builder: Builder, random: np.random.Generator, _: int) -> None:
    paint = _pick(random, (225, 225, 226), (40, 40, 42), (130, 130, 132), (50, 45, 150), (140, 80, 40), (90, 90, 92))
    along = float(random.uniform(4.1, 4.9))
    glass: Colour = (72, 62, 54)
    builder.box((0, 0, 0.25), (1.82, along, 0.62), paint)
    for x in (-0.92, 0.92):
        for y in (-along * 0.3, along * 0.3):
            builder.disc((x, y, 0.32), 0.32, _DARK)
    _cabin(builder, along, paint, glass)


def _cabin(builder: Builder, along: float, paint: Colour, glass: Colour) -> None:
    low, high = 0.87, 1.47
    base = [(-0.86, -along * 0.36), (0.86, -along * 0.36), (0.86, along * 0.2), (-0.86, along * 0.2)]
    roof = [(-0.68, -along * 0.24), (0.68, -along * 0.24), (0.68, along * 0.06), (-0.68, along * 0.06)]
    builder.face([(x, y, high) for x, y in roof], paint)
    for i in range(4):
        j = (i + 1) % 4
        builder.face([(*base[i], low), (*base[j], low), (*roof[j], high), (*roof[i], high)], glass)


def _tree(builder: Builder, random: np.random.Generator, _: int) -> None:
    tall, crown = float(random.uniform(3.6, 6.5)), float(random.uniform(1.1, 2.2))
    builder.box((0, 0, 0), (0.22, 0.22, tall - crown * 0.6), (50, 68, 84))
    leaf = np.array(_pick(random, (46, 96, 66), (50, 110, 92), (44, 82, 60)))
    for _i in range(16):
        direction = random.normal(0, 1, 3)
        x, y, z = direction / np.linalg.norm(direction) * crown * 0.62
        colour = np.clip(leaf * (1.0 + 0.3 * z / crown + random.normal(0, 0.1)), 10, 230)
        builder.blobs.append((x, y, z * 0.8 + tall - crown * 0.3, crown * float(random.uniform(0.35, 0.55)), *colour))


def _bench(builder: Builder, random: np.random.Generator, _: int) -> None:
    wood = _pick(random, (70, 105, 140), (100, 102, 104))
    builder.box((0, 0, 0.38), (1.5, 0.42, 0.07), wood)
    for x in (-0.6, 0.6):
        builder.box((x, 0, 0), (0.1, 0.4, 0.38), (90, 90, 92))
    if random.random() < 0.6:
        builder.box((0, -0.2, 0.5), (1.5, 0.05, 0.35), wood)


def _full_bin(builder: Builder, random: np.random.Generator, phase: int) -> None:
    _bin(builder, random, phase)
    for _i in range(int(random.integers(3, 6))):
        at = (float(random.normal(0, 0.13)), float(random.normal(0, 0.13)), float(random.uniform(1.0, 1.12)))
        _bag(builder, random, at)
    for _i in range(int(random.integers(2, 6))):
        angle, away = float(random.uniform(0, 2 * math.pi)), float(random.uniform(0.42, 0.75))
        _bag(builder, random, (away * math.cos(angle), away * math.sin(angle), 0.15))


def _bag(builder: Builder, random: np.random.Generator, at: tuple[float, float, float]) -> None:
    colour = _pick(random, (40, 40, 42), (225, 228, 230), (70, 160, 70), (60, 60, 190), (110, 170, 215))
    builder.blobs.append((*at, float(random.uniform(0.15, 0.26)), *colour))


_SHAPES: dict[ThingType, Callable[[Builder, np.random.Generator, int], None]] = {
    ThingType.PERSON: _person,
    ThingType.CART: _cart,
    ThingType.PILE: _pile,
    ThingType.BIKE: _bike,
    ThingType.BOARD: _board,
    ThingType.BIN: _bin,
    ThingType.CAR: _car,
    ThingType.TREE: _tree,
    ThingType.BENCH: _bench,
    ThingType.FULL_BIN: _full_bin,
}
