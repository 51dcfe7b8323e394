"""What the live guard says of vehicles: where they may be, and what they are about to break."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from core.ids import ZoneId
from geofence.forbidden import Forbidden
from geofence.frames import FloatArray
from geofence.prisms import BoolArray, IntArray

_NOTHING = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedBreach:
    """What happens when nobody acts: the zone (None: no keep-in zone is there), in how many seconds and metres."""

    zone_id: ZoneId | None
    in_s: float
    distance_m: float
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardVerdict:
    """Whether the vehicle is where it may be now, and the next breach ahead of it."""

    is_inside: bool
    breach: PredictedBreach | None


FREE = GuardVerdict(is_inside=True, breach=None)
"""The verdict where nothing forbidden is near."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Breaches:
    """What k pairs of a vehicle (its row) and a prism come to, each shape (k,): when and how far off, in it or not.

    Where there is no breach, `in_s` is infinite; who is in a prism breaks it at once.
    """

    rows: IntArray
    prisms: IntArray
    in_s: FloatArray
    distance_m: FloatArray
    is_in: BoolArray

    def first_of_each(self) -> "Breaches":
        """Return the first breach of each row, of those at the same moment that of the first prism."""
        order = np.lexsort((self.prisms, self.in_s, self.rows))
        order = order[np.isfinite(self.in_s[order])]
        rows = self.rows[order]
        firsts = order[np.flatnonzero(np.diff(rows, prepend=_NOTHING))]
        return Breaches(
            rows=self.rows[firsts],
            prisms=self.prisms[firsts],
            in_s=self.in_s[firsts],
            distance_m=self.distance_m[firsts],
            is_in=self.is_in[firsts],
        )


class Verdicts(Sequence[GuardVerdict]):
    """The verdicts on n vehicles, in their order; each is put into words only when it is asked for.

    `is_inside` says where each may be now and `in_s` when each breaks a fence (inf: never); both of shape (n,).
    """

    def __init__(self, count: int, breaches: Breaches, prisms: tuple[Forbidden, ...]) -> None:
        firsts = breaches.first_of_each()
        self.is_inside: BoolArray = np.ones(count, dtype=np.bool_)
        self.is_inside[breaches.rows[breaches.is_in]] = False
        self.in_s: FloatArray = np.full(count, np.inf)
        self.in_s[firsts.rows] = firsts.in_s
        self._number: IntArray = np.full(count, _NOTHING, dtype=np.intp)
        self._number[firsts.rows] = np.arange(len(firsts.rows))
        self._firsts = firsts
        self._prisms = prisms

    def __len__(self) -> int:
        return len(self.is_inside)

    def __iter__(self) -> Iterator[GuardVerdict]:
        verdicts, firsts = [FREE] * len(self), self._firsts
        are_inside = self.is_inside[firsts.rows]
        columns = (firsts.rows, firsts.prisms, firsts.in_s, firsts.distance_m, firsts.is_in, are_inside)
        told = zip(*(column.tolist() for column in columns), strict=True)
        for row, prism, in_s, distance_m, is_in, is_inside in told:
            verdicts[row] = self._told(prism, in_s, distance_m, is_in=is_in, is_inside=is_inside)
        return iter(verdicts)

    @overload
    def __getitem__(self, row: int) -> GuardVerdict: ...

    @overload
    def __getitem__(self, row: slice) -> list[GuardVerdict]: ...

    def __getitem__(self, row: int | slice) -> GuardVerdict | list[GuardVerdict]:
        """Return the verdict on the vehicle of *row*."""
        if isinstance(row, slice):
            return [self._verdict(one) for one in range(len(self))[row]]
        return self._verdict(range(len(self))[row])

    def _verdict(self, row: int) -> GuardVerdict:
        firsts, number = self._firsts, self._number.item(row)
        if number == _NOTHING:
            return FREE
        return self._told(
            firsts.prisms.item(number),
            firsts.in_s.item(number),
            firsts.distance_m.item(number),
            is_in=firsts.is_in.item(number),
            is_inside=self.is_inside.item(row),
        )

    def _told(self, number: int, in_s: float, distance_m: float, *, is_in: bool, is_inside: bool) -> GuardVerdict:
        prism = self._prisms[number]
        breach = PredictedBreach(
            zone_id=prism.zone_id, in_s=in_s, distance_m=distance_m, because=prism.because(is_in=is_in)
        )
        return GuardVerdict(is_inside=is_inside, breach=breach)
