"""Recordings: every picture of a file, a folder of pictures or a stream, with its time since the first one."""

import math
import os
import re
from collections.abc import Iterator
from configparser import ConfigParser, Error
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType

import av
import cv2
import numpy as np
from av.container import InputContainer

from core.errors import InvalidInput, Unavailable
from perception.decoding import SMEARED_S, upright
from perception.frame import Picture

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
USUAL_HZ = 10.0
_STREAM = re.compile(r"^[a-z][a-z0-9+.-]*://")
_NUMBER = re.compile(r"(\d{9,}\.\d+|\d+)")
"""A number in a file's name; only seconds since 1970 have decimals."""
_WAIT_S = (10.0, 10.0)
_NAMED = 5
_LONGEST_STEP_S = 1.0
_WHOLE = 0.98
"""Files that tell their number of pictures are off by one or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFrame:
    """A picture, its number (from 0, over every picture of the recording) and its time since the first one."""

    number: int
    picture: Picture
    time_s: float


class Recording:
    """Something that gives pictures, once; `damaged` counts those that could not be read.

    Raises InvalidInput for what is no recording, Unavailable for a stream that is not there.
    """

    def __init__(self, source: str, *, rate_hz: float | None = None) -> None:
        self.source = source
        self.damaged = 0
        self.note = ""
        self.count: int | None = None
        self.began_at: datetime | None = None
        self.has_end = True
        """Whether it is known how long it is: what has no end is live."""
        self.is_stream = bool(_STREAM.match(source)) and not source.startswith("file:")
        self._files: list[Path] = []
        self._container: InputContainer | None = None
        folder = Path(source)
        if not self.is_stream and folder.is_dir():
            self._open_folder(folder, rate_hz)
        else:
            self._open_video(rate_hz)

    def __enter__(self) -> "Recording":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[RecordedFrame]:
        return self._video() if self._container is not None else self._folder()

    def close(self) -> None:
        """Let go of the file or stream."""
        if self._container is not None:
            self._container.close()

    def _open_folder(self, folder: Path, rate_hz: float | None) -> None:
        self._files = sorted((file for file in folder.iterdir() if file.suffix.lower() in PICTURES), key=_counted)
        if not self._files:
            raise InvalidInput("the folder holds no pictures", where=self.source, remedy="JPEG and PNG files are read")
        self.count = len(self._files)
        self._rate_hz = rate_hz or _sequence_rate_hz(folder) or USUAL_HZ
        if rate_hz is None:
            self.note = f"the pictures are taken to be {self._rate_hz:g} a second; --rate-hz says otherwise  按此帧率"

    def _open_video(self, rate_hz: float | None) -> None:
        if rate_hz is not None:
            raise InvalidInput("a video has its own times", where=self.source, remedy="leave --rate-hz out")
        if not self.is_stream:
            _check_file(Path(self.source))
        try:
            container = av.open(self.source, timeout=_WAIT_S)
        except (av.error.FFmpegError, OSError) as error:
            if self.is_stream:
                because = f"no video can be read there: {error.strerror}"
                raise Unavailable(
                    because, where=self.source, remedy="is the address right, and the server on?"
                ) from error
            raise InvalidInput(
                "the file is empty"
                if not Path(self.source).stat().st_size
                else f"is not a video that can be read: {error.strerror}",
                where=self.source,
                remedy="was it copied to its end? A recording that was cut off before its index was written can be "
                "mended only by its recorder; MPEG-TS and Matroska need no index",
            ) from error
        if not container.streams.video:
            container.close()
            raise InvalidInput("holds no pictures", where=self.source, remedy="give a file with a video track")
        self._container = container
        self.has_end = container.duration is not None
        stream = container.streams.video[0]
        self.count = stream.frames or None
        self.began_at = _moment(container.metadata.get("creation_time"))

    def _folder(self) -> Iterator[RecordedFrame]:
        broken: list[str] = []
        for number, file in enumerate(self._files):
            picture = cv2.imread(str(file)) if _is_whole(file) else None
            if picture is None:
                self.damaged += 1
                broken.append(file.name)
                continue
            yield RecordedFrame(number=number, picture=np.asarray(picture, np.uint8), time_s=number / self._rate_hz)
        if broken:
            more = f" and {len(broken) - _NAMED} more" if len(broken) > _NAMED else ""
            told = f"{', '.join(broken[:_NAMED])}{more} cannot be read, or only in part  无法完整读取"
            self.note = f"{self.note}; {told}" if self.note else told
        if self.damaged == len(self._files):
            raise InvalidInput(
                "holds not one picture that can be read", where=self.source, remedy="copy the pictures again"
            )

    def _video(self) -> Iterator[RecordedFrame]:
        assert self._container is not None
        stream = self._container.streams.video[0]
        stream.codec_context.thread_count = 1
        first_s: float | None = None
        rate_hz = float(stream.average_rate or USUAL_HZ)
        smeared_until_s, number, whole, last_s = -math.inf, -1, 0, 0.0
        for number, frame in enumerate(self._decoded()):
            stamp_s = number / rate_hz if frame.pts is None else frame.time
            first_s = stamp_s if first_s is None else first_s
            if frame.is_corrupt:
                smeared_until_s = stamp_s + SMEARED_S
            elif frame.key_frame:
                smeared_until_s = -math.inf
            if stamp_s < smeared_until_s:
                self.damaged += 1
                continue
            whole += 1
            yield RecordedFrame(number=number, picture=upright(frame), time_s=stamp_s - first_s)
            last_s = stamp_s - first_s
        if not whole:
            raise InvalidInput(
                "holds not one whole picture", where=self.source, remedy="copy it again from its recorder"
            )
        if self.count is None and not self.note:
            self.note = self._missing(last_s, number)
        if self.count is not None and number + 1 < _WHOLE * self.count and not self.note:
            self.note = (
                f"the recording is cut off: it speaks of {self.count} pictures, {number + 1} could be read  录像不完整"
            )

    def _missing(self, last_s: float, last_number: int) -> str:
        """Return what to say of a file without sound that ends long before the time it speaks of; else nothing."""
        assert self._container is not None
        whole_s = (self._container.duration or 0) / av.time_base
        step_s = 2 * last_s / max(last_number, 1)
        if len(self._container.streams) > 1 or last_s >= _WHOLE * whole_s - max(_LONGEST_STEP_S, step_s):
            return ""
        return f"the recording is cut off: it speaks of {whole_s:.0f} s, {last_s:.0f} s could be read  录像不完整"

    def _decoded(self) -> Iterator[av.VideoFrame]:
        assert self._container is not None
        stream = self._container.streams.video[0]
        packets = self._container.demux(stream)
        while True:
            try:
                packet = next(packets)
                yield from stream.codec_context.decode(packet)
            except StopIteration:
                return
            except av.error.InvalidDataError:
                self.damaged += 1
            except (av.error.FFmpegError, OSError) as error:
                self.note = f"the recording ends in the middle: {error.strerror}  录像中断"
                return


def _check_file(file: Path) -> None:
    """Raise InvalidInput, with the true reason, for what is no file that may be read."""
    if not file.exists():
        raise InvalidInput("there is no such file or folder", where=str(file))
    if file.is_char_device() or file.is_block_device():
        raise InvalidInput(
            "is a device: a camera on a cable is not read directly",
            where=str(file),
            remedy=f"send it as a stream, for example ffmpeg -f v4l2 -i {file} -f mpegts udp://127.0.0.1:5600, and "
            "look at udp://0.0.0.0:5600; or record it to a file first",
        )
    if not os.access(file, os.R_OK):
        raise InvalidInput("may not be read by this user", where=str(file), remedy="change its owner or its rights")


def _counted(file: Path) -> tuple[list[str | Decimal], str]:
    """Return what sorts frame2 before frame10, and seconds of a clock with their decimals as what they are."""
    parts = _NUMBER.split(file.name)
    return [Decimal(part) if i % 2 else part for i, part in enumerate(parts)], file.name


def _is_whole(file: Path) -> bool:
    """Say whether a picture was written to its end: the library fills up what is missing with grey."""
    try:
        content = file.read_bytes()
    except OSError:
        return False
    if content.startswith(b"\xff\xd8"):
        return _has_end(content)
    return not content.startswith(b"\x89PNG") or b"IEND" in content[-4096:]


def _has_end(jpeg: bytes) -> bool:
    """Say whether a JPEG's own data end: a preview in its head or a film behind it say nothing of that."""
    at = 2
    while jpeg[at : at + 1] == b"\xff" and jpeg[at + 1 : at + 2] != b"\xda":
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return jpeg.find(b"\xff\xd9", at) > 0


def _sequence_rate_hz(folder: Path) -> float | None:
    """Return the rate of a MOT Challenge sequence, whose seqinfo.ini lies beside its folder of pictures."""
    for file in (folder / "seqinfo.ini", folder.parent / "seqinfo.ini"):
        try:
            parser = ConfigParser()
            parser.read(file, encoding="utf-8")
            rate_hz = parser.getfloat("Sequence", "frameRate", fallback=0.0)
        except (Error, ValueError) as error:
            raise InvalidInput(f"is not a sequence's description: {error}", where=str(file)) from error
        if rate_hz > 0:
            return rate_hz
    return None


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
