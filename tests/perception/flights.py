"""Flights over things whose places are known, with poses that are told wrongly: for the tests of aim and sway."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from geofence.footprint import Gaze
from geofence.positions import LocalPosition
from perception.detections import Detection, Label, PixelBox
from perception.georeference import Georeference, PoseErrors
from perception.tracker import Placed, Track, Tracker
from tests.perception.eyes import FRAME, LENS, gaze

ERRORS = PoseErrors(place_m=0.5, height_m=0.5, yaw_deg=1.0, pitch_deg=0.6, roll_deg=0.3)
REFERENCE = Georeference(camera=LENS, frame=FRAME, errors=ERRORS)
STEP_S = 0.25
_TALL_M = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something on the ground, standing or walking; how it seems when the camera went so many metres."""

    label: Label = Label.CART
    east_m: float = 0.0
    north_m: float = 0.0
    east_m_s: float = 0.0
    north_m_s: float = 0.0
    drifts_px: float = 0.0
    """By so much further up its box ends, for each metre that the camera has come nearer."""

    def at(self, seconds: float) -> LocalPosition:
        return LocalPosition(
            east_m=self.east_m + self.east_m_s * seconds, north_m=self.north_m + self.north_m_s * seconds
        )


@dataclass(slots=True, kw_only=True)
class Flight:
    """Frame after frame: the true gaze, and the same with what telemetry has wrong."""

    things: Sequence[Thing]
    true: Callable[[float], Gaze]
    off: Callable[[Gaze], Gaze] = lambda gaze: gaze
    noise_px: float = 1.0
    seed: int = 1
    reference: Georeference = REFERENCE
    tracker: Tracker = field(default_factory=lambda: Tracker(threshold_for=lambda _: 0.4))

    def frames(self, seconds: float) -> Iterator[tuple[float, Gaze, list[tuple[int, Detection]]]]:
        """Yield the time, the told gaze, and what the true one shows, by the thing's number."""
        random = np.random.default_rng(self.seed)
        for number in range(round(seconds / STEP_S)):
            taken_s = number * STEP_S
            true = self.true(taken_s)
            seen = [(i, one) for i, it in enumerate(self.things) if (one := self._seen(it, taken_s, true, random))]
            yield taken_s, self.off(true), seen

    def place(self, seen: Sequence[Detection], gaze: Gaze) -> list[Placed]:
        """Place them as the pipeline does."""
        feet = np.array([one.box.foot_px for one in seen], float).reshape(-1, 2)
        return [Placed(one, place) for one, place in zip(seen, self.reference.to_ground(feet, gaze), strict=True)]

    def follow(self, placed: Sequence[Placed], taken_s: float) -> list[Track]:
        """Return the tracks after a frame."""
        return self.tracker.update(placed, taken_s=taken_s, is_in_view=lambda _: False)

    def _seen(self, thing: Thing, taken_s: float, true: Gaze, random: np.random.Generator) -> Detection | None:
        here = thing.at(taken_s)
        foot = self.reference.to_pixel(here, true)
        if foot is None:
            return None
        east_m, north_m = self.reference.camera_m(true)
        reach_m = math.dist((here.east_m, here.north_m, 0.0), (east_m, north_m, true.height_agl_m))
        tall_px = _TALL_M * LENS.fy_px / reach_m
        begun_m = math.dist(self.reference.camera_m(true), self.reference.camera_m(self.true(0.0)))
        x_px, y_px = foot[0] + random.normal(0, self.noise_px), foot[1] + random.normal(0, self.noise_px)
        y_px -= thing.drifts_px * begun_m
        box = PixelBox(x0_px=x_px - tall_px / 3, y0_px=y_px - tall_px, x1_px=x_px + tall_px / 3, y1_px=y_px)
        return Detection(label=thing.label, score=0.8, box=box)


def street(label: Label = Label.CART, *, count: int = 12, seed: int = 3) -> list[Thing]:
    """Return things that stand along a way of 60 m."""
    random = np.random.default_rng(seed)
    spots = random.uniform((-12, -20), (12, 40), (count, 2))
    return [Thing(label=label, east_m=float(east), north_m=float(north)) for east, north in spots]


def flying(*, m_s: float = 4.0, height_m: float = 25.0, pitch_deg: float = -38.0) -> Callable[[float], Gaze]:
    """Return the gaze of a camera that flies north."""
    return lambda seconds: gaze(north_m=-50.0 + m_s * seconds, height_agl_m=height_m, pitch_deg=pitch_deg)


def wrong(*, yaw_deg: float = 0.0, pitch_deg: float = 0.0, height_m: float = 0.0) -> Callable[[Gaze], Gaze]:
    """Return how telemetry tells a gaze with these errors."""
    return lambda true: replace(
        true,
        yaw_deg=(true.yaw_deg + yaw_deg) % 360.0,
        pitch_deg=true.pitch_deg + pitch_deg,
        height_agl_m=true.height_agl_m + height_m,
    )


def trembling(*, sigma_m: float, seed: int = 5) -> Callable[[Gaze], Gaze]:
    """Return how telemetry tells a gaze whose place jumps about from frame to frame."""
    random = np.random.default_rng(seed)

    def told(true: Gaze) -> Gaze:
        here = FRAME.to_local(true.place)
        east_m, north_m = random.normal(0, sigma_m, 2)
        moved = LocalPosition(east_m=here.east_m + float(east_m), north_m=here.north_m + float(north_m))
        return replace(true, place=FRAME.to_geo(moved))

    return told
