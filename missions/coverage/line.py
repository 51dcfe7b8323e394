"""A line under construction: points in order, and which of its legs are rows that must stay."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from geofence.frames import FloatArray
from geofence.prisms import BoolArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Line:
    """Points of shape (n, 2) and, for each of the n - 1 legs, whether it is a row (else it only links rows)."""

    points: FloatArray
    is_row: BoolArray

    @property
    def starts(self) -> FloatArray:
        """Return where the legs start, shape (n - 1, 2)."""
        return self.points[:-1]

    @property
    def ends(self) -> FloatArray:
        """Return where the legs end, shape (n - 1, 2)."""
        return self.points[1:]

    @property
    def length_m(self) -> float:
        """Return the length of all legs."""
        return float(np.hypot(*(self.ends - self.starts).T).sum())

    def with_leg(self, leg: int, inner: FloatArray, is_row: BoolArray) -> Self:
        """Return the line with *inner*, shape (k, 2), put into leg *leg*; *is_row* is for the k + 1 legs there then."""
        points = np.vstack((self.points[: leg + 1], inner, self.points[leg + 1 :]))
        return type(self)(points=points, is_row=np.concatenate((self.is_row[:leg], is_row, self.is_row[leg + 1 :])))
