"""The annotated film: people and plates hidden first, then what the eyes saw and said.

A film is drawn at once. Where it is decided in hindsight who is who, people have no numbers in it: those of the moment
would give other people the numbers that the lines of the same look give somebody else.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import cv2
import numpy as np

from core.errors import InvalidInput
from perception.detections import Detection, Label
from perception.frame import Picture
from perception.offline.examination import Looked
from perception.privacy import hide_all, redact
from perception.tracker import Track

_CLOCK_HZ = 90_000
_SHOWN_S = 4.0
_IN_PARTS = {"movflags": "frag_keyframe+empty_moov"}
"""An MP4 for whom it cannot be gone back in, as a pipe: nothing of it is written anew at the end."""
_COLOURS = ((90, 200, 60), (230, 160, 40), (60, 160, 250), (220, 110, 200), (80, 220, 230), (200, 200, 90))
_NOBODY = (90, 200, 60)
"""The colour of everybody whose number is not decided yet."""
_WORDS = {
    "no_pose": "no pose",
    "bad_pose": "the pose is no number",
    "sky": "the camera sees no ground",
    "too_steep": "too steep for the model",
    "too_low": "too low",
    "wrong_size": "a picture of another shape",
    "frozen": "the same picture for ten seconds",
    "covered": "nothing to be seen in the picture",
    "failed": "failed",
}


class _Sink:
    """A file that the film's library writes to: it crashes over a full disk, so faults are kept and told by us."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("wb", buffering=0)
        self.fault: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write all of *data*, or remember why not."""
        rest = memoryview(data)
        while rest and self.fault is None:
            written = 0
            try:
                written = self._file.write(rest) or 0
            except OSError as error:
                self.fault = error
            rest = rest[written:]
        return len(data)

    def seekable(self) -> bool:
        """Say whether it can be gone back in: not in a pipe."""
        return self._file.seekable()

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to where the library goes on."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return where it is."""
        return self._file.tell()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class Film:
    """Writes an MP4 with the recording's own times; a context manager. Raises InvalidInput when it cannot be made."""

    def __init__(self, *, file: Path) -> None:
        self._file = file
        try:
            self._sink = _Sink(file)
        except OSError as error:
            raise self._unwritten(error) from error
        options = {} if self._sink.seekable() else _IN_PARTS
        self._container = av.open(self._sink, mode="w", format="mp4", options=options)
        self._stream: av.VideoStream | None = None
        self._size_px = (0, 0)
        self._last = -1
        self._said: list[tuple[float, str]] = []

    def __enter__(self) -> "Film":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            for packet in self._stream.encode(None):
                self._container.mux(packet)
        self._container.close()
        self._sink.close()
        if kind is None:
            self._check()

    def add(self, looked: Looked, time_s: float) -> None:
        """Add one frame."""
        told = (*looked.seen.sightings, *(one.sighting for one in looked.late))
        self._said += [(time_s, f"{one.rule}: {one.because}") for one in told]
        self._said = [(at_s, words) for at_s, words in self._said if time_s - at_s <= _SHOWN_S]
        picture = annotate(looked, [words for _, words in self._said], time_s)
        stream = self._stream or self._begin(picture)
        width, height = self._size_px
        if picture.shape[:2] != (height, width):
            picture = np.asarray(cv2.resize(picture, self._size_px), np.uint8)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24")
        self._last = frame.pts = max(self._last + 1, round(time_s * _CLOCK_HZ))
        frame.time_base = Fraction(1, _CLOCK_HZ)
        for packet in stream.encode(frame):
            self._container.mux(packet)
        self._check()

    def _check(self) -> None:
        if self._sink.fault is not None:
            raise self._unwritten(self._sink.fault) from self._sink.fault

    def _unwritten(self, fault: OSError) -> InvalidInput:
        return InvalidInput(f"the film cannot be written: {fault.strerror}", where=str(self._file))

    def _begin(self, picture: Picture) -> av.VideoStream:
        height, width = picture.shape[:2]
        self._size_px = (width - width % 2, height - height % 2)
        stream = self._container.add_stream("libx264", rate=25)
        stream.width, stream.height = self._size_px
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, _CLOCK_HZ)
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"preset": "veryfast", "crf": "23"}
        self._stream = stream
        return stream


def annotate(looked: Looked, said: Sequence[str], time_s: float) -> Picture:
    """Return the frame with people and plates hidden, believed tracks drawn, and the words of new sightings."""
    seen = looked.seen
    hidden = (
        redact(seen.frame.picture, [*seen.detections, *(_as_seen(track) for track in (*seen.tracks, *seen.doubted))])
        if seen.was_searched
        else hide_all(seen.frame.picture)
    )
    for track in seen.tracks:
        if track.is_seen:
            _draw(hidden, track, is_numbered=not (track.label is Label.PERSON and looked.are_people_named_later))
    words = [f"frame {looked.number}  {time_s:.2f} s  {len([t for t in seen.tracks if t.is_seen])} followed"]
    if seen.not_assessed is not None:
        words.append(f"NOT ASSESSED: {_WORDS.get(seen.not_assessed.value, seen.not_assessed.value)}")
    for row, text in enumerate([*words, *said]):
        _write(hidden, text, 8, 18 + 18 * row)
    return hidden


def _as_seen(track: Track) -> Detection:
    """Return the box of a track as something that surely is to be hidden, seen in this frame or not."""
    return Detection(label=track.label, score=1.0, box=track.box)


def _draw(picture: Picture, track: Track, *, is_numbered: bool) -> None:
    colour = _COLOURS[track.id % len(_COLOURS)] if is_numbered else _NOBODY
    x0, y0, x1, y1 = (round(value) for value in track.box.xyxy)
    cv2.rectangle(picture, (x0, y0), (x1, y1), colour, 2)
    error = "" if track.place is None else f" +-{track.place.major_m:.1f} m"
    number = f"{track.id}" if is_numbered else ""
    name = "" if track.label is Label.PERSON else f" {track.label.value}"
    _write(picture, f"{number}{name}{error}".strip(), x0, max(y0 - 4, 12))


def _write(picture: Picture, text: str, x: int, y: int) -> None:
    plain = text.encode("ascii", "replace").decode()
    for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(picture, plain, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, width, cv2.LINE_AA)
