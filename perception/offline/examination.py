"""Looking at a recording from end to end: every frame through the eyes, and everything that they say."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.ids import VehicleId
from geofence.footprint import Gaze, Intrinsics
from geofence.zones import ZoneSet
from perception.clothes import Trait
from perception.detections import Label
from perception.detector import Detector
from perception.following import Follower
from perception.frame import Frame
from perception.georeference import Georeference, PoseErrors
from perception.heading_check import Heading, HeadingCheck
from perception.offline.camera_file import SURVEYED, CameraFile, fitted
from perception.offline.ground_frame import GroundFrame
from perception.offline.later_crowds import LATER, Late, LaterCrowds, with_rules
from perception.offline.poses_file import Poses
from perception.offline.recording import RecordedFrame
from perception.offline.rejoining import Rejoiner
from perception.offline.size_check import SizeCheck
from perception.offline.track_book import TrackBook
from perception.offline.track_line import TrackLine
from perception.picture_health import PictureHealth
from perception.pipeline import Pipeline, Seen
from perception.seen_twice import SeenTwice, SeenTwiceCheck
from perception.source_state import SourceState
from perception.tracker import Track

_LOWEST_M = 0.3
_VEHICLE = VehicleId("recording")
_EYE_LEVEL_M = 2.0
"""A camera no higher than people's heads sees the nearest and what is left of the others."""
_LEAST_FRAMES = 5
_MOST_SIZES_TOLD = 5
_UNHEALTHY = frozenset({SourceState.FROZEN, SourceState.COVERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one frame gave: what was seen in it, and the lines of earlier frames that are finished with it."""

    number: int
    seen: Seen
    lines: Sequence[TrackLine]
    late: Sequence[Late] = ()
    """Sightings of earlier frames that are told only now."""
    are_people_named_later: bool = False
    """Whether it is decided in hindsight who is who: then the numbers of the people seen here are not those told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What the last frames gave once nothing came after them."""

    lines: Sequence[TrackLine]
    late: Sequence[Late] = ()


@dataclass(slots=True, kw_only=True)
class Account:
    """What became of the frames, and what was found."""

    frames: int = 0
    analysed: int = 0
    not_assessed: Counter[str] = field(default_factory=Counter)
    eye_level: int = 0
    """So many of the analysed frames were taken from no higher than people's heads."""
    seconds: float = 0.0
    took_s: float = 0.0
    """How long the looking took."""
    lines: int = 0
    tracks: Counter[str] = field(default_factory=Counter)
    sightings: Counter[str] = field(default_factory=Counter)
    is_heading_opposite: bool = False
    """Whether the pictures showed at some time that the reported heading was half a turn off."""
    seen_twice: SeenTwice | None = None
    """Whether standing things were at one place when seen from two sides (a moving camera only)."""
    people_height_ratio: float | None = None
    """How tall people are in the camera file's metres, as a share of 1.7 m; None when too few were seen."""
    _known: set[int] = field(default_factory=set)

    @property
    def frames_per_s(self) -> float:
        """Return how many frames a second were looked at."""
        return self.frames / self.took_s if self.took_s > 0.0 else 0.0

    def take(self, frame: RecordedFrame, seen: Seen) -> None:
        """Count one frame."""
        self.frames += 1
        self.seconds = frame.time_s
        if seen.not_assessed is None:
            self.analysed += 1
            gaze = seen.frame.gaze
            self.eye_level += gaze is not None and gaze.height_agl_m < _EYE_LEVEL_M
        else:
            self.not_assessed[seen.not_assessed.value] += 1
        self.sightings.update(one.rule for one in seen.sightings)

    def write(self, lines: Sequence[TrackLine], late: Sequence[Late] = ()) -> None:
        """Count finished lines and sightings that were told late."""
        self.lines += len(lines)
        self.sightings.update(one.sighting.rule for one in late)
        for line in lines:
            if line.track not in self._known:
                self._known.add(line.track)
                self.tracks[line.label.value] += 1


class Examination:
    """One recording's eyes: the same pipeline as beside a vehicle, with the tracker for every frame of a video."""

    def __init__(
        self,
        *,
        detector: Detector,
        camera: CameraFile,
        poses: Poses | None,
        zones: ZoneSet,
        start_at: datetime,
        is_live: bool = False,
    ) -> None:
        """Make the eyes; for what *is_live*, lines are told as soon as they can be, and nobody is joined anew."""
        ground = poses.ground if poses is not None else camera.ground
        assert ground is not None, "a camera file without a pose comes with poses"
        self.ground: GroundFrame = ground
        self.start_at = start_at
        self.account = Account()
        self.notes: list[str] = []
        self._fixed: Gaze | None = camera.gaze
        self._poses = poses
        self._camera = camera
        self._detector = detector
        self._zones = zones
        self._follower = Follower(
            threshold_for=detector.card.score_for, is_size_trusted=lambda: not self._sizes.is_doubtful
        )
        self._book = TrackBook()
        self._rejoiner = None if is_live else Rejoiner(new_number=self._follower.new_number)
        self._is_live = is_live
        self._crowds: LaterCrowds | None = None
        self._heading: HeadingCheck | None = None
        self._twice: SeenTwiceCheck | None = None
        self._pipeline = self._make_pipeline(camera.lens)
        self._size_px: tuple[int, int] | None = None
        self._newest_px: tuple[int, int] | None = None
        self._sizes_told = 0
        self._health = PictureHealth()

    def _make_pipeline(self, lens: Intrinsics) -> Pipeline:
        reference = Georeference(
            camera=lens,
            frame=self.ground.frame,
            distortion=self._camera.distortion,
            errors=self._camera.errors or (SURVEYED if self._poses is None else PoseErrors()),
        )
        self._sizes = SizeCheck(reference=reference, least_score=self._detector.card.score_for(Label.PERSON))
        if self._poses is not None:
            self._heading = HeadingCheck(reference=reference)
            self._twice = SeenTwiceCheck(reference=reference)
        counts_later = not self._is_live and any(LATER & zone.rules.keys() for zone in self._zones.zones)
        if counts_later:
            self._crowds = LaterCrowds(
                vehicle_id=_VEHICLE,
                detector=self._detector,
                reference=reference,
                zones=with_rules(self._zones, later=True),
            )
        return Pipeline(
            vehicle_id=_VEHICLE,
            detector=self._detector,
            reference=reference,
            zones=with_rules(self._zones, later=False) if counts_later else self._zones,
            lowest_agl_m=_LOWEST_M,
            tracker=self._follower,
            places_cut_people=True,
        )

    def _fit(self, recorded: RecordedFrame) -> None:
        """See to it that the lens is that of the pictures; raises InvalidInput when the first has another shape."""
        size_px = (recorded.picture.shape[1], recorded.picture.shape[0])
        if self._size_px is None:
            lens = fitted(self._camera.lens, size_px)
            if lens is not self._camera.lens:
                self.notes.append(
                    f"the pictures are {size_px[0]} × {size_px[1]}, the camera file speaks of "
                    f"{self._camera.lens.width_px:g} × {self._camera.lens.height_px:g}: its lens was scaled"
                    "  镜头参数已缩放"
                )
                self._pipeline = self._make_pipeline(lens)
            self._size_px = self._newest_px = size_px
        if size_px != self._newest_px:
            self._newest_px = size_px
            self._sizes_told += 1
            if self._sizes_told > _MOST_SIZES_TOLD:
                return
            self.notes.append(
                f"from frame {recorded.number} on the pictures are {size_px[0]} × {size_px[1]} (boxes are told in "
                f"pixels of the first, {self._size_px[0]} × {self._size_px[1]}; what has another shape is not assessed)"
                "  画面尺寸改变"
            )

    def look(self, recorded: RecordedFrame) -> Looked:
        """Look at the next frame; raises InvalidInput for pictures that are not the camera file's."""
        self._fit(recorded)
        gaze = self._fixed if self._poses is None else self._poses.at(recorded.time_s)
        frame = Frame(
            number=recorded.number,
            picture=recorded.picture,
            taken_s=recorded.time_s,
            taken_at=self.start_at + timedelta(seconds=recorded.time_s),
            gaze=gaze,
        )
        self._check_heading(frame)
        seen = self._unhealthy(frame) or self._pipeline.process(frame)
        if gaze is not None and seen.not_assessed is None:
            self._sizes.add(seen.detections, gaze, seen.frame.size_px, recorded.time_s)
            if self._twice is not None:
                self._twice.add(seen.tracks, gaze)
        self.account.take(recorded, seen)
        if self._crowds is not None and seen.not_assessed is None:
            self._crowds.note(seen)
        rest = self._finish(self._book.add(recorded.number, recorded.time_s, *self._living(seen)))
        self.account.write(rest.lines, rest.late)
        is_later = self._rejoiner is not None
        return Looked(
            number=recorded.number, seen=seen, lines=rest.lines, late=rest.late, are_people_named_later=is_later
        )

    def _unhealthy(self, frame: Frame) -> Seen | None:
        """Return that nothing can be said by a picture that shows nothing, or the same for too long."""
        state, _ = self._health.look(frame.picture, frame.taken_s)
        return Seen(frame=frame, not_assessed=state, was_searched=False) if state in _UNHEALTHY else None

    def _check_heading(self, frame: Frame) -> None:
        if self._heading is None or frame.gaze is None or frame.size_px != self._size_px:
            return
        if not math.isfinite(frame.gaze.yaw_deg + frame.gaze.pitch_deg + frame.gaze.roll_deg):
            return
        self._heading.add(frame)
        if self._heading.heading is Heading.OPPOSITE and not self.account.is_heading_opposite:
            self.account.is_heading_opposite = True
            self.notes.append(
                f"from frame {frame.number} on the reported heading is half a turn off, as the pictures of the ground "
                "tell: places are mirrored about the point below the camera (add 180 to yaw_deg there)  航向差 180 度"
            )

    def _living(self, seen: Seen) -> tuple[Sequence[Track], Callable[[int], Trait | None] | None]:
        tracks = self._follower.tracks if seen.not_assessed is None else ()
        return tracks, None if self._rejoiner is None else self._follower.trait_of

    def _finish(self, lines: Sequence[TrackLine]) -> Rest:
        """Return what the finished *lines* of the book give: crowds at once, and lines once it is known who is who."""
        late = [] if self._crowds is None else self._crowds.look(lines, self._book.finished)
        return Rest(lines=lines if self._rejoiner is None else self._rejoiner.add(lines), late=late)

    def end(self) -> Rest:
        """Return the lines of the last frames, and what they tell."""
        rest = self._finish(self._book.close())
        if self._rejoiner is not None:
            rest = Rest(lines=[*rest.lines, *self._rejoiner.close()], late=rest.late)
        self.account.write(rest.lines, rest.late)
        self._take_notes()
        return rest

    def _take_notes(self) -> None:
        if 0 < self.account.analysed < _LEAST_FRAMES:
            self.notes.append(
                f"only {self.account.analysed} frames were analysed: a thing is believed once some "
                f"{_LEAST_FRAMES} show it (--detections writes what the model sees in each)  帧数过少"
            )
        if 2 * self.account.eye_level > self.account.analysed:
            self.notes.append(
                f"{self.account.eye_level} of {self.account.analysed} frames were taken from lower than "
                f"{_EYE_LEVEL_M:g} m: people hide one another there, and how many there are, who is who and where they "
                "are is not assessed: what is told of it is a guess (look obliquely from above)"
                "  平视画面，人数与位置不可靠"
            )
        if self._sizes_told > _MOST_SIZES_TOLD:
            self.notes.append(f"the pictures change their size {self._sizes_told} times in all  画面尺寸多次改变")
        if self._poses is not None and (missed := self._poses.missed(self.account.seconds)):
            self.notes.append(missed)
        self.account.people_height_ratio = self._sizes.ratio
        if self._sizes.is_doubtful:
            self.notes.append(
                f"people are {self._sizes.ratio:.1f} times as tall as people are, by the camera file: its focal "
                "length, height or pitch is wrong, and so are the places (people were not told from things by size)"
                "  相机文件有误"
            )
        self.account.seen_twice = None if self._twice is None else self._twice.result()
        if self.account.seen_twice is not None and self.account.seen_twice.is_doubtful:
            self.notes.append(
                f"{self.account.seen_twice.things} things that stand still were seen from two sides, and most of their "
                "places disagree by more than the errors allow: check the camera file and the poses  两次位置不符"
            )
