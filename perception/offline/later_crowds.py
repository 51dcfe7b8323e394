"""Crowds of a recording, counted from finished tracks: who was hidden for a moment, or not believed yet, was there.

A vehicle counts at once, by what was seen till then; a recording is counted when its lines are written, some seconds
later, by steadied places. The rule, its zones and its pictures are the same.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.ids import VehicleId
from geofence.zones import ZoneSet
from perception.detections import Label
from perception.detector import Detector
from perception.frame import Picture
from perception.georeference import Georeference
from perception.offline.track_line import TrackLine
from perception.pipeline import Pipeline, Seen
from perception.sighting import Sighting
from perception.tracker import Placed, ToPixel, Track, Tracker

LATER = frozenset({"crowd"})
"""The rules that are judged so."""
_EVERY_S = 0.25
"""Frames so far apart wait with their pictures, for as long as lines do: 150 MB of 1920 × 1080."""
_FORGET_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """A sighting of an earlier frame, told once the tracks of that frame are finished."""

    frame: int
    sighting: Sighting


class LaterCrowds:
    """Looks again at frames that are finished; give it each assessed frame, then the lines as they are finished."""

    def __init__(self, *, vehicle_id: VehicleId, detector: Detector, reference: Georeference, zones: ZoneSet) -> None:
        self._tracks = _Finished(threshold_for=detector.card.score_for)
        self._pipeline = Pipeline(
            vehicle_id=vehicle_id, detector=detector, reference=reference, zones=zones, tracker=self._tracks
        )
        self._waiting: deque[Seen] = deque()
        self._lines: dict[int, list[TrackLine]] = {}

    def note(self, seen: Seen) -> None:
        """Keep an assessed frame, if the one before is long enough ago."""
        if not self._waiting or abs(seen.frame.taken_s - self._waiting[-1].frame.taken_s) >= _EVERY_S:
            self._waiting.append(seen)

    def look(self, lines: Sequence[TrackLine], up_to: int) -> list[Late]:
        """Return what the frames up to the number *up_to* tell, now that all of their *lines* are finished."""
        for line in lines:
            self._lines.setdefault(line.frame, []).append(line)
        found: list[Late] = []
        while self._waiting and self._waiting[0].frame.number <= up_to:
            found += self._judge(self._waiting.popleft())
        self._lines = {number: kept for number, kept in self._lines.items() if number > up_to}
        return found

    def _judge(self, seen: Seen) -> list[Late]:
        self._tracks.take(self._lines.get(seen.frame.number, ()), seen.frame.taken_s)
        told = self._pipeline.assess(seen.frame, seen.detections)
        return [Late(frame=seen.frame.number, sighting=one) for one in told.sightings]


class _Finished(Tracker):
    """Tells the tracks of finished lines; follows nothing itself."""

    def __init__(self, *, threshold_for: Callable[[Label], float]) -> None:
        super().__init__(threshold_for=threshold_for, forget_s=_FORGET_S)
        self._known: dict[int, Track] = {}

    def take(self, lines: Sequence[TrackLine], taken_s: float) -> None:
        """Take the lines of the frame that is looked at next."""
        self._known = {i: one for i, one in self._known.items() if abs(taken_s - one.last_s) <= self._forget_s}
        self._tracks = [self._track(line) for line in lines]

    def update(
        self,
        seen: Sequence[Placed],
        *,
        taken_s: float,
        is_in_view: Callable[[Track], bool],
        to_pixel: ToPixel | None = None,
        picture: Picture | None = None,
    ) -> list[Track]:
        """Return the tracks of the lines that were taken."""
        return list(self._tracks)

    def _track(self, line: TrackLine) -> Track:
        track = self._known.get(line.track)
        if track is None:
            track = self._known[line.track] = Track(
                id=line.track,
                label=line.label,
                box=line.box,
                place=line.place,
                first_s=line.time_s,
                last_s=line.time_s,
                threshold=self._threshold_for(line.label),
                is_believed=True,
            )
        track.box, track.place, track.last_s = line.box, line.place, line.time_s
        track.remember(line.score)
        return track


def with_rules(zones: ZoneSet, *, later: bool) -> ZoneSet:
    """Return *zones* with nothing but the rules that are judged later, or with all others."""
    return ZoneSet(
        zones=tuple(
            replace(zone, rules={name: values for name, values in zone.rules.items() if (name in LATER) is later})
            for zone in zones.zones
        )
    )
