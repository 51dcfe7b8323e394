"""Zone files for recordings: as everywhere in WGS-84, or in the local metres of the recording's camera."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import InvalidInput
from core.files import read_file
from geofence.errors import BadZoneFile
from geofence.zone_files import read_zones
from geofence.zones import ZoneSet
from perception.offline.ground_frame import GroundFrame

_FAR_M = 1e12
_FRAMES = ("local_m", "wgs84")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadZones:
    """The zones, and what had to be assumed to read them (empty: nothing)."""

    zones: ZoneSet
    assumed: str = ""


def read_zones_for(file: Path, ground: GroundFrame) -> ReadZones:
    """Return the zones of *file*, whose member "frame" says "local_m" or "wgs84" (the default for a camera in degrees).

    Raises InvalidInput when the file is wrong, or in another frame than the camera; BadZoneFile with every problem.
    """
    content = read_file(file)
    document = _object(content)
    frame = None if document is None else document.get("frame")
    _check_frame(frame, ground, file)
    if document is None or not ground.is_local:
        return ReadZones(zones=read_zones(content))
    try:
        zones = read_zones(json.dumps({**document, "features": _moved(document.get("features"), ground)}))
    except BadZoneFile as error:
        if frame == "local_m":
            raise
        raise InvalidInput(
            f"does not make sense in local metres, as which it was read (the camera's pose is in them): {error}",
            where=str(file),
            remedy='write "frame": "local_m", or give the pose in degrees if the zones are in WGS-84',
        ) from error
    said = "the zone file names no frame: its coordinates are read as the camera's local metres  按本地米制读取"
    return ReadZones(zones=zones, assumed="" if frame == "local_m" else said)


def _object(content: bytes) -> dict[str, object] | None:
    """Return the JSON object, or None: then `read_zones` says what is wrong."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _check_frame(frame: object, ground: GroundFrame, file: Path) -> None:
    if frame is not None and frame not in _FRAMES:
        raise InvalidInput(f"frame is {frame!r}", where=str(file), remedy=f"known are {', '.join(_FRAMES)}")
    if ground.is_local and frame == "wgs84":
        raise InvalidInput(
            "the zones are in WGS-84 and the camera's pose is in local metres",
            where=str(file),
            remedy="give the camera's pose as lon_deg, lat_deg, height_agl_m, or the zones in its metres",
        )
    if not ground.is_local and frame == "local_m":
        raise InvalidInput(
            "the zones are in local metres and the camera's pose is in degrees",
            where=str(file),
            remedy="give the camera's pose as east_m, north_m, up_m, or the zones in WGS-84",
        )


def _moved(features: object, ground: GroundFrame) -> object:
    """Return features with every coordinate moved from local metres to the degrees that stand for them."""
    if not isinstance(features, list):
        return features
    return [
        {**feature, "geometry": {**geometry, "coordinates": _degrees(geometry.get("coordinates"), ground)}}
        if isinstance(feature, dict) and isinstance(geometry := feature.get("geometry"), dict)
        else feature
        for feature in features
    ]


def _degrees(coordinates: object, ground: GroundFrame) -> object:
    if not isinstance(coordinates, list):
        return coordinates
    if len(coordinates) >= 2 and all(
        isinstance(value, int | float) and abs(value) < _FAR_M for value in coordinates[:2]
    ):
        return ground.to_geo_array(np.array([coordinates[:2]], float))[0].tolist()
    return [_degrees(part, ground) for part in coordinates]
