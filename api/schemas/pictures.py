"""What goes with the live picture of a camera, in its headers: boxes never belong to another frame."""

import json
from typing import Any

from fleet.live import LivePicture

_MOST_BOXES = 60
"""Headers have their limits; more boxes than this hide the picture anyway."""
PICTURE_HEADERS: dict[str, dict[str, Any]] = {
    "X-Taken-At": {"description": "when the frame was taken", "schema": {"type": "string", "format": "date-time"}},
    "X-Tracks": {
        "description": "what is followed in it: a JSON list of {track, label, score, box: [left, top, right, bottom]}, "
        "in pixels of X-Size",
        "schema": {"type": "string"},
    },
    "X-Size": {"description": "width and height of the frame in pixels, as 640x360", "schema": {"type": "string"}},
}


def tell_picture(picture: LivePicture) -> dict[str, str]:
    """Return the headers of *picture*."""
    tracks = [
        {"track": box.track, "label": box.label, "score": round(box.score, 2), "box": [round(v) for v in box.xyxy_px]}
        for box in picture.boxes[:_MOST_BOXES]
    ]
    return {
        "Cache-Control": "no-store",
        "X-Taken-At": picture.at.isoformat(),
        "X-Size": f"{picture.width_px}x{picture.height_px}",
        "X-Tracks": json.dumps(tracks, separators=(",", ":")),
    }
