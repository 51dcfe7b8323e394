"""What perception tells the controller: sightings, and the result of a second look."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.events import Json
from core.ids import EvidenceId, IncidentId, OrderId, SightingId, VehicleId, ZoneId
from geofence.positions import ErrorEllipse, GeoPosition


class PhotoKind(StrEnum):
    """Typed photos (近景, 远景, 参照物)."""

    NEAR = "near"
    FAR = "far"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A redacted JPEG with its hash and where the matter is in it."""

    id: EvidenceId
    kind: PhotoKind
    jpeg: bytes
    sha256: str
    taken_at: datetime
    width_px: int
    height_px: int
    box_xyxy_px: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What perception believes it saw. `kind` is a code of the kinds table ("20501"), never a detector's label."""

    id: SightingId
    vehicle_id: VehicleId
    order_id: OrderId | None
    kind: str
    zone_id: ZoneId | None
    place: GeoPosition
    ellipse: ErrorEllipse
    first_seen_at: datetime
    last_seen_at: datetime
    observed_s: float
    """Seconds in which the matter really was in view."""
    score: float
    because: str
    """Why the rule fired, in one English sentence with its numbers."""
    facts: Mapping[str, Json] = field(default_factory=dict)
    """The numbers of `because` by name, for the translated sentence."""
    rule: str
    rule_version: str
    model: str
    model_sha256: str
    photos: tuple[Photo, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Say whether it is sure enough to call people; if not, somebody looks at its pictures first."""
        return self.facts.get("is_sure", True) is not False


class LookVerdict(StrEnum):
    """What a second look found."""

    GONE = "gone"
    STILL_THERE = "still_there"
    NOT_ASSESSED = "not_assessed"
    """The place was not in view long enough or only too steep: never to be read as gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookResult:
    """The answer to one `fleet.orders.Check` at the end of its order (or as soon as it is certain)."""

    id: SightingId
    vehicle_id: VehicleId
    order_id: OrderId
    incident_id: IncidentId
    verdict: LookVerdict
    observed_s: float
    looked_at: datetime
    because: str
    photos: tuple[Photo, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PerceptionState:
    """How the eyes of one vehicle are doing: latest wins."""

    vehicle_id: VehicleId
    at: datetime
    source: str
    """How the stream is doing (`perception.source_state.SourceState`)."""
    because: str = ""
    """Why the stream is doing so."""
    view: str = "waiting"
    """What the newest frame told of the ground: "assessed", why not (`pipeline.NotAssessed`), or "waiting"."""
    frames_analysed: int
    frames_not_assessed: int
    frames_dropped: int
    sightings: int
    frame_to_sighting_s: tuple[float, ...] = ()
    """The newest delays from the last frame needed to the sighting's hand-over."""
