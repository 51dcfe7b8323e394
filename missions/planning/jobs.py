"""Pieces of work that one vehicle does at a stretch: a point, or a strand of legs that may be followed either way."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray
from missions.planning.request import ANY_TERMS, Place, Terms

_SAME_M = 1e-6
NEAR_M = 0.004
"""Corners of lines and ways that lie nearer together are one: less than what is kept over the margin, and no leg for an
autopilot. (Survey legs stay as they are: even short ones sweep a swath, which would turn with them.)"""
STRAIGHT_RAD = math.radians(0.01)
"""A change of heading by no more than this is no turn."""


class Purpose(StrEnum):
    """What a leg is for."""

    TRANSIT = "transit"
    SURVEY = "survey"
    POINT = "point"
    LINE = "line"
    RETURN = "return"


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """Work for one vehicle at a stretch along *places*, shape (n, 2); a point has one place."""

    task: str
    purpose: Purpose
    places: FloatArray
    service_s: float = 0.0
    point: str | None = None
    terms: Terms = ANY_TERMS

    @property
    def is_point(self) -> bool:
        """Say whether the work is done at one place."""
        return len(self.places) == 1

    @property
    def name(self) -> str:
        """Return what to call it: the point's id, or how long it is and where."""
        return self.point or f"{self.length_m:.0f} m around ({self.places[0][0]:.1f}, {self.places[0][1]:.1f})"

    @property
    def entry(self) -> Place:
        """Return where it begins."""
        return _place(self.places[0])

    @property
    def exit(self) -> Place:
        """Return where it ends."""
        return _place(self.places[-1])

    @cached_property
    def length_m(self) -> float:
        """Return the metres along the strand."""
        return float(np.hypot(*np.diff(self.places, axis=0).T).sum())

    @cached_property
    def turns(self) -> int:
        """Return how often the heading changes along the strand."""
        return int((changes_rad(self.headings_rad[:-1], self.headings_rad[1:]) > STRAIGHT_RAD).sum())

    @cached_property
    def headings_rad(self) -> FloatArray:
        """Return the headings of its straight pieces, counted from east to north; none for a point."""
        runs = np.diff(self.places, axis=0)
        runs = runs[np.hypot(*runs.T) > _SAME_M]
        return np.asarray(np.arctan2(runs[:, 1], runs[:, 0]))

    @cached_property
    def shape(self) -> BaseGeometry:
        """Return the point or line of the work."""
        return shapely.Point(self.places[0]) if self.is_point else shapely.LineString(self.places)

    def work_s(self, speed_m_s: float, turn_s: float) -> float:
        """Return how long it takes."""
        return self.length_m / speed_m_s + turn_s * self.turns + self.service_s

    def reversed(self) -> "Job":
        """Return the same work the other way round."""
        return replace(self, places=self.places[::-1])

    def halves(self) -> tuple["Job", "Job"]:
        """Return the strand cut in its middle."""
        return self.parted(self.length_m / 2)

    def parted(self, at_m: float) -> tuple["Job", "Job"]:
        """Return the strand cut so many metres from its beginning."""
        first, second = cut(self.places, [at_m])
        return replace(self, places=first), replace(self, places=second)

    def pieces(self, longest_m: float) -> Iterator["Job"]:
        """Yield the strand in pieces of at most about *longest_m*, cut at corners where one is near."""
        count = int(np.ceil(self.length_m / longest_m - 1e-9)) if self.length_m > longest_m else 1
        if self.is_point or count <= 1:
            yield self
            return
        step_m = self.length_m / count
        along = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(self.places, axis=0).T))))
        cuts = [_near_corner(along, step_m * n, step_m / 3) for n in range(1, count)]
        yield from (replace(self, places=part) for part in cut(self.places, cuts) if len(part) > 1)


def cut(places: FloatArray, at_m: list[float]) -> list[FloatArray]:
    """Return the line over *places* in parts, cut at metres from its beginning (in order)."""
    along = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(places, axis=0).T))))
    ends = [0.0, *at_m, float(along[-1])]
    parts = []
    for low, high in pairwise(ends):
        if high - low <= _SAME_M:
            continue
        inner = places[(along > low + _SAME_M) & (along < high - _SAME_M)]
        parts.append(np.vstack((_at(places, along, low), inner, _at(places, along, high))))
    return parts


def _at(places: FloatArray, along: FloatArray, metres: float) -> FloatArray:
    return np.array([np.interp(metres, along, places[:, axis]) for axis in (0, 1)])


def _near_corner(along: FloatArray, metres: float, within_m: float) -> float:
    nearest = float(along[np.argmin(np.abs(along - metres))])
    return nearest if abs(nearest - metres) <= within_m else metres


def _place(pair: FloatArray) -> Place:
    return float(pair[0]), float(pair[1])


def changes_rad(before: FloatArray, after: FloatArray) -> FloatArray:
    """Return by how much headings change, 0 to pi."""
    return np.abs(np.remainder(after - before + np.pi, 2 * np.pi) - np.pi)


def without_specks(places: FloatArray) -> FloatArray:
    """Return the line over *places* without corners that lie within `NEAR_M` of the one before; both ends stay."""
    kept = [places[0]]
    for place in places[1:-1]:
        if math.dist(place, kept[-1]) > NEAR_M and math.dist(place, places[-1]) > NEAR_M:
            kept.append(place)
    return np.array([*kept, *places[1:][-1:]])
