"""The video of a simulated vehicle: MPEG-TS over UDP, stamped with the vehicle's own clock."""

from fractions import Fraction
from types import TracebackType
from typing import Self

import av
from av.video.stream import VideoStream

from sim.camera_ground import Picture

_CLOCK_HZ = 90_000
_WRAP = 2**33
"""MPEG-TS time stamps have 33 bits: they start again after 26.5 hours."""


class VideoSender:
    """Sends pictures as H.264 in MPEG-TS to *url* ("udp://127.0.0.1:5600"); used from one thread.

    The presentation time of a picture is the vehicle's time since boot, in ticks of 90 kHz.
    Raises `av.error.FFmpegError` when the address cannot be used.
    """

    def __init__(
        self,
        *,
        url: str,
        width_px: int = 640,
        height_px: int = 360,
        pictures_per_s: int = 5,
        bits_per_s: int = 1_600_000,
    ) -> None:
        address = f"{url}{'&' if '?' in url else '?'}pkt_size=1316" if url.startswith("udp:") else url
        options = {"mpegts_copyts": "1", "omit_video_pes_length": "0", "flush_packets": "1"}
        self._container = av.open(address, mode="w", format="mpegts", options=options)
        self._stream = self._make_stream(width_px, height_px, pictures_per_s, bits_per_s)
        self._newest = -1

    def _make_stream(self, width_px: int, height_px: int, pictures_per_s: int, bits_per_s: int) -> VideoStream:
        stream = self._container.add_stream("libx264", rate=pictures_per_s)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        stream.bit_rate = bits_per_s
        stream.codec_context.time_base = Fraction(1, _CLOCK_HZ)
        stream.codec_context.gop_size = 2 * pictures_per_s
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"preset": "ultrafast", "tune": "zerolatency"}
        return stream

    def send(self, picture: Picture, *, vehicle_time_s: float) -> None:
        """Send *picture* (h, w, 3; BGR); one that is not newer than the last is left out."""
        ticks = round(vehicle_time_s * _CLOCK_HZ)
        if ticks <= self._newest:
            return
        self._newest = ticks
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts, frame.time_base = ticks % _WRAP, Fraction(1, _CLOCK_HZ)
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def close(self) -> None:
        """Send what is left and let the address go."""
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
