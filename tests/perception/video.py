"""Films made for tests, and cameras that send them over the loopback as other processes would."""

import re
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import av
import numpy as np

from perception.frame import Picture
from sim.camera_video import VideoSender

_TICKS = Fraction(1, 10_000)


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def noise(seed: int, *, width_px: int = 640, height_px: int = 360) -> Picture:
    size = (height_px // 20, width_px // 20, 3)
    coarse = np.random.default_rng(seed).integers(0, 255, size).astype(np.uint8)
    return np.kron(coarse, np.ones((20, 20, 1), np.uint8)).astype(np.uint8)


def film(file: Path, pictures: Iterable[Picture], *, step_s: float = 0.2) -> Path:
    """Write MPEG-TS, as cameras send it."""
    sender: VideoSender | None = None
    for number, picture in enumerate(pictures):
        sender = sender or VideoSender(url=str(file), width_px=picture.shape[1], height_px=picture.shape[0])
        sender.send(picture, vehicle_time_s=number * step_s)
    assert sender is not None
    sender.close()
    return file


def mp4(file: Path, pictures: Iterable[Picture], times_s: Iterable[float]) -> Path:
    """Write an MP4 whose pictures have the given times."""
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"preset": "ultrafast", "tune": "zerolatency"})
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = _TICKS
        for picture, time_s in zip(pictures, times_s, strict=False):
            if not stream.codec_context.is_open:
                stream.height, stream.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = round(time_s / _TICKS), _TICKS
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file


def turn(file: Path) -> Path:
    """Write "show me turned by 90° clockwise" into the track header of an MP4 (ISO 14496-12, 8.3.2)."""
    content = bytearray(file.read_bytes())
    at = content.index(b"tkhd") + 4 + 40
    content[at : at + 36] = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    file.write_bytes(bytes(content))
    return file


class Camera:
    """Something that serves in a thread of its own until the test is over."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop.set()
        self.end()
        self._thread.join()

    def serve(self) -> None:
        raise NotImplementedError

    def end(self) -> None:
        """Wake the thread up."""


class Station(Camera):
    """Sends MPEG-TS to an address, a picture every 30 ms."""

    def __init__(self, url: str, *, picture: Callable[[int], Picture] = noise) -> None:
        super().__init__()
        self._url = url
        self._picture = picture

    def serve(self) -> None:
        with VideoSender(url=self._url, width_px=640, height_px=360) as sender:
            for number in count():
                if self.stop.wait(0.03):
                    return
                sender.send(self._picture(number), vehicle_time_s=1000 + 0.03 * number)


class TcpCamera(Camera):
    """Waits for one viewer at a time and gives each the film, then hangs up."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._content = content
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
        self.viewers = 0

    def serve(self) -> None:
        while not self.stop.is_set():
            try:
                viewer, _ = self._server.accept()
            except OSError:
                return
            self.viewers += 1
            with viewer:
                viewer.sendall(self._content)

    def end(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


class HttpCamera(Camera):
    """Serves bytes by name; everything else is not found."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = files.get(self.path)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def serve(self) -> None:
        self._server.serve_forever(poll_interval=0.02)

    def end(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class RtspCamera(Camera):
    """A camera by RFC 2326 with one viewer; RTP packets come between the answers, on the one connection."""

    _SDP = (
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track1\r\n"
    )

    def __init__(self) -> None:
        super().__init__()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtsp://127.0.0.1:{self._server.getsockname()[1]}/street"
        self._playing: threading.Thread | None = None

    def serve(self) -> None:
        try:
            viewer, _ = self._server.accept()
        except OSError:
            return
        with viewer, viewer.makefile("rb") as lines, suppress(ConnectionError):
            while (request := self._read(lines)) is not None:
                self._answer(viewer, *request)
        self.stop.set()
        if self._playing is not None:
            self._playing.join()

    def end(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _read(self, lines: BinaryIO) -> tuple[str, dict[str, str]] | None:
        """Return a request's method and heads; None once the viewer is gone. What it tells by RTCP is skipped."""
        rows: list[str] = []
        while line := lines.readline():
            text = line.decode("ascii", "replace").strip()
            if text:
                rows.append(text)
            elif rows:
                heads = dict(row.split(": ", 1) for row in rows if ": " in row)
                return re.findall("[A-Z_]+(?= rtsp:)", rows[0])[-1], heads
        return None

    def _answer(self, viewer: socket.socket, method: str, heads: dict[str, str]) -> None:
        extra, body = {
            "OPTIONS": ("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n", ""),
            "DESCRIBE": (f"Content-Type: application/sdp\r\nContent-Length: {len(self._SDP)}\r\n", self._SDP),
            "SETUP": ("Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n", ""),
            "PLAY": ("Session: 1\r\n", ""),
        }.get(method, ("", ""))
        viewer.sendall(f"RTSP/1.0 200 OK\r\nCSeq: {heads['CSeq']}\r\n{extra}\r\n{body}".encode())
        if method == "PLAY":
            self._playing = threading.Thread(target=self._play, args=(viewer,), daemon=True)
            self._playing.start()

    def _play(self, viewer: socket.socket) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packets:
            packets.bind(("127.0.0.1", 0))
            packets.setblocking(False)
            with av.open(f"rtp://127.0.0.1:{packets.getsockname()[1]}", "w", format="rtp") as container:
                stream = container.add_stream(
                    "libx264", rate=30, options={"preset": "ultrafast", "tune": "zerolatency"}
                )
                stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
                for number in count():
                    if self.stop.wait(0.03):
                        return
                    container.mux(stream.encode(av.VideoFrame.from_ndarray(noise(number), format="bgr24")))
                    if not _forward(packets, viewer):
                        return


def _forward(packets: socket.socket, viewer: socket.socket) -> bool:
    """Put the packets of a picture between the answers; say whether the viewer is still there."""
    while True:
        try:
            packet = packets.recv(65_536)
        except BlockingIOError:
            return True
        try:
            viewer.sendall(struct.pack(">cBH", b"$", 0, len(packet)) + packet)
        except OSError:
            return False
