"""Matters: what was observed at one place for one rule of one zone, over frames, strips and passes.

A rule looks at most every 0.35 s of the frames' own time (every second frame of five a second): its seconds, places and
pictures come from the frames it looked at. While something it follows was missed, it looks at every frame.
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
from perception.rules.rule import Candidate, Finding, Observed, Rule, RuleZone, distance_m
from perception.tracker import Track

_GAP_S = 1.0
"""Two views with more between them are two looks; the time between does not count as observed."""
_NEW_PASS_S = 120.0
_EVERY_S = 0.35
_JOIN_M = 5.0


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
    looks: int = 1
    moved_m: float = 0.0
    things: int = 0
    people: int = 0
    is_reported: bool = False
    best: Snapshot | None = None
    best_worth: float = 0.0
    first: Snapshot | None = None

    def observed(self) -> Observed:
        """Return what a rule judges."""
        return Observed(
            label=self.label,
            observed_s=self.observed_s,
            holds_s=self.holds_s,
            span_s=self.last_s - self.first_s,
            looks=self.looks,
            moved_m=self.moved_m,
            things=self.things,
            people=self.people,
            error_m=self.anchor.major_m + self.place.major_m,
        )

    def see(self, candidate: Candidate, frame: Frame, detections: Sequence[Detection]) -> None:
        """Take one more view."""
        step_s = frame.taken_s - self.last_s
        if step_s <= _GAP_S:
            self.observed_s += step_s
            self.holds_s += step_s if candidate.holds else 0.0
        else:
            self.looks += 1
        self.last_s, self.last_at = frame.taken_s, frame.taken_at
        self.moved_m = max(self.moved_m, distance_m(candidate.place, self.anchor))
        if candidate.place.major_m < self.place.major_m:
            self.place = candidate.place
        self.things, self.people = max(self.things, candidate.things), max(self.people, candidate.people)
        self.score = max(self.score, candidate.score)
        self._keep_picture(candidate, frame, detections)

    def _keep_picture(self, candidate: Candidate, frame: Frame, detections: Sequence[Detection]) -> None:
        shot = Snapshot(picture=frame.picture, detections=detections, box=candidate.box, taken_at=frame.taken_at)
        self.first = self.first or shot
        worth = shot.worth
        if self.best is None or worth > self.best_worth:
            self.best, self.best_worth = shot, worth


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
    _pass: OrderId | None = None
    _due_s: float = -math.inf

    def look(
        self, tracks: Sequence[Track], frame: Frame, detections: Sequence[Detection], order_id: OrderId | None
    ) -> list[Found]:
        """Return what has become certain with this frame."""
        if order_id == self._pass and self._due_s - _EVERY_S <= frame.taken_s < self._due_s:
            return []
        self._begin_pass(frame, order_id)
        if not self.zone.zone.is_in_force(frame.taken_at):
            return []
        seen = [self._take(one, frame, detections) for one in self._candidates(tracks)]
        is_any_missed = any(0.0 < frame.taken_s - matter.last_s <= _GAP_S for matter in self._matters)
        self._due_s = frame.taken_s + (0.0 if is_any_missed else _EVERY_S)
        return [found for matter in seen if (found := self._judge(matter)) is not None]

    def _begin_pass(self, frame: Frame, order_id: OrderId | None) -> None:
        """Forget what belongs to an earlier pass, so that it is seen anew."""
        if order_id != self._pass:
            self._pass = order_id
            self._matters.clear()
        self._matters = [matter for matter in self._matters if frame.taken_s - matter.last_s <= _NEW_PASS_S]

    def _candidates(self, tracks: Sequence[Track]) -> list[Candidate]:
        if not any(track.label in self.rule.labels for track in tracks):
            return []
        believed = [track for track in tracks if track.is_believed and track.place is not None]
        return [one for one in self.rule.candidates(believed) if self.zone.surely_holds(one.place)]

    def _take(self, candidate: Candidate, frame: Frame, detections: Sequence[Detection]) -> Matter:
        matter = self._matter_at(candidate) or self._open(candidate, frame)
        matter.see(candidate, frame, detections)
        return matter

    def _matter_at(self, candidate: Candidate) -> Matter | None:
        alike = [matter for matter in self._matters if matter.label is candidate.label]
        away_m = [distance_m(matter.place, candidate.place) for matter in alike]
        if not alike or min(away_m) > max(_JOIN_M, 2 * candidate.place.major_m):
            return None
        return alike[away_m.index(min(away_m))]

    def _open(self, candidate: Candidate, frame: Frame) -> Matter:
        matter = Matter(
            label=candidate.label,
            place=candidate.place,
            anchor=candidate.place,
            first_s=frame.taken_s,
            last_s=frame.taken_s,
            first_at=frame.taken_at,
            last_at=frame.taken_at,
            score=candidate.score,
        )
        self._matters.append(matter)
        return matter

    def _judge(self, matter: Matter) -> Found | None:
        if matter.is_reported:
            return None
        finding = self.rule.judge(matter.observed())
        if finding is None:
            return None
        matter.is_reported = True
        return Found(finding=finding, matter=matter, rule=self.rule, zone=self.zone)
