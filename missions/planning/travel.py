"""How long ways between docks and jobs take: around what is in the way, or over or under it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

import numpy as np

from geofence.frames import FloatArray
from geofence.prisms import BoolArray, IntArray
from geofence.sight_graph import Ways
from missions.planning.crossings import Airspace
from missions.planning.jobs import STRAIGHT_RAD, Job, changes_rad
from missions.planning.request import Band, Place, PlanVehicle

_BENDS = 2
"""Turns that are reckoned with on a way that is not straight, until it is known."""
_STRAIGHT_M = 1e-6


class Pace(NamedTuple):
    """What makes two vehicles take equally long for everything."""

    band: Band
    speed_m_s: float
    turn_s: float
    skills: frozenset[str]


def pace_of(vehicle: PlanVehicle) -> Pace:
    """Return the pace of *vehicle*."""
    return Pace(vehicle.band, vehicle.speed_m_s, vehicle.turn_s, vehicle.skills)


class _Turns(NamedTuple):
    """Turns at the ends of ways that are straight, and the most there are at the ends of others."""

    straight: IntArray
    most: IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class _Stops:
    """The different places that ways join, and which of them the rows (from) and columns (to) of a matrix are."""

    places: FloatArray
    froms: IntArray
    tos: IntArray
    straight_m: FloatArray

    @classmethod
    def of(cls, exits: FloatArray, entries: FloatArray) -> "_Stops":
        """Return the stops of ways from *exits* to *entries*, each of shape (n, 2)."""
        places, where = np.unique(np.vstack((exits, entries)), axis=0, return_inverse=True)
        where = where.reshape(-1)
        straight_m = np.hypot(*(exits[:, None] - entries[None]).transpose(2, 0, 1))
        return cls(places=places, froms=where[: len(exits)], tos=where[len(exits) :], straight_m=straight_m)

    def spread(self, lengths_m: FloatArray) -> FloatArray:
        """Return the lengths between the places as a matrix from rows to columns."""
        return lengths_m[np.ix_(self.froms, self.tos)]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Option:
    """Lengths of ways at one height, and the seconds of climbing and sinking at their ends."""

    lengths_m: FloatArray
    change_s: float = 0.0


class Travel:
    """The ways between places: *docks* (with a column to climb and sink in), *others* in the air, and jobs."""

    def __init__(
        self, airspace: Airspace, *, docks: Sequence[Place], others: Sequence[Place], choices: Sequence[Job]
    ) -> None:
        self._airspace = airspace
        self._docks = docks
        exits = np.array([*docks, *others, *(job.exit for job in choices)])
        entries = np.array([*docks, *others, *(job.entry for job in choices)])
        self._stops = _Stops.of(exits, entries)
        self._at_ends = self._turns_at_ends(exits, entries, choices)

    def seconds(self, paces: Iterable[Pace]) -> list[tuple[FloatArray, FloatArray]]:
        """Return for every pace the seconds of the quickest ways, and what they take at least, (places, places)."""
        paces = list(paces)
        between_m: dict[Ways, FloatArray] = {}
        options = {band: self._options(band, between_m) for band in dict.fromkeys(pace.band for pace in paces)}
        return [
            (
                _least(self._with_turns_s(pace, option) for option in options[pace.band]),
                _least(self._at_least_s(pace, option) for option in options[pace.band]),
            )
            for pace in paces
        ]

    def _options(self, band: Band, between_m: dict[Ways, FloatArray]) -> list[_Option]:
        """Return the heights of a band; the lengths of *between_m* are known, and others are put there."""
        level = self._airspace.levels[band.height_agl_m]
        closed = [n for n, dock in enumerate(self._docks) if level.why_no_column(dock)]
        places = self._stops.places
        if level.ways not in between_m:
            between_m[level.ways] = level.ways.distances(places)
        own = _Option(lengths_m=self._lengths_m(between_m[level.ways], closed))
        np.fill_diagonal(own.lengths_m, 0.0)
        others = (
            _Option(lengths_m=self._lengths_m(other.lengths_m(places), closed), change_s=other.change_s)
            for other in self._airspace.crossings[band]
        )
        return [own, *others]

    def _lengths_m(self, between_m: FloatArray, closed: list[int]) -> FloatArray:
        lengths_m = self._stops.spread(between_m)
        lengths_m[closed] = np.inf
        lengths_m[:, closed] = np.inf
        return lengths_m

    def _with_turns_s(self, pace: Pace, option: _Option) -> FloatArray:
        """Return the seconds with the turns that are reckoned with."""
        turns = np.where(self._bends(option), _BENDS + self._at_ends.most, self._at_ends.straight)
        return option.lengths_m / pace.speed_m_s + pace.turn_s * turns + option.change_s

    def _at_least_s(self, pace: Pace, option: _Option) -> FloatArray:
        """Return the seconds with the turns that are sure: one where a way is not straight."""
        return option.lengths_m / pace.speed_m_s + pace.turn_s * self._bends(option) + option.change_s

    def _bends(self, option: _Option) -> BoolArray:
        return option.lengths_m > self._stops.straight_m + _STRAIGHT_M

    def _turns_at_ends(self, exits: FloatArray, entries: FloatArray, choices: Sequence[Job]) -> _Turns:
        """Return the turns where ways leave one place and come to another, each of shape (places, places)."""
        docks, others = len(self._docks), len(exits) - len(choices)  # who is under way has to turn as at a point
        runs = entries[None] - exits[:, None]
        is_here = np.hypot(runs[..., 0], runs[..., 1]) <= _STRAIGHT_M
        way = np.arctan2(runs[..., 1], runs[..., 0])
        out = np.array([*([np.nan] * others), *(_heading(job, -1) for job in choices)])[:, None]
        into = np.array([*([np.nan] * others), *(_heading(job, 0) for job in choices)])[None]
        leaves = ~(changes_rad(out, way) <= STRAIGHT_RAD)  # at a point nobody knows: a turn
        leaves[:docks] = False
        comes = changes_rad(way, into) > STRAIGHT_RAD
        through = ~(changes_rad(out, into) <= STRAIGHT_RAD)
        through[:docks] = False
        most = np.zeros(runs.shape[:2], dtype=np.intp)
        most[docks:] += 1
        most += ~np.isnan(into)
        return _Turns(straight=np.where(is_here, through, leaves.astype(np.intp) + comes), most=most)


def _least(options: Iterable[FloatArray]) -> FloatArray:
    return reduce(np.minimum, options)


def _heading(job: Job, at: int) -> float:
    return math.nan if job.is_point or not len(job.headings_rad) else float(job.headings_rad[at])
