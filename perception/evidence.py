"""Evidence: redacted near, far and reference pictures with boxes and hashes."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import cv2

from core.ids import EvidenceId, new_id
from perception.detections import Detection, PixelBox
from perception.frame import Picture
from perception.privacy import redact
from perception.sighting import Photo, PhotoKind

_NEAR_REACH = 2.4
_LEAST_NEAR_PX = 120
_QUALITY = 85


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """An unredacted picture kept in memory, everything that was detected in it, and where the matter is."""

    picture: Picture
    detections: Sequence[Detection]
    box: PixelBox
    taken_at: datetime

    @property
    def worth(self) -> float:
        """Return how well the matter is shown: large and away from the edges."""
        height, width = self.picture.shape[:2]
        x, y = self.box.centre_px
        off = max(abs(x / width - 0.5), abs(y / height - 0.5)) * 2
        return float(math.sqrt(self.box.area_px2) * max(0.05, 1.0 - off**2))


def make_photos(best: Snapshot, first: Snapshot | None) -> tuple[Photo, ...]:
    """Return near and far picture of *best* and, as reference, *first* (or the surroundings of the matter)."""
    hidden = redact(best.picture, best.detections)
    photos = (_near(hidden, best, _NEAR_REACH, PhotoKind.NEAR), _photo(hidden, best.box, best, PhotoKind.FAR))
    if first is None or first is best:
        return (*photos, _near(hidden, best, 2.5 * _NEAR_REACH, PhotoKind.REFERENCE))
    return (*photos, _photo(redact(first.picture, first.detections), first.box, first, PhotoKind.REFERENCE))


def to_jpeg(picture: Picture, *, quality: int = _QUALITY) -> bytes:
    """Return *picture* as JPEG bytes."""
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def _near(picture: Picture, snapshot: Snapshot, reach: float, kind: PhotoKind) -> Photo:
    """Return the cut around the matter in the camera's own pixels; whoever shows it makes it larger."""
    height, width = picture.shape[:2]
    box = snapshot.box
    side = min(max(box.width_px, box.height_px, _LEAST_NEAR_PX / _NEAR_REACH) * reach, width, height)
    x, y = box.centre_px
    x0 = round(min(max(x - side / 2, 0), width - side))
    y0 = round(min(max(y - side / 2, 0), height - side))
    cut = picture[y0 : y0 + round(side), x0 : x0 + round(side)]
    moved = PixelBox(x0_px=box.x0_px - x0, y0_px=box.y0_px - y0, x1_px=box.x1_px - x0, y1_px=box.y1_px - y0)
    return _photo(cut, moved, snapshot, kind)


def _photo(picture: Picture, box: PixelBox, snapshot: Snapshot, kind: PhotoKind) -> Photo:
    jpeg = to_jpeg(picture)
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = box.xyxy
    return Photo(
        id=EvidenceId(new_id()),
        kind=kind,
        jpeg=jpeg,
        sha256=hashlib.sha256(jpeg).hexdigest(),
        taken_at=snapshot.taken_at,
        width_px=width,
        height_px=height,
        box_xyxy_px=(max(0.0, x0), max(0.0, y0), min(float(width), x1), min(float(height), y1)),
    )
