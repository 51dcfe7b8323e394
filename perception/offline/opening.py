"""Opening a look at a recording: every file that is needed, checked before the first frame."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.clock import SystemClock
from geofence.footprint import Intrinsics
from geofence.zones import ZoneKind, ZoneSet
from perception.detector import BUILT_IN_CARD, Detector, OnnxDetector
from perception.faces import FaceFinder, FaceHidingDetector
from perception.model_card import ModelCard
from perception.offline.camera_file import read_camera
from perception.offline.examination import Examination
from perception.offline.live_recording import LiveRecording, open_recording
from perception.offline.poses_file import read_poses
from perception.offline.recording import Recording
from perception.offline.zones_file import ReadZones, read_zones_for
from perception.sliced import SlicedDetector

_MOST_NUMBERS = 8
_LARGE = 1.25
"""From so many times the model's input on, cuts find more: people of 60 px in 768 × 576, AP50 0.07 → 0.74."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLook:
    """A recording and the eyes for it; `notes` say what was assumed."""

    recording: Recording | LiveRecording
    examination: Examination
    whole: OnnxDetector
    notes: tuple[str, ...]

    @property
    def model(self) -> str:
        """Return the model's name and version."""
        return f"{self.whole.card.name} {self.whole.card.version}"

    @property
    def last_notes(self) -> tuple[str, ...]:
        """Return what is known of the model only once it has looked."""
        return (_foreign_note(self.whole),) if self.whole.foreign else ()


def open_look(
    *,
    source: str,
    camera: Path,
    poses: Path | None,
    poses_began_s: float,
    model: Path | None,
    zones: Path | None,
    slices: bool | None,
    most_cuts: int,
    faces: Path | None,
    rate_hz: float | None,
    start_at: datetime | None,
    give_up_s: float,
) -> OpenedLook:
    """Return everything opened; raises InvalidInput naming the file and what is wrong with it."""
    lens = read_camera(camera, needs_pose=poses is None)
    path = None if poses is None else read_poses(poses, began_s=poses_began_s)
    ground = path.ground if path is not None else lens.ground
    assert ground is not None, "read_camera asks for a pose where no table of poses is given"
    read = ReadZones(zones=ZoneSet(zones=())) if zones is None else read_zones_for(zones, ground)
    whole = OnnxDetector(card_file=model or BUILT_IN_CARD)
    is_sliced = _is_large(lens.lens, whole.card) if slices is None else slices
    detector: Detector = SlicedDetector(whole=whole, most_cuts=most_cuts) if is_sliced else whole
    if faces is not None:
        detector = FaceHidingDetector(detector=detector, faces=FaceFinder(model=faces))
    recording = open_recording(source, rate_hz=rate_hz, clock=SystemClock(), give_up_s=give_up_s)
    began_at = start_at or recording.began_at
    examination = Examination(
        detector=detector,
        camera=lens,
        poses=path,
        zones=read.zones,
        start_at=began_at or SystemClock().now(),
        is_live=isinstance(recording, LiveRecording),
    )
    notes = [
        read.assumed,
        ""
        if path is None or not path.holes
        else f"{path.holes} rows of the poses are not whole: not assessed there  位姿表有缺失",
        _time_note(read.zones) if began_at is None else "",
        "the camera's pictures are larger than the model's input: cuts are looked at too (faster: --no-slices)  切片"
        if is_sliced and slices is None
        else "",
    ]
    return OpenedLook(
        recording=recording,
        examination=examination,
        whole=whole,
        notes=tuple(note for note in notes if note),
    )


def _is_large(lens: Intrinsics, card: ModelCard) -> bool:
    """Say whether people would be too small in the model's input."""
    return max(lens.width_px / card.input.width_px, lens.height_px / card.input.height_px) > _LARGE


def _foreign_note(detector: OnnxDetector) -> str:
    numbers = ", ".join(str(number) for number in sorted(detector.foreign)[:_MOST_NUMBERS])
    return (
        f"{detector.foreign.total()} boxes were left out: the model calls them {numbers} and the card has labels 0 to "
        f"{len(detector.card.labels) - 1} only; are its labels all there, in the model's order?  模型卡缺少类别"
    )


def _time_note(zones: ZoneSet) -> str:
    if not any(zone.times for zone in zones.of_kind(ZoneKind.RULE)):
        return ""
    return (
        "the recording does not say when it was made: zones with hours are judged as if it began now (--start-at)  "
        "录像时间未知"
    )
