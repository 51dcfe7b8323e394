"""`roundsman look` from end to end, on short recordings that the simulator's camera made."""

import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from cli.main import main
from geofence.zones import ZoneSet
from perception.detector import BUILT_IN_CARD, OnnxDetector
from perception.frame import Picture
from perception.offline.camera_file import read_camera
from perception.offline.examination import Examination
from perception.offline.recording import RecordedFrame
from sim.camera import CameraRenderer
from sim.scene import CameraLens, CameraView, Scene, SceneThing, ThingType
from tests.perception.eyes import START_AT, shared

RATE_HZ = 5
CAMERA: dict[str, dict[str, object]] = {
    "intrinsics": {
        "width_px": 640,
        "height_px": 360,
        "fx_px": 640,
        "fy_px": 640,
        "cx_px": 320,
        "cy_px": 180,
        "distortion": [0, 0, 0, 0, 0],
    },
    "pose": {"east_m": 0, "north_m": -32, "up_m": 25, "yaw_deg": 0, "pitch_deg": -38, "roll_deg": 0},
}
KEYS = [
    "frame",
    "time_s",
    "track",
    "label",
    "score",
    "box_xyxy_px",
    "east_m",
    "north_m",
    "error_major_m",
    "error_minor_m",
    "error_heading_deg",
]


def group(seconds: float) -> tuple[SceneThing, ...]:
    """Six people who stand together, and a cart."""
    people = [
        SceneThing(
            id=f"p{k}",
            type=ThingType.PERSON,
            east_m=-3 + 1.5 * (k % 3) + 0.1 * np.sin(seconds + k),
            north_m=1.8 * (k // 3),
            heading_deg=40 * k,
            seed=20 + k,
        )
        for k in range(6)
    ]
    return (*people, SceneThing(id="c", type=ThingType.CART, east_m=6, north_m=2, heading_deg=70, seed=3))


@pytest.fixture(scope="module")
def pictures() -> list[Picture]:
    renderer = CameraRenderer(scene=Scene(ground=(), seed=4))
    view = CameraView(east_m=0, north_m=-32, height_agl_m=25, yaw_deg=0, pitch_deg=-38)
    return [renderer.render(view=view, lens=CameraLens(), things=group(i / RATE_HZ)) for i in range(25)]


@pytest.fixture
def video(tmp_path: Path, pictures: Sequence[Picture]) -> Path:
    file = tmp_path / "street.mp4"
    with av.open(str(file), mode="w") as container:
        stream = container.add_stream("libx264", rate=RATE_HZ)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        stream.codec_context.time_base = Fraction(1, RATE_HZ)
        for i, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = i, Fraction(1, RATE_HZ)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file


def write(folder: Path, camera: object = CAMERA) -> Path:
    (folder / "camera.json").write_text(json.dumps(camera), encoding="utf-8")
    ring = [[-20, -20], [20, -20], [20, 20], [-20, 20], [-20, -20]]
    square = {
        "type": "Feature",
        "properties": {
            "id": "square",
            "kind": "rule",
            "rules": {"crowd": {"people_at_least": 5, "radius_m": 4, "for_s": 2}},
        },
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    document = {"type": "FeatureCollection", "frame": "local_m", "features": [square]}
    (folder / "zones.geojson").write_text(json.dumps(document), encoding="utf-8")
    return folder / "camera.json"


def look(*arguments: object) -> int:
    """Run the command; returns its exit status."""
    try:
        main(["look", *map(str, arguments)])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(text) for text in file.read_text(encoding="utf-8").splitlines()]


def test_a_video_gives_tracks_a_crowd_with_its_reasons_pictures_and_a_film(tmp_path: Path, video: Path) -> None:
    camera = write(tmp_path)
    out, tracks, film, report = (tmp_path / name for name in ("s.jsonl", "t.jsonl", "a.mp4", "r.json"))

    status = look(
        video, "--camera", camera, "--zones", tmp_path / "zones.geojson", "--out", out, "--tracks", tracks,
        "--annotated", film, "--pictures", tmp_path / "photos", "--report", report,
    )  # fmt: skip

    assert status == 0
    rows = lines(tracks)
    assert {tuple(row) for row in rows} == {tuple(KEYS)}
    assert [row["frame"] for row in rows] == sorted(row["frame"] for row in rows)  # type: ignore[type-var]
    assert {row["frame"] for row in rows} == set(range(25))
    last = [row for row in rows if row["frame"] == 24]
    labels = [row["label"] for row in last]
    assert labels.count("person") in {5, 6}
    assert "cart" in labels
    assert all(row["time_s"] == pytest.approx(24 / RATE_HZ) for row in last)
    (crowd,) = lines(out)
    assert (crowd["rule"], crowd["zone"], crowd["kind"]) == ("crowd", "square", "20409")
    assert f"{labels.count('person')} people" in str(crowd["because"])
    assert 10 <= crowd["frame"] <= 20  # type: ignore[operator]
    assert (crowd["east_m"], crowd["north_m"]) == pytest.approx((-1.5, 0.9), abs=0.8)
    for photo in crowd["photos"]:  # type: ignore[attr-defined]
        assert cv2.imread(str(tmp_path / "photos" / photo["file"])) is not None
        assert len(photo["sha256"]) == 64
    with av.open(str(film)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 25
    account = json.loads(report.read_text(encoding="utf-8"))
    assert (account["frames"], account["analysed"], account["assessed_ratio"]) == (25, 25, 1.0)
    assert account["sightings"] == {"crowd": 1}


@pytest.mark.parametrize("is_live", [False, True])
def test_numbers_of_people_are_those_of_the_lines_or_none(
    tmp_path: Path, pictures: list[Picture], is_live: bool
) -> None:
    camera = read_camera(write(tmp_path), needs_pose=True)
    examination = Examination(
        detector=OnnxDetector(card_file=BUILT_IN_CARD),
        camera=camera,
        poses=None,
        zones=ZoneSet(zones=()),
        start_at=START_AT,
        is_live=is_live,
    )

    looked = [
        examination.look(RecordedFrame(number=i, picture=picture, time_s=i / RATE_HZ))
        for i, picture in enumerate(pictures[:8])
    ]
    named = {(line.frame, line.track) for line in examination.end().lines}

    assert all(one.are_people_named_later is not is_live for one in looked)
    drawn = {(one.number, track.id) for one in looked for track in one.seen.tracks if track.is_seen}
    assert drawn
    assert not is_live or drawn <= named


def as_truth(row: dict[str, object], thing: int) -> str:
    """Return a line of a gt.txt whose frames count from 1, with the box of a detection."""
    x0, y0, x1, y1 = json.loads(json.dumps(row["box_xyxy_px"]))
    return f"{int(str(row['frame'])) + 1},{thing},{x0},{y0},{x1 - x0},{y1 - y0},1,1,1"


def test_what_the_model_alone_sees_is_written_and_judged(
    tmp_path: Path, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = tmp_path / "d.jsonl"

    status = look(
        video, "--camera", write(tmp_path), "--detections", found, "--for-s", "0.5", "--report", tmp_path / "r.json"
    )

    rows = lines(found)
    assert status == 0
    assert {tuple(row) for row in rows} == {("frame", "time_s", "label", "score", "box_xyxy_px")}
    assert {row["frame"] for row in rows} == {0, 1, 2}
    assert min(float(str(row["score"])) for row in rows) < 0.3
    assert "only 3 frames" in (tmp_path / "r.json").read_text(encoding="utf-8")
    truth = [
        as_truth(row, i) for i, row in enumerate(rows) if row["label"] == "person" and float(str(row["score"])) > 0.5
    ]
    (tmp_path / "gt.txt").write_text("\n".join(truth), encoding="utf-8")
    with suppress(SystemExit):
        main(["evaluate", "--detections", str(found), "--truth", str(tmp_path / "gt.txt")])
    said = capsys.readouterr().out
    assert "AP50, model alone" in said
    assert "1.000" in said


def test_places_are_told_in_degrees_when_the_camera_is(tmp_path: Path, video: Path) -> None:
    pose = {"lon_deg": 121.4, "lat_deg": 31.3, "height_agl_m": 25, "yaw_deg": 0, "pitch_deg": -38, "roll_deg": 0}
    camera = write(tmp_path, {**CAMERA, "pose": pose})

    assert look(video, "--camera", camera, "--tracks", tmp_path / "t.jsonl", "--for-s", "2") == 0

    cart = next(row for row in lines(tmp_path / "t.jsonl") if row["label"] == "cart")
    assert cart["lon_deg"] == pytest.approx(121.4 + 6 / 95_190, abs=2e-5)
    assert cart["lat_deg"] == pytest.approx(31.3 + 34 / 110_860, abs=2e-5)


def test_a_camera_too_steep_for_its_model_assesses_nothing_and_says_so(
    tmp_path: Path, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    camera = write(tmp_path, {**CAMERA, "pose": {**CAMERA["pose"], "pitch_deg": -90}})

    status = look(
        video, "--camera", camera, "--out", tmp_path / "s.jsonl", "--tracks", tmp_path / "t.jsonl",
        "--report", tmp_path / "r.json", "--for-s", "1",
    )  # fmt: skip

    said = capsys.readouterr().err
    assert status == 0
    assert "not assessed" in said
    assert "more steeply" in said
    assert "nothing was assessed" in said
    account = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert account["not_assessed"] == {"too_steep": 6}
    assert account["assessed_ratio"] == 0.0


def test_frames_without_a_pose_are_counted_and_the_others_looked_at(tmp_path: Path, pictures: list[Picture]) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i, picture in enumerate(pictures[:10]):
        cv2.imwrite(str(folder / f"{i:04d}.png"), picture)
    (folder / "0003.png").write_bytes(b"damaged")
    rows = ["time_s,east_m,north_m,up_m,yaw_deg,pitch_deg,roll_deg", "0,0,-32,25,0,-38,0", "1.0,0,-32,25,0,-38,0"]
    (tmp_path / "poses.csv").write_text("\n".join(rows), encoding="utf-8")
    camera = write(tmp_path, {"intrinsics": CAMERA["intrinsics"]})

    status = look(
        folder, "--camera", camera, "--poses", tmp_path / "poses.csv", "--rate-hz", RATE_HZ,
        "--tracks", tmp_path / "t.jsonl", "--report", tmp_path / "r.json",
    )  # fmt: skip

    account = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert status == 0
    assert (account["analysed"], account["not_assessed"], account["damaged"]) == (5, {"no_pose": 4}, 1)
    assert {row["frame"] for row in lines(tmp_path / "t.jsonl")} <= {0, 1, 2, 4, 5}


def test_a_real_car_park_from_straight_above_is_not_assessed(tmp_path: Path) -> None:
    camera = write(
        tmp_path,
        {
            "intrinsics": {"width_px": 768, "height_px": 432, "fx_px": 700, "fy_px": 700, "cx_px": 384, "cy_px": 216},
            "pose": {"east_m": 0, "north_m": 0, "up_m": 20, "yaw_deg": 0, "pitch_deg": -85, "roll_deg": 0},
        },
    )

    status = look(
        shared("perception/car-detection.mp4"), "--camera", camera, "--report", tmp_path / "r.json", "--for-s", "0.5"
    )

    assert status == 0
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["not_assessed"] == {"too_steep": 7}


def look_at_real_people(folder: Path, pose: dict[str, float]) -> tuple[list[dict[str, object]], dict[str, object], int]:
    """Look at somebody who comes in, stands and writes for ten seconds, and leaves; returns tracks and account."""
    lens = {"width_px": 768, "height_px": 432, "fx_px": 700, "fy_px": 700, "cx_px": 384, "cy_px": 216}
    camera = write(folder, {"intrinsics": lens, "pose": {**CAMERA["pose"], **pose}})
    shutil.copy(Path(__file__).parent / "fastestdet_coco_352.json", folder / "card.json")
    (folder / "fastestdet_coco_352.onnx").symlink_to(shared("perception/fastestdet_coco_352.onnx"))
    status = look(
        shared("perception/one-by-one-person-detection.mp4"), "--camera", camera, "--model", folder / "card.json",
        "--tracks", folder / "t.jsonl", "--report", folder / "r.json", "--every", 2, "--for-s", 48, "--no-slices",
    )  # fmt: skip
    return lines(folder / "t.jsonl"), json.loads((folder / "r.json").read_text(encoding="utf-8")), status


def test_a_real_person_who_stands_and_writes_is_followed_all_the_time(tmp_path: Path) -> None:
    rows, account, status = look_at_real_people(tmp_path, {"up_m": 2.2, "pitch_deg": -27.8})

    assert status == 0
    stands = {row["frame"] for row in rows if row["label"] == "person"} & set(range(90, 180, 2))
    assert len(stands) >= 43
    assert len({row["track"] for row in rows if row["label"] == "person"}) <= 3
    assert account["people_height_ratio"] == pytest.approx(1.0, abs=0.2)
    assert not any("times as tall" in str(note) for note in account["notes"])  # type: ignore[attr-defined]


def test_a_camera_file_by_which_people_are_giants_is_named(tmp_path: Path) -> None:
    rows, account, _ = look_at_real_people(tmp_path, {"up_m": 7.0, "pitch_deg": -27.8})

    assert account["people_height_ratio"] > 1.8  # type: ignore[operator]
    assert any("times as tall as people are" in str(note) for note in account["notes"])  # type: ignore[attr-defined]
    assert len({row["frame"] for row in rows if row["label"] == "person"} & set(range(300, 440, 2))) >= 60


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("missing.mp4", "no such file"),
        ("empty.mp4", "the file is empty"),
        ("folder", "no pictures"),
        ("text.mp4", "not a video"),
    ],
)
def test_what_is_no_recording_is_refused(
    tmp_path: Path, source: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("hello", encoding="utf-8")
    (tmp_path / "folder").mkdir()

    assert look(tmp_path / source, "--camera", write(tmp_path)) == 2
    assert reason in capsys.readouterr().err


def test_pictures_of_another_shape_than_the_camera_file_s_are_refused(
    tmp_path: Path, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    camera = write(tmp_path, {**CAMERA, "intrinsics": {**CAMERA["intrinsics"], "height_px": 480}})

    assert look(video, "--camera", camera) == 2
    assert "640 × 480" in capsys.readouterr().err


def test_a_cut_off_video_gives_what_it_holds_and_says_that_it_ends(
    tmp_path: Path, video: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with av.open(str(video)) as source, av.open(str(tmp_path / "t.ts"), mode="w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    whole = (tmp_path / "t.ts").read_bytes()
    (tmp_path / "cut.ts").write_bytes(whole[: len(whole) * 9 // 10])

    status = look(tmp_path / "cut.ts", "--camera", write(tmp_path), "--report", tmp_path / "r.json")

    account = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert status == 0
    assert 0 < account["frames"] < 25
