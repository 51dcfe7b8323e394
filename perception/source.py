"""Video sources: a thread decodes the stream, the newest picture waits for whoever looks next.

The one border between the video library's thread and the event loop.
"""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from enum import StrEnum
from fractions import Fraction

import av
import cv2
import numpy as np
import structlog
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from core.clock import Clock
from perception.frame import Picture, RawFrame

_SMALL = (64, 36)


class SourceState(StrEnum):
    """How a stream is doing."""

    CONNECTING = "connecting"
    LIVE = "live"
    FROZEN = "frozen"
    """Pictures come, and they are the same picture."""
    COVERED = "covered"
    """Pictures come, and nothing is to be seen in them."""
    LOST = "lost"
    """No picture for some seconds; it is tried again."""


class PictureHealth:
    """Says from the pictures themselves whether there is anything to see."""

    def __init__(
        self, *, frozen_after_s: float = 3.0, covered_after_s: float = 1.0, least_contrast: float = 5.0
    ) -> None:
        self._frozen_after_s = frozen_after_s
        self._covered_after_s = covered_after_s
        self._least_contrast = least_contrast
        self._last: Picture | None = None
        self._same_since_s: float | None = None
        self._blank_since_s: float | None = None

    def look(self, picture: Picture, at_s: float) -> SourceState:
        """Return LIVE, FROZEN or COVERED after seeing *picture* at a monotonic time."""
        small = np.asarray(cv2.cvtColor(cv2.resize(picture, _SMALL, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY))
        is_same = self._last is not None and bool(np.array_equal(small, self._last))
        is_blank = float(small.std()) < self._least_contrast
        self._last = np.asarray(small, np.uint8)
        self._same_since_s = (self._same_since_s if self._same_since_s is not None else at_s) if is_same else None
        self._blank_since_s = (self._blank_since_s if self._blank_since_s is not None else at_s) if is_blank else None
        if self._blank_since_s is not None and at_s - self._blank_since_s >= self._covered_after_s:
            return SourceState.COVERED
        if self._same_since_s is not None and at_s - self._same_since_s >= self._frozen_after_s:
            return SourceState.FROZEN
        return SourceState.LIVE


class VideoSource:
    """One stream (UDP, RTSP, file …); opened again when it ends, until closed. Damaged packets are counted."""

    def __init__(
        self,
        *,
        url: str,
        clock: Clock,
        silence_s: float = 3.0,
        retry_s: float = 0.5,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self._url = _with_buffer(url)
        self._clock = clock
        self._silence_s = silence_s
        self._retry_s = retry_s
        self._options = {"probesize": "65536", "analyzeduration": "500000", "fflags": "nobuffer"} | dict(options or {})
        self._health = PictureHealth()
        self._lock = threading.Lock()
        self._newest: RawFrame | None = None
        self._state = SourceState.CONNECTING
        self._stopping = threading.Event()
        self._filled = asyncio.Event()
        self._thread: threading.Thread | None = None
        self._log = structlog.get_logger("video").bind(url=url)
        self.received = 0
        self.dropped = 0
        self.damaged = 0

    @property
    def state(self) -> SourceState:
        """Return how the stream is doing."""
        return self._state

    def start(self) -> None:
        """Begin to decode (again); call it inside the event loop that will wait for pictures."""
        self._stopping = threading.Event()
        arguments = (asyncio.get_running_loop(), self._stopping)
        self._thread = threading.Thread(target=self._run, args=arguments, name="video", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ask the thread to end; it does so at the next packet or when the wait for one runs out."""
        self._stopping.set()

    def join(self) -> None:
        """Wait until the thread has ended after `close`."""
        if self._thread is not None:
            self._thread.join()

    async def next(self, *, timeout_s: float) -> RawFrame | None:
        """Return the newest picture that was not yet taken, waiting for one; None when none comes in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._filled.wait()
        except TimeoutError:
            return None
        self._filled.clear()
        with self._lock:
            frame, self._newest = self._newest, None
        return frame

    def _run(self, loop: asyncio.AbstractEventLoop, stopping: threading.Event) -> None:
        failures = 0
        while not stopping.is_set():
            try:
                with av.open(self._url, timeout=(10.0, self._silence_s), options=self._options) as container:
                    for frame in self._decode(container, stopping):
                        failures = 0
                        self._hand_over(frame, loop)
            except (av.error.FFmpegError, OSError) as error:
                failures += 1
                if failures == 1:
                    self._log.warning("the video stream is not there, it will be tried again", error=str(error))
            if not stopping.is_set():
                self._state = SourceState.LOST if self.received else SourceState.CONNECTING
                stopping.wait(self._retry_s)

    def _decode(self, container: InputContainer, stopping: threading.Event) -> Iterator[RawFrame]:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for packet in container.demux(stream):
            if stopping.is_set():
                return
            yield from self._decode_packet(packet, stream)

    def _decode_packet(self, packet: "Packet[VideoStream]", stream: VideoStream) -> Iterator[RawFrame]:
        try:
            frames = stream.codec_context.decode(packet)
        except av.error.InvalidDataError:
            self.damaged += 1
            return
        for frame in frames:
            self.received += 1
            base = frame.time_base or stream.time_base or Fraction(1, 90_000)
            yield RawFrame(
                number=self.received,
                picture=np.asarray(frame.to_ndarray(format="bgr24"), np.uint8),
                stamp_s=None if frame.pts is None else float(frame.pts * base),
                received_s=self._clock.monotonic_s(),
                received_at=self._clock.now(),
            )

    def _hand_over(self, frame: RawFrame, loop: asyncio.AbstractEventLoop) -> None:
        self._state = self._health.look(frame.picture, frame.received_s)
        with self._lock:
            self.dropped += self._newest is not None
            self._newest = frame
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._filled.set)


def _with_buffer(url: str) -> str:
    if not url.startswith("udp:"):
        return url
    return f"{url}{'&' if '?' in url else '?'}fifo_size=200000&overrun_nonfatal=1"
