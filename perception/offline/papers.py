"""The files that a look at a recording leaves: tracks, sightings with their pictures, and the account."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from types import TracebackType

from core.errors import InvalidInput
from core.events import Json
from perception.offline.examination import Account, Looked, Rest
from perception.offline.film import Film
from perception.offline.ground_frame import GroundFrame
from perception.offline.lines import detection_line, sighting_line, track_line
from perception.sighting import Photo, Sighting


class _Lines:
    """A file of lines that tells its name when it cannot be written; raises InvalidInput."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with self._named():
            self._stream = file.open("w", encoding="utf-8")

    def __enter__(self) -> "_Lines":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._named():
            self._stream.close()

    def write(self, lines: Iterable[str], *, at_once: bool = False) -> None:
        """Write *lines*, and let others read them *at_once*."""
        with self._named():
            self._stream.writelines(f"{line}\n" for line in lines)
            if at_once:
                self._stream.flush()

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InvalidInput(f"cannot be written: {error.strerror}", where=str(self._file)) from error


class Papers:
    """Open files to write to while looking; a context manager. Raises InvalidInput when one cannot be written."""

    def __init__(
        self,
        *,
        sightings: Path | None,
        tracks: Path | None,
        detections: Path | None = None,
        pictures: Path | None,
        film: Path | None,
        ground: GroundFrame,
        start_at: datetime,
    ) -> None:
        self._stack = ExitStack()
        self._ground = ground
        self._start_at = start_at
        self._pictures = pictures
        try:
            self._sightings = self._open(sightings)
            self._tracks = self._open(tracks)
            self._detections = self._open(detections)
            self._film = None if film is None else self._stack.enter_context(Film(file=film))
            if pictures is not None:
                _make_folder(pictures)
        except InvalidInput:
            self._stack.close()
            raise

    def __enter__(self) -> "Papers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def write(self, looked: Looked, time_s: float) -> None:
        """Write what one frame gave."""
        self.write_rest(Rest(lines=looked.lines, late=looked.late))
        if self._detections is not None:
            self._detections.write(
                detection_line(one, frame=looked.number, time_s=time_s) for one in looked.seen.detections
            )
        for sighting in looked.seen.sightings:
            self._write_sighting(sighting, looked.number)
        if self._film is not None:
            self._film.add(looked, time_s)

    def write_rest(self, rest: Rest) -> None:
        """Write finished lines, and sightings of earlier frames."""
        if self._tracks is not None:
            self._tracks.write(track_line(line, self._ground) for line in rest.lines)
        for one in rest.late:
            self._write_sighting(one.sighting, one.frame)

    def _write_sighting(self, sighting: Sighting, frame: int) -> None:
        photos: list[Json] = [self._keep(photo, sighting) for photo in sighting.photos] if self._pictures else []
        line = sighting_line(sighting, self._ground, start_at=self._start_at, frame=frame, photos=photos)
        if self._sightings is not None:
            self._sightings.write([line], at_once=True)

    def _keep(self, photo: Photo, sighting: Sighting) -> dict[str, Json]:
        assert self._pictures is not None
        file = self._pictures / f"{sighting.id}-{photo.kind.value}.jpg"
        file.write_bytes(photo.jpeg)
        return {
            "kind": photo.kind.value,
            "file": file.name,
            "sha256": hashlib.sha256(photo.jpeg).hexdigest(),
            "taken_s": round((photo.taken_at - self._start_at).total_seconds(), 3),
            "box_xyxy_px": None if photo.box_xyxy_px is None else [round(value, 1) for value in photo.box_xyxy_px],
        }

    def _open(self, file: Path | None) -> _Lines | None:
        return None if file is None else self._stack.enter_context(_Lines(file))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"the folder cannot be made: {error.strerror}", where=str(folder)) from error


def report_of(account: Account, *, source: str, model: str, damaged: int, notes: list[str]) -> str:
    """Return the account of a look as JSON."""
    document = {
        "source": source,
        "model": model,
        "frames": account.frames,
        "analysed": account.analysed,
        "not_assessed": dict(account.not_assessed),
        "eye_level": account.eye_level,
        "assessed_ratio": round(account.analysed / account.frames, 4) if account.frames else 0.0,
        "damaged": damaged,
        "is_heading_opposite": account.is_heading_opposite,
        "seen_twice": None if account.seen_twice is None else asdict(account.seen_twice),
        "people_height_ratio": None if account.people_height_ratio is None else round(account.people_height_ratio, 2),
        "seconds": round(account.seconds, 3),
        "took_s": round(account.took_s, 3),
        "frames_per_s": round(account.frames_per_s, 2),
        "tracks": dict(account.tracks),
        "track_lines": account.lines,
        "sightings": dict(account.sightings),
        "notes": notes,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
