"""Evidence: which picture shows what; the bytes lie in the evidence store under their hash."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.ids import EvidenceId, IncidentId


class EvidenceKind(StrEnum):
    """Typed photos: near, far, reference (近景, 远景, 参照物); before and after handling."""

    NEAR = "near"
    FAR = "far"
    REFERENCE = "reference"
    BEFORE = "before"
    AFTER = "after"


class EvidenceOrigin(StrEnum):
    """Where a picture came from."""

    SIGHTING = "sighting"
    LOOK = "look"
    """A vehicle's second look."""
    UPLOAD = "upload"
    """A person's phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One picture's entry in the books. `by` is a user's name or a vehicle's id."""

    id: EvidenceId
    kind: EvidenceKind
    origin: EvidenceOrigin
    sha256: str
    size_bytes: int
    width_px: int
    height_px: int
    taken_at: datetime
    stored_at: datetime
    by: str
    incident_id: IncidentId | None = None
    box_xyxy_px: tuple[float, float, float, float] | None = None
    """Where the matter is in the picture, in pixels."""
