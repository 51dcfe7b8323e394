"""Video sources: a thread opens and decodes, pictures wait in a buffer for whoever looks next."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import av
import structlog

from core.clock import Clock
from core.errors import InvalidInput, Unavailable
from perception.decoding import Decoding
from perception.frame import RawFrame
from perception.frame_buffer import FrameBuffer
from perception.offline.recording import Recording
from perception.picture_health import PictureHealth
from perception.source_address import BufferPolicy, SourceKind, read_address
from perception.source_state import SourceCondition, SourceState

_LONGEST_RETRY_S = 4.0
_OPENING_S = 10.0


class VideoSource:
    """One camera's pictures, opened again whenever they end, until closed; raises InvalidInput for a wrong address.

    A live stream gives its newest picture; a recording gives every one, at the pace at which it was made when *paced*,
    else as fast as they are taken, and begins anew unless told not to repeat. Pictures carry the sender's time stamps.
    """

    def __init__(
        self,
        *,
        url: str,
        clock: Clock,
        silence_s: float = 3.0,
        retry_s: float = 0.5,
        options: Mapping[str, str] | None = None,
        policy: BufferPolicy | None = None,
        is_paced: bool = False,
        is_repeated: bool = True,
        health: Callable[[], PictureHealth] = PictureHealth,
    ) -> None:
        self.address = read_address(url, options=options)
        self._policy = policy or self.address.policy
        self._clock = clock
        self._silence_s = silence_s
        self._retry_s = retry_s
        self._is_paced = is_paced
        self._is_repeated = is_repeated
        self._make_health = health
        self._health = health()
        self._condition = SourceCondition()
        self._buffer: FrameBuffer | None = None
        self._dropped_before = 0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._log = structlog.get_logger("video").bind(url=self.address.shown)
        self.received = 0
        self.damaged = 0
        self.breaks = 0
        """How many times pictures came and then stopped coming."""
        self.broke_because = ""

    @property
    def state(self) -> SourceState:
        """Return how the stream is doing."""
        return self._condition.state

    @property
    def because(self) -> str:
        """Return why it is doing so."""
        return self._condition.because

    @property
    def dropped(self) -> int:
        """Return how many pictures were replaced by newer ones before anybody took them."""
        return self._dropped_before + (self._buffer.dropped if self._buffer is not None else 0)

    def start(self) -> None:
        """Begin to decode (again); call it inside the event loop that will wait for pictures."""
        self._dropped_before = self.dropped
        buffer = FrameBuffer(policy=self._policy, loop=asyncio.get_running_loop())
        self._stopping, self._buffer = threading.Event(), buffer
        self._thread = threading.Thread(
            target=self._run, args=(buffer, self._stopping, self._thread), name="video", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Ask the thread to end; it does so at the next packet or when the wait for one runs out."""
        self._stopping.set()
        if self._buffer is not None:
            self._buffer.close()

    def join(self) -> None:
        """Wait until the thread has ended after `close`."""
        if self._thread is not None:
            self._thread.join()

    async def next(self, *, timeout_s: float) -> RawFrame | None:
        """Return the next picture by the policy, waiting for one; None when none comes in time."""
        return None if self._buffer is None else await self._buffer.take(timeout_s=timeout_s)

    def _run(self, buffer: FrameBuffer, stopping: threading.Event, before: threading.Thread | None) -> None:
        if before is not None:
            before.join()
        self._move(SourceState.CONNECTING, "no picture yet")
        has_failed = True
        try:
            self._play_until(stopping, buffer)
            has_failed = False
        finally:
            if has_failed:
                self._move(SourceState.LOST, "the decoder failed; the log says where")
            elif stopping.is_set():
                self._move(SourceState.OFF, "closed")

    def _play_until(self, stopping: threading.Event, buffer: FrameBuffer) -> None:
        failures = 0
        while not stopping.is_set():
            received = self.received
            state, because = self._attempt(buffer, stopping)
            if stopping.is_set():
                return
            failures = 1 if self.received > received else failures + 1
            if failures == 1 and self.received > received and state is not SourceState.ENDED:
                self.breaks, self.broke_because = self.breaks + 1, because
            self._move(state, because, is_loud=failures == 1)
            if state is SourceState.ENDED:
                if not self._is_repeated:
                    return
                self._move(SourceState.CONNECTING, "the recording begins anew")
            stopping.wait(min(self._retry_s * 1.5 ** (failures - 1), max(_LONGEST_RETRY_S, self._retry_s)))

    def _attempt(self, buffer: FrameBuffer, stopping: threading.Event) -> tuple[SourceState, str]:
        """Play until there are no more pictures; return what that makes of the stream, and why."""
        try:
            if self.address.kind is SourceKind.RECORDING:
                return SourceState.ENDED, self._play_recording(buffer, stopping)
            self._play_stream(buffer, stopping)
        except InvalidInput as error:
            return SourceState.UNUSABLE, error.message
        except av.error.InvalidDataError as error:
            return SourceState.UNUSABLE, f"what comes is no video that can be read: {error.strerror}"
        except av.error.ExitError:
            return self._without_pictures(f"nothing came for {self._silence_s:g} s")
        except Unavailable as error:
            return self._without_pictures(error.message)
        except (av.error.FFmpegError, OSError) as error:
            return self._without_pictures(error.strerror or str(error))
        return self._without_pictures("the sender ended the stream")

    def _without_pictures(self, because: str) -> tuple[SourceState, str]:
        return (SourceState.LOST if self.received else SourceState.CONNECTING), because

    def _play_stream(self, buffer: FrameBuffer, stopping: threading.Event) -> None:
        timeouts_s = (_OPENING_S, self._silence_s)
        with av.open(self.address.url, timeout=timeouts_s, options=dict(self.address.options)) as container:
            decoding = Decoding(container, clock=self._clock, silence_s=self._silence_s)
            damaged = self.damaged
            self._health = self._make_health()
            for frame in decoding.frames(is_stopping=stopping.is_set):
                self.damaged = damaged + decoding.damaged
                self._hand_over(frame, frame.received_s, buffer)

    def _play_recording(self, buffer: FrameBuffer, stopping: threading.Event) -> str:
        recording = Recording(self.address.url)
        damaged = self.damaged
        try:
            self._health = self._make_health()
            for frame in self._raw_frames(recording, stopping):
                self.damaged = damaged + recording.damaged
                self._hand_over(frame, frame.stamp_s or 0.0, buffer)
        finally:
            self.damaged = damaged + recording.damaged
            recording.close()
        return recording.note or "the recording was played to its end"

    def _raw_frames(self, recording: Recording, stopping: threading.Event) -> Iterator[RawFrame]:
        began_s = self._clock.monotonic_s()
        for frame in recording:
            if self._is_paced:
                stopping.wait(max(0.0, began_s + frame.time_s - self._clock.monotonic_s()))
            if stopping.is_set():
                return
            yield RawFrame(
                number=frame.number,
                picture=frame.picture,
                stamp_s=frame.time_s,
                received_s=self._clock.monotonic_s(),
                received_at=self._clock.now(),
            )

    def _hand_over(self, frame: RawFrame, at_s: float, buffer: FrameBuffer) -> None:
        self.received += 1
        self._move(*self._health.look(frame.picture, at_s))
        buffer.put(replace(frame, number=self.received))

    def _move(self, to: SourceState, because: str, *, is_loud: bool = True) -> None:
        if self._condition.move(to, because=because) and is_loud:
            tell = (
                self._log.info
                if to in (SourceState.LIVE, SourceState.CONNECTING, SourceState.OFF)
                else self._log.warning
            )
            tell("the video stream changed", state=to.value, because=because)
