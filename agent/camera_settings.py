"""What an agent must know of a camera: its stream, its lens, its model."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from geofence.footprint import Intrinsics
from perception.detector import BUILT_IN_CARD
from perception.pipeline import LOWEST_AGL_M

ROBOTS_LOWEST_AGL_M = 0.3


class FrameClock(StrEnum):
    """What the time stamps in the video mean."""

    VEHICLE = "vehicle"
    """Seconds since the vehicle's boot."""
    ARRIVAL = "arrival"
    """Nothing: a picture is as old as the stream's latency when it comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSettings:
    """A camera's stream, lens and model."""

    url: str
    width_px: float = 640
    height_px: float = 360
    fx_px: float = 640
    fy_px: float = 640
    cx_px: float = 320
    cy_px: float = 180
    distortion: tuple[float, ...] = ()
    clock: FrameClock = FrameClock.VEHICLE
    latency_s: float = 0.2
    model: Path = BUILT_IN_CARD
    faces: Path | None = None
    """A YuNet model: faces are hidden too, whether their people are seen or not (ground robots)."""
    lowest_agl_m: float = LOWEST_AGL_M
    """Lower than this nothing is assessed: a parked drone. A ground robot's is 0.3 unless it is given."""
    most_frames_per_s: float = 5.0
    picture_every_s: float = 1.0

    @property
    def lens(self) -> Intrinsics:
        """Return the lens as a pinhole."""
        return Intrinsics(
            width_px=self.width_px,
            height_px=self.height_px,
            fx_px=self.fx_px,
            fy_px=self.fy_px,
            cx_px=self.cx_px,
            cy_px=self.cy_px,
        )
