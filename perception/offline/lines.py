"""What is written: a line of JSON for each believed thing in each frame, and one for each sighting."""

import json
from collections.abc import Sequence
from datetime import datetime

from core.events import Json
from geofence.positions import ErrorEllipse
from perception.detections import Detection
from perception.georeference import GroundPlace
from perception.offline.ground_frame import GroundFrame
from perception.offline.track_line import TrackLine
from perception.sighting import Sighting

_ERROR_NAMES = ("error_major_m", "error_minor_m", "error_heading_deg")


def track_line(line: TrackLine, ground: GroundFrame) -> str:
    """Return a line of tracks.jsonl; place and error are null where the ground at the feet is not known."""
    document: dict[str, Json] = {
        "frame": line.frame,
        "time_s": round(line.time_s, 4),
        "track": line.track,
        "label": line.label.value,
        "score": round(line.score, 4),
        "box_xyxy_px": [round(value, 2) for value in line.box.xyxy],
        **_place(line.place, ground),
    }
    return json.dumps(document)


def detection_line(one: Detection, *, frame: int, time_s: float) -> str:
    """Return a line of detections.jsonl: what the detector alone saw, weak or strong."""
    document: dict[str, Json] = {
        "frame": frame,
        "time_s": round(time_s, 4),
        "label": one.label.value,
        "score": round(float(one.score), 4),
        "box_xyxy_px": [round(float(value), 2) for value in one.box.xyxy],
    }
    return json.dumps(document)


def sighting_line(
    sighting: Sighting, ground: GroundFrame, *, start_at: datetime, frame: int, photos: Sequence[Json]
) -> str:
    """Return a line of sightings.jsonl: what, where, when, and why the rule fired."""

    def since_start_s(moment: datetime) -> float:
        return round((moment - start_at).total_seconds(), 3)

    place = ground.frame.to_local(sighting.place)
    document: dict[str, Json] = {
        "id": sighting.id,
        "kind": sighting.kind,
        "rule": sighting.rule,
        "rule_version": sighting.rule_version,
        "zone": sighting.zone_id,
        "because": sighting.because,
        "facts": dict(sighting.facts),
        "frame": frame,
        "first_seen_s": since_start_s(sighting.first_seen_at),
        "last_seen_s": since_start_s(sighting.last_seen_at),
        "observed_s": round(sighting.observed_s, 3),
        "score": round(sighting.score, 4),
        **ground.told(place.east_m, place.north_m),
        **_errors(sighting.ellipse),
        "model": sighting.model,
        "model_sha256": sighting.model_sha256,
        "photos": list(photos),
    }
    return json.dumps(document, ensure_ascii=False)


def _place(place: GroundPlace | None, ground: GroundFrame) -> dict[str, Json]:
    if place is None:
        return dict.fromkeys((*ground.names, *_ERROR_NAMES))
    return {**ground.told(place.east_m, place.north_m), **_errors(place.ellipse)}


def _errors(ellipse: ErrorEllipse) -> dict[str, Json]:
    values = (round(ellipse.major_m, 3), round(ellipse.minor_m, 3), round(ellipse.heading_deg, 1))
    return dict(zip(_ERROR_NAMES, values, strict=True))
