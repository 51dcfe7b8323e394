"""Mobile vendors (无照经营游商): a stall with people around it, dwelling where vending is not allowed."""

from collections.abc import Sequence
from dataclasses import dataclass

from perception.detections import Label
from perception.rules.rule import Candidate, Finding, Observed, distance_m
from perception.tracker import Track

KIND = "20501"
_FURNITURE = frozenset({Label.TABLE, Label.CHAIR})
_TOGETHER_M = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorParameters:
    """A stall counts after `dwell_s` in view, at least half of it with people near."""

    dwell_s: float = 6.0
    people_within_m: float = 4.0
    people_at_least: int = 1


class VendorRule:
    """A cart, or an umbrella over a table or chairs, with people near."""

    name = "vendor"
    version = "1"
    labels = frozenset({Label.CART, Label.UMBRELLA})

    def __init__(self, *, parameters: VendorParameters) -> None:
        self._parameters = parameters

    def candidates(self, tracks: Sequence[Track]) -> list[Candidate]:
        people = [track for track in tracks if track.label is Label.PERSON]
        furniture = [track for track in tracks if track.label in _FURNITURE]
        stalls = [
            track
            for track in tracks
            if track.label is Label.CART or (track.label is Label.UMBRELLA and _near(track, furniture, _TOGETHER_M))
        ]
        return [self._candidate(stall, people) for stall in stalls if stall.is_seen]

    def _candidate(self, stall: Track, people: Sequence[Track]) -> Candidate:
        assert stall.place is not None
        near = _near(stall, people, self._parameters.people_within_m)
        return Candidate(
            label=stall.label,
            place=stall.place,
            box=stall.box,
            score=stall.score,
            people=near,
            holds=near >= self._parameters.people_at_least,
        )

    def judge(self, observed: Observed) -> Finding | None:
        p = self._parameters
        if observed.observed_s < p.dwell_s or observed.holds_s < p.dwell_s / 2:
            return None
        because = (
            f"a stall stood in a no-vending zone for {observed.observed_s:.0f} s in view, "
            f"{observed.holds_s:.0f} s of them with up to {observed.people} people within {p.people_within_m:g} m"
        )
        facts = {
            "observed_s": round(observed.observed_s, 1),
            "with_people_s": round(observed.holds_s, 1),
            "people": observed.people,
            "people_within_m": p.people_within_m,
            "dwell_s": p.dwell_s,
        }
        return Finding(kind=KIND, because=because, facts=facts)


def _near(track: Track, others: Sequence[Track], within_m: float) -> int:
    if track.place is None:
        return 0
    here = track.place
    return sum(other.place is not None and distance_m(here, other.place) <= within_m for other in others)
