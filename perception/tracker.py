"""Follows things from frame to frame, in metres on the ground where a place is known, else in pixels."""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from geofence.positions import LocalPosition
from perception.detections import WEAK_SHARE, Detection, Label, PixelBox
from perception.frame import Picture
from perception.georeference import GroundPlace

REMEMBERED = 10
"""So many scores of a track count: two seconds of five frames a second."""
_LONGER, _LASTING_SHARE = 1.6, 0.85
"""What lasts was seen so well in the mean of so many times as many frames; those before it was seen count as 0."""
_YOUNG_SHARE = 0.4
"""So large a share of them is taken to be 0 for the frames that a young track did not have."""
MOVES_M_S = {Label.PERSON: 2.5, Label.CAR: 8.0, Label.BIKE: 1.5}
MOVERS = frozenset({Label.PERSON, Label.CAR})
_PASSED = MOVERS | {Label.POSTER}
"""What moves on, or is passed so closely that nobody sees it for long, needs not last."""
STANDS_M_S = 0.3
GATE_M = 1.6
_TURNED_BACK_S = 1.0
"""A clock that is set back so far is that of a stream that began anew: what was followed is over."""
_LEAST_IOU = 0.2
_FAR = 1e6
_NOWHERE = (math.nan,) * 3
_NUMBERS = {label: number for number, label in enumerate(Label)}
FloatArray = NDArray[np.float64]
ToPixel = Callable[[LocalPosition], tuple[float, float] | None]


class Placed(NamedTuple):
    """A detection and where it stands (None when that cannot be told)."""

    detection: Detection
    place: GroundPlace | None


@dataclass(slots=True, kw_only=True)
class Track:
    """One thing over time. `observed_s` counts only the seconds between frames in which it was seen."""

    id: int
    label: Label
    box: PixelBox
    place: GroundPlace | None
    first_s: float
    last_s: float
    threshold: float
    observed_s: float = 0.0
    is_believed: bool = False
    believed_s: float = math.inf
    """Since when it is believed."""
    is_seen: bool = True
    """Whether the newest frame shows it."""
    scores: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    is_lasting: bool = False
    """Whether it was ever seen well over a longer time, or is of what moves on."""
    _longer: deque[float] = field(default_factory=deque)

    def remember(self, score: float) -> None:
        """Take a frame's score (0 when it was missed: nothing begins to be believed by that).

        Believed once the median passes, and from then on.
        """
        self.scores.append(score)
        self.is_believed = self.is_believed or (score > 0.0 and self.score >= self.threshold)
        self.believed_s = min(self.believed_s, self.last_s) if self.is_believed else math.inf
        self.is_lasting = self.is_lasting or self._lasts(score)

    def _lasts(self, score: float) -> bool:
        longer, count = self._longer, _LONGER * (self.scores.maxlen or REMEMBERED)
        longer.append(score)
        while len(longer) > count:
            longer.popleft()
        return self.label in _PASSED or sum(longer) >= _LASTING_SHARE * count * self.threshold

    @property
    def is_likely(self) -> bool:
        """Say whether it is believed, or most of the last frames showed it at least weakly."""
        return self.is_believed or self.score >= WEAK_SHARE * self.threshold

    @property
    def score(self) -> float:
        """Return the median of the last frames' scores; computed when asked for."""
        young = int(_YOUNG_SHARE * (self.scores.maxlen or REMEMBERED)) - len(self.scores)
        ranked = sorted((*self.scores, *(0.0,) * young))
        count = len(ranked)
        return (ranked[(count - 1) // 2] + ranked[count // 2]) / 2


class Tracker:
    """Keeps the tracks of one camera."""

    def __init__(self, *, threshold_for: Callable[[Label], float], forget_s: float = 1.5) -> None:
        self._threshold_for = threshold_for
        self._forget_s = forget_s
        self._tracks: list[Track] = []
        self._next_id = 1
        self._last_s: float | None = None

    @property
    def tracks(self) -> Sequence[Track]:
        """Return the living tracks, believed or not."""
        return self._tracks

    def least_for(self, label: Label) -> float:
        """Return the score from which a detection of *label* is of use: weak ones too for what stands.

        What stands is seen again and again at its place, so a weak frame says more than none.
        """
        return self._threshold_for(label) * (1.0 if label in MOVERS else WEAK_SHARE)

    def update(
        self,
        seen: Sequence[Placed],
        *,
        taken_s: float,
        is_in_view: Callable[[Track], bool],
        to_pixel: ToPixel | None = None,
        picture: Picture | None = None,
    ) -> list[Track]:
        """Return the living tracks after a frame; a missed thing that *is_in_view* should see loses trust.

        *to_pixel* tells where a place lies in this frame's *picture*; only trackers that compare boxes ask for both.
        """
        step_s = self._step_s(taken_s)
        pairs = _match(self._tracks, seen, taken_s)
        for i, j in pairs:
            join(self._tracks[i], seen[j], taken_s, step_s)
        self._miss({i for i, _ in pairs}, is_in_view)
        matched = {j for _, j in pairs}
        self._tracks += [self._begin(one, taken_s) for j, one in enumerate(seen) if j not in matched]
        self._forget(taken_s)
        return list(self._tracks)

    def _step_s(self, taken_s: float) -> float:
        step_s = 0.0 if self._last_s is None else taken_s - self._last_s
        self._last_s = taken_s
        if step_s < -_TURNED_BACK_S:
            self._tracks = []
            return 0.0
        return step_s

    def _forget(self, taken_s: float) -> None:
        self._tracks = [track for track in self._tracks if taken_s - track.last_s <= self._forget_s]

    def _miss(self, matched: set[int], is_in_view: Callable[[Track], bool]) -> None:
        for i, track in enumerate(self._tracks):
            track.is_seen = i in matched
            if not track.is_seen and is_in_view(track):
                track.remember(0.0)

    def _begin(self, one: Placed, taken_s: float) -> Track:
        label = one.detection.label
        track = Track(
            id=self._next_id,
            label=label,
            box=one.detection.box,
            place=one.place,
            first_s=taken_s,
            last_s=taken_s,
            threshold=self._threshold_for(label),
        )
        track.remember(one.detection.score)
        self._next_id += 1
        return track


def _match(tracks: Sequence[Track], seen: Sequence[Placed], taken_s: float) -> list[tuple[int, int]]:
    """Return the cheapest one-to-one pairs of one label within the gates (Hungarian method)."""
    if not tracks or not seen:
        return []
    costs = _costs(tracks, seen, taken_s)
    rows, columns = linear_sum_assignment(costs)
    is_good = costs[rows, columns] < 1.0
    return list(zip(rows[is_good].tolist(), columns[is_good].tolist(), strict=True))


def _costs(tracks: Sequence[Track], seen: Sequence[Placed], taken_s: float) -> FloatArray:
    """Return 0 for the same place up to 1 at the edge of what is possible, shape (tracks, seen); more is impossible."""
    here = np.array([(*_known(track.place), _reach_m(track, taken_s), _NUMBERS[track.label]) for track in tracks])
    there = np.array([(*_known(one.place), 0.0, _NUMBERS[one.detection.label]) for one in seen])
    away = there.T[:, None, :] - here.T[:, :, None]
    variances = there[:, 2] + 0.25 * here[:, 2, None]
    gate_m = np.minimum(np.sqrt(variances), 2.0) - away[3]
    costs: FloatArray = np.hypot(away[0], away[1]) / gate_m
    costs[away[4] != 0.0] = _FAR
    if math.isnan(costs.sum()):
        for i, j in np.argwhere(np.isnan(costs)).tolist():
            overlap = tracks[i].box.iou(seen[j].detection.box)
            costs[i, j] = 1.0 - overlap if overlap >= _LEAST_IOU else _FAR
    return costs


def _reach_m(track: Track, taken_s: float) -> float:
    return GATE_M + MOVES_M_S.get(track.label, STANDS_M_S) * (taken_s - track.last_s)


def _known(place: GroundPlace | None) -> tuple[float, float, float]:
    """Return east, north and the variance along the larger axis."""
    if place is None:
        return _NOWHERE
    east_m, north_m, (ee, en, nn) = place
    return east_m, north_m, (ee + nn) / 2 + math.hypot((ee - nn) / 2, en)


def join(track: Track, one: Placed, taken_s: float, step_s: float) -> None:
    """Take in the detection that continues *track*; *step_s* is the time since the frame before."""
    if taken_s - track.last_s <= step_s + 1e-6:
        track.observed_s += min(step_s, 1.0)
    track.box, track.last_s = one.detection.box, taken_s
    track.place = _blend(track, one.place)
    track.remember(one.detection.score)


def _blend(track: Track, place: GroundPlace | None) -> GroundPlace | None:
    """Return the new place: things that move follow at once, things that stand settle."""
    if place is None or track.place is None:
        return place or track.place
    share = 0.7 if track.label in MOVERS else max(0.15, 1.0 / (len(track.scores) + 1))
    (east_m, north_m, errors), (new_east_m, new_north_m, new_errors) = track.place, place
    is_newer = share == 0.7 or place.major_m <= track.place.major_m
    return GroundPlace(
        east_m + (new_east_m - east_m) * share,
        north_m + (new_north_m - north_m) * share,
        new_errors if is_newer else errors,
    )
