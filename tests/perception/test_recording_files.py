"""Camera, pose and zone files of recordings: what they mean, and that every fault is named."""

import json
import math
from pathlib import Path

import pytest
import shapely

from core.errors import InvalidInput
from geofence.errors import BadZoneFile
from perception.offline.camera_file import fitted, read_camera
from perception.offline.poses_file import read_poses
from perception.offline.zones_file import read_zones_for

LENS = {"width_px": 640, "height_px": 360, "fx_px": 640, "fy_px": 640, "cx_px": 320, "cy_px": 180}
LOCAL = {"east_m": 350_000.0, "north_m": 3_460_000.0, "up_m": 7.0, "yaw_deg": 30, "pitch_deg": -20, "roll_deg": 0}
GEO = {"lon_deg": 121.4, "lat_deg": 31.3, "height_agl_m": 7.0, "yaw_deg": 30, "pitch_deg": -20, "roll_deg": 0}


def camera_file(folder: Path, pose: object = LOCAL, lens: object = LENS, **more: object) -> Path:
    file = folder / "camera.json"
    document = {"intrinsics": lens, **({} if pose is None else {"pose": pose}), **more}
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_a_pose_in_local_metres_keeps_its_own_origin(tmp_path: Path) -> None:
    read = read_camera(camera_file(tmp_path), needs_pose=True)

    assert read.ground is not None
    assert read.gaze is not None
    here = read.ground.frame.to_local(read.gaze.place)
    assert (here.east_m, here.north_m) == pytest.approx((0, 0), abs=1e-6)
    assert read.ground.told(2.0, -3.0) == {"east_m": 350_002.0, "north_m": 3_459_997.0}


def test_a_pose_in_degrees_is_told_in_degrees(tmp_path: Path) -> None:
    read = read_camera(camera_file(tmp_path, GEO), needs_pose=True)

    assert read.ground is not None
    assert read.ground.told(0.0, 111.0)["lat_deg"] == pytest.approx(31.301, abs=1e-5)


def test_every_fault_of_a_camera_file_is_named_at_once(tmp_path: Path) -> None:
    lens = {**LENS, "fx_px": 0, "cy_px": "middle", "distortion": [0.1]}
    del lens["width_px"]
    pose = {**LOCAL, "pitch_deg": -120, "yaw_deg": math.nan}
    file = camera_file(tmp_path, pose, lens, lense={})

    with pytest.raises(InvalidInput) as wrong:
        read_camera(file, needs_pose=True)

    for name in ("width_px is missing", "fx_px", "cy_px is no number", "distortion", "pitch_deg", "yaw_deg", "lense"):
        assert name in str(wrong.value), name


@pytest.mark.parametrize(
    ("pose", "reason"),
    [
        (None, "pose is missing"),
        ([1, 2], "pose must be an object"),
        ({**LOCAL, **GEO}, "both"),
        ({"yaw_deg": 1}, "neither"),
        ({**GEO, "lat_deg": 131.0}, "lat_deg"),
    ],
)
def test_a_wrong_pose_is_refused(tmp_path: Path, pose: object, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        read_camera(camera_file(tmp_path, pose), needs_pose=True)


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_camera_file_that_is_no_object_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "camera.json").write_text(text, encoding="utf-8")

    with pytest.raises(InvalidInput, match=r"JSON"):
        read_camera(tmp_path / "camera.json", needs_pose=True)


def test_with_a_table_of_poses_the_camera_file_needs_none(tmp_path: Path) -> None:
    assert read_camera(camera_file(tmp_path, None), needs_pose=False).gaze is None


def test_a_lens_is_scaled_for_smaller_pictures_and_refused_for_another_shape(tmp_path: Path) -> None:
    lens = read_camera(camera_file(tmp_path), needs_pose=True).lens

    half = fitted(lens, (320, 180))

    assert (half.fx_px, half.cy_px, half.width_px) == (320, 90, 320)
    with pytest.raises(InvalidInput, match="640 × 480"):
        fitted(lens, (640, 480))


def poses_file(folder: Path, *rows: str) -> Path:
    file = folder / "poses.csv"
    file.write_text("time_s,east_m,north_m,up_m,yaw_deg,pitch_deg,roll_deg\n" + "\n".join(rows), encoding="utf-8")
    return file


def test_a_pose_lies_between_two_rows_and_turns_the_short_way(tmp_path: Path) -> None:
    poses = read_poses(poses_file(tmp_path, "0,0,0,20,350,-40,0", "1,4,0,22,20,-40,2"))

    middle = poses.at(0.5)

    assert middle is not None
    assert (middle.height_agl_m, middle.yaw_deg, middle.roll_deg) == pytest.approx((21, 5, 1))
    place = poses.ground.frame.to_local(middle.place)
    assert (place.east_m, place.north_m) == pytest.approx((2, 0), abs=1e-3)


def test_outside_of_the_table_and_in_a_long_gap_nobody_knows_the_pose(tmp_path: Path) -> None:
    poses = read_poses(poses_file(tmp_path, "0,0,0,20,0,-40,0", "1,4,0,20,0,-40,0", "9,9,0,20,0,-40,0"))

    assert [poses.at(time_s) is None for time_s in (-0.1, 0.0, 1.0, 5.0, 9.0, 9.1)] == [
        True,
        False,
        False,
        True,
        False,
        True,
    ]


def test_faulty_rows_are_named_with_their_lines(tmp_path: Path) -> None:
    file = poses_file(tmp_path, "0,0,0,20,0,-40,0", "1,x,0,20,0,-40,0", "0.5,0,0,20,0,0,0", "2,0,0,20,0,-140,0")

    with pytest.raises(InvalidInput) as wrong:
        read_poses(file)

    assert "line 3.east_m is no number: 'x'" in str(wrong.value)
    assert "line 4.time_s is 0.5, not after 1" in str(wrong.value)
    assert "line 5.pitch_deg is -140" in str(wrong.value)


def test_a_row_that_is_not_whole_is_a_hole_and_no_reason_to_refuse_an_hour(tmp_path: Path) -> None:
    rows = ("0,0,0,20,0,-40,0", "1,nan,0,20,0,-40,0", "2,0,0,20,0,,0", "3,0,0,20,0,-40,0", "4,0,0,20,0,-40,0")

    poses = read_poses(poses_file(tmp_path, *rows))

    def is_number(time_s: float) -> bool:
        gaze = poses.at(time_s)
        return gaze is not None and math.isfinite(gaze.pitch_deg)

    assert poses.holes == 2
    assert [is_number(time_s) for time_s in (0.5, 1.5, 2.5, 3.5)] == [False, False, False, True]


def test_a_table_on_another_clock_is_told_or_set_right(tmp_path: Path) -> None:
    rows = ("1700000000,0,0,20,0,-40,0", "1700000001,4,0,20,0,-40,0")

    wrong = read_poses(poses_file(tmp_path, *rows))
    right = read_poses(tmp_path / "poses.csv", began_s=1_700_000_000)

    assert wrong.at(0.5) is None
    assert "--poses-began-s" in wrong.missed(20.0)
    assert right.missed(20.0) == ""
    assert right.at(0.5) is not None


@pytest.mark.parametrize("rows", [(), ("0,0,0,20,0,-40,0",)])
def test_fewer_than_two_poses_are_no_table(tmp_path: Path, rows: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput, match="fewer than two"):
        read_poses(poses_file(tmp_path, *rows))


def test_time_that_goes_back_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="not after"):
        read_poses(poses_file(tmp_path, "1,0,0,20,0,-40,0", "0.5,0,0,20,0,-40,0"))


def zones_file(folder: Path, frame: str | None, corner: tuple[float, float], side: float) -> Path:
    x, y = corner
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    feature = {
        "type": "Feature",
        "properties": {"id": "square", "kind": "rule", "rules": {"crowd": {}}},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    document = {"type": "FeatureCollection", "features": [feature]} | ({} if frame is None else {"frame": frame})
    file = folder / "zones.geojson"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_zones_in_local_metres_lie_where_the_camera_s_metres_say(tmp_path: Path) -> None:
    ground = read_camera(camera_file(tmp_path), needs_pose=True).ground
    assert ground is not None

    for frame, assumed in (("local_m", ""), (None, "read as the camera's local metres")):
        read = read_zones_for(zones_file(tmp_path, frame, (350_010, 3_460_020), 30), ground)
        ring = ground.frame.to_local_array(shapely.get_coordinates(read.zones.zones[0].polygon))
        assert ring.min(axis=0) == pytest.approx((10, 20), abs=1e-3)
        assert ring.max(axis=0) == pytest.approx((40, 50), abs=1e-3)
        assert assumed in read.assumed
        assert bool(assumed) == bool(read.assumed)


def test_zones_and_camera_in_different_frames_are_refused(tmp_path: Path) -> None:
    local = read_camera(camera_file(tmp_path), needs_pose=True).ground
    degrees = read_camera(camera_file(tmp_path, GEO), needs_pose=True).ground
    assert local is not None
    assert degrees is not None

    with pytest.raises(InvalidInput, match="WGS-84 and the camera's pose is in local metres"):
        read_zones_for(zones_file(tmp_path, "wgs84", (121.4, 31.3), 0.001), local)
    with pytest.raises(InvalidInput, match="local metres and the camera's pose is in degrees"):
        read_zones_for(zones_file(tmp_path, "local_m", (0, 0), 30), degrees)
    with pytest.raises(InvalidInput, match="known are"):
        read_zones_for(zones_file(tmp_path, "feet", (0, 0), 30), local)
    with pytest.raises(InvalidInput, match="if the zones are in WGS-84"):
        read_zones_for(zones_file(tmp_path, None, (121.4, 31.3), 0.001), local)
    (tmp_path / "zones.geojson").write_text("{", encoding="utf-8")
    with pytest.raises(BadZoneFile):
        read_zones_for(tmp_path / "zones.geojson", local)
