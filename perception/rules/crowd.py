"""Crowds (群发性事件): people clustered in metres over a threshold, lasting. People are counted, never identified."""

from collections.abc import Sequence
from dataclasses import dataclass

from perception.detections import Label
from perception.rules.rule import Candidate, Finding, Observed, clusters, joint_box, middle
from perception.tracker import Track

KIND = "20409"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdParameters:
    """So many people within a radius, for so long in view."""

    people_at_least: int = 8
    radius_m: float = 6.0
    for_s: float = 5.0


class CrowdRule:
    """Groups people and keeps the groups that are large enough."""

    name = "crowd"
    version = "1"
    labels = frozenset({Label.PERSON})

    def __init__(self, *, parameters: CrowdParameters) -> None:
        self._parameters = parameters

    def candidates(self, tracks: Sequence[Track]) -> list[Candidate]:
        people = [track for track in tracks if track.label is Label.PERSON]
        p = self._parameters
        groups = clusters(people, within_m=p.radius_m, at_least=p.people_at_least)
        return [_candidate(group) for group in groups]

    def judge(self, observed: Observed) -> Finding | None:
        p = self._parameters
        if observed.holds_s < p.for_s:
            return None
        because = (
            f"up to {observed.people} people stood within {p.radius_m:g} m for {observed.holds_s:.0f} s in view; "
            f"{p.people_at_least} are allowed for {p.for_s:g} s"
        )
        facts = {
            "people": observed.people,
            "radius_m": p.radius_m,
            "observed_s": round(observed.holds_s, 1),
            "people_at_least": p.people_at_least,
            "for_s": p.for_s,
        }
        return Finding(kind=KIND, because=because, facts=facts)


def _candidate(group: Sequence[Track]) -> Candidate:
    return Candidate(
        label=Label.PERSON,
        place=middle(group),
        box=joint_box([track.box for track in group]),
        score=sum(track.score for track in group) / len(group),
        things=len(group),
        people=len(group),
    )
