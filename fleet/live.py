"""What a vehicle's eyes show at this moment: latest wins, never stored, never queued."""

from dataclasses import dataclass
from datetime import datetime

from core.ids import VehicleId
from geofence.positions import ErrorEllipse, GeoPosition


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTrack:
    """One thing that is followed at this moment. `label` is the detector's word, `score` 0..1."""

    id: int
    label: str
    place: GeoPosition
    score: float
    ellipse: ErrorEllipse | None = None
    observed_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTracks:
    """The tracks of one camera and the ground that it sees (a ring on WGS-84, not closed; empty when unknown)."""

    vehicle_id: VehicleId
    at: datetime
    footprint: tuple[GeoPosition, ...] = ()
    tracks: tuple[LiveTrack, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureBox:
    """Where a believed track stands in a picture: left, top, right, bottom in pixels."""

    track: int
    label: str
    score: float
    xyxy_px: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePicture:
    """The newest redacted picture, as JPEG, with what is followed in it."""

    vehicle_id: VehicleId
    at: datetime
    jpeg: bytes
    width_px: int
    height_px: int
    boxes: tuple[PictureBox, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EyesState:
    """How the eyes of one vehicle are doing, as the controller heard it (perception.sighting.PerceptionState)."""

    vehicle_id: VehicleId
    at: datetime
    source: str
    because: str = ""
    view: str = "waiting"
    frames_analysed: int
    frames_not_assessed: int
    frames_dropped: int
    sightings: int
    frame_to_sighting_s: tuple[float, ...] = ()
