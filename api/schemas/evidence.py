"""Pictures."""

from api.schemas.shapes import Moment, Told
from core.ids import EvidenceId
from incidents.evidence import Evidence, EvidenceKind, EvidenceOrigin


class PhotoTold(Told):
    """A picture and where the matter is in it; `url` gives the JPEG."""

    id: str
    kind: EvidenceKind
    origin: EvidenceOrigin
    url: str
    sha256: str
    size_bytes: int
    width_px: int
    height_px: int
    box: tuple[float, float, float, float] | None
    """Left, top, right, bottom in pixels."""
    at: Moment
    stored_at: Moment
    by: str
    incident_id: str | None


def evidence_url(evidence_id: EvidenceId) -> str:
    """Return where a picture's JPEG is."""
    return f"/api/v1/evidence/{evidence_id}"


def tell_photo(evidence: Evidence) -> PhotoTold:
    """Return what is told of a picture."""
    return PhotoTold(
        id=evidence.id,
        kind=evidence.kind,
        origin=evidence.origin,
        url=evidence_url(evidence.id),
        sha256=evidence.sha256,
        size_bytes=evidence.size_bytes,
        width_px=evidence.width_px,
        height_px=evidence.height_px,
        box=evidence.box_xyxy_px,
        at=evidence.taken_at,
        stored_at=evidence.stored_at,
        by=evidence.by,
        incident_id=evidence.incident_id,
    )
