"""Follows things through every frame of a video: by place, by box and by colours, through gaps and weak scores.

Where it differs from `perception.tracker`, which is made for a few frames a second on a vehicle: weak detections may
continue a track (ByteTrack, Zhang and others 2022), boxes are compared with a margin (C-BIoU, Yang and others 2023), a
camera's own motion is taken out by way of the ground, colours of clothes tell who is who after two have crossed, and a
person of an unlikely size, or one that never moves, needs a better score.
"""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from geofence.positions import LocalPosition
from perception.clothes import Colours, Trait, colours_of
from perception.detections import Detection, Label, PixelBox
from perception.frame import Picture
from perception.georeference import GroundPlace
from perception.life import Life
from perception.likeness import Guess, Sight, Sought, costs, match, weak_costs
from perception.tracker import MOVERS, REMEMBERED, Placed, ToPixel, Track, Tracker, join

_STEADY_S = 0.9
"""Speeds are means over about so long."""
_JUDGED_S = 2.0
"""Scores of so long decide whether a track is believed, however many frames a second there are."""
_FASTEST_S = 1 / 240
"""Frames that come faster are a burst, or have broken times: their pace says nothing."""
_COASTS_S = 1.0
"""Something unseen is taken to go on as it went for so long."""
_TOLD_S = 1.5
_WEAK_S = 0.7
_PACE_SHARE = 0.1
_WEAK_SHARE = 0.6
"""From this share of its label's threshold on, a detection may continue a track."""
_BEGINS_SHARE = 0.8
"""From this share on it may begin one, which is believed later: by better scores, or because it shows life."""
_WALKER_SHARE, _STIRRING_SHARE = 0.6, 0.8
"""What walks is believed from this share of its threshold on; what only stirs (so do leaves), from that."""
_DOUBLE_IOU = 0.55
_TALL_M = 1.7
_LIKELY = (0.7, 1.3)
"""Box heights of people, as shares of what 1.7 m are at their place."""
_UNLIKELY_COSTS = 0.6
_MOST_COST = 0.3
_EDGE_PX = 3.0
_EDGE_SHARE = 0.25
_STILL_S = 2.0
_STILL_COSTS = 0.15
"""What keeps its place for so long and shows no life (a sign, a doll) needs a better score by so much."""
_LIES_FROM = 1.2
"""A person's box so many times as wide as high: whoever lies keeps still, and must not be taken for a doll."""
_CHANGES_S = 0.5
"""Colours are means over about so long."""
_ALONE_IOU = 0.1
"""Colours are learnt from boxes that overlap others by less than this."""


@dataclass(slots=True, kw_only=True)
class _Motion:
    """How a track moves on the ground (m/s), in the picture without the camera's part (px/s), and where it was shown.

    `shown_px` is the pixel of its place in the picture that showed it last.
    """

    east_m_s: float = 0.0
    north_m_s: float = 0.0
    right_px_s: float = 0.0
    down_px_s: float = 0.0
    shown_px: tuple[float, float] | None = None
    life: Life = field(default_factory=Life)
    colours: Colours | None = None
    wears: Colours | None = None
    """The colours in the newest picture, where nobody else reaches into the box."""
    is_leaving: bool = False
    """Whether its box was at an edge of the picture when it was last seen."""
    is_thing: bool = False
    """Whether it kept its place for long without any life: it needs life, not time, to be believed again.

    Only where life could be seen; and whoever may lie is no thing, however long it stood still before.
    """
    scores: float = 0.0
    frames: int = 0
    """The sum of all its scores, and how many there are."""

    @property
    def mean_score(self) -> float:
        """Return how well it was seen in all: somebody hidden for a moment is no doll."""
        return self.scores / max(self.frames, 1)


class Follower(Tracker):
    """Keeps the tracks of one camera; give it what the detector saw from `least_for` on, and the picture."""

    def __init__(
        self,
        *,
        threshold_for: Callable[[Label], float],
        forget_s: float = 6.0,
        is_size_trusted: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__(threshold_for=threshold_for, forget_s=forget_s)
        self._is_size_trusted = is_size_trusted
        self._motions: dict[int, _Motion] = {}
        self._pace_s = 0.0

    def least_for(self, label: Label) -> float:
        """Return the score from which a detection of *label* is of use."""
        return _WEAK_SHARE * self._threshold_for(label)

    def new_number(self) -> int:
        """Return a number that no track has or will have."""
        self._next_id += 1
        return self._next_id - 1

    def trait_of(self, number: int) -> Trait | None:
        """Return what a living track that was just seen looks like; None for one that is not known."""
        motion = self._motions.get(number)
        return None if motion is None else Trait(motion.wears, motion.is_leaving)

    def update(
        self,
        seen: Sequence[Placed],
        *,
        taken_s: float,
        is_in_view: Callable[[Track], bool],
        to_pixel: ToPixel | None = None,
        picture: Picture | None = None,
    ) -> list[Track]:
        """Return the tracks seen a short while ago or now; *to_pixel* tells where a place lies in this *picture*.

        What was lost for longer is still waited for (see `tracks`), and not told as if it were there.
        """
        step_s = self._step_s(taken_s)
        self._keep_pace(step_s)
        sights = _sights(seen, to_pixel if self._is_size_trusted() else None, picture)
        sought = [self._seek(track, taken_s, to_pixel) for track in self._tracks]
        pairs = self._pairs(sought, sights)
        for i, j in pairs.items():
            self._follow(sought[i], sights[j], sights)
            join(self._tracks[i], sights[j].placed, taken_s, step_s)
            self._doubt(self._tracks[i], sights[j], sights, picture)
        self._miss(set(pairs), is_in_view)
        self._begin_new(sights, set(pairs.values()), taken_s)
        self._forget(taken_s)
        self._show(to_pixel, picture)
        return [track for track in self._tracks if taken_s - track.last_s <= _TOLD_S]

    def _keep_pace(self, step_s: float) -> None:
        """Let every track be judged by the scores of the same time, whatever the rate of the frames."""
        if step_s > 0.0:
            self._pace_s = step_s if self._pace_s == 0.0 else self._pace_s + _PACE_SHARE * (step_s - self._pace_s)
        for track in self._tracks:
            self._pace(track)

    def _pace(self, track: Track) -> None:
        count = REMEMBERED if self._pace_s == 0.0 else max(REMEMBERED, round(_JUDGED_S / max(self._pace_s, _FASTEST_S)))
        if track.scores.maxlen != count:
            track.scores = deque(track.scores, maxlen=count)

    def _pairs(self, sought: Sequence[Sought], sights: Sequence[Sight]) -> dict[int, int]:
        """Return which track each detection continues: strong ones first, weak ones for what is left and near."""
        strong = [j for j, sight in enumerate(sights) if self._is_strong(sight.placed.detection)]
        weak = [j for j, sight in enumerate(sights) if self._is_weak(sight.placed.detection)]
        pairs = {i: strong[k] for i, k in match(sought, [sights[j] for j in strong], costs)}
        rest = [i for i, one in enumerate(sought) if i not in pairs and one.guess.gap_s <= _WEAK_S]
        more = match([sought[i] for i in rest], [sights[j] for j in weak], weak_costs)
        return pairs | {rest[k]: weak[m] for k, m in more}

    def _is_strong(self, one: Detection) -> bool:
        return one.score >= self._threshold_for(one.label)

    def _may_begin(self, one: Detection) -> bool:
        return one.score >= _BEGINS_SHARE * self._threshold_for(one.label)

    def _is_weak(self, one: Detection) -> bool:
        return self.least_for(one.label) <= one.score < self._threshold_for(one.label)

    def _seek(self, track: Track, taken_s: float, to_pixel: ToPixel | None) -> Sought:
        motion, gap_s = self._motions[track.id], taken_s - track.last_s
        coasts_s = min(gap_s, _COASTS_S)
        right, down = motion.right_px_s * coasts_s, motion.down_px_s * coasts_s
        east_m = north_m = math.nan
        if track.place is not None:
            east_m = track.place.east_m + motion.east_m_s * coasts_s
            north_m = track.place.north_m + motion.north_m_s * coasts_s
            now = None if to_pixel is None or motion.shown_px is None else to_pixel(_spot(track.place))
            if now is not None and motion.shown_px is not None:
                right, down = right + now[0] - motion.shown_px[0], down + now[1] - motion.shown_px[1]
        x0, y0, x1, y1 = track.box.xyxy
        guess = Guess(east_m, north_m, (x0 + right, y0 + down, x1 + right, y1 + down), gap_s)
        return Sought(track, guess, motion.colours, motion.is_leaving)

    def _follow(self, sought: Sought, sight: Sight, sights: Sequence[Sight]) -> None:
        """Take in how far the track was from where it was guessed to be, and what it looks like."""
        track, guess = sought.track, sought.guess
        motion, box, place = self._motions[track.id], sight.placed.detection.box, sight.placed.place
        motion.wears = sight.colours if _is_alone(sight, sights) else None
        if motion.wears is not None:
            motion.colours = _mixed(motion.colours, motion.wears, guess.gap_s)
        if guess.gap_s <= 0:
            return
        share = (1.0 - math.exp(-guess.gap_s / _STEADY_S)) / guess.gap_s
        x0, _, x1, y1 = guess.corners_px
        motion.right_px_s += share * (box.foot_px[0] - (x0 + x1) / 2)
        motion.down_px_s += share * (box.y1_px - y1)
        if place is not None and not math.isnan(guess.east_m) and track.label in MOVERS:
            motion.east_m_s += share * (place.east_m - guess.east_m)
            motion.north_m_s += share * (place.north_m - guess.north_m)

    def _doubt(self, track: Track, sight: Sight, sights: Sequence[Sight], picture: Picture | None) -> None:
        """Do not believe in people who show no life and are not seen well; weakly seen ones who do are people."""
        if track.label is not Label.PERSON:
            return
        motion = self._motions[track.id]
        motion.scores, motion.frames = motion.scores + sight.placed.detection.score, motion.frames + 1
        motion.life.see(track.box, track.place, picture if _is_clear(sight, sights) else None, track.last_s)
        if motion.life.is_sure:
            share = _WALKER_SHARE if motion.life.has_walked else _STIRRING_SHARE
            track.is_believed = track.is_believed or track.score >= share * track.threshold
            return
        was_thing = motion.is_thing and motion.life.is_judged
        is_still = was_thing or motion.life.still_s(track.last_s) >= _STILL_S
        is_weak = motion.mean_score < track.threshold + _STILL_COSTS
        motion.is_thing = is_still and is_weak and not _may_lie(track.box)
        track.is_believed = track.is_believed and not motion.is_thing

    def _begin_new(self, sights: Sequence[Sight], used: set[int], taken_s: float) -> None:
        taken = [sights[j].placed.detection for j in used]
        for j, (placed, colours) in enumerate(sights):
            if j not in used and self._may_begin(placed.detection) and not _is_double(placed.detection, taken):
                track = self._begin(placed, taken_s)
                self._pace(track)
                self._motions[track.id] = _Motion(colours=colours)
                self._tracks.append(track)
                taken.append(placed.detection)

    def _forget(self, taken_s: float) -> None:
        super()._forget(taken_s)
        living = {track.id for track in self._tracks}
        self._motions = {number: motion for number, motion in self._motions.items() if number in living}

    def _show(self, to_pixel: ToPixel | None, picture: Picture | None) -> None:
        """Remember where each track lay in the picture that shows it."""
        for track in self._tracks:
            motion = self._motions[track.id]
            if track.is_seen and picture is not None:
                motion.is_leaving = _is_at_edge(track.box, picture)
            if track.is_seen and to_pixel is not None:
                motion.shown_px = None if track.place is None else to_pixel(_spot(track.place))


def _is_at_edge(box: PixelBox, picture: Picture) -> bool:
    """Say whether a box ends at the left, right or lower edge, or a small part of its size before it."""
    height, width = picture.shape[:2]
    x0, _, x1, y1 = box.xyxy
    aside = _EDGE_PX + _EDGE_SHARE * box.width_px
    return x0 < aside or x1 > width - aside or y1 > height - _EDGE_PX


def _spot(place: GroundPlace, *, up_m: float = 0.0) -> LocalPosition:
    return LocalPosition(east_m=place.east_m, north_m=place.north_m, up_m=up_m)


def _sights(seen: Sequence[Placed], to_pixel: ToPixel | None, picture: Picture | None) -> list[Sight]:
    """Return what is seen with its colours, with lower scores for people who would be dwarfs or giants."""
    sights = []
    for one in seen:
        is_person = one.detection.label is Label.PERSON
        placed = _weighed(one, to_pixel) if is_person and to_pixel is not None else one
        wears = colours_of(one.detection.box, picture) if is_person and picture is not None else None
        sights.append(Sight(placed, wears))
    return sights


def _weighed(one: Placed, to_pixel: ToPixel) -> Placed:
    if one.place is None:
        return one
    foot, head = to_pixel(_spot(one.place)), to_pixel(_spot(one.place, up_m=_TALL_M))
    if foot is None or head is None or min(one.detection.box.xyxy[:2]) < _EDGE_PX:
        return one
    box = one.detection.box
    tall = max(box.height_px, box.width_px) / max(foot[1] - head[1], 1.0)
    cost = min(_MOST_COST, _UNLIKELY_COSTS * max(_LIKELY[0] - tall, tall - _LIKELY[1], 0.0))
    if cost == 0.0:
        return one
    return Placed(Detection(label=Label.PERSON, score=max(0.0, one.detection.score - cost), box=box), one.place)


def _may_lie(box: PixelBox) -> bool:
    return box.width_px >= _LIES_FROM * box.height_px


def _is_alone(sight: Sight, sights: Sequence[Sight]) -> bool:
    box = sight.placed.detection.box
    return all(other is sight or other.placed.detection.box.iou(box) < _ALONE_IOU for other in sights)


def _is_clear(sight: Sight, sights: Sequence[Sight]) -> bool:
    """Say whether nothing else that was seen reaches into a box: who walks past a doll does not make it live."""
    x0, y0, x1, y1 = sight.placed.detection.box
    near = 0.1 * (x1 - x0)
    for other in sights:
        a0, b0, a1, b1 = other.placed.detection.box
        if other is not sight and a0 < x1 + near and a1 > x0 - near and b0 < y1 and b1 > y0:
            return False
    return True


def _mixed(before: Colours | None, new: Colours, after_s: float) -> Colours:
    return new if before is None else before + (1.0 - math.exp(-after_s / _CHANGES_S)) * (new - before)


def _is_double(one: Detection, taken: Sequence[Detection]) -> bool:
    return any(other.label is one.label and other.box.iou(one.box) > _DOUBLE_IOU for other in taken)
