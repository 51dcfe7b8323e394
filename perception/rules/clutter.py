"""Clutter: piled goods (乱堆物堆料), boards, badly parked bikes: things that should not be there and do not move."""

from collections.abc import Sequence
from dataclasses import dataclass

from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from perception.detections import Label
from perception.georeference import GroundPlace
from perception.rules.rule import Candidate, Finding, Observed, clusters, joint_box, middle
from perception.tracker import Track

_KINDS = {Label.PILE: "20507", Label.BOARD: "20203", Label.BIKE: "20506"}
_WORDS = {Label.PILE: "piled goods", Label.BOARD: "a board", Label.BIKE: "bikes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClutterParameters:
    """Unmoved over a span of time, in view for part of it; `baseline` lists where it may stand (lon, lat, radius m)."""

    unmoved_for_s: float = 8.0
    moved_tolerance_m: float = 2.5
    observed_s: float = 2.0
    labels: tuple[Label, ...] = (Label.PILE,)
    things_at_least: int = 1
    within_m: float = 2.5
    baseline: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkingParameters:
    """So many bikes within a radius, unmoved over a span of time, outside of where they may stand (`baseline`)."""

    bikes_at_least: int = 3
    radius_m: float = 4.0
    unmoved_for_s: float = 8.0
    moved_tolerance_m: float = 2.5
    observed_s: float = 2.0
    baseline: tuple[tuple[float, float, float], ...] = ()

    def as_clutter(self) -> ClutterParameters:
        """Return the same in the words of the clutter rule."""
        return ClutterParameters(
            unmoved_for_s=self.unmoved_for_s,
            moved_tolerance_m=self.moved_tolerance_m,
            observed_s=self.observed_s,
            labels=(Label.BIKE,),
            things_at_least=self.bikes_at_least,
            within_m=self.radius_m,
            baseline=self.baseline,
        )


class ClutterRule:
    """Groups things that lie together; with bikes it is the parking rule."""

    def __init__(self, *, parameters: ClutterParameters, frame: LocalFrame, name: str = "clutter") -> None:
        self.name = name
        self.version = "1"
        self.labels = frozenset(parameters.labels)
        self._parameters = parameters
        self._allowed = [(_local(frame, lon, lat), radius_m) for lon, lat, radius_m in parameters.baseline]

    def candidates(self, tracks: Sequence[Track]) -> list[Candidate]:
        p = self._parameters
        found: list[Candidate] = []
        for label in p.labels:
            things = [track for track in tracks if track.label is label and not self._is_allowed(track)]
            groups = clusters(things, within_m=p.within_m, at_least=p.things_at_least)
            found += [_candidate(group) for group in groups if any(track.is_seen for track in group)]
        return found

    def judge(self, observed: Observed) -> Finding | None:
        p = self._parameters
        tolerance_m = p.moved_tolerance_m + observed.error_m
        if observed.span_s < p.unmoved_for_s or observed.observed_s < p.observed_s or observed.moved_m > tolerance_m:
            return None
        word = _WORDS.get(observed.label, observed.label.value)
        count = f"{observed.things} " if observed.label is Label.BIKE else ""
        because = (
            f"{count}{word} did not move by more than {p.moved_tolerance_m:g} m over {observed.span_s:.0f} s "
            f"({observed.observed_s:.0f} s in view, {observed.looks} looks)"
        )
        facts = {
            "span_s": round(observed.span_s, 1),
            "observed_s": round(observed.observed_s, 1),
            "moved_m": round(observed.moved_m, 2),
            "things": observed.things,
            "looks": observed.looks,
            "label": observed.label.value,
        }
        return Finding(kind=_KINDS.get(observed.label, "20507"), because=because, facts=facts)

    def _is_allowed(self, track: Track) -> bool:
        assert track.place is not None
        east_m, north_m = track.place.east_m, track.place.north_m
        return any((e - east_m) ** 2 + (n - north_m) ** 2 <= radius_m**2 for (e, n), radius_m in self._allowed)


def _local(frame: LocalFrame, lon_deg: float, lat_deg: float) -> tuple[float, float]:
    place = frame.to_local(GeoPosition(lon_deg=lon_deg, lat_deg=lat_deg))
    return place.east_m, place.north_m


def _candidate(group: Sequence[Track]) -> Candidate:
    place: GroundPlace = middle(group)
    return Candidate(
        label=group[0].label,
        place=place,
        box=joint_box([track.box for track in group]),
        score=max(track.score for track in group),
        things=len(group),
    )
