"""A live stream looked at as a recording: its newest pictures, opened again whenever it breaks, until it stays away."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from types import TracebackType
from typing import Self

from core.clock import Clock
from core.errors import InvalidInput, Unavailable
from perception.frame import RawFrame
from perception.offline.recording import RecordedFrame, Recording
from perception.source import VideoSource
from perception.source_address import SourceKind, read_address

GIVE_UP_S = 30.0
_WAIT_S = 0.5
_SAME_CLOCK_S = 1.0


class LiveRecording:
    """Pictures of a stream as they come; what is too late is dropped and counted, and time goes on while it is away.

    Ends when no picture came for *give_up_s*; raises Unavailable when there was none at all, InvalidInput for a wrong
    address. Times are the sender's stamps, put anew on our clock where they jump.
    """

    count: int | None = None
    began_at: datetime | None = None

    def __init__(self, source: str, *, clock: Clock, give_up_s: float = GIVE_UP_S) -> None:
        self._source = VideoSource(url=source, clock=clock)
        self._clock = clock
        self._give_up_s = give_up_s
        self._first_s: float | None = None
        self._stamp_is_s = 0.0
        """Our time at a stamp of 0."""
        self.note = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def damaged(self) -> int:
        """Return how many pictures or packets could not be read."""
        return self._source.damaged

    def close(self) -> None:
        """Let go of the stream and say what became of it."""
        self._source.close()
        said = [
            f"the stream broke off {self._source.breaks} times, the last time because {self._source.broke_because}"
            "  视频流中断"
            if self._source.breaks
            else "",
            f"{self._source.dropped} pictures came faster than they could be looked at and were left out  来不及分析"
            if self._source.dropped
            else "",
            self.note,
        ]
        self.note = "; ".join(text for text in said if text)

    def __iter__(self) -> Iterator[RecordedFrame]:
        with asyncio.Runner() as runner:
            runner.run(self._start())
            last_s = self._clock.monotonic_s()
            while self._clock.monotonic_s() - last_s <= self._give_up_s:
                raw = runner.run(self._source.next(timeout_s=_WAIT_S))
                if raw is not None:
                    yield self._recorded(raw)
                    last_s = self._clock.monotonic_s()
        because = f"no picture came for {self._give_up_s:g} s: {self._source.because}  无画面"
        if self._first_s is None:
            raise Unavailable(because, where=self._source.address.shown)
        self.note = because

    async def _start(self) -> None:
        self._source.start()

    def _recorded(self, raw: RawFrame) -> RecordedFrame:
        stamp_s = raw.received_s if raw.stamp_s is None else raw.stamp_s
        if self._first_s is None or abs(self._stamp_is_s + stamp_s - raw.received_s) > _SAME_CLOCK_S:
            self._stamp_is_s = raw.received_s - stamp_s
        at_s = self._stamp_is_s + stamp_s
        self._first_s = at_s if self._first_s is None else self._first_s
        return RecordedFrame(number=raw.number - 1, picture=raw.picture, time_s=at_s - self._first_s)


def open_recording(
    source: str, *, rate_hz: float | None, clock: Clock, give_up_s: float = GIVE_UP_S
) -> "Recording | LiveRecording":
    """Return what *source* names: a file, a folder, something on a web server that has an end, or a live stream."""
    kind = read_address(source).kind
    if kind is SourceKind.RECORDING:
        return Recording(source.removeprefix("file://"), rate_hz=rate_hz)
    if rate_hz is not None:
        raise InvalidInput("a video has its own times", where=source, remedy="leave --rate-hz out")
    if kind is SourceKind.HTTP:
        recording = Recording(source)
        if recording.has_end:
            return recording
        recording.close()
    return LiveRecording(source, clock=clock, give_up_s=give_up_s)
