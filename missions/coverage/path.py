"""What a plan of coverage is: legs over an area, and what they sweep."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from geofence.frames import FloatArray

Place = tuple[float, float]
"""East and north in metres."""
_SAME_M = 1e-5
"""Places nearer to each other are one."""
TURN_DEG = 1.0
"""A change of heading by more than this is a turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageLeg:
    """A straight leg, in metres; survey legs sweep half a swath to both sides, the others only lead on."""

    start: Place
    end: Place
    is_survey: bool

    @property
    def length_m(self) -> float:
        """Return how long the leg is."""
        return float(np.hypot(self.end[0] - self.start[0], self.end[1] - self.start[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveragePath:
    """Legs in the order of flight, each beginning where the one before ended."""

    legs: tuple[CoverageLeg, ...]
    swath_m: float
    swept_ratio: float
    """Share of the area within half a swath sideways of a survey leg (flat ends)."""
    kept_ratio: float
    """Share of the inner area (half a swath from every edge) where the overlap is kept."""
    because: tuple[str, ...] = ()
    """What is not swept, and why."""

    @property
    def length_m(self) -> float:
        """Return the length of all legs, those that only lead on included."""
        return sum(leg.length_m for leg in self.legs)

    @property
    def turns(self) -> int:
        """Return how often the heading changes."""
        return turns(np.array([leg.start for leg in self.legs] + [leg.end for leg in self.legs[-1:]]))


def turns(points: FloatArray | Sequence[Place]) -> int:
    """Return how often a line over *points*, shape (n, 2), changes its heading."""
    runs = np.diff(np.asarray(points, dtype=np.float64).reshape(-1, 2), axis=0)
    runs = runs[np.hypot(*runs.T) > _SAME_M]
    headings = np.arctan2(runs[:, 1], runs[:, 0])
    change = np.abs(np.mod(np.diff(headings) + np.pi, 2 * np.pi) - np.pi)
    return int(np.count_nonzero(change > np.radians(TURN_DEG)))


def legs_of(points: FloatArray, survey: Sequence[bool]) -> tuple[CoverageLeg, ...]:
    """Return the legs between *points*, shape (n, 2); *survey* says which of them sweep."""
    is_new = np.append(True, np.hypot(*np.diff(points, axis=0).T) > _SAME_M)
    places = [(float(x), float(y)) for x, y in points[is_new]]
    kinds = np.asarray(survey, dtype=bool)[is_new[1:]].tolist()
    return tuple(
        CoverageLeg(start=a, end=b, is_survey=kind) for (a, b), kind in zip(pairwise(places), kinds, strict=True)
    )
