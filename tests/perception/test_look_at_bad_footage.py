"""`roundsman look` on what users really have: footage that is cut off, frozen, covered, turned, or breaks off."""

import itertools
import json
import os
import signal
import struct
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from perception.frame import Picture
from perception.offline.examination import Examination, Looked, Rest
from perception.offline.papers import Papers
from perception.offline.recording import Recording
from sim.camera_video import VideoSender
from tests.perception.test_decoders import BOX, write_card, write_model
from tests.perception.test_look_at_recordings import CAMERA, look, write
from tests.perception.video import HttpCamera, TcpCamera, film, free_port, mp4, noise, turn

GREY = np.full((360, 640, 3), 90, np.uint8)


def account_of(folder: Path, source: object, *more: object) -> tuple[int, dict[str, object], str]:
    """Look at *source*; returns status, account and all notes as one text."""
    camera = folder / "camera.json"
    status = look(
        source, "--camera", camera if camera.exists() else write(folder), "--report", folder / "r.json", *more
    )
    if not (folder / "r.json").exists():
        return status, {}, ""
    account = json.loads((folder / "r.json").read_text(encoding="utf-8"))
    return status, account, "; ".join(account["notes"])


def evenly(count: int, step_s: float = 0.2) -> list[float]:
    return [i * step_s for i in range(count)]


def test_the_same_picture_for_ten_seconds_is_a_fault_and_not_calm(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = [noise(1), noise(2), *[noise(3)] * 30]

    status, account, _ = account_of(tmp_path, mp4(tmp_path / "v.mp4", pictures, evenly(32, 0.5)))

    assert status == 0
    assert list(account["not_assessed"]) == ["frozen"]  # type: ignore[call-overload]
    assert account["analysed"] < 32  # type: ignore[operator]
    assert "the same picture for ten seconds" in capsys.readouterr().err


def test_a_covered_lens_assesses_nothing(tmp_path: Path) -> None:
    pictures = [*[noise(i) for i in range(3)], *[GREY] * 12]

    _, account, _ = account_of(tmp_path, mp4(tmp_path / "v.mp4", pictures, evenly(15)))

    assert account["not_assessed"] == {"covered": 7}


def send(file: Path, parts: Sequence[tuple[tuple[int, int], int]]) -> Path:
    """Write MPEG-TS that changes its size: so many pictures of each (width, height)."""
    content, at_s = b"", 0.0
    for (width, height), count in parts:
        with VideoSender(url=str(file), width_px=width, height_px=height) as sender:
            for i in range(count):
                sender.send(cv2.resize(noise(i), (width, height)).astype(np.uint8), vehicle_time_s=at_s)
                at_s += 0.2
        content += file.read_bytes()
    file.write_bytes(content)
    return file


def test_pictures_that_change_their_size_go_on_and_another_shape_is_not_assessed(tmp_path: Path) -> None:
    video = send(tmp_path / "v.ts", [((640, 360), 5), ((320, 180), 5), ((360, 640), 5), ((640, 360), 5)])

    status, account, notes = account_of(tmp_path, video)

    assert status == 0
    assert account["frames"] == 20
    assert account["not_assessed"] == {"wrong_size": 5}
    assert "from frame 5 on the pictures are 320 × 180" in notes


def test_a_video_that_was_filmed_upright_is_looked_at_upright(tmp_path: Path) -> None:
    lens = {"width_px": 360, "height_px": 640, "fx_px": 640, "fy_px": 640, "cx_px": 180, "cy_px": 320}
    write(tmp_path, {**CAMERA, "intrinsics": lens})
    video = turn(mp4(tmp_path / "v.mp4", [noise(i) for i in range(5)], evenly(5)))

    status, account, _ = account_of(tmp_path, video)

    assert (status, account["analysed"]) == (0, 5)


def test_times_of_an_uneven_video_are_its_own(tmp_path: Path) -> None:
    video = mp4(tmp_path / "v.mp4", [noise(i) for i in range(5)], [0.0, 0.1, 1.5, 1.6, 4.0])

    _, account, _ = account_of(tmp_path, video)

    assert (account["frames"], account["seconds"]) == (5, pytest.approx(4.0, abs=0.01))


def fast_start(file: Path) -> Path:
    """Put the index of an MP4 before its pictures, as cameras do that upload while they record."""
    content, boxes, at = file.read_bytes(), {}, 0
    while at < len(content):
        size, kind = struct.unpack(">I4s", content[at : at + 8])
        boxes[kind] = (at, size)
        at += size
    start, size = boxes[b"moov"]
    moov = bytearray(content[start : start + size])
    at = moov.index(b"stco") + 8
    (count,) = struct.unpack(">I", moov[at : at + 4])
    for k in range(count):
        here = at + 4 + 4 * k
        moov[here : here + 4] = struct.pack(">I", struct.unpack(">I", moov[here : here + 4])[0] + size)
    data, _ = boxes[b"mdat"]
    file.write_bytes(content[:data] + bytes(moov) + content[data:start] + content[start + size :])
    return file


def test_a_recording_that_was_cut_off_says_how_much_is_missing(tmp_path: Path) -> None:
    video = fast_start(mp4(tmp_path / "v.mp4", [noise(i) for i in range(20)], evenly(20)))
    whole = video.read_bytes()
    video.write_bytes(whole[: len(whole) // 2])

    status, account, notes = account_of(tmp_path, video)

    assert status == 0
    assert 5 <= account["frames"] <= 15  # type: ignore[operator]
    assert "it speaks of 20 pictures" in notes


def test_a_recording_that_counts_no_pictures_says_by_its_time_what_is_missing(tmp_path: Path) -> None:
    whole = mp4(tmp_path / "whole.mkv", [noise(i) for i in range(40)], evenly(40))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    assert "cut off" not in account_of(tmp_path, whole)[2]
    assert "cut off: it speaks of 8 s" in account_of(tmp_path, cut)[2]


def test_an_empty_file_is_called_empty_and_what_to_do_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "v.mp4").touch()

    assert account_of(tmp_path, tmp_path / "v.mp4")[0] == 2
    said = capsys.readouterr().err
    assert "the file is empty" in said
    assert "copied to its end" in said


def test_pictures_are_taken_by_their_numbers_and_half_written_ones_are_named(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for i in range(12):
        cv2.imwrite(str(tmp_path / "pictures" / f"frame{i}.{'png' if i == 6 else 'jpg'}"), noise(i))
    for name in ("frame3.jpg", "frame6.png"):
        file = tmp_path / "pictures" / name
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    recording = Recording(str(tmp_path / "pictures"), rate_hz=5)
    numbers = [frame.number for frame in recording]

    assert numbers == [0, 1, 2, 4, 5, 7, 8, 9, 10, 11]
    assert recording.damaged == 2
    assert recording.note == "frame3.jpg, frame6.png cannot be read, or only in part  无法完整读取"
    last = next(frame for frame in Recording(str(tmp_path / "pictures")) if frame.number == 2)
    assert np.abs(last.picture.astype(int) - noise(2)).mean() < 12


def test_pictures_named_by_the_seconds_of_a_clock_are_taken_in_their_order(tmp_path: Path) -> None:
    seconds = ("1700000000.123", "1700000000.25", "1700000000.5", "1700000001.0456789")
    for i, second in enumerate(reversed(seconds)):
        cv2.imwrite(str(tmp_path / f"{second}.png"), np.full((36, 64, 3), 60 * i, np.uint8))

    recording = Recording(str(tmp_path), rate_hz=5)

    assert [int(frame.picture[0, 0, 0]) for frame in recording] == [180, 120, 60, 0]


def test_a_phone_s_picture_with_a_film_behind_it_is_whole_and_half_of_one_with_a_preview_is_not(tmp_path: Path) -> None:
    picture, preview = (cv2.imencode(".jpg", noise(1, width_px=width))[1].tobytes() for width in (320, 64))
    head = b"\xff\xe1" + (2 + len(preview)).to_bytes(2, "big") + preview
    (tmp_path / "1.jpg").write_bytes(picture + b"film \xff\xda and no end")
    (tmp_path / "2.jpg").write_bytes(picture[:2] + head + picture[2:])
    (tmp_path / "3.jpg").write_bytes(picture[:2] + head + picture[2 : len(picture) // 2])

    assert [frame.number for frame in Recording(str(tmp_path), rate_hz=5)] == [0, 1]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_what_was_written_until_it_was_stopped_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: signal.Signals
) -> None:
    write_frame, after = Papers.write, iter([False, False, False, True])

    def write_and_stop(papers: Papers, looked: Looked, time_s: float) -> None:
        write_frame(papers, looked, time_s)
        if next(after):
            os.kill(os.getpid(), stop)

    def end_and_stop_again(examination: Examination) -> Rest:
        os.kill(os.getpid(), stop)
        return end(examination)

    end = Examination.end
    monkeypatch.setattr(Papers, "write", write_and_stop)
    monkeypatch.setattr(Examination, "end", end_and_stop_again)
    video = mp4(tmp_path / "v.mp4", [noise(i) for i in range(20)], evenly(20))
    # A shell that starts the tests in the background has them ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    try:
        status, account, notes = account_of(tmp_path, video, "--annotated", tmp_path / "a.mp4")
    finally:
        signal.signal(signal.SIGINT, before)

    assert status == 130
    assert account["frames"] == 4
    assert "stopped early" in notes
    assert len(list(Recording(str(tmp_path / "a.mp4")))) == 4


def test_pictures_of_all_sizes_are_told_of_a_few_times_and_not_for_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pictures").mkdir()
    for i in range(12):
        picture = noise(i) if i % 2 else noise(i, width_px=360)
        cv2.imwrite(str(tmp_path / "pictures" / f"{i + 1}.png"), noise(99) if i == 0 else picture)

    _, account, notes = account_of(tmp_path, tmp_path / "pictures", "--rate-hz", "5")

    assert account["not_assessed"] == {"wrong_size": 5}
    assert notes.count("the pictures are") == 5
    assert "change their size 10 times" in notes
    assert "no rule was asked for" in capsys.readouterr().err


def test_a_ground_robot_looks_from_half_a_metre(tmp_path: Path) -> None:
    write(tmp_path, {**CAMERA, "pose": {**CAMERA["pose"], "up_m": 0.5, "pitch_deg": -8}})

    _, account, _ = account_of(tmp_path, mp4(tmp_path / "v.mp4", [noise(i) for i in range(3)], evenly(3)))

    assert account["not_assessed"] == {}


@pytest.mark.parametrize(("up_m", "at_eye_level"), [(0.9, 5), (2.5, 0)])
def test_footage_from_the_eyes_height_is_named(tmp_path: Path, up_m: float, at_eye_level: int) -> None:
    write(tmp_path, {**CAMERA, "pose": {**CAMERA["pose"], "up_m": up_m, "pitch_deg": -5}})
    video = mp4(tmp_path / "v.mp4", [noise(i) for i in range(5)], evenly(5))

    _, account, notes = account_of(tmp_path, video)

    assert (account["analysed"], account["eye_level"]) == (5, at_eye_level)
    assert ("who is who and where they are is not assessed" in notes) is (at_eye_level > 0)


def test_a_recording_without_its_index_is_refused_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = mp4(tmp_path / "v.mp4", [noise(i) for i in range(10)], evenly(10))
    video.write_bytes(video.read_bytes()[:9000])

    assert account_of(tmp_path, video)[0] == 2
    assert "not a video that can be read" in capsys.readouterr().err


def test_a_device_is_called_a_device_and_how_to_look_through_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, _ = account_of(tmp_path, "/dev/null")

    said = capsys.readouterr().err
    assert status == 2
    assert "/dev/null: is a device" in said
    assert "ffmpeg -f v4l2 -i /dev/null" in said


def test_classes_that_the_card_does_not_name_are_counted_and_told(tmp_path: Path) -> None:
    outputs = {"rows": np.array([[7, 0.81, *BOX], [1, 0.81, *BOX], [9, 0.02, *BOX]], np.float32)}
    card = write_card(tmp_path, "ppyoloe", outputs, write_model(tmp_path, outputs))

    status, account, notes = account_of(
        tmp_path, mp4(tmp_path / "v.mp4", [noise(i) for i in range(3)], evenly(3)), "--model", card, "--no-slices"
    )

    assert status == 0
    assert "3 boxes were left out: the model calls them 7 and the card has labels 0 to 1 only" in notes
    # The account tells the seconds to a thousandth only.
    assert 3 / account["frames_per_s"] == pytest.approx(account["took_s"], abs=0.0006)  # type: ignore[operator]


def test_a_folder_of_broken_pictures_is_no_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "1.jpg").write_bytes(b"nothing")

    assert account_of(tmp_path, tmp_path / "pictures")[0] == 2
    assert "not one picture" in capsys.readouterr().err


def ten(folder: Path) -> bytes:
    return film(folder / "film.ts", [noise(i) for i in range(10)]).read_bytes()


def test_a_live_stream_that_breaks_off_is_opened_again_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_frame, looks = Papers.write, itertools.count(1)

    def write_and_stop_once_it_is_back(papers: Papers, looked: Looked, time_s: float) -> None:
        write_frame(papers, looked, time_s)
        if next(looks) >= 2 and camera.viewers >= 2:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Papers, "write", write_and_stop_once_it_is_back)
    with TcpCamera(ten(tmp_path)) as camera:
        status, account, notes = account_of(tmp_path, camera.url, "--give-up-s", "20")
        viewers = camera.viewers

    assert status == 130
    assert viewers >= 2
    assert account["analysed"] >= 2  # type: ignore[operator]
    assert "the stream broke off" in notes
    assert "the sender ended the stream" in notes


def test_looking_at_a_live_stream_ends_well_when_its_time_is_over(tmp_path: Path) -> None:
    with TcpCamera(ten(tmp_path)) as camera:
        status, account, _ = account_of(tmp_path, camera.url, "--for-s", "0", "--give-up-s", "20")

    assert (status, account["frames"]) == (0, 1)


def test_a_stream_that_never_comes_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert account_of(tmp_path, f"udp://127.0.0.1:{free_port()}", "--give-up-s", "1")[0] == 2
    assert "no picture came for 1 s" in capsys.readouterr().err


def test_a_recording_on_a_web_server_is_looked_at_whole(tmp_path: Path) -> None:
    video = fast_start(mp4(tmp_path / "v.mp4", [noise(i) for i in range(12)], evenly(12)))

    with HttpCamera({"/street.mp4": video.read_bytes()}) as server:
        status, account, _ = account_of(tmp_path, f"{server.url}/street.mp4")

    assert (status, account["frames"]) == (0, 12)


def look_with_poses(folder: Path, rows: Sequence[str], *more: object) -> tuple[dict[str, object], str]:
    text = "\n".join(["time_s,east_m,north_m,up_m,yaw_deg,pitch_deg,roll_deg", *rows])
    (folder / "poses.csv").write_text(text, encoding="utf-8")
    pictures: list[Picture] = [noise(i) for i in range(11)]
    video = mp4(folder / "v.mp4", pictures, evenly(11))
    _, account, notes = account_of(folder, video, "--poses", folder / "poses.csv", *more)
    return account, notes


def test_poses_that_are_no_numbers_are_counted_where_they_are(tmp_path: Path) -> None:
    account, notes = look_with_poses(
        tmp_path, ["0,0,0,20,0,-40,0", "1,0,0,20,0,-40,0", "1.5,0,0,20,nan,-40,0", "2,0,0,20,0,-40,0"]
    )

    assert account["not_assessed"] == {"bad_pose": 4}
    assert "1 rows of the poses are not whole" in notes


def test_poses_of_another_clock_are_named_and_can_be_set_right(tmp_path: Path) -> None:
    rows = ["5000,0,0,20,0,-40,0", "5001,0,0,20,0,-40,0", "5002.5,0,0,20,0,-40,0"]

    astray, notes = look_with_poses(tmp_path, rows)
    right, _ = look_with_poses(tmp_path, rows, "--poses-began-s", "5000")

    assert astray["not_assessed"] == {"no_pose": 11}
    assert "the poses run from 5000 s to 5002.5 s" in notes
    assert right["analysed"] == 11
