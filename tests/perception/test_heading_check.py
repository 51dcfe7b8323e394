"""A gimbal's heading that is half a turn off: told from pictures, rendered ones and real photos of a drone."""

import re
import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from geofence.footprint import Gaze, Intrinsics
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from perception.frame import Frame
from perception.georeference import Georeference
from perception.heading_check import Heading, HeadingCheck, compare
from sim.camera import CameraRenderer
from sim.scene import CameraLens, CameraView, GroundArea, GroundKind, Scene, SceneThing, ThingType
from tests.perception.eyes import FRAME, LENS, frame_at, gaze, shared


def flight(*, pitch_deg: float, off_deg: float = 0.0, steps: int = 6) -> list[Frame]:
    """A flight to the north-east over a street; the told yaw is *off_deg* off, the told place a metre."""
    things = tuple(
        SceneThing(id=str(i), type=kind, east_m=float(e), north_m=float(n), heading_deg=30.0 * i, seed=i)
        for i, (kind, e, n) in enumerate(
            [(ThingType.CAR, -8, -6), (ThingType.TREE, 6, 4), (ThingType.CAR, 9, -9), (ThingType.PILE, -3, 8)] * 2
        )
    )
    road = GroundArea(kind=GroundKind.ROAD, ring=((-60, -3), (60, 9), (60, 14), (-60, 2)))
    court = GroundArea(kind=GroundKind.COURT, ring=((-20, -25), (-6, -25), (-6, -10), (-20, -10)))
    renderer = CameraRenderer(scene=Scene(ground=(road, court), things=things, seed=4))
    frames = []
    for i in range(steps):
        east_m, north_m = -12.0 + 3.5 * i, -22.0 + 3.5 * i
        view = CameraView(east_m=east_m, north_m=north_m, height_agl_m=28, yaw_deg=45, pitch_deg=pitch_deg)
        told = gaze(
            east_m=east_m + 0.8, north_m=north_m - 0.5, height_agl_m=28.5, yaw_deg=46 + off_deg, pitch_deg=pitch_deg
        )
        picture = renderer.render(view=view, lens=CameraLens())
        frames.append(frame_at(float(i), picture=picture, view=told, number=i))
    return frames


def heading_of(frames: Sequence[Frame]) -> Heading:
    check = HeadingCheck(reference=Georeference(camera=LENS, frame=FRAME))
    for frame in frames:
        check.add(frame)
    return check.heading


@pytest.mark.parametrize("pitch_deg", [-89.9, -70.0])
def test_a_heading_half_a_turn_off_is_told_from_the_pictures(pitch_deg: float) -> None:
    assert heading_of(flight(pitch_deg=pitch_deg)) is Heading.RIGHT
    assert heading_of(flight(pitch_deg=pitch_deg, off_deg=180.0)) is Heading.OPPOSITE


def test_a_camera_that_stands_still_tells_nothing() -> None:
    first = flight(pitch_deg=-89.9, steps=1)[0]

    assert heading_of([replace(first, number=i, taken_s=float(i)) for i in range(6)]) is Heading.UNKNOWN


def test_ground_without_anything_on_it_tells_nothing() -> None:
    blank = [replace(frame, picture=np.full((360, 640, 3), 120, np.uint8)) for frame in flight(pitch_deg=-89.9)]

    assert heading_of(blank) is Heading.UNKNOWN


def exif_place(content: bytes) -> GeoPosition:
    """Return the GPS place in a JPEG's EXIF."""
    start = content.find(b"Exif\0\0") + 6
    order = "<" if content[start : start + 2] == b"II" else ">"

    def directory(offset: int) -> dict[int, tuple[int, bytes]]:
        (count,) = struct.unpack_from(order + "H", content, start + offset)
        rows = (struct.unpack_from(order + "HHI4s", content, start + offset + 2 + 12 * i) for i in range(count))
        return {tag: (struct.unpack(order + "I", value)[0], value) for tag, _, _, value in rows}

    def degrees(offset: int) -> float:
        parts = struct.iter_unpack(order + "II", content[start + offset : start + offset + 24])
        return float(sum(above / below / 60**power for power, (above, below) in enumerate(parts)))

    (first,) = struct.unpack_from(order + "I", content, start + 4)
    gps = directory(directory(first)[0x8825][0])
    lat_deg = degrees(gps[2][0]) * (-1 if gps[1][1][:1] == b"S" else 1)
    lon_deg = degrees(gps[4][0]) * (-1 if gps[3][1][:1] == b"W" else 1)
    return GeoPosition(lon_deg=lon_deg, lat_deg=lat_deg)


def photo(file: Path) -> Frame:
    """Return a drone's photo with the pose in its own words."""
    content = file.read_bytes()
    words = dict(re.findall(rb'drone-dji:(\w+)="([^"]+)"', content))
    told = Gaze(
        place=exif_place(content),
        height_agl_m=float(words[b"RelativeAltitude"]),
        yaw_deg=float(words[b"GimbalYawDegree"]) % 360,
        pitch_deg=float(words[b"GimbalPitchDegree"]),
        roll_deg=float(words[b"GimbalRollDegree"]),
    )
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_REDUCED_COLOR_4)
    return frame_at(0.0, picture=np.asarray(picture, np.uint8), view=told)


def test_the_return_leg_of_a_real_drone_reports_its_heading_half_a_turn_off() -> None:
    out, home = (
        [photo(shared(f"perception/nadir_40m/DJI_00{number}.JPG")) for number in leg] for leg in ((18, 19), (27, 28))
    )
    width, height = out[0].size_px
    focal_px = width * 20 / 36  # a 20 mm lens in terms of 36 mm film
    assert out[0].gaze is not None
    reference = Georeference(
        camera=Intrinsics(
            width_px=width, height_px=height, fx_px=focal_px, fy_px=focal_px, cx_px=width / 2, cy_px=height / 2
        ),
        frame=LocalFrame(origin=out[0].gaze.place),
    )

    there, back = compare(out[0], out[1], reference), compare(home[0], home[1], reference)

    assert there is not None
    assert back is not None
    assert (there.heading, back.heading) == (Heading.RIGHT, Heading.OPPOSITE)
