import asyncio
import itertools
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from core.clock import SystemClock
from core.errors import Conflict, InvalidInput
from perception.frame import Picture, RawFrame
from perception.picture_health import PictureHealth
from perception.pipeline import NotAssessed
from perception.source import VideoSource
from perception.source_address import BufferPolicy, SourceKind, read_address
from perception.source_state import ALLOWED, SourceCondition, SourceState
from tests.perception.eyes import shared
from tests.perception.video import HttpCamera, RtspCamera, Station, TcpCamera, film, free_port, mp4, noise, turn


@asynccontextmanager
async def opened(
    url: str,
    *,
    silence_s: float = 0.5,
    retry_s: float = 0.02,
    policy: BufferPolicy | None = None,
    is_repeated: bool = True,
) -> AsyncIterator[VideoSource]:
    source = VideoSource(
        url=url, clock=SystemClock(), silence_s=silence_s, retry_s=retry_s, policy=policy, is_repeated=is_repeated
    )
    source.start()
    try:
        yield source
    finally:
        source.close()
        await asyncio.to_thread(source.join)


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for the decoding thread, which tells nobody when nobody takes its pictures."""
    turn = threading.Event()
    while not holds():
        turn.wait(0.01)


async def first_frames(source: VideoSource, count: int) -> list[RawFrame]:
    frames: list[RawFrame] = []
    async with asyncio.timeout(20):
        while len(frames) < count:
            frame = await source.next(timeout_s=1.0)
            if frame is not None:
                frames.append(frame)
    return frames


async def all_frames(url: str) -> tuple[list[RawFrame], VideoSource]:
    """Play a recording once."""
    async with opened(url, is_repeated=False) as source, asyncio.timeout(20):
        frames: list[RawFrame] = []
        while source.state not in (SourceState.ENDED, SourceState.UNUSABLE) or frames is None:
            if (frame := await source.next(timeout_s=0.05)) is not None:
                frames.append(frame)
        while (frame := await source.next(timeout_s=0.01)) is not None:
            frames.append(frame)
    return frames, source


async def state_becomes(source: VideoSource, state: SourceState) -> None:
    async with asyncio.timeout(20):
        while source.state is not state:
            await source.next(timeout_s=0.05)


# ------------------------------------------------------------------------------------------------- states


@pytest.mark.parametrize(("now", "to"), [*itertools.product(SourceState, SourceState)])
def test_a_stream_changes_only_as_its_table_says(now: SourceState, to: SourceState) -> None:
    condition = SourceCondition()
    for step in _way_to(now):
        condition.move(step, because="on the way")

    if to is now or to in ALLOWED[now]:
        assert condition.move(to, because="it happened") is (to is not now)
        assert (condition.state, condition.because) == (to, "it happened")
    else:
        with pytest.raises(Conflict, match=f"cannot become {to}"):
            condition.move(to, because="it happened")
        assert condition.state is now


def _way_to(state: SourceState) -> list[SourceState]:
    if state is SourceState.OFF:
        return []
    return [SourceState.CONNECTING] if state is SourceState.CONNECTING else [SourceState.CONNECTING, state]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_state_of_the_eyes_has_words(language: str) -> None:
    file = Path(__file__).parents[2] / "web" / "src" / "i18n" / f"{language}.json"
    words = set(json.loads(file.read_text(encoding="utf-8")))

    assert {f"eyes.{state}" for state in SourceState} <= words
    assert {f"view.{reason}" for reason in (*NotAssessed, "assessed", "waiting")} <= words


def test_a_stream_does_not_change_without_a_because() -> None:
    with pytest.raises(Conflict, match="because"):
        SourceCondition().move(SourceState.CONNECTING, because="")


# ---------------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("text", "kind", "policy"),
    [
        ("rtsp://user:secret@10.0.0.8/live", SourceKind.RTSP, BufferPolicy.NEWEST),
        ("udp://0.0.0.0:5600", SourceKind.UDP, BufferPolicy.NEWEST),
        ("tcp://0.0.0.0:5600?listen=1", SourceKind.TCP, BufferPolicy.NEWEST),
        ("https://camera/live.ts", SourceKind.HTTP, BufferPolicy.NEWEST),
        ("flight.mp4", SourceKind.RECORDING, BufferPolicy.EVERY),
        ("file:///videos/flight.mp4", SourceKind.RECORDING, BufferPolicy.EVERY),
    ],
)
def test_an_address_says_how_it_is_buffered(text: str, kind: SourceKind, policy: BufferPolicy) -> None:
    address = read_address(text)

    assert (address.kind, address.policy) == (kind, policy)
    assert "secret" not in address.shown


def test_an_unknown_scheme_is_refused_at_once() -> None:
    with pytest.raises(InvalidInput, match="carrier-pigeon"):
        VideoSource(url="carrier-pigeon://roof", clock=SystemClock())


# -------------------------------------------------------------------------------------------- live streams


async def test_pictures_carry_the_vehicle_s_own_time() -> None:
    port = free_port()
    async with opened(f"udp://127.0.0.1:{port}") as source:
        with Station(f"udp://127.0.0.1:{port}"):
            frames = await first_frames(source, 5)

    stamps = [frame.stamp_s for frame in frames if frame.stamp_s is not None]
    assert len(stamps) == 5
    assert stamps == sorted(stamps)
    assert all(1000 <= stamp < 1100 for stamp in stamps)
    ticks = [(stamp - 1000) / 0.03 for stamp in stamps]
    assert ticks == pytest.approx([round(tick) for tick in ticks], abs=0.01)
    assert frames[0].picture.shape == (360, 640, 3)


async def test_a_lost_stream_is_found_again() -> None:
    port = free_port()
    async with opened(f"udp://127.0.0.1:{port}") as source:
        await state_becomes(source, SourceState.CONNECTING)
        with Station(f"udp://127.0.0.1:{port}"):
            await state_becomes(source, SourceState.LIVE)
        await state_becomes(source, SourceState.LOST)
        why = source.because
        with Station(f"udp://127.0.0.1:{port}"):
            await state_becomes(source, SourceState.LIVE)

    assert why == "nothing came for 0.5 s"
    assert (source.state, source.because) == (SourceState.OFF, "closed")


async def test_a_camera_is_played_by_rtsp() -> None:
    with RtspCamera() as camera:
        async with opened(camera.url, silence_s=5.0) as source:
            frames = await first_frames(source, 3)

    assert frames[0].picture.shape == (360, 640, 3)
    assert source.address.kind is SourceKind.RTSP


async def test_a_camera_that_hangs_up_is_called_again(tmp_path: Path) -> None:
    with TcpCamera(film(tmp_path / "a.ts", map(noise, range(6))).read_bytes()) as camera:
        # Lost is a state of a moment: it lasts long enough here to be seen by who looks twenty times a second.
        async with opened(camera.url, retry_s=0.5) as source, asyncio.timeout(20):
            while camera.viewers < 3:
                await source.next(timeout_s=0.05)
            await state_becomes(source, SourceState.LOST)
            why = source.because

    assert source.received >= 10
    assert why == "the sender ended the stream"


async def test_a_camera_may_call_us() -> None:
    port = free_port(socket.SOCK_STREAM)
    async with opened(f"tcp://127.0.0.1:{port}?listen=1", silence_s=5.0) as source:
        await asyncio.to_thread(wait_until, lambda: _is_listening(port))
        with Station(f"tcp://127.0.0.1:{port}"):
            frames = await first_frames(source, 3)

    assert frames[0].picture.shape == (360, 640, 3)


def _is_listening(port: int) -> bool:
    table = Path("/proc/net/tcp").read_text(encoding="ascii")
    return f"0100007F:{port:04X} 00000000:0000 0A" in table


async def test_pictures_come_by_http_and_what_is_no_video_is_unusable(tmp_path: Path) -> None:
    street = film(tmp_path / "a.ts", map(noise, range(10))).read_bytes()
    with HttpCamera({"/live": street, "/page": b"<html>sign in</html>" * 100}) as camera:
        async with opened(f"{camera.url}/live") as source:
            frames = await first_frames(source, 2)
        async with opened(f"{camera.url}/page") as page:
            await state_becomes(page, SourceState.UNUSABLE)
            why = page.because
        async with opened(f"{camera.url}/nothing") as nothing:
            await asyncio.to_thread(wait_until, lambda: "404" in nothing.because)
            missing = nothing.state

    assert frames[0].picture.shape == (360, 640, 3)
    assert "no video" in why
    assert missing is SourceState.CONNECTING


async def test_a_resolution_that_changes_in_the_stream_changes_the_pictures(tmp_path: Path) -> None:
    small = film(tmp_path / "s.ts", (noise(i, width_px=320, height_px=240) for i in range(8)))
    large = film(tmp_path / "l.ts", map(noise, range(8)))
    both = tmp_path / "both.ts"
    both.write_bytes(small.read_bytes() + large.read_bytes())

    with TcpCamera(both.read_bytes()) as camera:
        async with opened(camera.url, policy=BufferPolicy.EVERY) as source:
            frames = await first_frames(source, 14)

    assert {frame.picture.shape[:2] for frame in frames} == {(240, 320), (360, 640)}


async def test_damage_in_the_stream_is_counted_and_smeared_pictures_are_left_out(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.ts", map(noise, range(40))).read_bytes()
    content = bytearray(whole)
    random = np.random.default_rng(3)
    for at in random.integers(188 * 40, len(content), 5):
        content[int(at)] = int(random.integers(256))

    with TcpCamera(bytes(content)) as camera:
        async with opened(camera.url, policy=BufferPolicy.EVERY) as source, asyncio.timeout(20):
            frames = await first_frames(source, 20)

    assert source.damaged >= 7
    assert all(np.abs(one.picture.astype(int) - noise(_number(one))).mean() < 15 for one in frames)


def _number(frame: RawFrame) -> int:
    assert frame.stamp_s is not None
    return round(frame.stamp_s / 0.2)


async def test_a_source_that_was_closed_can_be_started_again() -> None:
    port = free_port()
    source = VideoSource(url=f"udp://127.0.0.1:{port}", clock=SystemClock(), silence_s=0.5, retry_s=0.02)
    with Station(f"udp://127.0.0.1:{port}"):
        for _ in range(2):
            source.start()
            await first_frames(source, 2)
            source.close()
            await asyncio.to_thread(source.join)


# ---------------------------------------------------------------------------------------------- recordings


async def test_every_picture_of_a_recording_is_given_in_order(tmp_path: Path) -> None:
    frames, source = await all_frames(str(film(tmp_path / "a.ts", map(noise, range(30)))))

    assert [frame.stamp_s for frame in frames] == pytest.approx([0.2 * i for i in range(30)], abs=0.001)
    assert (source.dropped, source.because) == (0, "the recording was played to its end")


async def test_a_folder_of_pictures_is_a_recording(tmp_path: Path) -> None:
    for number in range(5):
        cv2.imwrite(str(tmp_path / f"{number:03}.jpg"), noise(number))
    (tmp_path / "003.jpg").write_bytes(b"no picture")

    frames, source = await all_frames(str(tmp_path))

    assert len(frames) == 4
    assert source.damaged == 1


async def test_a_video_held_sideways_is_shown_upright(tmp_path: Path) -> None:
    sky_above = np.zeros((240, 320, 3), np.uint8)
    sky_above[:120] = (220, 120, 40)
    lying = np.ascontiguousarray(np.rot90(sky_above))
    file = turn(mp4(tmp_path / "a.mp4", [lying] * 4, itertools.count(0, 0.1)))

    frames, _ = await all_frames(str(file))

    assert frames[0].picture.shape == (240, 320, 3)
    assert np.abs(frames[0].picture.astype(int) - sky_above).mean() < 8


async def test_a_variable_frame_rate_keeps_its_own_times(tmp_path: Path) -> None:
    times_s = [0.0, 0.1, 0.15, 0.6, 2.0, 2.04]

    frames, _ = await all_frames(str(mp4(tmp_path / "a.mp4", map(noise, range(6)), times_s)))

    assert [frame.stamp_s for frame in frames] == pytest.approx(times_s, abs=0.001)


@pytest.mark.parametrize("content", [b"", b"\x00" * 5000, b"not a video at all " * 200])
async def test_a_recording_without_a_picture_is_unusable(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(content)

    async with opened(str(tmp_path / "a.mp4")) as source:
        await state_becomes(source, SourceState.UNUSABLE)
        why = source.because

    assert why


async def test_a_recording_that_was_cut_off_gives_what_it_holds(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.ts", map(noise, range(30))).read_bytes()
    (tmp_path / "cut.ts").write_bytes(whole[: len(whole) // 2])

    frames, source = await all_frames(str(tmp_path / "cut.ts"))

    assert 10 <= len(frames) <= 20
    assert source.state is SourceState.OFF or source.state is SourceState.ENDED


async def test_a_slow_reader_of_a_live_stream_gets_the_newest_picture() -> None:
    film = shared("perception/one-by-one-person-detection.mp4")
    async with opened(str(film), policy=BufferPolicy.NEWEST) as source:
        await first_frames(source, 1)
        await asyncio.to_thread(wait_until, lambda: source.received >= 60)
        newest = (await first_frames(source, 1))[0]

    assert newest.number >= 60
    assert source.dropped >= 50


# -------------------------------------------------------------------------------------------------- health


def real_pictures(name: str, *, most: int) -> list[Picture]:
    with av.open(str(shared(f"perception/{name}"))) as container:
        return [
            np.asarray(one.to_ndarray(format="bgr24"), np.uint8)
            for one in itertools.islice(container.decode(video=0), most)
        ]


def test_a_real_camera_on_a_wall_is_calm_and_its_last_picture_for_ten_seconds_is_frozen() -> None:
    health = PictureHealth()
    pictures = real_pictures("one-by-one-person-detection.mp4", most=300)

    calm = {health.look(picture, 0.08 * i)[0] for i, picture in enumerate(pictures)}
    stuck = [health.look(pictures[-1], 24.0 + 0.5 * i) for i in range(22)]
    moving = health.look(pictures[0], 36.0)[0]

    assert calm == {SourceState.LIVE}
    assert [state for state, _ in stuck[:18]] == [SourceState.LIVE] * 18
    assert stuck[-1] == (SourceState.FROZEN, "the same picture for 11 s")
    assert moving is SourceState.LIVE


def grainy(picture: Picture, *, noise: float, count: int) -> list[Picture]:
    """Return so many pictures that a sensor with that noise (grey levels) takes of one calm scene."""
    random = np.random.default_rng(3)
    return [(picture + random.normal(0, noise, picture.shape)).clip(0, 255).astype(np.uint8) for _ in range(count)]


def as_jpeg(picture: Picture) -> Picture:
    written = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 75])[1]
    return np.asarray(cv2.imdecode(written, cv2.IMREAD_COLOR), np.uint8)


def sent(folder: Path, pictures: Sequence[Picture]) -> list[Picture]:
    """Return pictures as they come out of a video."""
    with av.open(str(mp4(folder / "sent.mp4", pictures, [float(i) for i in range(len(pictures))]))) as container:
        return [np.asarray(one.to_ndarray(format="bgr24"), np.uint8) for one in container.decode(video=0)]


def states(pictures: Sequence[Picture], step_s: float) -> list[SourceState]:
    health = PictureHealth()
    return [health.look(picture, step_s * i)[0] for i, picture in enumerate(pictures)]


def test_one_picture_every_six_seconds_is_frozen_as_soon_as_it_is_ten_seconds_old() -> None:
    street = real_pictures("one-by-one-person-detection.mp4", most=1)[0]

    assert states([street] * 3, 6.0) == [SourceState.LIVE, SourceState.LIVE, SourceState.FROZEN]


@pytest.mark.parametrize("light", [1, 8])
def test_a_calm_scene_with_the_noise_of_its_sensor_is_not_frozen_by_day_and_by_night(light: int) -> None:
    street = cv2.resize(real_pictures("one-by-one-person-detection.mp4", most=1)[0] // light, (1152, 648))
    calm = [as_jpeg(one) for one in grainy(np.asarray(street, np.uint8), noise=1.0, count=5)]

    for step_s, count in ((0.2, 60), (0.5, 25), (2.0, 12), (6.0, 8)):
        assert set(states(list(itertools.islice(itertools.cycle(calm), count)), step_s)) == {SourceState.LIVE}


@pytest.mark.parametrize("step_s", [0.5, 1.5, 6.0])
def test_a_frozen_picture_that_is_compressed_anew_is_frozen_however_slowly_it_comes(
    step_s: float, tmp_path: Path
) -> None:
    street = real_pictures("one-by-one-person-detection.mp4", most=1)[0]
    before = grainy(street, noise=1.5, count=8)

    seen = states(sent(tmp_path, [*before, *[before[-1]] * 30]), step_s)

    assert set(seen[:10]) == {SourceState.LIVE}
    assert seen[-1] is SourceState.FROZEN


def with_clock(picture: Picture, second: int, y_px: int) -> Picture:
    written = picture.copy()
    cv2.putText(written, f"2026-01-05 10:00:{second:02}", (20, y_px), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255,) * 3, 2)
    return written


def test_a_clock_that_runs_in_a_frozen_picture_does_not_make_it_live(tmp_path: Path) -> None:
    street = real_pictures("one-by-one-person-detection.mp4", most=1)[0]
    noisy = grainy(street, noise=1.5, count=24)
    health, clocks = PictureHealth(), [with_clock(street, i, 40) for i in range(24)]

    stuck = [health.look(one, float(i)) for i, one in enumerate(sent(tmp_path, clocks))]

    assert stuck[-1][0] is SourceState.FROZEN
    assert stuck[-1][1].endswith("but for a line of text at its edge")
    assert set(states([with_clock(one, i, 40) for i, one in enumerate(noisy)], 1.0)) == {SourceState.LIVE}
    assert set(states([with_clock(street, i, 220) for i in range(24)], 1.0)) == {SourceState.LIVE}, "things that move"


async def test_a_camera_that_sends_the_same_picture_again_and_again_is_frozen(tmp_path: Path) -> None:
    street = real_pictures("one-by-one-person-detection.mp4", most=1)[0]

    async with opened(str(film(tmp_path / "a.ts", [street] * 60))) as source:
        await state_becomes(source, SourceState.FROZEN)
        why = source.because

    assert why == "the same picture for 10 s"


@pytest.mark.parametrize("tone", [0, 10, 90, 240])
def test_a_covered_lens_is_told_from_a_street_at_night(tone: int) -> None:
    random = np.random.default_rng(1)
    grain = [random.normal(tone, 4, (360, 640, 3)).clip(0, 255).astype(np.uint8) for _ in range(8)]
    night = [picture // 6 for picture in real_pictures("one-by-one-person-detection.mp4", most=8)]
    covered, street = PictureHealth(), PictureHealth()

    assert [covered.look(one, 0.2 * i)[0] for i, one in enumerate(grain)][-1] is SourceState.COVERED
    assert {street.look(one, 0.2 * i)[0] for i, one in enumerate(night)} == {SourceState.LIVE}


def test_real_photos_from_above_are_not_called_covered() -> None:
    folder = shared("perception/nadir_40m")
    photos = [cv2.imread(str(file), cv2.IMREAD_REDUCED_COLOR_8) for file in sorted(folder.glob("*.JPG"))]
    health = PictureHealth()

    states = {health.look(np.asarray(photo, np.uint8), 2.0 * i)[0] for i, photo in enumerate(photos)}

    assert states == {SourceState.LIVE}
