"""Camera files: lens and pose of the camera that made a recording, read strictly, with every fault named at once."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInput
from core.files import read_json
from geofence.footprint import Gaze, Intrinsics
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from perception.georeference import PoseErrors
from perception.offline.ground_frame import GroundFrame

_LENS = ("width_px", "height_px", "fx_px", "fy_px", "cx_px", "cy_px")
_LOCAL = ("east_m", "north_m", "up_m")
_GEO = ("lon_deg", "lat_deg", "height_agl_m")
_ANGLES = ("yaw_deg", "pitch_deg", "roll_deg")
COLUMNS = (*_LOCAL, *_GEO, *_ANGLES)
"""Every number that a pose may have."""
_ERRORS = ("place_m", "height_m", "yaw_deg", "pitch_deg", "roll_deg", "pixel_px")
_MOST_DISTORTION = (0, 4, 5, 8)
SURVEYED = PoseErrors(place_m=0.05, height_m=0.05, yaw_deg=0.1, pitch_deg=0.1, roll_deg=0.1, pixel_px=4.0)
"""A camera that stands still was measured once, with care."""
_SAME_SHAPE = 0.01
REMEDY = "write the file as docs/detectors.md shows"
Ranges = Mapping[str, tuple[float, float]]
_LARGEST = 1e12
"""More is no metre, pixel or degree of any camera, and squares of it are no numbers."""
_RANGES: Ranges = {
    "width_px": (16, 20_000),
    "height_px": (16, 20_000),
    "fx_px": (1, 1e6),
    "fy_px": (1, 1e6),
    "lon_deg": (-180, 180),
    "lat_deg": (-90, 90),
    "yaw_deg": (-360, 360),
    "pitch_deg": (-90, 90),
    "roll_deg": (-180, 180),
    "height_agl_m": (0, 5000),
    "up_m": (0, 5000),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraFile:
    """A lens, the frame of its places, and the pose of a camera that stands still (None where poses.csv gives it)."""

    lens: Intrinsics
    distortion: tuple[float, ...]
    ground: GroundFrame | None
    gaze: Gaze | None
    errors: PoseErrors | None
    """What the file says of the pose's errors; None when it says nothing."""


def read_camera(file: Path, *, needs_pose: bool) -> CameraFile:
    """Return what a camera file says; raises InvalidInput with every fault. With poses.csv the pose may be missing."""
    document = _parsed(file)
    faults: list[str] = []
    lens = _section(document, "intrinsics", faults)
    values = numbers(lens, _LENS, "intrinsics", faults)
    distortion = _distortion(lens, faults)
    pose = document.get("pose")
    given = {} if pose is None and not needs_pose else pose_values(pose, "pose", faults)
    errors = _errors(document.get("errors"), faults)
    faults += [f"{name} is no member of a camera file" for name in sorted(set(document) - _KNOWN)]
    if faults:
        raise InvalidInput("is not a camera file: " + "; ".join(faults), where=str(file), remedy=REMEDY)
    ground = ground_of(given) if given else None
    return CameraFile(
        lens=Intrinsics(**values),
        distortion=distortion,
        ground=ground,
        gaze=gaze_of(given, ground) if ground else None,
        errors=errors,
    )


_KNOWN = {"intrinsics", "pose", "errors", "name", "note"}


def pose_values(pose: object, where: str, faults: list[str]) -> dict[str, float]:
    """Return the numbers of a pose in local metres or in degrees; adds what is wrong to *faults*."""
    if not isinstance(pose, Mapping):
        faults.append(f"{where} is missing" if pose is None else f"{where} must be an object")
        return {}
    is_local, is_geo = any(n in pose for n in _LOCAL[:2]), any(n in pose for n in _GEO[:2])
    if is_local == is_geo:
        both = "both" if is_local else "neither"
        faults.append(f"{where} has {both} east_m/north_m/up_m and lon_deg/lat_deg/height_agl_m: give one of them")
        return {}
    return numbers(pose, (*(_LOCAL if is_local else _GEO), *_ANGLES), where, faults)


def numbers(section: Mapping[str, object], names: tuple[str, ...], where: str, faults: list[str]) -> dict[str, float]:
    """Return the named finite numbers of *section*; adds what is missing, no number or impossible to *faults*."""
    found: dict[str, float] = {}
    for name in names:
        value = section.get(name)
        low, high = _RANGES.get(name, (-math.inf, math.inf))
        if value is None:
            faults.append(f"{where}.{name} is missing")
        elif isinstance(value, bool) or not isinstance(value, int | float):
            faults.append(f"{where}.{name} is no number: {value!r}")
        elif not abs(value) <= _LARGEST:
            faults.append(f"{where}.{name} is {value!r:.40}, not a finite number of at most {_LARGEST:g}")
        elif not low <= value <= high:
            faults.append(f"{where}.{name} is {value:g}, outside of {low:g}..{high:g}")
        else:
            found[name] = float(value)
    return found


def ground_of(pose: Mapping[str, float]) -> GroundFrame:
    """Return the frame in which places are told: the pose's own local metres, or degrees."""
    if "east_m" in pose:
        return GroundFrame.local(east_m=pose["east_m"], north_m=pose["north_m"])
    return GroundFrame.geographic(LocalFrame(origin=GeoPosition(lon_deg=pose["lon_deg"], lat_deg=pose["lat_deg"])))


def gaze_of(pose: Mapping[str, float], ground: GroundFrame) -> Gaze:
    """Return a pose as a gaze."""
    if "east_m" in pose:
        place = ground.to_geo(pose["east_m"], pose["north_m"])
    else:
        place = GeoPosition(lon_deg=pose["lon_deg"], lat_deg=pose["lat_deg"])
    return Gaze(
        place=place,
        height_agl_m=pose.get("up_m", pose.get("height_agl_m", 0.0)),
        yaw_deg=pose["yaw_deg"],
        pitch_deg=pose["pitch_deg"],
        roll_deg=pose["roll_deg"],
    )


def fitted(lens: Intrinsics, size_px: tuple[int, int]) -> Intrinsics:
    """Return the lens for pictures of another size; raises InvalidInput when they have another shape."""
    across, down = size_px[0] / lens.width_px, size_px[1] / lens.height_px
    if across == down == 1.0:
        return lens
    if abs(across / down - 1.0) > _SAME_SHAPE:
        raise InvalidInput(
            f"the pictures are {size_px[0]} × {size_px[1]}, the camera file speaks of "
            f"{lens.width_px:g} × {lens.height_px:g}",
            where="intrinsics",
            remedy="calibrate the camera in the size that it records in",
        )
    return Intrinsics(
        width_px=size_px[0],
        height_px=size_px[1],
        fx_px=lens.fx_px * across,
        fy_px=lens.fy_px * down,
        cx_px=lens.cx_px * across,
        cy_px=lens.cy_px * down,
    )


def _parsed(file: Path) -> dict[str, object]:
    document = read_json(file, remedy=REMEDY)
    if not isinstance(document, dict):
        raise InvalidInput("must hold one JSON object", where=str(file), remedy=REMEDY)
    return document


def _section(document: Mapping[str, object], name: str, faults: list[str]) -> Mapping[str, object]:
    section = document.get(name)
    if isinstance(section, Mapping):
        return section
    faults.append(f"{name} is missing" if section is None else f"{name} must be an object")
    return {}


def _distortion(lens: Mapping[str, object], faults: list[str]) -> tuple[float, ...]:
    values = lens.get("distortion", [])
    if not isinstance(values, list) or len(values) not in _MOST_DISTORTION:
        faults.append("intrinsics.distortion must be a list [k1, k2, p1, p2, k3]")
        return ()
    names = tuple(f"distortion[{i}]" for i in range(len(values)))
    found = numbers(dict(zip(names, values, strict=True)), names, "intrinsics", faults)
    return tuple(found.values()) if any(found.values()) else ()


def _errors(section: object, faults: list[str]) -> PoseErrors | None:
    if section is None:
        return None
    if not isinstance(section, Mapping):
        faults.append("errors must be an object")
        return None
    given = tuple(name for name in _ERRORS if name in section)
    faults += [f"errors.{name} is not known" for name in sorted(set(map(str, section)) - set(_ERRORS))]
    found = numbers(section, given, "errors", faults)
    faults += [f"errors.{name} is negative" for name, value in found.items() if value < 0]
    return PoseErrors(**found)
