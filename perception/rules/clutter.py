"""Clutter: piled goods (乱堆物堆料), boards, badly parked bikes: things that should not be there and do not move."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import InvalidInput
from geofence.frames import LocalFrame
from geofence.zones import Zone
from perception.detections import Label
from perception.georeference import GroundPlace
from perception.rules.parameters import Licence, Timed, local_m
from perception.rules.places import clusters, distance_m, joint_box, middle, near
from perception.rules.rule import Candidate, Finding, Observed, View
from perception.rules.timed_rule import TimedRule
from perception.tracker import Track

_KINDS = {Label.PILE: "20507", Label.BOARD: "20203", Label.BIKE: "20506", Label.POSTER: "20201"}
_WORDS = {Label.PILE: "piled goods", Label.BOARD: "a board", Label.BIKE: "bikes", Label.POSTER: "posters"}
_STALL_GOODS_M = 1.2
"""What lies so near to a stall is the stall's."""
_SMALL = frozenset({Label.BOARD})
"""Seen weakly from afar, and believed near by: then it was there all the time, and its seconds count."""
_GREW_M, _GREW_SHARE = 0.5, 1.3
_GONE_AFTER_S = 60.0
Baseline = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClutterParameters:
    """Unmoved over a span of time, in view for part of it, seen at so many looks.

    `baseline` lists what belongs to the place: lon, lat, radius in m, and, if given, how wide it may be in m.
    """

    unmoved_for_s: float = 8.0
    moved_tolerance_m: float = 2.5
    observed_s: float = 2.0
    looks_at_least: int = 1
    labels: tuple[Label, ...] = (Label.PILE,)
    things_at_least: int = 1
    within_m: float = 2.5
    baseline: Baseline = ()
    licences: tuple[Licence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardParameters(ClutterParameters):
    """The same for boards."""

    labels: tuple[Label, ...] = (Label.BOARD,)


@dataclass(frozen=True, slots=True, kw_only=True)
class PosterParameters(ClutterParameters):
    """The same for posters on walls and poles; who passes close by sees each for a few seconds only."""

    labels: tuple[Label, ...] = (Label.POSTER,)
    unmoved_for_s: float = 2.0
    observed_s: float = 1.0
    within_m: float = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkingParameters:
    """So many bikes within a radius, unmoved over a span of time, outside of where they may stand (`baseline`)."""

    bikes_at_least: int = 3
    radius_m: float = 4.0
    unmoved_for_s: float = 8.0
    moved_tolerance_m: float = 2.5
    observed_s: float = 2.0
    looks_at_least: int = 1
    baseline: Baseline = ()
    licences: tuple[Licence, ...] = ()

    def as_clutter(self) -> ClutterParameters:
        """Return the same in the words of the clutter rule."""
        return ClutterParameters(
            unmoved_for_s=self.unmoved_for_s,
            moved_tolerance_m=self.moved_tolerance_m,
            observed_s=self.observed_s,
            looks_at_least=self.looks_at_least,
            labels=(Label.BIKE,),
            things_at_least=self.bikes_at_least,
            within_m=self.radius_m,
            baseline=self.baseline,
            licences=self.licences,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Usual:
    """What belongs to a place: in a disc, up to a width."""

    east_m: float
    north_m: float
    radius_m: float
    width_m: float = math.inf

    def covers(self, place: GroundPlace, width_m: float) -> bool:
        """Say whether something so wide belongs to *place*."""
        away_m = math.hypot(place.east_m - self.east_m, place.north_m - self.north_m)
        return away_m <= self.radius_m and width_m <= self.width_m


class ClutterRule(TimedRule[ClutterParameters]):
    """Groups things that lie together."""

    name = "clutter"
    version = "5"
    follows = frozenset[Label]()
    gone_after_s = _GONE_AFTER_S

    def __init__(self, *, parameters: Timed[ClutterParameters], zone: Zone, frame: LocalFrame) -> None:
        super().__init__(parameters=parameters, zone=zone, frame=frame)
        self.labels = frozenset(parameters.always.labels)
        self._usual = [_usual(row, zone, frame) for row in parameters.always.baseline]

    def _points_at(self, view: View, p: ClutterParameters) -> list[Candidate]:
        found: list[Candidate] = []
        people = view.of(Label.PERSON) if Label.BIKE in p.labels else []
        for label in p.labels:
            things = self._unusual(view.of(label), view)
            groups = clusters(things, within_m=p.within_m, at_least=p.things_at_least)
            groups = [group for group in groups if any(one.is_seen for one in group)]
            groups = [group for group in groups if not _are_riders_there(group, people, p.within_m)]
            doubtful = self._unusual(view.doubtful(label), view) if label in _SMALL and p.things_at_least == 1 else []
            groups += [[one] for one in doubtful if not near(one, things, p.within_m)]
            found += [_candidate(group, view, p.things_at_least) for group in groups]
        return found

    def _weigh(self, observed: Observed, p: ClutterParameters) -> Finding | None:
        if not _is_long_enough(observed, p):
            return None
        word = _WORDS.get(observed.label, observed.label.value)
        count = f"{observed.things} " if observed.label is Label.BIKE else ""
        because = (
            f"{count}{word} did not move by more than {p.moved_tolerance_m:g} m over {observed.span_s:.0f} s "
            f"({observed.observed_s:.0f} s in view, {observed.looks} looks)" + _growth(observed)
        )
        facts = {
            "span_s": round(observed.span_s, 1),
            "observed_s": round(observed.observed_s, 1),
            "moved_m": round(observed.moved_m, 2),
            "moved_tolerance_m": p.moved_tolerance_m,
            "unmoved_for_s": p.unmoved_for_s,
            "things": observed.things,
            "label": observed.label.value,
            "width_m": round(observed.width_m, 1),
            **({"grew_from_m": round(observed.width_before_m or 0.0, 1)} if _growth(observed) else {}),
            **observed.about_place(),
        }
        return Finding(kind=_KINDS.get(observed.label, "20507"), because=because, facts=facts)

    def _unusual(self, things: Sequence[Track], view: View) -> list[Track]:
        """Return *things* of one label without what belongs to the place, or to a stall."""
        stalls = view.of(Label.CART) if things and things[0].label is Label.PILE else []
        return [one for one in things if not self._is_usual(one, view) and not near(one, stalls, _STALL_GOODS_M)]

    def _is_usual(self, track: Track, view: View) -> bool:
        width_m = view.widths_m.get(track.id, 0.0)
        return track.place is not None and any(one.covers(track.place, width_m) for one in self._usual)


class BoardRule(ClutterRule):
    """The same for boards."""

    name = "board"


class PosterRule(ClutterRule):
    """The same for posters, which hang and do not stand."""

    name = "poster"


class ParkingRule(ClutterRule):
    """The same for bikes in numbers."""

    name = "parking"

    def __init__(self, *, parameters: Timed[ParkingParameters], zone: Zone, frame: LocalFrame) -> None:
        super().__init__(parameters=parameters.map(ParkingParameters.as_clutter), zone=zone, frame=frame)


def _are_riders_there(group: Sequence[Track], people: Sequence[Track], within_m: float) -> bool:
    """Say whether bikes have their riders with them: as many people among them as there are bikes."""
    if group[0].label is not Label.BIKE or len(people) < len(group):
        return False
    here = middle(group)
    among = [one for one in people if one.place is not None and distance_m(one.place, here) <= within_m]
    return len(among) >= len(group)


def _is_long_enough(observed: Observed, p: ClutterParameters) -> bool:
    return (
        observed.span_s >= p.unmoved_for_s
        and observed.observed_s >= p.observed_s
        and observed.looks >= p.looks_at_least
        and observed.moved_m <= p.moved_tolerance_m + observed.error_m
    )


def _growth(observed: Observed) -> str:
    before_m = observed.width_before_m
    if before_m is None or observed.width_m < max(before_m * _GREW_SHARE, before_m + _GREW_M):
        return ""
    return f"; it has grown from {before_m:.1f} m to {observed.width_m:.1f} m"


def _usual(row: Sequence[float], zone: Zone, frame: LocalFrame) -> _Usual:
    if len(row) not in {3, 4}:
        raise InvalidInput(
            f"a place of the baseline has {len(row)} numbers",
            where=f"zone {zone.id}",
            remedy="give lon, lat, radius in m, and the width in m if it matters",
        )
    east_m, north_m = local_m(frame, row[0], row[1])
    return _Usual(east_m=east_m, north_m=north_m, radius_m=row[2], width_m=row[3] if len(row) == 4 else math.inf)


def _candidate(group: Sequence[Track], view: View, at_least: int) -> Candidate:
    return Candidate(
        label=group[0].label,
        place=middle(group),
        box=joint_box([track.box for track in group]),
        score=max(track.score for track in group),
        things=len(group),
        is_lasting=sum(track.is_lasting and track.is_believed for track in group) >= at_least,
        width_m=max(view.widths_m.get(track.id, 0.0) for track in group),
        members=tuple(group),
    )
