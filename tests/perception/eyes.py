"""What the tests of seeing share: gazes, frames, a stall in a square, and where the real data lies."""

import os
from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import Polygon

from core.events import Json
from core.ids import ZoneId
from geofence.footprint import Gaze, Intrinsics
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from geofence.zones import Zone, ZoneKind, ZoneSet
from perception.detections import Detection, Label, PixelBox
from perception.frame import Frame, Picture
from perception.georeference import GroundPlace
from perception.tracker import Track

ORIGIN = GeoPosition(lon_deg=121.4, lat_deg=31.32)
FRAME = LocalFrame(origin=ORIGIN)
LENS = Intrinsics(width_px=640, height_px=360, fx_px=640, fy_px=640, cx_px=320, cy_px=180)
START_AT = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
BLANK = np.zeros((360, 640, 3), np.uint8)


def shared(name: str) -> Path:
    """Return a file of the data for tests; skip where there is none, but never in CI."""
    root = Path(os.environ.get("ROUNDSMAN_SHARED", Path(__file__).parents[2].parent / "shared"))
    file = root / "data" / name
    if not file.exists() and os.environ.get("CI", "").lower() not in {"1", "true"}:
        pytest.skip(f"{name} is not there: set ROUNDSMAN_SHARED to the folder that holds data/{name}")
    return file


def gaze(
    *,
    east_m: float = 0.0,
    north_m: float = -30.0,
    height_agl_m: float = 25.0,
    yaw_deg: float = 0.0,
    pitch_deg: float = -38.0,
    roll_deg: float = 0.0,
) -> Gaze:
    return Gaze(
        place=FRAME.to_geo(LocalPosition(east_m=east_m, north_m=north_m)),
        height_agl_m=height_agl_m,
        yaw_deg=yaw_deg,
        pitch_deg=pitch_deg,
        roll_deg=roll_deg,
    )


def frame_at(seconds: float, *, picture: Picture = BLANK, view: Gaze | None = None, number: int = 0) -> Frame:
    return Frame(
        number=number,
        picture=picture,
        taken_s=seconds,
        taken_at=START_AT + timedelta(seconds=seconds),
        gaze=view,
    )


def place(east_m: float, north_m: float, *, sigma_m: float = 0.5) -> GroundPlace:
    return GroundPlace(east_m=east_m, north_m=north_m, covariance_m2=(sigma_m**2, 0.0, sigma_m**2))


def box_around(x_px: float, y_px: float, *, side_px: float = 30.0) -> PixelBox:
    return PixelBox(x0_px=x_px - side_px / 2, y0_px=y_px - side_px, x1_px=x_px + side_px / 2, y1_px=y_px)


def detection(label: Label, *, score: float = 0.8, box: PixelBox | None = None) -> Detection:
    return Detection(label=label, score=score, box=box or box_around(320, 200))


def track(label: Label, east_m: float, north_m: float, *, number: int = 1, sigma_m: float = 0.5) -> Track:
    return Track(
        id=number,
        label=label,
        box=box_around(320 + 10 * east_m, 200 - 5 * north_m),
        place=place(east_m, north_m, sigma_m=sigma_m),
        first_s=0.0,
        last_s=0.0,
        threshold=0.4,
        scores=deque([0.8] * 10, maxlen=10),
        is_believed=True,
        is_lasting=True,
    )


def rule_zone(rules: dict[str, dict[str, Json]], *, half_m: float = 20.0) -> Zone:
    corners = np.array([(-half_m, -half_m), (half_m, -half_m), (half_m, half_m), (-half_m, half_m)])
    return Zone(id=ZoneId("square"), kind=ZoneKind.RULE, polygon=Polygon(FRAME.to_geo_array(corners)), rules=rules)


Rules = dict[str, dict[str, Json]]


def zones_with(rules: Rules, *, half_m: float = 20.0) -> ZoneSet:
    return ZoneSet(zones=(rule_zone(rules, half_m=half_m),))
