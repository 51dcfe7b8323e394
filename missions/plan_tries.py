"""What is tried when a plan does not hold: more room near borders, and other ways to come to strands."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from fleet.orders import Leg, LegPurpose
from geofence.frames import LocalFrame
from geofence.positions import LocalPosition
from missions.plan_stops import MOST_WARY, Errand

_RUN_UP_M = 6.0
"""So far from a strand's start a vehicle turns into line with its first leg: more than it may cut of two corners."""
_LENGTH_ERROR_M = 0.01
_FEW_AREAS = 3
_STEPS, _QUICK_STEPS = (1, 2, 3, MOST_WARY), (1, MOST_WARY, MOST_WARY)
"""The wariness after each refusal: so many plans are made more at the most, and fewer where there are many areas."""


class Caution:
    """How far each area of a patrol keeps away from borders; at the last try all as far as ever."""

    def __init__(self, *, areas: Collection[int]) -> None:
        self.levels = dict.fromkeys(areas, 0)
        """The wariness of each area, by the number of its part."""
        self._steps: Sequence[int] = _STEPS if len(areas) <= _FEW_AREAS else _QUICK_STEPS

    def raised(self, tight: Collection[int]) -> bool:
        """Keep further away in the areas among *tight*, else in all; say whether there was anything left to try."""
        left = {number for number, level in self.levels.items() if level < MOST_WARY}
        if not left:
            return False
        step, *self._steps = self._steps
        chosen = left.intersection(tight) if self._steps else left
        self.levels |= dict.fromkeys(chosen or left, step)
        return True


class Strands:
    """The errands of a remainder; strands of areas are come to in other ways where the first cannot be flown.

    Where none of the ways holds, each leg of the strand is tried for itself; the last resort is to leave it out.
    """

    def __init__(self, *, errands: Sequence[Errand], speed_m_s: float, frame: LocalFrame) -> None:
        self._tries = [(errand, 0) for errand in errands]
        self._ways: tuple[Callable[[Errand], Errand], ...] = (
            lambda errand: errand,
            lambda errand: _run_up(errand, _RUN_UP_M, frame),
            lambda errand: _run_up(errand, -_RUN_UP_M, frame),
            lambda errand: _reversed(errand, speed_m_s),
            lambda errand: _run_up(_reversed(errand, speed_m_s), _RUN_UP_M, frame),
        )
        self._frame = frame
        self._whole_m = self._strands_m()

    def errands_now(self) -> list[Errand]:
        """Return the errands that are not left out, in the way that is tried now."""
        return [self._ways[number](errand) for errand, number in self._tries]

    def try_others(self, tight: Collection[int]) -> bool:
        """Change the way of the strands among *tight* (as numbered by `errands_now`); say whether any could be."""
        chosen = {number for number in tight if _is_strand(self._tries[number][0])}
        tries = enumerate(self._tries)
        self._tries = [new for number, old in tries for new in (self._next(*old) if number in chosen else [old])]
        return bool(chosen)

    @property
    def flown_ratio(self) -> float | None:
        """Return the share of the strands' length that is flown; None where none was left out."""
        flown_m = self._strands_m()
        return flown_m / self._whole_m if flown_m < self._whole_m - _LENGTH_ERROR_M else None

    def _next(self, errand: Errand, tried: int) -> Iterator[tuple[Errand, int]]:
        if tried + 1 < len(self._ways):
            yield errand, tried + 1
        elif len(errand.stops) > 2:
            for start, end in pairwise(errand.stops):
                yield replace(errand, stops=(replace(start, purpose=LegPurpose.TRANSIT), end)), 0

    def _strands_m(self) -> float:
        return sum(_length_m(errand, self._frame) for errand, _ in self._tries if _is_strand(errand))


def _is_strand(errand: Errand) -> bool:
    return len(errand.stops) > 1 and all(stop.purpose is LegPurpose.SURVEY for stop in errand.stops[1:])


def _length_m(errand: Errand, frame: LocalFrame) -> float:
    places = [frame.to_local(stop.place) for stop in errand.stops]
    return sum(float(np.hypot(b.east_m - a.east_m, b.north_m - a.north_m)) for a, b in pairwise(places))


def _run_up(errand: Errand, along_m: float, frame: LocalFrame) -> Errand:
    """Come to the start in line with its first leg: from so far on it, and back; from before it where negative."""
    begin = errand.stops[0]
    start, after = (frame.to_local(stop.place) for stop in errand.stops[:2])
    east_m, north_m = after.east_m - start.east_m, after.north_m - start.north_m
    length_m = max(float(np.hypot(east_m, north_m)), 1e-9)
    share = min(along_m / length_m, 1.0)
    place = LocalPosition(east_m=start.east_m + share * east_m, north_m=start.north_m + share * north_m)
    return replace(errand, stops=(replace(begin, place=frame.to_geo(place)), *errand.stops))


def _reversed(errand: Errand, speed_m_s: float) -> Errand:
    """Turn a strand round; where its legs were slowed down before corners, that is found anew."""
    legs: list[Leg] = [replace(stop, speed_m_s=speed_m_s) for stop in errand.stops[::-1]]
    transit = replace(legs[0], purpose=LegPurpose.TRANSIT)
    return replace(errand, stops=(transit, *(replace(leg, purpose=LegPurpose.SURVEY) for leg in legs[1:])))
