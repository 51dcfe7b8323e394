"""Somebody lies on the ground (人员摔倒): an alarm, not a case. It tells postures by boxes, never who it is."""

from dataclasses import dataclass

from geofence.frames import LocalFrame
from geofence.zones import Zone
from perception.detections import Label
from perception.rules.parameters import Licence, Timed, spots_of
from perception.rules.rule import Candidate, Finding, Observed, View
from perception.tracker import Track

KIND = "L0901"
_GONE_AFTER_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDownParameters:
    """A person's box that is wide for its height, at one place, for so long in view without a break.

    Somebody who lies along the line of sight of a camera that looks down is not told from somebody who stands.
    """

    width_to_height: float = 1.2
    for_s: float = 2.0
    moved_tolerance_m: float = 1.5
    licences: tuple[Licence, ...] = ()


class PersonDownRule:
    """Wide boxes of people."""

    name = "person_down"
    version = "1"
    labels = frozenset({Label.PERSON})
    follows = frozenset[Label]()
    gone_after_s = _GONE_AFTER_S

    def __init__(self, *, parameters: Timed[PersonDownParameters], zone: Zone, frame: LocalFrame) -> None:
        self._parameters = parameters
        self._licensed = spots_of(parameters.always.licences, zone=zone, frame=frame)

    def candidates(self, view: View) -> list[Candidate]:
        p = self._parameters.at(view.at)
        if p is None:
            return []
        lying = [one for one in view.of(Label.PERSON) if one.is_seen and _ratio(one) >= p.width_to_height]
        found = [_candidate(one) for one in lying]
        return [one for one in found if not self._licensed.holds(one.place, view.at)]

    def judge(self, observed: Observed) -> Finding | None:
        p = self._parameters.at(observed.at)
        if p is None or observed.lasting_s < p.for_s:
            return None
        if observed.moved_m > p.moved_tolerance_m + observed.error_m:
            return None
        because = (
            f"somebody lay on the ground for {observed.lasting_s:.0f} s in view: a box at least "
            f"{p.width_to_height:g} times as wide as high, for {p.for_s:g} s"
        )
        facts = {
            "observed_s": round(observed.lasting_s, 1),
            "for_s": p.for_s,
            "width_to_height": p.width_to_height,
            "moved_m": round(observed.moved_m, 2),
            **observed.about_place(),
        }
        return Finding(kind=KIND, because=because, facts=facts)


def _ratio(track: Track) -> float:
    return track.box.width_px / max(track.box.height_px, 1.0)


def _candidate(track: Track) -> Candidate:
    assert track.place is not None
    return Candidate(
        label=Label.PERSON, place=track.place, box=track.box, score=track.score, people=1, members=(track,)
    )
