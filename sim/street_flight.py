"""How a camera passes a street: a drone over it or a ground robot along it, what it reports and what is true."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from sim.scene import CameraFlaws, CameraLens, CameraView, Scene, SceneAir, SceneLight
from sim.street import Matter, Street, make_street

PICTURES_PER_S = 4


class Condition(StrEnum):
    """Light and air."""

    DAY = "day"
    DUSK = "dusk"
    RAIN = "rain"
    WIND = "wind"


class Carrier(StrEnum):
    """What carries the camera."""

    DRONE = "drone"
    ROBOT = "robot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One moment of a pass: where the camera truly is and looks, what is reported of it, and the picture's flaws."""

    time_s: float
    true: CameraView
    told: CameraView
    flaws: CameraFlaws


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetScene:
    """A seeded scene: a street, its weather, and the shots of one pass."""

    seed: int
    condition: Condition
    carrier: Carrier
    height_m: float
    street: Street
    scene: Scene
    lens: CameraLens
    shots: tuple[Shot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Errors:
    """What telemetry has wrong for a whole pass, and from picture to picture (one sigma)."""

    place_m: float
    height_m: float
    yaw_deg: float
    pitch_deg: float
    shake_deg: float


_ERRORS = {
    Carrier.DRONE: _Errors(place_m=0.5, height_m=0.35, yaw_deg=0.7, pitch_deg=0.4, shake_deg=0.12),
    Carrier.ROBOT: _Errors(place_m=0.15, height_m=0.02, yaw_deg=0.7, pitch_deg=0.2, shake_deg=0.08),
}
_LENSES = {Carrier.DRONE: CameraLens(), Carrier.ROBOT: CameraLens(fx_px=320.0, fy_px=320.0)}
_HEIGHTS_M = (15.0, 22.0, 30.0)
_CONDITIONS = (Condition.DAY, Condition.DAY, Condition.DUSK, Condition.RAIN, Condition.WIND)


def make_scene(seed: int, *, gimbal_yaw_off_deg: float = 0.0, matters: int = 4, lawful: int = 4) -> StreetScene:
    """Return the scene of a seed: every fifth is a ground robot's; heights and weather come in turn.

    The gimbal truly points *gimbal_yaw_off_deg* to the right of what is reported. There are so many *matters* and so
    many *lawful* things.
    """
    random = np.random.default_rng([seed, 77])
    carrier = Carrier.ROBOT if seed % 5 == 4 else Carrier.DRONE
    condition = _CONDITIONS[seed // 5 % len(_CONDITIONS)]
    height_m = 1.2 if carrier is Carrier.ROBOT else _HEIGHTS_M[seed % 3]
    street = make_street(random, matters=matters, lawful=lawful)
    scene = Scene(
        ground=street.ground,
        buildings=street.buildings,
        light=_light(random, condition),
        air=SceneAir(rain=float(random.uniform(0.4, 0.9)) if condition is Condition.RAIN else 0.0),
        min_east_m=-90.0,
        min_north_m=-70.0,
        max_east_m=90.0,
        max_north_m=60.0,
        seed=int(random.integers(2**31)),
    )
    return StreetScene(
        seed=seed,
        condition=condition,
        carrier=carrier,
        height_m=height_m,
        street=street,
        scene=scene,
        lens=_LENSES[carrier],
        shots=tuple(
            replace(shot, told=replace(shot.told, yaw_deg=(shot.told.yaw_deg - gimbal_yaw_off_deg) % 360.0))
            for shot in _shots(random, carrier, condition, _path(random, carrier, height_m, street))
        ),
    )


def _light(random: np.random.Generator, condition: Condition) -> SceneLight:
    is_dim = condition in {Condition.DUSK, Condition.RAIN}
    bright = {Condition.DUSK: (0.35, 0.55), Condition.RAIN: (0.55, 0.85)}.get(condition, (0.8, 1.1))
    return SceneLight(
        sun_azimuth_deg=float(random.uniform(100, 260)),
        sun_elevation_deg=float(random.uniform(25, 65)),
        brightness=float(random.uniform(*bright)),
        warmth=float(random.uniform(-0.3, 0.6)),
        shadow=float(random.uniform(0.0, 0.1) if is_dim else random.uniform(0.3, 0.5)),
    )


def _path(
    random: np.random.Generator, carrier: Carrier, height_m: float, street: Street
) -> list[tuple[float, CameraView]]:
    return _drone_path(random, height_m) if carrier is Carrier.DRONE else _robot_path(random, street)


def _shots(
    random: np.random.Generator, carrier: Carrier, condition: Condition, path: list[tuple[float, CameraView]]
) -> tuple[Shot, ...]:
    errors = _ERRORS[carrier]
    shake_deg = errors.shake_deg * (2.5 if condition is Condition.WIND else 1.0)
    wrong = random.normal(0, 1, 5) * (errors.place_m, errors.place_m, errors.height_m, errors.yaw_deg, errors.pitch_deg)
    shots = []
    for time_s, view in path:
        true = _shaken(random, view, shake_deg, sway_m=0.3 if condition is Condition.WIND else 0.05, time_s=time_s)
        told = _told(random, view, wrong)
        shots.append(Shot(time_s=time_s, true=true, told=told, flaws=_flaws(random, condition)))
    return tuple(shots)


def _drone_path(random: np.random.Generator, height_m: float) -> list[tuple[float, CameraView]]:
    """Fly along the street, looking ahead and down; half of the passes go from east to west."""
    pitch_deg, speed_m_s = float(random.uniform(-44, -33)), float(random.uniform(2.2, 3.2))
    way = 1.0 if random.random() < 0.5 else -1.0
    north = float(random.choice([-17.0, -7.0, 0.0]) + random.normal(0, 1))
    ahead_m = height_m / math.tan(math.radians(-pitch_deg))
    start, end = -27.0 - ahead_m, 27.0 - ahead_m * 0.7
    count = int((end - start) / speed_m_s * PICTURES_PER_S)
    turn_deg = float(random.normal(0, 4))
    return [
        (
            i / PICTURES_PER_S,
            CameraView(
                east_m=way * (start + speed_m_s * i / PICTURES_PER_S),
                north_m=north,
                height_agl_m=height_m,
                yaw_deg=((90.0 if way > 0 else 270.0) + turn_deg) % 360.0,
                pitch_deg=pitch_deg,
            ),
        )
        for i in range(count)
    ]


def _robot_path(random: np.random.Generator, street: Street) -> list[tuple[float, CameraView]]:
    """Drive where most is to be seen: between the rows of the square or along the strip, looking ahead to one side."""
    way = 1.0 if random.random() < 0.5 else -1.0
    starts = [float(start) for start in random.permutation(np.arange(-34.0, 0.0, 4.0))]
    lane, start = max(
        ((lane, start) for lane in _LANES for start in starts),
        key=lambda pair: sum(_passes(pair[0], pair[1], way, matter) for matter in street.matters),
    )
    speed_m_s = float(random.uniform(0.7, 1.0))
    return [
        (
            i / PICTURES_PER_S,
            CameraView(
                east_m=way * (start + speed_m_s * i / PICTURES_PER_S),
                north_m=lane.north_m,
                height_agl_m=1.2,
                yaw_deg=(90.0 - 24.0 * lane.side if way > 0 else 270.0 + 24.0 * lane.side) % 360.0,
                pitch_deg=-9.0,
            ),
        )
        for i in range(26 * PICTURES_PER_S)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lane:
    """Where a robot drives, to which side it looks (1: north), and the row that it sees there."""

    north_m: float
    side: float
    row_m: float


_LANES = (
    _Lane(north_m=-19.3, side=1.0, row_m=-15.5),
    _Lane(north_m=-19.3, side=-1.0, row_m=-23.0),
    _Lane(north_m=5.8, side=-1.0, row_m=1.5),
    _Lane(north_m=7.5, side=1.0, row_m=12.0),
)


def _passes(lane: _Lane, start: float, way: float, matter: Matter) -> bool:
    return abs(matter.north_m - lane.row_m) < 2.5 and start + 9.0 <= way * matter.east_m <= start + 22.0


def _shaken(
    random: np.random.Generator, view: CameraView, shake_deg: float, *, sway_m: float, time_s: float
) -> CameraView:
    yaw, pitch, roll = random.normal(0, shake_deg, 3)
    return CameraView(
        east_m=view.east_m + sway_m * math.sin(0.9 * time_s),
        north_m=view.north_m + sway_m * math.cos(0.7 * time_s),
        height_agl_m=view.height_agl_m,
        yaw_deg=view.yaw_deg + float(yaw),
        pitch_deg=view.pitch_deg + float(pitch),
        roll_deg=view.roll_deg + float(roll),
    )


def _told(random: np.random.Generator, view: CameraView, wrong: np.ndarray) -> CameraView:
    jitter = random.normal(0, 0.05, 2)
    return CameraView(
        east_m=view.east_m + float(wrong[0] + jitter[0]),
        north_m=view.north_m + float(wrong[1] + jitter[1]),
        height_agl_m=view.height_agl_m + float(wrong[2]),
        yaw_deg=(view.yaw_deg + float(wrong[3])) % 360.0,
        pitch_deg=view.pitch_deg + float(wrong[4]),
        roll_deg=0.0,
    )


def _flaws(random: np.random.Generator, condition: Condition) -> CameraFlaws:
    smear_px = {Condition.DUSK: 2.5, Condition.WIND: 2.5}.get(condition, 1.2)
    return CameraFlaws(
        smear_px=float(random.uniform(0, smear_px)),
        smear_deg=float(random.uniform(0, 180)),
        grain=2.2 if condition is Condition.DUSK else 1.0,
        jpeg_quality=int(random.integers(45, 85)),
    )
