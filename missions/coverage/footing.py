"""Where a line that is being polished may go, and what each of its legs reaches there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geofence.frames import FloatArray
from geofence.prisms import IntArray
from missions.coverage.changes import Change
from missions.coverage.ground import Ground
from missions.coverage.samples import XY, Samples


@dataclass(slots=True, kw_only=True)
class Leg:
    """A leg and the samples that it reaches in each layer."""

    is_row: bool
    length_m: float
    reached: tuple[IntArray, ...]


@dataclass(slots=True, kw_only=True)
class Trial:
    """A change, the points of its stretch, its legs, and what it brings in metres (before the price of samples)."""

    change: Change
    stretch: list[XY]
    gain_m: float
    legs: list[Leg]

    @property
    def span(self) -> tuple[int, int]:
        """Return between which points the change lies."""
        return (self.change.first, self.change.last)


class Footing:
    """The ground in the frame of its samples."""

    def __init__(self, ground: Ground, samples: Samples) -> None:
        self._samples = samples
        self._area = shapely.transform(ground.area, samples.framed)
        self.room = shapely.transform(ground.room, samples.framed)
        """Where points of the line may lie."""
        shapely.prepare(self._area)
        shapely.prepare(self.room)

    def inside(self, places: Sequence[XY]) -> list[XY]:
        """Return *places*, those outside moved to the nearest place inside."""
        if not places:
            return []
        x, y = np.array(places).T
        if (inside := shapely.contains_xy(self.room, x, y)).all():
            return list(places)
        lines = shapely.shortest_line(self.room, shapely.points(x, y))
        nearest = shapely.get_coordinates(lines).reshape(-1, 2, 2)[:, 0].tolist()
        return [place if ok else (near[0], near[1]) for place, ok, near in zip(places, inside, nearest, strict=True)]

    def legal(self, trials: list[Trial]) -> list[Trial]:
        """Return those of *trials* whose legs stay on the ground."""
        if not trials:
            return []
        legs, trial = legs_of(trials)
        clear = shapely.covers(self._area, shapely.linestrings(legs))
        is_legal = np.ones(len(trials), dtype=bool)
        is_legal[trial[~clear]] = False
        return [trial for trial, is_ok in zip(trials, is_legal, strict=True) if is_ok]

    def lay(self, legs: FloatArray, rows: Sequence[bool]) -> list[Leg]:
        """Return *legs* (n, 2 ends, 2) with what they reach; *rows* says which are rows."""
        lengths = np.hypot(*(legs[:, 1] - legs[:, 0]).T).tolist()
        return [
            Leg(is_row=row, length_m=length, reached=mine)
            for row, length, mine in zip(rows, lengths, self._samples.reached(legs), strict=True)
        ]


def legs_of(trials: Sequence[Trial]) -> tuple[FloatArray, IntArray]:
    """Return all legs of *trials*, shape (n, 2 ends, 2), and of which trial each is."""
    legs = [(a, b) for trial in trials for a, b in zip(trial.stretch[:-1], trial.stretch[1:], strict=True)]
    return np.array(legs).reshape(-1, 2, 2), np.repeat(np.arange(len(trials)), [len(t.stretch) - 1 for t in trials])
