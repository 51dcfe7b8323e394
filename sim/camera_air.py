"""What light, weather, lens, motion, sensor and video link do to a painted picture."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.camera_canvas import Distances
from sim.camera_geometry import FloatArray
from sim.camera_ground import Picture
from sim.scene import CameraFlaws, SceneAir, SceneLight

_NOISE_PICTURES = 4
_NOISE = 2.6
_THICKEST_PER_M = 0.017
"""In the thickest haze half of the light from 40 m away is lost."""
_STREAKS = 900
"""Streaks of the heaviest rain in a picture."""


class Darkroom:
    """Develops the pictures of one scene; equal seeds and equal numbers of pictures give equal pictures."""

    def __init__(self, *, light: SceneLight, air: SceneAir, seed: int) -> None:
        self._tones = _tones(light, air)
        self._air = air
        self._veil = np.clip(np.array([214.0, 210.0, 204.0]) * light.brightness, 0, 255)
        self._seed = seed
        self._noise: dict[tuple[int, int], list[NDArray[np.int16]]] = {}
        self._pictures = 0

    @property
    def is_hazy(self) -> bool:
        """Say whether the air hides what is far away."""
        return bool(self._air.haze or self._air.rain)

    def develop(self, picture: Picture, away_m: Distances | None, flaws: CameraFlaws) -> Picture:
        """Return *picture* (h, w, 3; BGR) as the camera hands it over; hazy air wants the distance of every pixel."""
        self._pictures += 1
        toned = cv2.LUT(cv2.GaussianBlur(picture, (3, 3), 0.45), self._tones)
        if away_m is not None:
            toned = self._weather(np.asarray(toned, np.uint8), away_m)
        if flaws.smear_px > 1.0:
            toned = cv2.filter2D(toned, -1, _smear(flaws))
        noise = self._noise_of(picture.shape[0], picture.shape[1])[self._pictures % _NOISE_PICTURES]
        if flaws.grain != 1.0:
            noise = np.rint(noise * flaws.grain).astype(np.int16)
        done = np.asarray(cv2.add(toned, noise, dtype=cv2.CV_8U), np.uint8)
        return _compressed(done, flaws.jpeg_quality) if flaws.jpeg_quality else done

    def _weather(self, picture: Picture, away_m: Distances) -> Picture:
        thick = max(self._air.haze, 0.45 * self._air.rain)
        left = np.exp(-_THICKEST_PER_M * thick * away_m)[..., None]
        veiled = picture * left + self._veil * (1.0 - left)
        if self._air.rain:
            veiled = self._rain(veiled.astype(np.float32))
        return np.asarray(np.clip(veiled, 0, 255), np.uint8)

    def _rain(self, picture: NDArray[np.float32]) -> FloatArray:
        """Draw slanting streaks, other ones in every picture."""
        random = np.random.default_rng([self._seed, self._pictures])
        height, width = picture.shape[:2]
        count, slant = int(_STREAKS * self._air.rain), float(np.random.default_rng(self._seed).normal(0, 0.2))
        layer = np.zeros((height, width), np.uint8)
        tops = np.column_stack((random.uniform(0, width, count), random.uniform(-20, height, count)))
        long = random.uniform(4, 22, count)
        for (x, y), length in zip(tops.tolist(), long.tolist(), strict=True):
            cv2.line(layer, (int(x), int(y)), (int(x + slant * length), int(y + length)), 255, 1, cv2.LINE_AA)
        share = 0.22 * layer[..., None] / 255.0
        return np.asarray(picture * (1.0 - share) + (self._veil + 25.0) * share)

    def _noise_of(self, height: int, width: int) -> list[NDArray[np.int16]]:
        if (height, width) not in self._noise:
            random = np.random.default_rng(self._seed + 7)
            self._noise[height, width] = [
                np.rint(random.normal(0, _NOISE, (height, width, 3))).astype(np.int16) for _ in range(_NOISE_PICTURES)
            ]
        return self._noise[height, width]


def _tones(light: SceneLight, air: SceneAir) -> Picture:
    """Return the table of tones, shape (256, 1, 3); what is wet is darker."""
    gains = light.brightness * np.array([1.0 - 0.16 * light.warmth, 1.0, 1.0 + 0.12 * light.warmth])
    table = np.clip(np.arange(256)[:, None] * gains[None, :] * (1.0 - 0.2 * air.rain), 0, 255)
    return table.astype(np.uint8).reshape(256, 1, 3)


def _smear(flaws: CameraFlaws) -> NDArray[np.float32]:
    """Return the kernel of a straight motion."""
    reach = math.ceil(flaws.smear_px / 2) + 1
    side = 2 * reach + 1
    kernel = np.zeros((side * 8, side * 8), np.uint8)
    half = flaws.smear_px * 4
    east, down = math.cos(math.radians(flaws.smear_deg)) * half, math.sin(math.radians(flaws.smear_deg)) * half
    centre = side * 4
    ends = [(round(centre + k * east), round(centre + k * down)) for k in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 255, 8, cv2.LINE_AA)
    small = cv2.resize(kernel.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(small / small.sum(), np.float32)


def _compressed(picture: Picture, quality: int) -> Picture:
    coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
