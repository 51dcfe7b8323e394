"""What is known of one believed thing in one frame of a recording."""

from dataclasses import dataclass

from perception.clothes import Trait
from perception.detections import Label, PixelBox
from perception.georeference import GroundPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackLine:
    """One believed thing in one frame."""

    frame: int
    time_s: float
    track: int
    label: Label
    score: float
    box: PixelBox
    place: GroundPlace | None
    trait: Trait | None = None
    """Held while it is decided who is who; never written."""
