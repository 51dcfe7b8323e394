"""Somebody lies on the ground (人员摔倒): an alarm, not a case. It tells postures by boxes, never who it is."""

from dataclasses import dataclass

from perception.detections import Label
from perception.rules.parameters import Licence
from perception.rules.rule import Candidate, Finding, Observed, View
from perception.rules.timed_rule import TimedRule
from perception.tracker import Track

KIND = "L0901"
_GONE_AFTER_S = 10.0
_UNSURE_AT = 0.5
"""The certainty whose seconds weigh nothing: who is not believed to lie never rings, however long that lasts."""
_UNSURE = "; it is not sure: look at the picture before anybody is called"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDownParameters:
    """Somebody who is said to lie, or a person's box that is wide for its height, at one place without a break.

    It is sure, and rings, once the seconds weigh `sure_s`: a second counts by how far its score is above half of what
    is needed. Before that a person looks first. Somebody who lies along the line of sight of a camera that looks down
    is not told from somebody who stands.
    """

    width_to_height: float = 1.2
    for_s: float = 2.0
    sure_s: float = 1.5
    moved_tolerance_m: float = 1.5
    licences: tuple[Licence, ...] = ()


class PersonDownRule(TimedRule[PersonDownParameters]):
    """People whom the detector says to lie, and wide boxes of people."""

    name = "person_down"
    version = "5"
    labels = frozenset({Label.LYING, Label.PERSON})
    follows = frozenset({Label.LYING, Label.PERSON})
    gone_after_s = _GONE_AFTER_S

    def _points_at(self, view: View, p: PersonDownParameters) -> list[Candidate]:
        weak = [one for one in view.weak if one.label is Label.LYING]
        people = [one for one in (*view.of(*self.labels), *weak) if one.is_seen and one.id in view.standing]
        return [_candidate(one) for one in people if one.label is Label.LYING or _ratio(one) >= p.width_to_height]

    def _weigh(self, observed: Observed, p: PersonDownParameters) -> Finding | None:
        if observed.lasting_s < p.for_s:
            return None
        if observed.moved_m > p.moved_tolerance_m + observed.error_m:
            return None
        is_sure = observed.weighed_s >= p.sure_s
        because = (
            f"somebody lay on the ground for {observed.lasting_s:.0f} s in view: seen as lying, or in a box at least "
            f"{p.width_to_height:g} times as wide as high, for {p.for_s:g} s"
        ) + ("" if is_sure else _UNSURE)
        facts = {
            "observed_s": round(observed.lasting_s, 1),
            "for_s": p.for_s,
            "width_to_height": p.width_to_height,
            "moved_m": round(observed.moved_m, 2),
            "weighed_s": round(observed.weighed_s, 1),
            "sure_s": p.sure_s,
            "is_sure": is_sure,
            **observed.about_place(),
        }
        return Finding(kind=KIND, because=because, facts=facts, is_sure=is_sure)


def _ratio(track: Track) -> float:
    return track.box.width_px / max(track.box.height_px, 1.0)


def _candidate(track: Track) -> Candidate:
    assert track.place is not None
    return Candidate(
        label=Label.PERSON,
        place=track.place,
        box=track.box,
        score=track.score,
        people=1,
        members=(track,),
        certainty=track.score / max(track.threshold, 1e-6) if track.is_believed else _UNSURE_AT,
    )
