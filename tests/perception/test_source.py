import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from core.clock import SystemClock
from perception.frame import Picture, RawFrame
from perception.source import PictureHealth, SourceState, VideoSource
from sim.camera_video import VideoSender
from tests.perception.eyes import shared


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def noise(seed: int) -> Picture:
    coarse = np.random.default_rng(seed).integers(0, 255, (18, 32, 3)).astype(np.uint8)
    return np.kron(coarse, np.ones((20, 20, 1), np.uint8)).astype(np.uint8)


class Station:
    """Sends a picture every 30 ms from a thread of its own, as another process would."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)

    def __enter__(self) -> "Station":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _send(self) -> None:
        with VideoSender(url=f"udp://127.0.0.1:{self._port}", width_px=640, height_px=360) as sender:
            number = 0
            while not self._stop.wait(0.03):
                sender.send(noise(number), vehicle_time_s=1000 + 0.03 * number)
                number += 1


@asynccontextmanager
async def opened(url: str, *, silence_s: float = 0.5) -> AsyncIterator[VideoSource]:
    source = VideoSource(url=url, clock=SystemClock(), silence_s=silence_s, retry_s=0.02)
    source.start()
    try:
        yield source
    finally:
        source.close()


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


async def state_becomes(source: VideoSource, state: SourceState) -> None:
    async with asyncio.timeout(20):
        while source.state is not state:
            await source.next(timeout_s=0.05)


async def test_pictures_carry_the_vehicle_s_own_time() -> None:
    port = free_port()
    async with opened(f"udp://127.0.0.1:{port}") as source:
        with Station(port):
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
        before = source.state
        with Station(port):
            await state_becomes(source, SourceState.LIVE)
        await state_becomes(source, SourceState.LOST)
        with Station(port):
            await state_becomes(source, SourceState.LIVE)

    assert before is SourceState.CONNECTING


async def test_a_source_that_was_closed_can_be_started_again() -> None:
    port = free_port()
    source = VideoSource(url=f"udp://127.0.0.1:{port}", clock=SystemClock(), silence_s=0.5, retry_s=0.02)
    with Station(port):
        for _ in range(2):
            source.start()
            await first_frames(source, 2)
            source.close()
            await asyncio.to_thread(source.join)


async def test_a_damaged_film_of_40_pictures_is_read_to_its_end_and_again(tmp_path: Path) -> None:
    whole = tmp_path / "whole.ts"
    with VideoSender(url=str(whole)) as sender:
        for number in range(40):
            sender.send(noise(number), vehicle_time_s=number * 0.2)
    content = bytearray(whole.read_bytes())
    random = np.random.default_rng(3)
    for at in random.integers(188 * 40, len(content), 400):
        content[int(at)] = int(random.integers(256))
    broken = tmp_path / "broken.ts"
    broken.write_bytes(bytes(content))

    async with opened(str(broken)) as source, asyncio.timeout(20):
        while source.received < 60:
            await source.next(timeout_s=0.05)


async def test_a_slow_reader_gets_the_newest_picture() -> None:
    film = shared("perception/one-by-one-person-detection.mp4")
    async with opened(str(film)) as source:
        await first_frames(source, 1)
        await asyncio.to_thread(wait_until, lambda: source.received >= 60)
        newest = (await first_frames(source, 1))[0]

    assert newest.number >= 60
    assert source.dropped >= 50


def test_the_same_picture_for_seconds_is_frozen() -> None:
    health = PictureHealth(frozen_after_s=3.0)

    states = [health.look(noise(1), 0.2 * i) for i in range(20)]
    moving = health.look(noise(2), 4.0)

    assert states[10] is SourceState.LIVE
    assert states[-1] is SourceState.FROZEN
    assert moving is SourceState.LIVE


def test_a_covered_lens_is_told_from_a_street_at_night() -> None:
    random = np.random.default_rng(1)
    covered = [random.integers(8, 12, (360, 640, 3)).astype(np.uint8) for _ in range(8)]
    night = [(noise(i) // 6).astype(np.uint8) for i in range(8)]

    dark, street = PictureHealth(), PictureHealth()

    assert [dark.look(one, 0.2 * i) for i, one in enumerate(covered)][-1] is SourceState.COVERED
    assert {street.look(one, 0.2 * i) for i, one in enumerate(night)} == {SourceState.LIVE}
