"""Pictures out of an open container of the video library: damage counted, the right way up."""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction

import av
import numpy as np
from av.container import InputContainer

from core.clock import Clock
from core.errors import InvalidInput, Unavailable
from perception.frame import Picture, RawFrame

SMEARED_S = 5.0
"""So long after damage pictures are left out, unless a key picture comes before."""


class Decoding:
    """Decodes the first video track of *container*, with one thread; raises InvalidInput when there is none.

    A picture that the decoder calls damaged, and those after it up to the next key picture, are counted and left out:
    what lost packets smeared looks real to a detector. A stream without key pictures is believed again after a while.
    """

    def __init__(self, container: InputContainer, *, clock: Clock, silence_s: float) -> None:
        if not container.streams.video:
            raise InvalidInput("there is no video track", where=container.name, remedy="give an address that has one")
        self._container = container
        self._stream = container.streams.video[0]
        self._stream.codec_context.thread_count = 1
        self._clock = clock
        self._silence_s = silence_s
        self._smeared_until_s = -math.inf
        self.damaged = 0

    def frames(self, *, is_stopping: Callable[[], bool]) -> Iterator[RawFrame]:
        """Yield whole pictures until the stream ends; raises Unavailable when packets come and make no picture."""
        number, last_s = 0, self._clock.monotonic_s()
        for packet in self._container.demux(self._stream):
            if is_stopping():
                return
            for frame in self._decode(packet):
                number, last_s = number + 1, self._clock.monotonic_s()
                yield self._raw(frame, number, last_s)
            if self._clock.monotonic_s() - last_s > self._silence_s:
                raise Unavailable(f"packets come, but no whole picture in {self._silence_s:g} s")

    def _decode(self, packet: "av.Packet[av.VideoStream]") -> list[av.VideoFrame]:
        try:
            frames = self._stream.codec_context.decode(packet)
        except av.error.InvalidDataError:
            self._smear()
            self.damaged += 1
            return []
        whole = [frame for frame in frames if self._is_whole(frame)]
        self.damaged += len(frames) - len(whole)
        return whole

    def _is_whole(self, frame: av.VideoFrame) -> bool:
        if frame.is_corrupt:
            self._smear()
        elif frame.key_frame:
            self._smeared_until_s = -math.inf
        return self._clock.monotonic_s() >= self._smeared_until_s

    def _smear(self) -> None:
        self._smeared_until_s = self._clock.monotonic_s() + SMEARED_S

    def _raw(self, frame: av.VideoFrame, number: int, received_s: float) -> RawFrame:
        base = frame.time_base or self._stream.time_base or Fraction(1, 90_000)
        return RawFrame(
            number=number,
            picture=upright(frame),
            stamp_s=None if frame.pts is None else float(frame.pts * base),
            received_s=received_s,
            received_at=self._clock.now(),
        )


def upright(frame: av.VideoFrame) -> Picture:
    """Return the picture as it is meant to be seen: a camera that was held sideways says so beside the picture."""
    picture = frame.to_ndarray(format="bgr24")
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(picture, turns) if turns else picture, np.uint8)
