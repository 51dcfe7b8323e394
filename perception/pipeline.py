"""One vehicle's eyes: frame in; tracks, sightings and answers out. Pure but for the model; used from one thread."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

import numpy as np
import structlog

from core.ids import OrderId, SightingId, VehicleId, new_id
from geofence.footprint import Gaze
from geofence.frames import LocalFrame
from geofence.positions import LocalPosition
from geofence.zones import ZoneSet
from perception.aim import Aim
from perception.detections import Detection, Label, bodies, passing
from perception.detector import Detector
from perception.evidence import make_photos
from perception.flat import Uprightness
from perception.frame import Frame, fit
from perception.georeference import Georeference, GroundPlace
from perception.likely_size import is_likely
from perception.look import Look, LookSettings, Question
from perception.matters import Found, RuleWatch
from perception.middle import middle_of
from perception.on_walls import place_on_wall
from perception.rules.catalogue import make_watches
from perception.rules.contested import Claims
from perception.sight import Sight
from perception.sighting import LookResult, Sighting
from perception.source_state import SourceState
from perception.sway import Sway
from perception.tracker import Placed, Track, Tracker
from perception.walls import Walls

_EDGE_PX = 3.0
LOWEST_AGL_M = 6.0
_HEAD_M = 1.7
_HEADS_DIFFER_M = 0.5


class NotAssessed(StrEnum):
    """Why a frame says nothing about the ground."""

    NO_POSE = "no_pose"
    BAD_POSE = "bad_pose"
    """Some of the pose is no number."""
    SKY = "sky"
    """No ground, or only what is too near to the horizon to be placed."""
    WRONG_SIZE = "wrong_size"
    """A picture of another shape than the lens is for."""
    TOO_STEEP = "too_steep"
    TOO_LOW = "too_low"
    FAILED = "failed"


WhyNot = NotAssessed | SourceState
"""A reason of the frame's own, or of its stream: frozen, covered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one frame gave."""

    frame: Frame
    detections: Sequence[Detection] = ()
    tracks: tuple[Track, ...] = ()
    doubted: tuple[Track, ...] = ()
    """Tracks that are not believed (yet, or any more): nobody is told of them, and a film hides them all the same."""
    sightings: tuple[Sighting, ...] = ()
    answers: tuple[LookResult, ...] = ()
    not_assessed: WhyNot | None = None
    was_searched: bool = True
    """Whether the detector looked: if not, nobody knows whom the picture shows, and none of it may leave."""


@dataclass(slots=True, kw_only=True)
class Counters:
    """What became of the frames."""

    latest: WhyNot | None = None
    """Why the newest frame said nothing about the ground, if it did not."""
    analysed: int = 0
    not_assessed: dict[WhyNot, int] = field(default_factory=dict)
    sightings: int = 0

    @property
    def not_assessed_total(self) -> int:
        """Return how many frames said nothing about the ground."""
        return sum(self.not_assessed.values())


class Pipeline:
    """Detector → tracker → places → rules → sightings and answers, for one camera."""

    def __init__(
        self,
        *,
        vehicle_id: VehicleId,
        detector: Detector,
        reference: Georeference,
        zones: ZoneSet,
        look_settings: LookSettings | None = None,
        lowest_agl_m: float = LOWEST_AGL_M,
        tracker: Tracker | None = None,
        places_cut_people: bool = False,
    ) -> None:
        self._vehicle_id = vehicle_id
        self._detector = detector
        self._reference = reference
        self._look_settings = look_settings
        self._lowest_agl_m = lowest_agl_m
        self._tracker = tracker or Tracker(threshold_for=detector.card.score_for)
        self._least = {label: self._tracker.least_for(label) for label in Label}
        self._places_cut_people = places_cut_people
        self._watches: list[RuleWatch] = []
        self._claims = Claims()
        self._aim = Aim(reference=reference)
        self._sway = Sway(reference=reference)
        self._uprightness = Uprightness()
        self._walls = Walls(zones=ZoneSet(zones=()), frame=reference.frame)
        self._looks: list[Look] = []
        self._order_id: OrderId | None = None
        self._log = structlog.get_logger("eyes").bind(vehicle=vehicle_id)
        self._has_failed = False
        self.counters = Counters()
        self.set_zones(zones)

    @property
    def frame(self) -> LocalFrame:
        """Return the local frame of the places of tracks."""
        return self._reference.frame

    def set_zones(self, zones: ZoneSet) -> None:
        """Watch the rules of these zones from now on; raises InvalidInput when one of them is wrong."""
        self._walls = Walls(zones=zones, frame=self._reference.frame)
        self._watches = make_watches(zones, self._reference.frame)

    def set_order(self, order_id: OrderId | None, questions: Sequence[Question], at: datetime) -> list[LookResult]:
        """Begin a new pass; return the answers to the questions of the last one that are still open."""
        answers = [answer for look in self._looks if (answer := look.end(at)) is not None]
        self._order_id = order_id
        self._looks = [
            Look(
                question=question,
                vehicle_id=self._vehicle_id,
                frame=self._reference.frame,
                settings=self._look_settings,
            )
            for question in questions
        ]
        return answers

    def process(self, frame: Frame) -> Seen:
        """Look at one frame. A failure costs this frame only: it is logged, counted, and not assessed."""
        try:
            seen = self._process(frame)
        except Exception:
            if not self._has_failed:
                self._log.exception("a frame could not be looked at", frame=frame.number)
            self._has_failed = True
            seen = Seen(frame=frame, not_assessed=NotAssessed.FAILED, was_searched=False)
        else:
            self._has_failed = False
        self._count(seen)
        return seen

    def _process(self, frame: Frame) -> Seen:
        fitting = fit(frame, self._reference.camera)
        if fitting is None:
            return Seen(frame=frame, not_assessed=NotAssessed.WRONG_SIZE, was_searched=False)
        frame = fitting
        detections = self._detector.detect(frame.picture)
        reason = self._why_not(frame)
        if reason is not None:
            return Seen(frame=frame, detections=detections, not_assessed=reason)
        return self.assess(frame, detections)

    def assess(self, frame: Frame, detections: Sequence[Detection]) -> Seen:
        """Do everything but the model: place, follow, judge."""
        assert frame.gaze is not None
        told, gaze, reference = frame.gaze, self._aim.corrected(frame.gaze), self._reference
        original, frame = frame, replace(frame, gaze=gaze)
        placed = self._place(frame, detections)
        self._sway.note(placed, self._tracker.tracks, told, gaze)
        tracks = self._tracker.update(
            placed,
            taken_s=frame.taken_s,
            is_in_view=lambda track: self._is_in_view(track, frame),
            to_pixel=lambda place: reference.to_pixel(place, gaze),
            picture=frame.picture,
        )
        self._aim.note(tracks, gaze)
        believed = [track for track in tracks if track.is_believed]
        sight = Sight(gaze=gaze, reference=reference, walls=self._walls, sway=self._sway)
        found = self._judge(tracks, frame, detections, sight)
        answers = [look.see(frame, tracks, detections, self._reference, self._walls) for look in self._looks]
        return Seen(
            frame=original,
            detections=detections,
            tracks=tuple(believed),
            doubted=tuple(track for track in tracks if not track.is_believed),
            sightings=tuple(self._sighting(one) for one in found),
            answers=tuple(answer for answer in answers if answer is not None),
        )

    def _judge(
        self, tracks: Sequence[Track], frame: Frame, detections: Sequence[Detection], sight: Sight
    ) -> list[Found]:
        due = [watch for watch in self._watches if watch.is_due(frame, self._order_id)]
        heard = self._hear(tracks, sight) if due else ()
        return [one for watch in due for one in watch.look(heard, frame, detections, self._order_id, sight)]

    def _hear(self, tracks: Sequence[Track], sight: Sight) -> list[Track]:
        """Return the tracks that rules may hear of: surely what they are called."""
        self._uprightness.note(tracks, sight)
        return self._uprightness.hear(self._claims.hear(tracks))

    def _why_not(self, frame: Frame) -> NotAssessed | None:
        gaze = frame.gaze
        if gaze is None:
            return NotAssessed.NO_POSE
        if not math.isfinite(gaze.height_agl_m + gaze.yaw_deg + gaze.pitch_deg + gaze.roll_deg):
            return NotAssessed.BAD_POSE
        if gaze.height_agl_m < self._lowest_agl_m:
            return NotAssessed.TOO_LOW
        if gaze.pitch_deg < self._detector.card.steepest_pitch_deg:
            return NotAssessed.TOO_STEEP
        return None if self._reference.sees_ground(gaze) else NotAssessed.SKY

    def _place(self, frame: Frame, detections: Sequence[Detection]) -> list[Placed]:
        assert frame.gaze is not None
        lowest_px = frame.size_px[1] - _EDGE_PX
        wanted = bodies(passing(detections, self._least))
        hanging = [one for one in wanted if one.label is Label.POSTER]
        wanted = [one for one in wanted if one.label is not Label.POSTER] if hanging else wanted
        trusted = [one for one in wanted if one.box.y1_px < lowest_px]
        cut = self._place_cut([one for one in wanted if one.box.y1_px >= lowest_px], frame.gaze)
        cut += [Placed(one, place_on_wall(one, self._reference, frame.gaze)) for one in hanging]
        feet = np.array([one.box.foot_px for one in trusted], float).reshape(-1, 2)
        eye_m = (*self._reference.camera_m(frame.gaze), frame.gaze.height_agl_m)
        focal_px = self._reference.camera.fx_px
        return [
            Placed(one, middle_of(one, place, eye_m, focal_px))
            for one, place in zip(trusted, self._reference.to_ground(feet, frame.gaze), strict=True)
            if is_likely(one, place, eye_m, focal_px)
        ] + cut

    def _place_cut(self, cut: Sequence[Detection], gaze: Gaze) -> list[Placed]:
        """Return people whose feet are below the picture, placed by their heads where the camera is above these.

        Other things cannot be placed so.
        """
        people = [one for one in cut if one.label is Label.PERSON] if self._places_cut_people else []
        if not people or gaze.height_agl_m <= 2 * _HEAD_M:
            return [Placed(one, None) for one in people]
        heads = np.array([(one.box.centre_px[0], one.box.y0_px) for one in people], float)
        places = self._reference.to_ground(heads, replace(gaze, height_agl_m=gaze.height_agl_m - _HEAD_M))
        return [Placed(one, _less_sure(place)) for one, place in zip(people, places, strict=True)]

    def _is_in_view(self, track: Track, frame: Frame) -> bool:
        if track.place is None or frame.gaze is None:
            return track.place is None
        place = LocalPosition(east_m=track.place.east_m, north_m=track.place.north_m)
        pixel = self._reference.to_pixel(place, frame.gaze)
        width, height = frame.size_px
        return pixel is not None and 12 < pixel[0] < width - 12 and 30 < pixel[1] < height - 12

    def _sighting(self, found: Found) -> Sighting:
        matter, card = found.matter, self._detector.card
        place = LocalPosition(east_m=matter.place.east_m, north_m=matter.place.north_m)
        return Sighting(
            id=SightingId(new_id()),
            vehicle_id=self._vehicle_id,
            order_id=self._order_id,
            kind=found.finding.kind,
            zone_id=found.zone.zone.id,
            place=self._reference.frame.to_geo(place),
            ellipse=matter.place.ellipse,
            first_seen_at=matter.first_at,
            last_seen_at=matter.last_at,
            observed_s=matter.observed_s,
            score=matter.score,
            because=found.finding.because,
            facts=found.finding.facts,
            rule=found.rule.name,
            rule_version=found.rule.version,
            model=f"{card.name} {card.version}",
            model_sha256=card.sha256,
            photos=make_photos(matter.best, matter.first) if matter.best is not None else (),
        )

    def _count(self, seen: Seen) -> None:
        self.counters.sightings += len(seen.sightings)
        self.counters.latest = seen.not_assessed
        if seen.not_assessed is None:
            self.counters.analysed += 1
        else:
            counts = self.counters.not_assessed
            counts[seen.not_assessed] = counts.get(seen.not_assessed, 0) + 1


def _less_sure(place: GroundPlace | None) -> GroundPlace | None:
    """Return a place that is also off by what people's heights differ."""
    if place is None:
        return None
    ee, en, nn = place.covariance_m2
    return GroundPlace(place.east_m, place.north_m, (ee + _HEADS_DIFFER_M**2, en, nn + _HEADS_DIFFER_M**2))
