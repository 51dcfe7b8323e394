"""Crowds (群发性事件): people clustered in metres over a threshold, lasting. People are counted, never identified."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from geofence.frames import LocalFrame
from geofence.zones import Zone
from perception.detections import Label
from perception.rules.parameters import LawfulEvent, Licence, Timed, local_m, spots_of
from perception.rules.places import discs, distance_m, is_in_line, joint_box, longest_line, middle
from perception.rules.rule import Candidate, Finding, Observed, View
from perception.tracker import MOVES_M_S, Track

KIND = "20409"
_GONE_AFTER_S = 10.0
_ABOUT_M = 1.0
_QUEUES = 0.6
"""Of those at a stop, so large a share has to stand in one line for it to be a queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdParameters:
    """So many people in a disc of a radius, for so long in view without a break.

    `stops` are places where people queue: a line of people not wider than `queue_width_m` there is no crowd. `events`
    is the calendar of lawful gatherings, wherever they are in the zone or near a place of it, up to a number of people.
    """

    people_at_least: int = 8
    radius_m: float = 6.0
    for_s: float = 5.0
    standing_only: bool = False
    stops: tuple[Licence, ...] = ()
    queue_width_m: float = 3.0
    events: tuple[LawfulEvent, ...] = ()


class CrowdRule:
    """Finds the fullest discs of people and keeps those that are full enough."""

    name = "crowd"
    version = "7"
    labels = frozenset({Label.PERSON})
    gone_after_s = _GONE_AFTER_S

    def __init__(self, *, parameters: Timed[CrowdParameters], zone: Zone, frame: LocalFrame) -> None:
        self._parameters = parameters
        self._stops = spots_of(parameters.always.stops, zone=zone, frame=frame)
        self._frame = frame
        sets = (parameters.always, *(values for _, values in parameters.by_hour))
        minds = any(values is not None and values.standing_only for values in sets)
        self.follows = frozenset({Label.PERSON}) if minds else frozenset[Label]()

    def candidates(self, view: View) -> list[Candidate]:
        p = self._parameters.at(view.at)
        if p is None:
            return []
        people = [one for one in view.of(Label.PERSON) if not p.standing_only or one.id in view.standing]
        people = _counted_once(people)
        people = self._without_guests(self._without_queues(people, p, view), p, view)
        groups = discs(people, radius_m=p.radius_m, at_least=p.people_at_least)
        found = [_candidate(group) for group in groups if any(one.is_seen for one in group)]
        return [one for one in found if not self._is_queue(one, p, view) and not self._is_lawful(one, p, view)]

    def judge(self, observed: Observed) -> Finding | None:
        p = self._parameters.at(observed.at)
        if p is None or observed.lasting_s < p.for_s:
            return None
        spread_m = max((math.hypot(one.east_m, one.north_m) for one in observed.members), default=0.0)
        because = (
            f"up to {observed.people} people stood within {p.radius_m:g} m for {observed.lasting_s:.0f} s in view; "
            f"{p.people_at_least} are allowed for {p.for_s:g} s"
        )
        facts = {
            "people": observed.people,
            "radius_m": p.radius_m,
            "observed_s": round(observed.lasting_s, 1),
            "people_at_least": p.people_at_least,
            "for_s": p.for_s,
            "spread_m": round(spread_m, 1),
            "people_per_m2": round(observed.people / (math.pi * max(spread_m, 1.0) ** 2), 2),
            **observed.about_place(),
        }
        return Finding(kind=KIND, because=because, facts=facts)

    def _is_queue(self, candidate: Candidate, p: CrowdParameters, view: View) -> bool:
        return self._stops.holds(candidate.place, view.at) and is_in_line(candidate.members, width_m=p.queue_width_m)

    def _without_queues(self, people: list[Track], p: CrowdParameters, view: View) -> list[Track]:
        """Return *people* without those who queue; who walks past a queue, or gathers beside it, is not in it."""
        queues: set[int] = set()
        for waiting in self._stops.by_spot(people, view.at):
            line = longest_line(waiting, width_m=p.queue_width_m / 2)
            if len(line) >= _QUEUES * len(waiting) and is_in_line(line, width_m=p.queue_width_m):
                queues.update(one.id for one in line)
        return [one for one in people if one.id not in queues]

    def _without_guests(self, people: list[Track], p: CrowdParameters, view: View) -> list[Track]:
        """Return *people* without those at the place of a lawful event: a crowd beside a wedding is none of its guests.

        Where more are there than the event may have, nobody is its guest.
        """
        guests: set[int] = set()
        for event in p.events:
            if event.start <= view.at < event.end and event.lon_deg is not None and event.lat_deg is not None:
                east_m, north_m = local_m(self._frame, event.lon_deg, event.lat_deg)
                here = [one for one in people if _is_within(one, east_m, north_m, event.radius_m)]
                if len(here) <= (event.people_at_most or len(here)):
                    guests.update(one.id for one in here)
        return [one for one in people if one.id not in guests]

    def _is_lawful(self, candidate: Candidate, p: CrowdParameters, view: View) -> bool:
        return any(
            event.start <= view.at < event.end
            and candidate.people <= (event.people_at_most or candidate.people)
            and self._is_at(candidate, event)
            for event in p.events
        )

    def _is_at(self, candidate: Candidate, event: LawfulEvent) -> bool:
        if event.lon_deg is None or event.lat_deg is None:
            return True
        east_m, north_m = local_m(self._frame, event.lon_deg, event.lat_deg)
        return math.hypot(candidate.place.east_m - east_m, candidate.place.north_m - north_m) <= event.radius_m


def _counted_once(people: list[Track]) -> list[Track]:
    """Return *people* without those not seen now where somebody has appeared since: it may be the same person."""
    seen = [one for one in people if one.is_seen and one.place is not None]
    return [one for one in people if one.is_seen or not any(_may_be(one, other) for other in seen)]


def _may_be(lost: Track, new: Track) -> bool:
    if lost.place is None or new.place is None or new.first_s < lost.last_s:
        return False
    return distance_m(lost.place, new.place) <= _ABOUT_M + MOVES_M_S[Label.PERSON] * (new.last_s - lost.last_s)


def _is_within(one: Track, east_m: float, north_m: float, radius_m: float) -> bool:
    return one.place is not None and math.hypot(one.place.east_m - east_m, one.place.north_m - north_m) <= radius_m


def _candidate(group: Sequence[Track]) -> Candidate:
    return Candidate(
        label=Label.PERSON,
        place=middle(group),
        box=joint_box([track.box for track in group]),
        score=sum(track.score for track in group) / len(group),
        things=len(group),
        people=len(group),
        members=tuple(group),
    )
