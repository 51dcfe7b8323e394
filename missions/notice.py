"""Expected time to notice: how long something that appears at a random place and hour stays unseen.

A plan sees each place in spans of time; a week of them is taken to repeat. Something that appears between two spans
waits for the second. With F the chance that it has appeared by a moment (24 hours may weigh differently), the chance
to wait longer than t is the sum of F(end - t) - F(begin) over all gaps longer than t, and the mean is the integral of
F - F(begin) over all gaps: both exact, no simulation.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from core.errors import InvalidInput

Array = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]
_LONGEST = timedelta(days=31)


@dataclass(frozen=True, kw_only=True)
class Appearing:
    """When something may appear: from `begin_at` (aware) on for `span_s`, which then repeats.

    With 24 `hour_weights` an hour of the local day is as likely as its weight says; otherwise all are alike.
    """

    begin_at: datetime
    span_s: float
    hour_weights: tuple[float, ...] = ()
    time_zone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        """Raise InvalidInput unless the span and the weights can be used."""
        if not 0 < self.span_s <= _LONGEST.total_seconds():
            raise InvalidInput(f"is {self.span_s:g}", where="span_s", remedy="give more than 0, at most 31 days")
        weights = self.hour_weights
        if weights and (len(weights) != 24 or not all(0 <= one < math.inf for one in weights) or sum(weights) <= 0):
            remedy = "give 24 weights from 0 on, not all of them 0"
            raise InvalidInput("these are not weights of the hours of a day", where="hour_weights", remedy=remedy)

    def until(self, seconds: Array) -> Array:
        """Return the chance that it has appeared by these seconds after the beginning; 1 more for every span."""
        spans, rest = np.divmod(seconds, self.span_s)
        knots, chances, _ = self._table
        return np.asarray(spans + np.interp(rest, knots, chances), dtype=np.float64)

    def integral(self, seconds: Array) -> Array:
        """Return the integral of `until` from 0 to these seconds."""
        spans, rest = np.divmod(seconds, self.span_s)
        knots, chances, sums = self._table
        before = np.clip(np.searchsorted(knots, rest, side="right") - 1, 0, len(knots) - 2)
        passed = rest - knots[before]
        slopes = np.diff(chances)[before] / np.diff(knots)[before]
        inner = sums[before] + chances[before] * passed + slopes * passed**2 / 2
        whole = spans * sums[-1] + self.span_s * spans * (spans - 1) / 2
        return np.asarray(whole + inner + spans * rest, dtype=np.float64)

    @cached_property
    def _table(self) -> tuple[Array, Array, Array]:
        """Return seconds, the chance by then, and its integral by then; straight between them."""
        knots, weights = self._hours()
        mass = np.diff(knots) * weights
        if mass.sum() <= 0:
            remedy = "weigh an hour of the span with more than 0, or give a longer span"
            raise InvalidInput("nothing can appear in the span", where="hour_weights", remedy=remedy)
        chances = np.concatenate([[0.0], np.cumsum(mass) / mass.sum()])
        areas = np.diff(knots) * (chances[1:] + chances[:-1]) / 2
        return knots, chances, np.concatenate([[0.0], np.cumsum(areas)])

    def _hours(self) -> tuple[Array, Array]:
        if not self.hour_weights:
            return np.array([0.0, self.span_s]), np.ones(1)
        zone = ZoneInfo(self.time_zone)
        local = self.begin_at.astimezone(zone)
        first_s = 3600.0 - (local.minute * 60 + local.second + local.microsecond / 1e6)
        knots = np.concatenate([[0.0], np.arange(first_s, self.span_s, 3600.0), [self.span_s]])
        middles = (knots[1:] + knots[:-1]) / 2
        hours = [(self.begin_at + timedelta(seconds=float(at))).astimezone(zone).hour for at in middles]
        return knots, np.array([self.hour_weights[hour] for hour in hours])


@dataclass(frozen=True, kw_only=True)
class Sights:
    """Who is seen when: place number, begin and end of each span in seconds after the beginning, (sights,) each."""

    places: Numbers
    begins_s: Array
    ends_s: Array

    @classmethod
    def together(cls, parts: Sequence["Sights"]) -> "Sights":
        """Return all sights of several runs."""
        if not parts:
            return cls(places=np.zeros(0, dtype=np.intp), begins_s=np.zeros(0), ends_s=np.zeros(0))
        return cls(
            places=np.concatenate([part.places for part in parts]),
            begins_s=np.concatenate([part.begins_s for part in parts]),
            ends_s=np.concatenate([part.ends_s for part in parts]),
        )

    def later(self, seconds: float) -> "Sights":
        """Return the same sights so many seconds later."""
        return Sights(places=self.places, begins_s=self.begins_s + seconds, ends_s=self.ends_s + seconds)


@dataclass(frozen=True, kw_only=True)
class Notice:
    """How long something stays unseen that appears at one of so many places, all alike, as `appearing` says."""

    appearing: Appearing
    places: int
    never_seen_ratio: float
    """The share of the places that are never seen: what appears there is never noticed."""
    gaps_s: Array
    """From the end of a sight to the beginning of the next one of the same place, (gaps, 2)."""

    @classmethod
    def of(cls, sights: Sights, *, places: int, appearing: Appearing) -> "Notice":
        """Return the distribution for sights of *places* places."""
        seen = len(np.unique(sights.places))
        gaps = _gaps(sights, appearing.span_s)
        return cls(appearing=appearing, places=places, never_seen_ratio=1 - seen / places, gaps_s=gaps)

    @cached_property
    def _at_begins(self) -> Array:
        """Return the chance that it has appeared by the beginning of each gap; asked for again and again."""
        return self.appearing.until(self.gaps_s[:, 0])

    def chance(self, after_s: float) -> float:
        """Return the chance that it is still unseen after so many seconds."""
        begins, ends = self.gaps_s.T
        is_longer = ends - begins > after_s
        waits = self.appearing.until(ends[is_longer] - after_s) - self._at_begins[is_longer]
        return float(waits.sum()) / self.places + self.never_seen_ratio

    @property
    def worst_s(self) -> float:
        """Return the longest time that anything stays unseen; infinite where some place is never seen."""
        return math.inf if self.never_seen_ratio > 0 else self.worst_seen_s

    @property
    def worst_seen_s(self) -> float:
        """Return the longest time at the places that are seen."""
        return float((self.gaps_s[:, 1] - self.gaps_s[:, 0]).max(initial=0.0))

    @property
    def mean_s(self) -> float:
        """Return the mean time; infinite where some place is never seen."""
        return math.inf if self.never_seen_ratio > 0 else self.mean_seen_s

    @property
    def mean_seen_s(self) -> float:
        """Return the mean time at the places that are seen; infinite where none is."""
        seen = self.places * (1 - self.never_seen_ratio)
        if seen < 0.5:
            return math.inf
        begins, ends = self.gaps_s.T
        area = self.appearing.integral(ends) - self.appearing.integral(begins)
        return float((area - self._at_begins * (ends - begins)).sum() / seen)

    def quantile_s(self, ratio: float) -> float:
        """Return the seconds after which that share of everything has been noticed; infinite when it never is."""
        if 1 - ratio < self.never_seen_ratio:
            return math.inf
        low, high = 0.0, self.worst_seen_s
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.chance(middle) > 1 - ratio + 1e-12 else (low, middle)
        return high


def _gaps(sights: Sights, span_s: float) -> Array:
    """Return the gaps of one span, each with the sight that ends it in the second of three spans in a row."""
    if not len(sights.places):
        return np.zeros((0, 2))
    shifts = np.floor(sights.begins_s / span_s) * span_s
    begins, ends = sights.begins_s - shifts, sights.ends_s - shifts
    places = np.tile(sights.places, 2)
    begins, ends = np.concatenate([begins, begins + span_s]), np.concatenate([ends, ends + span_s])
    order = np.lexsort((begins, places))
    places, begins, ends = places[order], begins[order], ends[order]
    far = (places - places.min()) * (4 * span_s + float(ends.max()))
    latest = np.maximum.accumulate(ends + far) - far
    is_gap = (places[1:] == places[:-1]) & (begins[1:] >= span_s) & (begins[1:] > latest[:-1])
    return np.column_stack([latest[:-1][is_gap], begins[1:][is_gap]])
