"""How long a place stays unseen when it is visited again and again: worst, mean and the whole distribution.

A `Rhythm` is a list of visits that repeats. Rhythms whose periods stand in a ratio of small whole numbers are counted
together exactly; others drift through every position to each other, so that each is met at a random moment of its own
(equidistribution, Weyl 1916): then the worst gap is the least of their worst gaps, and the chances multiply.

Something that appears at a random moment stays unseen until the next visit. Seen backwards in time that is the idleness
of the place at a random moment, so one distribution answers both.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

_MOST_LAPS = 64
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Visits at these seconds of every period; a period of 0 means that somebody stands there all the time."""

    period_s: float
    visits_s: tuple[float, ...]

    @property
    def gaps_s(self) -> Array:
        """Return the spans between visits, (visits,); together they make the period."""
        if self.period_s <= 0:
            return np.zeros(1)
        at = np.unique(np.mod(self.visits_s, self.period_s))
        return np.diff(at, append=at[0] + self.period_s)


def worst_gap_s(rhythms: Sequence[Rhythm]) -> float:
    """Return the longest time that a place with these visits stays unseen; infinite without any."""
    return min((float(one.gaps_s.max()) for one in merged(rhythms)), default=math.inf)


def merged(rhythms: Iterable[Rhythm]) -> list[Rhythm]:
    """Return the rhythms with those counted together whose periods are in a ratio of small whole numbers."""
    found: list[Rhythm] = []
    for one in rhythms:
        for number, other in enumerate(found):
            if together := _together(other, one):
                found[number] = together
                break
        else:
            found.append(one)
    return found


def _together(a: Rhythm, b: Rhythm) -> Rhythm | None:
    if a.period_s <= 0 or b.period_s <= 0:
        return a if a.period_s <= 0 else b
    ratio = Fraction(a.period_s / b.period_s).limit_denominator(_MOST_LAPS)
    laps, other_laps = ratio.denominator, ratio.numerator
    if not 0 < other_laps <= _MOST_LAPS or not math.isclose(laps * a.period_s, other_laps * b.period_s, rel_tol=1e-12):
        return None
    visits = [lap * a.period_s + at for lap in range(laps) for at in a.visits_s]
    visits += [lap * b.period_s + at for lap in range(other_laps) for at in b.visits_s]
    return Rhythm(period_s=laps * a.period_s, visits_s=tuple(visits))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """The chance that something which appears at a random moment is still unseen after so many seconds.

    Each place has a share (together 1) and, for each of its independent rhythms, the gaps between visits in seconds.
    """

    shares: tuple[float, ...]
    gaps_s: tuple[tuple[Array, ...], ...]

    @classmethod
    def of(cls, places: Sequence[Sequence[Rhythm]], *, shares: Sequence[float] | None = None) -> "Unseen":
        """Return the distribution over places with these visits, each place as likely as its share says."""
        weights = np.ones(len(places)) if shares is None else np.asarray(shares, dtype=np.float64)
        gaps = tuple(tuple(one.gaps_s for one in merged(rhythms)) for rhythms in places)
        return cls(shares=tuple((weights / weights.sum()).tolist()), gaps_s=gaps)

    @property
    def worst_s(self) -> float:
        """Return the longest that anything can stay unseen."""
        return max(min((float(gaps.max()) for gaps in place), default=math.inf) for place in self.gaps_s)

    @property
    def mean_s(self) -> float:
        """Return how long something stays unseen on average."""
        return float(sum(share * _mean_s(place) for share, place in zip(self.shares, self.gaps_s, strict=True)))

    def chance(self, after_s: float) -> float:
        """Return the chance that it is still unseen after so many seconds."""
        chances = (math.prod(_chance(gaps, after_s) for gaps in place) for place in self.gaps_s)
        return float(sum(share * chance for share, chance in zip(self.shares, chances, strict=True)))

    def quantile_s(self, ratio: float) -> float:
        """Return the seconds after which that share of everything has been seen; infinite when it never is."""
        low, high = 0.0, self.worst_s
        if math.isinf(high):
            high = self._far_s(ratio)
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if self.chance(middle) > 1 - ratio else (low, middle)
        return high

    def _far_s(self, ratio: float) -> float:
        finite = [min(float(gaps.max()) for gaps in place) for place in self.gaps_s if place]
        far = max(finite, default=0.0)
        return far if self.chance(far) <= 1 - ratio else math.inf


def _chance(gaps: Array, after_s: float) -> float:
    """Return the chance that a random moment of a rhythm is followed by *after_s* without a visit."""
    period_s = float(gaps.sum())
    return float(np.maximum(gaps - after_s, 0).sum() / period_s) if period_s > 0 else 0.0


def _mean_s(place: Sequence[Array]) -> float:
    """Return the integral of the chance: exact, since it is a polynomial between the gaps."""
    if not place:
        return math.inf
    if len(place) == 1:
        total = float(place[0].sum())
        return float((place[0] ** 2).sum() / (2 * total)) if total > 0 else 0.0
    end_s = min(float(gaps.max()) for gaps in place)
    knots = np.unique(np.concatenate([[0.0, end_s], *[gaps[gaps < end_s] for gaps in place]]))
    points, weights = np.polynomial.legendre.leggauss(len(place) // 2 + 1)
    half, middle = np.diff(knots) / 2, (knots[1:] + knots[:-1]) / 2
    at = (middle[:, None] + half[:, None] * points).ravel()
    chances = np.prod([[_chance(gaps, second) for second in at] for gaps in place], axis=0)
    return float((chances * (half[:, None] * weights).ravel()).sum())
