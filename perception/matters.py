"""Matters: what was observed at one place for one rule of one zone, over frames, strips and passes.

A rule looks at most twice a second of the frames' own time (every third frame of five a second); its seconds, places
and pictures come from the frames it looked at. While something is missed at its place, it looks at every frame.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.ids import OrderId
from perception.detections import Detection, Label
from perception.evidence import Snapshot
from perception.frame import Frame
from perception.georeference import GroundPlace
from perception.rules.places import distance_m
from perception.rules.rule import Candidate, Finding, Member, Observed, Rule, RuleZone, Stillness, View
from perception.sight import Sight
from perception.tracker import Track

_GAP_S = 1.0
"""Two views with more between them are two looks; the time between does not count as observed."""
_EVERY_S = 0.45
_WALKS_S = 3.0
"""A crowd that was not seen for longer is known by its place, not by its people."""
_NEW_PASS_S = 120.0
_JOIN_M = 5.0
_JOIN_AT_MOST_M = 15.0
_MOST_MATTERS = 100
_HALF = 0.5
_UNBELIEVED_S = 2.0
"""Nobody is seen for longer before being believed."""
_MEASURED = frozenset({Label.PILE})
"""How wide these are matters: they grow."""


@dataclass(slots=True, kw_only=True)
class Matter:
    """Something at one place; a new pass counts its seconds afresh."""

    label: Label
    place: GroundPlace
    anchor: GroundPlace
    first_s: float
    last_s: float
    first_at: datetime
    last_at: datetime
    score: float
    observed_s: float = 0.0
    holds_s: float = 0.0
    lasting_s: float = 0.0
    weighed_s: float = 0.0
    absent_s: float = 0.0
    """Seconds in view without it, since it was last seen."""
    looks: int = 1
    moved_m: float = 0.0
    things: int = 0
    people: int = 0
    width_m: float = 0.0
    width_before_m: float | None = None
    members: tuple[Member, ...] = ()
    who: frozenset[int] = frozenset()
    """The people of a crowd, by the numbers of their tracks, at the last view."""
    here: GroundPlace | None = None
    """Where a crowd was at the last view; None for what stands."""
    is_lasting: bool = False
    """Whether it was seen well over a longer time, once."""
    is_reported: bool = False
    is_sure: bool = False
    """Whether what was reported was sure; if not, it is reported once more when it is."""
    best: Snapshot | None = None
    best_worth: float = 0.0
    first: Snapshot | None = None

    def observed(self) -> Observed:
        """Return what a rule judges."""
        return Observed(
            label=self.label,
            at=self.last_at,
            observed_s=self.observed_s,
            holds_s=self.holds_s,
            lasting_s=self.lasting_s,
            weighed_s=self.weighed_s,
            span_s=self.last_s - self.first_s,
            looks=self.looks,
            moved_m=self.moved_m,
            things=self.things,
            people=self.people,
            error_m=self.anchor.major_m + self.place.major_m,
            place_error_m=self.place.major_m,
            width_m=self.width_m,
            width_before_m=self.width_before_m,
            members=self.members,
        )

    def see(self, candidate: Candidate, frame: Frame, detections: Sequence[Detection], before_s: float) -> None:
        """Take one more view; the one before was at *before_s*, with or without it."""
        self._count(frame.taken_s - self.last_s, candidate)
        if self.lasting_s == 0.0 and _is_crowd(candidate) and frame.taken_s - before_s <= _GAP_S:
            self.lasting_s = _lasted_s(candidate, frame.taken_s, before_s)
        self.last_s, self.last_at, self.absent_s = frame.taken_s, frame.taken_at, 0.0
        self.moved_m = max(self.moved_m, distance_m(candidate.place, self.anchor))
        has_walked = self.is_of(candidate) and distance_m(candidate.place, self.place) > _JOIN_M
        if candidate.place.major_m < self.place.major_m or has_walked:
            self.place = candidate.place
        if _is_crowd(candidate):
            self.who, self.here = frozenset(one.id for one in candidate.members), candidate.place
        if candidate.things + candidate.people >= self.things + self.people or not self.members:
            self.members = _members(candidate)
        self.is_lasting = self.is_lasting or candidate.is_lasting
        self.things, self.people = max(self.things, candidate.things), max(self.people, candidate.people)
        self.score, self.width_m = max(self.score, candidate.score), max(self.width_m, candidate.width_m)
        if not self.is_sure:
            self._keep_picture(candidate, frame, detections)

    def is_of(self, candidate: Candidate) -> bool:
        """Say whether half of a crowd, or of what it was at the last view, are the same people: it may have walked."""
        if not self.who or not _is_crowd(candidate):
            return False
        return self.shared_with(candidate) >= max(2.0, _HALF * min(len(self.who), candidate.people))

    def shared_with(self, candidate: Candidate) -> int:
        """Return how many of a crowd were in this one at the last view."""
        return sum(one.id in self.who for one in candidate.members)

    def miss(self, step_s: float) -> None:
        """Take a view of its place without it."""
        self.absent_s += step_s

    def let_go(self) -> None:
        """Drop the pictures, once they were used."""
        self.best = self.first = None

    def _count(self, step_s: float, candidate: Candidate) -> None:
        if 0.0 <= step_s <= _GAP_S:
            self.observed_s += step_s
            self.holds_s += step_s if candidate.holds else 0.0
            self.lasting_s = self.lasting_s + step_s if candidate.holds else 0.0
            more_s = step_s * (candidate.certainty - _HALF)
            self.weighed_s = max(0.0, self.weighed_s + more_s) if candidate.holds else 0.0
            return
        self.looks += 1
        if self.absent_s > 0.0:
            self.lasting_s = self.weighed_s = 0.0

    def _keep_picture(self, candidate: Candidate, frame: Frame, detections: Sequence[Detection]) -> None:
        shot = Snapshot(picture=frame.picture, detections=detections, box=candidate.box, taken_at=frame.taken_at)
        self.first = self.first or shot
        worth = shot.worth
        if self.best is None or worth > self.best_worth:
            self.best, self.best_worth = shot, worth


def _lasted_s(candidate: Candidate, taken_s: float, before_s: float) -> float:
    """Return for how long a crowd that the view before did not show was there in all likelihood.

    Who is believed only since then was seen before; else it came together at some time between the two views.
    """
    if any(before_s < one.believed_s < math.inf for one in candidate.members):
        return min(taken_s - max(one.first_s for one in candidate.members), _UNBELIEVED_S)
    return _HALF * (taken_s - before_s)


def _is_crowd(candidate: Candidate) -> bool:
    return candidate.label is Label.PERSON and candidate.people > 1


def _members(candidate: Candidate) -> tuple[Member, ...]:
    middle = candidate.place
    return tuple(
        Member(label=one.label, east_m=one.place.east_m - middle.east_m, north_m=one.place.north_m - middle.north_m)
        for one in candidate.members
        if one.place is not None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A finding, where and about what."""

    finding: Finding
    matter: Matter
    rule: Rule
    zone: RuleZone


@dataclass(slots=True, kw_only=True)
class RuleWatch:
    """One rule in one zone: its matters, each reported at most once a pass."""

    rule: Rule
    zone: RuleZone
    _matters: list[Matter] = field(default_factory=list)
    _before: list[Matter] = field(default_factory=list)
    """What was reported in the pass before."""
    _pass: OrderId | None = None
    _due_s: float = -math.inf
    _last_s: float = -math.inf
    _stillness: Stillness = field(default_factory=Stillness)

    def look(
        self,
        tracks: Sequence[Track],
        frame: Frame,
        detections: Sequence[Detection],
        order_id: OrderId | None,
        sight: Sight | None = None,
    ) -> list[Found]:
        """Return what has become certain with this frame; *sight* tells what else of the ground it shows."""
        if not self.is_due(frame, order_id):
            return []
        self._begin_pass(frame, order_id)
        before_s, self._last_s = self._last_s, frame.taken_s
        step_s = frame.taken_s - before_s
        if not self.zone.zone.is_in_force(frame.taken_at):
            return []
        seen: list[Matter] = []
        for one in self._candidates(tracks, frame, sight):
            seen.append(self._take(one, frame, detections, before_s, seen))
        if step_s <= _GAP_S and sight is not None:
            self._miss(step_s, frame, sight)
        is_any_missed = any(one.absent_s and frame.taken_s - one.last_s <= _GAP_S for one in self._matters)
        self._due_s = frame.taken_s + (0.0 if is_any_missed else _EVERY_S)
        return [found for matter in seen if (found := self._judge(matter)) is not None]

    def is_due(self, frame: Frame, order_id: OrderId | None) -> bool:
        """Say whether it looks at this frame."""
        return order_id != self._pass or not self._due_s - _EVERY_S <= frame.taken_s < self._due_s

    def _begin_pass(self, frame: Frame, order_id: OrderId | None) -> None:
        """Forget what belongs to an earlier pass, so that it is seen anew."""
        if order_id != self._pass:
            self._pass = order_id
            self._before = [matter for matter in self._matters if matter.is_reported]
            self._matters = []
        if order_id is None:
            self._matters = [matter for matter in self._matters if frame.taken_s - matter.last_s <= _NEW_PASS_S]
        for matter in (*self._before, *(one for one in self._matters if one.is_sure)):
            matter.let_go()

    def _miss(self, step_s: float, frame: Frame, sight: Sight) -> None:
        """Count for whom the place is in view and empty; what was away for long enough is over."""
        for matter in self._matters:
            if matter.last_s < frame.taken_s and sight.shows(matter.place):
                matter.miss(step_s)
        self._matters = [matter for matter in self._matters if matter.absent_s < self.rule.gone_after_s]

    def _candidates(self, tracks: Sequence[Track], frame: Frame, sight: Sight | None) -> list[Candidate]:
        if self.rule.follows:
            self._stillness.note([one for one in tracks if one.label in self.rule.follows], frame.taken_s, sight)
        if not any(track.label in self.rule.labels for track in tracks):
            return []
        placed = [track for track in tracks if track.place is not None]
        view = View(
            tracks=[track for track in placed if track.is_believed],
            weak=[track for track in placed if not track.is_believed],
            at=frame.taken_at,
            standing=self._stillness.standing() if self.rule.follows else frozenset(),
            widths_m={} if sight is None else {one.id: sight.width_m(one) for one in tracks if one.label in _MEASURED},
        )
        return [one for one in self.rule.candidates(view) if self.zone.surely_holds(one.place)]

    def _take(
        self,
        candidate: Candidate,
        frame: Frame,
        detections: Sequence[Detection],
        before_s: float,
        seen: Sequence[Matter],
    ) -> Matter:
        # two crowds at once are two, however near; two names of one place for what stands are one thing
        free = [one for one in self._matters if not _is_crowd(candidate) or all(one is not other for other in seen)]
        walked = _that_walked(candidate, free, frame.taken_s)
        matter = walked or _at(candidate, free) or self._open(candidate, frame)
        matter.see(candidate, frame, detections, before_s)
        return matter

    def _open(self, candidate: Candidate, frame: Frame) -> Matter:
        before = _at(candidate, self._before)
        matter = Matter(
            label=candidate.label,
            place=candidate.place,
            anchor=candidate.place,
            first_s=frame.taken_s,
            last_s=frame.taken_s,
            first_at=frame.taken_at,
            last_at=frame.taken_at,
            score=candidate.score,
            width_before_m=before.width_m if before is not None and before.width_m else None,
        )
        self._matters = [*self._matters[-_MOST_MATTERS:], matter]
        return matter

    def _judge(self, matter: Matter) -> Found | None:
        if matter.is_sure or not matter.is_lasting:
            return None
        finding = self.rule.judge(matter.observed())
        if finding is None or (matter.is_reported and not finding.is_sure):
            return None
        matter.is_reported, matter.is_sure = True, finding.is_sure
        return Found(finding=finding, matter=matter, rule=self.rule, zone=self.zone)


def _that_walked(candidate: Candidate, matters: Sequence[Matter], taken_s: float) -> Matter | None:
    """Return the crowd of a short while ago that shares the most people, wherever they are now."""
    ago = [one for one in matters if taken_s - one.last_s <= _WALKS_S and one.is_of(candidate)]
    return max(ago, key=lambda one: (one.shared_with(candidate), one.is_reported, one.last_s), default=None)


def _at(candidate: Candidate, matters: Sequence[Matter]) -> Matter | None:
    """Return the nearest matter that can be the same thing: within 5 m, or within both errors."""
    alike = [(matter.here or matter.place, matter) for matter in matters if matter.label is candidate.label]
    if not alike:
        return None
    place, nearest = min(alike, key=lambda one: distance_m(one[0], candidate.place))
    reach_m = 2 * math.hypot(candidate.place.major_m, place.major_m)
    is_same = distance_m(place, candidate.place) <= max(_JOIN_M, min(reach_m, _JOIN_AT_MOST_M))
    return nearest if is_same else None
